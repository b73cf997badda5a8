//! Layouts that Keras 2 and functional models use, written by hand after files of these versions.

mod keras_1;
mod supplements;

use std::path::Path;

use serde_json::{Value, json};

use super::read;
use crate::activation::Activation;
use crate::error::ModelFileError;
use crate::keras::hdf5_file::OutputFile;
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

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn read_config(model_config: &Value, suffix: &str) -> Result<Network<f32>, ModelFileError> {
    let folder = folder();
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
fn separate_activations_join_weighted_layers_and_identities_vanish() {
    let relu = json!({"class_name": "ReLU", "config": {"name": "r", "max_value": null, "negative_slope": 0.0}});
    let softmax = json!({"class_name": "Activation", "config": {"name": "s", "activation": "softmax"}});
    let noise = json!({"class_name": "GaussianNoise", "config": {"name": "g", "stddev": 0.5}});
    let dropout = json!({"class_name": "Dropout", "config": {"name": "d", "rate": 0.5}});
    let leaky = json!({"class_name": "LeakyReLU", "config": {"name": "l", "alpha": 0.25}});
    let layers = [conv(), noise.clone(), relu, flatten(), leaky, dropout, dense(), noise, softmax];
    let network =
        read_config(&json!({"class_name": "Sequential", "config": {"layers": layers}}), "").expect("readable");
    let found: Vec<(&str, Activation)> =
        network.layers().iter().map(|layer| (layer.kind(), layer.activation())).collect();
    let expected = [
        ("Conv2D", Activation::Relu),
        ("Flatten", Activation::Linear),
        ("Activation", Activation::LeakyRelu { slope: 0.25 }),
        ("Dropout", Activation::Linear),
        ("Dense", Activation::Softmax),
    ];
    assert_eq!(found, expected);
}

fn with_nodes(mut layer: Value, nodes: Value) -> Value {
    layer["inbound_nodes"] = nodes;
    layer
}

fn keras_2(sources: &[&str]) -> Value {
    json!([sources.iter().map(|source| json!([source, 0, 0, {}])).collect::<Vec<_>>()])
}

fn keras_3(sources: &[&str]) -> Value {
    let tensor = |source: &&str| json!({"class_name": "__keras_tensor__", "config": {"shape": [null, 3], "keras_history": [source, 0, 0]}});
    let tensors: Vec<Value> = sources.iter().map(tensor).collect();
    let arguments = if tensors.len() == 1 { json!(tensors) } else { json!([tensors]) };
    json!([{"args": arguments, "kwargs": {}}])
}

fn input_layer() -> Value {
    let input = json!({"class_name": "InputLayer", "config": {"name": "in", "batch_input_shape": [null, 3, 3, 1]}});
    with_nodes(input, json!([]))
}

fn functional(layers: Value) -> Value {
    let config = json!({"layers": layers, "input_layers": [["in", 0, 0]], "output_layers": [["dense", 0, 0]]});
    json!({"class_name": "Functional", "config": config})
}

#[test]
fn functional_models_are_read_in_both_forms() {
    for edges in [keras_2, keras_3] {
        let chain = json!([
            input_layer(),
            with_nodes(conv(), edges(&["in"])),
            with_nodes(flatten(), edges(&["conv"])),
            with_nodes(dense(), edges(&["flatten"]))
        ]);
        is_the_network(&read_config(&functional(chain), "").expect("readable"));
        let named = |class: &str, name: &str| json!({"class_name": class, "config": {"name": name}});
        // The sum of a map with itself, and its order in the file: the consumer first.
        let graph = json!([
            input_layer(),
            with_nodes(dense(), edges(&["flatten"])),
            with_nodes(conv(), edges(&["in"])),
            with_nodes(named("Add", "add"), edges(&["conv", "conv"])),
            with_nodes(flatten(), edges(&["add"]))
        ]);
        let network = read_config(&functional(graph), "").expect("readable");
        let image: Vec<f32> = (1..=9_u8).map(f32::from).collect();
        assert_eq!(network.forward(&image, 1), [2.0 * 84_207.0 + 0.5]);
    }
}

#[test]
fn a_model_within_a_model_is_laid_out() {
    let folder = folder();
    let path = folder.path().join("model.h5");
    let mut file = OutputFile::new(&path);
    let inner = json!({"class_name": "Sequential", "config": {"name": "inner", "layers": [conv(), flatten()]}});
    let model = json!({"class_name": "Sequential", "config": {"layers": [inner, dense()]}});
    file.text("", "model_config", &model.to_string()).expect("an attribute");
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    file.texts("model_weights/inner", "weight_names", &names(&["other/kernel:0", "m/conv/kernel:0"])).expect("names");
    file.texts("model_weights/dense", "weight_names", &names(&["dense/kernel:0", "dense/bias:0"])).expect("names");
    let mut tensor = |path: &str, shape: &[usize], values: &[f32]| {
        file.tensor(&format!("model_weights/{path}"), shape, values).expect("a tensor");
    };
    tensor("inner/m/conv/kernel:0", &[2, 2, 1, 1], &[1.0, 2.0, 3.0, 4.0]);
    tensor("dense/dense/kernel:0", &[4, 1], &[1.0, 10.0, 100.0, 1000.0]);
    tensor("dense/dense/bias:0", &[1], &[0.5]);
    std::fs::write(&path, file.encode().expect("encoded")).expect("written");
    is_the_network(&read(&path).expect("readable"));
}

/// With one channel the order is the same; with more the rows of the dense kernel move.
#[test]
fn channels_first_are_brought_last() {
    let first = |mut layer: Value| {
        layer["config"]["data_format"] = json!("channels_first");
        layer
    };
    let mut conv = first(conv());
    conv["config"]["batch_input_shape"] = json!([null, 1, 3, 3]);
    for flatten in [flatten(), first(flatten())] {
        let model = json!({"class_name": "Sequential", "config": {"layers": [&conv, flatten, dense()]}});
        is_the_network(&read_config(&model, "").expect("readable"));
    }
    let model = json!({"class_name": "Sequential", "config": {"layers": [conv, first(flatten()), pool(), dense()]}});
    let message = read_config(&model, "").map(|_| ()).expect_err("must be refused").to_string();
    assert!(message.contains("layer 'p' (AveragePooling2D) has data_format"), "{message}");
    // A map of two channels with one row and two columns: Keras flattens it as a0 a1 b0 b1, we as a0 b0 a1 b1.
    let flat = json!({"class_name": "Flatten", "config": {"name": "flatten", "data_format": "channels_last"}});
    let same = json!({"class_name": "AveragePooling2D", "config": {
        "name": "p", "pool_size": 1, "data_format": "channels_first", "batch_input_shape": [null, 2, 1, 2]
    }});
    let model = json!({"class_name": "Sequential", "config": {"layers": [same, flat, dense()]}});
    let network = read_config(&model, "").expect("readable");
    assert_eq!(network.input(), Shape::new(1, 2, 2));
    // a0 = 1, b0 = 2, a1 = 3, b1 = 4 under the weights 1, 10, 100, 1000 of a0, a1, b0, b1.
    assert_eq!(network.forward(&[1.0, 2.0, 3.0, 4.0], 1), [1.0 + 30.0 + 200.0 + 4000.0 + 0.5]);
}

/// Flatten with its channels first would bring the rows of these maps last.
#[test]
fn a_flatten_that_turns_the_image_is_refused() {
    let turning = json!({"class_name": "Flatten", "config": {"name": "flatten", "data_format": "channels_first"}});
    let model = json!({"class_name": "Sequential", "config": {"layers": [conv(), pool(), turning.clone(), dense()]}});
    let message = read_config(&model, "").map(|_| ()).expect_err("must be refused").to_string();
    assert!(message.contains("layer 'flatten' (Flatten) has data_format = channels_first"), "{message}");
    let mut first = turning;
    first["config"]["batch_input_shape"] = json!([null, 2, 2]);
    let model = json!({"class_name": "Sequential", "config": {"layers": [first, dense()]}});
    let message = read_config(&model, "").map(|_| ()).expect_err("must be refused").to_string();
    assert!(message.contains("layer 'flatten' (Flatten) has data_format = channels_first"), "{message}");
}

fn pool() -> Value {
    json!({"class_name": "AveragePooling2D", "config": {"name": "p", "pool_size": 1, "data_format": "channels_last"}})
}

#[test]
fn models_that_are_no_network_are_refused() {
    let chain = json!([
        input_layer(),
        with_nodes(conv(), keras_3(&["in"])),
        with_nodes(flatten(), keras_3(&["conv"])),
        with_nodes(dense(), keras_3(&["flatten"]))
    ]);
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut model = functional(chain.clone());
        change(&mut model);
        read_config(&model, "").map(|_| ()).expect_err("must be refused")
    };
    for (key, value, expected) in [
        ("output_layers", json!([["conv", 0, 0], ["dense", 0, 0]]), "it has 2 outputs"),
        ("input_layers", json!([["in", 0, 0], ["in2", 0, 0]]), "it takes 2 inputs"),
        ("output_layers", json!([["nowhere", 0, 0]]), "its output layer 'nowhere' is not there"),
        ("output_layers", json!([["conv", 0, 0]]), "its output is not that of the last layer"),
    ] {
        let error = refused(&|model| model["config"][key] = value.clone());
        assert!(matches!(error, ModelFileError::Topology { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    let circle = refused(&|model| model["config"]["layers"][1]["inbound_nodes"] = keras_3(&["dense"]));
    assert!(circle.to_string().contains("layer 'conv' takes the outputs of layers that are not there"), "{circle}");
    let twice = refused(&|model| {
        model["config"]["layers"][1]["inbound_nodes"] = json!([[["in", 0, 0, {}]], [["in", 0, 0, {}]]]);
    });
    assert!(twice.to_string().contains("layer 'conv' (Conv2D) has inbound_nodes = 2 uses"), "{twice}");
    let unused = refused(&|model| model["config"]["layers"][2]["inbound_nodes"] = keras_3(&["in"]));
    assert!(matches!(unused, ModelFileError::Network { .. } | ModelFileError::WeightShape { .. }), "{unused}");
    let model = json!({"class_name": "Subclass", "config": {"layers": []}});
    let error = read_config(&model, "").map(|_| ()).expect_err("must be refused");
    assert!(error.to_string().contains("input shape"), "{error}");
}

#[test]
fn unsupported_settings_are_refused_by_name() {
    let set =
        |layer: usize, key: &'static str, value: Value| refusal(move |layers| layers[layer]["config"][key] = value);
    for (key, value, expected) in [
        ("padding", json!("causal"), "layer 'conv' (Conv2D) has padding = \"causal\""),
        ("dilation_rate", json!([4, 4]), "a window of 2x2 does not fit into a map of 3x3x1"),
        ("dilation_rate", json!([u64::MAX, 2]), "a window of 2x2 does not fit into a map of 3x3x1"),
        ("groups", json!(2), "layer 'conv' (Conv2D): 1 channels do not divide into 2 groups"),
        ("groups", json!(0), "layer 'conv' (Conv2D): 1 channels do not divide into 0 groups"),
        ("data_format", json!("channels_middle"), "layer 'conv' (Conv2D) has data_format = channels_middle"),
        ("activation", json!("swish"), "layer 'conv' (Conv2D) has activation = swish"),
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
    for class in ["Lambda", "LSTM", "PReLU", "Conv2DTranspose", "snn>Mish"] {
        let layer = json!({"class_name": class, "config": {"name": "odd", "strides": [2, 2]}});
        let message = refusal(|layers| layers[1] = layer);
        assert!(
            message.starts_with(&format!("layer 'odd' is of class {class}, which is not supported: ")),
            "{message}"
        );
    }
    for (layer, expected) in [
        (json!({"class_name": "ReLU", "config": {"name": "r", "max_value": 6.0}}), "layer 'r' (ReLU) has max_value"),
        (
            json!({"class_name": "BatchNormalization", "config": {"name": "b", "axis": 1}}),
            "layer 'b' (BatchNormalization) has axis = 1",
        ),
        (json!({"class_name": "BatchNormalization", "config": {"name": "b"}}), "layer 'b' has no gamma in the file"),
        (
            json!({"class_name": "Reshape", "config": {"name": "r", "target_shape": [3, -1]}}),
            "layer 'r' (Reshape) has target_shape = [3, -1]",
        ),
        (json!({"class_name": "Dropout", "config": {"name": "d", "rate": 1.0}}), "rate must be in [0, 1), found 1"),
        (json!({"class_name": "Add", "config": {"name": "a"}}), "(Add) takes two or more inputs, found 1"),
        (
            json!({"class_name": "Rescaling", "config": {"name": "r", "scale": [1.0, 2.0]}}),
            "layer 'r' (Rescaling): invalid type",
        ),
        (
            json!({"class_name": "ZeroPadding2D", "config": {"name": "z", "padding": [[u64::MAX, 1], [0, 0]]}}),
            "cannot be computed with",
        ),
        (dense(), "put a Flatten layer before it"),
    ] {
        let message = refusal(|layers| layers[1] = layer.clone());
        assert!(message.contains(expected), "{message}");
    }
}
