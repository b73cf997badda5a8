//! Batch normalisation.

use crate::error::NetworkError;
use crate::layer::check_length;
use crate::layer::operation::{Call, Learning, Operation, Scratch, Tape};
use crate::pass::Phase;
use crate::real::Real;
use crate::shape::Shape;

/// Batch normalisation, channel by channel: `y = gamma (x - mean) / sqrt(variance + epsilon) + beta`.
///
/// After training, mean and variance are the moving ones; in training they are those of the whole batch (the variance
/// with divisor `n`), and each step moves the moving ones: `moving = momentum moving + (1 - momentum) batch`.
///
/// Ioffe and Szegedy (2015), arXiv:1502.03167.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchNormalization<T> {
    gamma: Option<Vec<T>>,
    beta: Option<Vec<T>>,
    moving_mean: Vec<T>,
    moving_variance: Vec<T>,
    epsilon: f64,
    momentum: f64,
}

/// Numbers per channel that turn inputs into outputs and gradients, one after the other in the record.
struct Coefficients<'a, T> {
    /// `gamma / sqrt(variance + epsilon)`.
    scale: &'a [T],
    /// `beta - scale mean`.
    shift: &'a [T],
    mean: &'a [T],
    /// `1 / sqrt(variance + epsilon)`.
    inverse: &'a [T],
}

impl<'a, T> Coefficients<'a, T> {
    fn of(record: &'a [T], channels: usize) -> Self {
        let mut quarters = record.chunks_exact(channels);
        let mut next = || quarters.next().unwrap_or(&[]);
        Self { scale: next(), shift: next(), mean: next(), inverse: next() }
    }
}

impl<T: Real> BatchNormalization<T> {
    /// Keras' default of what is added to the variance.
    pub const EPSILON: f64 = 1e-3;
    /// Keras' default of how slowly the moving statistics move.
    pub const MOMENTUM: f64 = 0.99;

    /// A layer that has seen nothing yet: mean 0, variance 1, and both a scale of 1 and a centre of 0 to be learnt.
    pub fn fresh(channels: usize) -> Self {
        Self {
            gamma: Some(vec![T::ONE; channels]),
            beta: Some(vec![T::ZERO; channels]),
            moving_mean: vec![T::ZERO; channels],
            moving_variance: vec![T::ONE; channels],
            epsilon: Self::EPSILON,
            momentum: Self::MOMENTUM,
        }
    }

    /// A layer with finished statistics; without `gamma` the scale is 1, without `beta` the centre is 0.
    ///
    /// # Errors
    /// If the tensors have different lengths, or a variance is negative.
    pub fn new(
        gamma: Option<Vec<T>>,
        beta: Option<Vec<T>>,
        moving_mean: Vec<T>,
        moving_variance: Vec<T>,
    ) -> Result<Self, NetworkError> {
        let channels = moving_mean.len();
        check_length("moving_variance", &moving_variance, channels)?;
        check_length("gamma", gamma.as_deref().unwrap_or(&moving_mean), channels)?;
        check_length("beta", beta.as_deref().unwrap_or(&moving_mean), channels)?;
        if let Some(channel) = moving_variance.iter().position(|&variance| !(variance >= T::ZERO)) {
            return Err(NetworkError::Variance { channel, found: moving_variance[channel].to_f64() });
        }
        Ok(Self { gamma, beta, moving_mean, moving_variance, epsilon: Self::EPSILON, momentum: Self::MOMENTUM })
    }

    /// The same layer with another number added to the variance, above 0.
    #[must_use]
    pub fn with_epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// The same layer with another momentum of the moving statistics, in [0, 1].
    #[must_use]
    pub fn with_momentum(mut self, momentum: f64) -> Self {
        self.momentum = momentum;
        self
    }

    /// Scale of each channel, where it is learnt.
    pub fn gamma(&self) -> Option<&[T]> {
        self.gamma.as_deref()
    }

    /// Centre of each channel, where it is learnt.
    pub fn beta(&self) -> Option<&[T]> {
        self.beta.as_deref()
    }

