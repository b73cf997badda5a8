//! What a training knows besides the weights.

use crate::error::TrainingError;
use crate::network::Network;
use crate::optimiser::Descent;
use crate::schedule::{Patience, Watched};
use crate::training::history::EpochRecord;
use crate::training::settings::TrainingSettings;

/// What a training knows after an epoch besides the weights: memory of the optimiser, rules that wait, the best weights, the
/// epochs so far. [`crate::checkpoint`] turns it into bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingState {
    pub(crate) descent: Descent,
    /// Factor of the plateau rule on the learning rate so far.
    pub(crate) plateau_factor: f64,
    pub(crate) plateau: Patience,
    pub(crate) stopping: Patience,
    /// Weights and moving statistics of the best epoch, with early stopping.
    pub(crate) best: Option<Best>,
    pub(crate) epochs: Vec<EpochRecord>,
}

/// The epoch with the lowest loss.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Best {
    pub(crate) epoch: usize,
    /// As [`Network::state`] gives them.
    pub(crate) tensors: Vec<Vec<f32>>,
}

impl TrainingState {
    /// Before the first epoch.
    pub fn new(network: &Network<f32>) -> Self {
        Self {
            descent: Descent::new(network),
            plateau_factor: 1.0,
            plateau: Patience::FRESH,
            stopping: Patience::FRESH,
            best: None,
            epochs: Vec::new(),
        }
    }

    /// The epochs that are done.
    pub fn epochs(&self) -> &[EpochRecord] {
        &self.epochs
    }

    /// True if early stopping has had enough.
    pub(crate) fn is_exhausted(&self, settings: &TrainingSettings) -> bool {
        settings.early_stopping.is_some_and(|rule| self.stopping.waited >= rule.patience)
    }

    /// Takes an epoch that has just been finished.
    pub(crate) fn finish(
        &mut self,
        record: EpochRecord,
        network: &Network<f32>,
        settings: &TrainingSettings,
    ) -> Result<(), TrainingError> {
        self.epochs.push(record);
        let loss_of = |watched| match (watched, record.validation) {
            (Watched::ValidationLoss, Some(validation)) => validation.loss,
            _ => record.loss + record.rate_penalty,
        };
        if let Some(validation) = record.validation
            && !validation.loss.is_finite()
        {
            return Err(TrainingError::Diverged { epoch: record.epoch, loss: validation.loss });
        }
        if let Some(rule) = settings.optimiser.plateau {
            self.plateau.take(loss_of(rule.watched));
            if self.plateau.waited >= rule.patience {
                self.plateau.waited = 0;
                self.plateau_factor *= rule.factor;
            }
        }
        if let Some(rule) = settings.early_stopping
            && self.stopping.take(loss_of(rule.watched))
        {
            self.best = Some(Best { epoch: record.epoch, tensors: network.state() });
        }
        Ok(())
    }
}
