//! Models that Keras itself saved, judged by the outputs that Keras recorded; skipped where they are not at hand.

#![allow(clippy::print_stderr)] // A skipped test says so.

use std::fs;
use std::path::{Path, PathBuf};

use ann::keras::Supplement;
use ann::{FixedNoise, ModelFileError, Network, Samples, Shape, evaluate, keras};
use data::mnist::{Split, load};

/// The folder of models beside the checkout.
fn models() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/models");
    if !folder.is_dir() {
        eprintln!("skipped: there are no Keras models in {}", folder.display());
        return None;
    }
    Some(folder)
}

fn refusal(path: &Path) -> ModelFileError {
    keras::read(path).map(|_| ()).expect_err("must be refused")
}

/// A `.npy` file of `f32`: a magic of 8 bytes, the length of the header in two, the header, the values.
fn npy(path: &Path) -> Vec<f32> {
    let bytes = fs::read(path).expect("readable");
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let value = |four: &[u8]| f32::from_le_bytes([four[0], four[1], four[2], four[3]]);
    bytes[start..].chunks_exact(4).map(value).collect()
}

fn test_images() -> data::ImageSet {
    load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/mnist"), Split::Test).expect("MNIST ships")
}

fn reproduces(network: &Network<f32>, name: &str, correct: usize) {
    let Some(models) = models() else { return };
    let images = test_images();
    let samples = Samples { pixels: images.pixels(), labels: images.labels() };
    let inputs: Vec<f32> = images.first(100).pixels().iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
    let expected = npy(&models.join(format!("{name}.probs100.npy")));
    let found = network.forward(&inputs, 100);
    assert_eq!(found.len(), expected.len(), "{name}");
    let error = found.iter().zip(&expected).map(|(found, expected)| (found - expected).abs()).fold(0.0, f32::max);
    assert!(error < 1e-5, "{name}: outputs differ by {error:e}");
    let found = evaluate(network, samples).expect("fits").correct;
    assert!(found.abs_diff(correct) <= 2, "{name}: {found} correct, {correct} in Keras");
}

/// The models are: the paper's network with two activations; LeNet-5 with padding and max pools; convolutions with
/// batch normalisation, strides and padding, whose zeros come unevenly; fully connected layers with dropout.
#[test]
fn models_of_keras_give_the_outputs_that_keras_recorded() {
    let Some(models) = models() else { return };
    for (name, correct, parameters) in [
        ("a_paper_relu", 9848, 3870),
        ("f_paper_softplus", 9801, 3870),
        ("b_lenet5_maxpool", 9857, 107_786),
        ("c_conv_bn_relu", 9737, 12_242 - 160),
        ("d_mlp_1200", 9814, 2_392_800),
    ] {
        let network = keras::read(&models.join(format!("{name}.h5"))).expect("readable");
        // Keras counts the moving statistics of 8 + 16 + 24 + 32 channels as well.
        assert_eq!(network.parameter_count(), parameters, "{name}");
        reproduces(&network, name, correct);
    }
    let colour = keras::read(&models.join("hostile/rgb_32x32x3.h5")).expect("readable");
    assert_eq!((colour.input(), colour.output()), (Shape::new(32, 32, 3), Shape::flat(10)));
}

/// A registered function, whose constants the file does not hold; those with which the model was made.
#[test]
fn a_function_without_constants_takes_those_that_are_given() {
    let Some(models) = models() else { return };
    let supplement = |k| Supplement { noisy_softplus: Some(FixedNoise { k, sigma: 0.45 }), ..Supplement::default() };
    let path = models.join("f_paper_noisy_softplus.h5");
    reproduces(&keras::read_with(&path, &supplement(0.3)).expect("readable"), "f_paper_noisy_softplus", 9862);
    // Other constants give other outputs: the test above sees them.
    let other = keras::read_with(&path, &supplement(0.31)).expect("readable");
    let expected = npy(&models.join("f_paper_noisy_softplus.probs100.npy"));
    let inputs: Vec<f32> = test_images().first(100).pixels().iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
    let differ = |(found, expected): (&f32, &f32)| (found - expected).abs() > 1e-3;
    assert!(other.forward(&inputs, 100).iter().zip(&expected).any(differ));
}

