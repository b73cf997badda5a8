//! All runs of an experiment, one after the other, each on all threads.

use super::super::CLASSES;
use super::description::{Condition, Effort, Experiment, Start, Task};
use super::images::Images;
use super::measure::Counts;
use crate::run::{Interrupt, ProgressBar, progress};
use ann::{Criterion, EpochRecord, Network, Objective, Progress, TrainingError, TrainingSettings, measure_loss};
use anyhow::{Context, Result};
use std::ops::ControlFlow;
use std::time::Instant;

/// A trained network's course.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Run {
    pub(super) seed: u64,
    pub(super) epochs: Vec<Epoch>,
    /// Whether its loss ceased to be a number; epochs from then on count as guessing.
    pub(super) diverged: bool,
    pub(super) seconds: f64,
}

/// Means over an epoch (training, while the weights change) and after it (test); not numbers where the task has none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Epoch {
    pub(super) train_loss: f64,
    pub(super) train_error: f64,
    pub(super) test_loss: f64,
    pub(super) test_error: f64,
    pub(super) square_error: f64,
}

/// The runs of all conditions, in their order.
pub(super) struct Outcomes {
    pub(super) runs: Vec<Vec<Run>>,
    /// False if the user stopped it; finished runs are kept.
    pub(super) complete: bool,
    pub(super) counts: Counts,
}

/// Trains every condition with every seed from `seed` on. Conditions change faster than seeds, so that what an interruption leaves can be
/// compared.
pub(super) fn run(experiment: &Experiment, images: &Images, seed: u64, interrupt: &Interrupt) -> Result<Outcomes> {
    let Effort { runs: repetitions, .. } = experiment.effort;
    let conditions = &experiment.conditions;
    let epochs: usize = conditions.iter().map(|condition| condition.settings.epochs).sum();
    let bar = progress((repetitions * epochs * images.training().len()) as u64, "images");
    let mut runs: Vec<Vec<Run>> = conditions.iter().map(|_| Vec::new()).collect();
    let mut complete = true;
    let continued = |name: &str| conditions.iter().any(|condition| condition.start.earlier() == Some(name));
    'all: for repetition in 0..repetitions {
        let mut trained: Vec<(&str, Network<f32>)> = Vec::new();
        for (condition, runs) in conditions.iter().zip(&mut runs) {
            let trial = Trial { experiment, condition, images, interrupt, bar: &bar, seed: seed + repetition as u64 };
            let outcome = trial.start(&trained).and_then(|network| trial.run(network));
            match outcome.with_context(|| format!("in the condition {}", condition.name))? {
                Some((run, network)) => {
                    runs.push(run);
                    if continued(&condition.name) {
                        trained.push((&condition.name, network));
                    }
                }
                None => {
                    complete = false;
                    break 'all;
                }
            }
        }
    }
    bar.finish_and_clear();
    let counts = Counts { training: images.training().len(), test: images.test().len() };
    Ok(Outcomes { runs, complete, counts })
}

/// One run to be.
struct Trial<'a> {
    experiment: &'a Experiment,
    condition: &'a Condition,
    images: &'a Images,
    interrupt: &'a Interrupt,
    bar: &'a ProgressBar,
    seed: u64,
}

