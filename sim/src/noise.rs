//! Gaussian noise of many neurons: every value is a function of its address, computed for several neurons at once.
//!
//! The n-th value of a neuron is one of the two Box-Muller deviates of block n/2 of its Philox4x32-10 stream, so that it does not matter
//! who asks for it, and in which order.

use crate::lanes::{LANES, Lanes, cos_sin_turns, ln};
use crate::random::{Purpose, StreamKey};

/// Multipliers and key increments of Philox4x32 (Salmon et al. 2011).
const MULTIPLIERS: [u32; 2] = [0xd251_1f53, 0xcd9e_8d57];
const INCREMENTS: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];
const ROUNDS: u32 = 10;

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

    /// Values 2 `block` and 2 `block` + 1 of the neurons from `first` on: standard normal deviates.
    #[expect(clippy::needless_range_loop, reason = "one lane of several arrays")]
    #[inline(always)]
    pub(crate) fn pair(&self, first: u32, block: u64) -> [Lanes; 2] {
        let upper = self.address[0] | (block >> 32) as u32;
        let mut c = [[block as u32; LANES], [upper; LANES], [0; LANES], [self.address[1]; LANES]];
        for (l, neuron) in c[2].iter_mut().enumerate() {
            *neuron = first.wrapping_add(l as u32);
        }
        let mut key = self.key;
        for _ in 0..ROUNDS {
            for l in 0..LANES {
                let a = u64::from(c[0][l]) * u64::from(MULTIPLIERS[0]);
                let b = u64::from(c[2][l]) * u64::from(MULTIPLIERS[1]);
                c[0][l] = (b >> 32) as u32 ^ c[1][l] ^ key[0];
                c[2][l] = (a >> 32) as u32 ^ c[3][l] ^ key[1];
                c[1][l] = b as u32;
                c[3][l] = a as u32;
            }
            key = [key[0].wrapping_add(INCREMENTS[0]), key[1].wrapping_add(INCREMENTS[1])];
        }
        // Uniform in [0, 1), of 52 bits; the first of the two as 1 - u, for the logarithm.
        let mut uniform = [[0.0; LANES]; 2];
        for l in 0..LANES {
            for (u, [low, high]) in uniform.iter_mut().zip([[c[0][l], c[1][l]], [c[2][l], c[3][l]]]) {
                let bits = u64::from(high) << 32 | u64::from(low);
                u[l] = f64::from_bits(0x3ff0_0000_0000_0000 | bits >> 12) - 1.0;
            }
            uniform[0][l] = 1.0 - uniform[0][l];
        }
        let radius = ln(&uniform[0]);
        let [mut cos, mut sin] = cos_sin_turns(&uniform[1]);
        for l in 0..LANES {
            let r = (-2.0 * radius[l]).sqrt();
            cos[l] *= r;
            sin[l] *= r;
        }
        [cos, sin]
    }

    /// Value n of the first `size` neurons.
    pub(crate) fn values(&self, size: usize, n: u64) -> Vec<f64> {
        let mut values = Vec::with_capacity(size + LANES);
        for first in (0..size).step_by(LANES) {
            values.extend(self.pair(first as u32, n / 2)[n as usize % 2]);
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
        let got = noise.pair(16, 5).map(|lanes| lanes[5]);
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
                let [x, y] = noise.pair(first, block);
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
