//! `lif-sim bench`: times the engine on networks that other simulators run too.

pub mod convnet;
mod cuba;
mod resources;
mod response;

use anyhow::Result;
use clap::Subcommand;
use std::process::ExitCode;

/// Workloads of `lif-sim bench`.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// A convolutional network of 5,290 neurons from an .npz file, one second per image
    Convnet(convnet::ConvnetArguments),
    /// The balanced network of Vogels and Abbott with current-based synapses (Brette et al. 2007, benchmark 2)
    Cuba(cuba::CubaArguments),
    /// One neuron under noise, over a grid of means and standard deviations
    Response(response::ResponseArguments),
}

/// Runs the command.
///
/// # Errors
///
/// Fails on files that cannot be read or that describe no network.
pub fn bench(command: &BenchCommand) -> Result<ExitCode> {
    match command {
        BenchCommand::Convnet(arguments) => convnet::convnet(arguments),
        BenchCommand::Cuba(arguments) => cuba::cuba(arguments),
        BenchCommand::Response(arguments) => response::response(arguments),
    }
}
