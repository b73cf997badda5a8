//! The inputs under a sliding kernel as the rows of a matrix (im2col), and back.

use std::ops::Range;

use crate::layer::window::{Padding, Window};
use crate::real::Real;
use crate::shape::{Extent, Shape};

/// Upper size (elements) of the unfolded inputs of one matrix product, so that they stay in the second-level cache.
const UNFOLDED: usize = 65_536;

/// A run of at least so many values is copied by the library's routine, which is too much of a call for a few.
const LONG_RUN: usize = 32;

/// A kernel's window over maps of one shape.
#[derive(Clone, Copy)]
pub(in crate::layer) struct Unfolding {
    window: Window,
    input: Shape,
    output: Extent,
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

/// Values of one image under one row of the kernel: where they start, how many there are, and how many cells of the
/// padding come before them.
struct Run {
    lead: usize,
    start: usize,
    length: usize,
}

impl Unfolding {
    pub(in crate::layer) fn new(window: Window, input: Shape, output: Shape) -> Self {
        let output = Extent::new(output.height, output.width);
        Self { window, input, output, before: window.before(input) }
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

    /// One row of `unfolded` per position of the block, holding all inputs under the kernel there.
    pub(in crate::layer) fn unfold<T: Real>(self, block: &Block, inputs: &[T], unfolded: &mut Vec<T>) {
        unfolded.resize(block.positions.len() * self.fan_in(), T::ZERO);
        let is_short = self.run() < LONG_RUN;
        let mut runs = unfolded.chunks_exact_mut(self.run());
        self.each_run(block, |Run { lead, start, length }| {
            let Some(run) = runs.next() else { return };
            if is_short && length == run.len() {
                for (to, &from) in run.iter_mut().zip(&inputs[start..]) {
                    *to = from;
                }
            } else {
                run[..lead].fill(T::ZERO);
                run[lead + length..].fill(T::ZERO);
                run[lead..lead + length].copy_from_slice(&inputs[start..start + length]);
            }
        });
    }

    /// The transpose of [`Self::unfold`]: adds up what belongs to the same input.
    pub(in crate::layer) fn fold<T: Real>(self, block: &Block, unfolded: &[T], inputs: &mut [T]) {
        let mut runs = unfolded.chunks_exact(self.run());
        self.each_run(block, |Run { lead, start, length }| {
            let Some(run) = runs.next() else { return };
            for (to, &from) in inputs[start..start + length].iter_mut().zip(&run[lead..]) {
                *to += from;
            }
        });
    }

    /// Taps of the kernel that lie side by side in the image.
    fn taps(self) -> usize {
        if self.window.dilation.width == 1 { self.window.size.width } else { 1 }
    }

    /// Values of one run.
    fn run(self) -> usize {
        self.taps() * self.input.channels
    }

    /// Calls `visit` for each run of the unfolded matrix, in order; starts count over all images.
    #[inline(always)]
    fn each_run(self, block: &Block, mut visit: impl FnMut(Run)) {
        let Window { size, stride, dilation, padding } = self.window;
        let (taps, channels) = (self.taps(), self.input.channels);
        let (top, left) = self.before;
        if padding == Padding::Valid && dilation == Extent::square(1) {
            // Nothing to clip: the common case, in which a run is a few values long and each test would be felt.
            let length = self.run();
            for image in block.images.clone() {
                for row in block.rows.clone() {
                    for column in 0..self.output.width {
                        for y in 0..size.height {
                            let line = (image * self.input.height + row * stride.height + y) * self.input.width;
                            visit(Run { lead: 0, start: (line + column * stride.width) * channels, length });
                        }
                    }
                }
            }
            return;
        }
        for image in block.images.clone() {
            let image = image * self.input.units();
            for row in block.rows.clone() {
                for column in 0..self.output.width {
                    let (lead, start, length) = clip(column * stride.width, left, taps, self.input.width);
                    for y in 0..size.height {
                        // Above the map this wraps around to a large number.
                        let line = (row * stride.height + y * dilation.height).wrapping_sub(top);
                        let inside = line < self.input.height;
                        let line = image + if inside { line * self.input.width * channels } else { 0 };
                        let mut emit = |(lead, start, length): (usize, usize, usize)| {
                            visit(Run {
                                lead: lead * channels,
                                start: line + start * channels,
                                length: if inside { length * channels } else { 0 },
                            });
                        };
                        if dilation.width == 1 {
                            emit((lead, start, length));
                        } else {
                            for x in 0..size.width {
                                emit(clip(column * stride.width + x * dilation.width, left, 1, self.input.width));
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The part of `taps` cells from `start` on that lies within `width` cells which `before` cells of padding precede: the
/// taps before it, its first cell, its length.
#[inline(always)]
fn clip(start: usize, before: usize, taps: usize, width: usize) -> (usize, usize, usize) {
    let lead = before.saturating_sub(start).min(taps);
    let first = (start + lead).saturating_sub(before).min(width);
    (lead, first, (taps - lead).min(width - first))
}
