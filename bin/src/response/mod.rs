//! `lif-sim response`: the firing rate against the mean of a noisy current, simulated and in theory.

mod curve;
mod report;

use crate::neuron_arguments::NeuronArguments;
use crate::output::{Provenance, ResultFolder, json_text};
use crate::run::{self, Interrupt, RunArguments};
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use curve::Curves;
use sim::response::Drive;
use std::path::PathBuf;
use std::process::ExitCode;

/// Mean currents are whole multiples of 1 / STEPS_PER_NA nA, so that 0.1 is 0.1 wherever a curve starts.
const STEPS_PER_NA: f64 = 1e9;

/// Most trials of a point; each has a neuron and a random stream of its own.
const MOST_TRIALS: usize = 1_000_000;

/// Flags of `lif-sim response`.
#[derive(Debug, Args)]
pub struct ResponseArguments {
    /// Noise (nA); may be repeated. With --source noise the standard deviation of the current that is redrawn every
    /// --noise-dt, with --source poisson that of the synaptic current
    #[arg(long, value_name = "NA", default_values_t = [1.0], allow_negative_numbers = true)]
    sigma: Vec<f64>,
    /// Lowest mean current (nA), i_offset not included
    #[arg(long, value_name = "NA", default_value_t = -0.5, allow_negative_numbers = true)]
    from: f64,
    /// Highest mean current (nA), i_offset not included
    #[arg(long, value_name = "NA", default_value_t = 0.6, allow_negative_numbers = true)]
    to: f64,
    /// Step of the mean current (nA)
    #[arg(long, value_name = "NA", default_value_t = 0.1, allow_negative_numbers = true)]
    step: f64,
    /// Independent trials per point
    #[arg(long, default_value_t = 10, value_name = "N")]
    trials: usize,
    /// Length of a trial (ms)
    #[arg(long, value_name = "MS", default_value_t = 10_000.0, allow_negative_numbers = true)]
    duration: f64,
    /// What makes the noise
    #[arg(long, value_enum, default_value_t = NoiseSource::Noise)]
    source: NoiseSource,
    /// Interval between redraws of the noisy current (ms); only with --source noise
    #[arg(long, value_name = "MS", default_value_t = 1.0, allow_negative_numbers = true)]
    noise_dt: f64,
    /// Weight of the 500 excitatory sources, minus that of the 500 inhibitory ones (nA); only with --source poisson
    #[arg(long, value_name = "NA", default_value_t = 0.05, allow_negative_numbers = true)]
    weight: f64,
    /// Seed of the random numbers
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    run: RunArguments,
    /// Write response.csv, .json, .svg and .png into this folder
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    #[command(flatten)]
    neuron: NeuronArguments,
}

/// What makes the fluctuating current.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum NoiseSource {
    /// A Gaussian current, redrawn at regular intervals and injected (PyNN's NoisyCurrentSource)
    Noise,
    /// 500 excitatory and 500 inhibitory Poisson sources through exponential synapses
    Poisson,
}

impl ResponseArguments {
    fn drive(&self, sigma: f64) -> Drive {
        match self.source {
            NoiseSource::Noise => Drive::Noise { stdev: sigma, dt: self.noise_dt },
            NoiseSource::Poisson => Drive::Poisson { sigma, weight: self.weight },
        }
    }

    /// Mean currents of the curve (nA).
    fn means(&self) -> Result<Vec<f64>> {
        let Self { from, to, step, .. } = *self;
        if !(from.is_finite() && to.is_finite() && from <= to) {
            bail!("--from and --to must be finite and --from at most --to (nA), found {from:?} and {to:?}");
        }
        if !(1.0 <= step * STEPS_PER_NA && step.is_finite()) {
            bail!("--step must be finite and at least {:e} nA, found {step:?}", 1.0 / STEPS_PER_NA);
        }
        let steps = ((to - from) / step * (1.0 + 1e-12)).floor();
        if steps > 1e6 {
            bail!("--step {step:?} gives more than a million points between {from} and {to} nA");
        }
        let rounded = |mean: f64| (mean * STEPS_PER_NA).round() / STEPS_PER_NA;
        Ok((0..=steps as u32).map(|i| rounded(from + f64::from(i) * step)).collect())
    }
}

/// Runs the command.
///
/// # Errors
///
/// Fails on impossible parameters and on files that cannot be written.
pub fn response(arguments: &ResponseArguments) -> Result<ExitCode> {
    let neuron = arguments.neuron.neuron();
    neuron.check()?;
    if !(1..=MOST_TRIALS).contains(&arguments.trials) {
        bail!("--trials must be between 1 and {MOST_TRIALS}, found {}", arguments.trials);
    }
    if let Some(sigma) = arguments.sigma.iter().find(|sigma| !(0.0 <= **sigma && sigma.is_finite())) {
        bail!("--sigma must be zero or more and finite (nA), found {sigma}");
    }
    if let Some((i, sigma)) =
        arguments.sigma.iter().enumerate().find(|&(i, sigma)| arguments.sigma[..i].contains(sigma))
    {
        bail!("--sigma {sigma} is given twice (number {})", i + 1);
    }
    let means = arguments.means()?;
    let interrupt = Interrupt::listen()?;
    let drives: Vec<Drive> = arguments.sigma.iter().map(|&sigma| arguments.drive(sigma)).collect();
    let curves = run::on_threads(arguments.run.threads, || {
        Curves::measure(neuron, &drives, &means, arguments.trials, arguments.duration, arguments.seed, &interrupt)
    })?;
    let provenance = Provenance::of("lif-sim", Some(arguments.seed));
    let document = report::document(&curves, &provenance);
    if let Some(folder) = &arguments.output {
        let folder = ResultFolder::open(folder)?;
        folder.json("response", &document)?;
        folder.csv("response", &provenance, &report::COLUMNS, &report::csv_rows(&curves))?;
        folder.figure("response", &report::figure(&curves))?;
        eprintln!("wrote response.csv, .json, .svg and .png into {}", folder.path().display());
    }
    run::print(&if arguments.run.json { json_text(&document)? } else { report::text(&curves) })
        .context("cannot print")?;
    Ok(if curves.complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
