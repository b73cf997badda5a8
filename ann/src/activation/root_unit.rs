//! Radical root units: exponential below zero, a root above.

use std::fmt;

use crate::activation::respond_each;
use crate::error::ActivationError;
use crate::real::Real;

/// Which of the three root units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootFamily {
    /// Rectified radical root unit, above 0 everywhere.
    #[doc(alias = "RRRU")]
    Rectified,
    /// The rectified unit less `1 / r`; at `r = 1` the ELU.
    #[doc(alias = "ERU")]
    #[doc(alias = "bionodal")]
    Exponential,
    /// The odd unit; at `r = 1` the identity.
    #[doc(alias = "ORRU")]
    #[doc(alias = "ORU")]
    Odd,
}

impl RootFamily {
    /// All families.
    pub const ALL: [Self; 3] = [Self::Rectified, Self::Exponential, Self::Odd];

    /// Name for the command line and files: `rrru`, `eru`, `orru`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rectified => "rrru",
            Self::Exponential => "eru",
            Self::Odd => "orru",
        }
    }
}

/// A radical root unit of radix `r`, any real number from 1 on:
///
/// ```text
/// rectified    f(z) = (r^2 z + 1)^(1/r)   z > 0,   e^(r z)   z <= 0      f' = r (r^2 z + 1)^((1-r)/r),   r e^(r z)
/// exponential  the rectified one - 1/r                                   f' the same
/// odd          f(z) = sgn(z) ((r^2 |z| + 1)^(1/r) - 1)                   f' = r (r^2 |z| + 1)^((1-r)/r)
/// ```
///
/// `z` is the drive (dimensionless). The slope is greatest at 0, where it is `r`, and falls like `z^-((r-1)/r)`.
/// Evaluated by `exp(ln(1 + r^2 |z|) / r)`, without overflow or cancellation: to 1e-13 (relative) in `f64`, to 2e-6 in
/// `f32` for `|z| < 1e30`; the slope of the exponential side and the exponential unit itself likewise, but absolute. `e^(r z)`
/// below 2^-63 is 0 in `f32`.
///
/// Bhumbra (2018), "Deep learning improved by biological activation functions", arXiv:1804.11237; the rectified unit
/// without the -1 that is printed there, with which it would jump at 0. The exponential unit is that of version 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RootUnit {
    /// Which of the three.
    pub family: RootFamily,
    /// Radix `r`, 1 or more.
    pub radix: f64,
}

impl RootUnit {
    /// A unit of this family and radix.
    pub const fn new(family: RootFamily, radix: f64) -> Self {
        Self { family, radix }
    }

    /// Checks the radix.
    ///
    /// # Errors
    /// If it is not a finite number from 1 on.
    pub fn check(self) -> Result<(), ActivationError> {
        if 1.0 <= self.radix && self.radix.is_finite() {
            return Ok(());
        }
        Err(ActivationError::Radix { family: self.family.name(), radix: self.radix })
    }

    #[inline(always)]
    pub(crate) fn respond<T: Real>(self, drive: &mut [T], outputs: &mut [T]) {
        let (r, inverse) = (T::from_f64(self.radix), T::from_f64(1.0 / self.radix));
        let (above, shift) = match self.family {
            RootFamily::Rectified => (T::ONE, T::ZERO),
            RootFamily::Exponential => (T::ONE - inverse, inverse),
            RootFamily::Odd => {
                // The root of radix 1 is the magnitude itself.
                if self.radix == 1.0 {
                    outputs.copy_from_slice(drive);
                    drive.fill(T::ONE);
                    return;
                }
                return respond_each(drive, outputs, |z| {
                    let (value, slope) = root(z.abs(), r, inverse);
                    (if z > T::ZERO { value } else { -value }, slope)
                });
            }
        };
        // The side that is not used is evaluated at 0, where it cannot overflow.
        let below = move |z: T| {
            let exponential = (r * if z > T::ZERO { T::ZERO } else { z }).exp_of_negative();
            (exponential - shift, r * exponential)
        };
        if self.radix == 1.0 {
            respond_each(drive, outputs, |z| if z > T::ZERO { (z + above, T::ONE) } else { below(z) });
        } else {
            respond_each(drive, outputs, |z| {
                let (value, slope) = root(if z > T::ZERO { z } else { T::ZERO }, r, inverse);
                let (low, low_slope) = below(z);
                if z > T::ZERO { (value + above, slope) } else { (low, low_slope) }
            });
        }
    }
}

/// `(r^2 z + 1)^(1/r) - 1` and its slope for `z >= 0`, which is `r` times the root over `r^2 z + 1`.
#[inline(always)]
fn root<T: Real>(z: T, r: T, inverse: T) -> (T, T) {
    let scaled = r * r * z;
    let value = (inverse * scaled.ln_one_plus_any()).exp_minus_one();
    (value, r * (T::ONE + value) / (T::ONE + scaled))
}

