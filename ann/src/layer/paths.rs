//! The mean and the variance path of a weighted layer, in one matrix.
//!
//! A layer drives each unit by `m = sum w x + b` and, under Noisy Softplus, by `v = sum w^2 x / 2` as well. Both are
//! products of the same inputs, so the weights of the two paths stand side by side as neighbouring columns,
//! `[w_0, w_0^2 / 2, w_1, w_1^2 / 2, ...]`: one matrix product gives pairs `(m, v)`.

use std::borrow::Cow;

use crate::matrix::{Destination, Matrix, multiply};
use crate::pass::VarianceGradient;
use crate::real::Real;

/// Weights that multiply the inputs: the kernel itself, or its interleaved mean and variance columns.
pub(crate) fn drive_weights<T: Real>(kernel: &[T], paths: usize) -> Cow<'_, [T]> {
    if paths == 1 {
        return Cow::Borrowed(kernel);
    }
    let half = T::from_f64(0.5);
    Cow::Owned(kernel.iter().flat_map(|&weight| [weight, half * weight * weight]).collect())
}

/// `drive = inputs * weights + bias`, rows of `inputs` being samples or positions.
pub(crate) fn drive<T: Real>(
    inputs: Matrix<'_, T>,
    weights: Matrix<'_, T>,
    bias: Option<&[T]>,
    paths: usize,
    drive: &mut [T],
) {
    multiply(inputs, weights, drive, Destination::Overwrite);
    if let Some(bias) = bias {
        add_bias(bias, paths, drive);
    }
}

/// Values of several rows that are worked on at once where one row has fewer: some vector registers full.
const STRETCH: usize = 128;

/// Adds one bias per unit to the mean path.
pub(crate) fn add_bias<T: Real>(bias: &[T], paths: usize, drive: &mut [T]) {
    let mut biases = several_rows(bias.len() * paths);
    for row in biases.chunks_exact_mut(bias.len() * paths) {
        for (unit, &bias) in row.chunks_exact_mut(paths).zip(bias) {
            unit[0] = bias;
        }
    }
    pulp::Arch::new().dispatch(|| drive.chunks_mut(biases.len()).for_each(|drive| add_to(drive, &biases)));
}

/// Zeros for as many whole rows of `width` values as make at least a stretch.
fn several_rows<T: Real>(width: usize) -> Vec<T> {
    vec![T::ZERO; STRETCH.div_ceil(width) * width]
}

#[inline(always)]
fn add_to<T: Real>(sums: &mut [T], terms: &[T]) {
    for (sum, &term) in sums.iter_mut().zip(terms) {
        *sum += term;
    }
}

/// Turns the slopes that the activation left into the gradient of the drive: each slope times the output's gradient.
pub(crate) fn drive_gradient<T: Real>(
    slopes: &mut [T],
    output_gradient: &[T],
    paths: usize,
    variance_gradient: VarianceGradient,
) {
    pulp::Arch::new().dispatch(DriveGradient { slopes, output_gradient, paths, variance_gradient });
}

/// A call of [`drive_gradient`].
struct DriveGradient<'a, T> {
    slopes: &'a mut [T],
    output_gradient: &'a [T],
    paths: usize,
    variance_gradient: VarianceGradient,
}

impl<T: Real> pulp::WithSimd for DriveGradient<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { slopes, output_gradient, paths, variance_gradient } = self;
        scale_slopes(slopes, output_gradient, paths, variance_gradient);
    }
}

#[inline(always)]
fn scale_slopes<T: Real>(slopes: &mut [T], output_gradient: &[T], paths: usize, variance_gradient: VarianceGradient) {
    match (paths, variance_gradient) {
        (1, _) => {
            for (slope, &gradient) in slopes.iter_mut().zip(output_gradient) {
                *slope *= gradient;
            }
        }
        (_, VarianceGradient::On) => {
            for (unit, &gradient) in slopes.chunks_exact_mut(2).zip(output_gradient) {
                unit[0] *= gradient;
                unit[1] *= gradient;
            }
        }
        (_, VarianceGradient::Off) => {
            for (unit, &gradient) in slopes.chunks_exact_mut(2).zip(output_gradient) {
                unit[0] *= gradient;
                unit[1] = T::ZERO;
            }
        }
    }
}

/// Adds to the kernel's gradient what `accumulate` adds to the gradient of the weights: `dL/dw = a + b w`, with `a` and `b` the gradients
/// of the mean and the variance weight. With one path the weights are the kernel.
pub(crate) fn kernel_gradient<T: Real>(
    kernel: &[T],
    paths: usize,
    spare: &mut Vec<T>,
    gradient: &mut [T],
    accumulate: impl FnOnce(&mut [T]),
) {
    if paths == 1 {
        return accumulate(gradient);
    }
    spare.clear();
    spare.resize(kernel.len() * paths, T::ZERO);
    accumulate(spare);
    for ((gradient, path), &weight) in gradient.iter_mut().zip(spare.chunks_exact(2)).zip(kernel) {
        *gradient += path[0] + path[1] * weight;
    }
}

/// Adds to the bias' gradient the column sums of the mean path.
pub(crate) fn add_bias_gradient<T: Real>(drive_gradient: &[T], paths: usize, gradient: &mut [T]) {
    let width = gradient.len() * paths;
    let mut sums = several_rows(width);
    pulp::Arch::new().dispatch(|| drive_gradient.chunks(sums.len()).for_each(|rows| add_to(&mut sums, rows)));
    for row in sums.chunks_exact(width) {
        for (gradient, unit) in gradient.iter_mut().zip(row.chunks_exact(paths)) {
            *gradient += unit[0];
        }
    }
}
