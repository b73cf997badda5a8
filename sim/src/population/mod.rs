//! Identical neurons simulated together: their description, and in the modules below their running state.

mod cells;
mod noisy;
mod poisson;
pub(crate) mod state;
mod vector;

use crate::background::Background;
use crate::current::{CurrentSource, Injection};
use crate::error::{NetworkError, ParameterError, finite};
use crate::neuron::{IfCurrExp, Psc, TimeConstants};
use crate::source::check_times;
use crate::theory::noise_free;

/// Most neurons of a population; state and streams of so many take some 400 GB.
const MOST_NEURONS: usize = u32::MAX as usize;

/// Shortest interval (ms) at which a constant current may make a neuron fire.
const SHORTEST_INTERVAL: f64 = 1e-6;

/// Most sinusoidal currents of a population: one bit each.
const MOST_WAVES: usize = 64;

/// Most currents of a population: 16 bits of the address of their noise.
const MOST_CURRENTS: usize = 1 << 16;

/// Description of a population of current-based LIF neurons.
///
/// Built once, checked on construction, shared by reference; nothing in it changes during a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Population {
    neuron: IfCurrExp,
    psc: Psc,
    i_offset: Vec<f64>,
    v_thresh: Vec<f64>,
    v_init: Vec<f64>,
    time_constants: Option<Vec<TimeConstants>>,
    currents: Vec<Injection>,
    background: Vec<Background>,
    recording: Recording,
}

/// One value for all neurons of a population, or one for each.
#[derive(Debug, Clone, PartialEq)]
pub enum PerNeuron {
    /// The same for all.
    Same(f64),
    /// One each.
    Each(Vec<f64>),
}

impl From<f64> for PerNeuron {
    fn from(value: f64) -> PerNeuron {
        PerNeuron::Same(value)
    }
}

impl From<Vec<f64>> for PerNeuron {
    fn from(values: Vec<f64>) -> PerNeuron {
        PerNeuron::Each(values)
    }
}

/// What a run keeps of a population besides its spike counts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recording {
    /// Keep every spike time, not only the counts.
    pub spikes: bool,
    /// Times (ms, ascending) at which potentials are recorded: exact values, not interpolated.
    pub v_at: Vec<f64>,
    /// Whether the synaptic currents are recorded at these times too.
    pub synaptic_currents: bool,
    /// Edges (ms, ascending) of windows in which the spikes of every neuron are counted.
    pub windows: Vec<f64>,
    /// The neurons (ascending) whose spikes, potentials and currents are kept; all for `None`.
    pub neurons: Option<Vec<u32>>,
}

impl Population {
    /// `size` neurons with common parameters and exponential synaptic currents, at rest, unrecorded.
    ///
    /// # Errors
    ///
    /// Refuses impossible parameters, see [`IfCurrExp::check`].
    pub fn new(size: usize, neuron: IfCurrExp) -> Result<Population, ParameterError> {
        neuron.check()?;
        if size > MOST_NEURONS {
            return Err(ParameterError::TooManyNeurons { found: size, most: MOST_NEURONS });
        }
        let population = Population {
            neuron,
            psc: Psc::Exponential,
            i_offset: vec![neuron.i_offset; size],
            v_thresh: vec![neuron.v_thresh; size],
            v_init: vec![neuron.v_rest; size],
            time_constants: None,
            currents: Vec::new(),
            background: Vec::new(),
            recording: Recording::default(),
        };
        population.check_drive()?;
        Ok(population)
    }

    /// Refuses constant currents under which a run would never end: each neuron's `i_offset` and the largest that is injected on top.
    fn check_drive(&self) -> Result<(), ParameterError> {
        for j in 0..self.size() {
            let feeds = |injection: &&Injection| match &injection.neurons {
                Some(chosen) => chosen.binary_search(&(j as u32)).is_ok(),
                None => true,
            };
            let injected = self.currents.iter().filter(feeds).map(|injection| injection.source.largest().max(0.0));
            let current = self.i_offset[j] + injected.sum::<f64>();
            let neuron = IfCurrExp { v_thresh: self.v_thresh[j], ..self.neuron };
            let neuron = self.time_constants.as_ref().map_or(neuron, |each| each[j].of(&neuron));
            let interval = crate::MS_PER_S / noise_free(&neuron, current);
            if interval < SHORTEST_INTERVAL {
                return Err(ParameterError::EndlessFiring { current, interval });
            }
        }
        Ok(())
    }

    /// Chooses the shape of the postsynaptic currents.
    pub fn with_psc(self, psc: Psc) -> Population {
        Population { psc, ..self }
    }

    /// Constant currents (nA) in place of the common `i_offset`.
    ///
    /// # Errors
    ///
    /// Finite values are needed, one or one per neuron, none of which makes a neuron fire without end.
    pub fn with_i_offset(mut self, i_offset: impl Into<PerNeuron>) -> Result<Population, NetworkError> {
        self.i_offset = self.per_neuron("i_offset", "nA", i_offset.into())?;
        self.check_drive()?;
        Ok(self)
    }

    /// Thresholds (mV) in place of the common `v_thresh`.
    ///
    /// # Errors
    ///
    /// Finite values above `v_reset` are needed, one or one per neuron.
    pub fn with_v_thresh(mut self, v_thresh: impl Into<PerNeuron>) -> Result<Population, NetworkError> {
        self.v_thresh = self.per_neuron("v_thresh", "mV", v_thresh.into())?;
        for &v_thresh in &self.v_thresh {
            IfCurrExp { v_thresh, ..self.neuron }.check()?;
        }
        self.check_drive()?;
        Ok(self)
    }

