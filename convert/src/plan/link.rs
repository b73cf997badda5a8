//! Linear maps between two sets of units: what becomes synapses.

use crate::error::ConversionError;
use ann::{Activation, AveragePool2d, Conv2d, Dense, Extent, Layer, Margins, Network, Padding, Shape};
use sim::{Convolution, ConvolutionShape, MapLayout, Pooling, Sparse, Synapse, Synapses};

/// A linear map, without bias and activation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum LinearMap {
    /// A convolution of maps of this shape.
    Convolution(Conv2d<f32>, Shape),
    /// All units to all.
    Dense(Dense<f32>),
    /// Averages over windows of this size, side by side, times a factor.
    Pool { window: Extent, input: Shape, factor: f32 },
    /// Each unit to one, times a factor of its own.
    Diagonal(Vec<f32>),
    /// Single weights from one unit to another, and the numbers of units.
    Listed { weights: Vec<(usize, usize, f32)>, sizes: [usize; 2] },
}

impl LinearMap {
    /// A convolution with these weights in place of its own.
    pub(crate) fn convolution(
        conv: &Conv2d<f32>,
        kernel: Vec<f32>,
        input: Shape,
    ) -> Result<LinearMap, ConversionError> {
        let linear = Conv2d::new(conv.kernel_shape(), kernel, None, conv.stride(), Activation::Linear)?;
        let linear = linear.with_padding(conv.padding()).with_dilation(conv.dilation()).with_groups(conv.groups());
        Ok(LinearMap::Convolution(linear, input))
    }

    /// A dense layer of these weights.
    pub(crate) fn dense(inputs: usize, kernel: Vec<f32>) -> Result<LinearMap, ConversionError> {
        Ok(LinearMap::Dense(Dense::new(inputs, kernel, None, Activation::Linear)?))
    }

    /// An average over windows; those that overlap, leave gaps or reach over the border are told one by one.
    pub(crate) fn pool(pool: &AveragePool2d, input: Shape) -> Result<LinearMap, ConversionError> {
        let window = pool.pool();
        if pool.stride() == window && pool.padding() == Padding::Valid {
            let factor = pool.weight() * window.cells() as f64;
            return Ok(LinearMap::Pool { window, input, factor: factor as f32 });
        }
        // What one channel does, all do.
        let line = Shape::new(input.height, input.width, 1);
        let single = AveragePool2d::new(window, Activation::Linear).with_stride(pool.stride());
        let layers: Vec<Layer<f32>> = vec![Layer::AveragePool2d(single.with_padding(pool.padding()))];
        let single = Network::new(line, layers)?;
        let sizes = [input.units(), single.output().units() * input.channels];
        let mut weights = Vec::new();
        for cell in 0..line.units() {
            let mut unit = vec![0.0; line.units()];
            unit[cell] = 1.0;
            for (position, weight) in single.logits(&unit, 1).into_iter().enumerate().filter(|&(_, w)| w != 0.0) {
                let channels = input.channels;
                weights.extend((0..channels).map(|c| (cell * channels + c, position * channels + c, weight)));
            }
        }
        Ok(LinearMap::Listed { weights, sizes })
    }

    /// Numbers of units on both sides.
    pub(crate) fn sizes(&self) -> Result<[usize; 2], ConversionError> {
        Ok(match self {
            LinearMap::Convolution(conv, input) => {
                let output = Layer::Conv2d(conv.clone()).output_shape(0, &[*input])?;
                [input.units(), output.units()]
            }
            LinearMap::Dense(dense) => [dense.inputs(), dense.outputs()],
            LinearMap::Pool { window, input, .. } => {
                let cells = (input.height / window.height) * (input.width / window.width);
                [input.units(), cells * input.channels]
            }
            LinearMap::Diagonal(factors) => [factors.len(); 2],
            LinearMap::Listed { sizes, .. } => *sizes,
        })
    }

