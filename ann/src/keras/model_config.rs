//! The JSON in the attribute `model_config`: private records of what Keras 2 and 3 write.

use serde::Deserialize;
use serde_json::{Map, Value};

/// A whole model.
#[derive(Deserialize)]
pub(crate) struct ModelRecord {
    pub(crate) class_name: String,
    config: ModelBody,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ModelBody {
    /// Keras before 2.2.3: the layers alone.
    Layers(Vec<LayerRecord>),
    Whole {
        layers: Vec<LayerRecord>,
        #[serde(default)]
        build_input_shape: Value,
        /// Of a functional model alone.
        #[serde(default)]
        output_layers: Value,
    },
}

/// One layer.
#[derive(Deserialize)]
pub(crate) struct LayerRecord {
    pub(crate) class_name: String,
    pub(crate) config: Map<String, Value>,
    /// Edges of a functional model; absent in a sequential one.
    #[serde(default)]
    inbound_nodes: Value,
}

impl ModelRecord {
    pub(crate) fn layers(&self) -> &[LayerRecord] {
        match &self.config {
            ModelBody::Layers(layers) | ModelBody::Whole { layers, .. } => layers,
        }
    }

    /// Input shape with its batch dimension: of the input layer, of the first layer, or of the whole model.
    pub(crate) fn batch_shape(&self) -> Option<&Vec<Value>> {
        let of_first = self.layers().first().and_then(|layer| {
            ["batch_shape", "batch_input_shape"].into_iter().find_map(|key| layer.config.get(key)?.as_array())
        });
        of_first.or(match &self.config {
            ModelBody::Whole { build_input_shape, .. } => build_input_shape.as_array(),
            ModelBody::Layers(_) => None,
        })
    }

    /// True if each layer takes the outputs of the one before it and nothing else, and the last one's are the model's.
    pub(crate) fn is_chain(&self) -> bool {
        match self.class_name.as_str() {
            "Sequential" => true,
            "Functional" | "Model" => {
                let edges_fit =
                    self.layers().windows(2).all(|pair| sources(&pair[1].inbound_nodes) == [pair[0].name()]);
                let outputs = match &self.config {
                    ModelBody::Whole { output_layers, .. } => sources(output_layers),
                    ModelBody::Layers(_) => Vec::new(),
                };
                edges_fit && self.layers().last().is_some_and(|last| outputs == [last.name()])
            }
            _ => false,
        }
    }
}

impl LayerRecord {
    /// Its name, which also names its group of weights; only a layer without weights can lack one, and is then called
    /// by its class in messages.
    pub(crate) fn name(&self) -> &str {
        self.config.get("name").and_then(Value::as_str).unwrap_or(&self.class_name)
    }
}

fn sources(nodes: &Value) -> Vec<&str> {
    let mut sources = Vec::new();
    collect_sources(nodes, &mut sources);
    sources
}

/// Names of the layers that an `inbound_nodes` refers to.
///
/// Keras 2 writes `[[["conv2d", 0, 0, {}]]]`, Keras 3 objects that hold `"keras_history": ["conv2d", 0, 0]`.
fn collect_sources<'a>(nodes: &'a Value, sources: &mut Vec<&'a str>) {
    match nodes {
        Value::Array(items) => match items.first() {
            Some(Value::String(name)) => sources.push(name),
            _ => items.iter().for_each(|item| collect_sources(item, sources)),
        },
        Value::Object(fields) => match fields.get("keras_history") {
            Some(history) => collect_sources(history, sources),
            None => fields.values().for_each(|field| collect_sources(field, sources)),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
