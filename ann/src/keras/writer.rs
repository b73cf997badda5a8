//! Writing a model file.

use std::fs::Permissions;
use std::io::{self, Write};
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::activation::Activation;
use crate::error::ModelFileError;
use crate::keras::hdf5_file::OutputFile;
use crate::keras::provenance::Provenance;
use crate::keras::{PACKAGE, PROVENANCE};
use crate::layer::Layer;
use crate::network::Network;
use crate::shape::Extent;

/// The version of Keras whose layout is written.
const KERAS_VERSION: &str = "3.0.0";
const BACKEND: &str = "tensorflow";
const MODEL: &str = "network";

/// Writes `network` so that Keras 3 loads it, replacing an older file at once or not at all.
///
/// Noisy Softplus layers need the custom classes registered as `lif>NoisySoftplusConv2D` and so on; all other networks
/// load unaided.
///
/// # Errors
/// If the file cannot be written.
pub fn write(path: &Path, network: &Network<f32>, provenance: &Provenance) -> Result<(), ModelFileError> {
    let bytes = encode(path, network, provenance)?;
    persist(path, &bytes).map_err(|source| ModelFileError::Io { path: path.to_owned(), source })
}

fn encode(path: &Path, network: &Network<f32>, provenance: &Provenance) -> Result<Vec<u8>, ModelFileError> {
    let mut file = OutputFile::new(path);
    let names = names(network);
    let provenance = serde_json::to_string(provenance)
        .map_err(|error| ModelFileError::Encoding { path: path.to_owned(), detail: error.to_string() })?;
    file.text("", "model_config", &model_config(network, &names).to_string())?;
    file.text("", PROVENANCE, &provenance)?;
    for group in ["", "model_weights"] {
        file.text(group, "keras_version", KERAS_VERSION)?;
        file.text(group, "backend", BACKEND)?;
    }
    file.texts("model_weights", "layer_names", &names)?;
    file.texts("model_weights/top_level_model_weights", "weight_names", &[])?;
    for (layer, name) in network.layers().iter().zip(&names) {
        let group = format!("model_weights/{name}");
        let tensors = tensors(layer);
        let paths: Vec<String> = tensors.iter().map(|tensor| format!("{MODEL}/{name}/{}", tensor.0)).collect();
        file.texts(&group, "weight_names", &paths)?;
        for ((_, shape, values), path) in tensors.iter().zip(&paths) {
            file.tensor(&format!("{group}/{path}"), shape, values)?;
        }
    }
    file.encode()
}

/// Name, shape and values of each weight tensor.
fn tensors(layer: &Layer<f32>) -> Vec<(&'static str, Vec<usize>, &[f32])> {
    let (shape, kernel, bias) = match layer {
        Layer::Conv2d(conv) => {
            let shape = conv.kernel_shape();
            (vec![shape.height, shape.width, shape.inputs, shape.outputs], conv.kernel(), conv.bias())
        }
        Layer::Dense(dense) => (vec![dense.inputs(), dense.outputs()], dense.kernel(), dense.bias()),
        _ => return Vec::new(),
    };
    let bias = bias.map(|bias| ("bias", vec![bias.len()], bias));
    std::iter::once(("kernel", shape, kernel)).chain(bias).collect()
}

/// Names as Keras gives them: `conv2d`, `conv2d_1`, ...
fn names(network: &Network<f32>) -> Vec<String> {
    let stem = |layer: &Layer<f32>| match layer {
        Layer::Conv2d(_) => "conv2d",
        Layer::AveragePool2d(_) => "average_pooling2d",
        Layer::Flatten => "flatten",
        Layer::Dense(_) => "dense",
        _ => unimplemented!(),
    };
    let stems: Vec<&str> = network.layers().iter().map(stem).collect();
    let number = |index: usize| stems[..index].iter().filter(|&&earlier| earlier == stems[index]).count();
    (0..stems.len())
        .map(|index| match number(index) {
            0 => stems[index].to_owned(),
            number => format!("{}_{number}", stems[index]),
        })
        .collect()
}

fn model_config(network: &Network<f32>, names: &[String]) -> Value {
    let input = network.input();
    let batch_shape = if input.is_flat() {
        json!([null, input.channels])
    } else {
        json!([null, input.height, input.width, input.channels])
    };
    let mut layers = vec![json!({
        "class_name": "InputLayer",
        "config": {"name": "input_layer", "batch_shape": &batch_shape, "dtype": "float32", "sparse": false},
    })];
    layers.extend(network.layers().iter().zip(names).map(|(layer, name)| layer_config(layer, name)));
    json!({
        "class_name": "Sequential",
        "config": {"name": MODEL, "trainable": true, "layers": layers, "build_input_shape": batch_shape},
    })
}

fn layer_config(layer: &Layer<f32>, name: &str) -> Value {
    let activation = layer.activation();
    let (class, config) = match layer {
        Layer::Conv2d(conv) => (
            "Conv2D",
            json!({
                "filters": conv.kernel_shape().outputs,
                "kernel_size": pair(conv.kernel_shape().window()),
                "strides": pair(conv.stride()),
                "padding": "valid",
                "data_format": "channels_last",
                "dilation_rate": [1, 1],
                "groups": 1,
                "activation": keras_name(activation),
                "use_bias": conv.bias().is_some(),
            }),
        ),
        Layer::AveragePool2d(pool) => (
            "AveragePooling2D",
            json!({
                "pool_size": pair(pool.pool()),
                "strides": pair(pool.pool()),
                "padding": "valid",
                "data_format": "channels_last",
            }),
        ),
        Layer::Flatten => ("Flatten", json!({"data_format": "channels_last"})),
        Layer::Dense(dense) => (
            "Dense",
            json!({
                "units": dense.outputs(),
                "activation": keras_name(activation),
                "use_bias": dense.bias().is_some(),
            }),
        ),
        _ => unimplemented!(),
    };
    let mut fields = Map::new();
    fields.insert("name".to_owned(), json!(name));
    fields.insert("trainable".to_owned(), json!(true));
    fields.insert("dtype".to_owned(), json!("float32"));
    if let Value::Object(own) = config {
        fields.extend(own);
    }
    let class = if let Activation::NoisySoftplus(constants) = activation {
        fields.insert("k".to_owned(), json!(constants.k));
        fields.insert("s_hz_per_na".to_owned(), json!(constants.s_hz_per_na));
        fields.insert("tau_syn_ms".to_owned(), json!(constants.tau_syn_ms));
        format!("{PACKAGE}NoisySoftplus{class}")
    } else {
        class.to_owned()
    };
    json!({"class_name": class, "config": fields})
}

fn pair(extent: Extent) -> [usize; 2] {
    [extent.height, extent.width]
}

/// Keras' name of an activation; the classes of Noisy Softplus apply theirs on top of a linear layer.
fn keras_name(activation: Activation) -> &'static str {
    match activation {
        Activation::Linear | Activation::NoisySoftplus(_) => "linear",
        Activation::Relu => "relu",
        Activation::Softplus => "softplus",
        Activation::Softmax => "softmax",
        _ => unimplemented!(),
    }
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
