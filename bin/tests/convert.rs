//! `convert` as a user meets it: integrate-and-fire neurons, the doctor, comparisons, models from elsewhere.

#![allow(clippy::unwrap_used, clippy::print_stderr)] // A failure is a failed test, a skipped one says so.

mod command;

use command::{failure, json, program, root};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

const RELU: &str = "models/paper-relu.h5";

fn number(document: &Value, key: &str) -> f64 {
    document[key].as_f64().unwrap_or_else(|| panic!("{key} in {document}"))
}

fn without_timing(mut document: Value) -> Value {
    for timing in ["seconds", "images_per_second", "synaptic_events_per_second", "provenance"] {
        document.as_object_mut().unwrap().remove(timing).unwrap();
    }
    document
}

#[test]
fn integrate_and_fire_neurons_come_to_the_trained_network() {
    let run = |threads: &str| {
        let flags = [RELU, "--run-mnist", "--neuron", "if", "--images", "200", "--threads", threads];
        without_timing(json(program("convert").args(flags)))
    };
    let document = run("1");
    assert_eq!(document, run("2"));
    assert_eq!(document["latency"]["ms"].as_array().unwrap().len(), 64);
    // Counts of 64 steps are activations to a hundredth of the threshold: on 200 images hardly one decision changes.
    assert!(number(&document, "agreement") >= 0.99, "{document}");
    // Constant input is no spikes; every population fires.
    assert_eq!(document["input_spikes_per_image"], 0.0);
    let layers = document["spikes_per_image_and_layer"].as_array().unwrap();
    assert!(layers[..4].iter().all(|spikes| spikes.as_f64().unwrap() > 100.0), "{layers:?}");
}

