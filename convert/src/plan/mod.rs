//! What a trained network is to become: populations of neurons, and the linear maps between them.
//!
//! A population stands for one nonlinearity. All that lies between two of them is linear and is drawn together into
//! [`Link`]s: batch normalisation and rescaling go into the weights and biases on either side of them, padding into the convolution that
//! follows, and dropout, flattening and reshaping into nothing. Sums of branches are links onto the same population. Outputs that may be
//! negative are told by two populations, one for each sign, since rates cannot be. Maxima and concatenations need no neurons: they choose and
//! renumber spikes ([`Train`]).

mod link;
mod normalisation;
mod padding;
mod planner;
mod value;

use crate::error::ConversionError;
use ann::{Activation, MaxPool2d, Network, Shape};
pub(crate) use link::{LinearMap, PreparedMap};
pub use normalisation::Normalisation;
pub(crate) use normalisation::regrouped;

/// Index into [`Plan::trains`].
pub(crate) type TrainId = usize;

/// Which part of signed outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    Positive,
    Negative,
}

/// Spike trains of a number of units.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Train {
    pub(crate) origin: TrainOrigin,
    /// The trained layer whose outputs they stand for; none for the images.
    pub(crate) node: Option<usize>,
    pub(crate) sign: Sign,
    pub(crate) shape: Shape,
    /// What each unit's output has been multiplied by; empty for nothing.
    pub(crate) factors: Vec<f32>,
}

impl Train {
    /// The factor of each channel; empty for none.
    pub(crate) fn channels(&self) -> &[f32] {
        &self.factors[..self.shape.channels.min(self.factors.len())]
    }
}

/// What makes spike trains.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TrainOrigin {
    /// The encoded image.
    Input,
    /// A population of a stage.
    Neurons { stage: usize },
    /// Of the units under each window, the one that has fired most; `input` is the shape in which the pool sees them.
    Greatest { of: TrainId, pool: MaxPool2d, input: Shape },
    /// The channels of several in these shapes, side by side.
    Together(Vec<(TrainId, Shape)>),
}

/// A linear map from spike trains onto a population.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Link {
    pub(crate) train: TrainId,
    pub(crate) map: LinearMap,
    /// 1, or -1 from the population of negative outputs.
    pub(crate) factor: f32,
}

/// A nonlinearity and what arrives there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stage {
    /// The trained layer whose outputs it stands for.
    pub(crate) node: usize,
    /// The layer with the weights, by Keras' name.
    pub(crate) kind: &'static str,
    pub(crate) links: Vec<Link>,
    /// One per unit; empty for none.
    pub(crate) bias: Vec<f32>,
    pub(crate) shape: Shape,
    pub(crate) activation: Activation,
    /// Whether outputs may be negative.
    pub(crate) signed: bool,
    /// Whether it only averages, so that its rates are those of what it averages.
    pub(crate) averages: bool,
}

impl Stage {
    /// Weighted sums with bias, per image and unit, of what `activity` says of each train.
    pub(crate) fn sums<'a>(
        &self,
        activity: impl Fn(TrainId) -> &'a [f32],
        batch: usize,
    ) -> Result<Vec<f32>, ConversionError> {
        let units = self.shape.units();
        let mut sums: Vec<f32> = match &self.bias[..] {
            [] => vec![0.0; batch * units],
            bias => bias.iter().copied().cycle().take(batch * units).collect(),
        };
        for Link { train, map, factor } in &self.links {
            for (sum, value) in sums.iter_mut().zip(map.apply(activity(*train), batch)?) {
                *sum += factor * value;
            }
        }
        Ok(sums)
    }
}

/// All stages in an order in which each comes behind what it needs; the last are the outputs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    pub(crate) trains: Vec<Train>,
    pub(crate) stages: Vec<Stage>,
}

impl Plan {
    /// Of a trained network.
    ///
    /// # Errors
    /// Names the layer that has no spiking counterpart.
    pub(crate) fn of(trained: &Network<f32>) -> Result<Plan, ConversionError> {
        planner::Planner::new(trained).plan()
    }

    /// Number of connections: multiplications of the trained network for one image, with all that is linear drawn together.
    pub(crate) fn connections(&self) -> Result<u64, ConversionError> {
        self.connections_of(|_| true)
    }

    /// Of them, those of the images themselves.
    pub(crate) fn image_connections(&self) -> Result<u64, ConversionError> {
        self.connections_of(|train| train == 0)
    }

