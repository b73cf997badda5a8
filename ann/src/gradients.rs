//! Gradients of the loss.

use rayon::prelude::*;

use crate::network::Network;
use crate::real::Real;

/// One tensor for each of the network's parameters, in the order of [`Network::parameters`].
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients<T> {
    tensors: Vec<Vec<T>>,
}

/// Elements that one thread sums.
const BLOCK: usize = 16_384;

impl<T: Real> Gradients<T> {
    /// All zero, shaped after `network`.
    pub fn zeros(network: &Network<T>) -> Self {
        Self { tensors: network.parameters().iter().map(|tensor| vec![T::ZERO; tensor.len()]).collect() }
    }

    /// The tensors.
    pub fn tensors(&self) -> &[Vec<T>] {
        &self.tensors
    }

    pub(crate) fn tensors_mut(&mut self) -> &mut [Vec<T>] {
        &mut self.tensors
    }

    pub(crate) fn clear(&mut self) {
        for tensor in &mut self.tensors {
            tensor.fill(T::ZERO);
        }
    }

    /// Adds `other`; element by element, so that it does not matter how the work is split.
    pub(crate) fn add(&mut self, other: &Self) {
        for (sum, term) in self.tensors.iter_mut().zip(&other.tensors) {
            sum.par_chunks_mut(BLOCK).zip(term.par_chunks(BLOCK)).for_each(|(sum, term)| {
                for (sum, &term) in sum.iter_mut().zip(term) {
                    *sum += term;
                }
            });
        }
    }
}
