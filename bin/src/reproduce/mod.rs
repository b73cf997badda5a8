//! `lif-sim reproduce`: the figures and constants of the Noisy Softplus papers, published, on their 1 ms grid, and exact.

mod condition;
mod convolution;
mod convolution_figure;
mod fits;
mod laboratory;
mod models;
mod published;
mod rates;
mod resolution;
mod stimulus;
mod surface;

use crate::dataset;
use crate::outcome::Outcome;
use crate::output::{Provenance, ResultFolder, json_text};
use crate::run::{self, Interrupt, RunArguments};
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use condition::Effort;
use data::mnist::Split;
use laboratory::Laboratory;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Trials of each point, and their length (ms): as published, and to see soon how it will look.
const PUBLISHED: (usize, f64) = (10, 10_000.0);
const QUICK: (usize, f64) = (4, 1_000.0);

/// Most trials of a point; each has a neuron of its own.
const MOST_TRIALS: usize = 10_000;

/// Flags of `lif-sim reproduce`.
#[derive(Debug, Args)]
pub struct ReproduceArguments {
    /// What to reproduce
    #[arg(required = true, value_name = "NAME")]
    names: Vec<Name>,
    /// Independent trials per point [default: 10]
    #[arg(long, value_name = "N")]
    trials: Option<usize>,
    /// Length of a trial (ms) [default: 10000]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    duration: Option<f64>,
    /// Four trials of 1 s unless told otherwise, for a quick look
    #[arg(long)]
    quick: bool,
    /// Test image of MNIST for figure 4, from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    image: usize,
    /// Folder with the MNIST files, for figure 4 [default: data/mnist, also above the program]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Seed of the random numbers
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    run: RunArguments,
    /// Write NAME.csv, .svg and .png of each, and reproduce.json, into this folder
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// A figure of Liu & Furber (2016), or the constants of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    /// Response to a noisy current, with Siegert's rates
    Fig1a,
    /// The same minus Siegert's rates, at two resolutions
    Fig1b,
    /// Response to Poisson spikes at tau_syn 1, 5 and 10 ms
    Fig2,
    /// Noisy Softplus fitted to figure 1a
    Fig3a,
    /// Rate against mean and noise as a surface, tau_syn 5 ms
    Fig3b,
    /// Noisy Softplus fitted at tau_syn 1 ms
    Fig3c,
    /// Noisy Softplus fitted at tau_syn 5 and 10 ms
    Fig3d,
    /// One digit through one kernel: recorded and predicted rates
    Fig4,
    /// Constants (k, S) of all drives
    Fits,
    /// All of these
    All,
}

impl Name {
    /// All but `all`, in order.
    const EACH: [Name; 9] = [
        Name::Fig1a,
        Name::Fig1b,
        Name::Fig2,
        Name::Fig3a,
        Name::Fig3b,
        Name::Fig3c,
        Name::Fig3d,
        Name::Fig4,
        Name::Fits,
    ];
}

impl ReproduceArguments {
    fn effort(&self) -> Result<Effort> {
        let (trials, duration) = if self.quick { QUICK } else { PUBLISHED };
        let (trials, duration) = (self.trials.unwrap_or(trials), self.duration.unwrap_or(duration));
        if !(2..=MOST_TRIALS).contains(&trials) {
            bail!("--trials must be between 2 (for standard errors) and {MOST_TRIALS}, found {trials}");
        }
        // The grid takes whole steps.
        if !((100.0..=1e7).contains(&duration) && duration.fract() == 0.0) {
            bail!("--duration must be a whole number of ms between 100 and 1e7, found {duration:?}");
        }
        Ok(Effort { trials, duration, seed: self.seed })
    }

    fn outcome(&self, name: Name, laboratory: &mut Laboratory) -> Result<Outcome> {
        match name {
            Name::Fig1a => rates::figure_1a(laboratory),
            Name::Fig1b => resolution::figure_1b(laboratory),
            Name::Fig2 => rates::figure_2(laboratory),
            Name::Fig3a => models::figure_3a(laboratory),
            Name::Fig3b => surface::figure_3b(laboratory),
            Name::Fig3c => models::figure_3c(laboratory),
            Name::Fig3d => models::figure_3d(laboratory),
            Name::Fig4 => convolution::figure_4(&self.pixels()?, laboratory),
            Name::Fits => fits::outcome(laboratory),
            Name::All => bail!("all is not a figure"),
        }
    }

    /// The digit of figure 4.
    fn pixels(&self) -> Result<Vec<u8>> {
        let folder = dataset::folder(self.data_dir.as_deref(), "mnist")?;
        let images = dataset::load(&folder, Split::Test)?;
        if self.image >= images.len() {
            bail!("--image must be below {}, the number of test images, found {}", images.len(), self.image);
        }
        let expected = stimulus::IMAGE * stimulus::IMAGE;
        if images.image_size() != expected {
            bail!(
                "figure 4 needs images of {expected} pixels, those in {} have {}",
                folder.display(),
                images.image_size()
            );
        }
        Ok(images.image(self.image).to_vec())
    }
}

/// Runs the command.
///
/// # Errors
///
/// Fails on impossible flags, on missing data and on files that cannot be written.
pub fn reproduce(arguments: &ReproduceArguments) -> Result<ExitCode> {
    let effort = arguments.effort()?;
    let wanted = |name: &Name| arguments.names.contains(name) || arguments.names.contains(&Name::All);
    let names: Vec<Name> = Name::EACH.into_iter().filter(wanted).collect();
    let interrupt = Interrupt::listen()?;
    let provenance = Provenance::of("lif-sim", Some(arguments.seed));
    let folder = arguments.output.as_deref().map(ResultFolder::open).transpose()?;
    run::on_threads(arguments.run.threads, || {
        let mut laboratory = Laboratory::new(effort, interrupt)?;
        let mut documents = Vec::new();
        for name in names {
            let outcome = arguments.outcome(name, &mut laboratory)?;
            if let Some(folder) = &folder {
                outcome.write(folder, &provenance)?;
            }
            documents.push(outcome.document());
            if !arguments.run.json {
                run::print(&format!("{}\n", outcome.text())).context("cannot print")?;
            }
        }
        let document = json!({
            "provenance": provenance,
            "trials": effort.trials,
            "duration_ms": effort.duration,
            "figures": documents,
        });
        if let Some(folder) = &folder {
            folder.json("reproduce", &document)?;
            eprintln!("wrote the results into {}", folder.path().display());
        }
        if arguments.run.json {
            run::print(&json_text(&document)?).context("cannot print")?;
        }
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}
