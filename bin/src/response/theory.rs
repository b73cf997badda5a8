//! The theories that can be set beside a simulated response.

use crate::figure::{Colour, Stroke};
use clap::ValueEnum;
use sim::theory::{Noise, ResetShift, Theory};
use sim::{IfCurrExp, TheoryError};

/// A theory of the response, by the name it has on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TheoryChoice {
    /// Siegert, in white noise of the same intensity
    Siegert,
    /// Siegert, corrected to first order for the interval between redraws or the synaptic time constant
    Corrected,
    /// The same, with the reset raised only by what is left of the synaptic current after tau_refrac
    CorrectedDecayed,
    /// The noise as it is: exact rate under a redrawn current, or under exponential synapses of many small inputs
    Exact,
    /// The exact rate of a neuron that fires only when its current is redrawn, as on a grid of that step
    OnGrid,
    /// The f-I curve without noise
    NoiseFree,
    /// No theory
    None,
}

impl TheoryChoice {
    /// As [`TheoryChoice::rate`]; NaN where the equations of a theory cannot be solved at this point.
    ///
    /// # Errors
    ///
    /// Refuses impossible parameters and noise that the theory is not made for.
    pub(crate) fn rate_if_solved(self, neuron: &IfCurrExp, noise: Noise, mu: f64) -> Result<f64, TheoryError> {
        match self.rate(neuron, noise, mu) {
            Err(TheoryError::NoiseTooFine { .. } | TheoryError::NotConverged { .. }) => Ok(f64::NAN),
            rate => rate,
        }
    }

    /// Rate (Hz) at a total mean current (nA, i_offset included); NaN for [`TheoryChoice::None`].
    ///
    /// # Errors
    ///
    /// As [`Theory::rate`].
    pub(crate) fn rate(self, neuron: &IfCurrExp, noise: Noise, mu: f64) -> Result<f64, TheoryError> {
        let theory = match self {
            TheoryChoice::Siegert => Theory::White,
            TheoryChoice::Corrected => Theory::Corrected(ResetShift::Whole),
            TheoryChoice::CorrectedDecayed => Theory::Corrected(ResetShift::Decayed),
            TheoryChoice::Exact => Theory::Exact,
            TheoryChoice::OnGrid => Theory::OnGrid,
            TheoryChoice::NoiseFree => Theory::NoiseFree,
            TheoryChoice::None => return Ok(f64::NAN),
        };
        theory.rate(neuron, noise, mu)
    }

    /// Its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            TheoryChoice::Siegert => "siegert",
            TheoryChoice::Corrected => "corrected",
            TheoryChoice::CorrectedDecayed => "corrected-decayed",
            TheoryChoice::Exact => "exact",
            TheoryChoice::OnGrid => "on-grid",
            TheoryChoice::NoiseFree => "noise-free",
            TheoryChoice::None => "none",
        }
    }

    /// Its column in a CSV file and its field in JSON.
    pub(crate) fn column(self) -> &'static str {
        match self {
            TheoryChoice::Siegert => "siegert_hz",
            TheoryChoice::Corrected => "corrected_hz",
            TheoryChoice::CorrectedDecayed => "corrected_decayed_hz",
            TheoryChoice::Exact => "exact_theory_hz",
            TheoryChoice::OnGrid => "on_grid_theory_hz",
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
            (TheoryChoice::CorrectedDecayed, _) => "decayed reset",
            (TheoryChoice::Exact, _) => "exact theory",
            (TheoryChoice::OnGrid, _) => "theory on grid",
            (TheoryChoice::NoiseFree, _) => "noise-free",
            (TheoryChoice::None, _) => "none",
        }
    }

    /// Whether its curve is the same for all sigmas.
    pub(crate) fn ignores_noise(self) -> bool {
        self == TheoryChoice::NoiseFree
    }

    /// Whether a point takes milliseconds, not microseconds.
    pub(crate) fn is_numerical(self) -> bool {
        matches!(self, TheoryChoice::Exact | TheoryChoice::OnGrid)
    }

    pub(crate) fn stroke(self) -> Stroke {
        match self {
            TheoryChoice::Siegert => Stroke::Dashed,
            TheoryChoice::CorrectedDecayed | TheoryChoice::OnGrid => Stroke::LongDashed,
            TheoryChoice::Exact | TheoryChoice::None => Stroke::Solid,
            TheoryChoice::Corrected | TheoryChoice::NoiseFree => Stroke::DashDotted,
        }
    }

    /// Its colour where every theory has one of its own.
    pub(crate) fn colour(self) -> Colour {
        match self {
            TheoryChoice::Siegert => Colour::Vermillion,
            TheoryChoice::Corrected | TheoryChoice::None => Colour::Blue,
            TheoryChoice::CorrectedDecayed => Colour::ReddishPurple,
            TheoryChoice::Exact => Colour::Orange,
            TheoryChoice::OnGrid => Colour::SkyBlue,
            TheoryChoice::NoiseFree => Colour::Grey,
        }
    }
}
