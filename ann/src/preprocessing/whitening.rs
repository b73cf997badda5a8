//! Values made uncorrelated over a training set.

use nalgebra::{DMatrix, SymmetricEigen};
use rayon::prelude::*;

use crate::matrix::{Destination, Matrix, multiply};

/// Smallest root of an eigenvalue, in bytes, that is made even: directions with less are mostly noise.
const FAINTEST: f64 = 10.0;

/// Images that are multiplied at a time.
const IMAGES: usize = 512;

/// Zero-phase whitening (ZCA) of images `x` that have no mean of their own, in units of bytes:
///
/// ```text
/// C = mean x x^T = V diag(d) V^T      x' = V diag(sqrt(mean d) / max(sqrt d, 10)) V^T x
/// ```
///
/// All directions with a standard deviation of 10 or more get that of the mean, and those with less stay as weak as they are in
/// proportion. As in the CIFAR-10 example of MatConvNet (Vedaldi and Lenc 2015, arXiv:1412.4564), behind
/// [`Contrast`](super::Contrast).
///
/// ```
/// use ann::preprocessing::Whitening;
///
/// // C = 5000 I: white already.
/// let images = [100.0, 0.0, 0.0, -100.0];
/// let mut whitened = images;
/// Whitening::of(&images, 2).apply(&mut whitened);
/// assert!(images.iter().zip(whitened).all(|(x, y)| (x - y).abs() < 1e-4));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Whitening {
    units: usize,
    /// Symmetric.
    matrix: Vec<f32>,
}

impl Whitening {
    /// Of a training set of images of so many values each. Takes time like the cube of that number: a minute for 3072, and as
    /// long for the sums over 50,000 of them.
    ///
    /// # Panics
    /// If there is no image, or not a whole number of them, or a value is not finite.
    pub fn of(values: &[f32], units: usize) -> Self {
        let images = super::count(values.len(), units);
        assert!(values.iter().all(|value| value.is_finite()), "values are finite");
        let mut sums = vec![0.0_f64; units * units];
        let mut products = vec![0.0_f32; units * units];
        for part in values.chunks(IMAGES * units) {
            let part = Matrix::new(part, part.len() / units, units);
            multiply(part.transposed(), part, &mut products, Destination::Overwrite);
            sums.iter_mut().zip(&products).for_each(|(sum, &product)| *sum += f64::from(product));
        }
        let covariance = DMatrix::from_iterator(units, units, sums.into_iter().map(|sum| sum / images as f64));
        let eigen = SymmetricEigen::new(covariance);
        // Rounding can leave a variance of nothing a little below 0.
        let variances = eigen.eigenvalues.map(|variance| variance.max(0.0));
        let mean = variances.mean().sqrt();
        let mut scaled = eigen.eigenvectors.clone();
        for (mut direction, variance) in scaled.column_iter_mut().zip(variances.iter()) {
            direction *= mean / variance.sqrt().max(FAINTEST);
        }
        let matrix = scaled * eigen.eigenvectors.transpose();
        Self { units, matrix: matrix.iter().map(|&value| value as f32).collect() }
    }

    /// Whitens images.
    ///
    /// # Panics
    /// If it is not a whole number of images of this size.
    pub fn apply(&self, values: &mut [f32]) {
        super::count(values.len(), self.units);
        let matrix = Matrix::new(&self.matrix, self.units, self.units);
        values.par_chunks_mut(IMAGES * self.units).for_each_init(Vec::new, |whitened, part| {
            whitened.resize(part.len(), 0.0);
            multiply(Matrix::new(part, part.len() / self.units, self.units), matrix, whitened, Destination::Overwrite);
            part.copy_from_slice(whitened);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: images (a, b) and (b, a) have the eigenvalues (a + b)^2 / 2 along (1, 1) and (a - b)^2 / 2 along (1, -1). Of (30, 10) those
    /// are 800 and 200, both above 10^2, so that both directions get sqrt(500); of (20, 19) they are 760.5 and 0.5, and the second is
    /// divided by 10.
    #[test]
    fn two_values_are_whitened_in_closed_form() {
        for ([a, b], divisors) in
            [([30.0_f32, 10.0], [800.0_f64.sqrt(), 200.0_f64.sqrt()]), ([20.0, 19.0], [760.5_f64.sqrt(), 10.0])]
        {
            let mut images = [a, b, b, a];
            Whitening::of(&images.clone(), 2).apply(&mut images);
            let (a, b) = (f64::from(a), f64::from(b));
            let mean = ((a * a + b * b) / 2.0).sqrt();
            let [sum, difference] = [(a + b) / 2.0 * mean / divisors[0], (a - b) / 2.0 * mean / divisors[1]];
            let expected = [sum + difference, sum - difference, sum - difference, sum + difference];
            for (found, expected) in images.into_iter().zip(expected) {
                // Roundings of f32.
                assert!((f64::from(found) - expected).abs() < 1e-5 * mean, "{found} {expected}");
            }
        }
    }

    /// Whitened images have the covariance mean(d) I where no direction is faint: seven values that follow each other, of 700 images, more
    /// than are multiplied at a time.
    #[test]
    fn whitened_values_are_uncorrelated() {
        const UNITS: usize = 7;
        let mut state = 1_u64;
        let mut images: Vec<f32> = Vec::new();
        for index in 0..700 * UNITS {
            // A linear congruential generator (Knuth), its upper bits.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let fresh = 200.0 * ((state >> 40) as f32 / 16_777_216.0 - 0.5);
            let before = if index % UNITS == 0 { 0.0 } else { images[index - 1] };
            images.push(0.6 * before + fresh);
        }
        let covariance = |images: &[f32], i: usize, j: usize| -> f64 {
            let products = images.chunks_exact(UNITS).map(|image| f64::from(image[i]) * f64::from(image[j]));
            products.sum::<f64>() / 700.0
        };
        let mean = (0..UNITS).map(|i| covariance(&images, i, i)).sum::<f64>() / UNITS as f64;
        assert!(covariance(&images, 2, 3) > 0.3 * mean);
        Whitening::of(&images.clone(), UNITS).apply(&mut images);
        for i in 0..UNITS {
            for j in 0..UNITS {
                let expected = if i == j { mean } else { 0.0 };
                // Roundings of f32 in products of a few units of the mean.
                assert!((covariance(&images, i, j) - expected).abs() < 1e-5 * mean, "{i} {j}");
            }
        }
    }
}
