//! Counter-based random streams, keyed by seed, epoch and purpose; the only file that names the generator.

use rand_philox::{Philox, u32_to_unit_f64};

/// What a stream is for; streams of different purposes never overlap.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// Initial weights of the tensor of this index.
    Weights { tensor: u32 },
    /// Order of the training samples in this epoch.
    Shuffling { epoch: u32 },
}

/// A stream of random numbers that depends on its key alone.
pub(crate) struct Stream(Philox);

impl Stream {
    pub(crate) fn new(seed: u64, purpose: Purpose) -> Self {
        let (kind, index) = match purpose {
            Purpose::Weights { tensor } => (1_u64, tensor),
            Purpose::Shuffling { epoch } => (2, epoch),
        };
        Self(Philox::from_u64_seed_stream(seed, (kind << 32) | u64::from(index)))
    }

    /// Uniform in the open interval (-limit, limit).
    pub(crate) fn symmetric(&mut self, limit: f64) -> f64 {
        limit * (2.0 * u32_to_unit_f64(self.0.next_u32()) - 1.0)
    }

    /// Fisher-Yates; every order is equally likely.
    pub(crate) fn shuffle(&mut self, indices: &mut [u32]) {
        for last in (1..indices.len()).rev() {
            let chosen = self.0.bounded(last as u32 + 1) as usize;
            indices.swap(last, chosen);
        }
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
