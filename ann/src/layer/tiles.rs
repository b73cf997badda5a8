//! Windows that lie side by side: pooling in long lines instead of cell by cell.

use crate::layer::window::{Padding, Window};
use crate::real::Real;
use crate::shape::{Extent, Shape};

/// Windows without gaps, overlap and padding over maps of one shape; rows and columns that are left over belong to none.
#[derive(Clone, Copy)]
pub(crate) struct Tiles {
    size: Extent,
    input: Shape,
    output: Shape,
}

impl Tiles {
    /// The windows, if they are such.
    pub(crate) fn new(window: Window, input: Shape, output: Shape) -> Option<Self> {
        let suits = window.size == window.stride && window.padding == Padding::Valid;
        suits.then_some(Self { size: window.size, input, output })
    }

    /// Puts together, channel by channel, the values under each window; `line` is memory.
    #[inline(always)]
    pub(crate) fn gather<T: Real>(
        self,
        inputs: &[T],
        outputs: &mut [T],
        line: &mut Vec<T>,
        together: impl Fn(T, T) -> T,
    ) {
        let (channels, length) = (self.input.channels, self.input.width * self.input.channels);
        let take_in = |values: &mut [T], others: &[T]| {
            for (value, &other) in values.iter_mut().zip(others) {
                *value = together(*value, other);
            }
        };
        for (number, outputs) in outputs.chunks_exact_mut(self.output.width * channels).enumerate() {
            let first = self.first_line(number);
            let mut lines = inputs[first * length..].chunks_exact(length).take(self.size.height);
            line.clear();
            line.extend_from_slice(lines.next().unwrap_or(&[]));
            lines.for_each(|other| take_in(line, other));
            let tiles = line.chunks_exact(self.size.width * channels);
            for (output, tile) in outputs.chunks_exact_mut(channels).zip(tiles) {
                let (first, others) = tile.split_at(channels);
                output.copy_from_slice(first);
                others.chunks_exact(channels).for_each(|other| take_in(output, other));
            }
        }
    }

    /// Overwrites `inputs` with copies of what each window holds; `line` is memory.
    pub(crate) fn spread<T: Real>(self, outputs: &[T], inputs: &mut [T], line: &mut Vec<T>) {
        let (channels, length) = (self.input.channels, self.input.width * self.input.channels);
        let covered = self.output.height * self.size.height;
        if covered < self.input.height {
            inputs.fill(T::ZERO);
        }
        line.clear();
        line.resize(length, T::ZERO);
        for (number, outputs) in outputs.chunks_exact(self.output.width * channels).enumerate() {
            let tiles = line.chunks_exact_mut(self.size.width * channels);
            for (output, tile) in outputs.chunks_exact(channels).zip(tiles) {
                tile.chunks_exact_mut(channels).for_each(|cell| cell.copy_from_slice(output));
            }
            let first = self.first_line(number);
            for inputs in inputs[first * length..].chunks_exact_mut(length).take(self.size.height) {
                inputs.copy_from_slice(line);
            }
        }
    }

    /// The first line of the inputs, counted over all samples, under a line of the outputs.
    fn first_line(self, output: usize) -> usize {
        output / self.output.height * self.input.height + output % self.output.height * self.size.height
    }
}
