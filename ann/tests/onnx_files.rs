//! ONNX files that PyTorch exported, held to what PyTorch computes with the same model.

use std::fs;
use std::path::{Path, PathBuf};

use ann::{ModelFileError, Shape, model_file, onnx};
use proptest::prelude::*;
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx")
}

/// The inputs of `tests/onnx/export.py`, with their channels last.
fn inputs(shape: Shape, samples: usize) -> Vec<f32> {
    let Shape { height, width, channels } = shape;
    let value = |index: usize| ((index * 40503) % 65536) as f32 / 65536.0;
    let mut inputs = Vec::new();
    for sample in 0..samples {
        for position in 0..height * width {
            inputs
                .extend((0..channels).map(|channel| value((sample * channels + channel) * height * width + position)));
        }
    }
    inputs
}

/// PyTorch 2.15, float32, `tests/onnx/export.py`: convolutions with groups, strides, dilations and padding; pools whose
/// padding counts and does not; batch normalisation, sums, concatenations; the units behind Flatten, reordered; the
/// files of both of its exporters.
#[test]
fn networks_compute_what_pytorch_does() {
    for name in ["lenet", "block", "mlp"] {
        let text = fs::read_to_string(folder().join(name).with_extension("json")).expect("outputs of PyTorch");
        let expected: Value = serde_json::from_str(&text).expect("JSON");
        let expected: Vec<f64> =
            expected["outputs"].as_array().expect("a list").iter().map(|value| value.as_f64().expect("f64")).collect();
        for flavour in ["", "_dynamo"] {
            let path = folder().join(format!("{name}{flavour}.onnx"));
            let network = onnx::read(&path).expect("readable");
            let outputs = network.forward(&inputs(network.input(), 2), 2);
            assert_eq!(outputs.len(), expected.len(), "{name}{flavour}");
            for (output, expected) in outputs.iter().zip(&expected) {
                // Both round to float32, in another order; outputs are of the order of 1 to 10.
                let tolerance = 1e-5 * expected.abs().max(1.0);
                assert!((f64::from(*output) - expected).abs() < tolerance, "{name}{flavour}: {output} {expected}");
            }
            assert_eq!(model_file::read(&path).expect("readable"), network);
        }
    }
}

#[test]
fn other_files_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let message = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("written");
        model_file::read(&path).map(|_| ()).expect_err("must be refused")
    };
    let onnx = fs::read(self::folder().join("mlp.onnx")).expect("readable");
    let unnamed = folder.path().join("model");
    fs::write(&unnamed, &onnx).expect("written");
    assert!(model_file::read(&unnamed).is_ok(), "ONNX is known without the ending of its name");

    assert!(matches!(message("cut.onnx", &onnx[..onnx.len() - 9]), ModelFileError::DamagedOnnx { .. }));
    assert!(matches!(message("empty.onnx", b""), ModelFileError::DamagedOnnx { .. }));
    let text = message("notes.txt", b"a text about a model").to_string();
    assert!(text.contains("notes.txt") && text.contains("text file") && text.contains("ONNX"), "{text}");
    let checkpoint = message("model.pt", b"PK\x03\x04\x00\x00 archive/data.pkl").to_string();
    assert!(checkpoint.contains("torch.onnx.export"), "{checkpoint}");
    assert!(matches!(message("model.keras", b"PK\x03\x04 no more"), ModelFileError::DamagedArchive { .. }));
    assert!(matches!(message("model.h5", b"a text"), ModelFileError::NotHdf5 { .. }));
    let nowhere = model_file::read(&folder.path().join("nowhere.onnx")).map(|_| ()).expect_err("must be refused");
    assert!(matches!(nowhere, ModelFileError::Io { .. }));
}

proptest! {
    /// Any damage to a file is read as some network or refused, without a panic or an absurd allocation.
    #[test]
    fn damaged_files_never_panic(
        which in 0_usize..4,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        cut in proptest::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let name = ["lenet.onnx", "block.onnx", "block_dynamo.onnx", "mlp.onnx"][which];
        let mut bytes = fs::read(folder().join(name)).expect("readable");
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        if let Some(length) = cut {
            bytes.truncate(length.index(bytes.len()));
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("model.onnx");
        fs::write(&path, bytes).expect("written");
        let _ = onnx::read(&path);
    }
}
