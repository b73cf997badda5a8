//! `lif-sim verify`: how far the engine is from reference cases in files, or from a proof of random networks.

mod case;
mod files;
mod learning;
mod random;
mod rate_table;
mod rates;

use crate::run::RunArguments;
use anyhow::{Result, ensure};
use clap::Args;
use files::Tolerances;
use random::Range;
use std::path::PathBuf;
use std::process::ExitCode;

/// Flags of `lif-sim verify`.
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// Files of cases (JSON): parameters, inputs, expected spike times and potentials, or spike trains and expected weights; or
    /// tables of rates (.csv), which the theories are held to
    #[arg(required_unless_present = "random", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Verify so many random networks instead: every neuron is followed again in 30 digits, and no crossing of threshold can hide
    #[arg(long, value_name = "N", conflicts_with = "files")]
    random: Option<u64>,
    /// Seed of the random networks
    #[arg(long, default_value_t = 1, requires = "random")]
    seed: u64,
    /// Number of the first random network of the seed
    #[arg(long, value_name = "NUMBER", default_value_t = 0, requires = "random")]
    first: u64,
    /// Largest accepted deviation of a spike time (ms) in files; where the potential rises slowly, that of 1e-12 mV divided by
    /// its slope is accepted too
    #[arg(long, value_name = "MS", default_value_t = 1e-9, value_parser = tolerance)]
    tolerance: f64,
    /// Largest accepted deviation of a potential (mV); of random networks also from threshold at spikes, above threshold between
    /// them, and of currents (nA)
    #[arg(long, value_name = "MV", default_value_t = 1e-9, value_parser = tolerance)]
    tolerance_v: f64,
    #[command(flatten)]
    run: RunArguments,
}

fn tolerance(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(x) if x >= 0.0 => Ok(x),
        _ => Err("must be a number, zero or more".to_owned()),
    }
}

/// Runs the command; the exit code is 1 if anything is beyond the tolerance.
///
/// # Errors
///
/// Fails on files that cannot be read or understood.
pub fn verify(arguments: &VerifyArguments) -> Result<ExitCode> {
    let &VerifyArguments { random, seed, first, tolerance, tolerance_v, run, .. } = arguments;
    match random {
        Some(count) => {
            let numbers = first..first.saturating_add(count);
            random::verify_random(&Range { seed, numbers }, tolerance_v, run)
        }
        None if arguments.files.iter().any(|path| rates::is_rate_table(path)) => {
            ensure!(
                arguments.files.iter().all(|path| rates::is_rate_table(path)),
                "tables of rates (.csv) and files of cases (JSON) are verified apart: give one kind at a time"
            );
            rates::verify_rates(&arguments.files, run)
        }
        None => files::verify_files(&arguments.files, Tolerances { time: tolerance, v: tolerance_v }, run),
    }
}
