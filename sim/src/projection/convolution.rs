//! A kernel swept over maps: each spike reaches one run of neighbouring targets per kernel row.

use super::check_weights;
use crate::error::NetworkError;

/// Geometry of a two-dimensional convolution over maps laid out as `[row][column][channel]`.
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
}

impl ConvolutionShape {
    /// Height and width of the postsynaptic maps; zero where the kernel does not fit.
    pub fn output(&self) -> [usize; 2] {
        [0, 1].map(|axis| {
            let padded = self.map[axis] + self.padding[axis][0] + self.padding[axis][1];
            padded.checked_sub(self.kernel[axis]).map_or(0, |room| room / self.stride[axis].max(1) + 1)
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
    /// `[channel][kernel row][kernel column in the order of the phases][filter]`.
    weights: Vec<f64>,
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
    /// Takes a kernel of `[kernel row][kernel column][channel][filter]` weights (nA), the layout of Keras.
    ///
    /// # Errors
    ///
    /// All sizes and strides must be positive, the kernel must fit into the padded map, and the number of weights must agree.
    pub fn new(shape: ConvolutionShape, kernel: &[f64]) -> Result<Convolution, NetworkError> {
        let output = shape.output();
        let sizes = [shape.channels, shape.filters, shape.kernel[0], shape.kernel[1], shape.stride[0], shape.stride[1]];
        if sizes.contains(&0) || output.contains(&0) {
            return Err(NetworkError::Length {
                what: "convolution (sizes must be positive and the kernel fit into the padded map)",
                expected: 1,
                found: 0,
            });
        }
        let [height, width] = shape.kernel;
        check_weights(kernel, height * width * shape.channels * shape.filters)?;
        let stride = shape.stride[1];
        let mut phases = Vec::new();
        let mut start = 0;
        let padded = shape.map[1] + shape.padding[1][0] + shape.padding[1][1];
        for phase in 0..stride.min(padded) {
            let columns = if phase < width { (width - 1 - phase) / stride + 1 } else { 0 };
            phases.push(Phase { start, columns, last: phase + columns.saturating_sub(1) * stride });
            start += columns;
        }
        let mut weights = Vec::with_capacity(kernel.len());
        for channel in 0..shape.channels {
            for row in 0..height {
                for phase in &phases {
                    for i in 0..phase.columns {
                        let column = phase.last - i * stride;
                        let at = ((row * width + column) * shape.channels + channel) * shape.filters;
                        weights.extend_from_slice(&kernel[at..at + shape.filters]);
                    }
                }
            }
        }
        Ok(Convolution { shape, output, phases, weights })
    }

    /// The geometry.
    pub fn shape(&self) -> &ConvolutionShape {
        &self.shape
    }

    pub(super) fn pre_size(&self) -> usize {
        self.shape.map[0] * self.shape.map[1] * self.shape.channels
    }

    pub(super) fn post_size(&self) -> usize {
        self.output[0] * self.output[1] * self.shape.filters
    }

    #[inline]
    pub(super) fn rows(&self, pre: usize, mut deliver: impl FnMut(usize, &[f64])) {
        let ConvolutionShape { map, channels, kernel, filters, stride, padding } = self.shape;
        let channel = pre % channels;
        let cell = pre / channels;
        let y = cell / map[1] + padding[0][0];
        let x = cell % map[1] + padding[1][0];

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
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The rows of all presynaptic neurons together are the convolution written as six nested loops.
        #[test]
        fn rows_are_the_convolution(
            height in 3usize..8, width in 3usize..8, channels in 1usize..3, filters in 1usize..4,
            kh in 1usize..4, kw in 1usize..5, sy in 1usize..4, sx in 1usize..4,
            top in 0usize..3, bottom in 0usize..3, left in 0usize..3, right in 0usize..3,
        ) {
            let shape = ConvolutionShape {
                map: [height, width], channels, kernel: [kh, kw], filters, stride: [sy, sx],
                padding: [[top, bottom], [left, right]],
            };
            let [out_y, out_x] = shape.output();
            prop_assume!(out_y > 0 && out_x > 0);
            let kernel: Vec<f64> = (0..kh * kw * channels * filters).map(|i| i as f64 + 1.0).collect();
            let convolution = Convolution::new(shape, &kernel).unwrap();
            let n_post = convolution.post_size();
            prop_assert_eq!(n_post, out_y * out_x * filters);
            let mut got = vec![0.0; convolution.pre_size() * n_post];
            for pre in 0..convolution.pre_size() {
                convolution.rows(pre, |start, weights| {
                    for (i, w) in weights.iter().enumerate() {
                        got[pre * n_post + start + i] += w;
                    }
                });
            }
            let mut want = vec![0.0; got.len()];
            for oy in 0..out_y { for ox in 0..out_x { for ky in 0..kh { for kx in 0..kw {
                let (y, x) = ((oy * sy + ky) as isize - top as isize, (ox * sx + kx) as isize - left as isize);
                if !(0..height as isize).contains(&y) || !(0..width as isize).contains(&x) { continue; }
                for c in 0..channels { for f in 0..filters {
                    let pre = (y as usize * width + x as usize) * channels + c;
                    let post = (oy * out_x + ox) * filters + f;
                    want[pre * n_post + post] += kernel[((ky * kw + kx) * channels + c) * filters + f];
                } }
            } } } }
            prop_assert_eq!(got, want);
        }
    }
}
