//! Elementary functions of several numbers at once, in plain arithmetic that compilers turn into vector instructions.
//!
//! Sums of products are fused where `mul_add` says so and nowhere else, so that every width gives the same bits. They are meant to be inlined
//! into code that is compiled for processors with such an instruction; elsewhere they are slow, and as exact.

/// Numbers that are worked on together.
pub(crate) const LANES: usize = 16;

/// Some numbers, where vector registers like them: vectors that straddle two lines of the cache take twice as long.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(align(64))]
pub(crate) struct Lanes<T = f64>(pub(crate) [T; LANES]);

impl Lanes {
    pub(crate) const ZERO: Lanes = Lanes([0.0; LANES]);

    /// What each of `size` neurons has, of those from `first` on; lanes beyond the last are filled with `padding`.
    pub(crate) fn of(first: usize, size: usize, padding: f64, value: impl Fn(usize) -> f64) -> Lanes {
        Lanes(std::array::from_fn(|l| if first + l < size { value(first + l) } else { padding }))
    }
}

impl Lanes<u64> {
    /// The whole numbers from `first` on.
    pub(crate) fn counted(first: usize) -> Lanes<u64> {
        Lanes(std::array::from_fn(|l| (first + l) as u64))
    }
}

impl<T> std::ops::Deref for Lanes<T> {
    type Target = [T; LANES];

    #[inline(always)]
    fn deref(&self) -> &[T; LANES] {
        &self.0
    }
}

impl<T> std::ops::DerefMut for Lanes<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T; LANES] {
        &mut self.0
    }
}

/// The lanes of a mask.
#[inline(always)]
pub(crate) fn lanes_of(mask: u32) -> impl Iterator<Item = usize> {
    let mut left = mask;
    std::iter::from_fn(move || {
        let lane = left.trailing_zeros() as usize;
        left &= left.wrapping_sub(1);
        (lane < LANES).then_some(lane)
    })
}

/// Added and taken away, it rounds numbers below 2^51 to whole ones.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// ln 2 in two parts, the first with zeros at its end: its product with a whole number below 2^20 is exact.
const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// Natural logarithm of positive normal numbers; relative error below 3e-16 away from 1, absolute below 3e-16 near it.
#[inline(always)]
pub(crate) fn ln(x: &Lanes) -> Lanes {
    // 2 artanh(s) = 2 (s + s^3 P(s^2)) with |s| <= 0.172, P of least maximal error: 1.3e-18.
    const TERMS: [f64; 7] = [
        0.073_979_750_067_733_94,
        0.076_570_252_593_262_42,
        0.090_917_821_637_693_81,
        0.111_110_992_865_771_75,
        0.142_857_143_711_939_8,
        0.199_999_999_997_073_38,
        0.333_333_333_333_336_7,
    ];
    let mut result = Lanes::ZERO;
    for l in 0..LANES {
        let bits = x[l].to_bits();
        // x = m 2^k with m between sqrt(1/2) and sqrt(2).
        let shifted = bits.wrapping_sub(0x3fe6_a09e_667f_3bcd);
        let k = f64::from_bits(((shifted as i64 >> 52) as u64).wrapping_add(0x4338_0000_0000_0000)) - ROUND;
        let m = f64::from_bits((shifted & 0x000f_ffff_ffff_ffff).wrapping_add(0x3fe6_a09e_667f_3bcd));
        let s = (m - 1.0) / (m + 1.0);
        let z = s * s;
        let mut sum = TERMS[0];
        for &term in &TERMS[1..] {
            sum = sum.mul_add(z, term);
        }
        let twice = 2.0 * s;
        result[l] = k.mul_add(LN_2_HIGH, twice + (twice * z).mul_add(sum, k * LN_2_LOW));
    }
    result
}

