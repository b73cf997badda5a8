//! Every presynaptic neuron onto every postsynaptic neuron, all with one weight: nothing is stored.

use crate::error::{NetworkError, finite};

/// PyNN's `AllToAllConnector` with a constant weight.
#[derive(Debug, Clone, Copy, PartialEq)]
#[doc(alias = "AllToAllConnector")]
pub struct Uniform {
    pub(crate) pre: usize,
    pub(crate) post: usize,
    pub(crate) weight: f64,
}

impl Uniform {
    /// `pre` neurons onto `post` neurons with one weight (nA; mV for delta synapses).
    ///
    /// # Errors
    ///
    /// The weight must be finite.
    pub fn new(pre: usize, post: usize, weight: f64) -> Result<Uniform, NetworkError> {
        finite("weight", "nA", weight)?;
        Ok(Uniform { pre, post, weight })
    }
}
