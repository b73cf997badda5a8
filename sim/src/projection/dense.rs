//! Every presynaptic neuron onto every postsynaptic neuron.

use super::check_weights;
use crate::error::NetworkError;

/// A full weight matrix (nA).
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "AllToAllConnector")]
pub struct Dense {
    pre: usize,
    post: usize,
    weights: Vec<f64>,
}

impl Dense {
    /// `weights[i * post + j]` is the weight (nA) from neuron i to neuron j.
    ///
    /// # Errors
    ///
    /// Needs `pre * post` finite weights.
    pub fn new(pre: usize, post: usize, weights: Vec<f64>) -> Result<Dense, NetworkError> {
        check_weights(&weights, pre * post)?;
        Ok(Dense { pre, post, weights })
    }

    pub(super) fn pre_size(&self) -> usize {
        self.pre
    }

    pub(super) fn post_size(&self) -> usize {
        self.post
    }

    #[inline]
    pub(super) fn rows(&self, pre: usize, mut deliver: impl FnMut(usize, &[f64])) {
        deliver(0, &self.weights[pre * self.post..(pre + 1) * self.post]);
    }
}
