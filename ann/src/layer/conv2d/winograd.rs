//! Convolutions 3x3 of many channels by Winograd's minimal filtering.
//!
//! A tile of 2x2 outputs sees 4x4 inputs `d`. With the kernel `g`, the outputs are
//!
//! ```text
//! y = A^T [(G g G^T) (B^T d B)] A      (cell by cell within the brackets)
//!
//!         1  0 -1  0         1    0    0
//! B^T  =  0  1  1  0    G = 1/2  1/2  1/2    A^T = 1  1  1  0
//!         0 -1  1  0        1/2 -1/2  1/2          0  1 -1 -1
//!         0  1  0 -1         0    0    1
//! ```
//!
//! with 16 products where the definition has 36. The sum over input channels stands inside the brackets, so each of the 16 cells is a
//! product of two matrices, (tiles x inputs) and (inputs x outputs). The transforms cancel: where active inputs
//! meet weights of zero, the output is zero to rounding only. Lavin & Gray (2016), Fast algorithms for convolutional neural networks, CVPR; after Winograd (1980), Arithmetic
//! complexity of computations.

mod tiling;
mod transform;

use std::ops::Range;

use crate::layer::conv2d::KernelShape;
use crate::layer::window::Window;
use crate::matrix::{Destination, Matrix, multiply};
use crate::real::Real;
use crate::shape::{Extent, Shape};
use tiling::{CHANNELS, Tiling, plane};
use transform::{Inputs, OutputGradient, Outputs, WeightGradient, Weights};

/// Most channels on either side: so far it has been measured to pay.
const MOST: usize = 512;

/// Size (elements) aimed at for the transformed inputs or outputs of a block of tiles, so that up to some 100 channels both and the weights
/// stay in the second-level cache.
const BLOCK: usize = 49_152;

/// Fewest tiles of a block, so that its products are worth reading the weights again.
const TILES: usize = 30;

/// Cells of a transformed tile, each with a matrix of its own.
const CELLS: usize = 16;

/// Bytes of a line of the caches.
const LINE: usize = 64;

/// Memory of these convolutions.
#[derive(Default)]
pub(crate) struct WinogradMemory<T> {
    inputs: Vec<T>,
    outputs: Vec<T>,
    weights: Vec<T>,
    gradient: Vec<T>,
    zeros: Vec<T>,
}

/// A convolution 3x3 of stride 1, without dilation and groups, between maps of many channels.
#[derive(Clone, Copy)]
pub(super) struct WinogradConvolution {
    input: Tiling,
    output: Tiling,
}

/// Whether a convolution is one of these. Maps do not count, though outputs of one row or column would take fewer products without tiles:
/// the weights are prepared before any map is known.
pub(super) fn suits(shape: KernelShape, window: Window, groups: usize) -> bool {
    window.size == Extent::square(3)
        && window.stride == Extent::square(1)
        && window.dilation == Extent::square(1)
        && groups == 1
        && CHANNELS <= shape.inputs.min(shape.outputs)
        && shape.inputs.max(shape.outputs) <= MOST
}

/// The weights as the products take them: `G g G^T` as 16 matrices (inputs x outputs), and behind them those of the convolution that
/// leads back, (outputs x inputs), which products read faster than the others transposed. Both take seven times the memory of
/// the kernel.
pub(super) fn prepare<T: Real>(weights: &[T], shape: KernelShape) -> Vec<T> {
    let KernelShape { inputs, outputs, .. } = shape;
    let plane = plane(inputs, outputs);
    let mut prepared = vec![T::ZERO; 2 * CELLS * plane];
    let (there, back) = prepared.split_at_mut(CELLS * plane);
    kernel(inputs * outputs).spread(Weights, 0..1, weights, there, &mut Vec::new());
    // What leads back is the kernel turned by 180 degrees, which exchanges the first and the last row of `G g`; the others are
    // symmetrical.
    let turned = |index: usize| [3, 1, 2, 0][index];
    for (cell, back) in back.chunks_exact_mut(plane).enumerate() {
        let there = &there[(4 * turned(cell / 4) + turned(cell % 4)) * plane..][..inputs * outputs];
        for (output, back) in back.chunks_exact_mut(inputs).take(outputs).enumerate() {
            for (weight, row) in back.iter_mut().zip(there.chunks_exact(outputs)) {
                *weight = row[output];
            }
        }
    }
    prepared
}

/// The weights as a map of 3x3 cells, which is one tile.
fn kernel(size: usize) -> Tiling {
    Tiling { map: Shape::new(3, 3, size), tiles: Extent::square(1), before: (0, 0) }
}

