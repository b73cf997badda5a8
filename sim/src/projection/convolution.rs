//! A kernel swept over maps: each spike reaches one run of neighbouring targets per kernel row.

use super::check_weights;
use crate::error::NetworkError;

/// How the neurons of maps are numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MapLayout {
    /// `[row][column][channel]`, as in Keras.
    #[default]
    ChannelsLast,
    /// `[channel][row][column]`, as in PyTorch.
    ChannelsFirst,
}

impl MapLayout {
    /// Number of a neuron in maps of this height and width with so many channels.
    #[inline]
    pub(super) fn index(self, [height, width]: [usize; 2], channels: usize, at: [usize; 3]) -> usize {
        let [row, column, channel] = at;
        match self {
            MapLayout::ChannelsLast => (row * width + column) * channels + channel,
            MapLayout::ChannelsFirst => (channel * height + row) * width + column,
        }
    }

    /// Row, column and channel of a neuron.
    #[inline]
    pub(super) fn place(self, [height, width]: [usize; 2], channels: usize, index: usize) -> [usize; 3] {
        match self {
            MapLayout::ChannelsLast => [index / channels / width, index / channels % width, index % channels],
            MapLayout::ChannelsFirst => [index / width % height, index % width, index / (width * height)],
        }
    }
}

/// Geometry of a two-dimensional convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvolutionShape {
    /// Height and width of the presynaptic maps.
    pub map: [usize; 2],
    /// Number of presynaptic channels.
    pub channels: usize,
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Number of postsynaptic channels.
    pub filters: usize,
    /// Vertical and horizontal stride.
    pub stride: [usize; 2],
    /// Zero rows added above and below, zero columns added left and right: `[[top, bottom], [left, right]]`.
    pub padding: [[usize; 2]; 2],
    /// Vertical and horizontal distance of neighbouring kernel elements; 1 for an ordinary convolution.
    pub dilation: [usize; 2],
    /// Number of groups: channels and filters are divided into so many parts, each connected on its own.
    pub groups: usize,
    /// Numbering of the neurons on both sides.
    pub layout: MapLayout,
}

impl ConvolutionShape {
    /// Height and width of the postsynaptic maps; zero where the kernel does not fit.
    pub fn output(&self) -> [usize; 2] {
        [0, 1].map(|axis| {
            let padded = self.map[axis] + self.padding[axis][0] + self.padding[axis][1];
            let span = self.kernel[axis].saturating_sub(1).saturating_mul(self.dilation[axis]).saturating_add(1);
            padded.checked_sub(span).map_or(0, |room| room / self.stride[axis].max(1) + 1)
        })
    }
}

/// A convolution (cross-correlation, as in all network libraries) whose weights are stored once.
///
/// The kernel is rearranged so that the targets of a spike are neighbours: for one kernel row and one phase of the
/// horizontal stride, the weights of falling kernel columns meet targets of rising columns, all filters innermost.
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "Conv2D")]
pub struct Convolution {
    shape: ConvolutionShape,
    output: [usize; 2],
    /// The kernel columns met by a presynaptic column, for each remainder of its position by the horizontal stride.
    phases: Vec<Phase>,
    /// `[channel][kernel row][kernel column in the order of the phases][filter of the channel's group]`.
    weights: Vec<f64>,
    /// Whether the targets of a kernel row are neighbours.
    in_rows: bool,
}

/// The kernel columns that a presynaptic column can meet, falling: last, last - stride, ...
#[derive(Debug, Clone, PartialEq)]
struct Phase {
    /// Position of the phase's first column within a rearranged kernel row.
    start: usize,
    /// Number of columns.
    columns: usize,
    /// The largest kernel column of the phase.
    last: usize,
}

