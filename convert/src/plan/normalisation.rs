//! Scales of their own for the channels of a layer.

use super::link::by_channel;
use super::{Link, Plan, Sign, Stage, Train, TrainId, TrainOrigin};
use crate::error::ConversionError;
use crate::statistics::quantile;
use ann::{Activation, Shape};

/// What shares one scale between activations and rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Normalisation {
    /// All units of a layer.
    #[default]
    Layer,
    /// Those of a channel; in dense layers, each unit. Channels that are less active than others have a higher scale, so that all use the same
    /// rates (Kim et al. 2020, arXiv:1903.06530). Layers whose activation is not ReLU, leaky ReLU or linear keep one scale: of no other can
    /// a factor be drawn out. So do those whose maps are flattened before it.
    Channel,
}

/// Largest factor of a channel: one that hardly responds to the calibration images tells little of what it may come to.
const LARGEST: f64 = 10.0;

impl Plan {
    /// The same network with channels multiplied so that the percentile of each is that of its layer: with `f > 0`, `relu(f z) = f relu(z)`, and
    /// the weights behind are divided by `f`. Averages and maxima keep the factors of what they take.
    ///
    /// `activity` is what each train stands for now.
    ///
    /// # Errors
    /// Names the layer that takes channels for something else.
    pub(crate) fn by_channel(mut self, activity: &[Vec<f32>], percentile: f64) -> Result<Plan, ConversionError> {
        for train in 0..self.trains.len() {
            let shape = self.trains[train].shape;
            self.trains[train].factors = match self.trains[train].origin.clone() {
                TrainOrigin::Input => Vec::new(),
                TrainOrigin::Neurons { stage } if self.trains[train].sign == Sign::Negative => self
                    .train_of(stage, Sign::Positive)
                    .map_or_else(Vec::new, |train| self.trains[train].factors.clone()),
                TrainOrigin::Neurons { stage } => self.multiply(stage, train, activity, percentile)?,
                TrainOrigin::Greatest { of, .. } => self.cell(of, shape)?.repeat(shape.positions()),
                TrainOrigin::Together(parts) => {
                    let cells = parts.iter().map(|&(part, shape)| {
                        let cell = self.cell(part, shape)?;
                        Ok(if cell.is_empty() { vec![1.0; shape.channels] } else { cell })
                    });
                    cells.collect::<Result<Vec<_>, ConversionError>>()?.concat().repeat(shape.positions())
                }
            };
        }
        let outputs = self.stages.len() - 1;
        self.divide(outputs)?;
        Ok(self)
    }

    /// Multiplies the channels of a stage, and divides its weights by the factors of what it hears; the factors of its units.
    fn multiply(
        &mut self,
        index: usize,
        train: TrainId,
        activity: &[Vec<f32>],
        percentile: f64,
    ) -> Result<Vec<f32>, ConversionError> {
        let Stage { shape, activation, averages, .. } = self.stages[index];
        let is_homogeneous = matches!(activation, Activation::Relu | Activation::LeakyRelu { .. } | Activation::Linear);
        if let (true, true, [link, ..]) = (averages, is_homogeneous, &self.stages[index].links[..]) {
            return Ok(self.cell(link.train, shape)?.repeat(shape.positions()));
        }
        self.divide(index)?;
        if !is_homogeneous {
            return Ok(Vec::new());
        }
        let parts = [Some(train), self.train_of(index, Sign::Negative)].into_iter().flatten();
        let factors = factors(&parts.map(|part| &activity[part][..]).collect::<Vec<_>>(), shape, percentile);
        let Stage { links, bias, .. } = &mut self.stages[index];
        let maps: Result<Vec<_>, _> = links.iter().map(|link| link.map.with_outputs_times(&factors)).collect();
        let Some(maps) = maps?.into_iter().collect::<Option<Vec<_>>>() else { return Ok(Vec::new()) };
        links.iter_mut().zip(maps).for_each(|(link, map)| link.map = map);
        bias.iter_mut().zip(&factors).for_each(|(bias, factor)| *bias *= factor);
        Ok(factors)
    }

