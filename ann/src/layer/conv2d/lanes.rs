//! Convolutions of few channels, several samples at a time.
//!
//! With few channels the matrix of unfolded inputs is narrow, and more time goes into making it than into its product. Here the
//! samples run side by side instead: a vector register holds the same unit of sixteen samples, and each weight is one number that
//! multiplies all of them, whatever the numbers of channels.

mod packing;
#[cfg(test)]
mod tests;

use crate::layer::conv2d::KernelShape;
use crate::layer::window::Window;
use crate::real::Real;
use crate::shape::{Extent, Shape};
pub(super) use packing::LANES;
use packing::{Lanes, pack, unpack};

/// Most channels, of all paths, on either side; with more of them a matrix product is faster.
const FEW: usize = 32;

/// Positions whose part in the gradient of a weight is summed at once, at least.
const POSITIONS: usize = 36;

/// Memory of these convolutions.
#[derive(Default)]
pub(crate) struct LaneMemory<T> {
    inputs: Vec<Lanes<T>>,
    /// What is packed before the padding comes around it.
    maps: Vec<Lanes<T>>,
    outputs: Vec<Lanes<T>>,
    sums: Vec<Lanes<T>>,
    weights: Vec<T>,
}

/// A convolution of stride 1, without dilation and groups, between maps of few channels.
#[derive(Clone, Copy)]
pub(super) struct LaneConvolution {
    kernel: Extent,
    input: Shape,
    /// Its channels are those of all paths.
    output: Shape,
    before: (usize, usize),
}

impl LaneConvolution {
    /// The convolution, if it is one of these; the channels of `output` are those of all paths.
    pub(super) fn new(shape: KernelShape, window: Window, input: Shape, output: Shape) -> Option<Self> {
        let Window { size, stride, dilation, .. } = window;
        let before = window.before(input);
        let after = (output.height + size.height, output.width + size.width);
        let suits = shape.inputs == input.channels
            && stride == Extent::square(1)
            && dilation == Extent::square(1)
            && input.channels.max(output.channels) <= FEW
            // The gradient of the inputs is a convolution with less padding than the kernel is wide.
            && before.0 < size.height
            && before.1 < size.width
            && after.0 <= input.height + before.0 + size.height
            && after.1 <= input.width + before.1 + size.width
            && output.height + size.height > input.height + before.0
            && output.width + size.width > input.width + before.1;
        suits.then_some(Self { kernel: size, input, output, before })
    }

    /// `outputs = weights * inputs`, the weights being `[height, width, inputs, outputs]`.
    pub(super) fn forward<T: Real>(self, weights: &[T], inputs: &[T], outputs: &mut [T], memory: &mut LaneMemory<T>) {
        let samples = inputs.chunks(LANES * self.input.units());
        for (inputs, outputs) in samples.zip(outputs.chunks_mut(LANES * self.output.units())) {
            pulp::Arch::new().dispatch(Forward { convolution: self, weights, inputs, outputs, memory: &mut *memory });
        }
    }

    /// Adds to the gradient of the weights.
    pub(super) fn backward<T: Real>(
        self,
        inputs: &[T],
        output_gradient: &[T],
        gradient: &mut [T],
        memory: &mut LaneMemory<T>,
    ) {
        let samples = inputs.chunks(LANES * self.input.units());
        for (inputs, output_gradient) in samples.zip(output_gradient.chunks(LANES * self.output.units())) {
            let (gradient, memory) = (&mut *gradient, &mut *memory);
            pulp::Arch::new().dispatch(Backward { convolution: self, inputs, output_gradient, gradient, memory });
        }
    }

    /// Overwrites `gradient` with the gradient of the inputs: the convolution of the outputs' gradient with the kernel turned round.
    pub(super) fn input_gradient<T: Real>(
        self,
        weights: &[T],
        output_gradient: &[T],
        gradient: &mut [T],
        memory: &mut LaneMemory<T>,
    ) {
        let Extent { height, width } = self.kernel;
        let (inputs, outputs) = (self.input.channels, self.output.channels);
        let mut turned = std::mem::take(&mut memory.weights);
        turned.clear();
        for tap in (0..height * width).rev() {
            for output in 0..outputs {
                turned.extend((0..inputs).map(|input| weights[(tap * inputs + input) * outputs + output]));
            }
        }
        let before = (height - 1 - self.before.0, width - 1 - self.before.1);
        let transpose = Self { kernel: self.kernel, input: self.output, output: self.input, before };
        transpose.forward(&turned, output_gradient, gradient, memory);
        memory.weights = turned;
    }

