//! What a run has observed.

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
    /// All spikes in order of time, if the population's recording asks for them.
    pub spikes: Vec<Spike>,
    /// Potentials (mV) at the recorded times: one row per time, one column per neuron.
    pub v: Vec<Vec<f64>>,
}

impl PopulationRecord {
    /// Number of spikes of the whole population.
    pub fn total(&self) -> u64 {
        self.counts.iter().map(|&n| u64::from(n)).sum()
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
}