    /// Divides the weights of a stage by the factors of what it hears.
    fn divide(&mut self, index: usize) -> Result<(), ConversionError> {
        let Stage { node, kind, links, .. } = &mut self.stages[index];
        for Link { train, map, .. } in links {
            let factors = &self.trains[*train].factors;
            if !factors.is_empty() {
                let inverse: Vec<f32> = factors.iter().map(|factor| factor.recip()).collect();
                *map = map.with_inputs_times(&inverse)?.ok_or_else(|| regrouped(*node, kind))?;
            }
        }
        Ok(())
    }

    /// Factors of the channels of a train that is taken in this shape; empty for none.
    fn cell(&self, train: TrainId, shape: Shape) -> Result<Vec<f32>, ConversionError> {
        let Train { factors, node, .. } = &self.trains[train];
        if factors.is_empty() {
            return Ok(Vec::new());
        }
        let cell = by_channel(factors, shape.channels).map(<[f32]>::to_vec);
        cell.ok_or_else(|| regrouped(node.unwrap_or(0), "Reshape"))
    }
}

/// A factor for each unit, alike in all positions: by which the percentile of its channel stays behind that of all.
fn factors(parts: &[&[f32]], shape: Shape, percentile: f64) -> Vec<f32> {
    let mut channels = vec![Vec::new(); shape.channels];
    for part in parts {
        for (unit, &output) in part.iter().enumerate().filter(|&(_, &output)| output > 0.0) {
            channels[unit % shape.channels].push(f64::from(output));
        }
    }
    let full = quantile(channels.concat(), percentile);
    let factor = |outputs: Vec<f64>| {
        let own = quantile(outputs, percentile);
        // A channel that is silent on all images keeps the scale of its layer.
        if own > 0.0 { (full / own).min(LARGEST) as f32 } else { 1.0 }
    };
    channels.into_iter().map(factor).collect::<Vec<_>>().repeat(shape.positions())
}