#[test]
fn the_doctor_tells_a_good_conversion_from_a_bad_one() {
    let examine = |flags: &[&str]| {
        json(program("convert").args(["doctor", RELU, "--look-at", "5", "--duration", "400"]).args(flags))
    };
    let good = examine(&[]);
    let layers = good["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 4);
    assert!(layers.iter().all(|layer| number(layer, "correlation") > 0.9), "{good}");
    for layer in layers {
        // Contributions add up to the error; the parts do so neuron by neuron, so that no root mean square exceeds the sum of the others.
        let sum = |name: &str| layer[name].as_object().unwrap().values().map(|hz| hz.as_f64().unwrap()).sum::<f64>();
        let error = number(layer, "error_hz");
        assert!((sum("error_budget_hz") - error).abs() < 1e-9 * error, "{layer}");
        assert!(error <= sum("error_parts_hz"), "{layer}");
    }
    // Rates of a hertz cannot be told apart in 400 ms.
    let bad = examine(&["--hidden-rate", "2", "--tuning", "0"]);
    assert_eq!(bad["first_lost"], 0);
    assert!(bad["diagnosis"].as_str().unwrap().contains("Population 1 (Conv2D, trained layer 0)"), "{bad}");
}

#[test]
fn a_run_near_chance_fails_with_a_diagnosis() {
    let flags = [RELU, "--run-mnist", "--images", "30", "--duration", "50", "--hidden-rate", "1", "--tuning", "0"];
    let message = failure(program("convert").args(flags), 1);
    assert!(message.contains("little better than chance"), "{message}");
    assert!(message.contains("Population 1 (Conv2D, trained layer 0) loses"), "{message}");
}

#[test]
fn comparisons_are_paired() {
    let folder = tempfile::tempdir().unwrap();
    let steps = format!("{RELU} --neuron if --duration 3");
    let flags = ["compare", RELU, &steps, "--", "--run-mnist", "--images", "60", "--duration", "200", "-o"];
    // The second entry has a duration of its own.
    let refused = failure(program("convert").args(flags).arg(folder.path()), 1);
    assert!(refused.contains("cannot be used multiple times"), "{refused}");

    let steps = format!("{RELU} --neuron if --percentile 100");
    let flags = ["compare", RELU, &steps, "--", "--run-mnist", "--images", "60", "--duration", "200", "-o"];
    let document = json(program("convert").args(flags).arg(folder.path()));
    let models = document["models"].as_array().unwrap();
    let pair = &document["pairs"][0];
    let difference = 100.0 * (number(&models[0], "snn_accuracy") - number(&models[1], "snn_accuracy"));
    assert!((number(pair, "snn_accuracy_difference_pp") - difference).abs() < 1e-9, "{document}");
    // One trained network: what the accuracies differ by is what the losses differ by, with the other sign.
    assert!((number(pair, "conversion_loss_difference_pp") + difference).abs() < 1e-9, "{document}");
    for file in ["comparison.json", "comparison.csv", "comparison.svg", "comparison.png"] {
        assert!(folder.path().join(file).is_file(), "{file}");
    }

    let other = format!("{RELU} --images 10");
    let message = failure(program("convert").args(["compare", RELU, &other, "--", "--run-mnist"]), 1);
    assert!(message.contains("compare on the same images"), "{message}");
    let message = failure(program("convert").args(["compare", RELU, RELU]), 1);
    assert!(message.contains("choose the images"), "{message}");
}

/// A browser that can run without a screen: that of $LIF_BROWSER, or one on the path.
fn browser() -> Option<String> {
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"].map(str::to_owned);
    let candidates = std::env::var("LIF_BROWSER").into_iter().chain(names);
    let runs = |name: &String| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
    candidates.into_iter().find(runs)
}

/// What a browser makes of the page, with all that its scripts and parser may have changed.
#[test]
fn a_browser_shows_the_page() {
    let Some(browser) = browser() else {
        eprintln!("skipped: there is no Chromium on the path; name one in LIF_BROWSER");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let flags =
        [RELU, "--run-mnist", "--images", "20", "--duration", "100", "--tuning", "0", "--energy", "loihi", "-o"];
    json(program("convert").args(flags).arg(folder.path()));
    let page = folder.path().join("report.html");
    let profile = format!("--user-data-dir={}", folder.path().join("profile").display());
    let shot = folder.path().join("page.png");
    let mut shown = Command::new(browser);
    shown.args(["--headless", "--no-sandbox", "--disable-gpu", "--window-size=1000,2000", &profile, "--dump-dom"]);
    let output =
        shown.arg(format!("--screenshot={}", shot.display())).arg(format!("file://{}", page.display())).output();
    let output = output.unwrap();
    let document = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // Latency, confusion, budget, rates and raster; each of them a drawing that the parser has closed where it ends.
    assert_eq!(document.matches("<figure>").count(), 5, "{document}");
    assert_eq!(
        document.matches("</svg></figure>").count()
            + document.matches("</svg>\n<figcaption>").count()
            + document.matches("</svg><figcaption>").count(),
        5
    );
    for words in ["Conversion loss", "Energy", "Each layer tells", "Spikes on the first image"] {
        assert!(document.contains(words), "{words}");
    }
    // It draws more than an empty page of a thousand by two thousand pixels.
    assert!(std::fs::metadata(&shot).unwrap().len() > 50_000);
}

#[test]
fn the_page_needs_no_other_file() {
    let folder = tempfile::tempdir().unwrap();
    let flags = [RELU, "--run-mnist", "--neuron", "if", "--images", "50", "-o"];
    json(program("convert").args(flags).arg(folder.path()));
    let page = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert_eq!(page.matches("<svg").count(), 2);
    assert!(page.contains("Conversion loss") && page.contains("</html>"));
    // Nothing is loaded: the only addresses are the names of the name space of SVG.
    assert!(!page.contains("src=") && !page.contains("href="));
    assert_eq!(page.matches("http").count(), page.matches("http://www.w3.org/2000/svg").count());
    let confusion = std::fs::read_to_string(folder.path().join("confusion.csv")).unwrap();
    let counts = confusion.lines().skip(3).flat_map(|line| line.split(',').skip(1)).map(|n| n.parse::<u64>().unwrap());
    assert_eq!(counts.sum::<u64>(), 50);
}

/// Lines of a file of outcomes, without the time that the run took.
fn outcomes(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join("outcomes.jsonl")).unwrap();
    text.lines().filter(|line| !line.starts_with("{\"seconds\"")).map(str::to_owned).collect()
}

#[test]
fn shards_and_interrupted_runs_end_like_whole_ones() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let run = |name: &str, flags: &[&str]| {
        let common = [RELU, "--run-mnist", "--images", "31", "--duration", "100", "--tuning", "3", "-o"];
        let mut command = program("convert");
        command.args(common).arg(path(name)).args(flags);
        command
    };
    let whole = json(&mut run("whole", &[]));
    let parts = [json(&mut run("one", &["--shard", "1/2"])), json(&mut run("two", &["--shard", "2/2"]))];
    assert_eq!(parts.map(|part| number(&part, "images")), [15.0, 16.0]);
    let merged = json(program("convert").arg("merge").arg(path("two")).arg(path("one")).arg("-o").arg(path("merged")));
    assert_eq!(outcomes(&path("merged")), outcomes(&path("whole")));
    assert_eq!(without_timing(merged), without_timing(whole.clone()));
    // One shard's folder is not another's.
    let other = failure(&mut run("one", &["--shard", "2/2", "--resume"]), 1);
    assert!(other.contains("it is of images 0 to 15, this run of images 15 to 31"), "{other}");
    let missing = failure(program("convert").arg("merge").arg(path("one")), 1);
    assert!(missing.contains("15 of 31 images"), "{missing}");
    let twice = failure(program("convert").arg("merge").arg(path("one")).arg(path("one")), 1);
    assert!(twice.contains("image 0 is in more than one"), "{twice}");

    // A run that was cut off in the middle of a line.
    std::fs::create_dir(path("cut")).unwrap();
    let lines = outcomes(&path("whole"));
    std::fs::write(path("cut").join("outcomes.part.jsonl"), lines[..9].join("\n") + "\n{\"image\":{\"ima").unwrap();
    assert!(failure(&mut run("cut", &[]), 1).contains("go on with --resume"));
    let other = failure(&mut run("cut", &["--resume", "--seed", "2"]), 1);
    assert!(other.contains("the seed is 1 there, 2 here"), "{other}");
    let other = failure(&mut run("cut", &["--resume", "--encoding", "regular"]), 1);
    assert!(other.contains("encoding is \"poisson\" there, \"regular\" here"), "{other}");
    let file = path("neuron.toml");
    std::fs::write(&file, "tau_refrac = 2.0\n").unwrap();
    let other = failure(run("cut", &["--resume", "--params"]).arg(&file), 1);
    assert!(other.contains("neuron is {") && other.contains("\"tau_refrac\":2.0"), "{other}");
    let resumed = json(&mut run("cut", &["--resume"]));
    assert_eq!(without_timing(resumed), without_timing(whole));
    assert_eq!(outcomes(&path("cut")), lines);
    assert!(!path("cut").join("outcomes.part.jsonl").exists());

    // What is no file of outcomes.
    for (text, wanted) in [
        ("", "expected the settings"),
        ("{}", "line 1"),
        (&lines[1], "expected the settings"),
        (&format!("{}\n{}", lines[0], lines[1].replace("\"label\":7", "\"label\":99")), "class 99 of 10"),
        (&format!("{}\n{}", lines[0], lines[1].replace("\"image\":0", "\"image\":31")), "image 31 is none of images"),
        (&format!("{}\n{}\n{}", lines[0], lines[1], lines[1]), "image 0 is there twice"),
        (&format!("{}\n{{\"seconds\":-1.0}}", lines[0]), "seconds of zero or more"),
        (
            &format!("{}\n{}", lines[0], lines[1].replace("\"synaptic_events\":", "\"synaptic_events\":99999999999")),
            "events are more",
        ),
        (&lines[0].replace("\"latencies\":[10.0,", "\"latencies\":[-10.0,"), "positive ascending presentation times"),
        (&lines[0].replace("\"classes\":10", "\"classes\":0"), "0 classes"),
    ] {
        std::fs::write(path("one").join("outcomes.jsonl"), text).unwrap();
        let message = failure(program("convert").arg("merge").arg(path("one")), 1);
        assert!(message.contains(wanted), "{message}");
    }
}

