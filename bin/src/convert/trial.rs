//! A run of the trained and of the spiking network on the same images.

use super::arguments::ConvertArguments;
use super::journal::Journal;
use super::spiking::Spiking;
use crate::dataset;
use crate::run::{self, Interrupt, progress};
use anyhow::{Result, bail};
use convert::{Decision, Outcome};
use data::ImageSet;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// What happened on one image.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shown {
    /// Number of the image in the data set.
    pub(super) image: usize,
    /// What it shows.
    pub(super) label: u8,
    /// The class that the trained network finds.
    pub(super) predicted: u8,
    /// What the spiking network did.
    pub(super) outcome: Outcome,
}

impl Shown {
    /// What the spiking network says at the end.
    pub(super) fn decision(&self) -> Decision {
        self.outcome.decisions.last().copied().unwrap_or(Decision::Silent)
    }
}

/// A run of both networks on the same images.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trial {
    /// In the order of the images; those that were not presented are left out.
    pub(super) shown: Vec<Shown>,
    /// Number of images that were to be presented.
    pub(super) asked: usize,
    /// Wall-clock time of the simulation.
    pub(super) seconds: f64,
}

impl Trial {
    /// Presents the images of `range`, but for those that a journal already has.
    pub(super) fn run(
        arguments: &ConvertArguments,
        trained: &ann::Network<f32>,
        spiking: &Spiking,
        test: &ImageSet,
        range: std::ops::Range<usize>,
        journal: Option<Journal>,
        interrupt: &Interrupt,
    ) -> Result<Trial> {
        let asked = range.len();
        let (past, mut seconds) = journal.as_ref().map_or((&[][..], 0.0), Journal::past);
        let mut shown = past.to_vec();
        let done: BTreeSet<usize> = shown.iter().map(|shown| shown.image).collect();
        let images: Vec<usize> = range.filter(|image| !done.contains(image)).collect();
        let started = Instant::now();
        let bar = progress(asked as u64, "images");
        bar.set_position(shown.len() as u64);
        let right = AtomicU64::new(shown.iter().filter(|s| s.decision() == Decision::Class(s.label)).count() as u64);
        let failure: Mutex<Option<anyhow::Error>> = Mutex::new(None);
        let work = || {
            let predicted = ann::predict(trained, dataset::samples(test))?;
            let show = |image: usize, outcome: Outcome| Shown {
                image,
                label: test.label(image),
                predicted: predicted[image],
                outcome,
            };
            let outcomes = spiking.present(test, &images, arguments, &|image, outcome| {
                let shown = show(image, outcome.clone());
                let is_right = shown.decision() == Decision::Class(shown.label);
                let right = right.fetch_add(u64::from(is_right), Ordering::Relaxed) + u64::from(is_right);
                bar.inc(1);
                bar.set_message(format!("{:.2} % right", 100.0 * right as f64 / bar.position() as f64));
                let noted = journal.as_ref().map_or(Ok(()), |journal| journal.note(&shown));
                match noted {
                    Ok(()) if !interrupt.asked() => ControlFlow::Continue(()),
                    Ok(()) => ControlFlow::Break(()),
                    Err(error) => {
                        if let Ok(mut failure) = failure.lock() {
                            failure.get_or_insert(error);
                        }
                        ControlFlow::Break(())
                    }
                }
            })?;
            let new = images.iter().zip(outcomes).filter_map(|(&image, outcome)| Some(show(image, outcome?)));
            Ok(new.collect::<Vec<Shown>>())
        };
        shown.extend(run::on_threads(arguments.run.threads, work)?);
        bar.finish_and_clear();
        if let Ok(Some(error)) = failure.into_inner() {
            bail!(error);
        }
        shown.sort_by_key(|shown| shown.image);
        seconds += started.elapsed().as_secs_f64();
        let trial = Trial { shown, asked, seconds };
        if let Some(journal) = journal {
            journal.close(&trial)?;
        }
        Ok(trial)
    }
}
