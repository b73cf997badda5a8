//! `convert merge`: shards of a run as one.

use super::energy::Device;
use super::journal::{Header, Outcomes, same_run};
use super::measurement::Measurement;
use super::results::Results;
use super::trial::Trial;
use crate::output::{Provenance, write_file};
use anyhow::{Context, Result, bail};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Flags of `convert merge`.
#[derive(Debug, Args)]
pub struct MergeArguments {
    /// Folders that runs with -o have written
    #[arg(required = true, num_args = 1.., value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Write report.html, conversion.json, outcomes.jsonl, latency and confusion into this folder
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Reckon the energy on a device: loihi, truenorth, cmos45 or a table of your own (TOML)
    #[arg(long, value_name = "DEVICE")]
    energy: Option<String>,
    /// Print one JSON document instead of the table
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
///
/// Fails on files that are missing or damaged, and refuses runs of different settings or on the same images.
pub fn merge(arguments: &MergeArguments) -> Result<ExitCode> {
    let outcomes = arguments.folders.iter().map(|folder| Ok((folder, Outcomes::of_folder(folder)?)));
    let outcomes: Vec<(&PathBuf, Outcomes)> = outcomes.collect::<Result<_>>()?;
    let Some((_, Outcomes { header, .. })) = outcomes.first() else { bail!("name at least one folder") };
    // The merged run is one shard of all images.
    let header = Header { shard: [0, header.images], ..header.clone() };
    let mut trial = Trial { shown: Vec::new(), asked: header.images, seconds: 0.0 };
    for (folder, found) in outcomes {
        same_run(&header, &found.header).with_context(|| format!("cannot merge {}", folder.display()))?;
        trial.shown.extend(found.shown);
        trial.seconds += found.seconds;
    }
    trial.shown.sort_by_key(|shown| shown.image);
    if let Some(twice) = trial.shown.windows(2).find(|pair| pair[0].image == pair[1].image) {
        bail!("image {} is in more than one of the folders: name each shard once", twice[0].image);
    }
    let measurement = Measurement::of(&header.latencies, &trial);
    let device = arguments.energy.as_deref().map(Device::read).transpose()?;
    let energy = device.as_ref().map(|device| device.of(&header.mapping, &measurement)).transpose()?;
    if let Some(folder) = &arguments.output {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
        write_file(&folder.join("outcomes.jsonl"), Outcomes::text(&header, &trial)?.as_bytes())?;
    }
    let provenance = Provenance::of("convert", Some(header.seed));
    let results =
        Results { mapping: &header.mapping, measurement: &measurement, classes: header.classes, insight: None, energy };
    let code = results.tell(&provenance, arguments.output.as_deref(), arguments.json)?;
    if !measurement.complete {
        eprintln!("error: {} of {} images are there: shards are missing", trial.shown.len(), header.images);
    }
    Ok(code)
}
