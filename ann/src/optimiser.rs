//! Gradient descent: SGD with momentum, Nesterov's too, and Adam; weight decay and weight limit.

use crate::error::TrainingError;
use crate::gradients::Gradients;
use crate::network::Network;
use crate::schedule::{Plateau, Schedule};

/// How a gradient `g` becomes a step of a weight `w`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// Stochastic gradient descent: `v = momentum v + g`, `w -= rate v`.
    Sgd {
        /// In [0, 1); 0 is plain gradient descent.
        momentum: f64,
    },
    /// Nesterov's momentum (Sutskever et al. 2013): `v = momentum v + g`, `w -= rate (g + momentum v)`.
    Nesterov {
        /// In [0, 1).
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

/// What pulls kernels towards 0. Biases, and the scales and centres of batch normalisation, are left alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WeightDecay {
    /// Each step also shrinks kernels by `rate * decay` (Loshchilov and Hutter 2019, arXiv:1711.05101): with
    /// [`Method::Adam`], AdamW.
    #[doc(alias = "AdamW")]
    Decoupled(f64),
    /// `decay * w` is added to the gradient: the gradient of the penalty `decay w^2 / 2`.
    L2(f64),
}

impl WeightDecay {
    /// No decay.
    pub const NONE: Self = Self::Decoupled(0.0);
}

/// Factors on the learning rate of a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerRate {
    /// Of tensors that weight decay shrinks: kernels. Above 0.
    pub kernel: f64,
    /// Of the others: biases, and the scales and centres of batch normalisation. Above 0.
    pub bias: f64,
}

impl LayerRate {
    /// The same factor on all tensors of a layer.
    pub const fn uniform(factor: f64) -> Self {
        Self { kernel: factor, bias: factor }
    }
}

/// An optimiser and its rates.
///
/// ```
/// use ann::{Method, Optimiser, Schedule};
///
/// let optimiser = Optimiser {
///     schedule: Schedule::Exponential { factor: 0.5 },
///     ..Optimiser::new(Method::ADAM, 0.01)
/// };
/// assert_eq!(optimiser.learning_rate_of(2), 0.0025);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Optimiser {
    /// How a gradient becomes a step.
    pub method: Method,
    /// Learning rate of the first epoch, after the warm-up.
    pub learning_rate: f64,
    /// Factor on the learning rate by epoch.
    pub schedule: Schedule,
    /// Factors on the learning rate by layer, one for each layer that has something to learn, in their order; none for 1 everywhere.
    pub layer_rates: Vec<LayerRate>,
    /// Steps over which the learning rate rises linearly: step `n`, from 1, has the factor `n / warm_up` until that is 1.
    pub warm_up: usize,
    /// Lowers the learning rate where the loss no longer falls.
    pub plateau: Option<Plateau>,
    /// What pulls kernels towards 0.
    pub weight_decay: WeightDecay,
    /// After each step kernels are clipped to plus or minus their layer's limit: one for each layer that has something to learn, infinity
    /// for none; or one for all; or empty.
    pub weight_limits: Vec<f64>,
}

