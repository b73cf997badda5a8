//! `ann train`: trains a ready-made network and writes it as a Keras model file.

use super::DataArguments;
use crate::dataset;
use crate::fit::SynapticResponse;
use crate::output::{Provenance, json_text};
use crate::run::{self, Interrupt, RunArguments, progress};
use ann::{ActivationChoice, Method, NoisySoftplus, Progress, RateLimit, TrainingSettings, model};
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use data::mnist::Split;
use serde_json::json;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// Synaptic time constant (ms) where nothing else is said.
const TAU_SYN: f64 = 5.0;

/// Flags of `ann train`. Settings that are not given are those recommended for the activation.
#[derive(Debug, Args)]
pub struct TrainArguments {
    /// Network
    #[arg(long, value_enum, default_value_t = Model::Paper)]
    model: Model,
    /// Activation of the hidden units
    #[arg(long, value_enum)]
    activation: Activation,
    #[command(flatten)]
    data: DataArguments,
    /// Passes over the training images [default: 10]
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Images per step [default: 50]
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// Optimiser [default: adam]
    #[arg(long, value_enum)]
    optimiser: Option<OptimiserChoice>,
    /// Momentum; only with --optimiser sgd [default: 0]
    #[arg(long, value_name = "M", allow_negative_numbers = true)]
    momentum: Option<f64>,
    /// Learning rate of the first epoch [default: 0.003 for adam, 0.1 for sgd]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    learning_rate: Option<f64>,
    /// Factor on the learning rate from epoch to epoch [default: 0.8]
    #[arg(long, value_name = "FACTOR", allow_negative_numbers = true)]
    decay: Option<f64>,
    /// Decoupled weight decay [default: 0]
    #[arg(long, value_name = "W", allow_negative_numbers = true)]
    weight_decay: Option<f64>,
    /// Hidden outputs above this ceiling are penalised (Noisy Softplus: 1 is one spike per tau_syn) [default: 0.8 for
    /// noisy-softplus, none for the others]
    #[arg(long, value_name = "Y", allow_negative_numbers = true)]
    rate_ceiling: Option<f64>,
    /// Strength of that penalty [default: 0.01]
    #[arg(long, value_name = "C", allow_negative_numbers = true)]
    rate_strength: Option<f64>,
    /// Synaptic time constant (ms) of the neurons that Noisy Softplus stands for: 1, 5 or 10, or one of --response-fit [default: 5, or
    /// the only one of --response-fit]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    tau_syn: Option<f64>,
    /// Take k and S of Noisy Softplus from this fit.json of lif-sim fit
    #[arg(long, value_name = "FILE")]
    response_fit: Option<PathBuf>,
    /// Seed of the initial weights and of the order of the images
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    run: RunArguments,
    /// Model file to write (Keras .h5)
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Model {
    /// 28x28 - 6 maps 5x5 - average pool 2 - 12 maps 5x5 - average pool 2 - 10, without biases
    Paper,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Activation {
    NoisySoftplus,
    Relu,
    Softplus,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum OptimiserChoice {
    Adam,
    Sgd,
}

impl TrainArguments {
    fn activation(&self) -> Result<ActivationChoice> {
        if self.response_fit.is_some() && !matches!(self.activation, Activation::NoisySoftplus) {
            bail!("--response-fit needs --activation noisy-softplus");
        }
        Ok(match self.activation {
            Activation::Relu => ActivationChoice::Relu,
            Activation::Softplus => ActivationChoice::Softplus,
            Activation::NoisySoftplus => ActivationChoice::NoisySoftplus(self.constants()?),
        })
    }

    /// The constants of Noisy Softplus.
    fn constants(&self) -> Result<NoisySoftplus> {
        if let Some(file) = &self.response_fit {
            let SynapticResponse { constants, tau_syn } = SynapticResponse::read(file, self.tau_syn)?;
            return Ok(NoisySoftplus { k: constants.k, s_hz_per_na: constants.s_hz_per_na, tau_syn_ms: tau_syn });
        }
        let tau_syn = self.tau_syn.unwrap_or(TAU_SYN);
        NoisySoftplus::event_driven(tau_syn).with_context(|| {
            format!("no constants are known for --tau-syn {tau_syn}: use 1, 5 or 10, or --response-fit")
        })
    }

    fn settings(&self, activation: ActivationChoice) -> Result<TrainingSettings> {
        let mut settings = model::paper_training(activation, self.seed);
        settings.epochs = self.epochs.unwrap_or(settings.epochs);
        settings.batch_size = self.batch.unwrap_or(settings.batch_size);
        let optimiser = &mut settings.optimiser;
        match (self.optimiser, self.momentum) {
            (Some(OptimiserChoice::Sgd), momentum) => {
                optimiser.method = Method::Sgd { momentum: momentum.unwrap_or(0.0) };
                optimiser.learning_rate = 0.1;
            }
            (_, Some(_)) => bail!("--momentum needs --optimiser sgd"),
            (Some(OptimiserChoice::Adam) | None, None) => {}
        }
        optimiser.learning_rate = self.learning_rate.unwrap_or(optimiser.learning_rate);
        optimiser.decay_per_epoch = self.decay.unwrap_or(optimiser.decay_per_epoch);
        optimiser.weight_decay = self.weight_decay.unwrap_or(optimiser.weight_decay);
        if self.rate_ceiling.is_some() || self.rate_strength.is_some() {
            let standard = settings.objective.rate_limit.unwrap_or(RateLimit { ceiling: 0.8, strength: 0.01 });
            settings.objective.rate_limit = Some(RateLimit {
                ceiling: self.rate_ceiling.unwrap_or(standard.ceiling),
                strength: self.rate_strength.unwrap_or(standard.strength),
            });
        }
        Ok(settings)
    }
}

/// Runs the command.
///
/// # Errors
///
/// Fails on missing data, impossible settings, a training that diverges, and a file that cannot be written.
pub fn train(arguments: &TrainArguments) -> Result<ExitCode> {
    let Model::Paper = arguments.model;
    let activation = arguments.activation()?;
    let settings = arguments.settings(activation)?;
    let folder = arguments.data.folder()?;
    let training = dataset::load(&folder, Split::Train)?;
    let test = dataset::load(&folder, Split::Test)?;
    let mut network = model::paper::<f32>(activation, arguments.seed);

    let interrupt = Interrupt::listen()?;
    let started = Instant::now();
    let bar = progress((settings.epochs * training.len()) as u64, "images");
    let (history, evaluation) = run::on_threads(arguments.run.threads, || {
        let history = ann::train(&mut network, dataset::samples(&training), &settings, &mut |progress| {
            match progress {
                Progress::Batch { epoch, done, samples, cross_entropy, accuracy } => {
                    bar.set_position((epoch * samples + done) as u64);
                    bar.set_message(format!("loss {cross_entropy:.4}, accuracy {:.2} %", 100.0 * accuracy));
                }
                Progress::Epoch { record, .. } => {
                    let line = format!(
                        "epoch {:>3}  loss {:.4}  accuracy {:.2} %  {:.1} s",
                        record.epoch + 1,
                        record.cross_entropy,
                        100.0 * record.accuracy,
                        started.elapsed().as_secs_f64()
                    );
                    bar.suspend(|| eprintln!("{line}"));
                }
            }
            if interrupt.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok((history, ann::evaluate(&network, dataset::samples(&test))?))
    })?;
    bar.finish_and_clear();
    let seconds = started.elapsed().as_secs_f64();

    let made = Provenance::of("ann", Some(arguments.seed));
    let mut described = BTreeMap::new();
    described.insert("epochs".to_owned(), history.epochs.len().to_string());
    described.insert("test_correct".to_owned(), format!("{} of {}", evaluation.correct, evaluation.images));
    let provenance = ann::keras::Provenance {
        program: made.program.to_owned(),
        version: made.version.to_owned(),
        command_line: made.command_line.clone(),
        seed: made.seed,
        settings: described,
    };
    ann::keras::write(&arguments.output, &network, &provenance)
        .with_context(|| format!("cannot write the model {}", arguments.output.display()))?;

    let epochs: Vec<_> = history
        .epochs
        .iter()
        .map(|epoch| json!({ "epoch": epoch.epoch + 1, "loss": epoch.cross_entropy, "accuracy": epoch.accuracy }))
        .collect();
    let document = json!({
        "provenance": made,
        "complete": !history.stopped,
        "epochs": epochs,
        "test_accuracy": evaluation.accuracy(),
        "test_correct": evaluation.correct,
        "test_images": evaluation.images,
        "seconds": seconds,
    });
    run::print(&if arguments.run.json {
        json_text(&document)?
    } else {
        format!(
            "Epochs: {} in {seconds:.1} s; {} of {} test images correct ({:.2} %); wrote {}\n{}",
            history.epochs.len(),
            evaluation.correct,
            evaluation.images,
            100.0 * evaluation.accuracy(),
            arguments.output.display(),
            if history.stopped { "Interrupted: the model is as training left it.\n" } else { "" }
        )
    })?;
    Ok(if history.stopped { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
