//! Convolutions whose outputs see some of the input channels only.
//!
//! Where a group is one channel (depthwise), sums are taken directly. Other kernels are spread out into one for all
//! channels, zero between the groups: one matrix product does more sums, but is faster than many small ones.

use std::ops::Range;

use crate::layer::conv2d::KernelShape;
use crate::layer::window::Window;
use crate::real::Real;
use crate::shape::Shape;

/// The weights of a grouped kernel as those of a kernel for all channels; `paths` neighbouring weights per output.
pub(super) fn spread<T: Real>(weights: &[T], shape: KernelShape, groups: usize, paths: usize) -> Vec<T> {
    let columns = shape.outputs * paths;
    let mut spread = vec![T::ZERO; weights.len() * groups];
    each_block(shape, groups, columns, |own, all| spread[all].copy_from_slice(&weights[own]));
    spread
}

/// The transpose of [`spread`], in place: the gradient of the grouped weights is left at the start.
pub(super) fn gather<T: Real>(gradient: &mut Vec<T>, shape: KernelShape, groups: usize, paths: usize) {
    let columns = shape.outputs * paths;
    // No value is overwritten before it has been moved: it never moves back, and the moves go in order.
    each_block(shape, groups, columns, |own, all| gradient.copy_within(all, own.start));
    gradient.truncate(shape.fan_in() * columns);
}

/// Calls `visit` for each stretch of weights that a row of the kernel has for one group: where it lies in the grouped
/// kernel, and in the one for all channels.
fn each_block(shape: KernelShape, groups: usize, columns: usize, mut visit: impl FnMut(Range<usize>, Range<usize>)) {
    let width = columns / groups;
    for row in 0..shape.fan_in() {
        let (tap, channel) = (row / shape.inputs, row % shape.inputs);
        for group in 0..groups {
            let own = row * columns + group * width;
            let all = ((tap * groups + group) * shape.inputs + channel) * columns + group * width;
            visit(own..own + width, all..all + width);
        }
    }
}

/// A depthwise kernel over maps of one shape, with `[height, width, 1, outputs]` weights.
#[derive(Clone, Copy)]
pub(super) struct Depthwise {
    pub(super) window: Window,
    pub(super) input: Shape,
    /// Its channels are those of all paths.
    pub(super) output: Shape,
}

impl Depthwise {
    /// Calls `visit` for each position and each tap of the kernel that meets the map: ranges of the position's outputs,
    /// of the cell's inputs and of the tap's weights.
    #[inline(always)]
    fn each_tap(self, batch: usize, mut visit: impl FnMut(Range<usize>, Range<usize>, Range<usize>)) {
        let Window { size, stride, dilation, .. } = self.window;
        let (top, left) = self.window.before(self.input);
        let weights = self.output.channels;
        for image in 0..batch {
            for row in 0..self.output.height {
                for column in 0..self.output.width {
                    let position = (image * self.output.height + row) * self.output.width + column;
                    let outputs = position * self.output.channels..(position + 1) * self.output.channels;
                    for y in 0..size.height {
                        let line = (row * stride.height + y * dilation.height).wrapping_sub(top);
                        if line >= self.input.height {
                            continue;
                        }
                        for x in 0..size.width {
                            let cell = (column * stride.width + x * dilation.width).wrapping_sub(left);
                            if cell >= self.input.width {
                                continue;
                            }
                            let cell = (image * self.input.height + line) * self.input.width + cell;
                            let tap = y * size.width + x;
                            visit(
                                outputs.clone(),
                                cell * self.input.channels..(cell + 1) * self.input.channels,
                                tap * weights..(tap + 1) * weights,
                            );
                        }
                    }
                }
            }
        }
    }

    /// Outputs of one channel, all paths counted.
    fn outputs(self) -> usize {
        self.output.channels / self.input.channels
    }

    pub(super) fn forward<T: Real>(self, batch: usize, weights: &[T], inputs: &[T], drive: &mut [T]) {
        drive.fill(T::ZERO);
        self.each_tap(batch, |outputs, cells, taps| {
            let (drive, cells, weights) = (&mut drive[outputs], &inputs[cells], &weights[taps]);
            if self.outputs() == 1 {
                for ((drive, &cell), &weight) in drive.iter_mut().zip(cells).zip(weights) {
                    *drive += cell * weight;
                }
            } else {
                let channels = drive.chunks_exact_mut(self.outputs()).zip(weights.chunks_exact(self.outputs()));
                for ((drive, weights), &cell) in channels.zip(cells) {
                    for (drive, &weight) in drive.iter_mut().zip(weights) {
                        *drive += cell * weight;
                    }
                }
            }
        });
    }

    /// Adds to the weights' gradient.
    pub(super) fn backward<T: Real>(self, batch: usize, inputs: &[T], drive_gradient: &[T], weight_gradient: &mut [T]) {
        self.each_tap(batch, |outputs, cells, taps| {
            let (drive, cells, weights) = (&drive_gradient[outputs], &inputs[cells], &mut weight_gradient[taps]);
            if self.outputs() == 1 {
                for ((&drive, &cell), weight) in drive.iter().zip(cells).zip(weights) {
                    *weight += cell * drive;
                }
            } else {
                let channels = drive.chunks_exact(self.outputs()).zip(weights.chunks_exact_mut(self.outputs()));
                for ((drive, weights), &cell) in channels.zip(cells) {
                    for (&drive, weight) in drive.iter().zip(weights) {
                        *weight += cell * drive;
                    }
                }
            }
        });
    }

    pub(super) fn input_gradient<T: Real>(self, batch: usize, weights: &[T], drive_gradient: &[T], gradient: &mut [T]) {
        gradient.fill(T::ZERO);
        self.each_tap(batch, |outputs, cells, taps| {
            let (drive, cells, weights) = (&drive_gradient[outputs], &mut gradient[cells], &weights[taps]);
            if self.outputs() == 1 {
                for ((&drive, cell), &weight) in drive.iter().zip(cells).zip(weights) {
                    *cell += weight * drive;
                }
            } else {
                let channels = drive.chunks_exact(self.outputs()).zip(weights.chunks_exact(self.outputs()));
                for ((drive, weights), cell) in channels.zip(cells) {
                    for (&drive, &weight) in drive.iter().zip(weights) {
                        *cell += weight * drive;
                    }
                }
            }
        });
    }
}
