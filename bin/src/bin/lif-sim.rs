//! `lif-sim`: exact simulation of LIF neurons and the theory of their response.

use bin::bench::{BenchCommand, bench};
use bin::fit::{FitArguments, fit};
use bin::reproduce::{ReproduceArguments, reproduce};
use bin::response::{ResponseArguments, response};
use bin::run;
use bin::simulate::{SimulateArguments, simulate};
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
    /// Simulate a network that is described in a TOML file
    Simulate(SimulateArguments),
    /// Firing rate against the mean of a noisy current: simulated, Siegert, Noisy Softplus
    Response(Box<ResponseArguments>),
    /// Fit Noisy Softplus and other closed-form models to response curves: simulated, theoretical, or from files
    Fit(Box<FitArguments>),
    /// Figures and constants of the Noisy Softplus papers: published, on their 1 ms grid, and exact
    Reproduce(ReproduceArguments),
    /// Compare the engine with reference cases in files, or prove its results on random networks
    Verify(VerifyArguments),
    /// Time the engine on a workload that other simulators run too
    #[command(subcommand)]
    Bench(BenchCommand),
}

fn main() -> ExitCode {
    run::finish(match Program::parse().command {
        Command::Simulate(arguments) => simulate(&arguments),
        Command::Response(arguments) => response(&arguments),
        Command::Fit(arguments) => fit(&arguments),
        Command::Reproduce(arguments) => reproduce(&arguments),
        Command::Verify(arguments) => verify(&arguments),
        Command::Bench(command) => bench(&command),
    })
}
