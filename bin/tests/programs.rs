//! The programs as a user meets them: results, exit codes, messages.

#![allow(clippy::unwrap_used, clippy::print_stderr)] // A failure is a failed test, a skipped one says so.

mod command;

use command::{failure, json, program, root};
use serde_json::Value;
use std::path::PathBuf;

/// A file beside the checkout that tests may use but nothing that ships does; None, with a message, where it is absent.
fn shared(path: &str) -> Option<PathBuf> {
    let path = root().join("../shared").join(path);
    if path.exists() {
        Some(path)
    } else {
        eprintln!("skipped: {} is not here", path.display());
        None
    }
}

/// NEST 3.10, iaf_psc_exp_ps (off-grid spikes), noise redrawn every 1 ms, sigma 1 nA, 10 trials of 10 s:
/// (mean current without i_offset nA, rate Hz, standard error Hz).
const NEST: [(f64, f64, f64); 10] = [
    (-0.3, 1.63, 0.1174),
    (-0.2, 5.73, 0.2757),
    (-0.1, 12.75, 0.2574),
    (0.0, 25.41, 0.5718),
    (0.1, 39.76, 0.4983),
    (0.2, 57.47, 0.3933),
    (0.3, 75.17, 0.5991),
    (0.4, 92.44, 0.5708),
    (0.5, 111.32, 0.5379),
    (0.6, 129.62, 0.6458),
];

#[test]
fn response_agrees_with_nest() {
    let document = json(program("lif-sim").args(["response", "--sigma", "1.0", "--trials", "10"]));
    let points = document["points"].as_array().unwrap();
    assert_eq!(points.len(), 12);
    for (mean, rate, sem) in NEST {
        let point = points.iter().find(|point| point["mean_na"] == mean).unwrap();
        let (found, error) = (point["rate_hz"].as_f64().unwrap(), point["sem_hz"].as_f64().unwrap());
        // Four combined standard errors: with 10 points, about 1 false alarm in 40 seeds (t-distribution, 9 degrees).
        assert!((found - rate).abs() < 4.0 * error.hypot(sem), "{mean} nA: {found} +- {error}, NEST {rate} +- {sem}");
        assert_eq!(point["sigma_na"], 1.0);
        // Siegert is 10 to 20 % high at this noise interval; the first-order correction takes most of that away.
        if rate > 20.0 {
            let deviation = |theory: &str| point[theory].as_f64().unwrap() - rate;
            assert!(deviation("siegert_hz") > 0.1 * rate);
            assert!(deviation("corrected_hz").abs() < 0.25 * deviation("siegert_hz"), "{point}");
        }
    }
    // The authors' recorded rates for this source, over three sigmas, give k 0.1637 and S 216.5 Hz/nA with an RMSE of 3 Hz.
    let fit = &document["fit"];
    assert!((fit["k"].as_f64().unwrap() - 0.16).abs() < 0.02, "{fit}");
    assert!((fit["s_hz_per_na"].as_f64().unwrap() - 220.0).abs() < 10.0, "{fit}");
    assert!(fit["rmse_hz"].as_f64().unwrap() < 5.0, "{fit}");
}

#[test]
fn response_does_not_depend_on_threads_or_range() {
    let run = |threads: &str, from: &str| {
        let arguments = ["response", "--duration", "500", "--from", from, "--threads", threads, "--sigma", "0.5"];
        json(program("lif-sim").args(arguments).args(["--sigma", "1"]))["points"].clone()
    };
    let (one, two, part) = (run("1", "-0.5"), run("2", "-0.5"), run("2", "0.2"));
    assert_eq!(one, two);
    let rate = |points: &Value, i: usize| points[i]["rate_hz"].clone();
    assert_eq!(rate(&one, 7), rate(&part, 0));
}