    /// Weighted sums of `batch` samples.
    pub(crate) fn apply(&self, inputs: &[f32], batch: usize) -> Result<Vec<f32>, ConversionError> {
        Ok(self.prepare()?.apply(inputs, batch))
    }

    /// The map, ready to be applied many times.
    pub(crate) fn prepare(&self) -> Result<PreparedMap, ConversionError> {
        let network = |input, layer| Ok(PreparedMap::Network(Network::new(input, vec![layer])?));
        match self {
            LinearMap::Convolution(conv, input) => network(*input, Layer::Conv2d(conv.clone())),
            LinearMap::Dense(dense) => network(Shape::flat(dense.inputs()), Layer::Dense(dense.clone())),
            LinearMap::Pool { window, input, factor } => {
                let average = Layer::AveragePool2d(AveragePool2d::new(*window, Activation::Linear));
                Ok(PreparedMap::Pool(Network::new(*input, vec![average])?, *factor))
            }
            LinearMap::Diagonal(factors) => Ok(PreparedMap::Diagonal(factors.clone())),
            LinearMap::Listed { weights, sizes } => Ok(PreparedMap::Listed { weights: weights.clone(), sizes: *sizes }),
        }
    }

    /// The map that counts instead of weighing: a weight of 1 for each synapse.
    pub(crate) fn counting(&self) -> Result<LinearMap, ConversionError> {
        let one = |&weight: &f32| if weight == 0.0 { 0.0 } else { 1.0 };
        Ok(match self {
            LinearMap::Convolution(conv, input) => {
                LinearMap::convolution(conv, conv.kernel().iter().map(|_| 1.0).collect(), *input)?
            }
            LinearMap::Dense(dense) => LinearMap::dense(dense.inputs(), vec![1.0; dense.kernel().len()])?,
            &LinearMap::Pool { window, input, .. } => LinearMap::Pool { window, input, factor: window.cells() as f32 },
            LinearMap::Diagonal(factors) => LinearMap::Diagonal(factors.iter().map(one).collect()),
            LinearMap::Listed { weights, sizes } => {
                let weights = weights.iter().map(|(from, to, weight)| (*from, *to, one(weight))).collect();
                LinearMap::Listed { weights, sizes: *sizes }
            }
        })
    }

    /// Whether no weight is negative.
    pub(crate) fn is_non_negative(&self) -> bool {
        let non_negative = |weights: &[f32]| weights.iter().all(|&weight| weight >= 0.0);
        match self {
            LinearMap::Convolution(conv, _) => non_negative(conv.kernel()),
            LinearMap::Dense(dense) => non_negative(dense.kernel()),
            LinearMap::Pool { factor, .. } => *factor >= 0.0,
            LinearMap::Diagonal(factors) => non_negative(factors),
            LinearMap::Listed { weights, .. } => weights.iter().all(|&(.., weight)| weight >= 0.0),
        }
    }

    /// The map with all weights multiplied by one factor.
    pub(crate) fn times(&self, factor: f32) -> Result<LinearMap, ConversionError> {
        let [_, outputs] = self.sizes()?;
        let scaled = self.with_outputs_times(&vec![factor; outputs])?;
        // One factor for all is a factor for each channel, which every map can take.
        Ok(scaled.unwrap_or_else(|| self.clone()))
    }

    /// The map of the squared weights.
    pub(crate) fn squared(&self) -> Result<LinearMap, ConversionError> {
        let square = |kernel: &[f32]| kernel.iter().map(|w| w * w).collect::<Vec<f32>>();
        Ok(match self {
            LinearMap::Convolution(conv, input) => LinearMap::convolution(conv, square(conv.kernel()), *input)?,
            LinearMap::Dense(dense) => LinearMap::dense(dense.inputs(), square(dense.kernel()))?,
            // Each of n weights is factor / n.
            &LinearMap::Pool { window, input, factor } => {
                LinearMap::Pool { window, input, factor: factor * factor / window.cells() as f32 }
            }
            LinearMap::Diagonal(factors) => LinearMap::Diagonal(square(factors)),
            LinearMap::Listed { weights, sizes } => {
                let weights = weights.iter().map(|&(from, to, weight)| (from, to, weight * weight)).collect();
                LinearMap::Listed { weights, sizes: *sizes }
            }
        })
    }

