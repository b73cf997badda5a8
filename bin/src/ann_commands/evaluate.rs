//! `ann evaluate`: accuracy and outputs of a trained network; of an auto-encoder, its error.

use super::DataArguments;
use crate::dataset;
use crate::model_arguments::ModelArguments;
use crate::npy;
use crate::output::{Provenance, json_text, write_file};
use crate::run::{self, RunArguments};
use ann::{Criterion, Evaluation, Examples, Network, Objective, Samples, Targets, TrainingError};
use anyhow::{Context, Result, bail};
use clap::Args;
use data::mnist::Split;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Flags of `ann evaluate`.
#[derive(Debug, Args)]
pub struct EvaluateArguments {
    /// Trained network (Keras .h5 or .keras, ONNX, NIR)
    model: PathBuf,
    #[command(flatten)]
    supplement: ModelArguments,
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
    let network = arguments.supplement.read(model)?;
    if arguments.images == 0 {
        bail!("--images must be at least 1");
    }
    let test = arguments.data.load(Split::Test)?.first(arguments.images);
    let samples = dataset::samples(&test);
    let (score, outputs) = run::on_threads(arguments.run.threads, || {
        let score = Score::of(&network, samples);
        let score = score.with_context(|| format!("the model {} does not fit the images", model.display()))?;
        let outputs = arguments.outputs.as_ref().map(|_| network.forward(&samples.inputs(&network), samples.len()));
        Ok((score, outputs))
    })?;
    if let (Some(path), Some(outputs)) = (&arguments.outputs, outputs) {
        write_file(path, &npy::encode(&[samples.len() as u64, network.output().units() as u64], &outputs)?)?;
    }
    let mut document = json!({ "provenance": Provenance::of("ann", None), "images": samples.len() });
    let text = match score {
        Score::Classes(evaluation) => {
            document["accuracy"] = json!(evaluation.accuracy());
            document["correct"] = json!(evaluation.correct);
            let percent = 100.0 * evaluation.accuracy();
            format!("{} of {} images correct ({percent:.2} %)\n", evaluation.correct, evaluation.images)
        }
        Score::Inputs { mean_square } => {
            document["mean_square_error"] = json!(mean_square);
            format!("mean square error {mean_square:.6} of the outputs against {} images\n", samples.len())
        }
    };
    run::print(&if arguments.run.json { json_text(&document)? } else { text })?;
    Ok(ExitCode::SUCCESS)
}

/// How good a network is.
enum Score {
    Classes(Evaluation),
    /// Of a network with an output for each input: an auto-encoder.
    Inputs {
        /// Per output.
        mean_square: f64,
    },
}

impl Score {
    fn of(network: &Network<f32>, samples: Samples<'_>) -> std::result::Result<Score, TrainingError> {
        if network.output().units() != network.input().units() {
            return Ok(Score::Classes(ann::evaluate(network, samples)?));
        }
        let examples = Examples { pixels: samples.pixels.into(), targets: Targets::Inputs };
        let objective = Objective { criterion: Criterion::MEAN_SQUARE, ..Objective::default() };
        let loss = ann::measure_loss(network, examples, objective)?;
        Ok(Score::Inputs { mean_square: loss.distance / samples.len() as f64 })
    }
}