    fn connections_of(&self, counts: impl Fn(TrainId) -> bool) -> Result<u64, ConversionError> {
        let mut connections = 0;
        let links = self.stages.iter().flat_map(|stage| &stage.links);
        for link in links.filter(|link| link.factor > 0.0 && counts(link.train)) {
            let counting = link.map.counting()?;
            let ones = vec![1.0; counting.sizes()?[0]];
            connections += counting.apply(&ones, 1)?.iter().map(|&count| count as u64).sum::<u64>();
        }
        Ok(connections)
    }

    /// Both parts of what a stage's outputs come to, where they are not 0.
    pub(crate) fn magnitudes(&self, stage: usize, activity: &[Vec<f32>]) -> Vec<f64> {
        let trains = [Sign::Positive, Sign::Negative].into_iter().filter_map(|sign| self.train_of(stage, sign));
        let outputs = trains.flat_map(|train| &activity[train]);
        outputs.filter(|&&output| output > 0.0).map(|&output| f64::from(output)).collect()
    }

    /// The train of this sign of a stage, if it has one.
    pub(crate) fn train_of(&self, stage: usize, sign: Sign) -> Option<TrainId> {
        self.trains.iter().position(|train| train.origin == TrainOrigin::Neurons { stage } && train.sign == sign)
    }

    /// What each train stands for on `batch` images: the positive or the negative part of its layer's outputs, times its factors.
    pub(crate) fn activity(&self, trained: &Network<f32>, inputs: &[f32], batch: usize) -> Vec<Vec<f32>> {
        let outputs = trained.activations(inputs, batch);
        let part = |train: &Train| {
            let values = train.node.map_or(inputs, |node| &outputs[node]);
            match train.sign {
                Sign::Positive => values.iter().map(|&value| value.max(0.0)).collect(),
                Sign::Negative => values.iter().map(|&value| (-value).max(0.0)).collect(),
            }
        };
        let mut activity: Vec<Vec<f32>> = self.trains.iter().map(part).collect();
        self.multiply_activity(&mut activity);
        activity
    }

