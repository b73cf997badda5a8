//! Learning rates that change: by schedule, from warm-up, and when the loss no longer falls.

use crate::error::TrainingError;
use crate::optimiser::require;

/// Factor on the learning rate, as a function of the epoch (counted from 0).
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Schedule {
    /// 1.
    #[default]
    Constant,
    /// `factor^epoch`.
    Exponential {
        /// From each epoch to the next, above 0.
        factor: f64,
    },
    /// `factor^n`, where `n` of the epochs listed have begun.
    Steps {
        /// Epochs that begin with a step.
        epochs: Vec<usize>,
        /// Of one step, above 0.
        factor: f64,
    },
    /// `last + (1 - last) (1 + cos(pi epoch / epochs)) / 2`, and `last` from `epochs` on (Loshchilov and Hutter 2017,
    /// arXiv:1608.03983, without restarts).
    Cosine {
        /// Where the cosine ends, 1 or more.
        epochs: usize,
        /// Factor at its end, in [0, 1].
        last: f64,
    },
}

impl Schedule {
    /// The factor in an epoch.
    pub fn factor(&self, epoch: usize) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::Exponential { factor } => factor.powf(epoch as f64),
            Self::Steps { epochs, factor } => {
                factor.powf(epochs.iter().filter(|&&begin| begin <= epoch).count() as f64)
            }
            Self::Cosine { epochs, last } => {
                let phase = std::f64::consts::PI * epoch.min(*epochs) as f64 / *epochs as f64;
                last + (1.0 - last) * 0.5 * (1.0 + phase.cos())
            }
        }
    }

    pub(crate) fn check(&self) -> Result<(), TrainingError> {
        match self {
            Self::Constant => Ok(()),
            Self::Exponential { factor } => require("the decay per epoch", "above 0", *factor, 0.0 < *factor),
            Self::Steps { factor, .. } => require("the factor of a step", "above 0", *factor, 0.0 < *factor),
            Self::Cosine { epochs, last } => {
                require("the length of the cosine", "1 epoch or more", *epochs as f64, *epochs > 0)?;
                require("the end of the cosine", "in [0, 1]", *last, (0.0..=1.0).contains(last))
            }
        }
    }
}

/// The loss that a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    /// Mean over the training samples of the epoch, penalties included.
    TrainingLoss,
    /// Mean over the validation samples after the epoch.
    ValidationLoss,
}

/// Multiplies the learning rate by `factor` whenever the loss has not fallen below its lowest value for `patience` epochs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plateau {
    /// In (0, 1).
    pub factor: f64,
    /// Epochs without a new lowest loss, 1 or more.
    pub patience: usize,
    /// Of which loss.
    pub watched: Watched,
}

impl Plateau {
    pub(crate) fn check(&self) -> Result<(), TrainingError> {
        require("the factor of the plateau rule", "in (0, 1)", self.factor, 0.0 < self.factor && self.factor < 1.0)?;
        require("the patience of the plateau rule", "1 or more", self.patience as f64, self.patience > 0)
    }
}

/// Counts epochs without a new lowest loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Patience {
    pub(crate) lowest: f64,
    pub(crate) waited: usize,
}

impl Patience {
    pub(crate) const FRESH: Self = Self { lowest: f64::INFINITY, waited: 0 };

    /// Takes the loss of an epoch; true if it is a new lowest.
    pub(crate) fn take(&mut self, loss: f64) -> bool {
        let lower = loss < self.lowest;
        if lower {
            *self = Self { lowest: loss, waited: 0 };
        } else {
            self.waited += 1;
        }
        lower
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 0.05 for 15 epochs, 0.005 for 10, then 0.0005; half a cosine of ten epochs passes 1, 1/2 and 0.
    #[test]
    fn schedules_are_what_they_say() {
        let steps = Schedule::Steps { epochs: vec![15, 25], factor: 0.1 };
        for (epoch, factor) in [(0, 1.0), (14, 1.0), (15, 0.1), (24, 0.1), (25, 0.01), (29, 0.01)] {
            // One rounding of a power.
            assert!((steps.factor(epoch) - factor).abs() < 1e-15, "{epoch}");
        }
        let cosine = Schedule::Cosine { epochs: 10, last: 0.0 };
        for (epoch, factor) in [(0, 1.0), (5, 0.5), (10, 0.0), (12, 0.0)] {
            assert!((cosine.factor(epoch) - factor).abs() < 1e-15, "{epoch}");
        }
        let raised = Schedule::Cosine { epochs: 10, last: 0.2 };
        assert!((raised.factor(5) - 0.6).abs() < 1e-15 && (raised.factor(10) - 0.2).abs() < 1e-15);
        assert_eq!(Schedule::Exponential { factor: 0.5 }.factor(3), 0.125);
    }

    #[test]
    fn patience_counts_from_the_lowest_loss() {
        let mut patience = Patience::FRESH;
        let waited: Vec<usize> = [3.0, 2.0, 2.0, 2.5, 1.0, 1.5]
            .into_iter()
            .map(|loss| {
                patience.take(loss);
                patience.waited
            })
            .collect();
        assert_eq!(waited, [0, 0, 1, 2, 0, 1]);
    }
}
