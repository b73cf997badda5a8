//! Reference cases from files against the engine.

use super::case::{Case, Item, read_items};
use super::learning;
use crate::output::{Provenance, json_text};
use crate::run::{self, RunArguments};
use crate::table::table;
use anyhow::{Context, Result, ensure};
use serde_json::json;
use sim::{Dense, Network, Population, Projection, Recording, Simulation, Source, Spike, StreamKey, Synapses};
use std::path::PathBuf;
use std::process::ExitCode;

/// Largest accepted deviations.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tolerances {
    /// Of spike times (ms).
    pub(super) time: f64,
    /// Of potentials (mV).
    pub(super) v: f64,
}

/// Largest accepted deviation of a weight that has learned (nA or mV).
const WEIGHT: f64 = 1e-12;

/// Rounding error of the potential that a slow rise turns into an error of time (mV).
const ROUNDING: f64 = 1e-12;

/// Largest deviation of time that a slow rise may excuse (ms).
const SLOWEST: f64 = 1e-6;

/// How long before an expected spike the potential is read to learn its slope (ms).
const SLOPE_INTERVAL: f64 = 1e-4;

/// How far the engine is from the cases of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Deviation {
    cases: usize,
    count_mismatches: usize,
    max_dt: f64,
    max_dv: f64,
    max_dw: f64,
    /// Number of spikes, potentials and weights beyond the tolerance.
    beyond: usize,
}

/// Runs all cases; the exit code is 1 if any is beyond the tolerance.
///
/// # Errors
///
/// Fails on files that cannot be read or understood.
pub(super) fn verify_files(paths: &[PathBuf], tolerances: Tolerances, run: RunArguments) -> Result<ExitCode> {
    let mut total = Deviation::default();
    let mut rows = Vec::new();
    let mut files = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let items = read_items(&text).with_context(|| format!("in {}", path.display()))?;
        ensure!(!items.is_empty(), "{} holds no cases", path.display());
        let mut file = Deviation::default();
        for item in &items {
            let one = match item {
                Item::Case(case) => compare(case, tolerances),
                Item::Learning(example) => learning::largest_deviation(example).map(|max_dw| Deviation {
                    cases: 1,
                    max_dw,
                    beyond: usize::from(!(max_dw <= WEIGHT)),
                    ..Deviation::default()
                }),
            };
            file = file.and(one.with_context(|| format!("in {}, case {}", path.display(), item.name()))?);
        }
        total = total.and(file);
        let name = path.display().to_string();
        rows.push(vec![
            name.clone(),
            file.cases.to_string(),
            file.count_mismatches.to_string(),
            format!("{:.1e}", file.max_dt),
            format!("{:.1e}", file.max_dv),
            format!("{:.1e}", file.max_dw),
            file.beyond.to_string(),
        ]);
        files.push(file.json(Some(&name)));
    }
    if run.json {
        let mut document = total.json(None);
        document["files"] = json!(files);
        document["provenance"] = json!(Provenance::of("lif-sim", None));
        run::print(&json_text(&document)?)?;
    } else {
        let columns =
            ["file", "cases", "count mismatches", "max |dt| (ms)", "max |dV| (mV)", "max |dw|", "beyond tolerance"];
        run::print(&table(&columns, &rows))?;
    }
    Ok(if total.count_mismatches == 0 && total.beyond == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Deviation {
    fn and(self, other: Deviation) -> Deviation {
        Deviation {
            cases: self.cases + other.cases,
            count_mismatches: self.count_mismatches + other.count_mismatches,
            max_dt: self.max_dt.max(other.max_dt),
            max_dv: self.max_dv.max(other.max_dv),
            max_dw: self.max_dw.max(other.max_dw),
            beyond: self.beyond + other.beyond,
        }
    }

    fn json(self, file: Option<&str>) -> serde_json::Value {
        let mut document = json!({
            "cases": self.cases,
            "count_mismatches": self.count_mismatches,
            "max_dt_ms": self.max_dt,
            "max_dv_mv": self.max_dv,
            "max_dw": self.max_dw,
            "beyond_tolerance": self.beyond,
        });
        if let Some(file) = file {
            document["file"] = json!(file);
        }
        document
    }
}

/// Refuses expectations that lie outside the experiment.
fn check_times(case: &Case) -> Result<()> {
    let expected = case.spikes.iter().chain(case.potentials.iter().map(|(t, _)| t));
    for &t in expected {
        ensure!((0.0..=case.t_end).contains(&t), "something is expected at {t:?} ms, outside 0 to {:?} ms", case.t_end);
    }
    Ok(())
}

/// Runs one case on the engine. Every input is a source neuron of its own, with its own weight.
fn compare(case: &Case, tolerances: Tolerances) -> Result<Deviation> {
    check_times(case)?;
    // Potentials are read at the samples, and just before each expected spike to learn the slope there.
    let before: Vec<f64> = case.spikes.iter().map(|t| (t - SLOPE_INTERVAL).max(0.0)).collect();
    let mut probes: Vec<f64> = case.potentials.iter().map(|&(t, _)| t).chain(before.iter().copied()).collect();
    probes.sort_by(f64::total_cmp);
    let recording = Recording { spikes: true, v_at: probes.clone(), ..Recording::default() };

    let mut network = Network::new();
    let source = network.add_source(case.inputs.len());
    let neuron = Population::new(1, case.neuron)?.with_psc(case.psc).with_v_init(case.v_init)?;
    let neuron = network.add_population(neuron.with_recording(recording)?);
    let weights = case.inputs.iter().map(|&(_, w)| w).collect();
    let synapses = Synapses::Dense(Dense::new(case.inputs.len(), 1, weights)?);
    network.add_projection(Projection::new(source, neuron, 0.0, synapses)?)?;

    let mut spikes: Vec<Spike> =
        case.inputs.iter().enumerate().map(|(i, &(time, _))| Spike { time, neuron: i as u32 }).collect();
    spikes.sort_by(|p, q| p.time.total_cmp(&q.time));
    let key = StreamKey { seed: 0, sample: 0 };
    let record = Simulation::new(&network)?.run(&[Source::Spikes(spikes)], key, case.t_end)?;
    let seen = &record.populations[0];
    let v_at = |t: f64| seen.v[probes.partition_point(|&probe| probe < t)][0];

    let mut deviation = Deviation { cases: 1, ..Deviation::default() };
    for &(t, v) in &case.potentials {
        let dv = (v_at(t) - v).abs();
        deviation.max_dv = deviation.max_dv.max(dv);
        deviation.beyond += usize::from(!(dv <= tolerances.v));
    }
    if seen.spikes.len() != case.spikes.len() {
        deviation.count_mismatches = 1;
        return Ok(deviation);
    }
    for ((spike, expected), before) in seen.spikes.iter().zip(&case.spikes).zip(before) {
        let dt = (spike.time - expected).abs();
        let slope = (case.neuron.v_thresh - v_at(before)) / SLOPE_INTERVAL;
        deviation.max_dt = deviation.max_dt.max(dt);
        let slow = if slope > 0.0 { (ROUNDING / slope).min(SLOWEST) } else { 0.0 };
        deviation.beyond += usize::from(!(dt <= tolerances.time.max(slow)));
    }
    Ok(deviation)
}
