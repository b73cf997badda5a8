//! The stationary density of an integral operator.

use nalgebra::{DMatrix, DVector};

/// Solves J = M J with sum of `weights` times J equal to one, for an operator M that keeps that sum.
///
/// Adding a multiple of the sum, which is known, makes the equations regular: (1 - M + g w^T) J = g for any g that M does
/// not have in its range; `guess` is best something that resembles J. None if the equations are singular in spite of that.
///
/// * `operator`: the value at node i that a unit value at node j brings about, quadrature weight included, at i n + j
pub(super) fn stationary_density(operator: &[f64], weights: &[f64], guess: &[f64]) -> Option<Vec<f64>> {
    let n = weights.len();
    let equations = DMatrix::from_fn(n, n, |i, j| {
        let diagonal = if i == j { 1.0 } else { 0.0 };
        diagonal - operator[i * n + j] + guess[i] * weights[j]
    });
    let density = equations.lu().solve(&DVector::from_column_slice(guess))?;
    Some(density.as_slice().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_states() {
        // Left with probability 1/4 and 1/3: stationary weights 4/7 and 3/7.
        let operator = [0.75, 1.0 / 3.0, 0.25, 2.0 / 3.0];
        let density = stationary_density(&operator, &[1.0, 1.0], &[0.5, 0.5]).unwrap();
        assert!((density[0] - 4.0 / 7.0).abs() < 1e-15 && (density[1] - 3.0 / 7.0).abs() < 1e-15, "{density:?}");
    }
}
