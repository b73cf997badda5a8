//! Firing rates over mean input and noise: what is fitted, and what a fitted model gives back.

use super::noise::Noise;
use super::response_model::ResponseModel;
use crate::neuron::IfCurrExp;

/// What a sigma of a response surface means; sigma itself is the coordinate of a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fluctuation {
    /// sigma (nA) is PyNN's stdev of a Gaussian current that is redrawn every `dt` (ms).
    Redrawn {
        /// Interval between redraws (ms).
        dt: f64,
    },
    /// sigma (nA) is the standard deviation of the synaptic current, eq. (4) of Liu & Furber (2016).
    Synaptic {
        /// Synaptic time constant (ms).
        tau_syn: f64,
    },
    /// sigma (nA sqrt(ms)) is the amplitude of white noise. Nothing that is drawn is white: it is approached by a Gaussian current of the
    /// same intensity, standard deviation sigma / sqrt(dt), that is redrawn every `dt` (ms).
    White {
        /// Interval between redraws (ms).
        dt: f64,
    },
}

impl Fluctuation {
    /// The noise of this kind with a sigma in its own meaning.
    pub fn noise(self, sigma: f64) -> Noise {
        match self {
            Fluctuation::Redrawn { dt } => Noise::Redrawn { stdev: sigma, dt },
            Fluctuation::Synaptic { tau_syn } => Noise::Synaptic { sigma, tau_syn },
            Fluctuation::White { dt } => Noise::Redrawn { stdev: sigma / dt.sqrt(), dt },
        }
    }
}

/// One point of a response surface.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ResponsePoint {
    /// Mean input (nA), the neuron's i_offset not counted.
    pub x: f64,
    /// Noise, in the meaning of the surface's [`Fluctuation`].
    pub sigma: f64,
    /// Rate (Hz).
    pub rate: f64,
}

/// Rates of one neuron over mean input and noise: measured, computed or published.
#[derive(Debug, Clone, PartialEq)]
pub struct ResponseSurface {
    /// The neuron; its i_offset adds to x.
    pub neuron: IfCurrExp,
    /// What sigma means.
    pub fluctuation: Fluctuation,
    /// The points, in any order.
    pub points: Vec<ResponsePoint>,
}

/// A model of the response with its parameters: what a fit leaves behind.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// Which model.
    pub model: ResponseModel,
    /// Its parameters, in the order of [`ResponseModel::parameters`].
    pub parameters: Vec<f64>,
    /// The neuron; its i_offset adds to x.
    pub neuron: IfCurrExp,
    /// What sigma means.
    pub fluctuation: Fluctuation,
}

impl Response {
    /// Rate (Hz).
    ///
    /// * `x`: mean input (nA), the neuron's i_offset not counted
    /// * `sigma`: noise, in the meaning of the response's [`Fluctuation`]
    pub fn rate(&self, x: f64, sigma: f64) -> f64 {
        self.model.rate(&self.neuron, self.fluctuation, &self.parameters, x, sigma)
    }

    /// Derivatives of [`Response::rate`] with respect to x (Hz/nA) and sigma (Hz per unit of sigma).
    pub fn gradient(&self, x: f64, sigma: f64) -> (f64, f64) {
        self.model.gradient(&self.neuron, self.fluctuation, &self.parameters, x, sigma)
    }
}