    /// The map whose outputs are multiplied by these factors, if it is one of the same kind.
    pub(crate) fn with_outputs_times(&self, factors: &[f32]) -> Result<Option<LinearMap>, ConversionError> {
        Ok(match self {
            LinearMap::Convolution(conv, input) => {
                let Some(factors) = by_channel(factors, conv.kernel_shape().outputs) else { return Ok(None) };
                let kernel = conv.kernel().iter().zip(factors.iter().cycle()).map(|(w, f)| w * f).collect();
                Some(LinearMap::convolution(conv, kernel, *input)?)
            }
            LinearMap::Dense(dense) => {
                let kernel = dense.kernel().iter().zip(factors.iter().cycle()).map(|(w, f)| w * f).collect();
                Some(LinearMap::dense(dense.inputs(), kernel)?)
            }
            &LinearMap::Pool { window, input, factor } => {
                by_channel(factors, 1).map(|own| LinearMap::Pool { window, input, factor: factor * own[0] })
            }
            LinearMap::Diagonal(own) => {
                Some(LinearMap::Diagonal(own.iter().zip(factors).map(|(own, f)| own * f).collect()))
            }
            LinearMap::Listed { weights, sizes } => {
                let weights = weights.iter().map(|&(from, to, weight)| (from, to, weight * factors[to])).collect();
                Some(LinearMap::Listed { weights, sizes: *sizes })
            }
        })
    }

    /// The map whose inputs are multiplied by these factors first, if it is one of the same kind.
    pub(crate) fn with_inputs_times(&self, factors: &[f32]) -> Result<Option<LinearMap>, ConversionError> {
        Ok(match self {
            LinearMap::Convolution(conv, input) => {
                let Some(factors) = by_channel(factors, input.channels) else { return Ok(None) };
                let shape = conv.kernel_shape();
                let kernel = conv.kernel().iter().enumerate().map(|(index, weight)| {
                    let (output, row) = (index % shape.outputs, index / shape.outputs % shape.inputs);
                    weight * factors[output * conv.groups() / shape.outputs * shape.inputs + row]
                });
                Some(LinearMap::convolution(conv, kernel.collect(), *input)?)
            }
            LinearMap::Dense(dense) => {
                let rows = dense.kernel().chunks_exact(dense.outputs()).zip(factors);
                let kernel = rows.flat_map(|(row, factor)| row.iter().map(move |w| w * factor)).collect();
                Some(LinearMap::dense(dense.inputs(), kernel)?)
            }
            LinearMap::Pool { .. } => {
                let Some(own) = by_channel(factors, 1) else { return Ok(None) };
                let [_, outputs] = self.sizes()?;
                self.with_outputs_times(&vec![own[0]; outputs])?
            }
            LinearMap::Diagonal(own) => {
                Some(LinearMap::Diagonal(own.iter().zip(factors).map(|(own, f)| own * f).collect()))
            }
            LinearMap::Listed { weights, sizes } => {
                let weights = weights.iter().map(|&(from, to, weight)| (from, to, weight * factors[from])).collect();
                Some(LinearMap::Listed { weights, sizes: *sizes })
            }
        })
    }

