//! The number type of a network: `f32` for training, `f64` for checking gradients.

use std::fmt::{Debug, Display};
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A floating-point number that layers compute with; implemented for `f32` and `f64` only.
pub trait Real:
    sealed::Sealed
    + Copy
    + Debug
    + Default
    + Display
    + PartialOrd
    + Send
    + Sync
    + Add<Output = Self>
    + AddAssign
    + Div<Output = Self>
    + Mul<Output = Self>
    + MulAssign
    + Neg<Output = Self>
    + Sub<Output = Self>
    + SubAssign
    + 'static
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;

    /// The nearest value to `value`.
    fn from_f64(value: f64) -> Self;
    /// The value, widened.
    fn to_f64(self) -> f64;
    /// Absolute value.
    fn abs(self) -> Self;
    /// Square root.
    fn sqrt(self) -> Self;
    /// `self * factor + addend`, rounded once; slow on processors without such an instruction.
    fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// The greater of two values, neither of them NaN.
    fn maximum(self, other: Self) -> Self;
    /// `e^x` for `x <= 0`; as `f32` 0 where that is below 2^-63.
    fn exp_of_negative(self) -> Self;
    /// `ln(1 + t)` for `0 <= t <= 1`.
    fn ln_one_plus(self) -> Self;
    /// `ln(1 + x)` for any `x >= 0`.
    fn ln_one_plus_any(self) -> Self;
    /// `e^x - 1` for `x >= 0`.
    fn exp_minus_one(self) -> Self;
    /// False for NaN and the infinities.
    fn is_finite(self) -> bool;
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    fn from_f64(value: f64) -> Self {
        value
    }
    fn to_f64(self) -> f64 {
        self
    }
    fn abs(self) -> Self {
        self.abs()
    }
    fn sqrt(self) -> Self {
        self.sqrt()
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        self.mul_add(factor, addend)
    }
    fn maximum(self, other: Self) -> Self {
        if self > other { self } else { other }
    }
    fn exp_of_negative(self) -> Self {
        self.exp()
    }
    fn ln_one_plus(self) -> Self {
        self.ln_1p()
    }
    fn ln_one_plus_any(self) -> Self {
        self.ln_1p()
    }
    fn exp_minus_one(self) -> Self {
        self.exp_m1()
    }
    fn is_finite(self) -> bool {
        self.is_finite()
    }
}

/// Below this, `e^x` is no longer a normal `f32`.
const LOWEST_EXPONENT: f32 = -87.0;

/// Below this, `e^x` is below 2^-63, and its square no longer a normal `f32`.
const FAINT_EXPONENT: f32 = -43.668;

/// `e^x` for `x <= 0`, below -87 as at -87: `2^n e^r`, `|r| <= ln 2 / 2`, with the Taylor polynomial of degree 7 for `e^r` (remainder 5e-9).
#[inline(always)]
fn uncut_exp_of_negative(x: f32) -> f32 {
    // Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits.
    const ROUNDER: f32 = 12_582_912.0;
    // ln 2 in two parts, the first with trailing zeros so that n * LN_2_HIGH is exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = if x > LOWEST_EXPONENT { x } else { LOWEST_EXPONENT };
    let shifted = x * std::f32::consts::LOG2_E + ROUNDER;
    let n = shifted - ROUNDER;
    let r = (x - n * LN_2_HIGH) - n * LN_2_LOW;
    let mut sum = 1.0 / 5040.0;
    for coefficient in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        sum = sum * r + coefficient;
    }
    let power = (shifted.to_bits() << 23).wrapping_add(1.0_f32.to_bits());
    sum * f32::from_bits(power)
}