impl Convolution {
    /// Takes a kernel of `[kernel row][kernel column][channel of a group][filter]` weights (nA), the layout of Keras.
    ///
    /// # Errors
    ///
    /// All sizes and strides must be positive, the kernel must fit into the padded map, and the number of weights must agree.
    pub fn new(shape: ConvolutionShape, kernel: &[f64]) -> Result<Convolution, NetworkError> {
        let output = shape.output();
        let ConvolutionShape { channels, filters, groups, .. } = shape;
        let sizes = [[channels, filters], shape.kernel, shape.stride, shape.dilation, output].concat();
        let divides = groups > 0 && channels % groups == 0 && filters % groups == 0;
        if sizes.contains(&0) || !divides {
            return Err(NetworkError::Length {
                what: "convolution (sizes must be positive, the kernel fit into the padded map, and the groups divide channels and filters)",
                expected: 1,
                found: 0,
            });
        }
        let [height, width] = shape.kernel;
        let [group_channels, group_filters] = [channels / groups, filters / groups];
        check_weights(kernel, height * width * group_channels * filters)?;
        let stride = shape.stride[1];
        let mut phases = Vec::new();
        let mut start = 0;
        let padded = shape.map[1] + shape.padding[1][0] + shape.padding[1][1];
        for phase in 0..stride.min(padded.max(width)) {
            let columns = if phase < width { (width - 1 - phase) / stride + 1 } else { 0 };
            phases.push(Phase { start, columns, last: phase + columns.saturating_sub(1) * stride });
            start += columns;
        }
        let mut weights = Vec::with_capacity(kernel.len());
        for channel in 0..channels {
            let group = channel / group_channels;
            for row in 0..height {
                for phase in &phases {
                    for i in 0..phase.columns {
                        let column = phase.last - i * stride;
                        let at = ((row * width + column) * group_channels + channel % group_channels) * filters
                            + group * group_filters;
                        weights.extend_from_slice(&kernel[at..at + group_filters]);
                    }
                }
            }
        }
        let in_rows = shape.dilation == [1, 1] && groups == 1 && shape.layout == MapLayout::ChannelsLast;
        Ok(Convolution { shape, output, phases, weights, in_rows })
    }

    /// The geometry.
    pub fn shape(&self) -> &ConvolutionShape {
        &self.shape
    }

    /// The kernel as it was given: `[kernel row][kernel column][channel of a group][filter]` (nA).
    pub fn kernel(&self) -> Vec<f64> {
        let ConvolutionShape { channels, kernel, filters, stride, groups, .. } = self.shape;
        let [group_channels, group_filters] = [channels / groups, filters / groups];
        let weight = |index: usize| {
            let (filter, rest) = (index % filters, index / filters);
            let (channel, cell) = (rest % group_channels, rest / group_channels);
            let (row, column) = (cell / kernel[1], cell % kernel[1]);
            let phase = &self.phases[column % stride[1]];
            let place = phase.start + (phase.last - column) / stride[1];
            let channel = filter / group_filters * group_channels + channel;
            self.weights[((channel * kernel[0] + row) * kernel[1] + place) * group_filters + filter % group_filters]
        };
        (0..self.weights.len()).map(weight).collect()
    }

    pub(super) fn pre_size(&self) -> usize {
        self.shape.map[0] * self.shape.map[1] * self.shape.channels
    }

    pub(super) fn post_size(&self) -> usize {
        self.output[0] * self.output[1] * self.shape.filters
    }

    #[inline]
    pub(super) fn rows(&self, pre: usize, mut deliver: impl FnMut(usize, &[f64])) {
        let ConvolutionShape { map, channels, kernel, filters, stride, padding, layout, .. } = self.shape;
        let [y, x, channel] = layout.place(map, channels, pre);
        let [y, x] = [y + padding[0][0], x + padding[1][0]];
        if !self.in_rows {
            return self.elements([y, x], channel, deliver);
        }

        let phase = &self.phases[x % stride[1]];
        // The i-th column of the phase meets target column (x - last) / stride + i; those left of the map are skipped.
        let (skipped, first) =
            if x < phase.last { ((phase.last - x) / stride[1], 0) } else { (0, (x - phase.last) / stride[1]) };
        if phase.columns <= skipped || self.output[1] <= first {
            return;
        }
        let columns = (phase.columns - skipped).min(self.output[1] - first);
        let row_length = kernel[1] * filters;

        let mut row = y % stride[0];
        while row < kernel[0] && row <= y {
            let target_row = (y - row) / stride[0];
            if target_row < self.output[0] {
                let at = (channel * kernel[0] + row) * row_length + (phase.start + skipped) * filters;
                deliver((target_row * self.output[1] + first) * filters, &self.weights[at..at + columns * filters]);
            }
            row += stride[0];
        }
    }