/// A run that is stopped keeps what is done, and is not begun again by mistake.
#[cfg(unix)]
#[test]
fn an_interrupted_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let flags = [RELU, "--run-mnist", "--images", "4000", "--duration", "300", "--tuning", "0", "--threads", "1", "-o"];
    let mut run = program("convert");
    run.args(flags).arg(folder.path());
    let mut child = Command::new(run.get_program());
    child
        .args(run.get_args())
        .current_dir(root())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    let mut child = child.spawn().unwrap();
    let part = folder.path().join("outcomes.part.jsonl");
    let done = || std::fs::read_to_string(&part).map_or(0, |text| text.matches("{\"image\":{").count());
    while done() < 20 {
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert!(child.try_wait().unwrap().is_none(), "the run has ended before it could be stopped");
    }
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let kept = done();
    let document = std::fs::read_to_string(folder.path().join("conversion.json")).unwrap();
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["complete"], false);
    assert_eq!(number(&document, "images"), kept as f64);
    assert!(failure(&mut run, 1).contains("go on with --resume"));
    assert_eq!(done(), kept);
}

#[test]
fn images_of_ones_own_are_run_like_those_with_a_name() {
    let run = |flags: &[&str]| {
        let common = [RELU, "--images", "20", "--duration", "100", "--tuning", "0", "--encoding", "constant"];
        without_timing(json(program("convert").args(common).args(flags)))
    };
    let named = run(&["--run-mnist"]);
    assert_eq!(named["input_spikes_per_image"], 0.0);
    assert_eq!(run(&["--data", "data/mnist"]), named);
    let both = program("convert").args([RELU, "--run-mnist", "--data", "data/mnist"]).output().unwrap();
    assert_eq!(both.status.code(), Some(2));
}

