//! Distances of outputs from their targets, and their gradients.

use crate::activation::Activation;
use crate::error::TrainingError;
use crate::loss::{Loss, largest};
use crate::optimiser::require;
use crate::real::Real;

/// How far the outputs `y` of a sample are from their targets `t`. A label is 1 at its output and 0 at the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Criterion {
    /// Cross-entropy of a softmax (nats), `-sum t ln y`, which a softmax or linear last layer leads to.
    SoftmaxCrossEntropy {
        /// This share of each target is spread evenly over all outputs (Szegedy et al. 2016, arXiv:1512.00567); in [0, 1).
        label_smoothing: f64,
    },
    /// Cross-entropy of independent outputs (nats), `-sum t ln y + (1 - t) ln(1 - y)`, of a sigmoid or linear last layer; targets
    /// in [0, 1]. An output of a sigmoid that rounds to 0 or 1 counts as 1e-7 or 1 - 1e-7; its gradient is exact.
    SigmoidCrossEntropy,
    /// `sum (y - t - o)^2 / n` over the `n` outputs of any last layer but a softmax.
    MeanSquare {
        /// `o`, which raises all targets (0 for none): outputs that are rates are not drawn to 0, where rectified units have no slope
        /// and neurons hardly fire. 0.01 in Liu et al. (2017, arXiv:1706.03609).
        target_offset: f64,
    },
    /// `sum (y - t - o)^2 / 2`, of the same.
    HalfSquare {
        /// `o`, as above.
        target_offset: f64,
    },
}

impl Default for Criterion {
    fn default() -> Self {
        Self::SoftmaxCrossEntropy { label_smoothing: 0.0 }
    }
}

/// Labels, or values of all outputs.
#[derive(Clone, Copy)]
pub(crate) enum Wanted<'a, T> {
    Labels(&'a [u8]),
    Values(&'a [T]),
}

/// Closest that the logarithm of a sigmoid's output gets to 0 and 1.
const SATURATED: f64 = 1e-7;

impl Criterion {
    /// The mean squared error, targets as they are.
    pub const MEAN_SQUARE: Self = Self::MeanSquare { target_offset: 0.0 };
    /// Half the sum of the squared errors, targets as they are.
    pub const HALF_SQUARE: Self = Self::HalfSquare { target_offset: 0.0 };

    fn name(self) -> &'static str {
        match self {
            Self::SoftmaxCrossEntropy { .. } => "softmax cross-entropy",
            Self::SigmoidCrossEntropy => "sigmoid cross-entropy",
            Self::MeanSquare { .. } | Self::HalfSquare { .. } => "a squared error",
        }
    }

    /// Checks the settings, and that it can judge a last layer with this activation.
    pub(crate) fn check(self, activation: Activation) -> Result<(), TrainingError> {
        let (fits, expected) = match self {
            Self::SoftmaxCrossEntropy { label_smoothing } => {
                let holds = (0.0..1.0).contains(&label_smoothing);
                require("the label smoothing", "in [0, 1)", label_smoothing, holds)?;
                (matches!(activation, Activation::Softmax | Activation::Linear), "softmax or linear")
            }
            Self::SigmoidCrossEntropy => {
                (matches!(activation, Activation::Sigmoid | Activation::Linear), "sigmoid or linear")
            }
            Self::MeanSquare { target_offset } | Self::HalfSquare { target_offset } => {
                require("the target offset", "finite", target_offset, target_offset.is_finite())?;
                (activation != Activation::Softmax, "any but softmax")
            }
        };
        if fits {
            return Ok(());
        }
        Err(TrainingError::LastLayer { criterion: self.name(), expected, found: activation.to_string() })
    }

    /// True if the gradient that [`Self::apply`] gives is already that of the last layer's drive.
    pub(crate) fn passes_over(self, activation: Activation) -> bool {
        self == Self::SigmoidCrossEntropy && activation == Activation::Sigmoid
    }

    /// Turns outputs (before a softmax, after any other `activation`), `units` per sample, into `share` times the gradient, and
    /// returns the loss of the samples.
    pub(crate) fn apply<T: Real>(
        self,
        outputs: &mut [T],
        units: usize,
        activation: Activation,
        wanted: Wanted<'_, T>,
        share: f64,
    ) -> Loss {
        let labels = match wanted {
            Wanted::Labels(labels) => labels,
            Wanted::Values(values) => return self.towards(outputs, units, activation, values, share),
        };
        if self == Self::default() {
            return cross_entropy(outputs, labels, share);
        }
        let mut values = vec![T::ZERO; outputs.len()];
        let mut correct = 0;
        let samples = outputs.chunks_exact(units).zip(values.chunks_exact_mut(units));
        for ((outputs, values), &label) in samples.zip(labels) {
            values[usize::from(label)] = T::ONE;
            correct += usize::from(largest(outputs) == usize::from(label));
        }
        Loss { correct, ..self.towards(outputs, units, activation, &values, share) }
    }

    fn towards<T: Real>(
        self,
        outputs: &mut [T],
        units: usize,
        activation: Activation,
        values: &[T],
        share: f64,
    ) -> Loss {
        let distance = match self {
            Self::SoftmaxCrossEntropy { label_smoothing } => {
                let samples = outputs.chunks_exact_mut(units).zip(values.chunks_exact(units));
                samples.map(|(logits, values)| softmax_towards(logits, values, label_smoothing, share)).sum()
            }
            Self::SigmoidCrossEntropy => {
                let sum = |distance, (output, &target): (&mut T, &T)| {
                    let (probability, loss) = match activation {
                        Activation::Sigmoid => (*output, of_probability(output.to_f64(), target.to_f64())),
                        _ => of_logit(*output, target.to_f64()),
                    };
                    *output = (probability - target) * T::from_f64(share);
                    distance + loss
                };
                outputs.iter_mut().zip(values).fold(0.0, sum)
            }
            Self::MeanSquare { target_offset } => squares(outputs, (values, target_offset), 1.0 / units as f64, share),
            Self::HalfSquare { target_offset } => squares(outputs, (values, target_offset), 0.5, share),
        };
        Loss { distance, ..Loss::default() }
    }
}