// The transcendental functions are straight-line code so that the compiler can do a vector of units at a time; the
// library's `expf` and `log1pf` are calls, one unit at a time, and would take most of an epoch's time.
impl Real for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value as f32
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn abs(self) -> Self {
        self.abs()
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        self.sqrt()
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        self.mul_add(factor, addend)
    }
    #[inline(always)]
    fn maximum(self, other: Self) -> Self {
        if self > other { self } else { other }
    }

    /// The tails of saturated units would otherwise have subnormal products, over which processors take many times as long.
    #[inline(always)]
    fn exp_of_negative(self) -> Self {
        if self > FAINT_EXPONENT { uncut_exp_of_negative(self) } else { 0.0 }
    }

    /// `ln(1 + t) = 2 artanh(s)`, `s = t / (2 + t) <= 1/3`, with nine terms of the series (remainder 4e-10).
    #[inline(always)]
    fn ln_one_plus(self) -> Self {
        let s = self / (2.0 + self);
        let square = s * s;
        let mut sum = 1.0 / 17.0;
        for odd in [15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
            sum = sum * square + 1.0 / odd;
        }
        2.0 * s * sum
    }

    /// Above 1 by `1 + x = 2^n (1 + t)`, `t < 1`.
    #[inline(always)]
    fn ln_one_plus_any(self) -> Self {
        const MANTISSA: u32 = 0x007f_ffff;
        let bits = (1.0 + self).to_bits();
        let is_large = self > 1.0;
        let n = if is_large { (bits >> 23) as i32 - 127 } else { 0 };
        let t = if is_large { f32::from_bits((bits & MANTISSA) | 1.0_f32.to_bits()) - 1.0 } else { self };
        n as f32 * std::f32::consts::LN_2 + t.ln_one_plus()
    }

    /// The Taylor polynomial up to 1/2 (degree 8, remainder 4e-9 of the value), `1 / e^-x - 1` above.
    #[inline(always)]
    fn exp_minus_one(self) -> Self {
        let small = if self < 0.5 { self } else { 0.5 };
        let mut sum = 1.0 / 40_320.0;
        for coefficient in [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0] {
            sum = sum * small + coefficient;
        }
        let large = 1.0 / uncut_exp_of_negative(-self) - 1.0;
        if self < 0.5 { sum * small } else { large }
    }

    #[inline(always)]
    fn is_finite(self) -> bool {
        self.is_finite()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Judged by the `f64` functions of the standard library.
    #[test]
    fn f32_functions_agree_with_f64() {
        for step in 0..200_000 {
            let x = -86.9 * step as f32 / 200_000.0;
            let (expected, uncut) = (f64::from(x).exp(), uncut_exp_of_negative(x));
            assert!((uncut.to_f64() / expected - 1.0).abs() < 2.5e-7, "exp {x}");
            assert_eq!(Real::exp_of_negative(x), if x > FAINT_EXPONENT { uncut } else { 0.0 }, "exp {x}");
            let t = step as f32 / 199_999.0;
            let expected = f64::from(t).ln_1p();
            let error = (Real::ln_one_plus(t).to_f64() - expected).abs();
            assert!(error <= 2.5e-7 * expected, "ln_1p {t}");
        }
        for step in 0..200_000 {
            let x = 1e-6 * (step as f32 / 2000.0).exp();
            let expected = f64::from(x).ln_1p();
            let error = (Real::ln_one_plus_any(x).to_f64() - expected).abs();
            assert!(error <= 2.5e-7 * expected, "ln_1p {x}");
            // 1 / e^-x errs by what e^-x does and by a rounding, 3e-7 of e^x, which is at most 2.6 times e^x - 1.
            let x = 80.0 * (step as f32 / 199_999.0).powi(3);
            let expected = f64::from(x).exp_m1();
            let error = (Real::exp_minus_one(x).to_f64() - expected).abs();
            assert!(error <= 8e-7 * expected, "expm1 {x}");
        }
        assert_eq!(Real::exp_of_negative(0.0_f32), 1.0);
        assert!(uncut_exp_of_negative(f32::NEG_INFINITY) < 2e-38);
        // Nothing is between 0 and 2^-63, so that products of what is left are normal.
        for x in [-43.67_f32, -60.0, -87.0, -88.0, -1e30, f32::MIN, f32::NEG_INFINITY] {
            assert_eq!(Real::exp_of_negative(x), 0.0, "exp {x}");
        }
        assert!(Real::exp_of_negative(FAINT_EXPONENT.next_up()) >= f32::MIN_POSITIVE.sqrt());
    }
}
