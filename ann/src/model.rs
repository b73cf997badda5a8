//! Ready-made networks, and networks built layer upon layer.

mod architecture;
mod builder;
mod cwa;
mod mixture;
mod radical_root;

pub use architecture::{Architecture, Pool};
pub use builder::{Bias, Builder, Convolution};
pub use cwa::{CwaNetwork, CwaUnits};
pub use mixture::{MixtureNetwork, MixtureUnits};
pub use radical_root::{HiddenUnits, RootNetwork};

use crate::activation::ActivationChoice;
use crate::loss::RateLimit;
use crate::network::Network;
use crate::optimiser::{Method, Optimiser};
use crate::real::Real;
use crate::schedule::Schedule;
use crate::shape::Shape;
use crate::training::settings::TrainingSettings;

/// The convolutional network of Liu and Furber (2016), without biases, for images of 28x28x1:
///
/// ```text
/// Conv 5x5x6 - average pool 2 - Conv 5x5x12 - average pool 2 - Flatten - Dense 10, softmax
/// ```
///
/// 3,870 weights, drawn anew for each `seed`.
#[allow(clippy::missing_panics_doc)] // The shapes below are constants that fit.
pub fn paper<T: Real>(activation: ActivationChoice, seed: u64) -> Network<T> {
    let paper = Architecture::Paper { maps: [6, 12] }.build(Shape::new(28, 28, 1), 10, activation, seed);
    paper.expect("the shapes of the paper's network fit")
}

/// Settings that train [`paper`] on MNIST to 98.7-99.0 % in ten epochs with each activation.
///
/// Under Noisy Softplus the rate limit keeps about 99.9 % of the hidden outputs below 1 (200 Hz at a synaptic time constant of
/// 5 ms), at no cost in accuracy.
pub fn paper_training(activation: ActivationChoice, seed: u64) -> TrainingSettings {
    let rate_limit = match activation {
        ActivationChoice::NoisySoftplus(_) => Some(RateLimit { ceiling: 0.8, strength: 0.01 }),
        ActivationChoice::Relu | ActivationChoice::Softplus | ActivationChoice::Pointwise(_) => None,
    };
    let schedule = Schedule::Exponential { factor: 0.8 };
    let optimiser = Optimiser { schedule, ..Optimiser::new(Method::ADAM, 0.003) };
    let mut settings = TrainingSettings::new(optimiser, 10, 50, seed);
    settings.objective.rate_limit = rate_limit;
    settings
}
