//! What initial weights are drawn from.

use crate::error::InitialiserError;
use crate::initialiser::Fans;
use crate::initialiser::root_unit::{gamma_scale, gamma_shape};
use crate::random::{Purpose, Stream};
use crate::real::Real;

/// How far a truncated normal distribution reaches, in standard deviations of the whole one.
const TRUNCATION: f64 = 2.0;

/// A distribution of initial weights; `n` is [`Fans::fan_in`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initialiser {
    /// Uniform within `gain sqrt(6 / (fan_in + fan_out))`; variance `2 gain^2 / (fan_in + fan_out)`.
    GlorotUniform {
        /// 1 in Glorot and Bengio (2010).
        gain: f64,
    },
    /// Normal, of the same variance.
    GlorotNormal {
        /// 1 in Glorot and Bengio (2010).
        gain: f64,
    },
    /// Uniform within `sqrt(6 / n)`; variance `2 / n` (He et al. 2015, arXiv:1502.01852).
    HeUniform,
    /// Normal, variance `2 / n`.
    HeNormal,
    /// Normal.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        deviation: f64,
    },
    /// Normal with mean 0, of which values beyond two deviations are drawn again; its standard deviation is
    /// `0.8796 deviation`.
    TruncatedNormal {
        /// Standard deviation before truncation.
        deviation: f64,
    },
    /// Uniform from 0 to `gain sqrt(6 / (fan_in + fan_out))`: units that respond from the start, as the outputs of networks that are
    /// trained towards spike counts (Liu et al. 2017, arXiv:1706.03609).
    PositiveUniform {
        /// 0.005 for ReLU and 0.01 for Noisy Softplus there.
        gain: f64,
    },
    /// Uniform within `limit`; 1 is a start for conductance-weighted averages.
    Uniform {
        /// Greatest magnitude.
        limit: f64,
    },
    /// `(v - gamma lambda) / sqrt(n) - 1/n` with `v` of a gamma distribution of [`gamma_shape`] and [`gamma_scale`], for
    /// rectified root units: mean `-1/n`, variance `3 / ((r + 1/2) n)` (Bhumbra 2018, arXiv:1804.11237).
    RootGamma {
        /// Radix `r`, 1 or more.
        radix: f64,
    },
    /// `(v - 1/2) sqrt((16 gamma + 8) / (r n))` with `v` of a beta distribution of [`gamma_shape`] twice, for odd root
    /// units, and at radix 1 for layers of outputs: mean 0, variance `2 / (r n)` (ibid.).
    RootBeta {
        /// Radix `r`, 1 or more.
        radix: f64,
    },
    /// Normal with the variance `6 / ((2 r + 1) n)` of [`Self::RootGamma`], for exponential root units.
    RootNormal {
        /// Radix `r`, 1 or more.
        radix: f64,
    },
}

impl Initialiser {
    /// Checks its constants.
    ///
    /// # Errors
    /// Names the first constant out of its range.
    pub fn check(self) -> Result<(), InitialiserError> {
        let require = |constant, expected, found: f64, holds: bool| {
            if holds && found.is_finite() { Ok(()) } else { Err(InitialiserError { constant, expected, found }) }
        };
        let positive = |constant, found: f64| require(constant, "positive and finite", found, 0.0 < found);
        match self {
            Self::HeUniform | Self::HeNormal => Ok(()),
            Self::GlorotUniform { gain } | Self::GlorotNormal { gain } | Self::PositiveUniform { gain } => {
                positive("gain", gain)
            }
            Self::Normal { mean, deviation } => {
                require("mean", "finite", mean, true)?;
                positive("deviation", deviation)
            }
            Self::TruncatedNormal { deviation } => positive("deviation", deviation),
            Self::Uniform { limit } => positive("limit", limit),
            Self::RootGamma { radix } | Self::RootBeta { radix } | Self::RootNormal { radix } => {
                require("radix", "1 or more and finite", radix, 1.0 <= radix)
            }
        }
    }

    /// `count` weights of the tensor that `fans` tells of.
    ///
    /// # Errors
    /// If a constant is out of its range.
    pub fn weights<T: Real>(self, count: usize, fans: Fans, seed: u64) -> Result<Vec<T>, InitialiserError> {
        self.check()?;
        Ok(self.draw(count, fans, seed))
    }

