//! `convert`: maps a trained network to spiking neurons and measures what that costs.

use bin::convert::{
    CompareArguments, ConvertArguments, DoctorArguments, ExportArguments, MergeArguments, compare, convert, doctor,
    export, merge,
};
use bin::run;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Maps a trained network to spiking LIF neurons, runs it with exact spike times, and measures conversion loss and
/// latency-accuracy.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct Program {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    arguments: ConvertArguments,
}

#[derive(Subcommand)]
enum Command {
    /// Find the first layer that loses information, the likely cause, and what to do about it
    Doctor(Box<DoctorArguments>),
    /// Run several models or settings on the same images, and compare them pair by pair
    Compare(CompareArguments),
    /// Put shards of a run together
    Merge(MergeArguments),
    /// Write the spiking network, its input and its spikes for NEST, PyNN, NIR or SONATA, to check them independently
    #[command(mut_arg("images", |images| images.default_value("3")))]
    #[command(mut_arg("output", |output| output.help("Where to write: a folder for --to nest and pynn, a file for --to nir and sonata")))]
    Export(Box<ExportArguments>),
}

fn main() -> ExitCode {
    let program = Program::parse();
    run::finish(match program.command {
        Some(Command::Doctor(arguments)) => doctor(&arguments),
        Some(Command::Compare(arguments)) => compare(&arguments),
        Some(Command::Merge(arguments)) => merge(&arguments),
        Some(Command::Export(arguments)) => export(&arguments),
        None => convert(&program.arguments),
    })
}
