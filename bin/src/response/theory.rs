//! The theories that can be set beside a simulated response.

use crate::figure::{Colour, Stroke};
use clap::ValueEnum;
use sim::IfCurrExp;
use sim::theory::{Noise, noise_free, siegert};

/// A theory of the response, by the name it has on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TheoryChoice {
    /// Siegert, in white noise of the same intensity
    Siegert,
    /// Siegert, corrected to first order for the interval between redraws or the synaptic time constant
    Corrected,
    /// The f-I curve without noise
    NoiseFree,
    /// No theory
    None,
}

impl TheoryChoice {
    /// Rate (Hz) at a total mean current (nA, i_offset included); NaN for [`TheoryChoice::None`].
    pub fn rate(self, neuron: &IfCurrExp, noise: Noise, mu: f64) -> f64 {
        match self {
            TheoryChoice::Siegert => siegert(neuron, mu, noise.white_amplitude()),
            TheoryChoice::Corrected => noise.corrected_siegert(neuron, mu),
            TheoryChoice::NoiseFree => noise_free(neuron, mu),
            TheoryChoice::None => f64::NAN,
        }
    }

    /// Its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            TheoryChoice::Siegert => "siegert",
            TheoryChoice::Corrected => "corrected",
            TheoryChoice::NoiseFree => "noise-free",
            TheoryChoice::None => "none",
        }
    }

    /// Its column in a CSV file and its field in JSON.
    pub(crate) fn column(self) -> &'static str {
        match self {
            TheoryChoice::Siegert => "siegert_hz",
            TheoryChoice::Corrected => "corrected_hz",
            TheoryChoice::NoiseFree => "noise_free_hz",
            TheoryChoice::None => "none_hz",
        }
    }

    /// Its name in tables and legends.
    pub(crate) fn label(self, noise: Noise) -> &'static str {
        match (self, noise) {
            (TheoryChoice::Siegert, _) => "Siegert",
            (TheoryChoice::Corrected, Noise::Redrawn { .. }) => "finite interval",
            (TheoryChoice::Corrected, Noise::Synaptic { .. }) => "coloured noise",
            (TheoryChoice::NoiseFree, _) => "noise-free",
            (TheoryChoice::None, _) => "none",
        }
    }

    /// Whether its curve is the same for all sigmas.
    pub(crate) fn ignores_noise(self) -> bool {
        self == TheoryChoice::NoiseFree
    }

    pub(crate) fn stroke(self) -> Stroke {
        match self {
            TheoryChoice::Siegert => Stroke::Dashed,
            TheoryChoice::Corrected | TheoryChoice::None => Stroke::Solid,
            TheoryChoice::NoiseFree => Stroke::DashDotted,
        }
    }

    /// Its colour where every theory has one of its own.
    pub(crate) fn colour(self) -> Colour {
        match self {
            TheoryChoice::Siegert => Colour::Vermillion,
            TheoryChoice::Corrected | TheoryChoice::None => Colour::Blue,
            TheoryChoice::NoiseFree => Colour::Grey,
        }
    }
}
