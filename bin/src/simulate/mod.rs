//! `lif-sim simulate`: a network that a TOML file describes, with PyNN's names and units.

mod description;
mod experiment;
mod population;
mod projection;
mod source;
mod spikes_file;
mod statistics;
mod summary;
mod traces;
mod value;

pub use spikes_file::Format;

use crate::output::{Provenance, ResultFolder, json_text};
use crate::raster::{Row, raster};
use crate::run::{self, Interrupt, RunArguments};
use anyhow::{Context, Result};
use clap::Args;
use description::Description;
use experiment::Experiment;
use sim::{GridSimulation, Record, Simulation};
use spikes_file::Train;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;
use summary::Summary;

/// Steps of the progress bar.
const STEPS: u64 = 1000;

/// Flags of `lif-sim simulate`.
#[derive(Debug, Args)]
pub struct SimulateArguments {
    /// Description of the network (TOML, see docs/FORMATS.md; examples/ has four)
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Folder for spikes, recordings, summary.json and the raster
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Seed of all random numbers, in place of the file's [default: 1]
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Run on a grid of so many ms, as NEST's iaf_psc_* do, instead of exactly
    #[arg(long, value_name = "DT")]
    grid: Option<f64>,
    /// File format of the spikes
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    #[command(flatten)]
    run: RunArguments,
}

/// Runs the command.
///
/// # Errors
///
/// Fails on descriptions that cannot be simulated and on files that cannot be written.
pub fn simulate(arguments: &SimulateArguments) -> Result<ExitCode> {
    let interrupt = Interrupt::listen()?;
    let (experiment, record, wall) = run::on_threads(arguments.run.threads, || {
        let experiment = Description::read(&arguments.file)
            .and_then(|description| Experiment::new(&description, arguments.seed))
            .with_context(|| arguments.file.display().to_string())?;
        let begin = Instant::now();
        let record =
            watched(&experiment, arguments.grid, &interrupt).with_context(|| arguments.file.display().to_string())?;
        Ok((experiment, record, begin.elapsed()))
    })?;
    let provenance = Provenance::of("lif-sim", Some(experiment.key.seed));
    let summary = Summary { experiment: &experiment, record: &record, grid: arguments.grid, wall };
    let document = summary.document(&provenance);
    if let Some(folder) = &arguments.output {
        let folder = ResultFolder::open(folder)?;
        let mut written = vec![spikes_file::write(&folder, arguments.format, &experiment, &record, &provenance)?];
        written.extend(traces::write(&folder, arguments.format, &experiment, &record, &provenance)?);
        folder.json("summary", &document)?;
        written.push("summary.json");
        let rows = spikes_file::trains(&experiment, &record).into_iter().map(|Train { name, neurons, seen }| Row {
            name: name.to_owned(),
            neurons,
            spikes: &seen.spikes,
            duration: seen.duration,
        });
        if let Some(raster) = raster(rows.collect()) {
            folder.panels("raster", &raster)?;
            written.extend(["raster.png", "raster.svg"]);
        }
        eprintln!("wrote {} into {}", written.join(", "), folder.path().display());
    }
    run::print(&if arguments.run.json { json_text(&document)? } else { summary.text() }).context("cannot print")?;
    Ok(if summary.complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The run, with its progress on the terminal.
fn watched(experiment: &Experiment, grid: Option<f64>, interrupt: &Interrupt) -> Result<Record> {
    let bar = run::progress(STEPS, "thousandths");
    let mut watch = |share: f64| {
        bar.set_position((share * STEPS as f64) as u64);
        !interrupt.asked()
    };
    let Experiment { network, sources, key, duration, .. } = experiment;
    let record = match grid {
        None => Simulation::new(network)?.run_watched(sources, *key, *duration, &mut watch)?,
        Some(dt) => GridSimulation::new(network, dt)?.run_watched(sources, *key, *duration, &mut watch)?,
    };
    bar.finish_and_clear();
    Ok(record)
}
