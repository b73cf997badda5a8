//! `ann`: trains and evaluates ordinary networks.

use bin::ann_commands::evaluate::{EvaluateArguments, evaluate};
use bin::ann_commands::experiment::{ExperimentArguments, experiment};
use bin::ann_commands::train::{TrainArguments, train};
use bin::run;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Trains networks for conversion to spiking neurons, and evaluates trained networks. Model files are Keras .h5; .keras, ONNX and NIR are read too.
#[derive(Parser)]
#[command(version)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Train a network
    Train(Box<TrainArguments>),
    /// Accuracy and outputs of a trained network
    Evaluate(EvaluateArguments),
    /// Run the trainings of a paper again, beside its numbers
    Experiment(ExperimentArguments),
}

fn main() -> ExitCode {
    run::finish(match Program::parse().command {
        Command::Train(arguments) => train(&arguments),
        Command::Evaluate(arguments) => evaluate(&arguments),
        Command::Experiment(arguments) => experiment(&arguments),
    })
}
