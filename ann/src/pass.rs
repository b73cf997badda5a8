//! Forward and backward pass of a few samples through a network, in reused memory.

use std::borrow::Cow;

use crate::activation::Activation;
use crate::gradients::Gradients;
use crate::layer::{Layer, drive_gradient, drive_weights, flatten};
use crate::loss::{Loss, RateLimit, cross_entropy};
use crate::network::Network;
use crate::real::Real;

/// Whether the gradient runs through the variance path of Noisy Softplus as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VarianceGradient {
    /// The exact gradient.
    #[default]
    On,
    /// The variance counts as a constant, as in the published training code.
    Off,
}

/// What training minimises: the cross-entropy, and optionally a penalty on high rates.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Objective {
    /// Penalty on hidden outputs above a ceiling.
    pub rate_limit: Option<RateLimit>,
    /// Gradient through the variance path.
    pub variance_gradient: VarianceGradient,
}

/// Loss (sums over the samples) and gradients of the mean loss over `labels.len()` samples.
///
/// # Panics
/// If `inputs` does not hold one sample per label, or a label is beyond the outputs.
pub fn loss_and_gradients<T: Real>(
    network: &Network<T>,
    inputs: &[T],
    labels: &[u8],
    objective: Objective,
) -> (Loss, Gradients<T>) {
    let mut gradients = Gradients::zeros(network);
    let share = 1.0 / labels.len() as f64;
    let loss = Pass::new(network).learn(inputs, labels, objective, share, &mut Workspace::new(), &mut gradients);
    (loss, gradients)
}

/// Drive and outputs of one layer.
#[derive(Default)]
struct Tape<T> {
    /// First the drive, after the activation its slopes, in the backward pass the drive's gradient.
    drive: Vec<T>,
    outputs: Vec<T>,
}

/// Memory of a pass: grows to the largest batch, then is reused.
#[derive(Default)]
pub(crate) struct Workspace<T> {
    tapes: Vec<Tape<T>>,
    unfolded: Vec<T>,
    weight_gradient: Vec<T>,
    output_gradient: Vec<T>,
    input_gradient: Vec<T>,
}

impl<T: Real> Workspace<T> {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Outputs of a layer in the last forward pass.
    pub(crate) fn outputs(&self, layer: usize) -> &[T] {
        &self.tapes[layer].outputs
    }
}

/// A network ready to be run, with the weights of both paths side by side.
pub(crate) struct Pass<'a, T: Real> {
    network: &'a Network<T>,
    weights: Vec<Cow<'a, [T]>>,
}

impl<'a, T: Real> Pass<'a, T> {
    pub(crate) fn new(network: &'a Network<T>) -> Self {
        let weights = network.layers().iter().map(|layer| match layer {
            Layer::Conv2d(conv) => drive_weights(conv.kernel(), conv.activation().paths()),
            Layer::Dense(dense) => drive_weights(dense.kernel(), dense.activation().paths()),
            Layer::AveragePool2d(_) | Layer::Flatten => Cow::Borrowed(&[][..]),
        });
        Self { network, weights: weights.collect() }
    }

    pub(crate) fn forward(&self, inputs: &[T], batch: usize, workspace: &mut Workspace<T>) {
        let Workspace { tapes, unfolded, .. } = workspace;
        tapes.resize_with(self.network.layers().len(), Tape::default);
        for (index, layer) in self.network.layers().iter().enumerate() {
            let shapes = (self.network.input_shape(index), self.network.output_shape(index));
            let (before, rest) = tapes.split_at_mut(index);
            let inputs = before.last().map_or(inputs, |tape| &*tape.outputs);
            let Tape { drive, outputs } = &mut rest[0];
            let activation = layer.activation();
            outputs.resize(batch * shapes.1.units(), T::ZERO);
            if !matches!(layer, Layer::Flatten) {
                drive.resize(outputs.len() * activation.paths(), T::ZERO);
            }
            match layer {
                Layer::Conv2d(conv) => conv.forward(shapes, &self.weights[index], inputs, unfolded, drive),
                Layer::Dense(dense) => dense.forward(&self.weights[index], inputs, batch, drive),
                Layer::AveragePool2d(pool) => pool.forward(shapes.0, shapes.1, inputs, drive),
                Layer::Flatten => {
                    flatten(inputs, outputs);
                    continue;
                }
            }
            activation.respond(drive, outputs);
        }
    }

    /// Forward and backward; adds `share` times the gradient of the summed loss to `gradients`.
    pub(crate) fn learn(
        &self,
        inputs: &[T],
        labels: &[u8],
        objective: Objective,
        share: f64,
        workspace: &mut Workspace<T>,
        gradients: &mut Gradients<T>,
    ) -> Loss {
        self.forward(inputs, labels.len(), workspace);
        let last = self.network.layers().len() - 1;
        let Workspace { tapes, output_gradient, .. } = &mut *workspace;
        output_gradient.clear();
        output_gradient.extend_from_slice(&tapes[last].outputs);
        let mut loss = cross_entropy(output_gradient, labels, share);
        loss.rate_penalty = self.backward(inputs, objective, share, workspace, gradients);
        loss
    }

    fn backward(
        &self,
        inputs: &[T],
        objective: Objective,
        share: f64,
        workspace: &mut Workspace<T>,
        gradients: &mut Gradients<T>,
    ) -> f64 {
        let Workspace { tapes, unfolded, weight_gradient, output_gradient, input_gradient } = workspace;
        let last = self.network.layers().len() - 1;
        let mut parameters = gradients.tensors_mut();
        let mut penalty = 0.0;
        for (index, layer) in self.network.layers().iter().enumerate().rev() {
            let shapes = (self.network.input_shape(index), self.network.output_shape(index));
            let (before, rest) = tapes.split_at_mut(index);
            let inputs = before.last().map_or(inputs, |tape| &*tape.outputs);
            let Tape { drive, outputs } = &mut rest[0];
            let activation = layer.activation();
            if let Some(limit) = objective.rate_limit
                && index < last
                && activation != Activation::Linear
            {
                penalty += limit.apply(outputs, share, output_gradient);
            }
            if matches!(layer, Layer::Flatten) {
                continue;
            }
            drive_gradient(drive, output_gradient, activation.paths());
            if objective.variance_gradient == VarianceGradient::Off && activation.paths() == 2 {
                drive.iter_mut().skip(1).step_by(2).for_each(|variance| *variance = T::ZERO);
            }
            let (rest, own) = parameters.split_at_mut(parameters.len() - layer.parameters().len());
            parameters = rest;
            // Nothing needs the gradient of the network's own inputs.
            let wanted = if index > 0 {
                input_gradient.resize(inputs.len(), T::ZERO);
                Some(&mut **input_gradient)
            } else {
                None
            };
            let weights = &self.weights[index];
            match layer {
                Layer::Conv2d(conv) => {
                    conv.backward(shapes, weights, inputs, drive, own, weight_gradient, unfolded, wanted);
                }
                Layer::Dense(dense) => dense.backward(weights, inputs, drive, own, weight_gradient, wanted),
                Layer::AveragePool2d(pool) => {
                    if let Some(input_gradient) = wanted {
                        pool.backward(shapes.0, shapes.1, drive, input_gradient);
                    }
                }
                Layer::Flatten => {}
            }
            std::mem::swap(output_gradient, input_gradient);
        }
        penalty
    }
}
