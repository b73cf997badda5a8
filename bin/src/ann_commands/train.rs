//! `ann train`: trains a network and writes it as a Keras model file.

use super::DataArguments;
use super::history;
use super::model_choice::ModelChoice;
use super::training_arguments::{Task, TrainingArguments};
use crate::fit::SynapticResponse;
use crate::model_arguments::ModelArguments;
use crate::output::{Provenance, ResultFolder, json_text, write_file};
use crate::run::{self, Interrupt, RunArguments, progress};
use ann::{
    ActivationChoice, ActivationError, Examples, History, Loss, Network, NoisySoftplus, Progress, Shape, Targets,
    TrainingSettings, TrainingState, checkpoint,
};
use anyhow::{Context, Result, bail};
use clap::Args;
use data::ImageSet;
use data::mnist::Split;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Instant;

/// Synaptic time constant (ms) where nothing else is said.
const TAU_SYN: f64 = 5.0;

/// Flags of `ann train`.
#[derive(Debug, Args)]
pub struct TrainArguments {
    /// Network: paper, 16c-64c, paf and paf-16c-64c (the same with the activation on the outputs too), lenet5, lenet5-max, mlp-4, mlp-6, mlp-8, mlp-1200, autoencoder, cnn5, resnet18, cwa-fcn, cwa-cnn, cwa-resnet18, mixlu, or a file of layers
    #[arg(long, value_name = "NAME|FILE.toml", default_value = "paper")]
    model: ModelChoice,
    /// Train this network on (Keras .h5 or .keras, ONNX, NIR); its hidden layers get the --activation if one is given, and so do outputs that are ReLU, Softplus or Noisy Softplus
    #[arg(long, value_name = "FILE", conflicts_with = "model")]
    from: Option<PathBuf>,
    #[command(flatten)]
    file: ModelArguments,
    /// Activation of the hidden units: noisy-softplus, relu, leaky-relu-0.1, elu, neglu, sigmoid, tanh, softplus, lif, siegert-0.5,
    /// rrru-3, eru-2, orru-2, noisy-softplus-0.3,0.45 (Noisy Softplus at a fixed sigma), with any numbers
    #[arg(long, value_name = "NAME", required_unless_present = "from")]
    activation: Option<HiddenActivation>,
    #[command(flatten)]
    data: DataArguments,
    #[command(flatten)]
    training: TrainingArguments,
    /// Synaptic time constant (ms) of the neurons that Noisy Softplus stands for: 1, 5 or 10, or one of --response-fit [default: 5, or
    /// the only one of --response-fit]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    tau_syn: Option<f64>,
    /// Take k and S of Noisy Softplus from this fit.json of lif-sim fit
    #[arg(long, value_name = "FILE")]
    response_fit: Option<PathBuf>,
    /// Write this file after each epoch, to continue from
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Continue from the checkpoint in this file, with the flags that it was written with; --epochs may be higher
    #[arg(long, value_name = "FILE")]
    resume: Option<PathBuf>,
    #[command(flatten)]
    run: RunArguments,
    /// Write the course of the training (history.json, history.csv) and a figure of it into this folder
    #[arg(long, value_name = "DIR")]
    history: Option<PathBuf>,
    /// Model file to write (Keras .h5)
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// `--activation`; the constants of Noisy Softplus are those of other flags.
#[derive(Debug, Clone, Copy, PartialEq)]
enum HiddenActivation {
    NoisySoftplus,
    Other(ActivationChoice),
}

impl FromStr for HiddenActivation {
    type Err = ActivationError;

    fn from_str(name: &str) -> std::result::Result<Self, ActivationError> {
        match name {
            "noisy-softplus" => Ok(HiddenActivation::NoisySoftplus),
            _ => Ok(HiddenActivation::Other(ActivationChoice::of(name.parse()?))),
        }
    }
}

impl TrainArguments {
    /// The activation that is asked for.
    fn activation(&self) -> Result<Option<ActivationChoice>> {
        if self.response_fit.is_some() && self.activation != Some(HiddenActivation::NoisySoftplus) {
            bail!("--response-fit needs --activation noisy-softplus");
        }
        Ok(match self.activation {
            None => None,
            Some(HiddenActivation::Other(choice)) => Some(choice),
            Some(HiddenActivation::NoisySoftplus) => Some(ActivationChoice::NoisySoftplus(self.constants()?)),
        })
    }

