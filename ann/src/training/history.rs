//! The course of a training.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::loss::Loss;
use crate::network::Network;
use crate::training::state::TrainingState;

/// Means over one epoch, taken while the weights were changing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// From 0.
    pub epoch: usize,
    /// Learning rate, before warm-up.
    pub learning_rate: f64,
    /// Mean distance of the outputs from their targets, by the criterion: for classes the cross-entropy (nats).
    pub loss: f64,
    /// Mean penalty on high rates.
    pub rate_penalty: f64,
    /// Correctly classified over all samples, where targets are labels.
    pub accuracy: Option<f64>,
    /// The same of the validation samples, where there are some.
    pub validation: Option<Validation>,
}

/// Means over the validation samples after an epoch, the network being as after training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// Mean distance of the outputs from their targets, without penalties.
    pub loss: f64,
    /// Correctly classified over all, where targets are labels.
    pub accuracy: Option<f64>,
}

/// What a training reports while it runs.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// One batch is done.
    Batch {
        /// From 0.
        epoch: usize,
        /// Samples of this epoch done so far.
        done: usize,
        /// Samples of an epoch.
        samples: usize,
        /// Mean loss of the epoch so far, without penalties.
        loss: f64,
        /// Accuracy of the epoch so far, where targets are labels.
        accuracy: Option<f64>,
    },
    /// One epoch is done.
    Epoch {
        /// Its means.
        record: EpochRecord,
        /// The network as it is now, to be evaluated or saved.
        network: &'a Network<f32>,
        /// All else that a continued training has to know.
        state: &'a TrainingState,
    },
}

/// What is told of the progress of a training, and stops it cleanly.
pub type Observer<'a> = dyn FnMut(Progress<'_>) -> ControlFlow<()> + 'a;

/// The course of a training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The epochs that were finished, those before a checkpoint included.
    pub epochs: Vec<EpochRecord>,
    /// True if the observer stopped the training before its end.
    pub stopped: bool,
    /// With early stopping: the epoch (from 0) whose weights the network has.
    pub restored: Option<usize>,
}

impl EpochRecord {
    pub(crate) fn new(epoch: usize, learning_rate: f64, sum: Loss, means: Means) -> Self {
        let samples = means.samples as f64;
        Self {
            epoch,
            learning_rate,
            loss: sum.distance / samples,
            rate_penalty: sum.rate_penalty / samples,
            accuracy: means.accuracy(sum),
            validation: None,
        }
    }
}

impl Validation {
    pub(crate) fn new(sum: Loss, means: Means) -> Self {
        Self { loss: sum.distance / means.samples as f64, accuracy: means.accuracy(sum) }
    }
}

/// What sums are divided by.
#[derive(Clone, Copy)]
pub(crate) struct Means {
    pub(crate) samples: usize,
    /// Whether the targets are labels.
    pub(crate) labelled: bool,
}

impl Means {
    fn accuracy(self, sum: Loss) -> Option<f64> {
        self.labelled.then_some(sum.correct as f64 / self.samples as f64)
    }
}
