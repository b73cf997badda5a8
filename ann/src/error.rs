//! What can go wrong: activations, networks, training, checkpoints and model files.

mod checkpoint;
mod model_file;
mod network;

pub use checkpoint::CheckpointError;
pub use model_file::ModelFileError;
pub use network::NetworkError;

use thiserror::Error;

use crate::shape::Shape;

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
    /// No two numbers where the constants of Noisy Softplus at a fixed noise were expected.
    #[error("k and sigma of Noisy Softplus were expected, as in 0.3,0.45, found '{found}'")]
    FixedNoise {
        /// What was found.
        found: String,
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
    /// A radix of a root unit that is not a finite number from 1 on.
    #[error("{family} needs a finite radix of 1 or more, found {radix}")]
    Radix {
        /// Name of the family.
        family: &'static str,
        /// Its radix.
        radix: f64,
    },
    /// Noise of an impossible strength.
    #[error("a white-noise amplitude of 0 or more (nA sqrt(ms)) was expected, found {sigma}")]
    Noise {
        /// The amplitude.
        sigma: f64,
    },
    /// A neuron with impossible parameters.
    #[error(transparent)]
    Neuron(#[from] sim::ParameterError),
    /// A name of no activation.
    #[error(
        "no activation is called '{found}'; use linear, relu, leaky-relu-SLOPE, elu, elu-ALPHA, neglu, sigmoid, tanh, softplus, \
         noisy-softplus-K,SIGMA, softmax, lif, siegert-SIGMA, rrru-R, eru-R or orru-R"
    )]
    Name {
        /// The name.
        found: String,
    },
}

/// An initialiser with impossible constants.
#[derive(Clone, Debug, Error, PartialEq)]
#[error("an initialiser's {constant} must be {expected}, found {found}")]
pub struct InitialiserError {
    /// Which constant.
    pub constant: &'static str,
    /// Its range.
    pub expected: &'static str,
    /// Its value.
    pub found: f64,
}

/// Settings or samples that cannot be trained with, or a training that diverged.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum TrainingError {
    /// Factors on the learning rate for another number of layers.
    #[error(
        "{found} layers have a factor on the learning rate, but {expected} have something to learn; give one for each, or none"
    )]
    LayerRates {
        /// Layers with something to learn.
        expected: usize,
        /// Layers with a factor.
        found: usize,
    },
    /// Weight limits for another number of layers than can learn.
    #[error(
        "{found} layers have a weight limit, but {expected} have something to learn; give one for each (inf for none), or one for all"
    )]
    WeightLimits {
        /// Layers with something to learn.
        expected: usize,
        /// Layers with a limit.
        found: usize,
    },
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
    /// Pixels that make no whole number of images.
    #[error("{pixels} pixels are no whole number of images: the network takes {input} values per image")]
    PixelCount {
        /// Number of pixels.
        pixels: usize,
        /// Input of the network.
        input: Shape,
    },
    /// Target values of another number than the outputs.
    #[error("{expected} target values were expected, one per output and sample, found {found}")]
    TargetCount {
        /// Outputs of all samples.
        expected: usize,
        /// Values that are given.
        found: usize,
    },
    /// A target that is not finite.
    #[error("sample {sample} has the target value {found}; targets must be finite")]
    TargetValue {
        /// Index of the sample.
        sample: usize,
        /// The value.
        found: f32,
    },
    /// A last layer whose outputs the criterion cannot judge.
    #[error("{criterion} needs a last layer with {expected} activation, found {found}")]
    LastLayer {
        /// The criterion.
        criterion: &'static str,
        /// Activations that it can judge.
        expected: &'static str,
        /// Activation of the last layer.
        found: String,
    },
    /// A rule that looks at a loss which is not measured.
    #[error("{rule} looks at the validation loss, but no samples are set apart for validation")]
    NoValidation {
        /// The rule.
        rule: &'static str,
    },
    /// A validation share that leaves nothing to train on, or nothing to validate with.
    #[error("of {samples} samples, {validation} are set apart for validation; both parts need at least one")]
    Split {
        /// All samples.
        samples: usize,
        /// Of these, for validation.
        validation: usize,
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
