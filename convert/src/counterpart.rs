//! What a trained layer becomes in a spiking network, if anything.

use crate::error::ConversionError;
use ann::{Activation, AveragePool2d, Conv2d, Dense, Extent, Layer, Network, Padding, RootFamily};

/// A trained layer with a spiking counterpart.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Counterpart<'a> {
    /// A population with convolutional synapses.
    Convolution(&'a Conv2d<f32>),
    /// A population with pooling synapses.
    Pool(AveragePool2d),
    /// A population with synapses from all neurons to all.
    Dense(&'a Dense<f32>),
    /// Nothing: after training the layer does nothing but reorder.
    Identity,
}

impl<'a> Counterpart<'a> {
    /// Of each layer of a chain.
    pub(crate) fn of_all(trained: &'a Network<f32>) -> Result<Vec<Counterpart<'a>>, ConversionError> {
        let counterparts = trained.layers().iter().enumerate().map(|(index, layer)| Counterpart::of(index, layer));
        let counterparts = counterparts.collect::<Result<_, _>>()?;
        // A layer with several inputs has been refused above; what is left are several consumers of one output.
        match (0..trained.layers().len()).find(|&index| trained.origins(index) != [origin(index)]) {
            Some(index) => {
                let reason = "does not take the outputs of the layer before it";
                Err(unsupported(index, &trained.layers()[index], reason, "train a network that is a chain of layers"))
            }
            None => Ok(counterparts),
        }
    }

    fn of(index: usize, layer: &'a Layer<f32>) -> Result<Counterpart<'a>, ConversionError> {
        const CHAIN: &str = "train a chain of Conv2D, AveragePooling2D, Flatten and Dense layers";
        let refusal = |reason, advice| Err(unsupported(index, layer, reason, advice));
        match layer {
            Layer::Conv2d(conv) => {
                if conv.padding() != Padding::Valid {
                    return refusal("pads its inputs", "train it with padding 'valid'");
                }
                if conv.dilation() != Extent::square(1) {
                    return refusal("is dilated", "train it with dilation 1");
                }
                if conv.groups() != 1 {
                    return refusal("has groups of channels", "train it with one group");
                }
                known_activation(index, layer)?;
                Ok(Counterpart::Convolution(conv))
            }
            Layer::AveragePool2d(pool) => {
                if pool.stride() != pool.pool() || pool.padding() != Padding::Valid {
                    let advice = "train it with strides equal to pool_size and padding 'valid'";
                    return refusal("has windows that overlap, leave gaps or are padded", advice);
                }
                Ok(Counterpart::Pool(*pool))
            }
            Layer::Dense(dense) => {
                known_activation(index, layer)?;
                Ok(Counterpart::Dense(dense))
            }
            Layer::Flatten | Layer::Dropout(_) => Ok(Counterpart::Identity),
            Layer::MaxPool2d(_) | Layer::GlobalMaxPool2d => {
                refusal("takes a maximum, which no neuron here computes", "train it with AveragePooling2D")
            }
            Layer::GlobalAveragePool2d => {
                let advice = "use AveragePooling2D with pool_size of the whole map, then Flatten";
                refusal("has no spiking counterpart yet", advice)
            }
            Layer::BatchNormalization(_) => refusal(
                "scales and shifts without neurons of its own",
                "fold it into the weights of the layer before it",
            ),
            Layer::Rescaling(_) => {
                refusal("changes the units of the images", "leave it out; images arrive as pixel / 255")
            }
            Layer::Activation(_) => {
                refusal("stands on its own", "make it the activation of the Conv2D or Dense layer before it")
            }
            Layer::Reshape(_) => refusal("has no spiking counterpart yet", "use Flatten"),
            Layer::ZeroPadding2d(_) => refusal("has no spiking counterpart yet", "pad the images instead"),
            Layer::CwaConv2d(_) | Layer::CwaDense(_) | Layer::CwaLateral(_) => refusal(
                "weighs conductances, which neurons with synaptic currents do not have",
                "train it with Conv2D and Dense layers",
            ),
            Layer::DoubledInput(_) => refusal("stretches and doubles the images", "leave it out"),
            Layer::Maxout(_) => {
                refusal("takes a maximum, which no neuron here computes", "train it with ReLU units instead")
            }
            Layer::MixLu(_) => refusal("has units with negative outputs", "use the ReLU activation instead"),
            Layer::ConvAct(_) => {
                refusal("has learned slopes, which no neuron here follows", "use the ReLU activation instead")
            }
            Layer::Add | Layer::Concatenate => refusal("merges several layers", CHAIN),
        }
    }
}

/// Origin of the inputs of a layer in a chain.
fn origin(index: usize) -> ann::Origin {
    index.checked_sub(1).map_or(ann::Origin::Input, ann::Origin::Node)
}

fn unsupported(index: usize, layer: &Layer<f32>, reason: &'static str, advice: &'static str) -> ConversionError {
    ConversionError::Unsupported { layer: index, kind: layer.kind(), reason, advice }
}

/// Refuses activations whose rates no fit is made for.
fn known_activation(index: usize, layer: &Layer<f32>) -> Result<(), ConversionError> {
    let refusal = |reason| Err(unsupported(index, layer, reason, "train it with ReLU, Softplus or Noisy Softplus"));
    match layer.activation() {
        Activation::Linear
        | Activation::Relu
        | Activation::Softplus
        | Activation::NoisySoftplus(_)
        | Activation::Softmax => Ok(()),
        Activation::RootUnit(unit) if unit.family == RootFamily::Rectified => {
            refusal("has a root unit, which is not silent without input as a neuron is")
        }
        activation @ (Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::NegLu
        | Activation::RootUnit(_)
        | Activation::Tanh) => {
            Err(ConversionError::SignedOutput { layer: index, kind: layer.kind(), activation: activation.to_string() })
        }
        Activation::LifRate(_) => {
            refusal("has a firing rate under noise of one strength, which its Poisson inputs will not make")
        }
        Activation::Sigmoid => refusal("has a sigmoid, which no neuron here follows"),
    }
}
