//! Elementary functions of several numbers at once, in plain arithmetic that compilers turn into vector instructions.
//!
//! Only additions, multiplications, divisions, square roots and bit operations, never fused: every width gives the same bits.

/// Numbers that are worked on together.
pub(crate) const LANES: usize = 16;

/// Some numbers.
pub(crate) type Lanes = [f64; LANES];

/// Added and taken away, it rounds numbers below 2^51 to whole ones.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// Natural logarithm of positive normal numbers; relative error below 3e-16 away from 1, absolute below 3e-16 near it.
#[inline(always)]
pub(crate) fn ln(x: &Lanes) -> Lanes {
    // 2 artanh(s) = 2 (s + s^3/3 + ...) with |s| <= 0.172: the first omitted term is below 1e-18.
    const TERMS: [f64; 11] = [
        1.0 / 21.0,
        1.0 / 19.0,
        1.0 / 17.0,
        1.0 / 15.0,
        1.0 / 13.0,
        1.0 / 11.0,
        1.0 / 9.0,
        1.0 / 7.0,
        1.0 / 5.0,
        1.0 / 3.0,
        0.0,
    ];
    const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    let mut result = [0.0; LANES];
    for l in 0..LANES {
        let bits = x[l].to_bits();
        // x = m 2^k with m between sqrt(1/2) and sqrt(2).
        let shifted = bits.wrapping_sub(0x3fe6_a09e_667f_3bcd);
        let k = f64::from_bits(((shifted as i64 >> 52) as u64).wrapping_add(0x4338_0000_0000_0000)) - ROUND;
        let m = f64::from_bits((shifted & 0x000f_ffff_ffff_ffff).wrapping_add(0x3fe6_a09e_667f_3bcd));
        let s = (m - 1.0) / (m + 1.0);
        let z = s * s;
        let mut sum = TERMS[0];
        for term in &TERMS[1..] {
            sum = sum * z + term;
        }
        result[l] = k * LN_2_HIGH + (2.0 * s + (2.0 * s * sum + k * LN_2_LOW));
    }
    result
}

/// Cosine and sine of whole turns: of 2 pi u for u in [0, 1). Absolute error below 3e-16.
#[inline(always)]
pub(crate) fn cos_sin_turns(u: &Lanes) -> [Lanes; 2] {
    // Taylor series on |a| <= pi/4: the first omitted terms are below 2e-17 and 1e-18.
    const SIN: [f64; 7] = [
        -1.0 / 1_307_674_368_000.0,
        1.0 / 6_227_020_800.0,
        -1.0 / 39_916_800.0,
        1.0 / 362_880.0,
        -1.0 / 5_040.0,
        1.0 / 120.0,
        -1.0 / 6.0,
    ];
    const COS: [f64; 8] = [
        1.0 / 20_922_789_888_000.0,
        -1.0 / 87_178_291_200.0,
        1.0 / 479_001_600.0,
        -1.0 / 3_628_800.0,
        1.0 / 40_320.0,
        -1.0 / 720.0,
        1.0 / 24.0,
        -0.5,
    ];
    let mut result = [[0.0; LANES]; 2];
    for l in 0..LANES {
        let shifted = 4.0 * u[l] + ROUND;
        let quarter = shifted.to_bits();
        let a = (4.0 * u[l] - (shifted - ROUND)) * std::f64::consts::FRAC_PI_2;
        let z = a * a;
        let mut sin = SIN[0];
        for term in &SIN[1..] {
            sin = sin * z + term;
        }
        let sin = a + a * z * sin;
        let mut cos = COS[0];
        for term in &COS[1..] {
            cos = cos * z + term;
        }
        let cos = 1.0 + z * cos;
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
                let l = ln(&[z; LANES])[5];
                assert!((l - z.ln()).abs() < 4e-16 * z.ln().abs().max(1.0), "ln {z}: {l}");
            }
            let [c, s] = cos_sin_turns(&[y; LANES]).map(|lanes| lanes[7]);
            let (sin, cos) = (std::f64::consts::TAU * y).sin_cos();
            // The argument 2 pi y is itself rounded, by up to 4.4e-16.
            assert!((c - cos).abs() < 1e-15 && (s - sin).abs() < 1e-15, "turn {y}");
        }
        assert_eq!(ln(&[1.0; LANES]), [0.0; LANES]);
        assert_eq!(cos_sin_turns(&[0.0; LANES]), [[1.0; LANES], [0.0; LANES]]);
    }
}
