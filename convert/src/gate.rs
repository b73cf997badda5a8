//! What happens to spikes between populations without neurons: maxima and concatenations.

use ann::{Margins, MaxPool2d, Shape};
use sim::Spike;

/// Of the units under each window, the spikes of the one that has fired most.
///
/// A spike passes if its unit has then fired more often than any other under the window, so that the number of spikes that have passed is at any
/// time the greatest number that one unit has fired. `spikes` are in order of time, and so are those that pass.
///
/// Rueckauer et al. (2017), doi:10.3389/fnins.2017.00682, gate by estimated rates in the same way.
pub(crate) fn greatest(spikes: &[Spike], pool: MaxPool2d, input: Shape, output: Shape) -> Vec<Spike> {
    let (window, stride) = (pool.pool(), pool.stride());
    let Margins { top, left, .. } = pool.margins(input);
    let rows = Windows { size: window.height, stride: stride.height, before: top, positions: output.height };
    let columns = Windows { size: window.width, stride: stride.width, before: left, positions: output.width };
    let (mut counts, mut most) = (vec![0_u32; input.units()], vec![0_u32; output.units()]);
    let mut passed = Vec::new();
    for spike in spikes {
        let unit = spike.neuron as usize;
        counts[unit] += 1;
        let (cell, channel) = (unit / input.channels, unit % input.channels);
        for row in rows.over(cell / input.width) {
            for column in columns.over(cell % input.width) {
                let neuron = (row * output.width + column) * output.channels + channel;
                if counts[unit] > most[neuron] {
                    most[neuron] = counts[unit];
                    passed.push(Spike { time: spike.time, neuron: neuron as u32 });
                }
            }
        }
    }
    passed
}

/// The greatest value of each channel under each window; values are 0 or more.
pub(crate) fn greatest_values(values: &[f32], pool: MaxPool2d, input: Shape, output: Shape) -> Vec<f32> {
    let (window, stride) = (pool.pool(), pool.stride());
    let Margins { top, left, .. } = pool.margins(input);
    let rows = Windows { size: window.height, stride: stride.height, before: top, positions: output.height };
    let columns = Windows { size: window.width, stride: stride.width, before: left, positions: output.width };
    let mut greatest = vec![0.0_f32; output.units()];
    for (cell, values) in values.chunks_exact(input.channels).enumerate() {
        for row in rows.over(cell / input.width) {
            for column in columns.over(cell % input.width) {
                let first = (row * output.width + column) * output.channels;
                let greatest = &mut greatest[first..first + output.channels];
                greatest.iter_mut().zip(values).for_each(|(greatest, &value)| *greatest = greatest.max(value));
            }
        }
    }
    greatest
}

/// Windows along one axis.
struct Windows {
    size: usize,
    stride: usize,
    before: usize,
    positions: usize,
}

impl Windows {
    /// Positions of the windows that a cell lies under.
    fn over(&self, cell: usize) -> std::ops::Range<usize> {
        let cell = cell + self.before;
        let first = (cell + 1).saturating_sub(self.size).div_ceil(self.stride);
        first..(cell / self.stride + 1).min(self.positions)
    }
}

/// The channels of several maps side by side, in order of time.
pub(crate) fn together(parts: &[(&[Spike], Shape)]) -> Vec<Spike> {
    let channels: usize = parts.iter().map(|(_, shape)| shape.channels).sum();
    let mut before = 0;
    let mut spikes = Vec::with_capacity(parts.iter().map(|(spikes, _)| spikes.len()).sum());
    for (part, shape) in parts {
        spikes.extend(part.iter().map(|spike| {
            let (cell, channel) = (spike.neuron as usize / shape.channels, spike.neuron as usize % shape.channels);
            Spike { time: spike.time, neuron: (cell * channels + before + channel) as u32 }
        }));
        before += shape.channels;
    }
    spikes.sort_by(|one, other| one.time.total_cmp(&other.time).then(one.neuron.cmp(&other.neuron)));
    spikes
}

#[cfg(test)]
mod tests {
    use super::*;
    use ann::{Extent, Padding};

    fn spikes(list: &[(f64, u32)]) -> Vec<Spike> {
        list.iter().map(|&(time, neuron)| Spike { time, neuron }).collect()
    }

    /// Units 0 and 1 under the first window of two, 2 under the second; the fifth cell is left over.
    #[test]
    fn as_many_spikes_pass_as_the_most_active_unit_has_fired() {
        let pool = MaxPool2d::new(Extent::new(1, 2));
        let (input, output) = (Shape::new(1, 5, 1), Shape::new(1, 2, 1));
        let given = spikes(&[(1.0, 0), (2.0, 1), (3.0, 1), (4.0, 2), (5.0, 0), (6.0, 0), (7.0, 4)]);
        // 0 leads with one spike; 1 leads with its second; 0 catches up, and leads again with its third.
        let want = spikes(&[(1.0, 0), (3.0, 0), (4.0, 1), (6.0, 0)]);
        assert_eq!(greatest(&given, pool, input, output), want);
    }

    /// Padding 'same' of a window of 3 with stride 2 over 4 cells: windows over cells 0-2 and 2-3.
    #[test]
    fn windows_that_overlap_both_get_the_spike() {
        let pool = MaxPool2d::new(Extent::new(1, 3)).with_stride(Extent::new(1, 2)).with_padding(Padding::Same);
        let (input, output) = (Shape::new(1, 4, 1), Shape::new(1, 2, 1));
        let passed = greatest(&spikes(&[(1.0, 2), (2.0, 3), (3.0, 0)]), pool, input, output);
        assert_eq!(passed, spikes(&[(1.0, 0), (1.0, 1)]));
    }

    #[test]
    fn channels_are_renumbered() {
        let (one, two) = (spikes(&[(2.0, 1)]), spikes(&[(1.0, 3)]));
        let joined = together(&[(&one, Shape::new(1, 2, 1)), (&two, Shape::new(1, 2, 2))]);
        // Cell 1, channel 1 of the second, which is channel 2 of three; cell 1 of the first.
        assert_eq!(joined, spikes(&[(1.0, 5), (2.0, 3)]));
    }
}
