//! The inputs under a sliding kernel as the rows of a matrix (im2col), and back.

use std::ops::Range;

use crate::layer::window::Window;
use crate::matrix::Matrix;
use crate::real::Real;
use crate::shape::{Extent, Shape};

/// Upper size (elements) of the unfolded inputs of one matrix product, so that they stay in the second-level cache.
const UNFOLDED: usize = 65_536;

/// Runs of up to so many values are copied some values too many, without a call or a loop whose length is not known; what is too much
/// belongs to the next run, which overwrites it.
const SHORT_RUN: usize = 64;

/// A kernel's window over maps of one shape.
#[derive(Clone, Copy)]
pub(in crate::layer) struct Unfolding {
    window: Window,
    input: Shape,
    output: Extent,
    /// The map and what the window needs around it.
    padded: Extent,
    before: (usize, usize),
}

/// The part of the outputs that one matrix product computes: some images, or some rows of one.
#[derive(Clone)]
pub(in crate::layer) struct Block {
    images: Range<usize>,
    rows: Range<usize>,
    /// Positions, counted over all images.
    pub(in crate::layer) positions: Range<usize>,
}

impl Unfolding {
    pub(in crate::layer) fn new(window: Window, input: Shape, output: Shape) -> Self {
        let output = Extent::new(output.height, output.width);
        let (before, covered) = (window.before(input), window.covered(output));
        let padded =
            Extent::new(covered.height.max(before.0 + input.height), covered.width.max(before.1 + input.width));
        Self { window, input, output, padded, before }
    }

    /// Number of inputs that drive one unit.
    pub(in crate::layer) fn fan_in(self) -> usize {
        self.window.size.cells() * self.input.channels
    }

    /// Blocks of `batch` images, in order.
    pub(in crate::layer) fn blocks(self, batch: usize) -> impl Iterator<Item = Block> {
        let Extent { height, width } = self.output;
        let images = (UNFOLDED / (height * width * self.fan_in())).max(1);
        let rows = if images > 1 { height } else { (UNFOLDED / (width * self.fan_in())).clamp(1, height) };
        (0..batch).step_by(images).flat_map(move |image| {
            let images = image..(image + images).min(batch);
            (0..height).step_by(rows).map(move |row| {
                let rows = row..(row + rows).min(height);
                let positions =
                    (images.start * height + rows.start) * width..((images.end - 1) * height + rows.end) * width;
                Block { images: images.clone(), rows, positions }
            })
        })
    }

    /// The inputs with the padding around each map: themselves, if there is none, or in `memory`.
    pub(in crate::layer) fn pad<'a, T: Real>(self, inputs: &'a [T], memory: &'a mut Vec<T>) -> &'a [T] {
        if !self.has_padding() {
            return inputs;
        }
        memory.clear();
        memory.resize(inputs.len() / self.input.units() * self.padded.cells() * self.input.channels, T::ZERO);
        self.each_line(inputs.len(), |line, padded| memory[padded].copy_from_slice(&inputs[line]));
        memory
    }

    /// One row per position of the block, holding all inputs under the kernel there, in `memory`.
    pub(in crate::layer) fn unfold<'a, T: Real>(
        self,
        block: &Block,
        padded: &[T],
        memory: &'a mut Vec<T>,
    ) -> Matrix<'a, T> {
        let (rows, columns) = (block.positions.len(), self.fan_in());
        memory.resize(rows * columns + SHORT_RUN, T::ZERO);
        match self.run() {
            0..=8 => self.copy_runs::<T, 8>(block, padded, memory),
            9..=16 => self.copy_runs::<T, 16>(block, padded, memory),
            17..=32 => self.copy_runs::<T, 32>(block, padded, memory),
            33..=SHORT_RUN => self.copy_runs::<T, SHORT_RUN>(block, padded, memory),
            length => {
                let mut runs = memory.chunks_exact_mut(length);
                self.each_run(block, |start| {
                    if let Some(run) = runs.next() {
                        run.copy_from_slice(&padded[start..start + length]);
                    }
                });
            }
        }
        Matrix::new(&memory[..rows * columns], rows, columns)
    }

    /// Copies runs of up to `COPIED` values.
    fn copy_runs<T: Real, const COPIED: usize>(self, block: &Block, padded: &[T], unfolded: &mut [T]) {
        let length = self.run();
        let mut first = 0;
        self.each_run(block, |start| {
            if let (Some(from), Some(to)) = (padded.get(start..start + COPIED), unfolded.get_mut(first..first + COPIED))
            {
                to.copy_from_slice(from);
            } else {
                // At the end of the last map.
                unfolded[first..first + length].copy_from_slice(&padded[start..start + length]);
            }
            first += length;
        });
    }

    /// The transpose of [`Self::pad`] and [`Self::unfold`], for all blocks: `product` writes the matrix of a block, whose values are
    /// added up where they belong to the same input.
    pub(in crate::layer) fn fold<T: Real>(
        self,
        gradient: &mut [T],
        [memory, unfolded]: [&mut Vec<T>; 2],
        mut product: impl FnMut(&Block, &mut [T]),
    ) {
        let batch = gradient.len() / self.input.units();
        let padded = if self.has_padding() {
            memory.clear();
            memory.resize(batch * self.padded.cells() * self.input.channels, T::ZERO);
            &mut **memory
        } else {
            gradient.fill(T::ZERO);
            &mut *gradient
        };
        for block in self.blocks(batch) {
            unfolded.resize(block.positions.len() * self.fan_in(), T::ZERO);
            product(&block, unfolded);
            let mut runs = unfolded.chunks_exact(self.run());
            self.each_run(&block, |start| {
                let Some(run) = runs.next() else { return };
                for (sum, &value) in padded[start..start + run.len()].iter_mut().zip(run) {
                    *sum += value;
                }
            });
        }
        if self.has_padding() {
            self.each_line(gradient.len(), |line, padded| gradient[line].copy_from_slice(&memory[padded]));
        }
    }

    fn has_padding(self) -> bool {
        self.padded != Extent::new(self.input.height, self.input.width)
    }

    /// Calls `visit` for each line of the maps of `length` inputs: where it lies among these and among the padded ones.
    fn each_line(self, length: usize, mut visit: impl FnMut(Range<usize>, Range<usize>)) {
        let Shape { height, width, channels } = self.input;
        for line in 0..length / (width * channels) {
            let padded = (line / height * self.padded.height + line % height + self.before.0) * self.padded.width;
            let padded = (padded + self.before.1) * channels;
            visit(line * width * channels..(line + 1) * width * channels, padded..padded + width * channels);
        }
    }

    /// Values under one row of the kernel that lie side by side in the map.
    fn run(self) -> usize {
        let taps = if self.window.dilation.width == 1 { self.window.size.width } else { 1 };
        taps * self.input.channels
    }

    /// Calls `visit` with the start of each run of the unfolded matrix, in order, counted over all padded maps.
    #[inline(always)]
    fn each_run(self, block: &Block, mut visit: impl FnMut(usize)) {
        let Window { size, stride, dilation, .. } = self.window;
        let runs = size.width * self.input.channels / self.run();
        let cell = self.input.channels;
        let line = self.padded.width * cell;
        for image in block.images.clone() {
            for row in block.rows.clone() {
                let top = (image * self.padded.height + row * stride.height) * line;
                for column in 0..self.output.width {
                    let mut start = top + column * stride.width * cell;
                    for _ in 0..size.height {
                        for run in 0..runs {
                            visit(start + run * dilation.width * cell);
                        }
                        start += dilation.height * line;
                    }
                }
            }
        }
    }
}
