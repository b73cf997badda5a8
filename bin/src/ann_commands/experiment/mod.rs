//! `ann experiment`: the trainings of four papers run again, beside the numbers that they report.

mod course;
mod cwa;
mod description;
mod images;
mod measure;
mod mixlu;
mod noisy_softplus;
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
use description::{Experiment, Scale, Size};
use images::Images;
use published::Published;
use report::Report;
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
    /// Runs of each condition, with seeds from --seed on [default: 5 where the claims are about runs, else 1 as published]
    #[arg(long, value_name = "N")]
    seeds: Option<usize>,
    /// Passes over the training images [default: as published]
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Training images, from the first [default: as published]
    #[arg(long, value_name = "N")]
    images: Option<usize>,
    /// Only conditions of these names, or whose names contain one of these
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
    /// Radical root units in an auto-encoder
    RruAutoencoder,
    /// Radical root units in LeNet-5
    RruLenet,
    /// Noisy Softplus, ReLU and Softplus in convolutional networks
    NspConvnet,
    /// Rectified units of which some keep the negative side, on MNIST
    MixluMnist,
    /// The same on CIFAR-10
    MixluCifar,
    /// Units that are the least or the greatest of two sums, against ReLU and Maxout
    MinMaxout,
    /// Units with two learned slopes, against ReLU and Maxout
    Convact,
    /// Conductance-weighted averages in fully connected layers
    CwaFcn,
    /// The same in convolutions
    CwaCnn,
    /// The same in a ResNet-18
    CwaResnet,
    /// Averages with absolute weights, and with lateral inhibition
    CwaVariants,
}

impl Name {
    /// As on the command line.
    fn text(self) -> &'static str {
        match self {
            Name::RruMlp => "rru-mlp",
            Name::RruAutoencoder => "rru-autoencoder",
            Name::RruLenet => "rru-lenet",
            Name::NspConvnet => "nsp-convnet",
            Name::MixluMnist => "mixlu-mnist",
            Name::MixluCifar => "mixlu-cifar",
            Name::MinMaxout => "min-maxout",
            Name::Convact => "convact",
            Name::CwaFcn => "cwa-fcn",
            Name::CwaCnn => "cwa-cnn",
            Name::CwaResnet => "cwa-resnet",
            Name::CwaVariants => "cwa-variants",
        }
    }

    /// Data sets that it was published on, the usual one first.
    fn data_sets(self) -> &'static [DataSet] {
        match self {
            Name::RruMlp | Name::RruAutoencoder | Name::RruLenet | Name::NspConvnet | Name::MixluMnist => {
                &[DataSet::Mnist]
            }
            Name::MixluCifar => &[DataSet::Cifar10],
            Name::CwaVariants => &[DataSet::Cifar10, DataSet::Mnist],
            Name::MinMaxout | Name::Convact | Name::CwaFcn | Name::CwaCnn | Name::CwaResnet => {
                &[DataSet::Mnist, DataSet::Cifar10]
            }
        }
    }

    fn experiment(self, scale: Scale, data: DataSet) -> Experiment {
        match self {
            Name::RruMlp => radical_root::mlp(scale),
            Name::RruAutoencoder => radical_root::autoencoder(scale),
            Name::RruLenet => radical_root::lenet(scale),
            Name::NspConvnet => noisy_softplus::convnet(scale),
            Name::MixluMnist | Name::MixluCifar => mixlu::mixlu_on(data, scale),
            Name::MinMaxout => {
                let title = "units that are the least or the greatest of two sums";
                let units = ["Min-Maxout", "Maxout", mixlu::MIN_MAXOUT_PER_SYNAPSE, "Maxout per synapse"];
                mixlu::units_on(data, &units, title, scale)
            }
            Name::Convact => {
                let title = "units with two learned slopes per channel";
                mixlu::units_on(data, &["ConvAct", "Maxout"], title, scale)
            }
            Name::CwaFcn => cwa::fcn(data, scale),
            Name::CwaCnn => cwa::cnn(data, scale),
            Name::CwaResnet => cwa::resnet(data, scale),
            Name::CwaVariants => cwa::variants(data, scale),
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
        let mut experiment = self.name.experiment(Scale { size, epochs: self.epochs }, data);
        let effort = &mut experiment.effort;
        effort.runs = self.seeds.unwrap_or(effort.runs);
        effort.images = self.images.unwrap_or(effort.images);
        for (flag, value) in
            [("--seeds", effort.runs), ("--epochs", self.epochs.unwrap_or(1)), ("--images", effort.images)]
        {
            if value == 0 {
                bail!("{flag} must be at least 1");
            }
        }
        if !self.only.is_empty() {
            let names: Vec<String> = experiment.conditions.iter().map(|condition| condition.name.clone()).collect();
            // A whole name is meant alone: CWA is also a part of others.
            let wanted = |name: &str| {
                let meant = |words: &String| name == words || !names.contains(words) && name.contains(words.as_str());
                self.only.iter().any(meant)
            };
            // What is trained on brings along what it begins with.
            let asked = experiment.conditions.iter().filter(|condition| wanted(&condition.name));
            let needed: Vec<String> =
                asked.filter_map(|condition| condition.start.earlier().map(str::to_owned)).collect();
            experiment.conditions.retain(|condition| wanted(&condition.name) || needed.contains(&condition.name));
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
        Ok(Images::new(&training, &test, experiment.effort, experiment.preprocessing))
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
    let outcomes =
        run::on_threads(arguments.run.threads, || runner::run(&experiment, &images, arguments.seed, &interrupt))?;
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
