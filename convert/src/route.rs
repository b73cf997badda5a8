//! Which way a network is converted.

use crate::error::ConversionError;
use crate::plan::Plan;
use crate::response::response_of;
use ann::{Activation, Layer, Network};
use sim::IfCurrExp;
use sim::theory::NoisySoftplus;

/// How weights become synaptic currents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// The network was trained in the neuron's units (Noisy Softplus): weights are nA and stay what they are.
    Physical,
    /// Layer by layer, the response of the neurons is fitted to the trained activations.
    Normalised,
}

impl Route {
    /// The route of a trained network.
    pub fn of(trained: &Network<f32>) -> Route {
        let is_noisy = |layer: &Layer<f32>| matches!(layer.activation(), Activation::NoisySoftplus(_));
        if trained.layers().iter().any(is_noisy) { Route::Physical } else { Route::Normalised }
    }
}

/// A route, and the neurons that it leads to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Itinerary {
    pub(crate) route: Route,
    /// The neurons.
    pub(crate) neuron: IfCurrExp,
    /// Their response.
    pub(crate) response: NoisySoftplus,
}

impl Itinerary {
    /// The route of a network. A Noisy Softplus network brings its synaptic time constant and response; on the normalised route, without a
    /// `response` the neuron's own is found, and its i_offset is set.
    pub(crate) fn of(
        plan: &Plan,
        neuron: IfCurrExp,
        response: Option<NoisySoftplus>,
    ) -> Result<Itinerary, ConversionError> {
        neuron.check().map_err(sim::NetworkError::from)?;
        let (e, i) = (neuron.tau_syn_e, neuron.tau_syn_i);
        if e != i {
            return Err(ConversionError::SynapticTimeConstants { e, i });
        }
        let noisy = |activation: Activation| matches!(activation, Activation::NoisySoftplus(_));
        let mut first = None;
        let (outputs, hidden) = plan.stages.split_last().map_or((None, &[][..]), |(last, hidden)| (Some(last), hidden));
        // Outputs have weighted sums alone, unless they are Noisy Softplus.
        for stage in hidden.iter().chain(outputs.filter(|outputs| noisy(outputs.activation))) {
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
            let tau_syn = constants.tau_syn_ms;
            let neuron = IfCurrExp { tau_syn_e: tau_syn, tau_syn_i: tau_syn, ..neuron };
            return Ok(Itinerary { route: Route::Physical, neuron, response });
        }
        let (neuron, response) = match response {
            Some(response) => (neuron, response),
            None => response_of(neuron)?,
        };
        Ok(Itinerary { route: Route::Normalised, neuron, response })
    }
}
