//! Training over mini-batches.

pub(crate) mod batch;
pub(crate) mod history;
pub(crate) mod settings;
pub(crate) mod state;

use crate::error::TrainingError;
use crate::loss::Loss;
use crate::network::Network;
use crate::random::{Purpose, Stream};
use crate::targets::Examples;
use batch::{Batch, assess};
use history::{EpochRecord, History, Means, Observer, Progress, Validation};
use settings::TrainingSettings;
use state::TrainingState;

/// Trains `network`; `observer` is called after each batch and each epoch and can stop the training cleanly.
///
/// The result depends on the network, the samples and the settings, not on the number of threads (different processors
/// may round differently).
///
/// # Errors
/// If a setting is out of range, the samples do not fit the network, or the loss is no longer a number.
pub fn train<'a>(
    network: &mut Network<f32>,
    samples: impl Into<Examples<'a>>,
    settings: &TrainingSettings,
    observer: &mut Observer<'_>,
) -> Result<History, TrainingError> {
    let state = TrainingState::new(network);
    resume(network, samples, settings, state, observer)
}

/// As [`train`], from the state that [`crate::checkpoint::read`] gives: to the last bit what an uninterrupted training would have come to.
///
/// # Errors
/// As [`train`].
pub fn resume<'a>(
    network: &mut Network<f32>,
    samples: impl Into<Examples<'a>>,
    settings: &TrainingSettings,
    mut state: TrainingState,
    observer: &mut Observer<'_>,
) -> Result<History, TrainingError> {
    let examples = samples.into();
    let (training, validation) = settings.split(settings.check(network, examples)?)?;
    let stopped = run(network, examples, (&training, &validation), settings, &mut state, observer)?;
    let restored = state.best.as_ref().map(|best| {
        network.restore(&best.tensors);
        best.epoch
    });
    Ok(History { epochs: state.epochs, stopped, restored })
}

/// Trains to the end; true if the observer stopped before it.
fn run(
    network: &mut Network<f32>,
    examples: Examples<'_>,
    (training, validation): (&[u32], &[u32]),
    settings: &TrainingSettings,
    state: &mut TrainingState,
    observer: &mut Observer<'_>,
) -> Result<bool, TrainingError> {
    let mut batch = Batch::new(network, settings.batch_size);
    let labelled = examples.labels().is_some();
    for epoch in state.epochs.len()..settings.epochs {
        if state.is_exhausted(settings) {
            break;
        }
        let rate = settings.optimiser.learning_rate_of(epoch) * state.plateau_factor;
        let mut order = training.to_vec();
        Stream::new(settings.seed, Purpose::Shuffling { epoch: epoch as u32 }).shuffle(&mut order);
        let (mut sum, mut samples) = (Loss::default(), 0);
        for indices in order.chunks(settings.batch_size) {
            sum.add(batch.learn(network, examples, indices, settings, epoch));
            if !sum.total().is_finite() {
                return Err(TrainingError::Diverged { epoch, loss: sum.total() });
            }
            state.descent.step(network, batch.gradients(), &settings.optimiser, rate);
            network.absorb(&batch.totals.inputs);
            samples += indices.len();
            let EpochRecord { loss, accuracy, .. } = EpochRecord::new(epoch, rate, sum, Means { samples, labelled });
            let progress = Progress::Batch { epoch, done: samples, samples: training.len(), loss, accuracy };
            if observer(progress).is_break() {
                return Ok(true);
            }
        }
        let mut record = EpochRecord::new(epoch, rate, sum, Means { samples, labelled });
        if !validation.is_empty() {
            let sum = assess(network, examples, validation, settings.objective.criterion);
            record.validation = Some(Validation::new(sum, Means { samples: validation.len(), labelled }));
        }
        state.finish(record, network, settings)?;
        if observer(Progress::Epoch { record, network, state }).is_break() {
            return Ok(epoch + 1 < settings.epochs && !state.is_exhausted(settings));
        }
    }
    Ok(false)
}