    /// Values of a line of the padded map.
    fn line(self) -> usize {
        (self.output.width + self.kernel.width - 1) * self.input.channels
    }

    /// Puts up to [`LANES`] samples side by side, with the padding around each map.
    #[inline(always)]
    fn pack<T: Real>(self, samples: &[T], memory: &mut LaneMemory<T>) {
        let LaneMemory { inputs: padded, maps, .. } = memory;
        pack(samples, self.input.units(), maps);
        let (line, channels) = (self.input.width * self.input.channels, self.input.channels);
        let left = self.before.1 * channels;
        let right = self.line() - left - line;
        padded.clear();
        // Zeros behind one line are those before the next as well.
        padded.resize(self.before.0 * self.line() + left, Lanes::ZERO);
        for map in maps.chunks_exact(line) {
            padded.extend_from_slice(map);
            padded.resize(padded.len() + right + left, Lanes::ZERO);
        }
        padded.resize((self.output.height + self.kernel.height - 1) * self.line(), Lanes::ZERO);
    }
}

/// The size of the next block of `left` channels: sums that registers can hold, in few different sizes.
const fn block(left: usize) -> usize {
    match left {
        0 | 1 => 1,
        2 | 3 => 2,
        4 | 5 => 4,
        6 | 7 => 6,
        12 | 20.. => 12,
        _ => 8,
    }
}

/// Calls a function with the size of each block of `channels` as a constant, and where it begins.
macro_rules! each_block {
    ($channels:expr, |$first:ident, $size:ident| $body:expr) => {{
        let (channels, mut $first) = ($channels, 0);
        while $first < channels {
            let size = block(channels - $first);
            macro_rules! with {
                ($constant:literal) => {{
                    const $size: usize = $constant;
                    $body
                }};
            }
            match size {
                1 => with!(1),
                2 => with!(2),
                4 => with!(4),
                6 => with!(6),
                8 => with!(8),
                _ => with!(12),
            }
            $first += size;
        }
    }};
}

struct Forward<'a, T> {
    convolution: LaneConvolution,
    weights: &'a [T],
    inputs: &'a [T],
    outputs: &'a mut [T],
    memory: &'a mut LaneMemory<T>,
}

impl<T: Real> pulp::WithSimd for Forward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { convolution, weights, inputs, outputs, memory } = self;
        convolution.pack(inputs, memory);
        memory.outputs.resize(convolution.output.units(), Lanes::ZERO);
        each_block!(convolution.output.channels, |first, SIZE| {
            convolution.sums::<T, SIZE>(first, weights, &memory.inputs, &mut memory.outputs);
        });
        unpack(&memory.outputs, outputs);
    }
}

impl LaneConvolution {
    /// Outputs `first` to `first + SIZE` of all positions.
    #[inline(always)]
    fn sums<T: Real, const SIZE: usize>(
        self,
        first: usize,
        weights: &[T],
        inputs: &[Lanes<T>],
        outputs: &mut [Lanes<T>],
    ) {
        let (channels, width) = (self.output.channels, self.output.width);
        for row in 0..self.output.height {
            let inputs = &inputs[row * self.line()..];
            let outputs = &mut outputs[row * width * channels..(row + 1) * width * channels];
            let mut column = 0;
            while column < width {
                let inputs = &inputs[column * self.input.channels..];
                let outputs = &mut outputs[column * channels..];
                // As many sums as registers can hold.
                column += match (SIZE, width - column) {
                    (..=6, 4..) => self.neighbours::<T, SIZE, 4>(first, weights, inputs, outputs),
                    (..=8, 3..) => self.neighbours::<T, SIZE, 3>(first, weights, inputs, outputs),
                    (_, 2..) => self.neighbours::<T, SIZE, 2>(first, weights, inputs, outputs),
                    _ => self.neighbours::<T, SIZE, 1>(first, weights, inputs, outputs),
                };
            }
        }
    }

