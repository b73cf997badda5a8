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

/// Adds one bias per unit to the mean path.
pub(crate) fn add_bias<T: Real>(bias: &[T], paths: usize, drive: &mut [T]) {
    for row in drive.chunks_exact_mut(bias.len() * paths) {
        for (unit, &bias) in row.chunks_exact_mut(paths).zip(bias) {
            unit[0] += bias;
        }
    }
}

/// Turns the slopes that the activation left into the gradient of the drive: each slope times the output's gradient.
pub(crate) fn drive_gradient<T: Real>(
    slopes: &mut [T],
    output_gradient: &[T],
    paths: usize,
    variance_gradient: VarianceGradient,
) {
    for (unit, &gradient) in slopes.chunks_exact_mut(paths).zip(output_gradient) {
        for slope in unit {
            *slope *= gradient;
        }
    }
    if variance_gradient == VarianceGradient::Off && paths == 2 {
        slopes.iter_mut().skip(1).step_by(2).for_each(|variance| *variance = T::ZERO);
    }
}

/// Adds to the kernel's gradient what arrives through each path: `dL/dw = a + b w`, with `a` and `b` the gradients of
/// the mean and the variance weight.
pub(crate) fn add_kernel_gradient<T: Real>(weight_gradient: &[T], kernel: &[T], paths: usize, gradient: &mut [T]) {
    for ((gradient, path), &weight) in gradient.iter_mut().zip(weight_gradient.chunks_exact(paths)).zip(kernel) {
        *gradient += match *path {
            [mean, variance] => mean + variance * weight,
            _ => path[0],
        };
    }
}

/// Adds to the bias' gradient the column sums of the mean path.
pub(crate) fn add_bias_gradient<T: Real>(drive_gradient: &[T], paths: usize, gradient: &mut [T]) {
    for row in drive_gradient.chunks_exact(gradient.len() * paths) {
        for (gradient, unit) in gradient.iter_mut().zip(row.chunks_exact(paths)) {
            *gradient += unit[0];
        }
    }
}