/// Exponential of numbers of at most 700; those below -700 count as -700. Relative error below 4e-16.
#[inline(always)]
pub(crate) fn exp(x: &Lanes) -> Lanes {
    // 1 + r + r^2 Q(r) with |r| <= ln(2)/2, Q of least maximal error: 3.5e-18.
    const TERMS: [f64; 12] = [
        2.511_784_944_679_939_3e-8,
        2.763_126_566_252_035_6e-7,
        2.755_721_633_711_913e-6,
        2.480_148_998_071_625_7e-5,
        1.984_126_991_734_356_7e-4,
        1.388_888_894_698_159_8e-3,
        8.333_333_333_307_222e-3,
        4.166_666_666_651_553_5e-2,
        1.666_666_666_666_67e-1,
        5.000_000_000_000_012e-1,
        1.0,
        1.0,
    ];
    let mut result = Lanes::ZERO;
    for l in 0..LANES {
        let x = if x[l] > -700.0 { x[l] } else { -700.0 };
        let shifted = x.mul_add(std::f64::consts::LOG2_E, ROUND);
        let k = shifted - ROUND;
        let r = k.mul_add(-LN_2_LOW, k.mul_add(-LN_2_HIGH, x));
        let mut sum = TERMS[0];
        for &term in &TERMS[1..] {
            sum = sum.mul_add(r, term);
        }
        // Times 2^k, by the exponent's bits.
        result[l] = f64::from_bits(sum.to_bits().wrapping_add(shifted.to_bits() << 52));
    }
    result
}

/// Cosine and sine of whole turns: of 2 pi u for u in [0, 1). Absolute error below 3e-16.
#[inline(always)]
pub(crate) fn cos_sin_turns(u: &Lanes) -> [Lanes; 2] {
    // a + a^3 P(a^2) and 1 - a^2/2 + a^4 Q(a^2) on |a| <= pi/4, P and Q of least maximal error: 3.5e-18 and 4.7e-20.
    const SIN: [f64; 6] = [
        1.589_682_794_170_262_8e-10,
        -2.505_075_865_345_426_4e-8,
        2.755_731_369_522_735_3e-6,
        -1.984_126_982_981_695_3e-4,
        8.333_333_333_322_425e-3,
        -1.666_666_666_666_663_2e-1,
    ];
    const COS: [f64; 7] = [
        -1.135_966_997_922_180_6e-11,
        2.087_572_368_669_765_4e-9,
        -2.755_731_435_525_933_3e-7,
        2.480_158_728_949_189e-5,
        -1.388_888_888_887_413_8e-3,
        4.166_666_666_666_66e-2,
        -0.5,
    ];
    let mut result = [Lanes::ZERO; 2];
    for l in 0..LANES {
        let shifted = 4.0 * u[l] + ROUND;
        let quarter = shifted.to_bits();
        let a = (4.0 * u[l] - (shifted - ROUND)) * std::f64::consts::FRAC_PI_2;
        let z = a * a;
        let mut sin = SIN[0];
        for &term in &SIN[1..] {
            sin = sin.mul_add(z, term);
        }
        let sin = (a * z).mul_add(sin, a);
        let mut cos = COS[0];
        for &term in &COS[1..] {
            cos = cos.mul_add(z, term);
        }
        let cos = z.mul_add(cos, 1.0);
        // A quarter turn exchanges them, and half a turn changes both signs.
        let odd = quarter & 1 == 1;
        let (c, s) = if odd { (-sin, cos) } else { (cos, sin) };
        let sign = (quarter & 2) << 62;
        result[0][l] = f64::from_bits(c.to_bits() ^ sign);
        result[1][l] = f64::from_bits(s.to_bits() ^ sign);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the standard library, whose error is below one ulp.
    #[test]
    fn functions_agree_with_the_standard_library() {
        for i in 0..200_000u32 {
            let y = (f64::from(i) + 0.5) / 200_000.0;
            for z in [y, y * 1e-300, 1.0 + y, 1e10 * y] {
                let l = ln(&Lanes([z; LANES]))[5];
                assert!((l - z.ln()).abs() < 4e-16 * z.ln().abs().max(1.0), "ln {z}: {l}");
            }
            for x in [-y, -40.0 * y, -699.0 * y, 700.0 * y] {
                let e = exp(&Lanes([x; LANES]))[3];
                assert!((e / x.exp() - 1.0).abs() < 4e-16, "exp {x}: {e}");
            }
            let [c, s] = cos_sin_turns(&Lanes([y; LANES])).map(|lanes| lanes[7]);
            let (sin, cos) = (std::f64::consts::TAU * y).sin_cos();
            // The argument 2 pi y is itself rounded, by up to 4.4e-16.
            assert!((c - cos).abs() < 1e-15 && (s - sin).abs() < 1e-15, "turn {y}");
        }
        assert_eq!(ln(&Lanes([1.0; LANES])), Lanes::ZERO);
        assert_eq!(exp(&Lanes::ZERO), Lanes([1.0; LANES]));
        assert!(exp(&Lanes([f64::NEG_INFINITY; LANES]))[0] < 1e-304);
        assert_eq!(cos_sin_turns(&Lanes::ZERO), [Lanes([1.0; LANES]), Lanes::ZERO]);
    }
}
