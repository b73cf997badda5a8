//! Windows that lie side by side: pooling in long lines instead of cell by cell.

use crate::layer::stretches::stretches;
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

    /// Overwrites `gradient`: the gradient of each output goes to the first input under its window that equals it.
    pub(crate) fn give_to_first<T: Real>(self, inputs: &[T], outputs: &[T], output_gradient: &[T], gradient: &mut [T]) {
        pulp::Arch::new().dispatch(FirstEqual { tiles: self, inputs, outputs, output_gradient, gradient });
    }

    /// The first line of the inputs, counted over all samples, under a line of the outputs.
    fn first_line(self, output: usize) -> usize {
        output / self.output.height * self.input.height + output % self.output.height * self.size.height
    }
}

/// A call of [`Tiles::give_to_first`].
struct FirstEqual<'a, T> {
    tiles: Tiles,
    inputs: &'a [T],
    outputs: &'a [T],
    output_gradient: &'a [T],
    gradient: &'a mut [T],
}

impl<T: Real> pulp::WithSimd for FirstEqual<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { tiles: Tiles { size, input, output, .. }, .. } = self;
        let (channels, line) = (input.channels, input.width * input.channels);
        let covered = Extent::new(output.height * size.height, output.width * size.width);
        if covered != Extent::new(input.height, input.width) {
            self.gradient.fill(T::ZERO);
        }
        let mut call = self;
        for tile in 0..call.outputs.len() / channels {
            let (row, column) = (tile / output.width, tile % output.width);
            let first = call.tiles.first_line(row) * line + column * size.width * channels;
            let places = [tile * channels, first];
            // Values behind the channels of a cell are those of the next, which comes later.
            let left = (covered.width - (column + 1) * size.width + 1) * channels;
            match (channels, left) {
                (CHANNELS.., _) | (_, CHANNELS..) if call.outputs.len() - places[0] >= CHANNELS => {
                    call.tile::<CHANNELS>(places);
                }
                (8.., _) => call.tile::<8>(places),
                (4.., _) => call.tile::<4>(places),
                _ => call.tile::<1>(places),
            }
        }
    }
}

/// Channels of a cell that are worked on at once.
const CHANNELS: usize = 16;

impl<T: Real> FirstEqual<'_, T> {
    /// All channels of a tile, `N` at a time; the last stretch overlaps the one before, or reaches beyond the cell.
    #[inline(always)]
    fn tile<const N: usize>(&mut self, [output, input]: [usize; 2]) {
        let Tiles { size, input: map, .. } = self.tiles;
        for channel in stretches(map.channels, N) {
            let (mut greatest, mut remaining) = ([T::ZERO; N], [T::ZERO; N]);
            greatest.copy_from_slice(&self.outputs[output + channel..][..N]);
            remaining.copy_from_slice(&self.output_gradient[output + channel..][..N]);
            for row in 0..size.height {
                for column in 0..size.width {
                    let cell = input + (row * map.width + column) * map.channels + channel;
                    let (mut own, mut gradient) = ([T::ZERO; N], [T::ZERO; N]);
                    own.copy_from_slice(&self.inputs[cell..cell + N]);
                    for lane in 0..N {
                        let takes = own[lane] == greatest[lane];
                        gradient[lane] = if takes { remaining[lane] } else { T::ZERO };
                        remaining[lane] = if takes { T::ZERO } else { remaining[lane] };
                    }
                    self.gradient[cell..cell + N].copy_from_slice(&gradient);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against a walk through the cells of each window in order, for channels below, at and above those of a register, maps with
    /// rows and columns that are left over, and values of which many are equal.
    #[test]
    fn the_first_of_equal_inputs_gets_the_gradient() {
        const SAMPLES: usize = 2;
        for channels in [1, 3, 4, 6, 9, 16, 21] {
            for (size, height, width) in [([2, 2], 4, 8), ([2, 3], 5, 11), ([3, 1], 7, 3)] {
                let window = Window::new(Extent::new(size[0], size[1]), Extent::new(size[0], size[1]));
                let input = Shape::new(height, width, channels);
                let output = Shape::new(height / size[0], width / size[1], channels);
                let inputs: Vec<f64> = (0..SAMPLES * input.units()).map(|i| (i * 37 % 11 / 4) as f64).collect();
                let given: Vec<f64> = (0..SAMPLES * output.units()).map(|i| (i + 1) as f64).collect();
                let (mut greatest, mut want) = (vec![0.0; given.len()], vec![0.0; inputs.len()]);
                for (unit, greatest) in greatest.iter_mut().enumerate() {
                    let (position, channel) = (unit / channels, unit % channels);
                    let (line, column) = (position / output.width, position % output.width);
                    let (sample, row) = (line / output.height, line % output.height);
                    let cells = (0..size[0] * size[1]).map(|cell| {
                        let (y, x) = (row * size[0] + cell / size[1], column * size[1] + cell % size[1]);
                        ((sample * height + y) * width + x) * channels + channel
                    });
                    // The last of equal elements is the greatest to `max_by`, hence from the end.
                    let first = cells.rev().max_by(|&a, &b| inputs[a].total_cmp(&inputs[b])).unwrap();
                    *greatest = inputs[first];
                    want[first] = given[unit];
                }
                let mut gradient = vec![7.0; inputs.len()];
                let tiles = Tiles::new(window, input, output).unwrap();
                tiles.give_to_first(&inputs, &greatest, &given, &mut gradient);
                assert_eq!(gradient, want, "{channels} channels, {size:?} on {height} x {width}");
            }
        }
    }
}
