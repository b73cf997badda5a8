//! All synapses of one population or source onto another population, without unrolled weights.

mod convolution;
mod dense;
mod pooling;

pub use convolution::{Convolution, ConvolutionShape};
pub use dense::Dense;
pub use pooling::Pooling;

use crate::error::{NetworkError, not_negative};

/// Where the spikes of a projection come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pre {
    /// A source, by its index in the network.
    Source(usize),
    /// A population, by its index in the network.
    Population(usize),
}

/// The pattern of connections and their weights (nA; the sign chooses the receptor).
#[derive(Debug, Clone, PartialEq)]
pub enum Synapses {
    /// A kernel swept over maps.
    Convolution(Convolution),
    /// Windows of a map gathered by one neuron each.
    Pooling(Pooling),
    /// Every neuron onto every neuron.
    Dense(Dense),
}

impl Synapses {
    /// Number of presynaptic neurons.
    pub fn pre_size(&self) -> usize {
        match self {
            Synapses::Convolution(c) => c.pre_size(),
            Synapses::Pooling(p) => p.pre_size(),
            Synapses::Dense(d) => d.pre_size(),
        }
    }

    /// Number of postsynaptic neurons.
    pub fn post_size(&self) -> usize {
        match self {
            Synapses::Convolution(c) => c.post_size(),
            Synapses::Pooling(p) => p.post_size(),
            Synapses::Dense(d) => d.post_size(),
        }
    }

    /// Calls `deliver(first target, weights)` for every run of neighbouring targets of one presynaptic neuron.
    #[inline]
    pub(crate) fn rows(&self, pre: usize, deliver: impl FnMut(usize, &[f64])) {
        match self {
            Synapses::Convolution(c) => c.rows(pre, deliver),
            Synapses::Pooling(p) => p.rows(pre, deliver),
            Synapses::Dense(d) => d.rows(pre, deliver),
        }
    }
}

/// All synapses from `pre` onto one population, with one delay.
#[derive(Debug, Clone, PartialEq)]
pub struct Projection {
    pub(crate) pre: Pre,
    pub(crate) post: usize,
    pub(crate) delay: f64,
    pub(crate) synapses: Synapses,
}

impl Projection {
    /// Connects `pre` to population `post` with a delay (ms).
    ///
    /// # Errors
    ///
    /// The delay must be finite and zero or more.
    pub fn new(pre: Pre, post: usize, delay: f64, synapses: Synapses) -> Result<Projection, NetworkError> {
        not_negative("delay", "ms", delay)?;
        Ok(Projection { pre, post, delay, synapses })
    }

    /// The pattern of connections.
    pub fn synapses(&self) -> &Synapses {
        &self.synapses
    }
}

/// Refuses a list of the wrong length or with a weight that is not finite.
fn check_weights(weights: &[f64], expected: usize) -> Result<(), NetworkError> {
    if weights.len() != expected {
        return Err(NetworkError::Length { what: "weights", expected, found: weights.len() });
    }
    weights.iter().try_for_each(|&w| crate::error::finite("weight", "nA", w))?;
    Ok(())
}