impl fmt::Display for RootUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.family.name(), self.radix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// mpmath, 40 digits, printed as doubles: r, z, rectified, its slope, exponential, odd, its slope.
    #[rustfmt::skip]
    const TABLE: [[f64; 7]; 22] = [
        [1.0, -30.0, 9.357622968840175e-14, 9.357622968840175e-14, -0.9999999999999064, -30.0, 1.0],
        [1.0, -1.0, 0.36787944117144233, 0.36787944117144233, -0.6321205588285577, -1.0, 1.0],
        [1.0, 0.05, 1.05, 1.0, 0.05, 0.05, 1.0],
        [1.0, 1000.0, 1001.0, 1.0, 1000.0, 1000.0, 1.0],
        [1.5, -3.0, 0.011108996538242306, 0.016663494807363458, -0.6555576701284244, -2.916226498494638, 0.7579793222892848],
        [1.5, 0.0, 1.0, 1.5, 0.3333333333333333, 0.0, 1.5],
        [1.5, 0.5, 1.6528722546144863, 1.166733356198461, 0.9862055879478195, 0.6528722546144863, 1.166733356198461],
        [1.5, 10.0, 8.204370068006053, 0.5236831958301735, 7.537703401339386, 7.204370068006053, 0.5236831958301735],
        [2.0, -30.0, 8.75651076269652e-27, 1.751302152539304e-26, -0.5, -10.0, 0.18181818181818182],
        [2.0, -0.1, 0.8187307530779818, 1.6374615061559636, 0.3187307530779819, -0.1832159566199232, 1.6903085094570331],
        [2.0, 1e-09, 1.000000002, 1.9999999960000001, 0.5000000019999999, 1.9999999980000002e-09, 1.9999999960000001],
        [2.0, 2.0, 3.0, 0.6666666666666666, 2.5, 2.0, 0.6666666666666666],
        [2.0, 1000.0, 63.25345840347388, 0.031618824495613033, 62.75345840347388, 62.25345840347388, 0.031618824495613033],
        [3.0, -3.0, 0.00012340980408667956, 0.00037022941226003863, -0.33320992352924667, -2.0365889718756627, 0.32534881841524954],
        [3.0, 0.0, 1.0, 3.0, 0.6666666666666666, 0.0, 3.0],
        [3.0, 0.5, 1.7651741676630315, 0.9628222732707444, 1.4318408343296982, 0.7651741676630315, 0.9628222732707444],
        [3.0, 1000000.0, 208.00839000920428, 6.933612229905451e-05, 207.67505667587096, 207.00839000920428, 6.933612229905451e-05],
        [5.0, -1.0, 0.006737946999085467, 0.03368973499542734, -0.19326205300091454, -0.9186451916253062, 0.36897022915871275],
        [5.0, -1e-07, 0.999999500000125, 4.999997500000625, 0.799999500000125, -4.9999950000075e-07, 4.9999900000225],
        [5.0, 0.05, 1.1760790225246736, 2.613508938943719, 0.9760790225246736, 0.17607902252467358, 2.613508938943719],
        [5.0, 1000.0, 7.578643460244615, 0.00151566806532631, 7.378643460244615, 6.578643460244615, 0.00151566806532631],
        [2.5, 0.3, 1.5256507947755946, 1.3266528650222562, 1.1256507947755945, 0.5256507947755945, 1.3266528650222562],
    ];

    fn respond<T: Real>(family: RootFamily, radix: f64, z: f64) -> (f64, f64) {
        let (mut drive, mut output) = ([T::from_f64(z)], [T::ZERO]);
        RootUnit::new(family, radix).respond(&mut drive, &mut output);
        (output[0].to_f64(), drive[0].to_f64())
    }

    /// Exponentials below `faint`, and the slopes there, are to be 0.
    fn agrees<T: Real>(relative: f64, absolute: f64, faint: f64) {
        for [r, z, rectified, slope, exponential, odd, odd_slope] in TABLE {
            let [rectified, slope] = if rectified < faint { [0.0; 2] } else { [rectified, slope] };
            for (family, want) in [
                (RootFamily::Rectified, (rectified, slope)),
                (RootFamily::Exponential, (exponential, slope)),
                (RootFamily::Odd, (odd, odd_slope)),
            ] {
                let found = respond::<T>(family, r, z);
                for (found, want) in [(found.0, want.0), (found.1, want.1)] {
                    // The exponential unit is a difference, right to the rounding of its parts.
                    let absolute = if family == RootFamily::Exponential { absolute.max(relative) } else { absolute };
                    let error = (found - want).abs();
                    assert!(error <= relative * want.abs() + absolute, "{family:?} {r} {z}: {found} for {want}");
                }
            }
        }
    }

    /// In f64 the root errs by the rounding of a logarithm of up to 16, in f32 by that of the kernels; e^-rz below
    /// 2^-63 is 0.
    #[test]
    fn values_and_slopes_against_mpmath() {
        agrees::<f64>(2e-14, 0.0, 0.0);
        agrees::<f32>(2e-6, 1e-36, 2.0_f64.powi(-63));
    }

    /// From both sides of 0, value and slope; the ELU and the identity at radix 1; no overflow far out.
    #[test]
    fn joints_and_special_cases() {
        for r in [1.0, 1.7, 2.0, 4.0] {
            for family in RootFamily::ALL {
                let (above, below) = (respond::<f64>(family, r, 1e-12), respond::<f64>(family, r, -1e-12));
                assert!((above.0 - below.0).abs() < 1e-10 && (above.1 - below.1).abs() < 1e-10, "{family:?} {r}");
                for z in [-1e30, 1e30] {
                    let (value, slope) = respond::<f32>(family, r, z);
                    assert!(value.is_finite() && (0.0..=r).contains(&slope), "{family:?} {r} {z}: {value}, {slope}");
                }
            }
        }
        for z in [-3.0, -0.2, 0.0, 0.4, 7.0_f64] {
            let elu = if z > 0.0 { z } else { z.exp() - 1.0 };
            assert_eq!(respond::<f64>(RootFamily::Exponential, 1.0, z).0, elu);
            assert_eq!(respond::<f64>(RootFamily::Odd, 1.0, z), (z, 1.0));
        }
    }
}
