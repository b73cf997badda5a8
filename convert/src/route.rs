//! Which way a network is converted.

use crate::error::ConversionError;
use crate::plan::Plan;
use ann::Activation;
use sim::theory::NoisySoftplus;

/// How weights become synaptic currents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// The network was trained in the neuron's units (Noisy Softplus): weights are nA and stay what they are.
    Physical,
    /// Layer by layer, the response of the neurons is fitted to the trained activations.
    Normalised,
}

/// A route, and the neurons that it leads to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Itinerary {
    pub(crate) route: Route,
    /// Synaptic time constant of the neurons (ms).
    pub(crate) tau_syn: f64,
    /// Their response.
    pub(crate) response: NoisySoftplus,
}

impl Itinerary {
    /// The route of a network. `tau_syn` (ms) and `response` are those of the normalised route; a Noisy Softplus network brings its own.
    pub(crate) fn of(plan: &Plan, tau_syn: f64, response: Option<NoisySoftplus>) -> Result<Itinerary, ConversionError> {
        let noisy = |activation: Activation| matches!(activation, Activation::NoisySoftplus(_));
        let mut first = None;
        for stage in plan.stages.iter().take(plan.stages.len() - 1) {
            let activation = stage.activation;
            let expected = *first.get_or_insert(activation);
            if (noisy(expected) || noisy(activation)) && activation != expected {
                return Err(ConversionError::MixedUnits {
                    layer: stage.node,
                    kind: stage.kind,
                    activation: activation.to_string(),
                    expected: expected.to_string(),
                });
            }
        }
        if let Some(Activation::NoisySoftplus(constants)) = first {
            let response = NoisySoftplus { k: constants.k, s_hz_per_na: constants.s_hz_per_na };
            return Ok(Itinerary { route: Route::Physical, tau_syn: constants.tau_syn_ms, response });
        }
        let known = || NoisySoftplus::event_driven(tau_syn).ok_or(ConversionError::NoConstants { tau_syn });
        let response = response.map_or_else(known, Ok)?;
        Ok(Itinerary { route: Route::Normalised, tau_syn, response })
    }
}