    /// The constants of Noisy Softplus.
    fn constants(&self) -> Result<NoisySoftplus> {
        if let Some(file) = &self.response_fit {
            let SynapticResponse { constants, neuron } = SynapticResponse::read(file, self.tau_syn)?;
            let tau_syn_ms = neuron.tau_syn_e;
            return Ok(NoisySoftplus { k: constants.k, s_hz_per_na: constants.s_hz_per_na, tau_syn_ms });
        }
        let tau_syn = self.tau_syn.unwrap_or(TAU_SYN);
        NoisySoftplus::event_driven(tau_syn).with_context(|| {
            format!("no constants are known for --tau-syn {tau_syn}: use 1, 5 or 10, or --response-fit")
        })
    }

    /// The network before training, and the activation of its hidden layers.
    fn network(&self, input: Shape) -> Result<(Network<f32>, ActivationChoice)> {
        let choice = self.activation()?;
        let Some(path) = &self.from else {
            if self.file.constants().is_some() || self.file.description().is_some() {
                bail!("--noisy-softplus and --description complete the file of --from, which is not given");
            }
            let choice = choice.context("--activation is needed where there is no --from")?;
            return Ok((self.model.build(input, choice, self.training.seed)?, choice));
        };
        let network = self.file.read(path)?;
        if network.input() != input {
            bail!("{} takes images of {}, those of the data set are {input}", path.display(), network.input());
        }
        let Some(choice) = choice else {
            // Settings are recommended by activation; that of the first Noisy Softplus layer counts.
            let noisy = network.layers().iter().find_map(|layer| match layer.activation() {
                ann::Activation::NoisySoftplus(constants) => Some(ActivationChoice::NoisySoftplus(constants)),
                _ => None,
            });
            return Ok((network, noisy.unwrap_or(ActivationChoice::Relu)));
        };
        let changed = network.with_activation(choice);
        Ok((changed.with_context(|| format!("{} cannot have this activation", path.display()))?, choice))
    }
}

/// A network in training, and what it is trained on.
struct Session<'a> {
    arguments: &'a TrainArguments,
    settings: TrainingSettings,
    network: Network<f32>,
    task: Task,
    started: Instant,
}

