//! What a run comes to, as a table and as a document.

use super::experiment::Experiment;
use super::projection::synapse_count;
use super::statistics::Firing;
use crate::output::Provenance;
use crate::table::{number, table};
use serde_json::{Value, json};
use sim::Record;
use std::time::Duration;

/// One run with what it took.
#[derive(Debug)]
pub(super) struct Summary<'a> {
    pub(super) experiment: &'a Experiment,
    pub(super) record: &'a Record,
    /// Wall time of the run, without drawing the connections.
    /// Step of the grid (ms); none for an exact run.
    pub(super) grid: Option<f64>,
    pub(super) wall: Duration,
}

impl Summary<'_> {
    /// Whether all was simulated.
    pub(super) fn complete(&self) -> bool {
        self.record.duration >= self.experiment.duration
    }

    fn firing(&self) -> Vec<Firing> {
        let populations = self.experiment.network.populations().iter();
        populations.zip(&self.record.populations).map(|(population, seen)| Firing::of(population, seen)).collect()
    }

    fn events_per_second(&self) -> f64 {
        self.record.synaptic_events as f64 / self.wall.as_secs_f64()
    }

    /// The table for the terminal.
    pub(super) fn text(&self) -> String {
        let experiment = self.experiment;
        let rows = experiment.names.iter().zip(experiment.network.populations()).zip(self.firing());
        let rows: Vec<Vec<String>> = rows
            .map(|((name, population), firing)| {
                vec![
                    name.clone(),
                    population.size().to_string(),
                    firing.spikes.to_string(),
                    number(firing.rate, 2),
                    number(firing.cv, 3),
                    firing.cv_neurons.to_string(),
                ]
            })
            .collect();
        let mut text = table(&["population", "neurons", "spikes", "rate (Hz)", "CV of intervals", "of neurons"], &rows);
        text += &format!(
            "{} ms simulated {}, seed {}; {} synaptic events, {:.3e} per second; {:.3} s of wall time\n",
            self.record.duration,
            self.grid.map_or("exactly".to_owned(), |dt| format!("on a grid of {dt} ms")),
            experiment.key.seed,
            self.record.synaptic_events,
            self.events_per_second(),
            self.wall.as_secs_f64()
        );
        if !self.complete() {
            text += "Interrupted: this is what was simulated until then.\n";
            for (name, seen) in experiment.names.iter().zip(&self.record.populations) {
                text += &format!("  {name}: {} of {} ms\n", seen.duration, experiment.duration);
            }
        }
        text
    }

    /// The document of `--json` and summary.json.
    pub(super) fn document(&self, made: &Provenance) -> Value {
        let Summary { experiment, record, .. } = self;
        let populations = experiment.names.iter().zip(experiment.network.populations());
        let populations = populations.zip(self.firing()).zip(&record.populations);
        let populations: Vec<Value> = populations
            .map(|(((name, population), firing), seen)| {
                json!({
                    "name": name,
                    "size": population.size(),
                    "simulated_ms": seen.duration,
                    "spikes": firing.spikes,
                    "rate_hz": firing.rate,
                    "cv_isi": firing.cv,
                    "cv_neurons": firing.cv_neurons,
                })
            })
            .collect();
        let sources = experiment.source_names.iter().zip(experiment.network.sources()).enumerate();
        let sources: Vec<Value> = sources
            .map(|(index, (name, size))| {
                json!({ "name": name, "size": size, "spikes": record.source_spikes.get(index) })
            })
            .collect();
        let projections: Vec<Value> = experiment
            .network
            .projections()
            .iter()
            .map(|projection| {
                json!({
                    "presynaptic": experiment.presynaptic(projection.pre()),
                    "postsynaptic": experiment.names[projection.post()],
                    "synapses": synapse_count(projection.synapses()),
                })
            })
            .collect();
        json!({
            "provenance": made,
            "complete": self.complete(),
            "grid_ms": self.grid,
            "duration_ms": experiment.duration,
            "simulated_ms": record.duration,
            "populations": populations,
            "sources": sources,
            "projections": projections,
            "synaptic_events": record.synaptic_events,
            "synaptic_events_per_second": self.events_per_second(),
            "wall_seconds": self.wall.as_secs_f64(),
        })
    }
}
