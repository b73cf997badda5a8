//! Noisy Softplus at one strength of noise: a pointwise function.

use std::fmt;
use std::str::FromStr;

use crate::activation::respond_each;
use crate::error::ActivationError;
use crate::real::Real;

/// Noisy Softplus at a fixed noise, which makes it a function of the drive `m` alone:
///
/// ```text
/// y = s ln(1 + e^(m / s)),   s = k sigma,   dy/dm = 1 / (1 + e^(-m / s))
/// ```
///
/// for any finite `m`; above 0 everywhere, a ReLU for `|m|` well above `s`, and Softplus at `s = 1`. Evaluated as
/// `max(m, 0) + s ln(1 + e^(-|m| / s))`, without overflow or cancellation: value and slope to 1e-15 (relative) in `f64` and to
/// 1e-6 in `f32`, in which values below `2^-63 s` and slopes below `2^-63` are 0.
///
/// Unlike [`crate::NoisySoftplus`], which takes its noise from its inputs, this is how networks are often trained elsewhere:
/// with one noise for all units, and without units of its own.
///
/// Liu and Furber (2016), "Noisy Softplus: a biology inspired activation function", doi:10.1007/978-3-319-46681-1_49;
/// Liu, Chen and Furber (2017), "Noisy Softplus: an activation function that enables SNNs to be trained as ANNs",
/// arXiv:1706.03609.
///
/// ```
/// let unit: ann::FixedNoise = "0.3,0.45".parse()?;
/// assert_eq!((unit.k, unit.sigma), (0.3, 0.45));
/// # Ok::<(), ann::ActivationError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FixedNoise {
    /// Width of the curve per unit of noise (dimensionless), above 0.
    pub k: f64,
    /// Standard deviation of the synaptic current, in the unit of the activation, above 0.
    pub sigma: f64,
}

impl FixedNoise {
    /// `s = k sigma`, the width of the curve.
    pub fn scale(self) -> f64 {
        self.k * self.sigma
    }

    /// Checks that both constants are positive and finite, and that so is their product as `f32`, in which networks are trained.
    ///
    /// # Errors
    /// Names the first that is not.
    pub fn check(self) -> Result<(), ActivationError> {
        let single = f64::from(self.scale() as f32);
        for (constant, value) in [("k", self.k), ("sigma", self.sigma), ("k sigma (to single precision)", single)] {
            if !(0.0 < value && value.is_finite()) {
                return Err(ActivationError::Constant { constant, value });
            }
        }
        Ok(())
    }

    #[inline(always)]
    pub(crate) fn respond<T: Real>(self, drive: &mut [T], outputs: &mut [T]) {
        let scale = T::from_f64(self.scale());
        respond_each(drive, outputs, |m| {
            let t = (-(m.abs() / scale)).exp_of_negative();
            let above = T::ONE / (T::ONE + t);
            let logarithm = scale * t.ln_one_plus();
            if m > T::ZERO { (m + logarithm, above) } else { (logarithm, t * above) }
        });
    }
}

/// `K,SIGMA`, as it is read.
impl fmt::Display for FixedNoise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.k, self.sigma)
    }
}

/// `0.3,0.45` for `k` and `sigma`.
impl FromStr for FixedNoise {
    type Err = ActivationError;