/// The refusal of a layer that does not take channels as they come.
pub(crate) fn regrouped(layer: usize, kind: &'static str) -> ConversionError {
    ConversionError::Unsupported {
        layer,
        kind,
        reason: "puts units of channels with different scales into one",
        advice: "use one scale for each layer (--normalise layer)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ann::{AveragePool2d, Conv2d, Dense, Extent, KernelShape, Layer, MaxPool2d, Network, Node, Origin};

    const IMAGES: usize = 40;

    fn numbers(count: usize, factor: usize) -> Vec<f32> {
        (0..count).map(|i| (i * factor % 199) as f32 / 99.0 - 1.0).collect()
    }

    /// A convolution whose channels differ in strength, from 1/4 to 4 times and more.
    fn conv(side: usize, [inputs, outputs]: [usize; 2], activation: Activation) -> Layer<f32> {
        let shape = KernelShape { height: side, width: side, inputs, outputs };
        let uneven = numbers(shape.weights(), 37)
            .into_iter()
            .enumerate()
            .map(|(i, w)| w * 4.0_f32.powi((i % outputs) as i32 - 1));
        Layer::Conv2d(
            Conv2d::new(shape, uneven.collect(), Some(vec![0.1; outputs]), Extent::square(1), activation).unwrap(),
        )
    }

    /// A residual sum, a concatenation, a maximum, an average, signed outputs and a dense layer: the percentiles of all channels agree, and
    /// nothing changes but factors.
    #[test]
    fn channels_are_multiplied_and_outputs_stay() {
        let node = Node::new;
        let dense = |inputs: usize, outputs: usize, activation| {
            Layer::Dense(
                Dense::new(inputs, numbers(inputs * outputs, 43), Some(numbers(outputs, 17)), activation).unwrap(),
            )
        };
        let nodes = vec![
            node(conv(1, [2, 4], Activation::Relu), vec![Origin::Input]),
            node(conv(1, [4, 4], Activation::Linear), vec![Origin::Node(0)]),
            node(Layer::Add, vec![Origin::Node(1), Origin::Node(0)]),
            node(Layer::Activation(Activation::Relu), vec![Origin::Node(2)]),
            node(conv(1, [4, 3], Activation::Relu), vec![Origin::Node(3)]),
            node(Layer::Concatenate, vec![Origin::Node(3), Origin::Node(4)]),
            node(Layer::MaxPool2d(MaxPool2d::new(Extent::square(2))), vec![Origin::Node(5)]),
            node(conv(1, [7, 3], Activation::LeakyRelu { slope: 0.1 }), vec![Origin::Node(6)]),
            node(
                Layer::AveragePool2d(AveragePool2d::new(Extent::square(2), Activation::Linear)),
                vec![Origin::Node(7)],
            ),
            node(Layer::Flatten, vec![Origin::Node(8)]),
            node(dense(6, 5, Activation::Relu), vec![Origin::Node(9)]),
            node(dense(5, 3, Activation::Softmax), vec![Origin::Node(10)]),
        ];
        let trained = Network::graph(Shape::new(4, 8, 2), nodes).unwrap();
        let inputs: Vec<f32> = numbers(IMAGES * trained.input().units(), 61).into_iter().map(f32::abs).collect();
        let before = Plan::of(&trained).unwrap();
        let old = before.activity(&trained, &inputs, IMAGES);
        let after = before.clone().by_channel(&old, 0.99).unwrap();
        let new = after.activity(&trained, &inputs, IMAGES);
        for (index, (one, other)) in before.stages.iter().zip(&after.stages).enumerate() {
            let sums = one.sums(|train| &old[train], IMAGES).unwrap();
            let multiplied = other.sums(|train| &new[train], IMAGES).unwrap();
            let train = after.train_of(index, Sign::Positive);
            let factors = train.map_or(&[][..], |train| &after.trains[train].factors);
            // All stages but the outputs have factors here.
            assert_eq!(factors.is_empty(), train.is_none());
            for (unit, (sum, multiplied)) in sums.iter().zip(multiplied).enumerate() {
                let wanted = sum * factors.get(unit % factors.len().max(1)).copied().unwrap_or(1.0);
                // f32 sums of up to 20 terms in another order, with terms of up to 16^4.
                assert!((multiplied - wanted).abs() < 1e-4 * (16.0 + wanted.abs()), "{index}: {multiplied} {wanted}");
            }
            let Some(train) = train.filter(|_| !one.averages) else { continue };
            let full = |channel: usize| {
                let parts = [Some(train), after.train_of(index, Sign::Negative)].into_iter().flatten();
                let outputs = parts.flat_map(|part| new[part].iter().skip(channel).step_by(one.shape.channels));
                quantile(outputs.filter(|&&output| output > 0.0).map(|&output| f64::from(output)).collect(), 0.99)
            };
            let channels: Vec<f64> = (0..one.shape.channels).map(full).collect();
            let is_limited = |channel: usize| (f64::from(factors[channel]) - LARGEST).abs() < 1e-6;
            let is_silent = |channel: usize| channels[channel].is_nan() && factors[channel] == 1.0;
            let common = quantile(before.magnitudes(index, &old), 0.99);
            let even = |&(channel, full): &(usize, &f64)| {
                is_limited(channel) || is_silent(channel) || (full / common - 1.0).abs() < 1e-5
            };
            assert!(channels.iter().enumerate().all(|channel| even(&channel)), "{index}: {channels:?} {common}");
            assert!((0..channels.len()).any(|channel| !is_limited(channel)));
        }
    }

    /// Of no other activation can a factor be drawn out.
    #[test]
    fn other_activations_keep_one_scale() {
        let layers = vec![
            conv(1, [2, 4], Activation::Softplus),
            Layer::Flatten,
            Layer::Dense(Dense::new(8, numbers(16, 43), None, Activation::Softmax).unwrap()),
        ];
        let trained = Network::new(Shape::new(1, 2, 2), layers).unwrap();
        let plan = Plan::of(&trained).unwrap();
        let activity = plan.activity(&trained, &[0.5; 8], 2);
        assert_eq!(plan.clone().by_channel(&activity, 0.99).unwrap(), plan);
    }
}