    /// Mean of each channel after training.
    pub fn moving_mean(&self) -> &[T] {
        &self.moving_mean
    }

    /// Variance of each channel after training.
    pub fn moving_variance(&self) -> &[T] {
        &self.moving_variance
    }

    /// Takes moving statistics of the same number of channels.
    pub(crate) fn restore(&mut self, mean: &[T], variance: &[T]) {
        self.moving_mean.copy_from_slice(mean);
        self.moving_variance.copy_from_slice(variance);
    }

    /// What is added to the variance.
    pub fn epsilon(&self) -> f64 {
        self.epsilon
    }

    /// How much of the moving statistics a step keeps.
    pub fn momentum(&self) -> f64 {
        self.momentum
    }

    fn channels(&self) -> usize {
        self.moving_mean.len()
    }

    /// Mean and variance of channel `channel` of a batch with these statistics: the number of values, their sums, the
    /// sums of their squares.
    fn moments(&self, statistics: &[f64], channel: usize) -> (f64, f64) {
        let count = statistics[0];
        let mean = statistics[1 + channel] / count;
        // Rounding may leave a little less than nothing.
        let variance = (statistics[1 + self.channels() + channel] / count - mean * mean).max(0.0);
        (mean, variance)
    }

    /// Writes the [`Coefficients`] of this call.
    fn settle(&self, call: &Call<'_, T>, record: &mut Vec<T>) {
        let channels = self.channels();
        record.resize(4 * channels, T::ZERO);
        for channel in 0..channels {
            let (mean, variance) = match call.phase {
                Phase::Inference => (self.moving_mean[channel].to_f64(), self.moving_variance[channel].to_f64()),
                Phase::Training { .. } => self.moments(call.statistics, channel),
            };
            let inverse = 1.0 / (variance + self.epsilon).sqrt();
            let scale = inverse * self.gamma().map_or(1.0, |gamma| gamma[channel].to_f64());
            let shift = self.beta().map_or(0.0, |beta| beta[channel].to_f64()) - scale * mean;
            for (quarter, value) in [scale, shift, mean, inverse].into_iter().enumerate() {
                record[quarter * channels + channel] = T::from_f64(value);
            }
        }
    }
}