impl WinogradConvolution {
    /// Maps of these shapes.
    pub(super) fn new(window: Window, input: Shape, output: Shape) -> Self {
        let tiles = Extent::new(output.height.div_ceil(2), output.width.div_ceil(2));
        Self {
            input: Tiling { map: input, tiles, before: window.before(input) },
            output: Tiling { map: output, tiles, before: (0, 0) },
        }
    }

    /// The convolution that leads from gradients of outputs to those of inputs.
    fn turned(self) -> Self {
        let Shape { height, width, .. } = self.input.map;
        let tiles = Extent::new(height.div_ceil(2), width.div_ceil(2));
        // A padding of p becomes one of 2 - p; negative, and wrapped, where p is above 2, so that the first cells of the outputs are skipped.
        let before = (2_usize.wrapping_sub(self.input.before.0), 2_usize.wrapping_sub(self.input.before.1));
        Self {
            input: Tiling { map: self.output.map, tiles, before },
            output: Tiling { map: self.input.map, tiles, before: (0, 0) },
        }
    }

    /// Blocks of tiles of so many maps.
    fn blocks(self, batch: usize) -> impl Iterator<Item = Range<usize>> {
        let tiles = batch * self.output.tiles.cells();
        let channels = self.input.map.channels.max(self.output.map.channels);
        let block = (BLOCK / (CELLS * channels)).max(TILES);
        (0..tiles).step_by(block).map(move |first| first..(first + block).min(tiles))
    }

    /// Number of values that [`prepare`] makes for one direction.
    fn weights(self) -> usize {
        CELLS * plane(self.input.map.channels, self.output.map.channels)
    }

    /// `outputs = weights * inputs`.
    pub(super) fn forward<T: Real>(
        self,
        prepared: &[T],
        inputs: &[T],
        outputs: &mut [T],
        memory: &mut WinogradMemory<T>,
    ) {
        self.convolve(&prepared[..self.weights()], inputs, outputs, memory);
    }

    /// Overwrites `gradient` with the gradient of the inputs: the convolution of the outputs' gradient with the kernel turned round.
    pub(super) fn input_gradient<T: Real>(
        self,
        prepared: &[T],
        output_gradient: &[T],
        gradient: &mut [T],
        memory: &mut WinogradMemory<T>,
    ) {
        let (back, weights) = (self.turned(), &prepared[self.weights()..]);
        back.convolve(weights, output_gradient, gradient, memory);
    }

    fn convolve<T: Real>(self, weights: &[T], inputs: &[T], outputs: &mut [T], memory: &mut WinogradMemory<T>) {
        let [from, to] = [self.input, self.output].map(|tiling| tiling.map.channels);
        let WinogradMemory { inputs: spread, outputs: products, zeros, .. } = memory;
        for tiles in self.blocks(inputs.len() / self.input.map.units()) {
            let count = tiles.len();
            let (spread, products) = (reserve(spread, count, from), reserve(products, count, to));
            self.input.spread(Inputs, tiles.clone(), inputs, spread, zeros);
            let factors = matrices(spread, count, from).zip(matrices(weights, from, to));
            for ((inputs, weights), products) in factors.zip(products.chunks_exact_mut(plane(count, to))) {
                multiply(inputs, weights, &mut products[..count * to], Destination::Overwrite);
            }
            self.output.gather(Outputs, tiles, products, outputs);
        }
    }

    /// Adds to the gradient of the weights `G^T [sum over tiles of (B^T d B) (A dy A^T)] G`.
    pub(super) fn backward<T: Real>(
        self,
        inputs: &[T],
        output_gradient: &[T],
        gradient: &mut [T],
        memory: &mut WinogradMemory<T>,
    ) {
        let [from, to] = [self.input, self.output].map(|tiling| tiling.map.channels);
        if inputs.is_empty() {
            return;
        }
        let WinogradMemory { inputs: spread, outputs: gradients, weights: sums, gradient: own, zeros } = memory;
        let sums = reserve(sums, from, to);
        let mut destination = Destination::Overwrite;
        for tiles in self.blocks(inputs.len() / self.input.map.units()) {
            let count = tiles.len();
            let (spread, gradients) = (reserve(spread, count, from), reserve(gradients, count, to));
            self.input.spread(Inputs, tiles.clone(), inputs, spread, zeros);
            self.output.spread(OutputGradient, tiles, output_gradient, gradients, zeros);
            let factors = matrices(spread, count, from).zip(matrices(gradients, count, to));
            for ((inputs, gradients), sums) in factors.zip(sums.chunks_exact_mut(plane(from, to))) {
                multiply(inputs.transposed(), gradients, &mut sums[..from * to], destination);
            }
            destination = Destination::AddTo;
        }
        own.resize(gradient.len(), T::ZERO);
        kernel(from * to).gather(WeightGradient, 0..1, sums, own);
        for (gradient, &own) in gradient.iter_mut().zip(&*own) {
            *gradient += own;
        }
    }
}

