//! Layouts that Keras 2 and functional models use, written by hand after files of these versions.

use std::path::Path;

use serde_json::{Value, json};

use super::read;
use crate::activation::Activation;
use crate::error::ModelFileError;
use crate::keras::hdf5_file::OutputFile;
use crate::layer::Layer;
use crate::network::Network;
use crate::shape::Shape;

/// A file with this `model_config` and a 2x2x1x1 kernel of a layer `conv`, a 4x1 kernel and a bias of a layer `dense`.
fn file(path: &Path, model_config: &Value, suffix: &str) -> Result<(), ModelFileError> {
    let mut file = OutputFile::new(path);
    file.text("", "model_config", &model_config.to_string())?;
    file.text("", "keras_version", "2.2.4")?;
    for (layer, names) in [("conv", vec!["kernel"]), ("dense", vec!["bias", "kernel"]), ("flatten", vec![])] {
        let group = format!("model_weights/{layer}");
        let names: Vec<String> = names.iter().map(|name| format!("{layer}/{name}{suffix}")).collect();
        file.texts(&group, "weight_names", &names)?;
    }
    file.tensor(&format!("model_weights/conv/conv/kernel{suffix}"), &[2, 2, 1, 1], &[1.0, 2.0, 3.0, 4.0])?;
    file.tensor(&format!("model_weights/dense/dense/kernel{suffix}"), &[4, 1], &[1.0, 10.0, 100.0, 1000.0])?;
    file.tensor(&format!("model_weights/dense/dense/bias{suffix}"), &[1], &[0.5])?;
    std::fs::write(path, file.encode()?).map_err(|source| ModelFileError::Io { path: path.to_owned(), source })
}

fn read_config(model_config: &Value, suffix: &str) -> Result<Network<f32>, ModelFileError> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("model.h5");
    file(&path, model_config, suffix)?;
    read(&path)
}

fn conv() -> Value {
    json!({"class_name": "Conv2D", "config": {
        "name": "conv", "filters": 1, "kernel_size": [2, 2], "use_bias": false, "activation": "linear",
        "batch_input_shape": [null, 3, 3, 1]
    }})
}

fn dense() -> Value {
    json!({"class_name": "Dense", "config": {"name": "dense", "units": 1, "activation": "linear"}})
}

fn flatten() -> Value {
    json!({"class_name": "Flatten", "config": {"name": "flatten"}})
}

/// By hand: the kernel 1 2 / 3 4 over 1..9 in rows of three gives 37 47 67 77; and 37 + 470 + 6700 + 77000 + 0.5.
fn is_the_network(network: &Network<f32>) {
    assert_eq!(network.input(), Shape::new(3, 3, 1));
    let image: Vec<f32> = (1..=9_u8).map(f32::from).collect();
    assert_eq!(network.forward(&image, 1), [84_207.5]);
}

fn refusal(change: impl FnOnce(&mut Value)) -> String {
    let mut model = json!({"class_name": "Sequential", "config": {"layers": [conv(), flatten(), dense()]}});
    change(&mut model["config"]["layers"]);
    read_config(&model, "").map(|_| ()).expect_err("must be refused").to_string()
}

#[test]
fn a_keras_2_file_without_input_layer_is_read() {
    let model = json!({"class_name": "Sequential", "config": {"name": "m", "layers": [conv(), flatten(), dense()]}});
    is_the_network(&read_config(&model, ":0").expect("readable"));
    // Before 2.2.3 the layers stood alone.
    let model = json!({"class_name": "Sequential", "config": [conv(), flatten(), dense()]});
    is_the_network(&read_config(&model, ":0").expect("readable"));
}

#[test]
fn separate_activations_join_and_identities_vanish() {
    let relu = json!({"class_name": "ReLU", "config": {"name": "r", "max_value": null, "negative_slope": 0.0}});
    let softmax = json!({"class_name": "Activation", "config": {"name": "s", "activation": "softmax"}});
    let dropout = json!({"class_name": "Dropout", "config": {"name": "d", "rate": 0.5}});
    let layers = [conv(), dropout.clone(), relu, flatten(), dropout, dense(), softmax];
    let network =
        read_config(&json!({"class_name": "Sequential", "config": {"layers": layers}}), "").expect("readable");
    let activations: Vec<Activation> = network.layers().iter().map(Layer::activation).collect();
    assert_eq!(activations, [Activation::Relu, Activation::Linear, Activation::Softmax]);
}

