//! `ann experiment`: the trainings of four papers run again, beside the numbers that they report.

mod course;
mod cwa;
mod description;
mod measure;
mod published;
mod question;
mod radical_root;
mod report;
mod runner;

use crate::dataset::{self, DataSet};
use crate::output::{Provenance, ResultFolder, json_text};
use crate::run::{self, Interrupt, RunArguments};
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use data::mnist::Split;
use description::{Experiment, Size};
use published::Published;
use report::Report;
use runner::Images;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// Flags of `ann experiment`.
#[derive(Debug, Args)]
pub struct ExperimentArguments {
    /// What to run
    #[arg(value_name = "NAME")]
    name: Name,
    /// A small version of seconds: few images and epochs, small networks
    #[arg(long)]
    quick: bool,
    /// Runs of each condition, with seeds from --seed on [default: as published, at least 5 where intervals are over runs]
    #[arg(long, value_name = "N")]
    seeds: Option<usize>,
    /// Passes over the training images [default: as published]
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Training images, from the first [default: as published]
    #[arg(long, value_name = "N")]
    images: Option<usize>,
    /// Only conditions whose names contain one of these
    #[arg(long, value_name = "WORDS,..", value_delimiter = ',')]
    only: Vec<String>,
    /// Data set, where an experiment was published on several
    #[arg(long, value_enum)]
    data: Option<DataSet>,
    /// Folder with the images [default: $LIF_DATA/NAME, data/NAME]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// First seed; runs with one seed have the same initial weights and order of images
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    run: RunArguments,
    /// Write NAME.json, the tables and all epochs as CSV, and NAME.svg and .png into this folder
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// An experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    /// Radical root units in networks of 4, 6 and 8 hidden layers
    RruMlp,
    /// Conductance-weighted averages in fully connected layers
    CwaFcn,
}

impl Name {
    /// As on the command line.
    fn text(self) -> &'static str {
        match self {
            Name::RruMlp => "rru-mlp",
            Name::CwaFcn => "cwa-fcn",
        }
    }

    /// Data sets that it was published on, the usual one first.
    fn data_sets(self) -> &'static [DataSet] {
        match self {
            Name::RruMlp => &[DataSet::Mnist],
            Name::CwaFcn => &[DataSet::Mnist, DataSet::Cifar10],
        }
    }

    fn experiment(self, size: Size, data: DataSet) -> Experiment {
        match self {
            Name::RruMlp => radical_root::mlp(size),
            Name::CwaFcn => cwa::fcn(size, data),
        }
    }
}

impl ExperimentArguments {
    /// The experiment as the flags have it.
    fn experiment(&self) -> Result<Experiment> {
        let sets = self.name.data_sets();
        let data = self.data.unwrap_or(sets[0]);
        if !sets.contains(&data) {
            let names: Vec<&str> = sets.iter().map(|set| set.name()).collect();
            bail!("{} was published on {}, not on {}", self.name.text(), names.join(" and "), data.name());
        }
        let size = if self.quick { Size::Quick } else { Size::Published };
        let mut experiment = self.name.experiment(size, data);
        let effort = &mut experiment.effort;
        effort.runs = self.seeds.unwrap_or(effort.runs);
        effort.epochs = self.epochs.unwrap_or(effort.epochs);
        effort.images = self.images.unwrap_or(effort.images);
        for (flag, value) in [("--seeds", effort.runs), ("--epochs", effort.epochs), ("--images", effort.images)] {
            if value == 0 {
                bail!("{flag} must be at least 1");
            }
        }
        if !self.only.is_empty() {
            let names: Vec<String> = experiment.conditions.iter().map(|condition| condition.name.clone()).collect();
            let wanted = |name: &str| self.only.iter().any(|words| name.contains(words.as_str()));
            experiment.conditions.retain(|condition| wanted(&condition.name));
            if experiment.conditions.is_empty() {
                bail!("no condition of {} is called so; there are: {}", self.name.text(), names.join(", "));
            }
        }
        Ok(experiment)
    }

    fn images(&self, experiment: &Experiment) -> Result<Images> {
        let folder = dataset::folder(self.data_dir.as_deref(), experiment.data.name())?;
        let load = |split| experiment.data.load(&folder, split);
        let (training, test) = (load(Split::Train)?, load(Split::Test)?);
        let effort = experiment.effort;
        Ok(Images { training: training.first(effort.images), test: test.first(effort.test_images) })
    }
}

/// Runs the command.
///
/// # Errors
///
/// Fails on impossible flags, on missing data and on files that cannot be written.
pub fn experiment(arguments: &ExperimentArguments) -> Result<ExitCode> {
    let experiment = arguments.experiment()?;
    let name = arguments.name.text();
    let published = Published::read(name, experiment.data.name())?;
    let images = arguments.images(&experiment)?;
    let interrupt = Interrupt::listen()?;
    let folder = arguments.output.as_deref().map(ResultFolder::open).transpose()?;
    let outcomes = run::on_threads(arguments.run.threads, || {
        runner::run(&experiment, &images, arguments.seed, &interrupt)
    })?;
    let report = Report { name, experiment: &experiment, published: &published, outcomes: &outcomes };
    let outcome = report.outcome();
    let provenance = Provenance::of("ann", Some(arguments.seed));
    let mut document = json!({ "provenance": provenance });
    for part in [outcome.document(), report.details()] {
        if let (Value::Object(document), Value::Object(part)) = (&mut document, part) {
            document.extend(part);
        }
    }
    if let Some(folder) = &folder {
        outcome.write(folder, &provenance)?;
        folder.json(name, &document)?;
        eprintln!("wrote the results into {}", folder.path().display());
    }
    let text = if arguments.run.json { json_text(&document)? } else { outcome.text() };
    run::print(&text).context("cannot print")?;
    Ok(if outcomes.complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
