//! Files that leave something out: constants of functions, and layers.

use std::path::Path;

use serde_json::{Value, json};

use super::{conv, dense, file, flatten, folder, is_the_network};
use crate::activation::Activation;
use crate::activation::fixed_noise::FixedNoise;
use crate::error::ModelFileError;
use crate::keras::hdf5_file::{InputFile, OutputFile};
use crate::keras::{Supplement, read_with};
use crate::network::Network;
use crate::{keras, model_file};

const CONSTANTS: FixedNoise = FixedNoise { k: 0.3, sigma: 0.45 };

fn sequential(layers: &[Value]) -> Value {
    json!({"class_name": "Sequential", "config": {"name": "m", "layers": layers}})
}

/// A whole file with these layers.
fn read_layers(layers: &[Value], noisy_softplus: Option<FixedNoise>) -> Result<Network<f32>, ModelFileError> {
    let folder = folder();
    let path = folder.path().join("model.h5");
    file(&path, &sequential(layers), "")?;
    read_with(&path, &Supplement { noisy_softplus, description: None })
}

fn activations(network: &Network<f32>) -> Vec<Activation> {
    network.layers().iter().map(|layer| layer.activation()).collect()
}

/// As an object in Keras 3, by name in Keras 2.
#[test]
fn functions_take_their_constants_from_outside() {
    let mut conv = conv();
    let function = json!({"module": "builtins", "class_name": "function", "config": "snn>noisy_softplus", "registered_name": "function"});
    conv["config"]["activation"] = function;
    let mut dense = dense();
    dense["config"]["activation"] = json!("noisy_softplus");
    let layers = [conv, flatten(), dense];
    let network = read_layers(&layers, Some(CONSTANTS)).expect("readable");
    let noisy = Activation::FixedNoise(CONSTANTS);
    assert_eq!(activations(&network), [noisy, Activation::Linear, noisy]);
    let message = read_layers(&layers, None).map(|_| ()).expect_err("must be refused").to_string();
    for part in ["layer 'conv' (Conv2D) has activation = snn>noisy_softplus", "k and sigma", "--noisy-softplus K,SIGMA"]
    {
        assert!(message.contains(part), "{message}");
    }
    let wrong = FixedNoise { sigma: f64::NAN, ..CONSTANTS };
    let error = read_layers(&layers, Some(wrong)).map(|_| ()).expect_err("must be refused");
    assert!(matches!(error, ModelFileError::Network { .. }) && error.to_string().contains("sigma"), "{error}");
    // Constants help no other function.
    let mut other = layers;
    other[0]["config"]["activation"]["config"] = json!("snn>mish");
    let error = read_layers(&other, Some(CONSTANTS)).map(|_| ()).expect_err("must be refused");
    assert!(matches!(error, ModelFileError::UnsupportedSetting { .. }), "{error}");
}

#[test]
fn layers_that_keep_their_constants_are_read() {
    let layer = |config: Value| json!({"class_name": "snn>NoisySoftplus", "config": config});
    let constants = json!({"name": "n", "dtype": "float32", "k": 0.3, "sigma": 0.45});
    let network = read_layers(&[conv(), layer(constants), flatten(), dense()], None).expect("readable");
    let noisy = Activation::FixedNoise(CONSTANTS);
    assert_eq!(activations(&network), [noisy, Activation::Linear, Activation::Linear]);
    for (config, expected) in [
        (json!({"name": "n", "k": 0.3}), "missing field `sigma`"),
        (json!({"name": "n", "k": "wide", "sigma": 1}), "layer 'n' (snn>NoisySoftplus)"),
        (json!({"name": "n", "k": 0.3, "sigma": -1}), "positive, finite sigma, found -1"),
    ] {
        let layers = [conv(), layer(config), flatten(), dense()];
        let message = read_layers(&layers, None).map(|_| ()).expect_err("must be refused").to_string();
        assert!(message.contains(expected), "{message}");
    }
}

/// How weights alone are laid out.
#[derive(Clone, Copy, Debug)]
enum Layout {
    Keras2,
    Keras3,
}

