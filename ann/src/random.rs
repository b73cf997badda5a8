//! Counter-based random streams, keyed by seed, epoch and purpose; the only file that names the generator.

use std::convert::Infallible;

use rand::TryRng;
use rand_distr::{Beta, Distribution as _, Gamma, StandardNormal};
use rand_philox::{Philox, u32_to_unit_f64};

/// What a stream is for; streams of different purposes never overlap.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// Initial weights of the tensor of this index.
    Weights { tensor: u32 },
    /// Order of the training samples in this epoch.
    Shuffling { epoch: u32 },
    /// Which samples are set apart for validation.
    Validation,
    /// How a sample is altered in this epoch; epochs below 2^29 are told apart.
    Augmentation { epoch: u32, sample: u32 },
    /// Units that a node leaves out of a sample in this epoch; epochs below 2^16 and nodes below 2^15 are told apart.
    Dropout { epoch: u32, node: usize, sample: u32 },
    /// Units of a layer that are of the negative kind for good.
    FixedMixture,
    /// Units that are of the negative kind for a sample in this epoch, or in inference; epochs below 2^29 are told apart.
    Mixture { epoch: Option<u32>, sample: u32 },
}

/// A stream of random numbers that depends on its key alone.
pub(crate) struct Stream(Philox);

impl Stream {
    pub(crate) fn new(seed: u64, purpose: Purpose) -> Self {
        // The highest bit is dropout's: its address takes the other 63. The next one is that of what is redrawn in every epoch:
        // of altered samples without the third, of mixtures with it.
        let address = match purpose {
            Purpose::Weights { tensor } => (1 << 32) | u64::from(tensor),
            Purpose::Shuffling { epoch } => (2 << 32) | u64::from(epoch),
            Purpose::Validation => 3 << 32,
            Purpose::Augmentation { epoch, sample } => {
                (1 << 62) | (u64::from(epoch) & 0x1fff_ffff) << 32 | u64::from(sample)
            }
            Purpose::Dropout { epoch, node, sample } => {
                let place = (u64::from(epoch) & 0xffff) << 15 | (node as u64 & 0x7fff);
                (1 << 63) | (place << 32) | u64::from(sample)
            }
            Purpose::FixedMixture => 16 << 32,
            Purpose::Mixture { epoch: None, sample } => (17 << 32) | u64::from(sample),
            Purpose::Mixture { epoch: Some(epoch), sample } => {
                (3 << 61) | (u64::from(epoch) & 0x1fff_ffff) << 32 | u64::from(sample)
            }
        };
        Self(Philox::from_u64_seed_stream(seed, address))
    }

    /// Uniform in the open interval (0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        u32_to_unit_f64(self.0.next_u32())
    }

    /// Uniform in the open interval (-limit, limit).
    pub(crate) fn symmetric(&mut self, limit: f64) -> f64 {
        limit * (2.0 * u32_to_unit_f64(self.0.next_u32()) - 1.0)
    }

    /// An integer from 0 to `count - 1`, each equally likely.
    pub(crate) fn below(&mut self, count: u32) -> usize {
        self.0.bounded(count) as usize
    }

    /// Standard normal deviate.
    pub(crate) fn normal(&mut self) -> f64 {
        StandardNormal.sample(self)
    }

    /// Gamma deviate of scale 1 and this shape, 1 or more and finite.
    pub(crate) fn gamma(&mut self, shape: f64) -> f64 {
        Gamma::new(shape, 1.0).expect("a positive shape").sample(self)
    }

    /// Deviate of the beta distribution whose two shapes are this one, 1 or more and finite.
    pub(crate) fn beta(&mut self, shape: f64) -> f64 {
        Beta::new(shape, shape).expect("a positive shape").sample(self)
    }

    /// Fisher-Yates; every order is equally likely.
    pub(crate) fn shuffle(&mut self, indices: &mut [u32]) {
        for last in (1..indices.len()).rev() {
            let chosen = self.below(last as u32 + 1);
            indices.swap(last, chosen);
        }
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.try_fill_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_is_a_permutation_and_depends_on_its_key() {
        let order = |seed, epoch| {
            let mut indices: Vec<u32> = (0..1000).collect();
            Stream::new(seed, Purpose::Shuffling { epoch }).shuffle(&mut indices);
            indices
        };
        let mut sorted = order(1, 0);
        assert_ne!(sorted, order(1, 1));
        assert_ne!(sorted, order(2, 0));
        assert_eq!(sorted, order(1, 0));
        sorted.sort_unstable();
        assert!(sorted.iter().enumerate().all(|(i, &value)| i as u32 == value));
    }
}
