//! Writing a model file.

use std::fs::Permissions;
use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

use crate::error::ModelFileError;
use crate::keras::PROVENANCE;
use crate::keras::hdf5_file::OutputFile;
use crate::keras::provenance::Provenance;
use crate::keras::written_layer::{Rank, WrittenLayer, sizes};
use crate::layer::{Layer, Padding};
use crate::network::{Network, Origin};
use crate::shape::Shape;

/// The version of Keras whose layout is written.
const KERAS_VERSION: &str = "3.0.0";
const BACKEND: &str = "tensorflow";
const MODEL: &str = "network";
const INPUT: &str = "input_layer";

/// Writes `network` so that Keras 3 loads it, replacing an older file at once or not at all: a chain as a sequential
/// model, any other network as a functional one.
///
/// Noisy Softplus layers need the custom classes registered as `lif>NoisySoftplusConv2D` and so on, and other units that
/// Keras does not have need theirs; all other networks load unaided. A convolution with explicit padding becomes a ZeroPadding2D layer and a convolution without padding, and
/// is read as these two.
///
/// # Errors
/// If the file cannot be written, or Keras has no words for a pool's padding.
pub fn write(path: &Path, network: &Network<f32>, provenance: &Provenance) -> Result<(), ModelFileError> {
    let bytes = encode(path, network, provenance)?;
    persist(path, &bytes).map_err(|source| ModelFileError::Io { path: path.to_owned(), source })
}

fn encode(path: &Path, network: &Network<f32>, provenance: &Provenance) -> Result<Vec<u8>, ModelFileError> {
    let mut file = OutputFile::new(path);
    let manuscript = Manuscript::of(network)?;
    let provenance = serde_json::to_string(provenance)
        .map_err(|error| ModelFileError::Encoding { path: path.to_owned(), detail: error.to_string() })?;
    file.text("", "model_config", &manuscript.model_config(network).to_string())?;
    file.text("", PROVENANCE, &provenance)?;
    for group in ["", "model_weights"] {
        file.text(group, "keras_version", KERAS_VERSION)?;
        file.text(group, "backend", BACKEND)?;
    }
    let names: Vec<String> = manuscript.entries.iter().map(|entry| entry.name.clone()).collect();
    file.texts("model_weights", "layer_names", &names)?;
    file.texts("model_weights/top_level_model_weights", "weight_names", &[])?;
    for Entry { layer, name, .. } in &manuscript.entries {
        let group = format!("model_weights/{name}");
        let paths: Vec<String> = layer.tensors.iter().map(|tensor| format!("{MODEL}/{name}/{}", tensor.name)).collect();
        file.texts(&group, "weight_names", &paths)?;
        for (tensor, path) in layer.tensors.iter().zip(&paths) {
            file.tensor(&format!("{group}/{path}"), &tensor.shape, tensor.values)?;
        }
    }
    file.encode()
}

/// A network in Keras' words.
struct Manuscript<'a> {
    entries: Vec<Entry<'a>>,
    input: Rank,
}

/// A layer in its place.
struct Entry<'a> {
    layer: WrittenLayer<'a>,
    name: String,
    /// Indices of the entries that it takes its inputs from, `None` for the input of the network.
    inputs: Vec<Option<usize>>,
    output: Vec<usize>,
}

impl<'a> Manuscript<'a> {
    fn of(network: &'a Network<f32>) -> Result<Self, ModelFileError> {
        let (input, ranks) = ranks(network);
        let mut manuscript = Self { entries: Vec::new(), input };
        // The entry of each node's outputs.
        let mut places: Vec<usize> = Vec::new();
        for (node, layer) in network.layers().iter().enumerate() {
            let place = |origin: &Origin| match *origin {
                Origin::Input => None,
                Origin::Node(origin) => Some(places[origin]),
            };
            let mut inputs: Vec<Option<usize>> = network.origins(node).iter().map(place).collect();
            let padding = match layer {
                Layer::Conv2d(conv) => conv.padding(),
                Layer::CwaConv2d(conv) => conv.padding(),
                _ => Padding::Valid,
            };
            if let Padding::Explicit(margins) = padding {
                let Shape { height, width, channels } = network.input_shape(node);
                let (height, width) = (height + margins.top + margins.bottom, width + margins.left + margins.right);
                let padding = WrittenLayer::zero_padding(margins);
                inputs = vec![Some(manuscript.add(padding, inputs, vec![height, width, channels]))];
            }
            let written = WrittenLayer::of(layer, ranks[node])
                .ok_or(ModelFileError::PoolPadding { layer: node, kind: layer.kind() })?;
            places.push(manuscript.add(written, inputs, sizes(network.output_shape(node), ranks[node])));
        }
        Ok(manuscript)
    }