impl Session<'_> {
    fn examples<'a>(&self, images: &'a ImageSet) -> Examples<'a> {
        let targets = match self.task {
            Task::Classes => Targets::Labels(images.labels()),
            Task::Inputs => Targets::Inputs,
        };
        Examples { pixels: images.pixels().into(), targets }
    }

    /// Where the training begins: anew, or with the checkpoint.
    fn state(&mut self) -> Result<TrainingState> {
        let Some(path) = &self.arguments.resume else { return Ok(TrainingState::new(&self.network)) };
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let state = checkpoint::read(&bytes, &mut self.network, &self.settings);
        state.with_context(|| format!("cannot continue from {}", path.display()))
    }

    /// Trains to the end or until the user interrupts.
    fn train(&mut self, images: &ImageSet, interrupt: &Interrupt) -> Result<History> {
        let state = self.state()?;
        let examples = self.examples(images);
        let trained_on = self.settings.split(images.len())?.0.len();
        let bar = progress((self.settings.epochs * trained_on) as u64, "images");
        let (settings, started) = (&self.settings, self.started);
        let mut written = Ok(());
        let history = ann::resume(&mut self.network, examples, settings, state, &mut |progress| {
            match progress {
                Progress::Batch { epoch, done, samples, loss, accuracy } => {
                    bar.set_position((epoch * samples + done) as u64);
                    bar.set_message(format!("loss {loss:.4}{}", percent(", accuracy", accuracy)));
                }
                Progress::Epoch { record, network, state } => {
                    let validation = record.validation.map_or_else(String::new, |validation| {
                        let accuracy = percent("  accuracy", validation.accuracy);
                        format!("  validation loss {:.4}{accuracy}", validation.loss)
                    });
                    let line = format!(
                        "epoch {:>3}  loss {:.4}{}{validation}  {:.1} s",
                        record.epoch + 1,
                        record.loss,
                        percent("  accuracy", record.accuracy),
                        started.elapsed().as_secs_f64()
                    );
                    bar.suspend(|| eprintln!("{line}"));
                    if let Some(path) = &self.arguments.checkpoint {
                        written = write_file(path, &checkpoint::write(network, settings, state));
                    }
                }
            }
            if interrupt.asked() || written.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        bar.finish_and_clear();
        written?;
        Ok(history)
    }
}

/// A share in percent behind its name, or nothing.
fn percent(name: &str, share: Option<f64>) -> String {
    share.map_or_else(String::new, |share| format!("{name} {:.2} %", 100.0 * share))
}

/// Runs the command.
///
/// # Errors
///
/// Fails on missing data, impossible networks and settings, a training that diverges, checkpoints of another training, and files that
/// cannot be read or written.
pub fn train(arguments: &TrainArguments) -> Result<ExitCode> {
    arguments.activation()?;
    let training = arguments.data.load(Split::Train)?;
    let test = arguments.data.load(Split::Test)?;
    let input = Shape::new(training.height, training.width, training.channels);
    let (network, activation) = arguments.network(input)?;
    // An output for each input, and not one for each class, is an auto-encoder.
    let task = if network.output().units() == input.units() { Task::Inputs } else { Task::Classes };
    let settings = arguments.training.settings(activation, task)?;
    let mut session = Session { arguments, settings, network, task, started: Instant::now() };
    let interrupt = Interrupt::listen()?;
    let (history, tested) = run::on_threads(arguments.run.threads, || {
        let history = session.train(&training, &interrupt)?;
        let tested = ann::measure_loss(&session.network, session.examples(&test), session.settings.objective)?;
        Ok((history, tested))
    })?;
    let seconds = session.started.elapsed().as_secs_f64();
    let made = Provenance::of("ann", Some(arguments.training.seed));
    let document = document(&made, &history, tested, &test, task, seconds);
    write(&session, &made, &history, &document, tested, &test)?;
    run::print(&if arguments.run.json {
        json_text(&document)?
    } else {
        let tested = match task {
            Task::Classes => format!(
                "{} of {} test images correct ({:.2} %)",
                tested.correct,
                test.len(),
                100.0 * tested.correct as f64 / test.len() as f64
            ),
            Task::Inputs => {
                format!("mean loss {:.4} on {} test images", tested.distance / test.len() as f64, test.len())
            }
        };
        let best = history.restored.map_or_else(String::new, |epoch| format!(" (weights of epoch {})", epoch + 1));
        format!(
            "Epochs: {} in {seconds:.1} s{best}; {tested}; wrote {}\n{}",
            history.epochs.len(),
            arguments.output.display(),
            if history.stopped { "Interrupted: the model is as training left it.\n" } else { "" }
        )
    })?;
    Ok(if history.stopped { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn document(made: &Provenance, history: &History, tested: Loss, test: &ImageSet, task: Task, seconds: f64) -> Value {
    let mut document = json!({
        "provenance": made,
        "complete": !history.stopped,
        "epochs": history::documents(&history.epochs),
        "test_loss": tested.distance / test.len() as f64,
        "test_images": test.len(),
        "seconds": seconds,
    });
    if task == Task::Classes {
        document["test_accuracy"] = json!(tested.correct as f64 / test.len() as f64);
        document["test_correct"] = json!(tested.correct);
    }
    if let Some(epoch) = history.restored {
        document["restored_epoch"] = json!(epoch + 1);
    }
    document
}

/// Writes the model file, and the course of the training where it is asked for.
fn write(
    session: &Session<'_>,
    made: &Provenance,
    history: &History,
    document: &Value,
    tested: Loss,
    test: &ImageSet,
) -> Result<()> {
    let mut described = BTreeMap::new();
    described.insert("epochs".to_owned(), history.epochs.len().to_string());
    if session.task == Task::Classes {
        described.insert("test_correct".to_owned(), format!("{} of {}", tested.correct, test.len()));
    }
    let provenance = ann::keras::Provenance {
        program: made.program.to_owned(),
        version: made.version.to_owned(),
        command_line: made.command_line.clone(),
        seed: made.seed,
        settings: described,
    };
    let path = &session.arguments.output;
    ann::keras::write(path, &session.network, &provenance)
        .with_context(|| format!("cannot write the model {}", path.display()))?;
    if let Some(folder) = &session.arguments.history {
        let folder = ResultFolder::open(folder)?;
        folder.json("history", document)?;
        history::write(&folder, made, &history.epochs)?;
    }
    Ok(())
}