    pub(super) fn draw<T: Real>(self, count: usize, fans: Fans, seed: u64) -> Vec<T> {
        let mut stream = Stream::new(seed, Purpose::Weights { tensor: fans.tensor });
        let (n, both) = (fans.fan_in as f64, (fans.fan_in + fans.fan_out) as f64);
        let mut fill =
            |value: &mut dyn FnMut(&mut Stream) -> f64| (0..count).map(|_| T::from_f64(value(&mut stream))).collect();
        let normal = |mean: f64, deviation: f64| move |stream: &mut Stream| mean + deviation * stream.normal();
        let uniform = |limit: f64| move |stream: &mut Stream| stream.symmetric(limit);
        match self {
            Self::GlorotUniform { gain } => fill(&mut uniform(gain * (6.0 / both).sqrt())),
            Self::GlorotNormal { gain } => fill(&mut normal(0.0, gain * (2.0 / both).sqrt())),
            Self::HeUniform => fill(&mut uniform((6.0 / n).sqrt())),
            Self::HeNormal => fill(&mut normal(0.0, (2.0 / n).sqrt())),
            Self::Normal { mean, deviation } => fill(&mut normal(mean, deviation)),
            Self::TruncatedNormal { deviation } => fill(&mut |stream| {
                loop {
                    let value = stream.normal();
                    if value.abs() <= TRUNCATION {
                        return deviation * value;
                    }
                }
            }),
            Self::PositiveUniform { gain } => {
                let limit = gain * (6.0 / both).sqrt();
                fill(&mut |stream| limit * stream.uniform())
            }
            Self::Uniform { limit } => fill(&mut uniform(limit)),
            Self::RootGamma { radix } => {
                let (shape, scale) = (gamma_shape(radix), gamma_scale(radix));
                fill(&mut |stream| scale * (stream.gamma(shape) - shape) / n.sqrt() - 1.0 / n)
            }
            Self::RootBeta { radix } => {
                let shape = gamma_shape(radix);
                let width = ((16.0 * shape + 8.0) / (radix * n)).sqrt();
                fill(&mut |stream| width * (stream.beta(shape) - 0.5))
            }
            Self::RootNormal { radix } => fill(&mut normal(0.0, (6.0 / ((2.0 * radix + 1.0) * n)).sqrt())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: usize = 200_000;
    const FANS: Fans = Fans { fan_in: 40, fan_out: 10, tensor: 3 };

    /// Mean, variance and kurtosis of each distribution in closed form; radix 1, 1.5, 2.5 and 4 of the root units with
    /// variances that mpmath gives too (2, 1.5, 1 and 2/3 over n rectified; 2, 4/3, 0.8 and 0.5 over n odd).
    fn expected() -> Vec<(Initialiser, [f64; 3])> {
        let n = 40.0;
        let mut all = vec![
            (Initialiser::GlorotUniform { gain: 1.0 }, [0.0, 2.0 / 50.0, 1.8]),
            (Initialiser::GlorotNormal { gain: 2.0 }, [0.0, 8.0 / 50.0, 3.0]),
            (Initialiser::HeUniform, [0.0, 2.0 / n, 1.8]),
            (Initialiser::HeNormal, [0.0, 2.0 / n, 3.0]),
            (Initialiser::Normal { mean: 1.0, deviation: 0.1 }, [1.0, 0.01, 3.0]),
            // 1 - 4 phi(2) / (2 Phi(2) - 1) = 0.7737 and a kurtosis of 2.3655; mpmath.
            (Initialiser::TruncatedNormal { deviation: 0.5 }, [0.0, 0.25 * 0.773_741_303_549_923, 2.3655]),
            (Initialiser::Uniform { limit: 1.0 }, [0.0, 1.0 / 3.0, 1.8]),
            // From 0 to b = 2 sqrt(6 / 50): b / 2, b^2 / 12.
            (Initialiser::PositiveUniform { gain: 2.0 }, [(6.0_f64 / 50.0).sqrt(), 4.0 * 6.0 / 50.0 / 12.0, 1.8]),
            (Initialiser::RootNormal { radix: 2.0 }, [0.0, 1.2 / n, 3.0]),
        ];
        for (radix, rectified, odd) in [(1.0, 2.0, 2.0), (1.5, 1.5, 4.0 / 3.0), (2.5, 1.0, 0.8), (4.0, 2.0 / 3.0, 0.5)]
        {
            let shape = gamma_shape(radix);
            all.push((Initialiser::RootGamma { radix }, [-1.0 / n, rectified / n, 3.0 + 6.0 / shape]));
            all.push((Initialiser::RootBeta { radix }, [0.0, odd / n, 3.0 - 6.0 / (2.0 * shape + 3.0)]));
        }
        all
    }

    /// Within five standard errors: sqrt(variance / N) of the mean, variance sqrt((kurtosis - 1) / N) of the variance.
    #[test]
    fn moments_are_those_of_the_distributions() {
        for (initialiser, [mean, variance, kurtosis]) in expected() {
            let weights: Vec<f64> = initialiser.weights(COUNT, FANS, 5).expect("possible constants");
            let count = COUNT as f64;
            let found = weights.iter().sum::<f64>() / count;
            assert!((found - mean).abs() < 5.0 * (variance / count).sqrt(), "{initialiser:?}: mean {found}");
            let found = weights.iter().map(|weight| (weight - mean).powi(2)).sum::<f64>() / count;
            let error = variance * ((kurtosis - 1.0) / count).sqrt();
            assert!((found - variance).abs() < 5.0 * error, "{initialiser:?}: variance {found} for {variance}");
            let found = weights.iter().map(|weight| (weight - mean).powi(4)).sum::<f64>() / count / variance.powi(2);
            // Coarse: it tells the families apart.
            assert!((found - kurtosis).abs() < 0.05 * kurtosis.powi(2), "{initialiser:?}: kurtosis {found}");
        }
    }

    #[test]
    fn impossible_constants_are_refused() {
        for (initialiser, message) in [
            (Initialiser::RootGamma { radix: 0.9 }, "an initialiser's radix must be 1 or more and finite, found 0.9"),
            (
                Initialiser::RootBeta { radix: f64::NAN },
                "an initialiser's radix must be 1 or more and finite, found NaN",
            ),
            (Initialiser::Uniform { limit: 0.0 }, "an initialiser's limit must be positive and finite, found 0"),
            (Initialiser::GlorotNormal { gain: -1.0 }, "an initialiser's gain must be positive and finite, found -1"),
        ] {
            let error = initialiser.weights::<f32>(3, FANS, 1).expect_err("impossible");
            assert_eq!(error.to_string(), message);
        }
    }
}
