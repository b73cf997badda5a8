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
        input_layers: Value,
        #[serde(default)]
        output_layers: Value,
    },
}

/// One layer.
#[derive(Deserialize)]
pub(crate) struct LayerRecord {
    pub(crate) class_name: String,
    pub(crate) config: Map<String, Value>,
    /// Of a functional model: what the layer takes, once for each time that it is used.
    #[serde(default)]
    inbound_nodes: Value,
}

/// What kind of model a record describes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ModelKind {
    /// Each layer takes the outputs of the one before it.
    Sequential,
    /// Each layer names what it takes.
    Functional,
}

/// The kind of model that a class is, `None` for a layer.
pub(crate) fn model_kind(class: &str) -> Option<ModelKind> {
    match class {
        "Sequential" => Some(ModelKind::Sequential),
        "Functional" | "Model" => Some(ModelKind::Functional),
        _ => None,
    }
}

impl ModelRecord {
    pub(crate) fn layers(&self) -> &[LayerRecord] {
        match &self.config {
            ModelBody::Layers(layers) | ModelBody::Whole { layers, .. } => layers,
        }
    }

    /// Names of the input layers of a functional model.
    pub(crate) fn inputs(&self) -> Vec<&str> {
        match &self.config {
            ModelBody::Whole { input_layers, .. } => sources(input_layers),
            ModelBody::Layers(_) => Vec::new(),
        }
    }

    /// Names of the layers whose outputs are those of a functional model.
    pub(crate) fn outputs(&self) -> Vec<&str> {
        match &self.config {
            ModelBody::Whole { output_layers, .. } => sources(output_layers),
            ModelBody::Layers(_) => Vec::new(),
        }
    }

    /// Input shape with its batch dimension: of the input layer, of the first layer (of a model within this one, if that
    /// is the first), or of the whole model.
    pub(crate) fn batch_shape(&self) -> Option<Vec<Value>> {
        let of_first = self.layers().first().and_then(|layer| {
            let own =
                ["batch_shape", "batch_input_shape"].into_iter().find_map(|key| layer.config.get(key)?.as_array());
            own.cloned().or_else(|| layer.model()?.ok()?.batch_shape())
        });
        of_first.or_else(|| match &self.config {
            ModelBody::Whole { build_input_shape, .. } => build_input_shape.as_array().cloned(),
            ModelBody::Layers(_) => None,
        })
    }
}

impl LayerRecord {
    /// Its name, which also names its group of weights; only a layer without weights can lack one, and is then called
    /// by its class in messages.
    pub(crate) fn name(&self) -> &str {
        self.config.get("name").and_then(Value::as_str).unwrap_or(&self.class_name)
    }

    /// The model that it is, if it is one.
    pub(crate) fn model(&self) -> Option<serde_json::Result<ModelRecord>> {
        model_kind(&self.class_name)?;
        let config = serde_json::from_value(Value::Object(self.config.clone()));
        Some(config.map(|config| ModelRecord { class_name: self.class_name.clone(), config }))
    }

    /// Names of the layers whose outputs it takes.
    pub(crate) fn sources(&self) -> Vec<&str> {
        sources(&self.inbound_nodes)
    }

    /// How often a functional model uses it.
    pub(crate) fn uses(&self) -> usize {
        self.inbound_nodes.as_array().map_or(0, Vec::len)
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
