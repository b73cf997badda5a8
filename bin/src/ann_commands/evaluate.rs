//! `ann evaluate`: accuracy and outputs of a trained network.

use super::DataArguments;
use crate::dataset;
use crate::npy;
use crate::output::{Provenance, json_text, write_file};
use crate::run::{self, RunArguments};
use anyhow::{Context, Result, bail};
use clap::Args;
use data::mnist::Split;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Flags of `ann evaluate`.
#[derive(Debug, Args)]
pub struct EvaluateArguments {
    /// Trained network (Keras .h5 or .keras)
    model: PathBuf,
    #[command(flatten)]
    data: DataArguments,
    /// Number of test images, from the first
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    images: usize,
    /// Write the outputs (after the softmax) into this file: float32, one row per image
    #[arg(long, value_name = "FILE.npy")]
    outputs: Option<PathBuf>,
    #[command(flatten)]
    run: RunArguments,
}

/// Runs the command.
///
/// # Errors
///
/// Fails on models that cannot be read or do not fit the images, missing data, and files that cannot be written.
pub fn evaluate(arguments: &EvaluateArguments) -> Result<ExitCode> {
    let model = &arguments.model;
    let network = ann::keras::read(model).with_context(|| format!("cannot read the model {}", model.display()))?;
    if arguments.images == 0 {
        bail!("--images must be at least 1");
    }
    let test = arguments.data.load(Split::Test)?.first(arguments.images);
    let samples = dataset::samples(&test);
    let (evaluation, outputs) = run::on_threads(arguments.run.threads, || {
        let evaluation = ann::evaluate(&network, samples)
            .with_context(|| format!("the model {} does not fit the images", model.display()))?;
        let outputs = arguments.outputs.as_ref().map(|_| network.forward(&samples.inputs(&network), samples.len()));
        Ok((evaluation, outputs))
    })?;
    if let (Some(path), Some(outputs)) = (&arguments.outputs, outputs) {
        write_file(path, &npy::encode(&[samples.len() as u64, network.output().units() as u64], &outputs)?)?;
    }
    let document = json!({
        "provenance": Provenance::of("ann", None),
        "accuracy": evaluation.accuracy(),
        "correct": evaluation.correct,
        "images": evaluation.images,
    });
    run::print(&if arguments.run.json {
        json_text(&document)?
    } else {
        format!(
            "{} of {} images correct ({:.2} %)\n",
            evaluation.correct,
            evaluation.images,
            100.0 * evaluation.accuracy()
        )
    })?;
    Ok(ExitCode::SUCCESS)
}