    /// The targets of a presynaptic neuron, kernel element by kernel element; `at` counts from the corner of the padded map.
    fn elements(&self, at: [usize; 2], channel: usize, mut deliver: impl FnMut(usize, &[f64])) {
        let ConvolutionShape { channels, kernel, filters, stride, dilation, groups, layout, .. } = self.shape;
        let group_filters = filters / groups;
        let first_filter = channel / (channels / groups) * group_filters;
        // Target along one axis of the kernel element at a distance of `offset`.
        let target = |axis: usize, offset: usize| {
            let from = at[axis].checked_sub(offset)?;
            let target = from / stride[axis];
            (from % stride[axis] == 0 && target < self.output[axis]).then_some(target)
        };
        for ky in 0..kernel[0] {
            let Some(y) = target(0, ky * dilation[0]) else { continue };
            for kx in 0..kernel[1] {
                let Some(x) = target(1, kx * dilation[1]) else { continue };
                let phase = &self.phases[kx % stride[1]];
                let column = phase.start + (phase.last - kx) / stride[1];
                let from = ((channel * kernel[0] + ky) * kernel[1] + column) * group_filters;
                let weights = &self.weights[from..from + group_filters];
                match layout {
                    MapLayout::ChannelsLast => {
                        deliver(layout.index(self.output, filters, [y, x, first_filter]), weights);
                    }
                    MapLayout::ChannelsFirst => {
                        for (filter, weight) in (first_filter..).zip(weights) {
                            deliver(layout.index(self.output, filters, [y, x, filter]), std::slice::from_ref(weight));
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The rows of all presynaptic neurons together are the convolution written as six nested loops.
        #[test]
        fn rows_are_the_convolution(
            height in 3usize..8, width in 3usize..8, groups in 1usize..3, group_channels in 1usize..3,
            group_filters in 1usize..4, kh in 1usize..4, kw in 1usize..5, sy in 1usize..4, sx in 1usize..4,
            top in 0usize..3, bottom in 0usize..3, left in 0usize..3, right in 0usize..3,
            dy in 1usize..3, dx in 1usize..3,
            layout in prop::sample::select(vec![MapLayout::ChannelsLast, MapLayout::ChannelsFirst]),
        ) {
            let [channels, filters] = [groups * group_channels, groups * group_filters];
            let shape = ConvolutionShape {
                map: [height, width], channels, kernel: [kh, kw], filters, stride: [sy, sx],
                padding: [[top, bottom], [left, right]], dilation: [dy, dx], groups, layout,
            };
            let [out_y, out_x] = shape.output();
            prop_assume!(out_y > 0 && out_x > 0);
            let kernel: Vec<f64> = (0..kh * kw * group_channels * filters).map(|i| i as f64 + 1.0).collect();
            let convolution = Convolution::new(shape, &kernel).unwrap();
            let n_post = convolution.post_size();
            prop_assert_eq!(n_post, out_y * out_x * filters);
            prop_assert_eq!(convolution.kernel(), kernel.clone());
            let mut got = vec![0.0; convolution.pre_size() * n_post];
            for pre in 0..convolution.pre_size() {
                convolution.rows(pre, |start, weights| {
                    for (i, w) in weights.iter().enumerate() {
                        got[pre * n_post + start + i] += w;
                    }
                });
            }
            let number = |height: usize, width: usize, channels: usize, y: usize, x: usize, c: usize| match layout {
                MapLayout::ChannelsLast => (y * width + x) * channels + c,
                MapLayout::ChannelsFirst => (c * height + y) * width + x,
            };
            let mut want = vec![0.0; got.len()];
            for oy in 0..out_y { for ox in 0..out_x { for ky in 0..kh { for kx in 0..kw {
                let (y, x) =
                    ((oy * sy + ky * dy) as isize - top as isize, (ox * sx + kx * dx) as isize - left as isize);
                if !(0..height as isize).contains(&y) || !(0..width as isize).contains(&x) { continue; }
                for c in 0..channels { for f in 0..filters {
                    if c / group_channels != f / group_filters { continue; }
                    let pre = number(height, width, channels, y as usize, x as usize, c);
                    let post = number(out_y, out_x, filters, oy, ox, f);
                    want[pre * n_post + post] += kernel[((ky * kw + kx) * group_channels + c % group_channels) * filters + f];
                } }
            } } } }
            prop_assert_eq!(got, want);
        }
    }
}
