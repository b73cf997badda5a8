//! Gradient descent: SGD with momentum, and Adam.

use crate::error::TrainingError;
use crate::gradients::Gradients;
use crate::network::Network;

/// How a gradient becomes a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// Stochastic gradient descent: `v = momentum v + g`, `w -= rate v`.
    Sgd {
        /// In [0, 1); 0 is plain gradient descent.
        momentum: f64,
    },
    /// Adam (Kingma and Ba 2015, arXiv:1412.6980), with its bias correction.
    Adam {
        /// Decay of the mean gradient, in [0, 1).
        beta_1: f64,
        /// Decay of the mean squared gradient, in [0, 1).
        beta_2: f64,
        /// Added to the root of the mean squared gradient.
        epsilon: f64,
    },
}

impl Method {
    /// Adam with the constants of its paper.
    pub const ADAM: Self = Self::Adam { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8 };
}

/// An optimiser and its rates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Optimiser {
    /// How a gradient becomes a step.
    pub method: Method,
    /// Learning rate of the first epoch.
    pub learning_rate: f64,
    /// Factor on the learning rate from each epoch to the next; 1 keeps it.
    pub decay_per_epoch: f64,
    /// Decoupled weight decay (Loshchilov and Hutter 2019): each step also shrinks kernels by `rate * weight_decay`.
    /// Biases, and the scales and centres of batch normalisation, are left alone.
    pub weight_decay: f64,
}

impl Optimiser {
    /// Checks the ranges.
    ///
    /// # Errors
    /// Names the first setting out of range.
    pub fn check(&self) -> Result<(), TrainingError> {
        require("the learning rate", "above 0", self.learning_rate, 0.0 < self.learning_rate)?;
        require("the decay per epoch", "above 0", self.decay_per_epoch, 0.0 < self.decay_per_epoch)?;
        require("the weight decay", "0 or above", self.weight_decay, 0.0 <= self.weight_decay)?;
        match self.method {
            Method::Sgd { momentum } => require("the momentum", "in [0, 1)", momentum, (0.0..1.0).contains(&momentum)),
            Method::Adam { beta_1, beta_2, epsilon } => {
                require("beta 1 of Adam", "in [0, 1)", beta_1, (0.0..1.0).contains(&beta_1))?;
                require("beta 2 of Adam", "in [0, 1)", beta_2, (0.0..1.0).contains(&beta_2))?;
                require("epsilon of Adam", "above 0", epsilon, 0.0 < epsilon)
            }
        }
    }

    /// Learning rate of an epoch, counted from 0.
    pub fn learning_rate_of(&self, epoch: usize) -> f64 {
        self.learning_rate * self.decay_per_epoch.powf(epoch as f64)
    }
}

pub(crate) fn require(
    setting: &'static str,
    expected: &'static str,
    found: f64,
    holds: bool,
) -> Result<(), TrainingError> {
    if holds && found.is_finite() { Ok(()) } else { Err(TrainingError::Setting { setting, expected, found }) }
}

/// Running state of an optimiser: what it remembers of earlier gradients.
pub(crate) struct Descent {
    optimiser: Optimiser,
    /// Velocity, or mean gradient.
    first: Gradients<f32>,
    /// Mean squared gradient; untouched by SGD.
    second: Gradients<f32>,
    steps: i32,
    /// True for tensors that decay, as their layers say.
    decays: Vec<bool>,
}

impl Descent {
    pub(crate) fn new(optimiser: Optimiser, network: &Network<f32>) -> Self {
        let decays = network.layers().iter().flat_map(|layer| {
            let operation = layer.operation();
            (0..operation.parameters().len()).map(|parameter| operation.decays(parameter))
        });
        Self {
            optimiser,
            first: Gradients::zeros(network),
            second: Gradients::zeros(network),
            steps: 0,
            decays: decays.collect(),
        }
    }

    /// One step against `gradients`.
    pub(crate) fn step(&mut self, network: &mut Network<f32>, gradients: &Gradients<f32>, epoch: usize) {
        self.steps = self.steps.saturating_add(1);
        let rate = self.optimiser.learning_rate_of(epoch);
        let tensors = network.parameters_mut().into_iter().zip(gradients.tensors());
        let memory = self.first.tensors_mut().iter_mut().zip(self.second.tensors_mut());
        for (((weights, gradients), (first, second)), &decays) in tensors.zip(memory).zip(&self.decays) {
            let kept = if decays { 1.0 - rate * self.optimiser.weight_decay } else { 1.0 } as f32;
            match self.optimiser.method {
                Method::Sgd { momentum } => {
                    let (rate, momentum) = (rate as f32, momentum as f32);
                    for ((weight, &gradient), velocity) in weights.iter_mut().zip(gradients).zip(first) {
                        *velocity = momentum * *velocity + gradient;
                        *weight = kept * *weight - rate * *velocity;
                    }
                }
                Method::Adam { beta_1, beta_2, epsilon } => {
                    let rate = (rate / (1.0 - beta_1.powi(self.steps))) as f32;
                    let correction = (1.0 / (1.0 - beta_2.powi(self.steps))) as f32;
                    let (beta_1, beta_2, epsilon) = (beta_1 as f32, beta_2 as f32, epsilon as f32);
                    let memory = first.iter_mut().zip(second);
                    for ((weight, &gradient), (mean, square)) in weights.iter_mut().zip(gradients).zip(memory) {
                        *mean += (1.0 - beta_1) * (gradient - *mean);
                        *square += (1.0 - beta_2) * (gradient * gradient - *square);
                        *weight = kept * *weight - rate * *mean / ((*square * correction).sqrt() + epsilon);
                    }
                }
            }
        }
    }
}
