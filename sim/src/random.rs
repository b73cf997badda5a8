//! Counter-based random streams: every draw is a function of its address, not of the order of the work.
//!
//! A stream is addressed by (seed, sample, population, neuron, purpose). Threads, shards, recording and the
//! order of execution therefore cannot change a result.

use crate::error::{ParameterError, finite, not_negative, positive};
use rand::TryRng;
use rand_distr::weighted::WeightedAliasIndex;
use rand_distr::{Distribution as _, Exp1, Poisson, StandardNormal, StandardUniform};
use rand_philox::{Philox, splitmix64};
use std::convert::Infallible;

/// Address of all randomness of one run: a seed, and the sample (image, trial, parameter point) within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamKey {
    /// The user's seed.
    pub seed: u64,
    /// Which sample of the experiment.
    pub sample: u64,
}

/// What the numbers of a stream are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Intervals of a Poisson process.
    SpikeTimes = 0,
    /// Amplitudes of a noisy current.
    Current = 1,
    /// Times and targets of background spikes.
    Background = 2,
    /// Which neurons are connected.
    Connections = 3,
    /// Weights of synapses.
    Weights = 4,
    /// Delays of synapses.
    Delays = 5,
    /// Initial potentials and parameters that differ from neuron to neuron.
    Parameters = 6,
}

/// A stream of random numbers (Philox4x32-10); a generator of the `rand` crate, so that all its distributions can draw from it.
#[derive(Debug, Clone)]
pub struct Stream(Philox);

impl StreamKey {
    /// The stream of one neuron of one population (or source), for one purpose.
    pub fn stream(self, population: u32, neuron: u32, purpose: Purpose) -> Stream {
        let (key, counter) = self.philox(population, neuron, purpose);
        Stream(Philox::new(key, counter))
    }

    /// Key and first counter of a stream; the lower 56 bits of the counter number its blocks.
    pub(crate) fn philox(self, population: u32, neuron: u32, purpose: Purpose) -> ([u32; 2], u128) {
        // A bijection of `sample` for each seed: no two samples of a seed share a key.
        let key = splitmix64(splitmix64(self.seed ^ 0x9e37_79b9_7f4a_7c15).wrapping_add(self.sample));
        let counter = (u128::from(population) << 96) | (u128::from(neuron) << 64) | ((purpose as u128) << 56);
        ([key as u32, (key >> 32) as u32], counter)
    }
}

impl Stream {
    /// Standard normal deviate.
    #[inline]
    pub fn normal(&mut self) -> f64 {
        StandardNormal.sample(self)
    }

    /// Exponential deviate of mean one.
    #[inline]
    pub fn exponential(&mut self) -> f64 {
        Exp1.sample(self)
    }

    /// Uniform deviate in [0, 1), of 53 bits.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        StandardUniform.sample(self)
    }

    /// Uniform whole number below `n` > 0.
    #[inline]
    pub(crate) fn below(&mut self, n: usize) -> usize {
        // The product is below n: the largest uniform deviate is 1 - 2^-53, and n is far below 2^53.
        (self.uniform() * n as f64) as usize
    }
}

/// The number of events of a Poisson process in a stretch of time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PoissonCount(Poisson<f64>);

impl PoissonCount {
    /// With this expectation; None unless it is positive and below 1e19.
    pub(crate) fn new(mean: f64) -> Option<PoissonCount> {
        Poisson::new(mean).ok().map(PoissonCount)
    }

    /// A whole number.
    #[inline]
    pub(crate) fn draw(&self, stream: &mut Stream) -> f64 {
        self.0.sample(stream)
    }
}

/// Some things, drawn in proportion to their weights.
#[derive(Debug, Clone)]
pub(crate) struct Lottery(WeightedAliasIndex<f64>);

impl Lottery {
    /// None unless the weights are zero or more and one is positive.
    pub(crate) fn new(weights: Vec<f64>) -> Option<Lottery> {
        WeightedAliasIndex::new(weights).ok().map(Lottery)
    }

    /// The index of one of them.
    pub(crate) fn draw(&self, stream: &mut Stream) -> usize {
        self.0.sample(stream)
    }
}