#[test]
fn a_functional_chain_is_read_and_a_branch_refused() {
    let input = json!({"class_name": "InputLayer", "config": {"name": "in", "batch_input_shape": [null, 3, 3, 1]}});
    let with = |mut layer: Value, nodes: Value| {
        layer["inbound_nodes"] = nodes;
        layer
    };
    let keras_2 = |source: &str| json!([[[source, 0, 0, {}]]]);
    let keras_3 = |source: &str| {
        json!([{"args": [{"class_name": "__keras_tensor__", "config": {"shape": [null, 3], "keras_history": [source, 0, 0]}}],
                "kwargs": {}}])
    };
    let model = |layers: Value| json!({"class_name": "Functional", "config": {"layers": layers, "output_layers": [["dense", 0, 0]]}});
    let chain = json!([
        with(input.clone(), json!([])),
        with(conv(), keras_2("in")),
        with(flatten(), keras_2("conv")),
        with(dense(), keras_2("flatten"))
    ]);
    is_the_network(&read_config(&model(chain), ":0").expect("readable"));
    let chain = json!([
        with(input.clone(), json!([])),
        with(conv(), keras_3("in")),
        with(flatten(), keras_3("conv")),
        with(dense(), keras_3("flatten"))
    ]);
    is_the_network(&read_config(&model(chain.clone()), "").expect("readable"));
    let mut two_outputs = model(chain);
    two_outputs["config"]["output_layers"] = json!([["conv", 0, 0], ["dense", 0, 0]]);
    let error = read_config(&two_outputs, "").map(|_| ()).expect_err("must be refused");
    assert!(matches!(error, ModelFileError::NotAChain { .. }), "{error}");
    let branch = json!([
        with(input, json!([])),
        with(conv(), keras_3("in")),
        with(flatten(), keras_3("in")),
        with(dense(), keras_3("flatten"))
    ]);
    let error = read_config(&model(branch), "").map(|_| ()).expect_err("must be refused");
    assert!(matches!(error, ModelFileError::NotAChain { .. }), "{error}");
}

#[test]
fn unsupported_settings_are_refused_by_name() {
    let set =
        |layer: usize, key: &'static str, value: Value| refusal(move |layers| layers[layer]["config"][key] = value);
    for (key, value, expected) in [
        ("padding", json!("same"), "layer 'conv' (Conv2D) has padding = \"same\""),
        ("dilation_rate", json!([2, 2]), "layer 'conv' (Conv2D) has dilation_rate = 2x2"),
        ("groups", json!(2), "layer 'conv' (Conv2D) has groups = 2"),
        ("data_format", json!("channels_first"), "layer 'conv' (Conv2D) has data_format = \"channels_first\""),
        ("activation", json!("tanh"), "layer 'conv' (Conv2D) has activation = tanh"),
        ("activation", json!({"class_name": "function", "config": "snn>noisy_softplus"}), "k and sigma"),
        ("filters", json!(3), "a kernel of shape [2, 2, 1, 3] was expected, found [2, 2, 1, 1]"),
        ("filters", json!(-3), "layer 'conv' (Conv2D): invalid value"),
        ("use_bias", json!(true), "layer 'conv' has no bias in the file"),
        ("name", json!("other"), "layer 'other' has no kernel in the file"),
        ("batch_input_shape", json!([null, u64::MAX, u64::MAX, 1]), "cannot be computed with"),
        ("strides", json!([u64::MAX, 0]), "size 0"),
        ("batch_input_shape", json!([null, null, null, 1]), "input shape [null,null,null,1]"),
        ("batch_input_shape", json!([null, 3, 3]), "needs a Flatten layer first"),
        ("batch_input_shape", json!([null, 1, 3, 1]), "a window of 2x2 does not fit into a map of 1x3x1"),
    ] {
        let message = set(0, key, value);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn unsupported_layers_are_refused_by_name() {
    for class in ["BatchNormalization", "MaxPooling2D", "Lambda", "LSTM", "Sequential", "snn>NoisySoftplus"] {
        let layer = json!({"class_name": class, "config": {"name": "odd", "strides": [2, 2]}});
        let message = refusal(|layers| layers[1] = layer);
        assert!(
            message.starts_with(&format!("layer 'odd' is of class {class}, which is not supported: ")),
            "{message}"
        );
    }
    let pool = json!({"class_name": "AveragePooling2D", "config": {"name": "p", "pool_size": 2, "strides": [1, 1]}});
    let message = refusal(|layers| layers[1] = pool);
    assert!(message.contains("layer 'p' (AveragePooling2D) has strides = 1x1"), "{message}");
    let leaky = json!({"class_name": "ReLU", "config": {"name": "r", "negative_slope": 0.1}});
    let message = refusal(|layers| layers[1] = leaky);
    assert!(message.contains("layer 'r' (ReLU) has"), "{message}");
    let message = refusal(|layers| layers[1] = dense());
    assert!(message.contains("put a Flatten layer before it"), "{message}");
}
