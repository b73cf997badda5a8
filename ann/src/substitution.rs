//! Another activation for a trained network.

use crate::activation::{Activation, ActivationChoice};
use crate::error::NetworkError;
use crate::layer::{AveragePool2d, Layer};
use crate::network::{Network, Node};
use crate::real::Real;

impl<T: Real> Network<T> {
    /// The network with another activation in its hidden layers, to be trained on.
    ///
    /// Noisy Softplus grows like `p m`, with `p = S tau_syn`, where ReLU and Softplus grow like `m`. Weights and biases of each layer
    /// that is changed are divided by the new slope and multiplied by the old one, so that a ReLU network computes the same,
    /// `max(w x, 0) = p max((w / p) x, 0)`, but for what the noise adds; the weights of a network of Noisy Softplus are nA.
    ///
    /// Linear layers stay as they are, but for average pools, which [`ActivationChoice::pool`] decides. So does the last layer, unless
    /// its outputs are rates (ReLU, Softplus or Noisy Softplus, as in [`Architecture::Paf`](crate::model::Architecture)).
    ///
    /// # Errors
    /// If the activation cannot stand where it would, as Noisy Softplus behind batch normalisation.
    pub fn with_activation(&self, choice: ActivationChoice) -> Result<Self, NetworkError> {
        let last = self.layers().len() - 1;
        let nodes = self.layers().iter().enumerate().map(|(index, layer)| {
            let kept = index == last && !is_rate(layer.activation());
            let layer = if kept { layer.clone() } else { substituted(layer.clone(), choice) };
            Node::new(layer, self.origins(index))
        });
        Self::graph(self.input(), nodes.collect())
    }
}

fn substituted<T: Real>(mut layer: Layer<T>, choice: ActivationChoice) -> Layer<T> {
    let old = layer.activation();
    let new = choice.weighted();
    match &mut layer {
        Layer::AveragePool2d(pool) => {
            *pool =
                AveragePool2d::new(pool.pool(), choice.pool()).with_stride(pool.stride()).with_padding(pool.padding());
        }
        Layer::Conv2d(conv) if old != Activation::Linear => *conv.activation_mut() = new,
        Layer::Dense(dense) if old != Activation::Linear => *dense.activation_mut() = new,
        Layer::Activation(activation) if old != Activation::Linear => *activation = new,
        _ => return layer,
    }
    let factor = T::from_f64(slope(old) / slope(new));
    for tensor in layer.parameters_mut() {
        tensor.iter_mut().for_each(|weight| *weight *= factor);
    }
    layer
}

/// Whether outputs of it can be the rates of neurons, and not what a cross-entropy judges.
fn is_rate(activation: Activation) -> bool {
    matches!(
        activation,
        Activation::Relu | Activation::Softplus | Activation::FixedNoise(_) | Activation::NoisySoftplus(_)
    )
}

/// What an activation grows like for large inputs.
fn slope(activation: Activation) -> f64 {
    match activation {
        Activation::NoisySoftplus(constants) => constants.p(),
        _ => 1.0,
    }
}