    /// Multiplies what each train stands for by its factors.
    pub(crate) fn multiply_activity(&self, activity: &mut [Vec<f32>]) {
        for (values, train) in activity.iter_mut().zip(&self.trains) {
            values.iter_mut().zip(train.factors.iter().cycle()).for_each(|(value, factor)| *value *= factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ann::{
        AveragePool2d, BatchNormalization, Conv2d, Dense, Dropout, Extent, KernelShape, Layer, Margins, Node, Origin,
        Padding, Rescaling, ZeroPadding2d,
    };

    const IMAGES: usize = 5;

    fn numbers(count: usize, factor: usize) -> Vec<f32> {
        (0..count).map(|i| (i * factor % 199) as f32 / 99.0 - 1.0).collect()
    }

    fn conv(side: usize, [inputs, outputs]: [usize; 2], activation: Activation) -> Conv2d<f32> {
        let shape = KernelShape { height: side, width: side, inputs, outputs };
        let (kernel, bias) = (numbers(shape.weights(), 37), numbers(outputs, 91));
        Conv2d::new(shape, kernel, Some(bias), Extent::square(1), activation).unwrap()
    }

    fn normalisation(channels: usize) -> Layer<f32> {
        let variance = (0..channels).map(|c| 0.5 + c as f32 / 3.0).collect();
        let (gamma, beta, mean) = (numbers(channels, 53), numbers(channels, 71), numbers(channels, 29));
        Layer::BatchNormalization(BatchNormalization::new(Some(gamma), Some(beta), mean, variance).unwrap())
    }

    fn classifier(units: usize) -> Layer<f32> {
        Layer::Dense(Dense::new(units, numbers(units * 3, 43), Some(numbers(3, 17)), Activation::Softmax).unwrap())
    }

    /// Asserts that each stage hears just what its layer computes: by the trained network, whose activity it is given.
    fn assert_equivalent(input: Shape, nodes: Vec<Node<f32>>, kinds: &[&str]) {
        let trained = Network::graph(input, nodes).unwrap();
        let plan = Plan::of(&trained).unwrap();
        assert_eq!(plan.stages.iter().map(|stage| stage.kind).collect::<Vec<_>>(), kinds);
        let inputs: Vec<f32> = numbers(IMAGES * input.units(), 61).into_iter().map(f32::abs).collect();
        let activity = plan.activity(&trained, &inputs, IMAGES);
        let outputs = trained.activations(&inputs, IMAGES);
        for stage in &plan.stages {
            let sums = stage.sums(|train| &activity[train], IMAGES).unwrap();
            for (index, (sum, output)) in sums.into_iter().zip(&outputs[stage.node]).enumerate() {
                let [sum, output] =
                    if stage.activation == Activation::Relu { [sum.max(0.0), output.max(0.0)] } else { [sum, *output] };
                // f32 sums of up to 500 terms of order 1 in another order.
                assert!((sum - output).abs() < 1e-3 * (1.0 + output.abs()), "{} {index}: {sum}, {output}", stage.kind);
            }
        }
    }

    fn chain(layers: Vec<Layer<f32>>) -> Vec<Node<f32>> {
        let origin = |index: usize| index.checked_sub(1).map_or(Origin::Input, Origin::Node);
        layers.into_iter().enumerate().map(|(index, layer)| Node::new(layer, [origin(index)])).collect()
    }

    /// Normalisation before and behind the activation, behind padding, of flat units, and of raw pixels that are rescaled.
    #[test]
    fn what_is_linear_is_drawn_together() {
        let relu = || Layer::Activation(Activation::Relu);
        let same = |conv: Conv2d<f32>| Layer::Conv2d(conv.with_padding(Padding::Same));
        let layers = vec![
            Layer::Rescaling(Rescaling::new(0.5, -0.25)),
            same(conv(3, [2, 4], Activation::Linear)),
            normalisation(4),
            relu(),
            Layer::Dropout(Dropout::new(0.5)),
            normalisation(4),
            Layer::Conv2d(conv(3, [2, 6], Activation::Linear).with_groups(2).with_padding(Padding::Same)),
            relu(),
            Layer::ZeroPadding2d(ZeroPadding2d::new(Margins { top: 1, bottom: 0, left: 2, right: 1 })),
            Layer::Conv2d(conv(3, [6, 3], Activation::Relu).with_dilation(Extent::square(2))),
            Layer::AveragePool2d(
                AveragePool2d::new(Extent::square(3), Activation::Linear)
                    .with_stride(Extent::square(1))
                    .with_padding(Padding::Same),
            ),
            normalisation(3),
            Layer::Flatten,
            Layer::Dense(Dense::new(30, numbers(30 * 7, 31), None, Activation::Linear).unwrap()),
            normalisation(7),
            relu(),
            normalisation(7),
            classifier(7),
        ];
        let kinds = ["Conv2D", "Conv2D", "Conv2D", "AveragePooling2D", "Dense", "Dense"];
        assert_equivalent(Shape::new(5, 6, 2), chain(layers), &kinds);
    }

    #[test]
    fn branches_are_links_onto_one_population() {
        let node = Node::new;
        let nodes = vec![
            node(Layer::Conv2d(conv(1, [2, 4], Activation::Relu)), vec![Origin::Input]),
            node(Layer::Conv2d(conv(3, [4, 4], Activation::Linear).with_padding(Padding::Same)), vec![Origin::Node(0)]),
            node(normalisation(4), vec![Origin::Node(1)]),
            node(Layer::Add, vec![Origin::Node(2), Origin::Node(0)]),
            node(Layer::Activation(Activation::Relu), vec![Origin::Node(3)]),
            node(Layer::Conv2d(conv(1, [4, 3], Activation::Relu)), vec![Origin::Node(4)]),
            node(Layer::Concatenate, vec![Origin::Node(4), Origin::Node(5)]),
            // Of sums that nothing but a rectifier behind it will see.
            node(Layer::Conv2d(conv(1, [7, 2], Activation::Linear)), vec![Origin::Node(6)]),
            node(Layer::MaxPool2d(MaxPool2d::new(Extent::square(2))), vec![Origin::Node(7)]),
            node(Layer::Activation(Activation::Relu), vec![Origin::Node(8)]),
            node(Layer::GlobalAveragePool2d, vec![Origin::Node(9)]),
            node(classifier(2), vec![Origin::Node(10)]),
        ];
        let kinds = ["Conv2D", "Add", "Conv2D", "Conv2D", "GlobalAveragePooling2D", "Dense"];
        assert_equivalent(Shape::new(4, 6, 2), nodes, &kinds);
    }

    /// A linear layer before another, and one whose normalisation differs between cells, need neurons for both signs.
    #[test]
    fn linear_layers_in_a_row_have_neurons_in_between() {
        let layers = vec![
            Layer::Conv2d(conv(3, [2, 4], Activation::Linear)),
            Layer::Conv2d(conv(1, [4, 3], Activation::Linear)),
            Layer::Flatten,
            normalisation(24),
            classifier(24),
        ];
        assert_equivalent(Shape::new(4, 6, 2), chain(layers), &["Conv2D", "Conv2D", "Dense"]);
    }
}