    /// The map as synapses, `scale` (nA per unit of weight) times its weights.
    pub(crate) fn synapses(&self, scale: f64) -> Result<Synapses, ConversionError> {
        let scaled = |kernel: &[f32]| kernel.iter().map(|&w| scale * f64::from(w)).collect::<Vec<f64>>();
        Ok(match self {
            LinearMap::Convolution(conv, input) => {
                let kernel = conv.kernel_shape();
                let Margins { top, bottom, left, right } = conv.margins(*input);
                let shape = ConvolutionShape {
                    map: [input.height, input.width],
                    channels: input.channels,
                    kernel: [kernel.height, kernel.width],
                    filters: kernel.outputs,
                    stride: [conv.stride().height, conv.stride().width],
                    padding: [[top, bottom], [left, right]],
                    dilation: [conv.dilation().height, conv.dilation().width],
                    groups: conv.groups(),
                    layout: MapLayout::ChannelsLast,
                };
                Synapses::Convolution(Convolution::new(shape, &scaled(conv.kernel()))?)
            }
            LinearMap::Dense(dense) => {
                Synapses::Dense(sim::Dense::new(dense.inputs(), dense.outputs(), scaled(dense.kernel()))?)
            }
            LinearMap::Pool { window, input, factor } => {
                let weight = scale * f64::from(*factor) / window.cells() as f64;
                let (map, window) = ([input.height, input.width], [window.height, window.width]);
                Synapses::Pooling(Pooling::new(map, input.channels, window, weight)?)
            }
            LinearMap::Diagonal(factors) => {
                let weights = factors.iter().enumerate().map(|(unit, &factor)| (unit, unit, factor));
                listed(weights, [factors.len(); 2], scale)?
            }
            LinearMap::Listed { weights, sizes } => listed(weights.iter().copied(), *sizes, scale)?,
        })
    }
}

fn listed(
    weights: impl Iterator<Item = (usize, usize, f32)>,
    [pre, post]: [usize; 2],
    scale: f64,
) -> Result<Synapses, ConversionError> {
    // The projection has the delay.
    let synapse = |(pre, post, weight): (usize, usize, f32)| Synapse {
        pre: pre as u32,
        post: post as u32,
        weight: scale * f64::from(weight),
        delay: 0.0,
    };
    let synapses: Vec<Synapse> = weights.filter(|&(.., weight)| weight != 0.0).map(synapse).collect();
    Ok(Synapses::Sparse(Sparse::from_list(pre, post, &synapses)?))
}

/// A [`LinearMap`] that is ready to be applied.
#[derive(Debug, Clone)]
pub(crate) enum PreparedMap {
    Network(Network<f32>),
    /// Averages, and a factor on them.
    Pool(Network<f32>, f32),
    Diagonal(Vec<f32>),
    Listed {
        weights: Vec<(usize, usize, f32)>,
        sizes: [usize; 2],
    },
}

impl PreparedMap {
    /// Weighted sums of `batch` samples.
    pub(crate) fn apply(&self, inputs: &[f32], batch: usize) -> Vec<f32> {
        match self {
            PreparedMap::Network(network) => network.logits(inputs, batch),
            PreparedMap::Pool(network, factor) => {
                let mut outputs = network.logits(inputs, batch);
                outputs.iter_mut().for_each(|output| *output *= factor);
                outputs
            }
            PreparedMap::Diagonal(factors) => {
                let samples = inputs.chunks_exact(factors.len());
                samples.flat_map(|sample| sample.iter().zip(factors).map(|(x, f)| x * f)).collect()
            }
            PreparedMap::Listed { weights, sizes: [pre, post] } => {
                let mut sums = vec![0.0; batch * post];
                for (inputs, sums) in inputs.chunks_exact(*pre).zip(sums.chunks_exact_mut(*post)) {
                    weights.iter().for_each(|&(from, to, weight)| sums[to] += weight * inputs[from]);
                }
                sums
            }
        }
    }
}

/// One factor for each of `channels`, if those of all cells agree.
pub(super) fn by_channel(factors: &[f32], channels: usize) -> Option<&[f32]> {
    let first = factors.get(..channels).filter(|_| factors.len().is_multiple_of(channels))?;
    factors.chunks_exact(channels).all(|cell| cell == first).then_some(first)
}
