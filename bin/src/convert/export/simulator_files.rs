//! The folder for simulators that a Python script drives: NumPy archives, and the scripts.

use super::{GridTrial, Target, Trial};
use crate::npz;
use crate::output::Provenance;
use anyhow::Result;
use convert::{ExportedNetwork, grid_step};
use sim::{IfCurrExp, Pre, Spike};

/// Reads the archives and judges results; both scripts use it.
const EXPORTED: (&str, &str) = ("exported.py", include_str!("exported.py"));
const RUN_NEST: (&str, &str) = ("run_nest.py", include_str!("run_nest.py"));
const RUN_PYNN: (&str, &str) = ("run_pynn.py", include_str!("run_pynn.py"));

/// A parameter of a neuron.
type Parameter = (&'static str, fn(&IfCurrExp) -> f64);

/// PyNN's parameters and units, one number for each population.
const PARAMETERS: [Parameter; 8] = [
    ("cm", |neuron| neuron.cm),
    ("tau_m", |neuron| neuron.tau_m),
    ("tau_refrac", |neuron| neuron.tau_refrac),
    ("tau_syn_E", |neuron| neuron.tau_syn_e),
    ("tau_syn_I", |neuron| neuron.tau_syn_i),
    ("v_rest", |neuron| neuron.v_rest),
    ("v_reset", |neuron| neuron.v_reset),
    ("v_thresh", |neuron| neuron.v_thresh),
];

/// Name of the script that runs and compares.
pub(super) fn script(target: Target) -> &'static str {
    source(target).0
}

fn source(target: Target) -> (&'static str, &'static str) {
    if target == Target::Pynn { RUN_PYNN } else { RUN_NEST }
}

/// The files by name: network.npz, input.npz, expected.npz and the scripts.
///
/// # Errors
///
/// Fails if the synapses cannot be listed.
pub(super) fn encode(
    target: Target,
    exported: &ExportedNetwork<'_>,
    trial: &Trial,
    grid: Option<&GridTrial>,
    made: &Provenance,
) -> Result<Vec<(&'static str, Vec<u8>)>> {
    let mut files = vec![
        ("network.npz", network(exported, made)?),
        ("input.npz", input(trial, grid, made)?),
        ("expected.npz", expected(exported, trial, grid, made)?),
    ];
    files.extend([EXPORTED, source(target)].map(|(name, text)| (name, text.as_bytes().to_vec())));
    Ok(files)
}

fn network(exported: &ExportedNetwork<'_>, made: &Provenance) -> Result<Vec<u8>> {
    let populations = exported.network().populations();
    let mut archive = npz::Builder::new();
    let sizes: Vec<i64> = populations.iter().map(|population| population.size() as i64).collect();
    archive.add("input_size", &[], &[exported.input().units() as i64])?;
    archive.add("size", &[sizes.len() as u64], &sizes)?;
    for (name, parameter) in PARAMETERS {
        let values: Vec<f64> = populations.iter().map(|population| parameter(population.neuron())).collect();
        archive.add(name, &[values.len() as u64], &values)?;
    }
    for (index, population) in populations.iter().enumerate() {
        archive.add(&format!("i_offset_{index}"), &[population.size() as u64], population.i_offset())?;
    }
    let (mut from, mut to, mut delays): (Vec<i64>, Vec<i64>, Vec<f64>) = (Vec::new(), Vec::new(), Vec::new());
    for (index, list) in exported.synapses()?.enumerate() {
        let list = list?;
        let shape = [list.pre.len() as u64];
        archive.add(&format!("pre_{index}"), &shape, &list.pre)?;
        archive.add(&format!("post_{index}"), &shape, &list.post)?;
        archive.add(&format!("weight_{index}"), &shape, &list.weight)?;
        from.push(match list.from {
            Pre::Source(_) => -1,
            Pre::Population(population) => population as i64,
        });
        to.push(list.to as i64);
        delays.push(list.delay);
    }
    let shape = [from.len() as u64];
    archive.add("projection_from", &shape, &from)?;
    archive.add("projection_to", &shape, &to)?;
    archive.add("projection_delay", &shape, &delays)?;
    archive.finish(made)
}

/// Spikes of several images as columns.
struct Columns {
    images: Vec<u32>,
    neurons: Vec<u32>,
    times: Vec<f64>,
}

impl Columns {
    fn of<'a>(images: impl Iterator<Item = &'a Vec<Spike>>) -> Columns {
        let mut columns = Columns { images: Vec::new(), neurons: Vec::new(), times: Vec::new() };
        for (image, spikes) in images.enumerate() {
            columns.images.extend(spikes.iter().map(|_| image as u32));
            columns.neurons.extend(spikes.iter().map(|spike| spike.neuron));
            columns.times.extend(spikes.iter().map(|spike| spike.time));
        }
        columns
    }

    fn steps(&self, dt: f64) -> Vec<i64> {
        self.times.iter().map(|&time| grid_step(time, dt) as i64).collect()
    }
}

fn input(trial: &Trial, grid: Option<&GridTrial>, made: &Provenance) -> Result<Vec<u8>> {
    let columns = Columns::of(trial.observations.iter().map(|seen| &seen.input));
    let shape = [columns.times.len() as u64];
    let mut archive = npz::Builder::new();
    archive.add("image", &shape, &columns.images)?;
    archive.add("neuron", &shape, &columns.neurons)?;
    archive.add("time", &shape, &columns.times)?;
    archive.add("duration", &[], &[trial.duration])?;
    archive.add("label", &[trial.images.len() as u64], trial.images.labels())?;
    if let Some(grid) = grid {
        archive.add("step", &shape, &columns.steps(grid.dt))?;
        archive.add("dt", &[], &[grid.dt])?;
    }
    archive.finish(made)
}

fn expected(
    exported: &ExportedNetwork<'_>,
    trial: &Trial,
    grid: Option<&GridTrial>,
    made: &Provenance,
) -> Result<Vec<u8>> {
    let mut archive = npz::Builder::new();
    for (index, population) in exported.network().populations().iter().enumerate() {
        let size = population.size();
        let mut counts = vec![0_u32; trial.observations.len() * size];
        for (image, seen) in trial.observations.iter().enumerate() {
            seen.populations[index].iter().for_each(|spike| counts[image * size + spike.neuron as usize] += 1);
        }
        archive.add(&format!("count_{index}"), &[trial.observations.len() as u64, size as u64], &counts)?;
        if let Some(grid) = grid {
            let columns = Columns::of(grid.spikes.iter().map(|populations| &populations[index]));
            let shape = [columns.times.len() as u64];
            archive.add(&format!("grid_image_{index}"), &shape, &columns.images)?;
            archive.add(&format!("grid_neuron_{index}"), &shape, &columns.neurons)?;
            archive.add(&format!("grid_step_{index}"), &shape, &columns.steps(grid.dt))?;
        }
    }
    archive.finish(made)
}