    fn add(&mut self, layer: WrittenLayer<'a>, inputs: Vec<Option<usize>>, output: Vec<usize>) -> usize {
        // Names as Keras gives them: conv2d, conv2d_1, ...
        let name = match self.entries.iter().filter(|earlier| earlier.layer.stem == layer.stem).count() {
            0 => layer.stem.to_owned(),
            number => format!("{}_{number}", layer.stem),
        };
        self.entries.push(Entry { layer, name, inputs, output });
        self.entries.len() - 1
    }

    fn is_chain(&self) -> bool {
        self.entries.iter().enumerate().all(|(index, entry)| entry.inputs == [index.checked_sub(1)])
    }

    fn model_config(&self, network: &Network<f32>) -> Value {
        let input = sizes(network.input(), self.input);
        let input_config = json!({"name": INPUT, "batch_shape": batch(&input), "dtype": "float32", "sparse": false});
        let input_layer = json!({"class_name": "InputLayer", "config": input_config});
        if self.is_chain() {
            let layer =
                |entry: &Entry<'_>| json!({"class_name": entry.layer.class, "config": entry.layer.config(&entry.name)});
            let layers: Vec<Value> = std::iter::once(input_layer).chain(self.entries.iter().map(layer)).collect();
            let config =
                json!({"name": MODEL, "trainable": true, "layers": layers, "build_input_shape": batch(&input)});
            return json!({"class_name": "Sequential", "config": config});
        }
        let node = |layer: Value, name: &str, inbound: Value| {
            json!({
                "class_name": layer["class_name"],
                "config": layer["config"],
                "name": name,
                "inbound_nodes": inbound,
            })
        };
        let entries = self.entries.iter().map(|entry| {
            let layer = json!({"class_name": entry.layer.class, "config": entry.layer.config(&entry.name)});
            let tensors: Vec<Value> = entry.inputs.iter().map(|&origin| self.tensor(origin, &input)).collect();
            let arguments = if tensors.len() == 1 { json!(tensors) } else { json!([tensors]) };
            node(layer, &entry.name, json!([{"args": arguments, "kwargs": {}}]))
        });
        let layers: Vec<Value> = std::iter::once(node(input_layer, INPUT, json!([]))).chain(entries).collect();
        let last = self.entries.last().map_or(INPUT, |entry| &entry.name);
        json!({
            "class_name": "Functional",
            "config": {
                "name": MODEL,
                "trainable": true,
                "layers": layers,
                "input_layers": [[INPUT, 0, 0]],
                "output_layers": [[last, 0, 0]],
            },
        })
    }

    /// A tensor as an edge of a functional model refers to it.
    fn tensor(&self, origin: Option<usize>, input: &[usize]) -> Value {
        let (name, sizes) = match origin {
            None => (INPUT, input),
            Some(entry) => (&*self.entries[entry].name, &*self.entries[entry].output),
        };
        let config = json!({"shape": batch(sizes), "dtype": "float32", "keras_history": [name, 0, 0]});
        json!({"class_name": "__keras_tensor__", "config": config})
    }
}

/// A shape with the batch before it.
fn batch(sizes: &[usize]) -> Vec<Value> {
    std::iter::once(Value::Null).chain(sizes.iter().map(|&size| json!(size))).collect()
}

/// Ranks of the network's input and of each node's outputs, where they are `1 x 1 x n`: maps for layers that take maps,
/// directly or behind others that take anything, else vectors.
fn ranks(network: &Network<f32>) -> (Rank, Vec<Rank>) {
    let mut ranks = vec![Rank::Vector; network.layers().len()];
    let mut input = Rank::Vector;
    for (node, layer) in network.layers().iter().enumerate().rev() {
        let wanted = match layer {
            Layer::Conv2d(_)
            | Layer::AveragePool2d(_)
            | Layer::MaxPool2d(_)
            | Layer::GlobalAveragePool2d
            | Layer::GlobalMaxPool2d
            | Layer::ZeroPadding2d(_)
            | Layer::CwaConv2d(_) => Rank::Map,
            Layer::Flatten
            | Layer::Reshape(_)
            | Layer::Dense(_)
            | Layer::CwaDense(_)
            | Layer::CwaLateral(_)
            | Layer::SynapticMaxout(_) => Rank::Vector,
            Layer::BatchNormalization(_)
            | Layer::Dropout(_)
            | Layer::Rescaling(_)
            | Layer::DoubledInput(_)
            | Layer::Maxout(_)
            | Layer::MixLu(_)
            | Layer::ConvAct(_)
            | Layer::Add
            | Layer::Concatenate
            | Layer::Activation(_) => ranks[node],
        };
        if wanted == Rank::Map {
            for &origin in network.origins(node) {
                match origin {
                    Origin::Input => input = Rank::Map,
                    Origin::Node(origin) => ranks[origin] = Rank::Map,
                }
            }
        }
    }
    (input, ranks)
}

/// Writes to a temporary file in the same folder, then gives it its name.
fn persist(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    // Temporary files are private; a model is meant to be read by others as well.
    #[cfg(unix)]
    file.as_file().set_permissions(<Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o644))?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