impl Optimiser {
    /// A method at a constant learning rate, without decay and limit.
    pub fn new(method: Method, learning_rate: f64) -> Self {
        Self {
            method,
            learning_rate,
            schedule: Schedule::Constant,
            layer_rates: Vec::new(),
            warm_up: 0,
            plateau: None,
            weight_decay: WeightDecay::NONE,
            weight_limits: Vec::new(),
        }
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// Names the first setting out of range.
    pub fn check(&self) -> Result<(), TrainingError> {
        require("the learning rate", "above 0", self.learning_rate, 0.0 < self.learning_rate)?;
        self.schedule.check()?;
        for factor in self.layer_rates.iter().flat_map(|rate| [rate.kernel, rate.bias]) {
            require("the factor of a layer on the learning rate", "above 0", factor, 0.0 < factor)?;
        }
        if let Some(plateau) = self.plateau {
            plateau.check()?;
        }
        let (WeightDecay::Decoupled(decay) | WeightDecay::L2(decay)) = self.weight_decay;
        require("the weight decay", "0 or above", decay, 0.0 <= decay)?;
        for &found in &self.weight_limits {
            if found.is_nan() || found <= 0.0 {
                return Err(TrainingError::Setting { setting: "the weight limit", expected: "above 0", found });
            }
        }
        match self.method {
            Method::Sgd { momentum } | Method::Nesterov { momentum } => {
                require("the momentum", "in [0, 1)", momentum, (0.0..1.0).contains(&momentum))
            }
            Method::Adam { beta_1, beta_2, epsilon } => {
                require("beta 1 of Adam", "in [0, 1)", beta_1, (0.0..1.0).contains(&beta_1))?;
                require("beta 2 of Adam", "in [0, 1)", beta_2, (0.0..1.0).contains(&beta_2))?;
                require("epsilon of Adam", "above 0", epsilon, 0.0 < epsilon)
            }
        }
    }

    /// Factor on the learning rate of a tensor of this layer among those that learn.
    fn factor(&self, layer: usize, is_kernel: bool) -> f64 {
        self.layer_rates.get(layer).map_or(1.0, |rate| if is_kernel { rate.kernel } else { rate.bias })
    }

    /// Weight limit of this layer among those that learn.
    fn limit(&self, layer: usize) -> Option<f64> {
        match *self.weight_limits {
            [limit] => Some(limit),
            _ => self.weight_limits.get(layer).copied(),
        }
    }

    /// Learning rate of an epoch, counted from 0, by the schedule alone.
    pub fn learning_rate_of(&self, epoch: usize) -> f64 {
        self.learning_rate * self.schedule.factor(epoch)
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
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Descent {
    /// Velocity, or mean gradient; untouched by SGD without momentum.
    pub(crate) first: Gradients<f32>,
    /// Mean squared gradient; untouched by SGD.
    pub(crate) second: Gradients<f32>,
    pub(crate) steps: i32,
    /// Which tensors there are.
    tensors: Vec<TensorKind>,
}

/// What the optimiser knows of a tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
struct TensorKind {
    /// True for kernels, which decay and are limited, as their layers say.
    is_kernel: bool,
    /// Its layer among those that have something to learn.
    layer: usize,
}

/// Number of layers that have something to learn.
pub(crate) fn learning_layers(network: &Network<f32>) -> usize {
    network.layers().iter().filter(|layer| !layer.parameters().is_empty()).count()
}

impl Descent {
    pub(crate) fn new(network: &Network<f32>) -> Self {
        let learning = network.layers().iter().filter(|layer| !layer.parameters().is_empty()).enumerate();
        let tensors = learning.flat_map(|(index, layer)| {
            let operation = layer.operation();
            let kind = move |parameter| TensorKind { is_kernel: operation.decays(parameter), layer: index };
            (0..operation.parameters().len()).map(kind)
        });
        Self {
            first: Gradients::zeros(network),
            second: Gradients::zeros(network),
            steps: 0,
            tensors: tensors.collect(),
        }
    }

    /// One step against `gradients` at this learning rate, before warm-up.
    pub(crate) fn step(
        &mut self,
        network: &mut Network<f32>,
        gradients: &Gradients<f32>,
        optimiser: &Optimiser,
        rate: f64,
    ) {
        self.steps = self.steps.saturating_add(1);
        let rate = rate * (f64::from(self.steps) / optimiser.warm_up.max(1) as f64).min(1.0);
        let (decoupled, l2) = match optimiser.weight_decay {
            WeightDecay::Decoupled(decay) => (decay, 0.0),
            WeightDecay::L2(decay) => (0.0, decay),
        };
        let tensors = network.parameters_mut().into_iter().zip(gradients.tensors());
        let memory = self.first.tensors_mut().iter_mut().zip(self.second.tensors_mut());
        for (((weights, gradients), (first, second)), &TensorKind { is_kernel, layer }) in
            tensors.zip(memory).zip(&self.tensors)
        {
            let rate = rate * optimiser.factor(layer, is_kernel);
            let (kept, l2) = if is_kernel { ((1.0 - rate * decoupled) as f32, l2 as f32) } else { (1.0, 0.0) };
            match optimiser.method {
                // Nothing to remember: two fifths of the memory that a step passes over.
                Method::Sgd { momentum: 0.0 } => {
                    let rate = rate as f32;
                    for (weight, &gradient) in weights.iter_mut().zip(gradients) {
                        *weight = kept * *weight - rate * (gradient + l2 * *weight);
                    }
                }
                Method::Sgd { momentum } => {
                    let (rate, momentum) = (rate as f32, momentum as f32);
                    for ((weight, &gradient), velocity) in weights.iter_mut().zip(gradients).zip(first) {
                        *velocity = momentum * *velocity + (gradient + l2 * *weight);
                        *weight = kept * *weight - rate * *velocity;
                    }
                }
                Method::Nesterov { momentum } => {
                    let (rate, momentum) = (rate as f32, momentum as f32);
                    for ((weight, &gradient), velocity) in weights.iter_mut().zip(gradients).zip(first) {
                        let gradient = gradient + l2 * *weight;
                        *velocity = momentum * *velocity + gradient;
                        *weight = kept * *weight - rate * (gradient + momentum * *velocity);
                    }
                }
                Method::Adam { beta_1, beta_2, epsilon } => {
                    let rate = (rate / (1.0 - beta_1.powi(self.steps))) as f32;
                    let correction = (1.0 / (1.0 - beta_2.powi(self.steps))) as f32;
                    let (beta_1, beta_2, epsilon) = (beta_1 as f32, beta_2 as f32, epsilon as f32);
                    let memory = first.iter_mut().zip(second);
                    for ((weight, &gradient), (mean, square)) in weights.iter_mut().zip(gradients).zip(memory) {
                        let gradient = gradient + l2 * *weight;
                        *mean += (1.0 - beta_1) * (gradient - *mean);
                        *square += (1.0 - beta_2) * (gradient * gradient - *square);
                        *weight = kept * *weight - rate * *mean / ((*square * correction).sqrt() + epsilon);
                    }
                }
            }
            if let Some(limit) = optimiser.limit(layer).filter(|_| is_kernel) {
                let limit = limit as f32;
                weights.iter_mut().for_each(|weight| *weight = weight.clamp(-limit, limit));
            }
        }
    }
}
