//! All synapses of one population or source onto another population, implicit where their structure allows.

mod connector;
mod convolution;
mod dense;
mod pooling;
mod sparse;
mod uniform;

pub use connector::{Connector, Wiring, connect};
pub use convolution::{Convolution, ConvolutionShape, MapLayout};
pub use dense::Dense;
pub use pooling::Pooling;
pub use sparse::{PerSynapse, Sparse, Synapse};
pub use uniform::Uniform;

use crate::error::{NetworkError, not_negative};
use crate::plasticity::Stdp;

/// Where the spikes of a projection come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pre {
    /// A source, by its index in the network.
    Source(usize),
    /// A population, by its index in the network.
    Population(usize),
}

/// The pattern of connections and their weights (nA, mV for delta synapses; the sign chooses the receptor).
#[derive(Debug, Clone, PartialEq)]
pub enum Synapses {
    /// A kernel swept over maps.
    Convolution(Convolution),
    /// Windows of a map gathered by one neuron each.
    Pooling(Pooling),
    /// Every neuron onto every neuron, with a matrix of weights.
    Dense(Dense),
    /// Every neuron onto every neuron, with one weight.
    Uniform(Uniform),
    /// Synapses listed one by one.
    Sparse(Sparse),
}

/// Some targets of a spike, with their weights.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Row<'a> {
    /// Neighbours from `start` on.
    Neighbours { start: usize, weights: &'a [f64] },
    /// The neurons from `start` to before `end`, with one weight.
    Range { start: usize, end: usize, weight: f64 },
    /// Listed neurons with one weight.
    Alike { targets: &'a [u32], weight: f64 },
    /// Listed neurons with a weight each.
    Each { targets: &'a [u32], weights: &'a [f64] },
}

impl Row<'_> {
    /// Number of targets.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        match self {
            Row::Neighbours { weights, .. } => weights.len(),
            Row::Range { start, end, .. } => end - start,
            Row::Alike { targets, .. } | Row::Each { targets, .. } => targets.len(),
        }
    }
}

impl Synapses {
    /// Number of presynaptic neurons.
    pub fn pre_size(&self) -> usize {
        match self {
            Synapses::Convolution(c) => c.pre_size(),
            Synapses::Pooling(p) => p.pre_size(),
            Synapses::Dense(d) => d.pre_size(),
            Synapses::Uniform(u) => u.pre,
            Synapses::Sparse(s) => s.pre_size(),
        }
    }

    /// Number of postsynaptic neurons.
    pub fn post_size(&self) -> usize {
        match self {
            Synapses::Convolution(c) => c.post_size(),
            Synapses::Pooling(p) => p.post_size(),
            Synapses::Dense(d) => d.post_size(),
            Synapses::Uniform(u) => u.post,
            Synapses::Sparse(s) => s.post_size(),
        }
    }

    /// Number of synapses, those of weight zero among them.
    pub fn count(&self) -> u64 {
        match self {
            Synapses::Sparse(sparse) => sparse.len() as u64,
            _ => {
                let mut count = 0;
                (0..self.pre_size()).for_each(|pre| self.rows(pre, |row| count += row.len() as u64));
                count
            }
        }
    }

    /// Calls `visit` for every synapse, in order of presynaptic neurons. Delays are those of listed synapses, to which that of the projection adds;
    /// 0 for all others.
    pub fn for_each(&self, mut visit: impl FnMut(Synapse)) {
        if let Synapses::Sparse(sparse) = self {
            return sparse.synapses().for_each(visit);
        }
        for pre in 0..self.pre_size() {
            let mut one = |post: usize, weight: f64| {
                visit(Synapse { pre: pre as u32, post: post as u32, weight, delay: 0.0 });
            };
            self.rows(pre, |row| match row {
                Row::Neighbours { start, weights } => {
                    weights.iter().enumerate().for_each(|(i, &weight)| one(start + i, weight));
                }
                Row::Range { start, end, weight } => (start..end).for_each(|post| one(post, weight)),
                Row::Alike { targets, weight } => targets.iter().for_each(|&post| one(post as usize, weight)),
                Row::Each { targets, weights } => {
                    targets.iter().zip(weights).for_each(|(&post, &weight)| one(post as usize, weight));
                }
            });
        }
    }

