//! What a network was converted to, as it is told.

use super::spiking::Spiking;
use crate::table::{number, table};
use convert::{Encoding, IntegrateLayer, IntegrateNetwork, MappedLayer, Route, SpikingNetwork};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What a network was converted to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Mapping {
    /// A table for the terminal.
    pub(super) text: String,
    /// The same for programs.
    pub(super) document: Map<String, Value>,
}

impl Mapping {
    pub(super) fn of(spiking: &Spiking) -> Mapping {
        let (text, document) = match spiking {
            Spiking::Leaky(network) => (leaky_text(network), leaky_document(network)),
            Spiking::Integrating(network) => (integrating_text(network), integrating_document(network)),
        };
        let document = if let Value::Object(document) = document { document } else { Map::new() };
        Mapping { text, document }
    }
}

/// The name of an encoding.
pub(super) fn encoding_name(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Poisson => "poisson",
        Encoding::Regular => "regular",
        Encoding::Latency => "latency",
        Encoding::Constant => "constant",
    }
}

/// The name of a population's layer.
pub(super) fn layer_name(layer: &MappedLayer) -> String {
    layer.kind.to_owned() + if layer.is_negative { " (negative)" } else { "" }
}

fn integrating_text(network: &IntegrateNetwork) -> String {
    let row = |layer: &IntegrateLayer| {
        vec![
            layer.kind.to_owned(),
            layer.shape.to_string(),
            layer.shape.units().to_string(),
            number(layer.threshold, 3),
            if layer.is_signed { "both signs" } else { "positive" }.to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = network.layers().map(row).collect();
    let columns = ["layer", "shape", "IF neurons", "activation per spike", "spikes"];
    format!("integrate-and-fire, reset by subtraction, steps of 1 ms; constant input\n{}", table(&columns, &rows))
}

fn leaky_text(spiking: &SpikingNetwork) -> String {
    let route = match spiking.route() {
        Route::Physical => "physical units: the trained weights are nA",
        Route::Normalised => "normalised: each layer's response is fitted to the trained activations",
    };
    let row = |layer: &MappedLayer| {
        vec![
            layer_name(layer),
            layer.shape.to_string(),
            layer.shape.units().to_string(),
            number(layer.unit_rate, 2),
            number(layer.fit.gain, 3),
            number(layer.fit.current, 4),
            number(layer.fit.rmse, 2),
        ]
    };
    let rows: Vec<Vec<String>> = spiking.layers().iter().map(row).collect();
    let columns = ["layer", "shape", "LIF neurons", "Hz per unit", "gain", "current (nA)", "rate error (Hz)"];
    let rate = spiking.max_rate();
    let input = match spiking.encoding() {
        Encoding::Poisson => format!("Poisson, up to {rate} Hz per pixel"),
        Encoding::Regular => format!("regular, up to {rate} Hz per pixel"),
        Encoding::Latency => format!("latency, one spike per pixel in each {} ms", sim::MS_PER_S / rate),
        Encoding::Constant => "constant current".to_owned(),
    };
    format!("{route}; input: {input}\n{}", table(&columns, &rows))
}

fn integrating_document(network: &IntegrateNetwork) -> Value {
    let layer = |layer: &IntegrateLayer| {
        json!({
            "layer": layer.kind,
            "shape": [layer.shape.height, layer.shape.width, layer.shape.channels],
            "activation_per_spike": layer.threshold,
            "is_signed": layer.is_signed,
        })
    };
    json!({
        "route": "integrate-and-fire",
        "step_ms": 1,
        "neurons": network.layers().map(|layer| layer.shape.units()).sum::<usize>(),
        "connections": network.connections(),
        "constant_connections": network.constant_connections(),
        "layers": network.layers().map(layer).collect::<Vec<_>>(),
    })
}

fn leaky_document(spiking: &SpikingNetwork) -> Value {
    let layer = |layer: &MappedLayer| {
        json!({
            "layer": layer.kind,
            "node": layer.node,
            "is_negative": layer.is_negative,
            "shape": [layer.shape.height, layer.shape.width, layer.shape.channels],
            "hz_per_unit": layer.unit_rate,
            "gain": layer.fit.gain,
            "current_na": layer.fit.current,
            "rate_rmse_hz": layer.fit.rmse,
        })
    };
    json!({
        "route": match spiking.route() { Route::Physical => "physical", Route::Normalised => "normalised" },
        "encoding": encoding_name(spiking.encoding()),
        "max_rate_hz": spiking.max_rate(),
        "neurons": spiking.layers().iter().map(|layer| layer.shape.units()).sum::<usize>(),
        "connections": spiking.connections(),
        "constant_connections": spiking.constant_connections(),
        "layers": spiking.layers().iter().map(layer).collect::<Vec<_>>(),
    })
}
