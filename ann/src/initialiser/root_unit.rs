//! The distributions of initial weights of radical root units.

use std::f64::consts::E;

/// Shape of the gamma and beta distributions of root units of radix `r >= 1`:
///
/// ```text
/// gamma(r) = 1 + r^2 / (e (exp(r^2 / (e (r - 1))) - 1)),   gamma(1) = 1
/// ```
///
/// Between 1 and 2.03; to 1e-15 (relative).
///
/// Bhumbra (2018), arXiv:1804.11237.
pub fn gamma_shape(radix: f64) -> f64 {
    let square = radix * radix;
    if radix == 1.0 { 1.0 } else { 1.0 + square / (E * (square / (E * (radix - 1.0))).exp_m1()) }
}

/// Scale of the gamma distribution, `sqrt(3 / (gamma(r) (r + 1/2)))`, with which its variance is `3 / (r + 1/2)`.
pub fn gamma_scale(radix: f64) -> f64 {
    (3.0 / (gamma_shape(radix) * (radix + 0.5))).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// mpmath, 40 digits: radix, shape, scale.
    #[test]
    fn shape_and_scale_against_mpmath() {
        for (radix, shape, scale) in [
            (1.0, 1.0, std::f64::consts::SQRT_2),
            (1.5, 1.195_427_628_565_332_2, 1.120_170_122_971_846_4),
            (2.5, 1.633_179_815_862_414_3, 0.782_497_570_886_23),
            (4.0, 1.962_766_074_532_466_7, 0.582_800_746_086_478_1),
            (6.0, 2.008_187_932_321_307_7, 0.479_404_131_603_665_6),
        ] {
            // A few roundings.
            assert!((gamma_shape(radix) / shape - 1.0).abs() < 1e-14, "{radix}");
            assert!((gamma_scale(radix) / scale - 1.0).abs() < 1e-14, "{radix}");
        }
        assert_eq!(gamma_shape(1.0 + 1e-9), 1.0);
    }
}
