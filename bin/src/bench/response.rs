//! The response workload: one neuron under noise, over a grid of means and standard deviations.

use super::resources::{BenchArguments, Cost, Stopwatch};
use crate::run;
use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};
use rayon::prelude::*;
use serde_json::json;
use sim::response::{Drive, Engine, ResponseTrials};
use sim::{CurrentSource, IfCurrExp, Network, NoisyCurrent, Population, Simulation, StreamKey};
use std::process::ExitCode;

/// Flags of `lif-sim bench response`.
#[derive(Debug, Args)]
pub struct ResponseArguments {
    /// What makes the noise
    #[arg(long, value_enum, default_value_t = Mode::Noise)]
    mode: Mode,
    /// Independent trials per point
    #[arg(long, value_name = "N", default_value_t = 10)]
    trials: usize,
    /// Length of a trial (ms)
    #[arg(long, value_name = "MS", default_value_t = 10_000.0)]
    duration: f64,
    /// Seed
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    bench: BenchArguments,
}

/// Sources of noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// A Gaussian current redrawn every millisecond: 27 means, 5 standard deviations
    Noise,
    /// Poisson spikes of weight sigma/5: 27 means, 4 standard deviations, 3 synaptic time constants
    Poisson,
}

/// Interval between redraws (ms).
const NOISE_DT: f64 = 1.0;

/// Weight of a Poisson spike, as a part of sigma.
const WEIGHT: f64 = 0.2;

/// The means (nA): -0.3 to 1.0.
fn means() -> impl Iterator<Item = f64> {
    (0..27).map(|k| -0.3 + 0.05 * f64::from(k))
}

pub(super) fn response(arguments: &ResponseArguments) -> Result<ExitCode> {
    ensure!(arguments.trials > 0, "--trials must be at least 1");
    let stopwatch = Stopwatch::start();
    let (words, events, rates) = run::on_threads(Some(arguments.bench.threads), || match arguments.mode {
        Mode::Noise => noise(arguments),
        Mode::Poisson => poisson(arguments),
    })?;
    let workload = (
        format!("{words}, {} trials of {} ms", arguments.trials, arguments.duration),
        json!({
            "mode": format!("{:?}", arguments.mode).to_lowercase(),
            "trials": arguments.trials,
            "duration_ms": arguments.duration,
        }),
    );
    Cost { workload, seconds: stopwatch.seconds(), events, rates }.print(&arguments.bench)?;
    Ok(ExitCode::SUCCESS)
}

/// What was simulated, the number of events (redraws, or spikes that arrive), and the mean rate of each curve.
type Outcome = (String, u64, Vec<f64>);

/// All trials of a standard deviation are the neurons of one population, the means being their constant currents.
fn noise(arguments: &ResponseArguments) -> Result<Outcome> {
    let neuron = IfCurrExp::liu_furber_2016();
    let offsets: Vec<f64> = means().flat_map(|mean| vec![neuron.i_offset + mean; arguments.trials]).collect();
    let rates: Result<Vec<f64>> = [0.0, 0.1, 0.2, 0.5, 1.0]
        .into_par_iter()
        .enumerate()
        .map(|(index, stdev)| {
            let current = CurrentSource::Noisy(NoisyCurrent::new(0.0, stdev, NOISE_DT));
            let mut network = Network::new();
            let population = Population::new(offsets.len(), neuron)?.with_i_offset(offsets.clone())?;
            network.add_population(population.with_current(current, None)?);
            let key = StreamKey { seed: arguments.seed, sample: index as u64 };
            let record = Simulation::new(&network)?.run(&[], key, arguments.duration)?;
            let spikes = record.populations[0].total() as f64;
            Ok(spikes / offsets.len() as f64 / arguments.duration * sim::MS_PER_S)
        })
        .collect();
    let redraws = 5.0 * offsets.len() as f64 * (arguments.duration / NOISE_DT).ceil();
    Ok(("noisy current on 135 points (events are redraws)".into(), redraws as u64, rates?))
}

fn poisson(arguments: &ResponseArguments) -> Result<Outcome> {
    let cases = [1.0, 5.0, 10.0].map(|tau| [0.1, 0.2, 0.5, 1.0].map(|sigma| (tau, sigma))).concat();
    let mut events = 0.0;
    let mut points = Vec::new();
    for &(tau_syn, sigma) in &cases {
        let neuron = IfCurrExp { tau_syn_e: tau_syn, tau_syn_i: tau_syn, ..IfCurrExp::liu_furber_2016() };
        let weight = WEIGHT * sigma;
        for mean in means() {
            let (excitatory, inhibitory) = sim::poisson_rates_for_moments(mean, sigma, tau_syn, weight)?;
            events += (excitatory + inhibitory) * arguments.trials as f64 * arguments.duration / sim::MS_PER_S;
            let drive = Drive::Poisson { sigma, weight };
            let ResponseArguments { trials, duration, .. } = *arguments;
            points.push((mean, ResponseTrials { neuron, drive, engine: Engine::Exact, trials, duration }));
        }
    }
    let measured: Result<Vec<f64>> =
        points.par_iter().map(|(mean, trials)| Ok(trials.measure(*mean, arguments.seed)?.rate)).collect();
    let rates = measured?.chunks(points.len() / cases.len()).map(|curve| curve.iter().sum::<f64>() / 27.0).collect();
    Ok(("Poisson spikes on 324 points".into(), events as u64, rates))
}
