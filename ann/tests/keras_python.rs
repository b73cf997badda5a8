//! Our files judged by Keras, and files of Keras by us; skipped unless KERAS_PYTHON names a Python that has Keras 3.

use std::fs;
use std::path::Path;
use std::process::Command;

use ann::keras::{self, Provenance, Supplement};
use ann::{
    ActivationChoice, ModelFileError, Network, NoisySoftplus, initialiser::Fans, initialiser::glorot_uniform, model,
};
use every_layer::{chain, graph, noisy, own_units};

mod every_layer;

fn floats(path: &Path) -> Vec<f32> {
    let bytes = fs::read(path).expect("readable");
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect()
}

/// Outputs as Keras computed them; both sum in `f32`, in different orders.
fn agrees(name: &str, network: &Network<f32>, folder: &Path) {
    let inputs = floats(&folder.join(name).with_extension("inputs"));
    let expected = floats(&folder.join(name).with_extension("outputs"));
    let found = network.forward(&inputs, inputs.len() / network.input().units());
    assert_eq!(found.len(), expected.len(), "{name}");
    let largest = expected.iter().fold(1.0_f32, |largest, value| largest.max(value.abs()));
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-5 * largest, "{name}: {found} {expected}");
    }
}

#[test]
fn keras_and_this_crate_agree_on_each_others_files() {
    let Some(python) = std::env::var_os("KERAS_PYTHON") else {
        eprintln!("skipped: KERAS_PYTHON is not set");
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let choice = ActivationChoice::NoisySoftplus(NoisySoftplus::EVENT_DRIVEN_5_MS);
    let ours = [
        ("paper", model::paper(choice, 3)),
        ("chain", chain()),
        ("graph", graph()),
        ("noisy", noisy()),
        ("own", own_units()),
    ];
    for (name, network) in &ours {
        let inputs: Vec<f32> =
            glorot_uniform(4 * network.input().units(), Fans { fan_in: 3, fan_out: 3, tensor: 0 }, 1.0, 2);
        let bytes: Vec<u8> = inputs.iter().flat_map(|value| value.abs().to_le_bytes()).collect();
        fs::write(folder.join(name).with_extension("inputs"), bytes).expect("written");
        keras::write(&folder.join(name).with_extension("h5"), network, &Provenance::default()).expect("written");
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keras_python.py");
    let output = Command::new(python).arg(script).arg(folder).env("CUDA_VISIBLE_DEVICES", "").output().expect("starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for (name, network) in &ours {
        agrees(name, network, folder);
    }
    for name in ["residual", "mobile", "nested", "reshaped", "matrix"] {
        let name = format!("keras_{name}");
        for extension in ["h5", "keras"] {
            let network = keras::read(&folder.join(&name).with_extension(extension)).expect("readable");
            agrees(&name, &network, folder);
        }
        let description = Some(folder.join(&name).with_extension("json"));
        let supplement = Supplement { description, ..Supplement::default() };
        let network = keras::read_with(&folder.join(&name).with_extension("weights.h5"), &supplement);
        agrees(&name, &network.expect("readable"), folder);
    }
    // Every prefix of an archive is refused, and so is one with a byte changed, unless its checksum forgives that.
    let bytes = fs::read(folder.join("keras_residual.keras")).expect("readable");
    let path = folder.join("damaged.keras");
    for length in (4..bytes.len()).step_by(1511) {
        fs::write(&path, &bytes[..length]).expect("written");
        let error = keras::read(&path).map(|_| ()).expect_err("must be refused");
        assert!(matches!(error, ModelFileError::DamagedArchive { .. }), "{length}: {error}");
        let mut changed = bytes.clone();
        changed[length] ^= 0xff;
        fs::write(&path, changed).expect("written");
        let _ = keras::read(&path);
    }
}
