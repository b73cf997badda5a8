//! `ann experiment` as a user meets it: every experiment in its small version.

#![allow(clippy::unwrap_used, clippy::print_stderr)] // A failure is a failed test, a skipped one says so.

mod command;

use command::{failure, json, program, root};
use serde_json::Value;

/// The document of a small version, with further flags.
fn quick(name: &str, flags: &[&str]) -> Value {
    json(program("ann").args(["experiment", name, "--quick"]).args(flags))
}

/// The rows of the table of a measure.
fn rows<'a>(document: &'a Value, name: &str) -> &'a Vec<Value> {
    document["records"][name].as_array().unwrap_or_else(|| panic!("{name} in {document}"))
}

fn number(row: &Value, key: &str) -> f64 {
    row[key].as_f64().unwrap_or_else(|| panic!("{key} in {row}"))
}

/// The row of a condition.
fn row<'a>(document: &'a Value, name: &str, condition: &str) -> &'a Value {
    let found = rows(document, name).iter().find(|row| row["condition"] == condition);
    found.unwrap_or_else(|| panic!("{condition} in {document}"))
}

/// The structure that all experiments share: complete, a row for each condition, and numbers within their intervals.
fn check(document: &Value, name: &str, runs: usize) {
    assert_eq!(document["name"], name);
    assert_eq!(document["complete"], true);
    let conditions = document["conditions"].as_array().unwrap();
    assert!(conditions.len() >= 2, "{document}");
    for condition in conditions {
        assert_eq!(condition["runs"].as_array().unwrap().len(), runs);
    }
    for (name, rows) in document["records"].as_object().unwrap() {
        let rows = rows.as_array().unwrap();
        // Tables by epoch have as many rows as were published.
        assert!(rows.len() == conditions.len() || name.ends_with("-by-epoch"), "{name}");
        for row in rows {
            if let (Some(low), Some(value), Some(high)) =
                (row["ours_low"].as_f64(), row["ours"].as_f64(), row["ours_high"].as_f64())
            {
                assert!(low <= value && value <= high, "{row}");
            }
        }
    }
    for answer in document["answers"].as_array().unwrap() {
        assert!(answer["text"].as_str().unwrap().ends_with('.'), "{answer}");
        assert!(answer["holds"].is_boolean() || answer["holds"].is_null());
    }
}

/// Accuracies (%) above guessing, which gets 10 %: more than five standard errors of 500 images.
const MORE_THAN_GUESSING: f64 = 20.0;

#[test]
fn radical_roots_in_multilayer_networks() {
    let document = quick("rru-mlp", &[]);
    check(&document, "rru-mlp", 2);
    // Plain descent at 0.01 moves eight layers of ReLU little in 128 steps; slopes of three move them more (Bhumbra 2018).
    let loss = |name: &str| number(row(&document, "rru-mlp-train-loss", name), "ours");
    assert!(loss("8 layers RRU") < loss("8 layers ReLU"), "{document}");
    assert!(
        document["answers"]
            .as_array()
            .unwrap()
            .iter()
            .any(|answer| answer["text"].as_str().unwrap().contains("times as many epochs"))
    );
}

#[test]
fn radical_roots_in_an_auto_encoder() {
    let document = quick("rru-autoencoder", &[]);
    check(&document, "rru-autoencoder", 2);
    let errors = "rru-autoencoder-square-error";
    let error = |name: &str| number(row(&document, errors, name), "ours");
    // Outputs of 1/2 everywhere would err by about 0.23, the mean image by 0.067. At the learning rate of the paper ReLU and
    // ELU have not come far after 320 steps: the order is the published one (Bhumbra 2018).
    assert!(error("RRU") < error("ELU") && error("ELU") < error("ReLU"), "{document}");
    for row in rows(&document, errors).iter().filter(|row| row["condition"] != "ReLU" && row["condition"] != "ELU") {
        assert!(number(row, "ours") < 0.12, "{row}");
    }
}

#[test]
fn radical_roots_in_lenet() {
    let document = quick("rru-lenet", &["--only", "RRU,ReLU,ELU"]);
    check(&document, "rru-lenet", 1);
    // Five steps of Adam; the cross-entropy of guessing is ln 10.
    assert!(number(row(&document, "rru-lenet-train-loss", "ELU"), "ours") < 10.0_f64.ln(), "{document}");
    assert_eq!(row(&document, "rru-lenet-test-error-percent", "ELU")["reference"], "RRU");
}

#[test]
fn convolutional_networks_of_noisy_softplus() {
    let document = quick("nsp-convnet", &[]);
    check(&document, "nsp-convnet", 1);
    let test = "nsp-convnet-test-accuracy-percent";
    // As printed: 97.03 % of spiking neurons and a loss of 0.74 points.
    assert_eq!(number(row(&document, test, "Noisy Softplus 2016"), "published"), 97.77);
    // One epoch more, on the network of another condition.
    let tuned =
        document["conditions"].as_array().unwrap().iter().find(|one| one["name"] == "ReLU fine-tuned 2017").unwrap();
    assert_eq!(
        (&tuned["epochs"], &row(&document, test, "ReLU fine-tuned 2017")["reference"]),
        (&1.into(), &"ReLU 2017".into())
    );
    for row in rows(&document, test) {
        let name = row["condition"].as_str().unwrap();
        // Softplus of zero is 0.69 everywhere: it needs more than a few steps.
        if !name.starts_with("Softplus") {
            assert!(number(row, "ours") > MORE_THAN_GUESSING, "{row}");
        }
    }
}