/// A distribution of weights, delays or initial values, with PyNN's names.
#[derive(Debug, Clone, Copy, PartialEq)]
#[doc(alias = "RandomDistribution")]
pub enum Distribution {
    /// Always the same value.
    Constant(f64),
    /// Uniform over [low, high).
    Uniform {
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
    },
    /// Normal.
    Normal {
        /// Mean.
        mu: f64,
        /// Standard deviation.
        sigma: f64,
    },
    /// Normal, redrawn until it lies within bounds.
    NormalClipped {
        /// Mean before clipping.
        mu: f64,
        /// Standard deviation before clipping.
        sigma: f64,
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
    },
    /// exp(mu + sigma z) of a standard normal z.
    Lognormal {
        /// Mean of the logarithm.
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// Exponential with mean beta.
    Exponential {
        /// Mean.
        beta: f64,
    },
}

/// Most draws until one lies within the bounds of a clipped distribution.
const MOST_DRAWS: usize = 100_000;

impl Distribution {
    /// Refuses a distribution that cannot be drawn from.
    ///
    /// # Errors
    ///
    /// All parameters must be finite, widths not negative, bounds in order, and a clipped normal distribution must have a share of at
    /// least 1e-3 or so within its bounds: the nearer bound at most three standard deviations from the mean.
    pub fn check(&self, name: &'static str, unit: &'static str) -> Result<(), ParameterError> {
        let range = |low: f64, high: f64| {
            finite(name, unit, low)?;
            finite(name, unit, high)?;
            if low < high { Ok(()) } else { Err(ParameterError::EmptyRange { name, low, high }) }
        };
        match *self {
            Distribution::Constant(value) => finite(name, unit, value),
            Distribution::Uniform { low, high } => range(low, high),
            Distribution::Normal { mu, sigma } | Distribution::Lognormal { mu, sigma } => {
                finite(name, unit, mu)?;
                not_negative(name, unit, sigma)
            }
            Distribution::NormalClipped { mu, sigma, low, high } => {
                finite(name, unit, mu)?;
                positive(name, unit, sigma)?;
                range(low, high)?;
                let near = mu.clamp(low, high);
                if (near - mu).abs() <= 3.0 * sigma && high - low >= 1e-3 * sigma {
                    Ok(())
                } else {
                    Err(ParameterError::EmptyRange { name, low, high })
                }
            }
            Distribution::Exponential { beta } => positive(name, unit, beta),
        }
    }

    /// One draw.
    pub fn draw(&self, stream: &mut Stream) -> f64 {
        match *self {
            Distribution::Constant(value) => value,
            Distribution::Uniform { low, high } => low + (high - low) * stream.uniform(),
            Distribution::Normal { mu, sigma } => mu + sigma * stream.normal(),
            Distribution::NormalClipped { mu, sigma, low, high } => (0..MOST_DRAWS)
                .map(|_| mu + sigma * stream.normal())
                .find(|value| (low..=high).contains(value))
                .unwrap_or(mu.clamp(low, high)),
            Distribution::Lognormal { mu, sigma } => (mu + sigma * stream.normal()).exp(),
            Distribution::Exponential { beta } => beta * stream.exponential(),
        }
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0.next_u32())
    }

    #[inline]
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
    use rand_philox::philox4x32_10;

    #[test]
    fn generator_passes_the_random123_vectors() {
        // Known-answer tests of the Random123 distribution (kat_vectors, philox4x32 10).
        let ones = u32::MAX;
        assert_eq!(philox4x32_10([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox4x32_10([ones; 4], [ones; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox4x32_10([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn addresses_do_not_collide() {
        let mut first = std::collections::HashSet::new();
        for seed in 0..4 {
            for sample in 0..8 {
                for population in 0..4 {
                    for neuron in 0..8 {
                        for purpose in [Purpose::SpikeTimes, Purpose::Current] {
                            let key = StreamKey { seed, sample };
                            assert!(first.insert(key.stream(population, neuron, purpose).normal().to_bits()));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn moments() {
        // 1e6 draws; five standard errors each, false alarm below 1e-6.
        let mut stream = StreamKey { seed: 7, sample: 0 }.stream(0, 0, Purpose::Current);
        let n = 1_000_000;
        let (mut sum, mut squares, mut waits) = (0.0, 0.0, 0.0);
        let poisson = PoissonCount::new(20.0).unwrap();
        let (mut counts, mut dispersion) = (0.0, 0.0);
        for _ in 0..n {
            let z = stream.normal();
            sum += z;
            squares += z * z;
            waits += stream.exponential();
            let count = poisson.draw(&mut stream);
            counts += count;
            dispersion += (count - 20.0) * (count - 20.0);
        }
        let n = f64::from(n);
        assert!((sum / n).abs() < 5.0 / n.sqrt());
        assert!((squares / n - 1.0).abs() < 5.0 * (2.0 / n).sqrt());
        assert!((waits / n - 1.0).abs() < 5.0 / n.sqrt());
        assert!((counts / n - 20.0).abs() < 5.0 * (20.0 / n).sqrt());
        // The squared deviation has the variance 2 mean^2 + mean.
        assert!((dispersion / n - 20.0).abs() < 5.0 * (820.0 / n).sqrt());
        assert!(PoissonCount::new(0.0).is_none());
    }
}
