//! The rules of docs/ARCHITECTURE.md that a machine can keep.

#![allow(clippy::unwrap_used)] // A failure here is a failed test.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Which workspace crates each crate may use.
const ARROWS: [(&str, &[&str]); 5] = [
    ("sim", &[]),
    ("data", &[]),
    ("ann", &["sim"]),
    ("convert", &["ann", "sim"]),
    ("bin", &["ann", "convert", "data", "sim"]),
];

/// Libraries with one home: the only files that may name them.
const HOMES: [(&str, &[&str]); 30] = [
    (
        "pulp",
        &[
            "sim/src/population/",
            "sim/src/grid/cells.rs",
            "sim/src/noise.rs",
            "ann/src/activation.rs",
            "ann/src/layer/",
        ],
    ),
    ("pxfm", &["sim/src/theory/quadrature.rs"]),
    ("twofloat", &["bin/src/verify/random/series.rs"]),
    (
        "rand_philox",
        &["sim/src/random.rs", "sim/src/noise.rs", "sim/src/population/poisson/tests.rs", "ann/src/random.rs"],
    ),
    ("rand", &["sim/src/random.rs", "ann/src/random.rs"]),
    ("rand_distr", &["sim/src/random.rs", "ann/src/random.rs"]),
    ("gemm", &["ann/src/matrix.rs"]),
    ("hdf5_reader", &["ann/src/keras/hdf5_file.rs", "bin/tests/simulate.rs", "bin/tests/export.rs"]),
    ("hdf5_writer", &["ann/src/keras/hdf5_file.rs", "bin/src/sonata.rs", "bin/src/convert/export/nir_file.rs"]),
    (
        "toml",
        &[
            "bin/src/convert/energy.rs",
            "bin/src/simulate/description.rs",
            "bin/src/neuron_arguments.rs",
            "bin/src/ann_commands/model_file.rs",
        ],
    ),
    ("flate2", &["data/src/idx.rs", "data/src/archive.rs", "data/tests/cifar10.rs"]),
    ("lzma_rust2", &["data/src/archive.rs", "data/tests/cifar10.rs"]),
    ("tar", &["data/src/archive.rs", "data/tests/cifar10.rs"]),
    ("zune_jpeg", &["data/src/cifar10.rs", "data/src/error.rs"]),
    ("prost", &["ann/src/onnx/message.rs"]),
    ("half", &["ann/src/onnx/constant.rs"]),
    ("statrs", &["convert/src/statistics.rs"]),
    ("plotters", &["bin/src/figure/"]),
    ("png", &["bin/src/figure/"]),
    ("comfy_table", &["bin/src/table.rs"]),
    ("npyz", &["bin/src/npy.rs", "bin/src/archive.rs", "bin/tests/simulate.rs"]),
    (
        "nalgebra",
        &[
            "sim/src/theory/stationary.rs",
            "sim/src/theory/fast_slow.rs",
            "sim/src/theory/fit.rs",
            "convert/src/calibration.rs",
            "ann/src/preprocessing/whitening.rs",
        ],
    ),
    ("anyhow", &["bin/"]),
    ("clap", &["bin/"]),
    ("indicatif", &["bin/src/run.rs"]),
    ("zip", &["ann/src/keras/archive.rs", "bin/src/archive.rs", "bin/src/npz.rs", "bin/tests/simulate.rs"]),
    ("crc32fast", &["bin/src/convert/mod.rs"]),
    ("cpu_time", &["bin/src/bench/resources.rs"]),
    ("ctrlc", &["bin/src/run.rs"]),
    // Model files are written by the crate that knows them, results by the programs; tests make folders of their own.
    (
        "tempfile",
        &[
            "ann/src/keras/writer.rs",
            "ann/src/keras/reader/tests.rs",
            "ann/src/onnx/constant.rs",
            "bin/src/output.rs",
            "bin/src/neuron_arguments.rs",
            "bin/src/convert/energy.rs",
            "bin/src/image_files.rs",
            "bin/tests/",
            "ann/tests/",
            "data/tests/",
        ],
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every source file of the workspace, by its path from the root, with its text.
fn sources() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for (name, _) in ARROWS {
        for part in ["src", "tests", "benches"] {
            let folder = root().join(name).join(part);
            if folder.is_dir() {
                rust_files(&folder, &mut files);
            }
        }
    }
    let relative = |path: &Path| {
        let text = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        text.replace('\\', "/")
    };
    files.iter().map(|path| (relative(path), fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn crates_point_one_way() {
    for (name, allowed) in ARROWS {
        let manifest = fs::read_to_string(root().join(name).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let used: BTreeSet<&str> = manifest["dependencies"].as_table().unwrap().keys().map(String::as_str).collect();
        for (other, _) in ARROWS {
            assert!(!used.contains(other) || allowed.contains(&other), "{name} must not use {other}");
        }
    }
}

#[test]
fn ann_takes_only_theory_its_neuron_and_units_from_sim() {
    for (path, text) in sources().iter().filter(|(path, _)| path.starts_with("ann/src/")) {
        for (number, line) in text.lines().enumerate().filter(|(_, line)| line.contains("sim::")) {
            let allowed = ["sim::theory", "sim::IfCurrExp", "sim::ParameterError", "sim::MS_PER_S"]
                .iter()
                .any(|name| line.contains(name));
            assert!(allowed, "{path}:{}: {line}", number + 1);
        }
    }
}

#[test]
fn libraries_have_one_home() {
    for (library, homes) in HOMES {
        let mentions = [format!("{library}::"), format!("use {library};")];
        let mut seen = false;
        for (path, text) in sources() {
            if path.ends_with("architecture.rs") {
                continue;
            }
            let named = text.lines().any(|line| {
                mentions.iter().any(|mention| {
                    line.match_indices(mention.as_str()).any(|(at, _)| {
                        // Not the tail of a longer name or path.
                        !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
                    })
                })
            });
            if named {
                seen = true;
                assert!(
                    homes.iter().any(|home| path.starts_with(home)),
                    "{path} names {library}, whose home is {homes:?}"
                );
            }
        }
        assert!(seen, "nothing names {library} any more");
    }
}

#[test]
fn files_open_with_what_they_are() {
    for (path, text) in sources() {
        assert!(text.starts_with("//! "), "{path} does not open with a //! line");
    }
}

#[test]
fn libraries_do_not_print_or_look_around() {
    for (path, text) in sources() {
        let library = ["sim/src/", "data/src/", "ann/src/", "convert/src/"].iter().any(|home| path.starts_with(home));
        if !library {
            continue;
        }
        for forbidden in
            ["println!", "eprintln!", "process::exit", "Instant::now", "SystemTime", "env::var", "current_dir"]
        {
            assert!(!text.contains(forbidden), "{path} contains {forbidden}");
        }
    }
}
