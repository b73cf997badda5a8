//! Gauss-Legendre quadrature, and the two functions of the error-function family that the response theory needs.

use nalgebra::{DMatrix, SymmetricEigen};
use std::sync::LazyLock;

/// Number of nodes of the rule: exact for polynomials of degree 127.
const NODES: usize = 64;

/// Nodes and weights on [-1, 1], from the eigenvalues of the Jacobi matrix (Golub & Welsch 1969).
static RULE: LazyLock<Vec<(f64, f64)>> = LazyLock::new(|| {
    let mut jacobi = DMatrix::<f64>::zeros(NODES, NODES);
    for i in 1..NODES {
        let n = i as f64;
        let beta = n / (4.0 * n * n - 1.0).sqrt();
        jacobi[(i - 1, i)] = beta;
        jacobi[(i, i - 1)] = beta;
    }
    let eigen = SymmetricEigen::new(jacobi);
    let weight = |i| 2.0 * eigen.eigenvectors[(0, i)] * eigen.eigenvectors[(0, i)];
    (0..NODES).map(|i| (eigen.eigenvalues[i], weight(i))).collect()
});

/// Integral of a smooth function over one panel [a, b].
fn panel(f: impl Fn(f64) -> f64, a: f64, b: f64) -> f64 {
    let (middle, half) = (0.5 * (a + b), 0.5 * (b - a));
    half * RULE.iter().map(|&(x, w)| w * f(middle + half * x)).sum::<f64>()
}

/// Scaled complementary error function exp(x^2) erfc(x).
pub(super) fn erfcx(x: f64) -> f64 {
    pxfm::f_erfcx(x)
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
        sum += panel(erfcx, left, right);
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
        sum += panel(f, left, right);
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