    /// The same of the first `COLUMNS` positions, which share the weights that are read; returns their number.
    #[inline(always)]
    fn neighbours<T: Real, const SIZE: usize, const COLUMNS: usize>(
        self,
        first: usize,
        weights: &[T],
        inputs: &[Lanes<T>],
        outputs: &mut [Lanes<T>],
    ) -> usize {
        let (step, channels) = (self.input.channels, self.output.channels);
        let run = self.kernel.width * step;
        let mut sums = [[Lanes::ZERO; SIZE]; COLUMNS];
        for (y, weights) in weights.chunks_exact(run * channels).enumerate() {
            let inputs = &inputs[y * self.line()..][..run + (COLUMNS - 1) * step];
            for (tap, weights) in weights.chunks_exact(channels).enumerate() {
                let weights = &weights[first..first + SIZE];
                for column in 0..COLUMNS {
                    let input = &inputs[tap + column * step];
                    for output in 0..SIZE {
                        sums[column][output].add_scaled(weights[output], input);
                    }
                }
            }
        }
        for (outputs, sums) in outputs.chunks_exact_mut(channels).zip(&sums) {
            outputs[first..first + SIZE].copy_from_slice(sums);
        }
        COLUMNS
    }

    /// Adds to `sums`, one for each weight, the gradients of the weights of outputs `first` to `first + SIZE`.
    #[inline(always)]
    fn products<T: Real, const SIZE: usize>(
        self,
        first: usize,
        inputs: &[Lanes<T>],
        output_gradient: &[Lanes<T>],
        sums: &mut [Lanes<T>],
    ) {
        let run = self.kernel.width * self.input.channels;
        let line = self.output.width * self.output.channels;
        // So many lines of outputs at a time that they stay in the first cache, with the inputs that each row of the kernel sees.
        let lines = POSITIONS.div_ceil(self.output.width);
        for (block, output_gradient) in output_gradient.chunks(lines * line).enumerate() {
            for y in 0..self.kernel.height {
                let inputs = &inputs[(block * lines + y) * self.line()..];
                let mut tap = 0;
                while tap < run {
                    let inputs = &inputs[tap..];
                    let sums = &mut sums[(y * run + tap) * self.output.channels..];
                    // As many sums as registers can hold.
                    tap += match (SIZE, run - tap) {
                        (..=6, 4..) => self.taps::<T, SIZE, 4>(first, inputs, output_gradient, sums),
                        (..=8, 3..) => self.taps::<T, SIZE, 3>(first, inputs, output_gradient, sums),
                        (_, 2..) => self.taps::<T, SIZE, 2>(first, inputs, output_gradient, sums),
                        _ => self.taps::<T, SIZE, 1>(first, inputs, output_gradient, sums),
                    };
                }
            }
        }
    }

    /// The same of the first `TAPS` weights, which share the gradients that are read; returns their number.
    #[inline(always)]
    fn taps<T: Real, const SIZE: usize, const TAPS: usize>(
        self,
        first: usize,
        inputs: &[Lanes<T>],
        output_gradient: &[Lanes<T>],
        gradient: &mut [Lanes<T>],
    ) -> usize {
        let (step, channels) = (self.input.channels, self.output.channels);
        let mut sums = [[Lanes::ZERO; SIZE]; TAPS];
        for (sums, gradient) in sums.iter_mut().zip(gradient.chunks(channels)) {
            sums.copy_from_slice(&gradient[first..first + SIZE]);
        }
        for (row, output_gradient) in output_gradient.chunks_exact(self.output.width * channels).enumerate() {
            let inputs = &inputs[row * self.line()..];
            for (column, output_gradient) in output_gradient.chunks_exact(channels).enumerate() {
                let inputs = &inputs[column * step..][..TAPS];
                let output_gradient = &output_gradient[first..first + SIZE];
                for tap in 0..TAPS {
                    for output in 0..SIZE {
                        sums[tap][output].add_product(&inputs[tap], &output_gradient[output]);
                    }
                }
            }
        }
        for (sums, gradient) in sums.iter().zip(gradient.chunks_mut(channels)) {
            gradient[first..first + SIZE].copy_from_slice(sums);
        }
        TAPS
    }
}

struct Backward<'a, T> {
    convolution: LaneConvolution,
    inputs: &'a [T],
    output_gradient: &'a [T],
    gradient: &'a mut [T],
    memory: &'a mut LaneMemory<T>,
}

impl<T: Real> pulp::WithSimd for Backward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { convolution, inputs, output_gradient, gradient, memory } = self;
        convolution.pack(inputs, memory);
        pack(output_gradient, convolution.output.units(), &mut memory.outputs);
        memory.sums.clear();
        memory.sums.resize(gradient.len(), Lanes::ZERO);
        each_block!(convolution.output.channels, |first, SIZE| {
            convolution.products::<T, SIZE>(first, &memory.inputs, &memory.outputs, &mut memory.sums);
        });
        for (gradient, sum) in gradient.iter_mut().zip(&memory.sums) {
            *gradient += sum.sum();
        }
    }
}