#[test]
fn every_read_out_decides() {
    let run = |read_out: &str, neuron: &str| {
        let flags =
            [RELU, "--run-mnist", "--images", "40", "--calibration", "50", "--read-out", read_out, "--neuron", neuron];
        json(program("convert").args(flags))
    };
    for neuron in ["lif", "if"] {
        let [count, potential, first] = ["count", "potential", "first-spike"].map(|read_out| run(read_out, neuron));
        assert!(number(&count, "agreement") >= 0.95 && number(&potential, "agreement") >= 0.95);
        // The first spike of all decides soon, and wrongly now and then, but far above chance.
        assert!((0.5..1.0).contains(&number(&first, "snn_accuracy")), "{first}");
        assert_eq!(number(&count, "spikes_per_image"), number(&first, "spikes_per_image"));
    }
}

#[test]
fn flags_without_effect_are_refused() {
    let noisy = "models/paper-noisy-softplus.h5";
    for (flags, wanted) in [
        (&[RELU, "--encoding", "constant", "--max-rate", "100"][..], "--max-rate has no meaning"),
        (&[noisy, "--hidden-rate", "100"], "--hidden-rate is for ReLU"),
        (&[noisy, "--normalise", "channel"], "--normalise is for ReLU"),
        (&[noisy, "--tuning", "20"], "--tuning is for ReLU"),
        (&[noisy, "--tau-syn", "10"], "--tau-syn is for ReLU"),
        (&[RELU, "--i-offset", "0.2"], "i_offset (--i-offset or --params) is for Noisy Softplus"),
        (&[RELU, "-o", "nowhere"], "-o needs images"),
        (&[RELU, "--energy", "loihi"], "--energy has no meaning"),
        (&["doctor", RELU, "--energy", "loihi"], "--energy has no meaning for the doctor"),
        (&["compare", RELU, noisy, "--", "--run-mnist", "--resume", "-o", "nowhere"], "--resume has no meaning"),
        (&[RELU, "--encoding", "regular", "--max-rate", "1e9"], "spikes"),
        (&[RELU, "--run-mnist", "--neuron", "if", "--images", "2", "--energy", "loihi"], "multiply_accumulate_pj"),
    ] {
        let message = failure(program("convert").args(flags), 1);
        assert!(message.contains(wanted), "{message}");
    }
    assert!(!root().join("nowhere").exists());
}

