//! What can go wrong: activations, networks, training and model files.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::shape::{Extent, Shape};

/// An activation with impossible constants.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ActivationError {
    /// A constant of Noisy Softplus that is not positive and finite.
    #[error("Noisy Softplus needs a positive, finite {constant}, found {value}")]
    Constant {
        /// Which constant.
        constant: &'static str,
        /// Its value.
        value: f64,
    },
    /// A constant of another activation that is not finite.
    #[error("{activation} needs a finite {constant}, found {value}")]
    Infinite {
        /// Name of the activation.
        activation: &'static str,
        /// Which constant.
        constant: &'static str,
        /// Its value.
        value: f64,
    },
}

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
}

/// Settings or samples that cannot be trained with, or a training that diverged.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum TrainingError {
    /// A setting out of its range.
    #[error("{setting} must be {expected}, found {found}")]
    Setting {
        /// Which setting.
        setting: &'static str,
        /// Its range.
        expected: &'static str,
        /// Its value.
        found: f64,
    },
    /// No samples.
    #[error("there are no training samples")]
    NoSamples,
    /// Pixels and labels that do not belong together.
    #[error("{labels} labels with {pixels} pixels: the network takes {input} values per sample")]
    SampleSize {
        /// Number of labels.
        labels: usize,
        /// Number of pixels.
        pixels: usize,
        /// Input of the network.
        input: Shape,
    },
    /// A label beyond the outputs of the network.
    #[error("sample {sample} has label {label}, but the network has {classes} outputs")]
    Label {
        /// Index of the sample.
        sample: usize,
        /// Its label.
        label: u8,
        /// Number of outputs.
        classes: usize,
    },
    /// A last layer that gives no logits.
    #[error("training needs a last layer with softmax or linear activation, found {found}")]
    NoLogits {
        /// Its activation.
        found: String,
    },
    /// Loss that is infinite or not a number.
    #[error("the loss became {loss} in epoch {epoch}; lower the learning rate")]
    Diverged {
        /// The epoch, from 0.
        epoch: usize,
        /// The loss.
        loss: f64,
    },
}

/// A model file that cannot be read or written.
#[derive(Debug, Error)]
pub enum ModelFileError {
    /// The file cannot be opened, read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Not an HDF5 file.
    #[error("{} is not an HDF5 file ({found}); save the model from Keras with model.save(\"NAME.h5\")", path.display())]
    NotHdf5 {
        /// The file.
        path: PathBuf,
        /// What it looks like.
        found: &'static str,
    },
    /// An HDF5 file that ends too early or contradicts itself.
    #[error("{} is a damaged or truncated HDF5 file: {detail}; copy or save it again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where it breaks.
        detail: String,
    },
    /// A `.keras` archive that cannot be unpacked.
    #[error("{} is a damaged .keras archive: {detail}; copy or save it again", path.display())]
    DamagedArchive {
        /// The file.
        path: PathBuf,
        /// Where it breaks.
        detail: String,
    },
    /// No `model_config`.
    #[error(
        "{} has no model_config attribute, so it is not a whole Keras model; weights alone do not tell the layers: \
         save with model.save(\"NAME.h5\")", path.display()
    )]
    NoModelConfig {
        /// The file.
        path: PathBuf,
    },
    /// A `model_config` that is not the expected JSON.
    #[error("{}: model_config cannot be understood: {detail}", path.display())]
    ModelConfig {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        detail: String,
    },
    /// Inputs, outputs or edges that make no network here.
    #[error("{}: the model cannot be read: {detail}", path.display())]
    Topology {
        /// The file.
        path: PathBuf,
        /// What is in the way.
        detail: String,
    },
    /// A layer class that has no counterpart here.
    #[error("layer '{layer}' is of class {class}, which is not supported: {advice}")]
    UnsupportedLayer {
        /// Name of the layer.
        layer: String,
        /// Its class.
        class: String,
        /// What the user can do.
        advice: &'static str,
    },
    /// A setting of a layer that has no counterpart here.
    #[error("layer '{layer}' ({class}) has {setting} = {found}, which is not supported: {advice}")]
    UnsupportedSetting {
        /// Name of the layer.
        layer: String,
        /// Its class.
        class: String,
        /// The key in its configuration.
        setting: &'static str,
        /// Its value.
        found: String,
        /// What the user can do.
        advice: &'static str,
    },
    /// A configuration that lacks something.
    #[error("layer '{layer}' ({class}): {detail}")]
    LayerConfig {
        /// Name of the layer.
        layer: String,
        /// Its class.
        class: String,
        /// What is missing or contradictory.
        detail: String,
    },
    /// Weights that are not in the file.
    #[error("layer '{layer}' has no {tensor} in the file")]
    MissingWeights {
        /// Name of the layer.
        layer: String,
        /// Kernel or bias.
        tensor: &'static str,
    },
    /// Weights of another shape than the configuration says.
    #[error("layer '{layer}': a {tensor} of shape {expected:?} was expected, found {found:?}")]
    WeightShape {
        /// Name of the layer.
        layer: String,
        /// Kernel or bias.
        tensor: &'static str,
        /// By the configuration.
        expected: Vec<usize>,
        /// In the file.
        found: Vec<usize>,
    },
    /// A weight that is infinite or not a number.
    #[error("layer '{layer}': the {tensor} holds {value} at index {index:?}; train the model again")]
    NotFinite {
        /// Name of the layer.
        layer: String,
        /// Kernel or bias.
        tensor: &'static str,
        /// Index, one number per dimension.
        index: Vec<usize>,
        /// The weight.
        value: f32,
    },
    /// Layers that do not fit together.
    #[error("{}: {source}", path.display())]
    Network {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: NetworkError,
    },
    /// A pool with a padding that Keras does not have.
    #[error("layer {layer} ({kind}) has explicit padding, which Keras has no pool for; use padding valid or same")]
    PoolPadding {
        /// The layer, from 0.
        layer: usize,
        /// What it is.
        kind: &'static str,
    },
    /// The HDF5 writer refused.
    #[error("{} cannot be written: {detail}", path.display())]
    Encoding {
        /// The file.
        path: PathBuf,
        /// What the writer said.
        detail: String,
    },
}
