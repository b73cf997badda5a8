//! What a run has observed.

use crate::population::{Population, Recording};

/// One spike: when, and which neuron of its population.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spike {
    /// Time (ms).
    pub time: f64,
    /// Index within the population.
    pub neuron: u32,
}

/// Observations of one population.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PopulationRecord {
    /// Number of spikes of each neuron.
    pub counts: Vec<u32>,
    /// Spikes of the recorded neurons in order of time, if the population's recording asks for them.
    pub spikes: Vec<Spike>,
    /// Potentials (mV) at the recorded times: one row per time, one column per recorded neuron.
    pub v: Vec<Vec<f64>>,
    /// Excitatory synaptic currents (nA), as `v`.
    pub i_syn_e: Vec<Vec<f64>>,
    /// Inhibitory synaptic currents (nA), as `v`.
    pub i_syn_i: Vec<Vec<f64>>,
    /// Number of spikes in each recorded window `[edge, next edge)`: one row per window, one column per neuron.
    pub window_counts: Vec<Vec<u32>>,
    /// Simulated time (ms): zero, and all of the above empty, if the run was stopped before the population's turn.
    pub duration: f64,
}

impl PopulationRecord {
    /// Number of spikes of the whole population.
    pub fn total(&self) -> u64 {
        self.counts.iter().map(|&n| u64::from(n)).sum()
    }

    /// Of a population, before its first spike.
    pub(crate) fn new(population: &Population) -> PopulationRecord {
        let counts = vec![0; population.size()];
        let windows = population.recording().windows.len().saturating_sub(1);
        PopulationRecord { window_counts: vec![counts.clone(); windows], counts, ..PopulationRecord::default() }
    }

    /// Counts some spikes.
    pub(crate) fn count(&mut self, spikes: &[Spike], recording: &Recording) {
        for spike in spikes {
            self.counts[spike.neuron as usize] += 1;
            let window = recording.windows.partition_point(|&edge| edge <= spike.time);
            if let Some(counts) = window.checked_sub(1).and_then(|window| self.window_counts.get_mut(window)) {
                counts[spike.neuron as usize] += 1;
            }
        }
    }

    /// Keeps the spikes of a run that are recorded.
    pub(crate) fn keep(&mut self, spikes: &[Spike], recording: &Recording) {
        if recording.spikes {
            self.spikes = match &recording.neurons {
                None => spikes.to_vec(),
                Some(chosen) => {
                    spikes.iter().filter(|spike| chosen.binary_search(&spike.neuron).is_ok()).copied().collect()
                }
            };
        }
    }
}

/// Observations of one run of a network.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record {
    /// One entry per population, in the network's order.
    pub populations: Vec<PopulationRecord>,
    /// Number of spikes sent by each source.
    pub source_spikes: Vec<u64>,
    /// Number of synaptic events: arrivals of a spike at one neuron.
    pub synaptic_events: u64,
    /// Weights (nA) at the end, of each projection that learns, in order of presynaptic, then postsynaptic neuron.
    pub weights: Vec<Option<Vec<f64>>>,
    /// Simulated time (ms) that all populations have reached: shorter than asked for if the run was stopped.
    pub duration: f64,
}

/// Spikes per list of the first pass of [`sort`].
const LIST: usize = 8;

/// Sorts spikes by time, then neuron. Times are zero or more, and spread over their range.
///
/// A pass into many short intervals of time leaves little for the comparison sort of each.
pub(crate) fn sort(spikes: &mut Vec<Spike>) {
    // Times are not negative, so their bits are in their order.
    let key = |spike: &Spike| (spike.time.to_bits(), spike.neuron);
    let lists = spikes.len() / LIST;
    let range = spikes.iter().fold((f64::INFINITY, 0.0f64), |(lo, hi), s| (lo.min(s.time), hi.max(s.time)));
    let scale = (lists as f64 - 1.0) / (range.1 - range.0);
    if lists < 2 || !scale.is_finite() {
        return spikes.sort_unstable_by_key(key);
    }
    let list = |spike: &Spike| ((spike.time - range.0) * scale) as usize;
    let mut ends = vec![0u32; lists];
    spikes.iter().for_each(|spike| ends[list(spike)] += 1);
    ends.iter_mut().fold(0, |sum, n| {
        let start = sum;
        let sum = sum + *n;
        *n = start;
        sum
    });
    let mut sorted = vec![Spike { time: 0.0, neuron: 0 }; spikes.len()];
    for spike in &*spikes {
        let end = &mut ends[list(spike)];
        sorted[*end as usize] = *spike;
        *end += 1;
    }
    let mut start = 0;
    for end in ends {
        sorted[start..end as usize].sort_unstable_by_key(key);
        start = end as usize;
    }
    *spikes = sorted;
}
