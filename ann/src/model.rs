//! Ready-made networks.

use crate::activation::{Activation, ActivationChoice};
use crate::initialiser::{Fans, glorot_uniform};
use crate::layer::{AveragePool2d, Conv2d, Dense, KernelShape, Layer};
use crate::loss::RateLimit;
use crate::network::Network;
use crate::optimiser::{Method, Optimiser};
use crate::real::Real;
use crate::schedule::Schedule;
use crate::shape::{Extent, Shape};
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
    let pool = Layer::AveragePool2d(AveragePool2d::new(Extent::square(2), activation.pool()));
    let layers = vec![
        conv5x5(1, 6, activation, seed, 0),
        pool.clone(),
        conv5x5(6, 12, activation, seed, 1),
        pool,
        Layer::Flatten,
        classifier(192, 10, seed, 2),
    ];
    Network::new(Shape::new(28, 28, 1), layers).expect("the shapes of the paper's network fit")
}

/// Settings that train [`paper`] on MNIST to 98.7-99.0 % in ten epochs with each activation.
///
/// Under Noisy Softplus the rate limit keeps about 99.9 % of the hidden outputs below 1 (200 Hz at a synaptic time constant of
/// 5 ms), at no cost in accuracy.
pub fn paper_training(activation: ActivationChoice, seed: u64) -> TrainingSettings {
    let rate_limit = match activation {
        ActivationChoice::NoisySoftplus(_) => Some(RateLimit { ceiling: 0.8, strength: 0.01 }),
        ActivationChoice::Relu | ActivationChoice::Softplus => None,
    };
    let schedule = Schedule::Exponential { factor: 0.8 };
    let optimiser = Optimiser { schedule, ..Optimiser::new(Method::ADAM, 0.003) };
    let mut settings = TrainingSettings::new(optimiser, 10, 50, seed);
    settings.objective.rate_limit = rate_limit;
    settings
}

fn conv5x5<T: Real>(inputs: usize, outputs: usize, activation: ActivationChoice, seed: u64, tensor: u32) -> Layer<T> {
    let shape = KernelShape { height: 5, width: 5, inputs, outputs };
    let fans = Fans { fan_in: shape.fan_in(), fan_out: 25 * outputs, tensor };
    let kernel = glorot_uniform(shape.weights(), fans, 1.0, seed);
    let conv = Conv2d::new(shape, kernel, None, Extent::square(1), activation.weighted());
    Layer::Conv2d(conv.expect("the kernel was made for its shape"))
}

fn classifier<T: Real>(inputs: usize, outputs: usize, seed: u64, tensor: u32) -> Layer<T> {
    let fans = Fans { fan_in: inputs, fan_out: outputs, tensor };
    let kernel = glorot_uniform(inputs * outputs, fans, 1.0, seed);
    Layer::Dense(Dense::new(inputs, kernel, None, Activation::Softmax).expect("the kernel was made for its shape"))
}