/// The weights of the network of [`file`].
fn weights(layout: Layout) -> Vec<u8> {
    let mut file = OutputFile::new(Path::new("weights.h5"));
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let paths = match layout {
        Layout::Keras2 => {
            file.texts("", "layer_names", &names(&["conv", "flatten", "dense"])).expect("names");
            file.text("", "keras_version", "2.15.0").expect("an attribute");
            file.texts("conv", "weight_names", &names(&["conv/kernel:0"])).expect("names");
            file.texts("flatten", "weight_names", &[]).expect("names");
            file.texts("dense", "weight_names", &names(&["dense/kernel:0", "dense/bias:0"])).expect("names");
            ["conv/conv/kernel:0", "dense/dense/kernel:0", "dense/dense/bias:0"]
        }
        Layout::Keras3 => {
            file.text("layers/flatten/vars", "name", "flatten").expect("an attribute");
            file.tensor("layers/dropout/seed_generator/vars/0", &[2], &[0.0, 1.0]).expect("a tensor");
            file.tensor("optimizer/vars/0", &[1], &[7.0]).expect("a tensor");
            ["layers/conv2d/vars/0", "layers/dense/vars/0", "layers/dense/vars/1"]
        }
    };
    let values: [(&[usize], &[f32]); 3] =
        [(&[2, 2, 1, 1], &[1.0, 2.0, 3.0, 4.0]), (&[4, 1], &[1.0, 10.0, 100.0, 1000.0]), (&[1], &[0.5])];
    for (path, (shape, values)) in paths.into_iter().zip(values) {
        file.tensor(path, shape, values).expect("a tensor");
    }
    file.encode().expect("encoded")
}

/// Reads weights with a description; no description for `None`.
fn read_weights(weights: &[u8], description: Option<&[u8]>) -> Result<Network<f32>, ModelFileError> {
    let folder = folder();
    let (path, json) = (folder.path().join("model.weights.h5"), folder.path().join("model.json"));
    std::fs::write(&path, weights).expect("written");
    let description = description.map(|text| {
        std::fs::write(&json, text).expect("written");
        json
    });
    model_file::read_with(&path, &Supplement { description, ..Supplement::default() })
}

fn refusal(weights: &[u8], description: Option<&str>) -> ModelFileError {
    read_weights(weights, description.map(str::as_bytes)).map(|_| ()).expect_err("must be refused")
}

#[test]
fn weights_alone_need_a_description() {
    let dropout = json!({"class_name": "Dropout", "config": {"name": "d", "rate": 0.5}});
    let described = sequential(&[conv(), flatten(), dropout, dense()]).to_string();
    for layout in [Layout::Keras2, Layout::Keras3] {
        let weights = weights(layout);
        is_the_network(&read_weights(&weights, Some(described.as_bytes())).expect("readable"));
        let alone = refusal(&weights, None);
        assert!(matches!(alone, ModelFileError::WeightsAlone { .. }), "{alone}");
        for part in ["model.to_json()", "--description FILE"] {
            assert!(alone.to_string().contains(part), "{alone}");
        }
    }
}

/// A model within the model, which Keras 3 gives a folder of its own.
#[test]
fn models_within_models_are_described_too() {
    let mut file = OutputFile::new(Path::new("weights.h5"));
    file.tensor("layers/sequential/layers/conv2d/vars/0", &[2, 2, 1, 1], &[1.0, 2.0, 3.0, 4.0]).expect("a tensor");
    file.tensor("layers/dense/vars/0", &[4, 1], &[1.0, 10.0, 100.0, 1000.0]).expect("a tensor");
    file.tensor("layers/dense/vars/1", &[1], &[0.5]).expect("a tensor");
    let weights = file.encode().expect("encoded");
    let inner = |layers: &[Value]| json!({"class_name": "Sequential", "config": {"name": "i", "layers": layers}});
    let described = sequential(&[inner(&[conv(), flatten()]), dense()]).to_string();
    is_the_network(&read_weights(&weights, Some(described.as_bytes())).expect("readable"));
    let pool = json!({"class_name": "MaxPooling2D", "config": {"name": "p", "pool_size": 2, "strides": 1, "batch_input_shape": [null, 3, 3, 1]}});
    let without = sequential(&[inner(&[pool, flatten()]), dense()]).to_string();
    let error = refusal(&weights, Some(&without));
    let ModelFileError::UnusedWeights { tensor, .. } = &error else { panic!("{error}") };
    assert_eq!(tensor, "layers/sequential/layers/conv2d/vars/0");
}

