//! One population in one run on the grid.

use super::arrivals::Arrivals;
use super::background::Input;
use super::cells::Cells;
use super::steps::Steps;
use crate::current::{Currents, Wave};
use crate::network::Network;
use crate::population::Population;
use crate::random::StreamKey;
use crate::record::{PopulationRecord, Spike};

/// A sinusoidal current in one run: its form, and the neurons that receive it now.
struct Fed {
    wave: Wave,
    neurons: Vec<usize>,
}

pub(super) struct Runner<'a> {
    population: &'a Population,
    steps: Steps,
    currents: Currents<'a>,
    waves: Vec<Fed>,
    /// Constant current into each neuron (nA), without and with the sinusoidal ones.
    level: Vec<f64>,
    total: Vec<f64>,
    backgrounds: Vec<Input>,
    /// Grid points at which potentials are recorded, and how many of them are behind.
    probes: &'a [u64],
    probed: usize,
    observed: Vec<u32>,
    /// The neurons that have fired at the present grid point.
    pub(super) fired: Vec<u32>,
    spikes: Vec<Spike>,
    seen: PopulationRecord,
    /// Arrivals from the background before the end of the run.
    events: u64,
}

impl<'a> Runner<'a> {
    pub(super) fn new(network: &'a Network, index: usize, key: StreamKey, steps: Steps, probes: &'a [u64]) -> Self {
        let population = &network.populations()[index];
        let address = network.address(index);
        let waves = population.currents().iter().filter_map(|current| current.source.wave());
        let backgrounds = population.background().iter().enumerate();
        Runner {
            population,
            steps,
            currents: Currents::new(population, key, address),
            waves: waves.map(|wave| Fed { wave, neurons: Vec::new() }).collect(),
            level: population.i_offset().to_vec(),
            total: population.i_offset().to_vec(),
            backgrounds: backgrounds
                .map(|(i, background)| Input::new(background, population, key, address, i as u32, &steps))
                .collect(),
            probes,
            probed: 0,
            observed: population.observed(),
            fired: Vec::new(),
            spikes: Vec::new(),
            seen: PopulationRecord::new(population),
            events: 0,
        }
    }

    /// From the grid point before `step` to `step`.
    pub(super) fn advance(&mut self, cells: &mut Cells, arrivals: &mut Arrivals, step: u64, end: u64) {
        self.change_currents(step - 1);
        for background in &mut self.backgrounds {
            let events = background.arrive(arrivals, step, &self.steps);
            self.events += if step < end { events } else { 0 };
        }
        self.fired.clear();
        let constant = if self.waves.is_empty() { &self.level } else { &self.total };
        cells.advance(step, constant, arrivals.at(step), &mut self.fired);
        arrivals.clear(step);
        let time = self.steps.time(step);
        self.spikes.extend(self.fired.iter().map(|&neuron| Spike { time, neuron }));
    }

    /// The currents of the step that begins at a grid point.
    fn change_currents(&mut self, step: u64) {
        while self.steps.at_or_after(self.currents.next()) <= step {
            let Runner { level, waves, .. } = self;
            self.currents.change(self.currents.next(), |levels, turned| {
                levels.iter().for_each(|&(j, current)| level[j] = current);
                if let Some((wave, on)) = turned {
                    waves[wave].neurons.clear();
                    waves[wave].neurons.extend(levels.iter().filter(|_| on).map(|&(j, _)| j));
                }
            });
        }
        if !self.waves.is_empty() {
            self.total.copy_from_slice(&self.level);
            let time = self.steps.time(step);
            for Fed { wave, neurons } in &self.waves {
                let current = wave.current(time);
                neurons.iter().for_each(|&j| self.total[j] += current);
            }
        }
    }

    /// Records what is to be recorded at a grid point.
    pub(super) fn probe(&mut self, cells: &Cells, step: u64) {
        while self.probes.get(self.probed) == Some(&step) {
            let observed = || self.observed.iter().map(|&j| j as usize);
            self.seen.v.push(observed().map(|j| cells.v(j)).collect());
            if self.population.recording().synaptic_currents {
                self.seen.i_syn_e.push(observed().map(|j| cells.synaptic_currents(j)[0]).collect());
                self.seen.i_syn_i.push(observed().map(|j| cells.synaptic_currents(j)[1]).collect());
            }
            self.probed += 1;
        }
    }

    /// What was observed until `duration` (ms), and the number of background arrivals.
    pub(super) fn finish(mut self, duration: f64) -> (PopulationRecord, u64) {
        let recording = self.population.recording();
        self.seen.count(&self.spikes, recording);
        self.seen.keep(&self.spikes, recording);
        self.seen.duration = duration;
        (self.seen, self.events)
    }
}