impl<T: Real> Operation<T> for BatchNormalization<T> {
    fn kind(&self) -> &'static str {
        "BatchNormalization"
    }

    fn output_shape(&self, layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError> {
        if inputs[0].channels != self.channels() {
            return Err(NetworkError::Channels { layer, expected: self.channels(), found: inputs[0] });
        }
        if !(0.0 < self.epsilon && self.epsilon.is_finite()) {
            let (setting, expected) = ("epsilon", "above 0");
            return Err(NetworkError::Setting { layer, setting, expected, found: self.epsilon });
        }
        if !(0.0..=1.0).contains(&self.momentum) {
            let (setting, expected) = ("momentum", "in [0, 1]");
            return Err(NetworkError::Setting { layer, setting, expected, found: self.momentum });
        }
        Ok(inputs[0])
    }

    fn is_non_negative(&self, _inputs: bool) -> bool {
        false
    }

    fn parameters(&self) -> Vec<&[T]> {
        self.gamma.as_deref().into_iter().chain(self.beta.as_deref()).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut [T]> {
        self.gamma.as_deref_mut().into_iter().chain(self.beta.as_deref_mut()).collect()
    }

    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, _scratch: &mut Scratch<T>) {
        let Tape { outputs, record } = tape;
        self.settle(call, record);
        let channels = self.channels();
        let Coefficients { scale, shift, .. } = Coefficients::of(record, channels);
        for (outputs, inputs) in outputs.chunks_exact_mut(channels).zip(call.inputs.values(0).chunks_exact(channels)) {
            for (((output, &input), &scale), &shift) in outputs.iter_mut().zip(inputs).zip(scale).zip(shift) {
                *output = scale * input + shift;
            }
        }
    }

    /// With `z = (x - mean) / sqrt(variance + epsilon)`, the gradients are `sum y' z` (gamma) and `sum y'` (beta); their
    /// sums over the batch are what the gradient of the inputs needs.
    fn backward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, learning: Learning<'_, T>) {
        let channels = self.channels();
        let Coefficients { mean, inverse, .. } = Coefficients::of(&tape.record, channels);
        let inputs = call.inputs.values(0).chunks_exact(channels);
        // Sums per channel, in the number type of the network within one cell and in f64 between them.
        let (sums, products) = learning.statistics[1..].split_at_mut(channels);
        for (gradients, inputs) in learning.output_gradient.chunks_exact(channels).zip(inputs) {
            let values = gradients.iter().zip(inputs).zip(mean).zip(inverse);
            for (((((&gradient, &input), &mean), &inverse), sum), product) in values.zip(&mut *sums).zip(&mut *products)
            {
                *sum += gradient.to_f64();
                *product += (gradient * (input - mean) * inverse).to_f64();
            }
        }
        let mut parameters = learning.parameters.iter_mut();
        if self.gamma.is_some()
            && let Some(gamma) = parameters.next()
        {
            gamma.iter_mut().zip(&*products).for_each(|(gamma, &product)| *gamma += T::from_f64(product));
        }
        if self.beta.is_some()
            && let Some(beta) = parameters.next()
        {
            beta.iter_mut().zip(&*sums).for_each(|(beta, &sum)| *beta += T::from_f64(sum));
        }
    }

    /// `x' = scale (y' - (sum y') / n - z (sum y' z) / n)` in training, where mean and variance depend on the inputs;
    /// `x' = scale y'` otherwise.
    fn input_gradient(
        &self,
        call: &Call<'_, T>,
        _input: usize,
        tape: &Tape<T>,
        output_gradient: &[T],
        gradient: &mut [T],
        _scratch: &mut Scratch<T>,
    ) {
        let channels = self.channels();
        let Coefficients { scale, mean, inverse, .. } = Coefficients::of(&tape.record, channels);
        let cells = gradient.chunks_exact_mut(channels).zip(output_gradient.chunks_exact(channels));
        if call.phase == Phase::Inference {
            for (gradients, outputs) in cells {
                for ((gradient, &output), &scale) in gradients.iter_mut().zip(outputs).zip(scale) {
                    *gradient = scale * output;
                }
            }
            return;
        }
        let share = 1.0 / call.statistics[0];
        let (sums, products) = call.gradient_statistics[1..].split_at(channels);
        for ((gradients, outputs), inputs) in cells.zip(call.inputs.values(0).chunks_exact(channels)) {
            let values = gradients.iter_mut().zip(outputs).zip(inputs);
            let constants = scale.iter().zip(mean).zip(inverse).zip(sums.iter().zip(products));
            for (((gradient, &output), &input), (((&scale, &mean), &inverse), (&sum, &product))) in
                values.zip(constants)
            {
                let (sum, product) = (T::from_f64(sum * share), T::from_f64(product * share));
                *gradient = scale * (output - sum - (input - mean) * inverse * product);
            }
        }
    }

    fn statistics(&self) -> usize {
        1 + 2 * self.channels()
    }

    fn collect(&self, call: &Call<'_, T>, statistics: &mut [f64]) {
        let channels = self.channels();
        let inputs = call.inputs.values(0);
        let (count, sums) = statistics.split_at_mut(1);
        let (sums, squares) = sums.split_at_mut(channels);
        count[0] += (inputs.len() / channels) as f64;
        for cell in inputs.chunks_exact(channels) {
            for ((&value, sum), square) in cell.iter().zip(&mut *sums).zip(&mut *squares) {
                let value = value.to_f64();
                *sum += value;
                *square += value * value;
            }
        }
    }

    fn absorb(&mut self, statistics: &[f64]) {
        for channel in 0..self.channels() {
            let (mean, variance) = self.moments(statistics, channel);
            let momentum = self.momentum;
            let moved = |moving: T, batch: f64| T::from_f64(momentum * moving.to_f64() + (1.0 - momentum) * batch);
            self.moving_mean[channel] = moved(self.moving_mean[channel], mean);
            self.moving_variance[channel] = moved(self.moving_variance[channel], variance);
        }
    }
}