/// The description is the `model_config` of the whole model, which stands in that file as one piece of text.
#[test]
fn weights_alone_give_the_outputs_of_the_whole_model() {
    let Some(models) = models() else { return };
    let whole = fs::read(models.join("a_paper_relu.h5")).expect("readable");
    let begin = whole.windows(14).position(|window| window == b"{\"class_name\":").expect("a model_config");
    let mut values = serde_json::Deserializer::from_slice(&whole[begin..]).into_iter::<serde_json::Value>();
    let config = values.next().expect("a value").expect("JSON");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let description = folder.path().join("model.json");
    fs::write(&description, config.to_string()).expect("written");
    let supplement = Supplement { description: Some(description), ..Supplement::default() };
    let network = keras::read_with(&models.join("a_paper_relu.weights.h5"), &supplement).expect("readable");
    reproduces(&network, "a_paper_relu", 9848);
}

/// Biases, and logits without a softmax.
#[test]
fn a_quickstart_model_gives_the_logits_that_keras_recorded() {
    let Some(models) = models() else { return };
    let network = keras::read(&models.join("q_tf_quickstart_logits.h5")).expect("readable");
    let images = test_images().first(100);
    let inputs: Vec<f32> = images.pixels().iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
    let expected = npy(&models.join("q_tf_quickstart_logits.logits100.npy"));
    for (found, expected) in network.forward(&inputs, 100).iter().zip(expected) {
        assert!((found - expected).abs() < 1e-5 * (1.0 + expected.abs()), "{found} {expected}");
    }
}

#[test]
fn what_is_not_supported_is_refused_by_name_with_advice() {
    let Some(models) = models() else { return };
    let lstm = refusal(&models.join("hostile/lstm.h5"));
    assert!(
        matches!(&lstm, ModelFileError::UnsupportedLayer { layer, class, .. } if layer == "lstm" && class == "LSTM")
    );
    let registered = refusal(&models.join("f_paper_noisy_softplus.h5")).to_string();
    assert!(registered.contains("k and sigma"), "{registered}");
    assert!(registered.contains("are not in the file"), "{registered}");
    assert!(registered.contains("--noisy-softplus K,SIGMA"), "{registered}");
}

#[test]
fn damaged_files_are_refused_with_their_damage() {
    let Some(models) = models() else { return };
    let hostile = models.join("hostile");
    let truncated = refusal(&hostile.join("truncated.h5"));
    assert!(matches!(truncated, ModelFileError::Damaged { .. }), "{truncated}");
    assert!(truncated.to_string().contains("truncated"), "{truncated}");
    let other = refusal(&hostile.join("not_a_model.h5"));
    assert!(matches!(other, ModelFileError::NoModelConfig { .. }), "{other}");
    let weights_only = refusal(&models.join("a_paper_relu.weights.h5"));
    assert!(matches!(weights_only, ModelFileError::WeightsAlone { .. }), "{weights_only}");
    let empty = refusal(&hostile.join("empty.h5"));
    assert!(matches!(empty, ModelFileError::NotHdf5 { found: "it is empty", .. }), "{empty}");
    let nan = refusal(&hostile.join("nan_weights.h5"));
    let ModelFileError::NotFinite { layer, tensor, index, value } = &nan else { panic!("{nan}") };
    assert!(value.is_nan());
    assert_eq!((layer.starts_with("conv2d"), *tensor, index.len()), (true, "kernel", 4), "{nan}");
}

/// Every prefix of a real file is refused without a panic.
#[test]
fn no_truncation_of_a_real_file_panics() {
    let Some(models) = models() else { return };
    let bytes = fs::read(models.join("a_paper_relu.h5")).expect("readable");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("cut.h5");
    for length in (0..bytes.len()).step_by(997) {
        fs::write(&path, &bytes[..length]).expect("written");
        let _ = keras::read(&path);
    }
    // Damage in the middle: each block of 64 bytes blanked in turn.
    for start in (0..bytes.len()).step_by(1501) {
        let mut damaged = bytes.clone();
        let end = (start + 64).min(damaged.len());
        damaged[start..end].fill(0xff);
        fs::write(&path, damaged).expect("written");
        let _ = keras::read(&path);
    }
}

#[test]
fn text_files_and_missing_files_are_told_apart() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("model.h5");
    let missing = refusal(&path);
    assert!(matches!(missing, ModelFileError::Io { .. }), "{missing}");
    assert!(missing.to_string().contains("model.h5"), "{missing}");
    fs::write(&path, "not a model\n").expect("written");
    let text = refusal(&path);
    assert!(matches!(text, ModelFileError::NotHdf5 { found: "it looks like a text file", .. }), "{text}");
}