/// The matrices of all cells.
fn matrices<T: Real>(values: &[T], rows: usize, columns: usize) -> impl Iterator<Item = Matrix<'_, T>> {
    values.chunks_exact(plane(rows, columns)).map(move |values| Matrix::new(&values[..rows * columns], rows, columns))
}

/// Memory for the matrices of all cells, beginning with a line of the caches.
fn reserve<T: Real>(memory: &mut Vec<T>, rows: usize, columns: usize) -> &mut [T] {
    let length = CELLS * plane(rows, columns);
    let line = LINE / size_of::<T>();
    memory.resize(length + line, T::ZERO);
    let first = memory.as_ptr().align_offset(LINE).min(line);
    &mut memory[first..first + length]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::window::{Margins, Padding};

    /// Numbers between -0.5 and 0.5 without a pattern.
    fn numbers(count: usize, factor: usize) -> Vec<f64> {
        (0..count).map(|i| (i * factor % 101) as f64 / 101.0 - 0.5).collect()
    }

    /// Convolution, gradient of the weights and gradient of the inputs against their definition, for odd and even sizes, all kinds of
    /// padding, channels that are no multiple of sixteen, and more tiles than a block has.
    #[test]
    fn all_three_as_the_definition_says() {
        let explicit = |top, bottom, left, right| Padding::Explicit(Margins { top, bottom, left, right });
        let cases = [
            (Padding::Same, 16, 16, 7, 6),
            (Padding::Valid, 17, 40, 5, 8),
            (Padding::Valid, 16, 16, 3, 3),
            (Padding::Same, 33, 16, 1, 2),
            (explicit(3, 0, 1, 4), 16, 18, 4, 3),
            (Padding::Same, 64, 16, 11, 9),
        ];
        // Larger and smaller layers share it, as those of a network do.
        let mut memory = WinogradMemory::default();
        for (padding, inputs, outputs, height, width) in cases {
            const SAMPLES: usize = 3;
            let shape = KernelShape { height: 3, width: 3, inputs, outputs };
            let mut window = Window::new(shape.window(), Extent::square(1));
            window.padding = padding;
            assert!(suits(shape, window, 1));
            let input = Shape::new(height, width, inputs);
            let positions = window.positions(0, input).unwrap();
            let output = Shape::new(positions.height, positions.width, outputs);
            let winograd = WinogradConvolution::new(window, input, output);

            let weights = numbers(shape.weights(), 37);
            let (x, d) = (numbers(SAMPLES * input.units(), 53), numbers(SAMPLES * output.units(), 71));
            let (mut y, mut dx) = (vec![0.0; d.len()], vec![0.0; x.len()]);
            let mut dw = vec![1.0; weights.len()];
            let (mut want_y, mut want_dx, mut want_dw) = (y.clone(), dx.clone(), dw.clone());
            let (top, left) = window.before(input);
            for position in 0..SAMPLES * positions.cells() {
                let (sample, cell) = (position / positions.cells(), position % positions.cells());
                for tap in 0..9 {
                    let row = (cell / positions.width + tap / 3).wrapping_sub(top);
                    let column = (cell % positions.width + tap % 3).wrapping_sub(left);
                    if row >= height || column >= width {
                        continue;
                    }
                    for i in 0..inputs {
                        for o in 0..outputs {
                            let at_x = ((sample * height + row) * width + column) * inputs + i;
                            let (at_y, at_w) = (position * outputs + o, (tap * inputs + i) * outputs + o);
                            want_y[at_y] += weights[at_w] * x[at_x];
                            want_dx[at_x] += weights[at_w] * d[at_y];
                            want_dw[at_w] += x[at_x] * d[at_y];
                        }
                    }
                }
            }
            let prepared = prepare(&weights, shape);
            winograd.forward(&prepared, &x, &mut y, &mut memory);
            winograd.backward(&x, &d, &mut dw, &mut memory);
            winograd.input_gradient(&prepared, &d, &mut dx, &mut memory);
            // At most 9 * 64 terms below 1/4 (297 for a weight), which the transforms, whose rows add up to 3 at most in magnitude, make
            // up to 81 times as large: 576 roundings of 576 * 81 / 4 * 1e-16.
            for (found, want) in [(y, want_y), (dx, want_dx), (dw, want_dw)] {
                for (index, (found, want)) in found.into_iter().zip(want).enumerate() {
                    let error: f64 = found - want;
                    assert!(error.abs() < 1e-9, "{padding:?}, {inputs} to {outputs}, {index}: {found} for {want}");
                }
            }
        }
    }
}
