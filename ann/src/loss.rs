//! Sums of what is minimised, the penalty on rates above a ceiling, and the softmax.

use crate::real::Real;

/// Sums over samples; divide by their number for means.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Loss {
    /// Distance of the outputs from their targets, as the [`Criterion`](crate::Criterion) measures it.
    pub distance: f64,
    /// Penalty on outputs above the ceiling.
    pub rate_penalty: f64,
    /// Samples whose largest output is that of their label; 0 where targets are no labels.
    pub correct: usize,
}

impl Loss {
    /// Distance and penalty together.
    pub fn total(self) -> f64 {
        self.distance + self.rate_penalty
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.distance += other.distance;
        self.rate_penalty += other.rate_penalty;
        self.correct += other.correct;
    }
}

/// Penalty `strength * sum max(0, y - ceiling)^2` over the outputs `y` of all hidden layers that have a nonlinear
/// activation and something to learn before it, averaged over the samples of a batch.
///
/// A Noisy Softplus output is `rate * tau_syn`, and a real neuron saturates: 1 is 200 Hz at 5 ms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateLimit {
    /// Outputs up to here cost nothing (in units of the layer's outputs).
    pub ceiling: f64,
    /// Cost of one output that exceeds the ceiling by 1.
    pub strength: f64,
}

impl RateLimit {
    /// Adds `share` times the penalty's gradient, and returns the penalty (not multiplied by `share`).
    pub(crate) fn apply<T: Real>(self, outputs: &[T], share: f64, gradient: &mut [T]) -> f64 {
        let ceiling = T::from_f64(self.ceiling);
        let factor = T::from_f64(2.0 * self.strength * share);
        let mut penalty = 0.0;
        for (&output, gradient) in outputs.iter().zip(gradient) {
            let excess = output - ceiling;
            if excess > T::ZERO {
                penalty += excess.to_f64() * excess.to_f64();
                *gradient += factor * excess;
            }
        }
        self.strength * penalty
    }
}

/// Index of the largest value, the first of equals.
pub(crate) fn largest<T: Real>(values: &[T]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}

/// Logits to probabilities, in place.
pub(crate) fn softmax<T: Real>(values: &mut [T]) {
    let maximum = values[largest(values)];
    let mut sum = T::ZERO;
    for value in &mut *values {
        *value = (*value - maximum).exp_of_negative();
        sum += *value;
    }
    for value in values {
        *value = *value / sum;
    }
}