    /// Calls `deliver` for the targets of one presynaptic neuron, row by row.
    #[inline]
    pub(crate) fn rows(&self, pre: usize, mut deliver: impl FnMut(Row<'_>)) {
        match self {
            Synapses::Convolution(c) => c.rows(pre, |start, weights| deliver(Row::Neighbours { start, weights })),
            Synapses::Pooling(p) => p.rows(pre, |start, weights| deliver(Row::Neighbours { start, weights })),
            Synapses::Dense(d) => d.rows(pre, |start, weights| deliver(Row::Neighbours { start, weights })),
            Synapses::Uniform(u) => deliver(Row::Range { start: 0, end: u.post, weight: u.weight }),
            Synapses::Sparse(s) => {
                let range = s.range(pre);
                if range.is_empty() {
                    return;
                }
                let targets = &s.targets()[range.clone()];
                match s.weights() {
                    PerSynapse::Same(weight) => deliver(Row::Alike { targets, weight: *weight }),
                    PerSynapse::Each(weights) => deliver(Row::Each { targets, weights: &weights[range] }),
                }
            }
        }
    }
}

/// All synapses from `pre` onto one population.
#[derive(Debug, Clone, PartialEq)]
pub struct Projection {
    pub(crate) pre: Pre,
    pub(crate) post: usize,
    pub(crate) delay: f64,
    pub(crate) synapses: Synapses,
    pub(crate) plasticity: Option<Stdp>,
}

impl Projection {
    /// Connects `pre` to population `post` with a delay (ms), which adds to the delays of listed synapses.
    ///
    /// # Errors
    ///
    /// The delay must be finite and zero or more.
    pub fn new(pre: Pre, post: usize, delay: f64, synapses: Synapses) -> Result<Projection, NetworkError> {
        not_negative("delay", "ms", delay)?;
        Ok(Projection { pre, post, delay, synapses, plasticity: None })
    }

    /// Lets the weights learn. Only listed synapses can.
    ///
    /// # Errors
    ///
    /// Refuses implicit synapses, weights of both signs or outside the bounds of the rule, and impossible parameters.
    pub fn with_plasticity(mut self, rule: Stdp) -> Result<Projection, NetworkError> {
        let Synapses::Sparse(synapses) = &self.synapses else {
            return Err(NetworkError::PlasticityNeedsList);
        };
        rule.check(synapses.weights())?;
        self.plasticity = Some(rule);
        Ok(self)
    }

    /// The pattern of connections.
    pub fn synapses(&self) -> &Synapses {
        &self.synapses
    }

    /// The learning rule, if any.
    pub fn plasticity(&self) -> Option<&Stdp> {
        self.plasticity.as_ref()
    }

    /// Where the spikes come from.
    pub fn pre(&self) -> Pre {
        self.pre
    }

    /// Index of the population that receives them.
    pub fn post(&self) -> usize {
        self.post
    }

    /// Shortest and longest delay (ms).
    pub fn delays(&self) -> (f64, f64) {
        match &self.synapses {
            Synapses::Sparse(sparse) => {
                let (shortest, longest) = sparse.delays().range();
                (self.delay + shortest, self.delay + longest)
            }
            _ => (self.delay, self.delay),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Closed forms: a pool of 2 x 2 over 2 x 4 cells, a matrix, one weight for all.
    #[test]
    fn every_synapse_is_visited_once() {
        let listed = |synapses: Synapses| {
            let mut found = Vec::new();
            synapses.for_each(|s| found.push((s.pre, s.post, s.weight, s.delay)));
            assert_eq!(synapses.count(), found.len() as u64);
            found
        };
        let pool = listed(Synapses::Pooling(Pooling::new([2, 4], 1, [2, 2], 0.25).unwrap()));
        assert_eq!(pool, (0..8).map(|pre| (pre, pre % 4 / 2, 0.25, 0.0)).collect::<Vec<_>>());
        let matrix = listed(Synapses::Dense(Dense::new(2, 3, vec![1.0, 2.0, 3.0, 4.0, 0.0, 6.0]).unwrap()));
        let weights = [1.0, 2.0, 3.0, 4.0, 0.0, 6.0];
        assert_eq!(matrix, (0..6).map(|i| (i / 3, i % 3, weights[i as usize], 0.0)).collect::<Vec<_>>());
        let uniform = listed(Synapses::Uniform(Uniform::new(1, 2, -0.5).unwrap()));
        assert_eq!(uniform, [(0, 0, -0.5, 0.0), (0, 1, -0.5, 0.0)]);
        let list = [Synapse { pre: 1, post: 0, weight: 2.0, delay: 3.0 }];
        let sparse = listed(Synapses::Sparse(Sparse::from_list(2, 1, &list).unwrap()));
        assert_eq!(sparse, [(1, 0, 2.0, 3.0)]);
    }
}