#[test]
fn mixed_units_on_digits() {
    let document = quick("mixlu-mnist", &[]);
    check(&document, "mixlu-mnist", 1);
    let train = "mixlu-mnist-train-error-percent";
    let error = |name: &str| number(row(&document, train, name), "ours");
    // 54 % of the training images at worst, five standard errors below guessing.
    assert!(
        ["ReLU", "redrawn-gated 10 %", "redrawn 10 %", "fixed 10 %"].map(error).iter().all(|&error| error < 54.0),
        "{document}"
    );
    // The same seeds and units: only the mixture and its gradient tell them apart.
    assert!(error("redrawn 10 %") != error("fixed 10 %"), "{document}");
    assert!(error("redrawn 10 %") != error("redrawn-gated 10 %"), "{document}");
    assert_eq!(number(row(&document, train, "redrawn-gated 10 %"), "published"), 90.13);
    // Three epochs, and no condition of one percent: three of the published eighteen numbers, the last of which is that of the end.
    let course = rows(&document, "mixlu-mnist-test-error-percent-by-epoch");
    let published: Vec<f64> = course.iter().map(|row| number(row, "published")).collect();
    assert_eq!(published, [2.07, 1.54, 1.46]);
    assert_eq!(course[2]["ours"], row(&document, "mixlu-mnist-test-error-percent", "ReLU")["ours"]);
}

/// Skipped where there is no CIFAR-10 beside the checkout.
#[test]
fn mixed_units_on_colours() {
    let data = root().join("../shared/data/cifar10-jpeg");
    if !data.is_dir() {
        eprintln!("skipped: {} is not here", data.display());
        return;
    }
    let document = quick("mixlu-cifar", &["--data-dir", data.to_str().unwrap()]);
    check(&document, "mixlu-cifar", 1);
    assert_eq!(document["data"], "cifar10");
}

#[test]
fn least_and_greatest_of_two() {
    let document = quick("min-maxout", &[]);
    check(&document, "min-maxout", 1);
    assert!(rows(&document, "min-maxout-test-error-percent").iter().all(|row| row["published"].is_null()));
}

#[test]
fn learned_slopes() {
    let document = quick("convact", &[]);
    check(&document, "convact", 1);
    assert_eq!(row(&document, "convact-test-loss", "Maxout")["reference"], "ReLU");
}

#[test]
fn averages_in_connected_layers() {
    let document = quick("cwa-fcn", &[]);
    check(&document, "cwa-fcn", 1);
    let test = "cwa-fcn-test-accuracy-percent";
    assert!(number(row(&document, test, "CWA"), "ours") > MORE_THAN_GUESSING, "{document}");
    // Within so few steps the published learning rate moves next to nothing.
    assert!(number(row(&document, test, "CWA at rate 1e-5"), "ours") < number(row(&document, test, "CWA"), "ours"));
    assert_eq!(number(row(&document, test, "CWA"), "published"), 98.65);
}

#[test]
fn threads_do_not_change_the_result_and_files_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let table = |threads: &str, more: &[&str]| {
        let flags = ["experiment", "cwa-fcn", "--quick", "--only", "affine", "--images", "300", "--threads", threads];
        let output = program("ann").args(flags).args(more).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let one = table("1", &["-o", folder.path().to_str().unwrap()]);
    assert!(one.contains("Wilson"), "{one}");
    assert_eq!(one, table("2", &[]));
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    assert!(read("cwa-fcn.png").starts_with(b"\x89PNG"));
    let epochs = String::from_utf8(read("cwa-fcn-epochs.csv")).unwrap();
    let lines: Vec<&str> = epochs.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines.len(), 7, "six epochs of one run: {epochs}");
    let document: Value = serde_json::from_slice(&read("cwa-fcn.json")).unwrap();
    assert_eq!(document["training_images"], 300);
}

/// A network is trained on where another condition left it, which comes along when only the later one is asked for.
#[test]
fn fine_tuning_brings_along_what_it_begins_with() {
    let document = quick("nsp-convnet", &["--only", "ReLU fine-tuned"]);
    check(&document, "nsp-convnet", 1);
    let names: Vec<&str> =
        document["conditions"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["ReLU 2017", "ReLU fine-tuned 2017"]);
    let accuracies = ["ReLU 2017", "ReLU fine-tuned 2017"]
        .map(|name| number(row(&document, "nsp-convnet-train-accuracy-percent", name), "ours"));
    // A network drawn anew would be guessing in its first twenty steps.
    assert!(accuracies[1] > MORE_THAN_GUESSING, "{accuracies:?}");
}

#[test]
fn impossible_flags_are_refused() {
    let refused = |flags: &[&str]| failure(program("ann").arg("experiment").args(flags), 1);
    assert!(refused(&["cwa-fcn", "--seeds", "0"]).contains("--seeds"));
    assert!(refused(&["cwa-fcn", "--epochs", "0"]).contains("--epochs"));
    let message = refused(&["rru-mlp", "--quick", "--only", "9 layers"]);
    assert!(message.contains("8 layers RRU"), "{message}");
    let message = refused(&["mixlu-mnist", "--data", "cifar10"]);
    assert!(message.contains("published on mnist"), "{message}");
    failure(program("ann").args(["experiment", "rru"]), 2);
}