/// Turns logits into `share` times the gradient of the cross-entropy, and returns the loss of the samples.
fn cross_entropy<T: Real>(logits: &mut [T], labels: &[u8], share: f64) -> Loss {
    let mut loss = Loss::default();
    let share = T::from_f64(share);
    let classes = logits.len() / labels.len();
    for (sample, &label) in logits.chunks_exact_mut(classes).zip(labels) {
        let label = usize::from(label);
        let best = largest(sample);
        loss.correct += usize::from(best == label);
        let below_maximum = sample[label] - sample[best];
        let maximum = sample[best];
        let mut sum = T::ZERO;
        for value in &mut *sample {
            *value = (*value - maximum).exp_of_negative();
            sum += *value;
        }
        loss.distance += sum.to_f64().ln() - below_maximum.to_f64();
        for value in &mut *sample {
            *value = *value / sum * share;
        }
        sample[label] -= share;
    }
    loss
}

/// The same for one sample whose targets are probabilities, a part of them spread evenly.
fn softmax_towards<T: Real>(logits: &mut [T], values: &[T], smoothing: f64, share: f64) -> f64 {
    let total: f64 = values.iter().map(|value| value.to_f64()).sum();
    let even = smoothing * total / values.len() as f64;
    let maximum = logits[largest(logits)];
    let (mut sum, mut towards) = (T::ZERO, 0.0);
    for (logit, value) in logits.iter_mut().zip(values) {
        let below_maximum = *logit - maximum;
        towards += ((1.0 - smoothing) * value.to_f64() + even) * below_maximum.to_f64();
        *logit = below_maximum.exp_of_negative();
        sum += *logit;
    }
    for (logit, value) in logits.iter_mut().zip(values) {
        let target = T::from_f64((1.0 - smoothing) * value.to_f64() + even);
        *logit = (T::from_f64(total) * *logit / sum - target) * T::from_f64(share);
    }
    total * sum.to_f64().ln() - towards
}

/// Cross-entropy of a probability.
fn of_probability(probability: f64, target: f64) -> f64 {
    let probability = probability.clamp(SATURATED, 1.0 - SATURATED);
    -(target * probability.ln() + (1.0 - target) * (1.0 - probability).ln())
}

/// The sigmoid of a logit, and its cross-entropy `max(z, 0) - t z + ln(1 + e^-|z|)`.
fn of_logit<T: Real>(logit: T, target: f64) -> (T, f64) {
    let t = (-logit.abs()).exp_of_negative();
    let above = T::ONE / (T::ONE + t);
    let z = logit.to_f64();
    (if logit > T::ZERO { above } else { t * above }, z.max(0.0) - target * z + t.to_f64().ln_1p())
}

/// `factor sum (y - t - offset)^2`.
fn squares<T: Real>(outputs: &mut [T], (values, offset): (&[T], f64), factor: f64, share: f64) -> f64 {
    let offset = T::from_f64(offset);
    let slope = T::from_f64(2.0 * factor * share);
    let mut sum = 0.0;
    for (output, &value) in outputs.iter_mut().zip(values) {
        let difference = *output - (value + offset);
        sum += difference.to_f64() * difference.to_f64();
        *output = slope * difference;
    }
    factor * sum
}
