//! Spikes as files: CSV, NumPy archive, SONATA.

use super::experiment::Experiment;
use super::traces::recorded_neurons;
use crate::npz;
use crate::output::{Provenance, ResultFolder, csv_number};
use crate::sonata;
use anyhow::Result;
use clap::ValueEnum;
use sim::{PopulationRecord, Record, Spike};

/// File format of spikes and recorded potentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text: spikes.csv
    Csv,
    /// NumPy archive: spikes.npz
    Npz,
    /// HDF5 after the SONATA specification: spikes.h5 (potentials as CSV)
    Sonata,
}

/// Columns of spikes.csv.
const COLUMNS: [&str; 3] = ["population", "neuron", "time_ms"];

/// A population whose spikes were recorded.
pub(super) struct Train<'a> {
    pub(super) name: &'a str,
    /// The neurons that were recorded, ascending.
    pub(super) neurons: Vec<u32>,
    pub(super) seen: &'a PopulationRecord,
}

/// All of them.
pub(super) fn trains<'a>(experiment: &'a Experiment, record: &'a Record) -> Vec<Train<'a>> {
    let parts = experiment.names.iter().zip(experiment.network.populations()).zip(&record.populations);
    let recorded = parts.filter(|((_, population), _)| population.recording().spikes);
    recorded.map(|((name, population), seen)| Train { name, neurons: recorded_neurons(population), seen }).collect()
}

/// Writes the spikes of all recorded populations, and returns the name of the file.
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
) -> Result<&'static str> {
    let trains: Vec<(&str, &[Spike])> =
        trains(experiment, record).iter().map(|train| (train.name, train.seen.spikes.as_slice())).collect();
    match format {
        Format::Csv => {
            let line = |name: &str, spike: &Spike| format!("{name},{},{}", spike.neuron, csv_number(spike.time));
            let lines = trains.iter().flat_map(|(name, spikes)| spikes.iter().map(move |spike| line(name, spike)));
            folder.csv_lines("spikes", made, &COLUMNS, lines)?;
            Ok("spikes.csv")
        }
        Format::Npz => {
            let mut archive = npz::Builder::new();
            for (name, spikes) in &trains {
                let times: Vec<f64> = spikes.iter().map(|spike| spike.time).collect();
                let neurons: Vec<u32> = spikes.iter().map(|spike| spike.neuron).collect();
                archive.add(&format!("{name}_times"), &[times.len() as u64], &times)?;
                archive.add(&format!("{name}_neurons"), &[neurons.len() as u64], &neurons)?;
            }
            folder.bytes("spikes.npz", &archive.finish(made)?)?;
            Ok("spikes.npz")
        }
        Format::Sonata => {
            folder.bytes("spikes.h5", &sonata::encode(&trains, made)?)?;
            Ok("spikes.h5")
        }
    }
}
