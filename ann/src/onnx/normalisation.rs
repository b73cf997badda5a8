//! Factors and summands per channel: batch normalisation, and arithmetic with constants.

use crate::activation::Activation;
use crate::error::ModelFileError;
use crate::layer::{BatchNormalization, Dense, Layer, Rescaling};
use crate::onnx::assembly::Assembly;
use crate::onnx::step::Step;
use crate::onnx::value::{Axes, Flow, Value, in_our_order};

/// Arithmetic of a flow and a constant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// A constant beside a flow.
enum Beside {
    One(f32),
    PerChannel(Vec<f32>),
}

impl Arithmetic {
    /// Factor and summand.
    fn affine(self, constant: f32) -> (f32, f32) {
        match self {
            Self::Add => (1.0, constant),
            Self::Subtract => (1.0, -constant),
            Self::Multiply => (constant, 0.0),
            Self::Divide => (1.0 / constant, 0.0),
        }
    }
}

impl<'a> Assembly<'a> {
    pub(crate) fn batch_normalization(&mut self, step: Step<'a>) -> Result<Flow, ModelFileError> {
        step.allow(&["epsilon", "momentum", "spatial", "training_mode"])?;
        step.require("training_mode", 0, "export the model in evaluation mode, model.eval()")?;
        step.require("spatial", 1, "normalise by channel")?;
        let flow = self.flow(step, 0)?;
        if !matches!(flow.axes, Axes::ChannelsFirst | Axes::Vector(_)) {
            return Err(step.contradiction("it needs (batch, channels, rows, columns) or (batch, units)"));
        }
        let channels = [flow.shape.channels];
        let next = |tensor: &'static str, position: usize| match self.weights_of(step, tensor, position, &channels)? {
            Some(values) => Ok(match &flow.axes {
                Axes::Vector(pieces) => in_our_order(&values, pieces, 1),
                _ => values,
            }),
            None => Err(ModelFileError::MissingWeights { layer: step.name().to_owned(), tensor }),
        };
        let (gamma, beta) = (Some(next("scale", 1)?), Some(next("bias", 2)?));
        let (mean, variance) = (next("mean", 3)?, next("variance", 4)?);
        let layer = BatchNormalization::new(gamma, beta, mean, variance);
        let layer = layer.map_err(|source| self.network_error(source))?;
        let layer = layer.with_epsilon(step.float("epsilon", 1e-5)).with_momentum(step.float("momentum", 0.9));
        let axes = flow.axes.clone();
        self.push(step, Layer::BatchNormalization(layer), &[flow], axes)
    }

    /// A flow and a constant: the bias of a dense layer, one factor or summand for all, or one per channel.
    pub(crate) fn arithmetic(&mut self, step: Step<'a>, kind: Arithmetic) -> Result<Flow, ModelFileError> {
        step.allow(&[])?;
        let is_first = matches!(self.value(step, 0)?, Value::Flow(_));
        let commutes = matches!(kind, Arithmetic::Add | Arithmetic::Multiply);
        let (at, other) = if is_first || !commutes { (0, 1) } else { (1, 0) };
        let flow = self.flow(step, at)?;
        let constant = self.beside(step, other, &flow)?;
        let values = match &constant {
            Beside::One(value) => std::slice::from_ref(value),
            Beside::PerChannel(values) => values,
        };
        let (factors, summands): (Vec<f32>, Vec<f32>) = values.iter().map(|&value| kind.affine(value)).unzip();
        if !factors.iter().all(|factor| factor.is_finite()) {
            return Err(step.contradiction("it divides by zero"));
        }
        let axes = flow.axes.clone();
        let path = self.path();
        if kind == Arithmetic::Add
            && let Some(node) = self.only_maker(step.input(at), &flow)
            && let Layer::Dense(dense) = &node.layer
            && dense.bias().is_none()
            && dense.activation() == Activation::Linear
        {
            let bias = match constant {
                Beside::One(value) => vec![value; dense.outputs()],
                Beside::PerChannel(values) => values,
            };
            let with_bias = Dense::new(dense.inputs(), dense.kernel().to_vec(), Some(bias), Activation::Linear);
            node.layer =
                Layer::Dense(with_bias.map_err(|source| ModelFileError::Network { path: path.to_owned(), source })?);
            return Ok(flow);
        }
        let layer = match constant {
            Beside::One(_) => Layer::Rescaling(Rescaling::new(f64::from(factors[0]), f64::from(summands[0]))),
            Beside::PerChannel(_) => {
                // The variance and what is added to it are one together, exactly.
                let (mean, variance) = (vec![0.0; factors.len()], vec![0.5; factors.len()]);
                let layer = BatchNormalization::new(Some(factors), Some(summands), mean, variance);
                Layer::BatchNormalization(layer.map_err(|source| self.network_error(source))?.with_epsilon(0.5))
            }
        };
        self.push(step, layer, &[flow], axes)
    }

    /// The constant at input `position`, as far as it is one number or one per channel.
    fn beside(&self, step: Step<'a>, position: usize, flow: &Flow) -> Result<Beside, ModelFileError> {
        let Some(weights) = self.weights(step, "constant", position)? else {
            return Err(step.contradiction("it has one input, it takes two"));
        };
        if let &[value] = weights.values() {
            return Ok(Beside::One(value));
        }
        let sizes: Vec<usize> = weights.shape().iter().copied().skip_while(|&size| size == 1).collect();
        let channels = flow.shape.channels;
        match (&flow.axes, sizes.as_slice()) {
            (Axes::Vector(pieces), &[units]) if units == channels => {
                Ok(Beside::PerChannel(in_our_order(weights.values(), pieces, 1)))
            }
            (Axes::ChannelsFirst, &[number, 1, 1]) | (Axes::ChannelsLast, &[number]) if number == channels => {
                Ok(Beside::PerChannel(weights.values().to_vec()))
            }
            _ => {
                let (found, arriving) = (weights.shape(), flow.sizes());
                let detail = format!(
                    "a constant of shape {found:?} meets {arriving:?} (0: the batch); use one number, or one per channel"
                );
                Err(step.contradiction(detail))
            }
        }
    }
}
