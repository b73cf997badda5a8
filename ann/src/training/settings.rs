//! How to train.

use crate::augmentation::Augmentation;
use crate::error::TrainingError;
use crate::network::Network;
use crate::optimiser::{Optimiser, learning_layers, require};
use crate::pass::Objective;
use crate::random::{Purpose, Stream};
use crate::schedule::Watched;
use crate::targets::{Examples, Targets};

/// How to train.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingSettings {
    /// Passes over all samples.
    pub epochs: usize,
    /// Samples per step; the last batch of an epoch may be smaller.
    pub batch_size: usize,
    /// Seed of the order of the samples, of dropout, of augmentation and of which samples validate.
    pub seed: u64,
    /// How gradients become steps.
    pub optimiser: Optimiser,
    /// What is minimised.
    pub objective: Objective,
    /// How images are altered.
    pub augmentation: Augmentation,
    /// Share of the samples, drawn by the seed, that are not trained on but measured after each epoch; in [0, 1).
    pub validation: f64,
    /// When to stop before the last epoch.
    pub early_stopping: Option<EarlyStopping>,
}

/// Ends a training whose loss has not fallen below its lowest value for `patience` epochs; the weights are then those of the
/// epoch with the lowest loss, however the training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EarlyStopping {
    /// Epochs without a new lowest loss, 1 or more.
    pub patience: usize,
    /// Of which loss.
    pub watched: Watched,
}

impl TrainingSettings {
    /// Softmax cross-entropy on all samples as they are.
    pub fn new(optimiser: Optimiser, epochs: usize, batch_size: usize, seed: u64) -> Self {
        Self {
            epochs,
            batch_size,
            seed,
            optimiser,
            objective: Objective::default(),
            augmentation: Augmentation::NONE,
            validation: 0.0,
            early_stopping: None,
        }
    }

    /// Checks the settings, and that network and examples go with them; the number of examples.
    pub(crate) fn check(&self, network: &Network<f32>, examples: Examples<'_>) -> Result<usize, TrainingError> {
        let batch_size = self.batch_size;
        require("the batch size", "1 or more", batch_size as f64, batch_size > 0)?;
        self.optimiser.check()?;
        let (expected, found) = (learning_layers(network), self.optimiser.layer_rates.len());
        if found != 0 && found != expected {
            return Err(TrainingError::LayerRates { expected, found });
        }
        let found = self.optimiser.weight_limits.len();
        if found > 1 && found != expected {
            return Err(TrainingError::WeightLimits { expected, found });
        }
        if let Some(limit) = self.objective.rate_limit {
            require("the ceiling of the rate limit", "0 or above", limit.ceiling, 0.0 <= limit.ceiling)?;
            require("the strength of the rate limit", "0 or above", limit.strength, 0.0 <= limit.strength)?;
        }
        self.augmentation.check(network.input())?;
        if let Some(EarlyStopping { patience, .. }) = self.early_stopping {
            require("the patience of early stopping", "1 or more", patience as f64, patience > 0)?;
        }
        let unmeasured = |watched| watched == Watched::ValidationLoss && self.validation == 0.0;
        if self.optimiser.plateau.is_some_and(|rule| unmeasured(rule.watched)) {
            return Err(TrainingError::NoValidation { rule: "the plateau rule" });
        }
        if self.early_stopping.is_some_and(|rule| unmeasured(rule.watched)) {
            return Err(TrainingError::NoValidation { rule: "early stopping" });
        }
        if matches!(examples.targets, Targets::Labels([])) || examples.pixels.is_empty() {
            return Err(TrainingError::NoSamples);
        }
        let count = examples.count(network.input(), network.output().units())?;
        match network.layers().last() {
            Some(layer) => self.objective.criterion.check(layer.activation()).map(|()| count),
            None => Ok(count),
        }
    }

    /// Which of so many samples are trained on, and which validate, in ascending order.
    ///
    /// # Errors
    /// If the share is out of range, or one of the two would be empty.
    pub fn split(&self, samples: usize) -> Result<(Vec<u32>, Vec<u32>), TrainingError> {
        require("the validation share", "in [0, 1)", self.validation, (0.0..1.0).contains(&self.validation))?;
        let mut training: Vec<u32> = (0..samples as u32).collect();
        if self.validation == 0.0 {
            return Ok((training, Vec::new()));
        }
        let count = (self.validation * samples as f64).round() as usize;
        if count == 0 || samples <= count {
            return Err(TrainingError::Split { samples, validation: count });
        }
        Stream::new(self.seed, Purpose::Validation).shuffle(&mut training);
        let mut validation = training.split_off(samples - count);
        training.sort_unstable();
        validation.sort_unstable();
        Ok((training, validation))
    }
}
