//! Average over non-overlapping windows.

use crate::activation::Activation;
use crate::activation::noisy_softplus::NoisySoftplus;
use crate::error::NetworkError;
use crate::real::Real;
use crate::shape::{Extent, Shape};

/// Average over non-overlapping windows; rows and columns that fill no window are left out.
///
/// Under Noisy Softplus a pool unit is a neuron itself, with fixed weights `w = 1 / (n p)` (nA) from the `n` cells of
/// its window, which is unit gain where the neuron fires regularly: `m = sum w x`, `v = sum w^2 x / 2`. The only
/// other activation of a pool is linear, `m` being the average of the cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AveragePool2d {
    pool: Extent,
    activation: Activation,
}

impl AveragePool2d {
    /// A pool over windows of `pool`, with the stride equal to the window.
    pub const fn new(pool: Extent, activation: Activation) -> Self {
        Self { pool, activation }
    }

    /// Window and stride.
    pub const fn pool(self) -> Extent {
        self.pool
    }

    /// Its activation.
    pub const fn activation(self) -> Activation {
        self.activation
    }

    /// Weight (nA) from each cell of the window under Noisy Softplus, `1 / (n p)`; `1 / n` under any other activation.
    pub fn weight(self) -> f64 {
        let cells = self.pool.cells() as f64;
        match self.activation {
            Activation::NoisySoftplus(constants) => unit_gain_weight(cells, constants),
            Activation::Linear | Activation::Relu | Activation::Softplus | Activation::Softmax => 1.0 / cells,
        }
    }

    pub(crate) fn output_shape(self, layer: usize, input: Shape) -> Result<Shape, NetworkError> {
        if self.pool.is_empty() {
            return Err(NetworkError::ZeroDimension { layer });
        }
        if !matches!(self.activation, Activation::Linear | Activation::NoisySoftplus(_)) {
            return Err(NetworkError::PoolActivation { layer, found: self.activation.to_string() });
        }
        if input.height < self.pool.height || input.width < self.pool.width {
            return Err(NetworkError::Window { layer, window: self.pool, input });
        }
        Ok(Shape::new(input.height / self.pool.height, input.width / self.pool.width, input.channels))
    }

    /// Weights of the paths: of the mean alone, or of the mean and the variance.
    fn path_weights<T: Real>(self) -> ([T; 2], usize) {
        let weight = self.weight();
        ([T::from_f64(weight), T::from_f64(0.5 * weight * weight)], self.activation.paths())
    }

    pub(crate) fn forward<T: Real>(self, input: Shape, output: Shape, inputs: &[T], drive: &mut [T]) {
        let (weights, paths) = self.path_weights::<T>();
        let row_units = output.width * input.channels;
        let images = inputs.chunks_exact(input.units());
        for (image, drive) in images.zip(drive.chunks_exact_mut(output.units() * paths)) {
            for (row, drive) in drive.chunks_exact_mut(row_units * paths).enumerate() {
                for (unit, drive) in drive.chunks_exact_mut(paths).enumerate() {
                    let sum = self.window_sum(input, image, row, unit);
                    for (drive, &weight) in drive.iter_mut().zip(&weights) {
                        *drive = weight * sum;
                    }
                }
            }
        }
    }

    /// Sum over the window of the `unit`-th output (column, channel) of an output row.
    #[inline(always)]
    fn window_sum<T: Real>(self, input: Shape, image: &[T], row: usize, unit: usize) -> T {
        let channels = input.channels;
        let (column, channel) = (unit / channels, unit % channels);
        let first = (row * self.pool.height * input.width + column * self.pool.width) * channels + channel;
        let mut sum = T::ZERO;
        for y in 0..self.pool.height {
            for x in 0..self.pool.width {
                sum += image[first + (y * input.width + x) * channels];
            }
        }
        sum
    }

    pub(crate) fn backward<T: Real>(self, input: Shape, output: Shape, drive_gradient: &[T], input_gradient: &mut [T]) {
        let (weights, paths) = self.path_weights::<T>();
        let channels = input.channels;
        let images = input_gradient.chunks_exact_mut(input.units());
        for (image, drive) in images.zip(drive_gradient.chunks_exact(output.units() * paths)) {
            for (index, row) in image.chunks_exact_mut(input.width * channels).enumerate() {
                let out_row = index / self.pool.height;
                if out_row >= output.height {
                    row.fill(T::ZERO);
                    continue;
                }
                let drive = &drive[out_row * output.width * channels * paths..][..output.width * channels * paths];
                let (covered, rest) = row.split_at_mut(output.width * self.pool.width * channels);
                rest.fill(T::ZERO);
                let windows = covered.chunks_exact_mut(self.pool.width * channels);
                for (window, drive) in windows.zip(drive.chunks_exact(channels * paths)) {
                    for cell in window.chunks_exact_mut(channels) {
                        for (gradient, unit) in cell.iter_mut().zip(drive.chunks_exact(paths)) {
                            *gradient = match *unit {
                                [mean, variance] => weights[0] * mean + weights[1] * variance,
                                _ => weights[0] * unit[0],
                            };
                        }
                    }
                }
            }
        }
    }
}

/// The weight (nA) at which `cells` equal inputs are passed on unchanged far above threshold, `p w cells = 1`.
fn unit_gain_weight(cells: f64, constants: NoisySoftplus) -> f64 {
    1.0 / (cells * constants.p())
}
