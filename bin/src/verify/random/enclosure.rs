//! A proof that a polynomial stays below a limit: the coefficients of its Bernstein form enclose it.

/// Halvings after which a stretch that cannot be decided counts as reaching the limit.
const DEEPEST: u32 = 60;

/// Terms at the end of a series that are bounded instead of followed (mV).
const TAIL: f64 = 1e-13;

/// Whether the sum of `terms[k]` x^k is below the limit for every x in [0, 1]. The rounding errors of the proof are on the safe side.
pub(super) fn stays_below(terms: &[f64], limit: f64) -> bool {
    let size: f64 = terms.iter().map(|term| term.abs()).sum();
    let rounding = 8.0 * terms.len() as f64 * f64::EPSILON * (size + limit.abs());
    let rise: f64 = terms[1..].iter().map(|term| term.max(0.0)).sum();
    if terms[0] + rise < limit - rounding {
        return true;
    }
    let (mut tail, mut count) = (0.0, terms.len());
    while count > 2 && tail + terms[count - 1].abs() < TAIL {
        count -= 1;
        tail += terms[count].abs();
    }
    let limit = limit - rounding - tail;
    halves_stay_below(&bernstein(&terms[..count]), limit, DEEPEST)
}

/// Coefficient j is the sum of C(j,k)/C(n,k) `terms[k]` over k <= j.
fn bernstein(terms: &[f64]) -> Vec<f64> {
    let n = terms.len() - 1;
    let mut coefficients = Vec::with_capacity(terms.len());
    for j in 0..=n {
        let (mut weight, mut sum) = (1.0, 0.0);
        for (k, term) in terms[..=j].iter().enumerate() {
            sum += weight * term;
            weight *= (j - k) as f64 / (n - k).max(1) as f64;
        }
        coefficients.push(sum);
    }
    coefficients
}

/// The first and last coefficients are values of the polynomial; the largest is nowhere exceeded.
fn halves_stay_below(coefficients: &[f64], limit: f64, depth: u32) -> bool {
    if coefficients.iter().all(|&c| c < limit) {
        return true;
    }
    let ends = [coefficients[0], coefficients[coefficients.len() - 1]];
    if depth == 0 || ends.iter().any(|&end| !(end < limit)) {
        return false;
    }
    // De Casteljau: the means of neighbours, again and again, leave both halves at the sides of the triangle.
    let mut row = coefficients.to_vec();
    let (mut left, mut right) = (Vec::with_capacity(row.len()), Vec::with_capacity(row.len()));
    while let (Some(&first), Some(&last)) = (row.first(), row.last()) {
        left.push(first);
        right.push(last);
        row = row.windows(2).map(|pair| 0.5 * (pair[0] + pair[1])).collect();
    }
    right.reverse();
    halves_stay_below(&left, limit, depth - 1) && halves_stay_below(&right, limit, depth - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_peak_is_found() {
        // 1 - 4 (x - 0.3)^2 peaks at 1, between ends of 0.64 and -0.96.
        let terms = [0.64, 2.4, -4.0];
        assert!(stays_below(&terms, 1.0 + 1e-12));
        assert!(!stays_below(&terms, 1.0 - 1e-12));
        assert!(!stays_below(&terms, 0.5));
        // A peak of a higher degree: x (1 - x)^5 has its maximum 5^5/6^6 at 1/6.
        let terms = [0.0, 1.0, -5.0, 10.0, -10.0, 5.0, -1.0];
        let highest = 3125.0 / 46656.0;
        assert!(stays_below(&terms, highest + 1e-12) && !stays_below(&terms, highest - 1e-12));
    }
}
