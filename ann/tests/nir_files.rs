//! NIR files that the reference implementation wrote, held to what PyTorch computes with the rates of the neurons.

use std::fs;
use std::path::{Path, PathBuf};

use ann::{ModelFileError, model_file, nir};
use proptest::prelude::*;
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nir")
}

/// nir 1.0.8 and PyTorch 2.15, float32, `tests/nir/export.py`: a padded convolution, neurons with a gain of a half, sums and
/// averages, the units behind Flatten, reordered.
#[test]
fn networks_compute_the_rates_of_their_neurons() {
    let text = fs::read_to_string(folder().join("network.json")).expect("outputs of PyTorch");
    let expected: Value = serde_json::from_str(&text).expect("JSON");
    let expected: Vec<f64> =
        expected["outputs"].as_array().expect("a list").iter().map(|value| value.as_f64().expect("f64")).collect();
    let path = folder().join("network.nir");
    let network = nir::read(&path).expect("readable");
    let value = |index: usize| ((index * 40503) % 65536) as f32 / 65536.0;
    // Two images of two channels, which are last here.
    let order = (0..2).flat_map(|image| (0..64).flat_map(move |at| (0..2).map(move |c| (image * 2 + c) * 64 + at)));
    let outputs = network.forward(&order.map(value).collect::<Vec<f32>>(), 2);
    assert_eq!(outputs.len(), expected.len());
    for (output, expected) in outputs.iter().zip(&expected) {
        // Both round to float32, in another order; outputs are of the order of 1 to 4.
        assert!((f64::from(*output) - expected).abs() < 1e-5, "{output} {expected}");
    }
    assert_eq!(model_file::read(&path).expect("readable"), network);
}

/// The type of a node replaced by another of the same length.
#[test]
fn nodes_without_a_counterpart_are_named() {
    let bytes = fs::read(folder().join("network.nir")).expect("readable");
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (word, other) in [("Flatten", "CubaLIF"), ("Linear", "CubaLI"), ("IF", "LI")] {
        let mut bytes = bytes.clone();
        // A string is its length in the heap, then its letters, then zeros.
        let mut stored = word.as_bytes().to_vec();
        stored.resize(8, 0);
        let places: Vec<usize> = (0..bytes.len() - 8).filter(|&at| bytes[at..at + 8] == stored[..]).collect();
        for at in places {
            bytes[at..at + word.len()].copy_from_slice(other.as_bytes());
        }
        let path = folder.path().join("model.nir");
        fs::write(&path, bytes).expect("written");
        let error = nir::read(&path).map(|_| ()).expect_err("must be refused");
        assert!(matches!(error, ModelFileError::UnsupportedLayer { .. }), "{error}");
        assert!(error.to_string().contains(other), "{error}");
    }
}

proptest! {
    /// Any damage to a file is read as some network or refused, without a panic or an absurd allocation.
    #[test]
    fn damaged_files_never_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
        cut in proptest::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut bytes = fs::read(folder().join("network.nir")).expect("readable");
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        if let Some(length) = cut {
            bytes.truncate(length.index(bytes.len()));
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("model.nir");
        fs::write(&path, bytes).expect("written");
        let _ = model_file::read(&path);
    }
}
