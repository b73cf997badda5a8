//! What was recorded besides spikes, as files: potentials, synaptic currents, counts in windows, weights.

use super::experiment::Experiment;
use super::spikes_file::Format;
use crate::npz;
use crate::output::{Provenance, ResultFolder, csv_number};
use anyhow::Result;
use sim::{Population, PopulationRecord, Record, Synapses};

/// Writes all that was recorded, and returns the names of the files.
///
/// # Errors
///
/// Fails if the folder cannot be written to.
pub(super) fn write(
    folder: &ResultFolder,
    format: Format,
    experiment: &Experiment,
    record: &Record,
    made: &Provenance,
) -> Result<Vec<&'static str>> {
    let parts = || {
        let parts = experiment.names.iter().zip(experiment.network.populations()).zip(&record.populations);
        parts.map(|((name, population), seen)| Trace { name, population, seen })
    };
    let mut written = Vec::new();
    let potentials: Vec<Trace<'_>> = parts().filter(|part| !part.population.recording().v_at.is_empty()).collect();
    if !potentials.is_empty() {
        written.push(match format {
            Format::Npz => {
                folder.bytes("potentials.npz", &potentials_archive(&potentials, made)?)?;
                "potentials.npz"
            }
            Format::Csv | Format::Sonata => {
                write_potentials(folder, &potentials, made)?;
                "potentials.csv"
            }
        });
    }
    let windows: Vec<Trace<'_>> = parts().filter(|part| !part.population.recording().windows.is_empty()).collect();
    if !windows.is_empty() {
        let columns = ["population", "neuron", "start_ms", "stop_ms", "spikes"];
        folder.csv_lines("counts", made, &columns, windows.iter().flat_map(Trace::count_lines))?;
        written.push("counts.csv");
    }
    if experiment.network.projections().iter().any(|projection| projection.plasticity().is_some()) {
        let columns = ["presynaptic", "postsynaptic", "pre", "post", "weight_nA"];
        folder.csv_lines("weights", made, &columns, weight_lines(experiment, record))?;
        written.push("weights.csv");
    }
    Ok(written)
}

/// The neurons of which spikes and potentials are kept, ascending.
pub(super) fn recorded_neurons(population: &Population) -> Vec<u32> {
    population.recording().neurons.clone().unwrap_or_else(|| (0..population.size() as u32).collect())
}

/// One population with what was recorded of it.
struct Trace<'a> {
    name: &'a str,
    population: &'a Population,
    seen: &'a PopulationRecord,
}

impl Trace<'_> {
    /// The times at which something was recorded: not all that were asked for, if the run was stopped.
    fn times(&self) -> &[f64] {
        &self.population.recording().v_at[..self.seen.v.len()]
    }

    /// Potential, and where they were recorded synaptic currents, with the names of their columns.
    fn quantities(&self) -> Vec<(&'static str, &[Vec<f64>])> {
        let mut quantities = vec![("v_mV", self.seen.v.as_slice())];
        if self.population.recording().synaptic_currents {
            quantities
                .extend([("i_syn_e_nA", self.seen.i_syn_e.as_slice()), ("i_syn_i_nA", self.seen.i_syn_i.as_slice())]);
        }
        quantities
    }

    fn potential_lines(&self, columns: usize) -> impl Iterator<Item = String> {
        let (neurons, quantities) = (recorded_neurons(self.population), self.quantities());
        (0..neurons.len()).flat_map(move |column| {
            let (neuron, quantities) = (neurons[column], quantities.clone());
            self.times().iter().enumerate().map(move |(row, &time)| {
                let mut line = format!("{},{neuron},{}", self.name, csv_number(time));
                for quantity in 0..columns {
                    line.push(',');
                    // Empty where this population's currents were not recorded.
                    if let Some((_, values)) = quantities.get(quantity) {
                        line.push_str(&csv_number(values[row][column]));
                    }
                }
                line
            })
        })
    }

    fn count_lines(&self) -> impl Iterator<Item = String> {
        let edges = &self.population.recording().windows;
        let size = self.population.size();
        edges.windows(2).zip(&self.seen.window_counts).flat_map(move |(edge, counts)| {
            (0..size).map(move |neuron| {
                let [start, stop] = [edge[0], edge[1]].map(csv_number);
                format!("{},{neuron},{start},{stop},{}", self.name, counts[neuron])
            })
        })
    }
}

fn write_potentials(folder: &ResultFolder, traces: &[Trace<'_>], made: &Provenance) -> Result<()> {
    let mut columns = vec!["population", "neuron", "time_ms"];
    let widest = traces.iter().map(Trace::quantities).max_by_key(Vec::len).unwrap_or_default();
    columns.extend(widest.iter().map(|(name, _)| *name));
    let lines = traces.iter().flat_map(|trace| trace.potential_lines(widest.len()));
    folder.csv_lines("potentials", made, &columns, lines)
}

/// `<population>_times`, `<population>_neurons`, and one array of times by neurons per quantity.
fn potentials_archive(traces: &[Trace<'_>], made: &Provenance) -> Result<Vec<u8>> {
    let mut archive = npz::Builder::new();
    for trace in traces {
        let (name, times, neurons) = (trace.name, trace.times(), recorded_neurons(trace.population));
        archive.add(&format!("{name}_times"), &[times.len() as u64], times)?;
        archive.add(&format!("{name}_neurons"), &[neurons.len() as u64], &neurons)?;
        for (quantity, rows) in trace.quantities() {
            let shape = [times.len() as u64, neurons.len() as u64];
            archive.add(&format!("{name}_{quantity}"), &shape, &rows.concat())?;
        }
    }
    archive.finish(made)
}

fn weight_lines(experiment: &Experiment, record: &Record) -> impl Iterator<Item = String> {
    let projections = experiment.network.projections().iter().zip(&record.weights);
    projections
        .filter_map(|(projection, weights)| {
            // Only listed synapses learn.
            let (Some(weights), Synapses::Sparse(synapses)) = (weights, projection.synapses()) else { return None };
            let pre = experiment.presynaptic(projection.pre());
            let post = &experiment.names[projection.post()];
            let line = move |(synapse, &weight): (sim::Synapse, &f64)| {
                format!("{pre},{post},{},{},{}", synapse.pre, synapse.post, csv_number(weight))
            };
            Some(synapses.synapses().zip(weights).map(line))
        })
        .flatten()
}
