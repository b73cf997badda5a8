//! Gaussian noise of many neurons: every value is a function of its address, computed for several neurons at once.
//!
//! The n-th value of a neuron is one of the two Box-Muller deviates of block n/2 of its Philox4x32-10 stream, so that it does not matter
//! who asks for it, and in which order.

#![expect(clippy::needless_range_loop, reason = "one lane of several arrays")]

use crate::lanes::{LANES, Lanes, cos_sin_turns, ln};
use crate::philox::{blocks, uniforms};
use crate::random::{Purpose, StreamKey};

/// The noise of one population.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Noise {
    key: [u32; 2],
    /// Upper words of the counter: purpose, and population.
    address: [u32; 2],
}

impl Noise {
    /// The noise of one current of a population with this address: every current has streams of its own.
    pub(crate) fn new(key: StreamKey, address: u32, current: u16) -> Noise {
        let (key, counter) = key.philox(address, 0, Purpose::Current);
        // Below the purpose, and above the 40 bits that number the blocks.
        let counter = counter | u128::from(current) << 40;
        Noise { key, address: [(counter >> 32) as u32, (counter >> 96) as u32] }
    }

    /// Values 2 `block` to 2 `block` + 2 N - 1 of some neurons: standard normal deviates.
    ///
    /// Stage by stage for all N blocks: they are independent, and their latencies overlap.
    #[inline(always)]
    pub(crate) fn pairs<const N: usize>(&self, neurons: &Lanes<u64>, block: u64) -> [[Lanes; 2]; N] {
        let mut pairs = [[Lanes::ZERO; 2]; N];
        let population = Lanes([u64::from(self.address[1]); LANES]);
        for (n, pair) in pairs.iter_mut().enumerate() {
            let block = block + n as u64;
            let upper = u64::from(self.address[0]) | block >> 32;
            *pair = uniforms(&blocks(self.key, [Lanes([block; LANES]), Lanes([upper; LANES]), *neurons, population]));
        }
        for pair in &mut pairs {
            for l in 0..LANES {
                // For the logarithm: not zero.
                pair[0][l] = 1.0 - pair[0][l];
            }
            pair[0] = ln(&pair[0]);
        }
        for pair in &mut pairs {
            let [cos, sin] = cos_sin_turns(&pair[1]);
            for l in 0..LANES {
                let radius = (-2.0 * pair[0][l]).sqrt();
                pair[0][l] = radius * cos[l];
                pair[1][l] = radius * sin[l];
            }
        }
        pairs
    }

    /// Value n of the first `size` neurons.
    pub(crate) fn values(&self, size: usize, n: u64) -> Vec<f64> {
        pulp::Arch::new().dispatch(Values { noise: *self, size, n })
    }
}

/// One value of several neurons.
struct Values {
    noise: Noise,
    size: usize,
    n: u64,
}

impl pulp::WithSimd for Values {
    type Output = Vec<f64>;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Vec<f64> {
        let Values { noise, size, n } = self;
        let mut values = Vec::with_capacity(size + LANES);
        for first in (0..size).step_by(LANES) {
            values.extend(*noise.pairs::<1>(&Lanes::counted(first), n / 2)[0][n as usize % 2]);
        }
        values.truncate(size);
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_those_of_philox() {
        // rand_philox passes the known-answer tests of Random123 (see random.rs).
        let key = StreamKey { seed: 11, sample: 3 };
        let noise = Noise::new(key, 7, 0);
        let (words, counter) = key.philox(7, 21, Purpose::Current);
        let counter = counter | 5;
        let [a, b, c, d] =
            rand_philox::philox4x32_10([0, 32, 64, 96].map(|shift| (counter >> shift) as u32), words).map(u64::from);
        let uniform = |low: u64, high: u64| ((high << 32 | low) >> 12) as f64 / 2.0f64.powi(52);
        let radius = (-2.0 * (1.0 - uniform(a, b)).ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * uniform(c, d)).sin_cos();
        let got = noise.pairs::<2>(&Lanes::counted(16), 4)[1].map(|lanes| lanes[5]);
        assert!((got[0] - radius * cos).abs() < 1e-14 && (got[1] - radius * sin).abs() < 1e-14);
        assert_eq!(noise.values(30, 10)[21], got[0]);
        assert_eq!(noise.values(30, 11)[21], got[1]);
    }

    #[test]
    fn moments() {
        // 1.6e6 values: mean, variance, skewness and kurtosis within five standard errors (1, sqrt 2, sqrt 6, sqrt 24 over sqrt n), and the
        // correlation of the two values of a block; false alarm below 3e-6.
        let noise = Noise::new(StreamKey { seed: 7, sample: 0 }, 0, 0);
        let (mut sums, mut product, mut n) = ([0.0; 4], 0.0, 0.0);
        for block in 0..1000 {
            for first in (0..800).step_by(LANES) {
                let [[x, y]] = noise.pairs::<1>(&Lanes::counted(first), block);
                for l in 0..LANES {
                    for z in [x[l], y[l]] {
                        sums.iter_mut().enumerate().for_each(|(k, sum)| *sum += z.powi(k as i32 + 1));
                    }
                    product += x[l] * y[l];
                    n += 2.0;
                }
            }
        }
        let moments = sums.map(|sum: f64| sum / n);
        for (moment, (want, spread)) in moments.iter().zip([(0.0, 1.0), (1.0, 2.0), (0.0, 15.0), (3.0, 96.0f64)]) {
            assert!((moment - want).abs() < 5.0 * (spread / n).sqrt(), "{moments:?}");
        }
        assert!((product / n * 2.0).abs() < 5.0 * (2.0 / n).sqrt());
    }
}
