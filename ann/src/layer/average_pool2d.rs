//! Average over a sliding window.

use crate::activation::Activation;
use crate::activation::noisy_softplus::NoisySoftplus;
use crate::error::NetworkError;
use crate::layer::operation::{Call, Learning, Operation, Scratch, Tape};
use crate::layer::paths;
use crate::layer::tiles::Tiles;
use crate::layer::window::{Padding, Window};
use crate::real::Real;
use crate::shape::{Extent, Shape};

/// Average over the cells of the map that lie under a window; cells of the padding do not count.
///
/// Under Noisy Softplus a pool unit is a neuron itself, with fixed weights `w = 1 / (n p)` (nA) from the `n` cells of
/// its window, which is unit gain where the neuron fires regularly: `m = sum w x`, `v = sum w^2 x / 2`. The only
/// other activation of a pool is linear, `m` being the average of the cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AveragePool2d {
    window: Window,
    activation: Activation,
}

impl AveragePool2d {
    /// A pool over windows of `pool`, with the stride equal to the window and no padding.
    pub const fn new(pool: Extent, activation: Activation) -> Self {
        Self { window: Window::new(pool, pool), activation }
    }

    /// The same layer with another stride.
    #[must_use]
    pub const fn with_stride(mut self, stride: Extent) -> Self {
        self.window.stride = stride;
        self
    }

    /// The same layer with another padding.
    #[must_use]
    pub const fn with_padding(mut self, padding: Padding) -> Self {
        self.window.padding = padding;
        self
    }

    /// The window.
    pub const fn pool(self) -> Extent {
        self.window.size
    }

    /// Rows and columns from one window to the next.
    pub const fn stride(self) -> Extent {
        self.window.stride
    }

    /// What surrounds the map.
    pub const fn padding(self) -> Padding {
        self.window.padding
    }

    /// Its activation.
    pub const fn activation(self) -> Activation {
        self.activation
    }

    /// Weight (nA) from each cell of a window inside the map under Noisy Softplus, `1 / (n p)`; `1 / n` under any other
    /// activation.
    pub fn weight(self) -> f64 {
        self.weight_of(self.window.size.cells())
    }

    /// The same for a window of which `cells` lie inside the map; explicit padding can leave none.
    fn weight_of(self, cells: usize) -> f64 {
        let cells = cells.max(1) as f64;
        match self.activation {
            Activation::NoisySoftplus(constants) => unit_gain_weight(cells, constants),
            _ => 1.0 / cells,
        }
    }

    /// Weights of the mean and the variance path.
    fn path_weights<T: Real>(self, cells: usize) -> [T; 2] {
        let weight = self.weight_of(cells);
        [T::from_f64(weight), T::from_f64(0.5 * weight * weight)]
    }
}

/// The weight (nA) at which `cells` equal inputs are passed on unchanged far above threshold, `p w cells = 1`.
fn unit_gain_weight(cells: f64, constants: NoisySoftplus) -> f64 {
    1.0 / (cells * constants.p())
}

/// The drives of units whose inputs have these sums.
#[inline(always)]
fn weigh<T: Real>(sums: &[T], weights: [T; 2], paths: usize, drive: &mut [T]) {
    if paths == 1 {
        for (drive, &sum) in drive.iter_mut().zip(sums) {
            *drive = weights[0] * sum;
        }
    } else {
        for (drive, &sum) in drive.chunks_exact_mut(2).zip(sums) {
            drive.copy_from_slice(&weights.map(|weight| weight * sum));
        }
    }
}

impl<T: Real> Operation<T> for AveragePool2d {
    fn kind(&self) -> &'static str {
        "AveragePooling2D"
    }

    fn activation(&self) -> Activation {
        self.activation
    }

    fn output_shape(&self, layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError> {
        if self.window.size.is_empty() {
            return Err(NetworkError::ZeroDimension { layer });
        }
        if !matches!(self.activation, Activation::Linear | Activation::NoisySoftplus(_)) {
            return Err(NetworkError::PoolActivation { layer, found: self.activation.to_string() });
        }
        let positions = self.window.positions(layer, inputs[0])?;
        Ok(Shape::new(positions.height, positions.width, inputs[0].channels))
    }

    /// Averages keep the sign of what they take.
    fn is_non_negative(&self, inputs: bool) -> bool {
        inputs || self.activation.is_non_negative()
    }

    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, scratch: &mut Scratch<T>) {
        let (input, inputs) = call.inputs.only();
        let Tape { outputs, record: drive } = tape;
        let (paths, channels) = (self.activation.paths(), input.channels);
        drive.resize(outputs.len() * paths, T::ZERO);
        let whole = self.path_weights::<T>(self.window.size.cells());
        if let Some(tiles) = Tiles::new(self.window, input, call.output) {
            tiles.gather(inputs, outputs, &mut scratch.unfolded, |sum, value| sum + value);
            weigh(outputs, whole, paths, drive);
        } else {
            let mut units = outputs.chunks_exact_mut(channels).zip(drive.chunks_exact_mut(channels * paths));
            self.window.each(input, call.output, inputs.len() / input.units(), |cells| {
                let Some((sums, drive)) = units.next() else { return };
                sums.fill(T::ZERO);
                cells.each(|first| {
                    for (sum, &value) in sums.iter_mut().zip(&inputs[first..first + channels]) {
                        *sum += value;
                    }
                });
                let is_whole = cells.count() == self.window.size.cells();
                weigh(sums, if is_whole { whole } else { self.path_weights(cells.count()) }, paths, drive);
            });
        }
        self.activation.respond(drive, outputs);
    }

    fn backward(&self, _call: &Call<'_, T>, tape: &mut Tape<T>, learning: Learning<'_, T>) {
        let paths = self.activation.paths();
        paths::drive_gradient(&mut tape.record, learning.output_gradient, paths, learning.variance_gradient);
    }

    fn input_gradient(
        &self,
        call: &Call<'_, T>,
        _input: usize,
        tape: &Tape<T>,
        _output_gradient: &[T],
        gradient: &mut [T],
        scratch: &mut Scratch<T>,
    ) {
        let input = call.inputs.shape(0);
        let (paths, channels) = (self.activation.paths(), input.channels);
        let whole = self.path_weights::<T>(self.window.size.cells());
        if let Some(tiles) = Tiles::new(self.window, input, call.output) {
            let Scratch { unfolded: line, weight_gradient: cells, .. } = scratch;
            cells.clear();
            if paths == 1 {
                cells.extend(tape.record.iter().map(|&mean| whole[0] * mean));
            } else {
                cells.extend(tape.record.chunks_exact(2).map(|unit| whole[0] * unit[0] + whole[1] * unit[1]));
            }
            return tiles.spread(cells, gradient, line);
        }
        let mut units = tape.record.chunks_exact(channels * paths);
        gradient.fill(T::ZERO);
        self.window.each(input, call.output, gradient.len() / input.units(), |cells| {
            let Some(drive) = units.next() else { return };
            let weights =
                if cells.count() == self.window.size.cells() { whole } else { self.path_weights(cells.count()) };
            cells.each(|first| {
                let cell = &mut gradient[first..first + channels];
                if paths == 1 {
                    for (gradient, &mean) in cell.iter_mut().zip(drive) {
                        *gradient += weights[0] * mean;
                    }
                } else {
                    for (gradient, unit) in cell.iter_mut().zip(drive.chunks_exact(2)) {
                        *gradient += weights[0] * unit[0] + weights[1] * unit[1];
                    }
                }
            });
        });
    }
}
