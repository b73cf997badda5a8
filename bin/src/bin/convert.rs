//! `convert`: maps a trained network to spiking LIF neurons and measures what that costs.

use bin::convert::{ConvertArguments, convert};
use bin::run;
use clap::Parser;
use std::process::ExitCode;

/// Maps a trained network to spiking LIF neurons, runs it with exact spike times, and measures conversion loss and
/// latency-accuracy.
#[derive(Parser)]
#[command(version)]
struct Program {
    #[command(flatten)]
    arguments: ConvertArguments,
}

fn main() -> ExitCode {
    run::finish(convert(&Program::parse().arguments))
}
