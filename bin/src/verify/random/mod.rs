//! `lif-sim verify --random`: random networks, every neuron of which is followed again in double-double arithmetic.
//!
//! A neuron is judged given its input: the spikes that the engine says its presynaptic neurons have fired. If every neuron does what
//! its input makes it do, the network is right as a whole. Nothing here shares code with the engine, but for the description of a network
//! and the deviates of noisy currents.

mod enclosure;
mod membranes;
mod proof;
mod series;
mod trial;

use crate::output::{Provenance, json_text};
use crate::run::{self, Interrupt, RunArguments};
use crate::table::table;
use anyhow::{Context, Result};
use proof::{Alleged, Change, Fault, Findings, Given, Reading, prove};
use rayon::prelude::*;
use serde_json::json;
use sim::{CurrentSource, IfCurrExp, NoisyCurrent, Pre, Record, Simulation, StreamKey};
use std::process::ExitCode;
use trial::Trial;

/// Failures that are told one by one; all are in the JSON document.
const MOST_FAILURES: usize = 10;

/// Which random networks are verified.
#[derive(Debug, Clone)]
pub(super) struct Range {
    /// Their seed.
    pub(super) seed: u64,
    /// Their numbers under the seed.
    pub(super) numbers: std::ops::Range<u64>,
}

/// A neuron that the engine got wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Failure {
    network: u64,
    population: usize,
    neuron: usize,
    fault: Fault,
}

/// What was found in some networks.
#[derive(Debug, Clone, Default)]
struct Tally {
    networks: u64,
    neurons: u64,
    findings: Findings,
    missed: u64,
    invented: u64,
    beyond: u64,
    failures: Vec<Failure>,
}