impl Trial<'_> {
    /// The network before training; `trained` are those of this seed, by condition.
    fn start(&self, trained: &[(&str, Network<f32>)]) -> Result<Network<f32>> {
        match &self.condition.start {
            Start::Drawn(recipe) => Ok(recipe(self.images.input(), self.seed)?),
            Start::Trained { condition, activation } => {
                let earlier = trained.iter().find(|(name, _)| name == condition);
                let (_, network) = earlier.with_context(|| format!("{condition} has to run before"))?;
                Ok(network.with_activation(*activation)?)
            }
        }
    }

    /// The run and the trained network, or nothing if the user stopped it.
    fn run(&self, mut network: Network<f32>) -> Result<Option<(Run, Network<f32>)>> {
        let (started, begun) = (Instant::now(), self.bar.position());
        let task = self.experiment.task;
        let settings = TrainingSettings { seed: self.seed, ..self.condition.settings.clone() };
        let mut epochs: Vec<Epoch> = Vec::new();
        let mut failed = None;
        let training = self.images.training().examples(task);
        let history = ann::train(&mut network, training, &settings, &mut |progress| {
            match progress {
                Progress::Batch { epoch, done, samples, loss, .. } => {
                    self.bar.set_position(begun + (epoch * samples + done) as u64);
                    self.bar.set_message(format!("{}, seed {}: loss {loss:.4}", self.condition.name, self.seed));
                }
                Progress::Epoch { record, network, .. } => match self.tested(record, network, &settings) {
                    Ok(epoch) => {
                        epochs.push(epoch);
                        self.tell(epochs.len(), epoch);
                    }
                    Err(error) => failed = Some(error),
                },
            }
            if self.interrupt.asked() || failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let diverged = match history {
            Err(TrainingError::Diverged { .. }) => true,
            Err(error) => return Err(error.into()),
            Ok(history) if history.stopped && failed.is_none() => return Ok(None),
            Ok(_) => false,
        };
        if let Some(error) = failed {
            return Err(error.into());
        }
        self.bar.set_position(begun + (settings.epochs * self.images.training().len()) as u64);
        if diverged {
            epochs.resize(settings.epochs, Epoch::guessing(task));
        }
        let run = Run { seed: self.seed, epochs, diverged, seconds: started.elapsed().as_secs_f64() };
        Ok(Some((run, network)))
    }

    /// A line about an epoch, for those who follow the run in a log.
    fn tell(&self, number: usize, epoch: Epoch) {
        let error = match self.experiment.task {
            Task::Classes => format!(", test error {:.2} %", 100.0 * epoch.test_error),
            Task::Inputs => format!(", squared error {:.4}", epoch.square_error),
        };
        let Epoch { train_loss, test_loss, .. } = epoch;
        let line = format!(
            "{}, seed {}, epoch {number}: training loss {train_loss:.4}, test loss {test_loss:.4}{error}",
            self.condition.name, self.seed
        );
        self.bar.suspend(|| eprintln!("{line}"));
    }

    /// Measures the network on the test images.
    fn tested(
        &self,
        record: EpochRecord,
        network: &Network<f32>,
        settings: &TrainingSettings,
    ) -> Result<Epoch, TrainingError> {
        let test = self.images.test().examples(self.experiment.task);
        let loss = measure_loss(network, test, settings.objective)?;
        let count = self.images.test().len() as f64;
        let square_error = match self.experiment.task {
            Task::Classes => f64::NAN,
            Task::Inputs => {
                let objective = Objective { criterion: Criterion::MEAN_SQUARE, ..Objective::default() };
                measure_loss(network, test, objective)?.distance / count
            }
        };
        Ok(Epoch {
            train_loss: record.loss,
            train_error: record.accuracy.map_or(f64::NAN, |accuracy| 1.0 - accuracy),
            test_loss: loss.distance / count,
            test_error: match self.experiment.task {
                Task::Classes => 1.0 - loss.correct as f64 / count,
                Task::Inputs => f64::NAN,
            },
            square_error,
        })
    }
}

impl Run {
    /// The run as it was after so many epochs; nothing if it had fewer.
    pub(super) fn until(&self, epoch: usize) -> Option<Run> {
        Some(Run { epochs: self.epochs.get(..epoch)?.to_vec(), ..self.clone() })
    }
}

impl Epoch {
    /// After a divergence.
    fn guessing(task: Task) -> Epoch {
        let error = match task {
            Task::Classes => 1.0 - 1.0 / CLASSES as f64,
            Task::Inputs => f64::NAN,
        };
        Epoch {
            train_loss: f64::NAN,
            train_error: error,
            test_loss: f64::NAN,
            test_error: error,
            square_error: f64::NAN,
        }
    }
}
