//! Ordinary (non-spiking) networks: layers, activations, training and model files (Keras, ONNX, NIR).
//!
//! A [`Network`] is a graph of [`Layer`]s over channels-last tensors, most often a chain. It is built once, checked once, and then
//! evaluated ([`Network::forward`]), trained ([`train`]) or written to a file that Keras can open ([`keras::write`]).
//! Training runs in `f32`; the same code runs in `f64` where gradients are checked against central differences.
//!
//! The activation that this crate exists for is Noisy Softplus: its layers carry a mean path and a variance path, so
//! that a trained unit knows the noise which its Poisson inputs will make on a leaky integrate-and-fire neuron. The
//! outputs of such layers are expected spikes per synaptic time constant, its weights are nA.
//!
//! ```
//! use ann::{ActivationChoice, model};
//!
//! let network = model::paper::<f32>(ActivationChoice::Relu, 7);
//! let blank = vec![0.0; 28 * 28];
//! // A network without biases is indifferent to a blank image.
//! assert_eq!(network.forward(&blank, 1), vec![0.1; 10]);
//! ```
//!
//! Reading order: [`Shape`], [`Layer`], [`Activation`], [`Network`], [`model`], [`train`], [`keras`].

mod activation;
mod augmentation;
pub mod checkpoint;
mod criterion;
mod error;
mod evaluation;
mod gradients;
pub mod initialiser;
pub mod keras;
mod layer;
mod loss;
mod matrix;
pub mod model;
pub mod model_file;
mod network;
pub mod nir;
pub mod onnx;
mod optimiser;
mod pass;
pub mod preprocessing;
mod random;
mod real;
mod schedule;
mod shape;
mod substitution;
mod targets;
mod training;
mod workspace;

pub use activation::fixed_noise::FixedNoise;
pub use activation::lif_rate::LifRate;
pub use activation::noisy_softplus::{self, NoisySoftplus};
pub use activation::root_unit::{RootFamily, RootUnit};
pub use activation::{Activation, ActivationChoice};
pub use augmentation::{Augmentation, Flip};
pub use criterion::Criterion;
pub use error::{ActivationError, CheckpointError, InitialiserError, ModelFileError, NetworkError, TrainingError};
pub use evaluation::{Evaluation, Samples, evaluate, predict};
pub use gradients::Gradients;
pub use layer::{
    AveragePool2d, Averaging, BatchNormalization, Conv2d, ConvAct, CwaConv2d, CwaDense, CwaLateral, Dense,
    DoubledInput, Dropout, KernelShape, Layer, Margins, MaxPool2d, Maxout, MixLu, MixLuVariant, Padding, Rescaling,
    Reshape, SynapticMaxout, Weighting, ZeroPadding2d,
};
pub use loss::{Loss, RateLimit};
pub use network::{Network, Node, Origin};
pub use optimiser::{LayerRate, Method, Optimiser, WeightDecay};
pub use pass::{Objective, Phase, VarianceGradient, loss_and_gradients};
pub use real::Real;
pub use schedule::{Plateau, Schedule, Watched};
pub use shape::{Extent, Shape};
pub use targets::{Examples, Pixels, Targets};
pub use training::batch::measure_loss;
pub use training::history::{EpochRecord, History, Observer, Progress, Validation};
pub use training::settings::{EarlyStopping, TrainingSettings};
pub use training::state::TrainingState;
pub use training::{resume, train};