/// Runs and proves random networks; the exit code is 1 if any neuron is wrong by more than `tolerance` (mV, nA).
///
/// # Errors
///
/// Fails if a network cannot be run.
pub(super) fn verify_random(range: &Range, tolerance: f64, run: RunArguments) -> Result<ExitCode> {
    let interrupt = Interrupt::listen()?;
    let total = range.numbers.end - range.numbers.start;
    let bar = run::progress(total, "networks");
    let tallies: Vec<Option<Tally>> = run::on_threads(run.threads, || {
        let numbers: Vec<u64> = range.numbers.clone().collect();
        let work = numbers.into_par_iter().map(|number| {
            if interrupt.asked() {
                return Ok(None);
            }
            let key = StreamKey { seed: range.seed, sample: number };
            let tally =
                examine(key, tolerance).with_context(|| format!("in network {number} of seed {}", range.seed))?;
            bar.inc(1);
            Ok(Some(tally))
        });
        work.collect::<Result<_>>()
    })?;
    bar.finish_and_clear();
    let tally = tallies.into_iter().flatten().fold(Tally::default(), Tally::and);
    if run.json {
        run::print(&json_text(&tally.json(range.seed, total))?)?;
    } else {
        run::print(&tally.text(range.seed, total))?;
    }
    Ok(if tally.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs one network and proves each of its neurons.
fn examine(key: StreamKey, tolerance: f64) -> Result<Tally> {
    let trial = Trial::draw(key)?;
    let record = Simulation::new(&trial.network)?.run(&trial.input(), key, trial.duration)?;
    let mut tally = Tally { networks: 1, ..Tally::default() };
    for (index, population) in trial.network.populations().iter().enumerate() {
        let changes = changes(&trial, index);
        for neuron in 0..population.size() {
            let given = given(&trial, &record, index, neuron, &changes);
            let findings = prove(&given, &alleged(&trial, &record, index, neuron), tolerance);
            tally.neurons += 1;
            tally.note(findings);
            if let Some(fault) = findings.fault {
                tally.failures.push(Failure { network: key.sample, population: index, neuron, fault });
            }
        }
    }
    Ok(tally)
}

/// Everything that reaches a neuron.
fn given(trial: &Trial, record: &Record, index: usize, neuron: usize, changes: &[Vec<(f64, Change)>]) -> Given {
    let population = &trial.network.populations()[index];
    let mut parameters = IfCurrExp {
        i_offset: population.i_offset()[neuron],
        v_thresh: population.v_thresh()[neuron],
        ..*population.neuron()
    };
    if let Some(each) = population.time_constants() {
        let own = each[neuron];
        (parameters.tau_m, parameters.tau_syn_e, parameters.tau_syn_i) = (own.tau_m, own.tau_syn_e, own.tau_syn_i);
    }
    let mut arrivals = Vec::new();
    for wires in trial.wires.iter().filter(|wires| wires.post == index) {
        let spikes = match wires.pre {
            Pre::Source(source) => &trial.sources[source],
            Pre::Population(pre) => &record.populations[pre].spikes,
        };
        for synapse in wires.synapses.iter().filter(|synapse| synapse.post as usize == neuron) {
            let from = spikes.iter().filter(|spike| spike.neuron == synapse.pre);
            arrivals.extend(from.map(|spike| (spike.time + synapse.delay, synapse.weight)));
        }
    }
    arrivals.retain(|&(time, _)| time < trial.duration);
    arrivals.sort_by(|p: &(f64, f64), q| p.0.total_cmp(&q.0));
    Given {
        neuron: parameters,
        psc: population.psc(),
        v_init: population.v_init()[neuron],
        arrivals,
        changes: changes[neuron].clone(),
        duration: trial.duration,
    }
}

/// What the engine says about a neuron.
fn alleged(trial: &Trial, record: &Record, index: usize, neuron: usize) -> Alleged {
    let seen = &record.populations[index];
    let spikes = seen.spikes.iter().filter(|spike| spike.neuron as usize == neuron).map(|spike| spike.time).collect();
    let times = &trial.network.populations()[index].recording().v_at;
    let readings = times.iter().zip(&seen.v).enumerate().map(|(row, (&time, v))| Reading {
        time,
        v: v[neuron],
        currents: seen.i_syn_e.get(row).zip(seen.i_syn_i.get(row)).map(|(e, i)| [e[neuron], i[neuron]]),
    });
    Alleged { spikes, readings: readings.collect() }
}

/// The changes of the currents of every neuron of a population, in order of time.
fn changes(trial: &Trial, index: usize) -> Vec<Vec<(f64, Change)>> {
    let population = &trial.network.populations()[index];
    let mut changes = vec![Vec::new(); population.size()];
    for (number, injection) in population.currents().iter().enumerate() {
        let mut all = |time: f64, change: &dyn Fn(usize) -> Change| {
            let fed = |neuron: usize| match &injection.neurons {
                Some(chosen) => chosen.contains(&(neuron as u32)),
                None => true,
            };
            for (neuron, changes) in changes.iter_mut().enumerate().filter(|(neuron, _)| fed(*neuron)) {
                if time < trial.duration {
                    changes.push((time, change(neuron)));
                }
            }
        };
        let off = |_| Change::Level(number, 0.0);
        match injection.source {
            CurrentSource::Dc { amplitude, start, stop } => {
                all(start, &|_| Change::Level(number, amplitude));
                all(stop, &off);
            }
            CurrentSource::Step { ref times, ref amplitudes } => {
                times.iter().zip(amplitudes).for_each(|(&time, &value)| all(time, &|_| Change::Level(number, value)));
            }
            CurrentSource::Ac { amplitude, offset, frequency, phase, start, stop } => {
                all(start, &|_| Change::Level(number, offset));
                all(start, &|_| Change::WaveOn { number, amplitude, frequency, phase });
                all(stop, &off);
                all(stop, &|_| Change::WaveOff(number));
            }
            CurrentSource::Noisy(NoisyCurrent { dt, start, stop, .. }) => {
                for n in 0.. {
                    let time = start + n as f64 * dt;
                    if !(time < stop.min(trial.duration)) {
                        break;
                    }
                    let Some(values) = trial.network.noise_amplitudes(index, number, n, trial.key) else { break };
                    all(time, &|neuron| Change::Level(number, values[neuron]));
                }
                all(stop, &off);
            }
        }
    }
    // Stable: changes of the same instant stay in the order in which they were listed.
    changes.iter_mut().for_each(|changes| changes.sort_by(|p: &(f64, Change), q| p.0.total_cmp(&q.0)));
    changes
}

impl Tally {
    fn note(&mut self, findings: Findings) {
        let all = &mut self.findings;
        all.spikes += findings.spikes;
        all.arrivals += findings.arrivals;
        all.undecided += findings.undecided;
        all.off = all.off.max(findings.off);
        all.time = all.time.max(findings.time);
        all.v = all.v.max(findings.v);
        all.current = all.current.max(findings.current);
        match findings.fault {
            Some(Fault::Missed { .. }) => self.missed += 1,
            Some(Fault::Invented { .. } | Fault::Forbidden { .. }) => self.invented += 1,
            Some(Fault::Potential { .. } | Fault::Current { .. }) => self.beyond += 1,
            None => {}
        }
    }

    fn and(mut self, other: Tally) -> Tally {
        self.note(other.findings);
        self.networks += other.networks;
        self.neurons += other.neurons;
        self.missed += other.missed;
        self.invented += other.invented;
        self.beyond += other.beyond;
        self.failures.extend(other.failures);
        self
    }

    fn json(&self, seed: u64, asked: u64) -> serde_json::Value {
        let failure = |&Failure { network, population, neuron, fault }: &Failure| json!({ "network": network, "population": population, "neuron": neuron, "fault": fault.to_string() });
        let failures: Vec<_> = self.failures.iter().map(failure).collect();
        json!({
            "complete": self.networks == asked,
            "networks": self.networks,
            "neurons": self.neurons,
            "arrivals": self.findings.arrivals,
            "spikes": self.findings.spikes,
            "missed": self.missed,
            "invented": self.invented,
            "beyond_tolerance": self.beyond,
            "undecided": self.findings.undecided,
            "max_off_threshold_mv": self.findings.off,
            "max_dt_ms": self.findings.time,
            "max_dv_mv": self.findings.v,
            "max_di_na": self.findings.current,
            "failures": failures,
            "provenance": Provenance::of("lif-sim", Some(seed)),
        })
    }

    fn text(&self, seed: u64, asked: u64) -> String {
        let columns = [
            "networks",
            "neurons",
            "arrivals",
            "spikes",
            "missed",
            "invented",
            "beyond tolerance",
            "undecided",
            "max |V - thresh| (mV)",
            "max |dt| (ms)",
            "max |dV| (mV)",
            "max |dI| (nA)",
        ];
        let counts = [
            self.networks,
            self.neurons,
            self.findings.arrivals,
            self.findings.spikes,
            self.missed,
            self.invented,
            self.beyond,
            self.findings.undecided,
        ];
        let maxima = [self.findings.off, self.findings.time, self.findings.v, self.findings.current];
        let row = counts.iter().map(u64::to_string).chain(maxima.iter().map(|x| format!("{x:.1e}"))).collect();
        let mut text = table(&columns, &[row]);
        for Failure { network, population, neuron, fault } in self.failures.iter().take(MOST_FAILURES) {
            text += &format!(
                "population {population}, neuron {neuron}: {fault}\n  again: lif-sim verify --random 1 --seed {seed} --first {network}\n"
            );
        }
        if self.failures.len() > MOST_FAILURES {
            text += &format!("... and {} more neurons\n", self.failures.len() - MOST_FAILURES);
        }
        if self.networks < asked {
            text += "Interrupted: only the networks above were verified.\n";
        }
        text
    }
}
