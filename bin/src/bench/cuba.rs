//! The CUBA workload: a balanced recurrent network with fixed in-degree (Brette et al. 2007, benchmark 2).

use super::resources::{BenchArguments, Cost, Stopwatch};
use crate::run;
use anyhow::{Result, ensure};
use clap::Args;
use serde_json::json;
use sim::{
    Distribution, IfCurrExp, Network, PerSynapse, Population, Pre, Projection, Purpose, Simulation, Sparse, StreamKey,
    Synapses,
};
use std::process::ExitCode;

/// Flags of `lif-sim bench cuba`.
#[derive(Debug, Args)]
pub struct CubaArguments {
    /// Neurons; four fifths are excitatory
    #[arg(long, value_name = "N", default_value_t = 4000)]
    neurons: usize,
    /// Synapses onto each neuron; four fifths are excitatory
    #[arg(long, value_name = "N", default_value_t = 80)]
    indegree: usize,
    /// Synaptic delay (ms)
    #[arg(long, value_name = "MS", default_value_t = 0.1)]
    delay: f64,
    /// Simulated time (ms)
    #[arg(long, value_name = "MS", default_value_t = 1000.0)]
    duration: f64,
    /// Seed of the connections and initial potentials
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    bench: BenchArguments,
}

/// The neuron: drive above threshold, 1 mV from it.
const NEURON: IfCurrExp = IfCurrExp {
    cm: 0.2,
    tau_m: 20.0,
    tau_refrac: 5.0,
    tau_syn_e: 5.0,
    tau_syn_i: 10.0,
    v_rest: -49.0,
    v_reset: -60.0,
    v_thresh: -50.0,
    i_offset: 0.0,
};

/// Weights (mV of steady deflection) of excitatory and inhibitory synapses.
const WEIGHTS: [f64; 2] = [1.62, -9.0];

pub(super) fn cuba(arguments: &CubaArguments) -> Result<ExitCode> {
    ensure!(arguments.neurons >= 5, "--neurons must be at least 5");
    let network = network(arguments)?;
    let mut simulation = Simulation::new(&network)?;
    let key = StreamKey { seed: arguments.seed, sample: 0 };
    let stopwatch = Stopwatch::start();
    let record =
        run::on_threads(Some(arguments.bench.threads), || Ok(simulation.run(&[], key, arguments.duration)?))?;
    let seconds = stopwatch.seconds();
    let total = record.populations[0].total() as f64;
    let rate = total / arguments.neurons as f64 / arguments.duration * sim::MS_PER_S;
    let workload = (
        format!("{} neurons, {} synapses onto each, {} ms", arguments.neurons, arguments.indegree, arguments.duration),
        json!({ "neurons": arguments.neurons, "indegree": arguments.indegree, "delay_ms": arguments.delay }),
    );
    Cost { workload, seconds, events: record.synaptic_events, rates: vec![rate] }.print(&arguments.bench)?;
    Ok(ExitCode::SUCCESS)
}

fn network(arguments: &CubaArguments) -> Result<Network> {
    let (n, key) = (arguments.neurons, StreamKey { seed: arguments.seed, sample: 0 });
    let excitatory = n * 4 / 5;
    let mut stream = key.stream(0, 0, Purpose::Parameters);
    let start = Distribution::Uniform { low: -60.0, high: -50.0 };
    let v_init: Vec<f64> = (0..n).map(|_| start.draw(&mut stream)).collect();
    let mut network = Network::new();
    let population = network.add_population(Population::new(n, NEURON)?.with_v_init(v_init)?);
    let indegrees = [arguments.indegree * 4 / 5, arguments.indegree - arguments.indegree * 4 / 5];
    for (kind, pre) in [0..excitatory, excitatory..n].into_iter().enumerate() {
        let partner = Distribution::Uniform { low: pre.start as f64, high: pre.end as f64 };
        let mut rows = vec![Vec::new(); n];
        for post in 0..n as u32 {
            let mut stream = key.stream(kind as u32, post, Purpose::Connections);
            for _ in 0..indegrees[kind] {
                rows[partner.draw(&mut stream) as usize].push(post);
            }
        }
        let weight = WEIGHTS[kind] * NEURON.cm / NEURON.tau_m;
        let synapses = Sparse::new(n, &rows, PerSynapse::Same(weight), PerSynapse::Same(0.0))?;
        let pre = Pre::Population(population);
        network.add_projection(Projection::new(pre, population, arguments.delay, Synapses::Sparse(synapses))?)?;
    }
    Ok(network)
}