    /// Starts neurons at these potentials (mV) instead of `v_rest`. At or above threshold a neuron fires at time zero.
    ///
    /// # Errors
    ///
    /// Finite values are needed, one or one per neuron.
    pub fn with_v_init(mut self, v_init: impl Into<PerNeuron>) -> Result<Population, NetworkError> {
        self.v_init = self.per_neuron("v_init", "mV", v_init.into())?;
        Ok(self)
    }

    /// Gives every neuron time constants of its own; `cm` stays common.
    ///
    /// # Errors
    ///
    /// Positive finite values are needed, one set per neuron.
    pub fn with_time_constants(mut self, each: Vec<TimeConstants>) -> Result<Population, NetworkError> {
        if each.len() != self.size() {
            let (expected, found) = (self.size(), each.len());
            return Err(NetworkError::Length { what: "time constants", expected, found });
        }
        each.iter().try_for_each(|tau| tau.of(&self.neuron).check())?;
        self.time_constants = Some(each);
        self.check_drive()?;
        Ok(self)
    }

    /// Injects a current into some neurons, or all (`None`). Several currents add up.
    ///
    /// # Errors
    ///
    /// Refuses what cannot be injected, see [`CurrentSource::check`], and neurons that do not exist or are not in order.
    pub fn with_current(
        mut self,
        source: CurrentSource,
        neurons: Option<Vec<u32>>,
    ) -> Result<Population, NetworkError> {
        source.check()?;
        check_neurons(&neurons, self.size())?;
        self.currents.push(Injection { source, neurons });
        let waves = self.currents.iter().filter(|current| current.source.wave().is_some()).count();
        for (what, found, most) in
            [("sinusoidal currents", waves, MOST_WAVES), ("currents", self.currents.len(), MOST_CURRENTS)]
        {
            if found > most {
                return Err(NetworkError::TooManyCurrents { what, most });
            }
        }
        self.check_drive()?;
        Ok(self)
    }

    /// Gives every neuron a Poisson input of its own. Several of them add up.
    ///
    /// # Errors
    ///
    /// Refuses what cannot be drawn, see [`Background`].
    pub fn with_background(mut self, background: Background) -> Result<Population, NetworkError> {
        background.check(self.size())?;
        self.background.push(background);
        Ok(self)
    }

    /// Chooses what is recorded.
    ///
    /// # Errors
    ///
    /// Times must be finite, zero or more, and ascending; neurons must exist and be in order.
    pub fn with_recording(mut self, recording: Recording) -> Result<Population, NetworkError> {
        check_times("v_at", &recording.v_at)?;
        check_times("windows", &recording.windows)?;
        check_neurons(&recording.neurons, self.size())?;
        self.recording = recording;
        Ok(self)
    }

    fn per_neuron(&self, name: &'static str, unit: &'static str, values: PerNeuron) -> Result<Vec<f64>, NetworkError> {
        let values = match values {
            PerNeuron::Same(value) => vec![value; self.size()],
            PerNeuron::Each(values) => values,
        };
        if values.len() != self.size() {
            return Err(NetworkError::Length { what: name, expected: self.size(), found: values.len() });
        }
        values.iter().try_for_each(|&value| finite(name, unit, value))?;
        Ok(values)
    }

    /// Number of neurons.
    pub fn size(&self) -> usize {
        self.i_offset.len()
    }

    /// The common parameters.
    pub fn neuron(&self) -> &IfCurrExp {
        &self.neuron
    }

    /// Shape of the postsynaptic currents.
    pub fn psc(&self) -> Psc {
        self.psc
    }

    /// Constant current of every neuron (nA).
    pub fn i_offset(&self) -> &[f64] {
        &self.i_offset
    }

    /// Threshold of every neuron (mV).
    pub fn v_thresh(&self) -> &[f64] {
        &self.v_thresh
    }

    /// Initial potential of every neuron (mV).
    pub fn v_init(&self) -> &[f64] {
        &self.v_init
    }

    /// Time constants of every neuron, where they differ.
    pub fn time_constants(&self) -> Option<&[TimeConstants]> {
        self.time_constants.as_deref()
    }

    /// The injected currents.
    pub fn currents(&self) -> &[Injection] {
        &self.currents
    }

    /// The Poisson inputs of the neurons' own.
    pub fn background(&self) -> &[Background] {
        &self.background
    }

    /// The shortest time constant that matters (ms).
    pub(crate) fn shortest_time_constant(&self) -> f64 {
        let shortest = |neuron: &IfCurrExp| match self.psc {
            Psc::Delta => neuron.tau_m,
            _ => neuron.tau_m.min(neuron.tau_syn_e).min(neuron.tau_syn_i),
        };
        match &self.time_constants {
            None => shortest(&self.neuron),
            Some(each) => each.iter().map(|tau| shortest(&tau.of(&self.neuron))).fold(f64::INFINITY, f64::min),
        }
    }

    /// The neurons whose potentials are recorded.
    pub(crate) fn observed(&self) -> Vec<u32> {
        self.recording.neurons.clone().unwrap_or_else(|| (0..self.size() as u32).collect())
    }

    /// What is recorded.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }
}

/// Refuses neurons that do not exist, or are named twice or out of order.
fn check_neurons(neurons: &Option<Vec<u32>>, size: usize) -> Result<(), NetworkError> {
    let chosen = neurons.as_deref().unwrap_or_default();
    if let Some(&stray) = chosen.iter().find(|&&neuron| neuron as usize >= size) {
        return Err(NetworkError::Missing { what: "neuron", index: stray as usize, count: size });
    }
    match chosen.windows(2).find(|pair| pair[0] >= pair[1]) {
        Some(pair) => Err(NetworkError::NotAscending { what: "neurons", found: pair[1] as usize }),
        None => Ok(()),
    }
}