/// Outputs of Noisy Softplus have their own scale too.
#[test]
fn noisy_softplus_outputs_have_no_scale_to_choose() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.h5");
    let noisy = ann::ActivationChoice::NoisySoftplus(ann::NoisySoftplus::EVENT_DRIVEN_5_MS);
    let network = ann::model::Architecture::Paf { maps: [6, 12] }.build(ann::Shape::new(28, 28, 1), 10, noisy, 1);
    let provenance = ann::keras::Provenance {
        program: "test".to_owned(),
        version: String::new(),
        command_line: String::new(),
        seed: None,
        settings: Default::default(),
    };
    ann::keras::write(&path, &network.unwrap(), &provenance).unwrap();
    for flags in [["--output-rate", "50"], ["--percentile", "99"]] {
        let message = failure(program("convert").arg(&path).args(flags), 1);
        assert!(message.contains(&format!("{} is for ReLU", flags[0])), "{message}");
    }
}

#[test]
fn flags_of_leaky_neurons_are_refused_without_them() {
    for flag in [["--tuning", "5"], ["--hidden-rate", "100"], ["--encoding", "regular"], ["--delay", "2"]] {
        let message = failure(program("convert").args([RELU, "--neuron", "if"]).args(flag), 1);
        assert!(message.contains(flag[0]) && message.contains("needs --neuron lif"), "{message}");
    }
}

/// Keras' own networks with maxima, biases, normalisation and strides, never trained for conversion: integrate-and-fire neurons lose
/// little on any of them.
#[test]
fn models_of_keras_convert() {
    let folder = root().join("../shared/models");
    if !folder.exists() {
        return eprintln!("skipped: {} is not here", folder.display());
    }
    for (model, least) in
        [("a_paper_relu.h5", 0.97), ("b_lenet5_maxpool.h5", 0.97), ("q_tf_quickstart_logits.h5", 0.97)]
    {
        let flags = ["--run-mnist", "--neuron", "if", "--images", "100", "--duration", "64"];
        let document = json(program("convert").arg(folder.join(model)).args(flags));
        assert!(number(&document, "agreement") >= least, "{model}: {document}");
    }
    let flags = ["--run-mnist", "--neuron", "if", "--images", "10"];
    let message = failure(program("convert").arg(folder.join("f_paper_softplus.h5")).args(flags), 1);
    assert!(
        message.contains("layer 0 (Conv2D) has an activation that neurons which only sum do not have"),
        "{message}"
    );
    // A function whose constants are flags; of 16 images one may be lost.
    let noisy = folder.join("f_paper_noisy_softplus.h5");
    let message = failure(program("convert").arg(&noisy), 1);
    assert!(message.contains("--noisy-softplus K,SIGMA"), "{message}");
    let flags = ["--noisy-softplus", "0.3,0.45", "--run-mnist", "--images", "16", "--duration", "400"];
    let document = json(program("convert").arg(&noisy).args(flags));
    assert!(number(&document, "snn_accuracy") >= 0.9, "{document}");
    let message = failure(program("convert").arg(folder.join("a_paper_relu.weights.h5")), 1);
    assert!(message.contains("holds weights alone") && message.contains("--description FILE"), "{message}");
    // Four convolutions with batch normalisation as LIF neurons: near chance without correction by simulation.
    let normalised = folder.join("c_conv_bn_relu.h5");
    let flags = ["--run-mnist", "--images", "16", "--duration", "400"];
    let document = json(program("convert").arg(&normalised).args(flags));
    assert!(number(&document, "snn_accuracy") >= 0.6, "{document}");
    // Their channels differ in strength: on 2,000 images 88.9 % agree with one scale for a layer, 98.9 % with one for each channel.
    let flags = ["--run-mnist", "--neuron", "if", "--images", "100", "--normalise", "channel"];
    let document = json(program("convert").arg(&normalised).args(flags));
    assert!(number(&document, "agreement") >= 0.95, "{document}");
}
