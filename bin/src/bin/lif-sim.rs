//! `lif-sim`: exact simulation of LIF neurons and the theory of their response.

use bin::response::{ResponseArguments, response};
use bin::run;
use bin::verify::{VerifyArguments, verify};
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Exact, event-driven simulation of current-based LIF neurons, and the theory of their response.
///
/// Units are PyNN's: ms, mV, nA, nF, Hz.
#[derive(Parser)]
#[command(version)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Firing rate against the mean of a noisy current: simulated, Siegert, Noisy Softplus
    Response(ResponseArguments),
    /// Compare the engine with files of reference spike times and potentials
    Verify(VerifyArguments),
}

fn main() -> ExitCode {
    run::finish(match Program::parse().command {
        Command::Response(arguments) => response(&arguments),
        Command::Verify(arguments) => verify(&arguments),
    })
}
