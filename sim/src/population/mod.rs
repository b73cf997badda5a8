//! Identical neurons simulated together: their description, and in the modules below their running state.

mod coordinates;
mod kernel;
pub(crate) mod state;

use crate::error::{NetworkError, ParameterError, finite};
use crate::neuron::IfCurrExp;
use crate::source::NoisyCurrent;
use crate::theory::noise_free;

/// Most neurons of a population; state and streams of so many take some 400 GB.
const MOST_NEURONS: usize = u32::MAX as usize;

/// Shortest interval (ms) at which a constant current may make a neuron fire.
const SHORTEST_INTERVAL: f64 = 1e-6;

/// Refuses a constant current under which a run would never end.
fn check_drive(neuron: &IfCurrExp, current: f64) -> Result<(), ParameterError> {
    let interval = crate::MS_PER_S / noise_free(neuron, current);
    if interval < SHORTEST_INTERVAL {
        return Err(ParameterError::EndlessFiring { current, interval });
    }
    Ok(())
}

/// Description of a population of `IF_curr_exp` neurons.
///
/// Built once, checked on construction, shared by reference; nothing in it changes during a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Population {
    neuron: IfCurrExp,
    i_offset: Vec<f64>,
    v_init: f64,
    noise: Option<NoisyCurrent>,
    recording: Recording,
}

/// What a run keeps of a population besides its spike counts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recording {
    /// Keep every spike time, not only the counts.
    pub spikes: bool,
    /// Times (ms, ascending) at which the potential of every neuron is recorded: exact values, not interpolated.
    pub v_at: Vec<f64>,
}

impl Population {
    /// `size` neurons with common parameters, at rest, unrecorded.
    ///
    /// # Errors
    ///
    /// Refuses impossible parameters, see [`IfCurrExp::check`].
    pub fn new(size: usize, neuron: IfCurrExp) -> Result<Population, ParameterError> {
        neuron.check()?;
        check_drive(&neuron, neuron.i_offset)?;
        if size > MOST_NEURONS {
            return Err(ParameterError::TooManyNeurons { found: size, most: MOST_NEURONS });
        }
        Ok(Population {
            neuron,
            i_offset: vec![neuron.i_offset; size],
            v_init: neuron.v_rest,
            noise: None,
            recording: Recording::default(),
        })
    }

    /// Gives every neuron its own constant current (nA) in place of the common `i_offset`.
    ///
    /// # Errors
    ///
    /// One finite value per neuron is needed.
    pub fn with_i_offset(mut self, i_offset: Vec<f64>) -> Result<Population, NetworkError> {
        if i_offset.len() != self.size() {
            return Err(NetworkError::Length { what: "i_offset", expected: self.size(), found: i_offset.len() });
        }
        for &current in &i_offset {
            finite("i_offset", "nA", current)?;
            check_drive(&self.neuron, current)?;
        }
        self.i_offset = i_offset;
        Ok(self)
    }

    /// Starts every neuron at `v_init` (mV) instead of `v_rest`. At or above threshold it fires at time zero.
    ///
    /// # Errors
    ///
    /// The potential must be finite.
    pub fn with_v_init(mut self, v_init: f64) -> Result<Population, ParameterError> {
        finite("v_init", "mV", v_init)?;
        self.v_init = v_init;
        Ok(self)
    }

    /// Injects a noisy current, independent from neuron to neuron.
    ///
    /// # Errors
    ///
    /// Refuses what cannot be drawn, see [`NoisyCurrent::check`].
    pub fn with_noise(mut self, noise: NoisyCurrent) -> Result<Population, ParameterError> {
        noise.check()?;
        self.noise = Some(noise);
        Ok(self)
    }

    /// Chooses what is recorded.
    ///
    /// # Errors
    ///
    /// Times must be finite, zero or more, and ascending.
    pub fn with_recording(mut self, recording: Recording) -> Result<Population, NetworkError> {
        crate::source::check_times("v_at", &recording.v_at)?;
        self.recording = recording;
        Ok(self)
    }

    /// Number of neurons.
    pub fn size(&self) -> usize {
        self.i_offset.len()
    }

    /// The common parameters.
    pub fn neuron(&self) -> &IfCurrExp {
        &self.neuron
    }

    /// Constant current of every neuron (nA).
    pub fn i_offset(&self) -> &[f64] {
        &self.i_offset
    }

    /// Initial potential (mV).
    pub fn v_init(&self) -> f64 {
        self.v_init
    }

    /// The injected noisy current, if any.
    pub fn noise(&self) -> Option<&NoisyCurrent> {
        self.noise.as_ref()
    }

    /// What is recorded.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }
}
