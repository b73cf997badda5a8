//! Layers that do not make a network.

use thiserror::Error;

use crate::error::{ActivationError, InitialiserError};
use crate::shape::{Extent, Shape};

/// Layers that do not make a network. Layers count from 0.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum NetworkError {
    /// No layer at all.
    #[error("a network needs at least one layer")]
    Empty,
    /// A dimension of size zero.
    #[error("layer {layer}: a kernel, pool, stride or shape has a dimension of size 0")]
    ZeroDimension {
        /// The layer.
        layer: usize,
    },
    /// A shape without units, or with more than 2^28 of them.
    #[error("layer {layer}: a shape of {shape} cannot be computed with; 1 to 268435456 units can")]
    Size {
        /// The layer.
        layer: usize,
        /// What arrives at it, or what it gives.
        shape: Shape,
    },
    /// A weight tensor whose length is not the product of its dimensions.
    #[error("a {tensor} of {expected} values was expected, found {found}")]
    TensorLength {
        /// Kernel, bias, gamma, ...
        tensor: &'static str,
        /// Product of the dimensions.
        expected: usize,
        /// Length of the slice.
        found: usize,
    },
    /// A layer that takes another number of channels or units than the layer before gives.
    #[error("layer {layer} takes {expected} channels or units, but the layer before gives {found}")]
    Channels {
        /// The layer.
        layer: usize,
        /// What its kernel was made for.
        expected: usize,
        /// The shape that arrives.
        found: Shape,
    },
    /// Output channels that do not divide into the groups of a convolution.
    #[error("layer {layer}: {outputs} output channels do not divide into {groups} groups")]
    Groups {
        /// The layer.
        layer: usize,
        /// Number of groups.
        groups: usize,
        /// Number of output channels.
        outputs: usize,
    },
    /// A layer that takes another number of inputs than it is given.
    #[error("layer {layer} ({kind}) takes {expected}, found {found}")]
    Inputs {
        /// The layer.
        layer: usize,
        /// What it is.
        kind: &'static str,
        /// Number of inputs that it takes.
        expected: &'static str,
        /// Number that it is given.
        found: usize,
    },
    /// An input from a layer that does not come before.
    #[error("layer {layer} takes the outputs of layer {origin}, which must come before it; put the layers in order")]
    Order {
        /// The layer.
        layer: usize,
        /// Where its input comes from.
        origin: usize,
    },
    /// A layer whose outputs nothing takes.
    #[error("nothing takes the outputs of layer {layer}; leave it out, or make it the last")]
    Unused {
        /// The layer.
        layer: usize,
    },
    /// Inputs of a sum or concatenation that do not match.
    #[error("layer {layer} merges a map of {expected} with one of {found}, which do not fit together")]
    Merge {
        /// The layer.
        layer: usize,
        /// Shape of its first input.
        expected: Shape,
        /// Shape of another one.
        found: Shape,
    },
    /// Channels that do not divide into the pieces of a maximum.
    #[error("layer {layer} takes the greatest of {pieces} pieces, into which the channels of {found} do not divide")]
    Pieces {
        /// The layer.
        layer: usize,
        /// Number of pieces.
        pieces: usize,
        /// The shape that arrives.
        found: Shape,
    },
    /// Inputs of a weighted average that can be negative.
    #[error(
        "layer {layer} ({kind}) averages inputs of 0 and above, but the layer before it can give negative values; let \
         that layer clip, or put a ReLU between"
    )]
    SignedConductance {
        /// The layer.
        layer: usize,
        /// What it is.
        kind: &'static str,
    },
    /// A new shape with another number of units.
    #[error("layer {layer} cannot turn {input} into {output}, which has another number of units")]
    Reshape {
        /// The layer.
        layer: usize,
        /// The shape that arrives.
        input: Shape,
        /// The shape that it is to give.
        output: Shape,
    },
    /// A setting out of its range.
    #[error("layer {layer}: {setting} must be {expected}, found {found}")]
    Setting {
        /// The layer.
        layer: usize,
        /// Which setting.
        setting: &'static str,
        /// Its range.
        expected: &'static str,
        /// Its value.
        found: f64,
    },
    /// A variance that is negative or no number.
    #[error("a variance must be 0 or above, found {found} in channel {channel}")]
    Variance {
        /// The channel, from 0.
        channel: usize,
        /// Its variance.
        found: f64,
    },
    /// A kernel or pool larger than the map it slides over.
    #[error("layer {layer}: a window of {window} does not fit into a map of {input}")]
    Window {
        /// The layer.
        layer: usize,
        /// Kernel or pool.
        window: Extent,
        /// The shape that arrives.
        input: Shape,
    },
    /// A dense layer on a map.
    #[error("layer {layer} is dense, but a map of {input} arrives; put a Flatten layer before it")]
    NotFlat {
        /// The layer.
        layer: usize,
        /// The shape that arrives.
        input: Shape,
    },
    /// Softmax in the middle of a network.
    #[error("layer {layer} has a softmax activation, which only the last layer can have")]
    HiddenSoftmax {
        /// The layer.
        layer: usize,
    },
    /// Softmax over a map, where it would be ambiguous which units it runs over.
    #[error("layer {layer} has a softmax activation on a map of {shape}; put a Flatten and a dense layer behind it")]
    SoftmaxMap {
        /// The layer.
        layer: usize,
        /// Its outputs.
        shape: Shape,
    },
    /// A pool with an activation that no model file can hold.
    #[error("layer {layer} is an average pool with activation {found}; a pool is linear or Noisy Softplus")]
    PoolActivation {
        /// The layer.
        layer: usize,
        /// Its activation.
        found: String,
    },
    /// Noisy Softplus as a layer of its own, without the variance path that a weighted layer would give it.
    #[error(
        "layer {layer} is Noisy Softplus on its own, which needs the weights before it; make it the activation of a \
         convolution, dense layer or average pool"
    )]
    NoVariance {
        /// The layer.
        layer: usize,
    },
    /// Noisy Softplus behind a layer whose outputs can be negative, which no variance path can carry.
    #[error(
        "layer {layer} is Noisy Softplus, whose inputs are spike rates, but the layer before it can give negative \
         values; give that layer a ReLU, Softplus or Noisy Softplus activation"
    )]
    SignedInput {
        /// The layer.
        layer: usize,
    },
    /// Impossible constants.
    #[error("layer {layer}: {source}")]
    Activation {
        /// The layer.
        layer: usize,
        /// What is wrong with them.
        source: ActivationError,
    },
    /// Weights that cannot be drawn.
    #[error(transparent)]
    Initialiser(#[from] InitialiserError),
}