    fn from_str(text: &str) -> Result<Self, ActivationError> {
        let malformed = || ActivationError::FixedNoise { found: text.to_owned() };
        let (k, sigma) = text.split_once(',').ok_or_else(malformed)?;
        let number = |text: &str| text.trim().parse().map_err(|_| malformed());
        let constants = Self { k: number(k)?, sigma: number(sigma)? };
        constants.check()?;
        Ok(constants)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// mpmath, 40 digits, printed as doubles: k, sigma, m, value, slope.
    #[rustfmt::skip]
    const TABLE: [[f64; 5]; 13] = [
        [0.3, 0.45, -8.0, 2.479502043330049e-27, 1.8366681802444808e-26],
        [0.3, 0.45, -0.5, 0.0032850424655978374, 0.024039971577960145],
        [0.3, 0.45, 0.0, 0.09357486937559262, 0.5],
        [0.3, 0.45, 0.001, 0.09407579529940166, 0.5018518433843544],
        [0.3, 0.45, 0.7, 0.700753743354414, 0.9944322734563726],
        [0.3, 0.45, 30.0, 30.0, 1.0],
        [1.0, 1.0, -40.0, 4.248354255291589e-18, 4.248354255291589e-18],
        [1.0, 1.0, 1.0, 1.3132616875182228, 0.7310585786300049],
        [0.17, 0.001, -0.01, 4.8274156248336685e-30, 2.839656249902158e-26],
        [0.17, 0.001, 0.0003, 0.000326870298141332, 0.8537980596190329],
        [2.0, 50.0, -3.0, 67.82596763414485, 0.4925005624493796],
        [2.0, 50.0, 4000.0, 4000.0, 1.0],
        [0.25, 0.5, -1.25, 5.674862402108081e-06, 4.5397868702434395e-05],
    ];

    fn respond<T: Real>(unit: FixedNoise, m: f64) -> (f64, f64) {
        let (mut drive, mut output) = ([T::from_f64(m)], [T::ZERO]);
        unit.respond(&mut drive, &mut output);
        (output[0].to_f64(), drive[0].to_f64())
    }

    /// Slopes below `faint`, and the values there, are to be 0.
    fn agrees<T: Real>(relative: f64, absolute: f64, faint: f64) {
        for [k, sigma, m, value, slope] in TABLE {
            let found = respond::<T>(FixedNoise { k, sigma }, m);
            let [value, slope] = if slope < faint { [0.0; 2] } else { [value, slope] };
            for (found, want) in [(found.0, value), (found.1, slope)] {
                assert!((found - want).abs() <= relative * want + absolute, "{k} {sigma} {m}: {found} for {want}");
            }
        }
    }

    /// The exponent m / s is rounded, by up to 60 ulp of 1 where t = e^-60; in f32 it is 5 ulp at -10, and e^x below
    /// 2^-63 is 0.
    #[test]
    fn values_and_slopes_against_mpmath() {
        agrees::<f64>(2e-14, 0.0, 0.0);
        agrees::<f32>(2e-6, 2e-38, 2.0_f64.powi(-63));
    }

    #[test]
    fn nothing_overflows_far_out() {
        for scale in [1e-38, 1.0, 1e38] {
            for m in [0.0, 1e30, 1e38] {
                let unit = FixedNoise { k: 1.0, sigma: scale };
                let ((value, slope), (low, low_slope)) = (respond::<f32>(unit, m), respond::<f32>(unit, -m));
                assert!(
                    value.is_finite() && value >= f64::from(m as f32) && (0.5..=1.0).contains(&slope),
                    "{scale} {m}"
                );
                assert!(low.is_finite() && low >= 0.0 && (0.0..=0.5).contains(&low_slope), "{scale} {m}");
            }
        }
    }

    #[test]
    fn impossible_constants_are_refused() {
        for (text, expected) in [
            ("0,1", "Noisy Softplus needs a positive, finite k, found 0"),
            ("NaN,1", "Noisy Softplus needs a positive, finite k, found NaN"),
            ("1,-0.5", "Noisy Softplus needs a positive, finite sigma, found -0.5"),
            ("1,inf", "Noisy Softplus needs a positive, finite sigma, found inf"),
            ("1e-30,1e-30", "Noisy Softplus needs a positive, finite k sigma (to single precision), found 0"),
            ("1e30,1e30", "Noisy Softplus needs a positive, finite k sigma (to single precision), found inf"),
            ("0.3", "k and sigma of Noisy Softplus were expected, as in 0.3,0.45, found '0.3'"),
            ("0.3,0.45,5", "k and sigma of Noisy Softplus were expected, as in 0.3,0.45, found '0.3,0.45,5'"),
        ] {
            assert_eq!(text.parse::<FixedNoise>().expect_err("impossible").to_string(), expected);
        }
    }
}
