//! Convolutions whose outputs see some of the input channels only, depthwise ones among them: direct sums.

use std::ops::Range;

use crate::layer::window::Window;
use crate::real::Real;
use crate::shape::Shape;

/// A grouped kernel over maps of one shape, with `[height, width, channels / groups, outputs]` weights.
#[derive(Clone, Copy)]
pub(super) struct Grouped {
    pub(super) window: Window,
    pub(super) input: Shape,
    /// Its channels are those of all paths.
    pub(super) output: Shape,
    pub(super) groups: usize,
}

impl Grouped {
    /// Input channels of one group.
    fn inputs(self) -> usize {
        self.input.channels / self.groups
    }

    /// Calls `visit` for each position and each tap of the kernel that meets the map: ranges of the position's outputs,
    /// of the cell's inputs and of the tap's weights.
    #[inline(always)]
    fn each_tap(self, batch: usize, mut visit: impl FnMut(Range<usize>, Range<usize>, Range<usize>)) {
        let Window { size, stride, dilation, .. } = self.window;
        let (top, left) = self.window.before(self.input);
        let weights = self.inputs() * self.output.channels;
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

    /// Calls `visit` for each input channel of a cell: its index, its outputs, and the row of weights between them.
    #[inline(always)]
    fn each_channel(self, mut visit: impl FnMut(usize, Range<usize>, Range<usize>)) {
        let (inputs, outputs) = (self.inputs(), self.output.channels / self.groups);
        for channel in 0..self.input.channels {
            let (group, row) = (channel / inputs, channel % inputs);
            let own = group * outputs..(group + 1) * outputs;
            let row = row * self.output.channels;
            visit(channel, own.clone(), row + own.start..row + own.end);
        }
    }

    /// One weight per channel: sums run over neighbouring channels.
    fn is_elementwise(self) -> bool {
        self.inputs() == 1 && self.output.channels == self.input.channels
    }

    pub(super) fn forward<T: Real>(self, batch: usize, weights: &[T], inputs: &[T], drive: &mut [T]) {
        drive.fill(T::ZERO);
        self.each_tap(batch, |outputs, cells, taps| {
            let (drive, cells, weights) = (&mut drive[outputs], &inputs[cells], &weights[taps]);
            if self.is_elementwise() {
                for ((drive, &cell), &weight) in drive.iter_mut().zip(cells).zip(weights) {
                    *drive += cell * weight;
                }
            } else {
                self.each_channel(|channel, outputs, row| {
                    for (drive, &weight) in drive[outputs].iter_mut().zip(&weights[row]) {
                        *drive += cells[channel] * weight;
                    }
                });
            }
        });
    }

    /// Adds to the weights' gradient.
    pub(super) fn backward<T: Real>(self, batch: usize, inputs: &[T], drive_gradient: &[T], weight_gradient: &mut [T]) {
        self.each_tap(batch, |outputs, cells, taps| {
            let (drive, cells, weights) = (&drive_gradient[outputs], &inputs[cells], &mut weight_gradient[taps]);
            if self.is_elementwise() {
                for ((&drive, &cell), weight) in drive.iter().zip(cells).zip(weights) {
                    *weight += cell * drive;
                }
            } else {
                self.each_channel(|channel, outputs, row| {
                    for (&drive, weight) in drive[outputs].iter().zip(&mut weights[row]) {
                        *weight += cells[channel] * drive;
                    }
                });
            }
        });
    }

    pub(super) fn input_gradient<T: Real>(self, batch: usize, weights: &[T], drive_gradient: &[T], gradient: &mut [T]) {
        gradient.fill(T::ZERO);
        self.each_tap(batch, |outputs, cells, taps| {
            let (drive, cells, weights) = (&drive_gradient[outputs], &mut gradient[cells], &weights[taps]);
            if self.is_elementwise() {
                for ((&drive, cell), &weight) in drive.iter().zip(cells).zip(weights) {
                    *cell += weight * drive;
                }
            } else {
                self.each_channel(|channel, outputs, row| {
                    let mut sum = T::ZERO;
                    for (&drive, &weight) in drive[outputs].iter().zip(&weights[row]) {
                        sum += weight * drive;
                    }
                    cells[channel] += sum;
                });
            }
        });
    }
}