#[test]
fn descriptions_of_other_models_are_refused() {
    let mut plain = dense();
    plain["config"]["use_bias"] = json!(false);
    let mut wide = dense();
    wide["config"]["units"] = json!(3);
    let mut second = dense();
    second["config"]["name"] = json!("dense_1");
    for layout in [Layout::Keras2, Layout::Keras3] {
        let weights = weights(layout);
        let refused = |layers: &[Value]| refusal(&weights, Some(&sequential(layers).to_string()));
        let fewer = refused(&[conv(), flatten()]);
        assert!(matches!(&fewer, ModelFileError::UnusedWeights { tensor, .. } if tensor.contains("dense")), "{fewer}");
        let unbiased = refused(&[conv(), flatten(), plain.clone()]);
        assert!(matches!(unbiased, ModelFileError::UnusedWeights { .. }), "{unbiased}");
        let more = refused(&[conv(), flatten(), dense(), second.clone()]);
        assert!(matches!(&more, ModelFileError::MissingWeights { layer, .. } if layer == "dense_1"), "{more}");
        let wider = refused(&[conv(), flatten(), wide.clone()]);
        assert!(matches!(&wider, ModelFileError::WeightShape { expected, .. } if expected == &[4, 3]), "{wider}");
    }
}

#[test]
fn what_is_no_description_is_refused() {
    let weights = weights(Layout::Keras3);
    let deep = "[".repeat(100_000);
    for junk in ["", "null", "3", "[]", "{}", "a model", "\"{}\"", "{\"class_name\": \"Sequential\"}", &deep] {
        let error = refusal(&weights, Some(junk));
        assert!(matches!(error, ModelFileError::Description { .. }), "{error}");
    }
    let binary = read_weights(&weights, Some(&weights)).map(|_| ()).expect_err("must be refused");
    assert!(matches!(binary, ModelFileError::Description { .. }), "{binary}");
    let folder = folder();
    let path = folder.path().join("model.h5");
    let missing = Supplement { description: Some(folder.path().join("none.json")), ..Supplement::default() };
    std::fs::write(&path, &weights).expect("written");
    let error = read_with(&path, &missing).map(|_| ()).expect_err("must be refused");
    assert!(matches!(&error, ModelFileError::Io { path, .. } if path.ends_with("none.json")), "{error}");
    // A whole model describes itself, and a file without weights has nothing to describe.
    file(&path, &sequential(&[conv(), flatten(), dense()]), "").expect("written");
    let error = read_with(&path, &missing).map(|_| ()).expect_err("must be refused");
    assert!(matches!(error, ModelFileError::NeedlessDescription { .. }), "{error}");
    let mut empty = OutputFile::new(&path);
    empty.tensor("something/else", &[1], &[1.0]).expect("a tensor");
    let error = refusal(&empty.encode().expect("encoded"), Some("{}"));
    assert!(matches!(error, ModelFileError::NoModelConfig { .. }), "{error}");
}

/// Every eleventh byte changed: some network, or a typed error.
#[test]
fn damaged_weights_never_panic() {
    let described = sequential(&[conv(), flatten(), dense()]).to_string();
    for layout in [Layout::Keras2, Layout::Keras3] {
        let bytes = weights(layout);
        for place in (0..bytes.len()).step_by(11) {
            let mut damaged = bytes.clone();
            damaged[place] ^= if place % 2 == 0 { 0xff } else { 0x01 };
            let _ = read_weights(&damaged, Some(described.as_bytes()));
        }
    }
}

/// Weights and description of one model that Keras saved, against the whole model; left out where they are not at hand, which
/// tests/keras_models.rs says.
#[test]
fn weights_of_keras_are_those_of_the_whole_model() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/models");
    let whole = models.join("a_paper_relu.h5");
    let Ok(bytes) = std::fs::read(&whole) else { return };
    let config = InputFile::of(&whole, bytes).and_then(|file| file.text("", "model_config"));
    let config = config.expect("readable").expect("a whole model");
    let weights = std::fs::read(models.join("a_paper_relu.weights.h5")).expect("readable");
    let network = read_weights(&weights, Some(config.as_bytes())).expect("readable");
    assert_eq!(network, keras::read(&whole).expect("readable"));
}
