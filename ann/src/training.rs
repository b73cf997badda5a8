//! Training over mini-batches.

use std::ops::ControlFlow;

use crate::activation::Activation;
use crate::error::TrainingError;
use crate::evaluation::Samples;
use crate::loss::Loss;
use crate::network::Network;
use crate::optimiser::{Descent, Optimiser, require};
use crate::pass::{Objective, Pass, Phase};
use crate::random::{Purpose, Stream};
use crate::workspace::{Part, Totals};

/// How to train.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainingSettings {
    /// Passes over all samples.
    pub epochs: usize,
    /// Samples per step; the last batch of an epoch may be smaller.
    pub batch_size: usize,
    /// Seed of the order of the samples, and of dropout.
    pub seed: u64,
    /// How gradients become steps.
    pub optimiser: Optimiser,
    /// What is minimised.
    pub objective: Objective,
}

/// Means over one epoch, taken while the weights were changing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochRecord {
    /// From 0.
    pub epoch: usize,
    /// Mean cross-entropy (nats).
    pub cross_entropy: f64,
    /// Mean penalty on high rates.
    pub rate_penalty: f64,
    /// Correctly classified over all samples.
    pub accuracy: f64,
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
        /// Mean cross-entropy (nats) of the epoch so far.
        cross_entropy: f64,
        /// Accuracy of the epoch so far.
        accuracy: f64,
    },
    /// One epoch is done.
    Epoch {
        /// Its means.
        record: EpochRecord,
        /// The network as it is now, to be evaluated or saved.
        network: &'a Network<f32>,
    },
}

/// The course of a training.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// The epochs that were finished.
    pub epochs: Vec<EpochRecord>,
    /// True if the observer stopped the training before its end.
    pub stopped: bool,
}

/// Parts of a batch that are worked on in parallel. The partition is the same for any number of threads, and so is the
/// order in which the parts are summed, hence the result.
const PARTS: usize = 16;

/// Trains `network`; `observer` is called after each batch and each epoch and can stop the training cleanly.
///
/// The result depends on the network, the samples and the settings, not on the number of threads (different processors
/// may round differently).
///
/// # Errors
/// If a setting is out of range, the samples do not fit the network, or the loss is no longer a number.
pub fn train(
    network: &mut Network<f32>,
    samples: Samples<'_>,
    settings: &TrainingSettings,
    observer: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
) -> Result<History, TrainingError> {
    check(network, samples, settings)?;
    let mut descent = Descent::new(settings.optimiser, network);
    let mut parts: Vec<Part<f32>> = (0..PARTS.min(settings.batch_size)).map(|_| Part::new(network)).collect();
    let mut totals = Totals::new();
    let mut history = History { epochs: Vec::new(), stopped: false };
    for epoch in 0..settings.epochs {
        let order = order(samples.len(), settings.seed, epoch);
        let (mut sum, mut done) = (Loss::default(), 0);
        for batch in order.chunks(settings.batch_size) {
            let phase = Phase::Training { seed: settings.seed, epoch: epoch as u32 };
            sum.add(step(network, samples, batch, settings.objective, phase, &mut parts, &mut totals));
            if !sum.total().is_finite() {
                return Err(TrainingError::Diverged { epoch, loss: sum.total() });
            }
            descent.step(network, &parts[0].gradients, epoch);
            network.absorb(&totals.inputs);
            done += batch.len();
            let record = EpochRecord::new(epoch, sum, done);
            let progress = Progress::Batch {
                epoch,
                done,
                samples: samples.len(),
                cross_entropy: record.cross_entropy,
                accuracy: record.accuracy,
            };
            if observer(progress).is_break() {
                history.stopped = true;
                return Ok(history);
            }
        }
        let record = EpochRecord::new(epoch, sum, done);
        history.epochs.push(record);
        if observer(Progress::Epoch { record, network }).is_break() {
            history.stopped = epoch + 1 < settings.epochs;
            return Ok(history);
        }
    }
    Ok(history)
}

fn check(network: &Network<f32>, samples: Samples<'_>, settings: &TrainingSettings) -> Result<(), TrainingError> {
    let batch_size = settings.batch_size;
    require("the batch size", "1 or more", batch_size as f64, batch_size > 0)?;
    settings.optimiser.check()?;
    if let Some(limit) = settings.objective.rate_limit {
        require("the ceiling of the rate limit", "0 or above", limit.ceiling, 0.0 <= limit.ceiling)?;
        require("the strength of the rate limit", "0 or above", limit.strength, 0.0 <= limit.strength)?;
    }
    if samples.is_empty() {
        return Err(TrainingError::NoSamples);
    }
    samples.check(network.input(), network.output().units())?;
    match network.layers().last().map(|layer| layer.activation()) {
        Some(Activation::Softmax | Activation::Linear) | None => Ok(()),
        Some(found) => Err(TrainingError::NoLogits { found: found.to_string() }),
    }
}

/// Order of the samples in an epoch.
fn order(samples: usize, seed: u64, epoch: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..samples as u32).collect();
    Stream::new(seed, Purpose::Shuffling { epoch: epoch as u32 }).shuffle(&mut order);
    order
}

/// Loss of one batch; its mean gradient is left in the first part, its statistics in `totals`.
fn step(
    network: &Network<f32>,
    samples: Samples<'_>,
    batch: &[u32],
    objective: Objective,
    phase: Phase,
    parts: &mut [Part<f32>],
    totals: &mut Totals,
) -> Loss {
    let size = batch.len().div_ceil(parts.len());
    let used = batch.len().div_ceil(size);
    let parts = &mut parts[..used];
    let (units, full_scale) = (network.input().units(), network.full_scale() as f32);
    for (part, indices) in parts.iter_mut().zip(batch.chunks(size)) {
        part.inputs.clear();
        part.labels.clear();
        part.numbers.clear();
        for &index in indices {
            samples.extend_inputs(index as usize, units, full_scale, &mut part.inputs);
            part.labels.push(samples.labels[index as usize]);
            part.numbers.push(index);
        }
    }
    Pass::new(network, phase).learn(parts, objective, 1.0 / batch.len() as f64, totals);
    let (first, others) = parts.split_at_mut(1);
    let mut loss = first[0].loss;
    for part in others {
        first[0].gradients.add(&part.gradients);
        loss.add(part.loss);
    }
    loss
}

impl EpochRecord {
    fn new(epoch: usize, sum: Loss, samples: usize) -> Self {
        let samples = samples as f64;
        Self {
            epoch,
            cross_entropy: sum.cross_entropy / samples,
            rate_penalty: sum.rate_penalty / samples,
            accuracy: sum.correct as f64 / samples,
        }
    }
}