#[test]
fn response_writes_its_files_and_table() {
    let folder = tempfile::tempdir().unwrap();
    let output = program("lif-sim")
        .args(["response", "--duration", "200", "--trials", "2", "--source", "poisson", "--tau-syn", "5", "-o"])
        .arg(folder.path().join("new"))
        .output()
        .unwrap();
    assert!(output.status.success());
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("Noisy Softplus fit: k = "), "{table}");
    assert!(table.contains("white noise of 3.1623 nA sqrt(ms)"), "{table}");
    let csv = std::fs::read_to_string(folder.path().join("new/response.csv")).unwrap();
    assert!(csv.starts_with("# lif-sim 0.1.0, seed 1\n"), "{csv}");
    assert_eq!(csv.lines().count(), 2 + 1 + 12);
    let png = std::fs::read(folder.path().join("new/response.png")).unwrap();
    assert_eq!(&png[1..4], b"PNG");
    assert!(std::fs::read_to_string(folder.path().join("new/response.svg")).unwrap().contains("Mean current (nA)"));
    let document = std::fs::read(folder.path().join("new/response.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&document).unwrap()["complete"], true);
}

#[test]
fn verify_accepts_the_reference_and_refuses_a_shifted_spike() {
    let case = |spike: &str| {
        format!(
            r#"{{"items": [{{"name": "const_0.3", "params": {{"cm": 0.25, "tau_m": 20.0, "tau_refrac": 1.0, "tau_syn_E": 5.0,
            "tau_syn_I": 5.0, "v_rest": -65.0, "v_reset": -65.0, "v_thresh": -50.0, "i_offset": 0.3}}, "events": [],
            "t_end_ms": 30.0, "v0_mV": -65.0, "spikes_ms": ["{spike}"]}}]}}"#
        )
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("case.json");
    // Closed form: 20 ln(24/9) ms.
    std::fs::write(&file, case("19.6165850602345247")).unwrap();
    let document = json(program("lif-sim").arg("verify").arg(&file));
    assert_eq!((&document["cases"], &document["count_mismatches"]), (&Value::from(1), &Value::from(0)));
    assert!(document["max_dt_ms"].as_f64().unwrap() < 1e-13);

    std::fs::write(&file, case("19.61658506")).unwrap();
    assert!(program("lif-sim").arg("verify").arg(&file).output().unwrap().status.success(), "within 1e-9 ms");
    std::fs::write(&file, case("19.616585")).unwrap();
    assert_eq!(program("lif-sim").arg("verify").arg(&file).output().unwrap().status.code(), Some(1));

    for (text, word) in [
        (case("40.0"), "outside 0 to 30"),
        (r#"{"cases": []}"#.to_owned(), "no cases"),
        (case("19.6").replace(r#""t_end_ms": 30.0"#, r#""t_end_ms": 1e300"#), "more than 1e10 steps"),
    ] {
        std::fs::write(&file, text).unwrap();
        let message = failure(program("lif-sim").arg("verify").arg(&file), 1);
        assert!(message.contains(word), "{message}");
    }
    std::fs::write(&file, "[1, 2]").unwrap();
    assert!(failure(program("lif-sim").arg("verify").arg(&file), 1).contains("expected \"cases\""));
}

#[test]
fn verify_passes_every_reference_case() {
    for (file, cases) in [
        ("reference/nest/conformance.json", 23),
        ("reference/science/lif_exp_examples.json", 9),
        ("reference/science/lif_alpha_delta_examples.json", 3),
        ("reference/science/stdp_examples.json", 3),
    ] {
        let Some(file) = shared(file) else { continue };
        let document = json(program("lif-sim").arg("verify").arg(file));
        assert_eq!((&document["cases"], &document["count_mismatches"]), (&Value::from(cases), &Value::from(0)));
        assert!(document["max_dt_ms"].as_f64().unwrap() < 1e-9, "{document}");
        assert!(document["max_dv_mv"].as_f64().unwrap() < 1e-9, "{document}");
        assert!(document["max_dw"].as_f64().unwrap() < 1e-12, "{document}");
    }
}

/// Some 200 of the networks that the full check runs by the thousand.
#[test]
fn random_networks_are_proved_and_do_not_depend_on_threads() {
    let arguments = ["verify", "--random", "200", "--seed", "7"];
    let mut document = json(program("lif-sim").args(arguments));
    assert_eq!((&document["networks"], &document["complete"]), (&Value::from(200), &Value::from(true)));
    assert!(document["spikes"].as_u64().unwrap() > 50_000, "{document}");
    for count in ["missed", "invented", "beyond_tolerance"] {
        assert_eq!(document[count], 0, "{document}");
    }
    // Rounding: some 1e-16 of potentials up to 1e5 mV, which the strongest weights would reach without threshold.
    assert!(document["max_off_threshold_mv"].as_f64().unwrap() < 1e-9, "{document}");
    assert!(document["max_dv_mv"].as_f64().unwrap() < 1e-9, "{document}");
    let mut again = json(program("lif-sim").args(arguments).args(["--threads", "1"]));
    for document in [&mut document, &mut again] {
        document["provenance"].take();
    }
    assert_eq!(document, again);
}

#[test]
fn random_networks_that_are_wrong_tell_how_to_repeat_them() {
    // No potential is right to 1e-30 mV.
    let output = program("lif-sim").args(["verify", "--random", "3", "--tolerance-v", "1e-30"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("again: lif-sim verify --random 1 --seed 1 --first "), "{table}");
    let both = failure(program("lif-sim").args(["verify", "--random", "3", "cases.json"]), 2);
    assert!(both.contains("cannot be used with"), "{both}");
}

#[test]
fn shipped_models_are_as_good_as_recorded() {
    // Recorded by the training that made them; another processor may round differently in the last place.
    for (model, correct) in [("noisy-softplus", 9889), ("relu", 9900), ("softplus", 9888)] {
        let document = json(program("ann").arg("evaluate").arg(format!("models/paper-{model}.h5")));
        let found = document["correct"].as_i64().unwrap();
        assert!((found - correct).abs() <= 2, "{model}: {found}");
        assert_eq!(document["images"], 10_000);
    }
}

#[test]
fn evaluate_writes_outputs_as_numpy_does() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("outputs.npy");
    let model = "models/paper-relu.h5";
    let arguments = ["evaluate", model, "--images", "5", "--outputs"];
    assert_eq!(json(program("ann").args(arguments).arg(&file))["correct"], 5);
    let bytes = std::fs::read(&file).unwrap();
    let values: Vec<f32> =
        bytes[bytes.len() - 200..].chunks(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    for (row, label) in values.chunks(10).zip([7, 2, 1, 0, 4]) {
        assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert!(row[label] > 0.5);
    }
}

#[test]
fn conversion_is_measured_and_does_not_depend_on_threads() {
    let folder = tempfile::tempdir().unwrap();
    let run = |threads: &str| {
        let arguments = ["models/paper-noisy-softplus.h5", "--run-mnist", "--images", "40", "--duration", "300"];
        json(program("convert").args(arguments).args(["--threads", threads, "-o"]).arg(folder.path()))
    };
    let (mut one, mut two) = (run("1"), run("2"));
    // With 40 images at 300 ms the spiking network may lose two of them; it loses 0.2 % on all 10,000.
    assert!(one["snn_accuracy"].as_f64().unwrap() >= 0.95, "{one}");
    let loss = 100.0 * (one["ann_accuracy"].as_f64().unwrap() - one["snn_accuracy"].as_f64().unwrap());
    assert!((one["conversion_loss_pp"].as_f64().unwrap() - loss).abs() < 1e-9);
    assert_eq!(one["latency"]["ms"].as_array().unwrap().len(), 12);
    assert_eq!(one["latency"]["accuracy"].as_array().unwrap().len(), 12);
    for document in [&mut one, &mut two] {
        assert!(document["seconds"].as_f64().unwrap() > 0.0);
        for timing in ["seconds", "images_per_second", "synaptic_events_per_second", "provenance"] {
            document.as_object_mut().unwrap().remove(timing).unwrap();
        }
    }
    assert_eq!(one, two);
    for file in ["conversion.json", "latency.csv", "latency.svg", "latency.png"] {
        assert!(folder.path().join(file).is_file(), "{file}");
    }
}

#[test]
fn every_activation_converts() {
    for (model, route) in [("relu", "normalised"), ("softplus", "normalised"), ("noisy-softplus", "physical")] {
        let document = json(program("convert").arg(format!("models/paper-{model}.h5")));
        assert_eq!(document["route"], route);
        assert_eq!(document["layers"].as_array().unwrap().len(), 5);
    }
}

#[test]
fn a_trained_model_can_be_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.h5");
    // A small data set in MNIST's format: blank images and images with a white upper half.
    let idx = |magic: u8, dimensions: &[u32], bytes: Vec<u8>| {
        let mut file = vec![0, 0, 8, magic];
        dimensions.iter().for_each(|d| file.extend(d.to_be_bytes()));
        file.extend(bytes);
        file
    };
    for part in ["train", "t10k"] {
        let images: Vec<u8> = (0..100).flat_map(|i| [vec![255 * (i % 2) as u8; 392], vec![9; 392]].concat()).collect();
        let labels = (0..100).map(|i| i % 2).collect();
        std::fs::write(folder.path().join(format!("{part}-images-idx3-ubyte")), idx(3, &[100, 28, 28], images))
            .unwrap();
        std::fs::write(folder.path().join(format!("{part}-labels-idx1-ubyte")), idx(1, &[100], labels)).unwrap();
    }
    let data = folder.path().to_str().unwrap();
    for activation in ["noisy-softplus", "relu", "softplus"] {
        let train = ["train", "--activation", activation, "--epochs", "25", "--decay", "1", "--data-dir", data, "-o"];
        let trained = json(program("ann").args(train).arg(&file));
        assert_eq!(trained["test_correct"], 100, "{activation}");
        let evaluate = ["evaluate", "--data-dir", data];
        assert_eq!(json(program("ann").args(evaluate).arg(&file))["correct"], 100);
    }
}

#[test]
fn bad_input_ends_with_one_clear_message() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.h5");
    std::fs::write(&text, "this is no model").unwrap();
    assert!(failure(program("convert").arg("missing.h5").arg("--run-mnist"), 1).contains("missing.h5"));
    assert!(failure(program("convert").arg(&text).arg("--run-mnist"), 1).contains("HDF5"));
    assert!(failure(program("ann").arg("evaluate").arg(&text), 1).contains("HDF5"));

    let model = "models/paper-relu.h5";
    let empty = folder.path().to_str().unwrap();
    let message = failure(program("convert").args([model, "--run-mnist", "--data-dir", empty]), 1);
    assert!(message.contains("train-images-idx3-ubyte"), "{message}");
    let images = std::fs::read(root().join("data/mnist/t10k-images-idx3-ubyte.gz")).unwrap();
    std::fs::write(folder.path().join("t10k-images-idx3-ubyte.gz"), &images[..images.len() / 2]).unwrap();
    let labels = root().join("data/mnist/t10k-labels-idx1-ubyte.gz");
    std::fs::copy(labels, folder.path().join("t10k-labels-idx1-ubyte.gz")).unwrap();
    let message = failure(program("ann").args(["evaluate", model, "--data-dir", empty]), 1);
    assert!(message.contains("t10k-images-idx3-ubyte.gz"), "{message}");

    for (flags, word) in [
        (["--tau-m", "-20"], "tau_m must be positive"),
        (["--sigma", "nan"], "sigma"),
        (["--sigma", "-1"], "sigma"),
        (["--v-reset", "-40"], "v_reset must lie below v_thresh"),
        (["--noise-dt", "0"], "dt must be positive"),
        (["--duration", "0"], "duration must be positive"),
        (["--trials", "0"], "--trials"),
        (["--trials", "1000000000000"], "--trials"),
        (["--step", "0"], "--step"),
        (["--step", "inf"], "--step"),
        (["--noise-dt", "1e-300"], "more than 1e10 steps"),
        (["--tau-syn-i", "1e-300"], "more than 1e10 steps"),
        (["--from", "nan"], "--from"),
    ] {
        let message = failure(program("lif-sim").arg("response").args(flags), 1);
        assert!(message.contains(word), "{flags:?}: {message}");
    }
    for (flags, word) in [
        (["--i-offset", "1e15", "--tau-refrac", "0"], "makes the neuron fire every"),
        (["--source", "poisson", "--weight", "1e-6"], "lower the rates"),
        (["--sigma", "1", "--sigma", "1"], "given twice"),
    ] {
        let message = failure(program("lif-sim").arg("response").args(flags), 1);
        assert!(message.contains(word), "{flags:?}: {message}");
    }
    for (name, arguments) in [
        ("lif-sim", vec!["response", "--sigma", "one"]),
        ("lif-sim", vec!["verify"]),
        ("ann", vec!["train", "--activation", "cosine", "-o", "x.h5"]),
        ("convert", vec![]),
        ("convert", vec![model, "--percentile", "0"]),
    ] {
        failure(program(name).args(&arguments), 2);
    }
    for flags in [
        ["--duration", "-1"],
        ["--max-rate", "nan"],
        ["--tau-syn-e", "7"],
        ["--tau-syn", "0"],
        ["--images", "0"],
        ["--delay", "-1"],
        ["--duration", "1e12"],
        ["--max-rate", "1e9"],
    ] {
        failure(program("convert").args([model, "--run-mnist"]).args(flags), 1);
    }
}

#[test]
fn hostile_models_are_refused() {
    for (file, word) in [
        ("lstm.h5", "LSTM"),
        ("truncated.h5", "truncated"),
        ("not_a_model.h5", "model_config"),
        ("rgb_32x32x3.h5", "32x32x3"),
        ("nan_weights.h5", "conv2d"),
        ("empty.h5", "HDF5"),
    ] {
        let Some(path) = shared(&format!("models/hostile/{file}")) else { continue };
        let message = failure(program("convert").arg(path).args(["--run-mnist", "--images", "1"]), 1);
        assert!(message.contains(word), "{file}: {message}");
    }
}
