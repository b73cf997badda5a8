//! Gauss-Legendre quadrature, and the two functions of the error-function family that the response theory needs.

use std::f64::consts::{FRAC_1_SQRT_2, PI};
use std::sync::LazyLock;

/// Number of nodes of the rule of fixed size: exact for polynomials of degree 127.
pub(super) const NODES: usize = 64;

static RULE: LazyLock<Vec<(f64, f64)>> = LazyLock::new(|| gauss_legendre(NODES));

/// Nodes, ascending, and weights of the Gauss-Legendre rule on [-1, 1]: Newton's method on the Legendre polynomial, from the
/// first term of Tricomi's expansion of its zeros.
pub(super) fn gauss_legendre(nodes: usize) -> Vec<(f64, f64)> {
    let n = nodes as f64;
    let node = |i: usize| {
        let mut x = -(PI * (i as f64 + 0.75) / (n + 0.5)).cos();
        let mut slope = 1.0;
        // Four steps reach the last digit; the fifth settles the slope.
        for _ in 0..5 {
            let (mut p, mut before) = (x, 1.0);
            for k in 2..=nodes {
                let k = k as f64;
                (p, before) = (((2.0 * k - 1.0) * x * p - (k - 1.0) * before) / k, p);
            }
            slope = n * (before - x * p) / (1.0 - x * x);
            x -= p / slope;
        }
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..nodes).map(node).collect()
}

/// Nodes and weights on [a, b] of one panel of the rule of [`NODES`] nodes.
pub(super) fn panel_nodes(a: f64, b: f64) -> impl Iterator<Item = (f64, f64)> {
    let (middle, half) = (0.5 * (a + b), 0.5 * (b - a));
    RULE.iter().map(move |&(x, w)| (middle + half * x, half * w))
}

/// Integral of a smooth function over one panel [a, b].
pub(super) fn integral(f: impl Fn(f64) -> f64, a: f64, b: f64) -> f64 {
    panel_nodes(a, b).map(|(x, w)| w * f(x)).sum()
}

/// Scaled complementary error function exp(x^2) erfc(x).
pub(super) fn erfcx(x: f64) -> f64 {
    pxfm::f_erfcx(x)
}

/// 1/sqrt(pi) - x erfcx(x), for x of zero or more: what is left of the leading term of its asymptotic series.
pub(super) fn erfcx_remainder(x: f64) -> f64 {
    if x < 10.0 {
        return PI.sqrt().recip() - x * erfcx(x);
    }
    // Sum of -(-1)^k (2k-1)!! / (2 x^2)^k from k = 1; the eighth term is below 1e-10 of the first at x = 10.
    let u = 0.5 / (x * x);
    let (mut term, mut sum) = (1.0, 0.0);
    for k in 1..=8 {
        term *= -f64::from(2 * k - 1) * u;
        sum -= term;
    }
    sum / PI.sqrt()
}

/// Standard normal density.
pub(super) fn normal_density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / (2.0 * PI).sqrt()
}

/// Complementary error function.
pub(super) fn erfc(x: f64) -> f64 {
    pxfm::f_erfc(x)
}

/// Probability that a standard normal number exceeds z.
pub(super) fn normal_tail(z: f64) -> f64 {
    0.5 * erfc(z * FRAC_1_SQRT_2)
}

/// Standard normal density over the probability to exceed z (inverse of Mills' ratio); grows like z, never overflows.
pub(super) fn normal_hazard(z: f64) -> f64 {
    (2.0 / PI).sqrt() / erfcx(z * FRAC_1_SQRT_2)
}

/// Integral of erfcx over [a, b]; both limits zero or more, negative if b < a.
pub(super) fn integral_of_erfcx(a: f64, b: f64) -> f64 {
    if b < a {
        return -integral_of_erfcx(b, a);
    }
    let (mut left, mut sum) = (a, 0.0);
    while left < b {
        // erfcx falls like 1/x: panels may grow in proportion to x.
        let right = b.min(left + f64::max(1.0, 0.5 * left));
        sum += integral(erfcx, left, right);
        left = right;
    }
    sum
}

/// Dawson's integral exp(-y^2) int_0^y exp(t^2) dt, for y of zero or more.
///
/// Integrated as int_0^y exp(-s (2y - s)) ds, in panels over each of which the exponent changes by at most 16.
pub(super) fn dawson(y: f64) -> f64 {
    let f = |s: f64| (-s * (2.0 * y - s)).exp();
    let width = if y > 2.0 { 8.0 / y } else { y };
    let (mut left, mut sum) = (0.0, 0.0);
    while left < y && left * (2.0 * y - left) < 45.0 {
        let right = y.min(left + width);
        sum += integral(f, left, right);
        left = right;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_functions_against_mpmath() {
        // (x, erfcx, Dawson), mpmath with 40 digits.
        for (x, e, d) in [
            (0.001, 0.998_872_620_081_151_4, 0.000_999_999_333_333_6),
            (0.7, 0.525_930_337_349_441, 0.510_504_057_559_231_8),
            (1.0, 0.427_583_576_155_807, 0.538_079_506_912_768_4),
            (2.5, 0.210_806_364_061_143_6, 0.223_083_722_167_435_53),
        ] {
            assert!((erfcx(x) / e - 1.0).abs() < 1e-14);
            assert!((dawson(x) / d - 1.0).abs() < 1e-13, "{x} {}", dawson(x));
        }
    }

    #[test]
    fn dawson_far_out() {
        // Asymptotic series 1/(2y) (1 + 1/(2y^2) + 3/(4y^4) + 15/(8y^6)), next term below 1e-9 at y = 20.
        for y in [20.0f64, 27.0, 1e3] {
            let u = 1.0 / (y * y);
            let series = 0.5 / y * (1.0 + u * (0.5 + u * (0.75 + u * 1.875)));
            assert!((dawson(y) / series - 1.0).abs() < 1e-9);
        }
    }
}
