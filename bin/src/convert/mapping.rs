//! What a network was converted to, as it is told.

use super::spiking::Spiking;
use crate::table::{number, table};
use convert::{
    Encoding, IntegrateLayer, IntegrateNetwork, LayerFit, MappedLayer, Normalisation, Route, SpikingNetwork,
};
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

/// The name of a normalisation.
pub(super) fn normalisation_name(normalisation: Normalisation) -> &'static str {
    match normalisation {
        Normalisation::Layer => "layer",
        Normalisation::Channel => "channel",
    }
}

/// The name of a population's layer.
pub(super) fn layer_name(layer: &MappedLayer) -> String {
    layer.kind.to_owned() + if layer.is_negative { " (negative)" } else { "" }
}

/// Rates (Hz) that stand for an activation of one, of each channel or of all.
fn unit_rates(layer: &MappedLayer) -> impl Iterator<Item = f64> {
    each(&layer.factors).map(|factor| layer.unit_rate * factor)
}

/// Activations that stand for one spike per step, of each channel or of all.
fn thresholds(layer: &IntegrateLayer) -> impl Iterator<Item = f64> {
    each(&layer.factors).map(|factor| layer.threshold / factor)
}

/// The factors, or a one for all.
fn each(factors: &[f32]) -> impl Iterator<Item = f64> {
    let factors = if factors.is_empty() { &[1.0] } else { factors };
    factors.iter().map(|&factor| f64::from(factor))
}

/// The least and the greatest, or the only one.
fn range(values: impl Iterator<Item = f64>, decimals: usize) -> String {
    let (least, greatest) = values
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, greatest), value| (least.min(value), greatest.max(value)));
    let (least, greatest) = (number(least, decimals), number(greatest, decimals));
    if least == greatest { least } else { format!("{least} to {greatest}") }
}

fn integrating_text(network: &IntegrateNetwork) -> String {
    let row = |layer: &IntegrateLayer| {
        vec![
            layer.kind.to_owned(),
            layer.shape.to_string(),
            layer.shape.units().to_string(),
            range(thresholds(layer), 3),
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
            range(unit_rates(layer), 2),
            range(layer.fits.iter().map(|fit| fit.gain), 3),
            range(layer.fits.iter().map(|fit| fit.current), 4),
            range(layer.fits.iter().map(|fit| fit.rmse), 2),
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
            "activation_per_spike": thresholds(layer).collect::<Vec<_>>(),
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
    let fit = |fit: &LayerFit| json!({ "gain": fit.gain, "current_na": fit.current, "rate_rmse_hz": fit.rmse });
    let layer = |layer: &MappedLayer| {
        json!({
            "layer": layer.kind,
            "node": layer.node,
            "is_negative": layer.is_negative,
            "shape": [layer.shape.height, layer.shape.width, layer.shape.channels],
            "hz_per_unit": unit_rates(layer).collect::<Vec<_>>(),
            "fits": layer.fits.iter().map(fit).collect::<Vec<_>>(),
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
