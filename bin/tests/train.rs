//! `ann train` as a user meets it: networks, checkpoints, files and messages.

#![allow(clippy::unwrap_used, clippy::print_stderr)] // A failure is a failed test, a skipped one says so.

mod command;

use command::{failure, json, program, root};
use std::path::Path;

/// A small data set in MNIST's format: blank images, and images with a white upper half.
fn halves(folder: &Path) {
    let idx = |dimensions: &[u32], bytes: Vec<u8>| {
        let mut file = vec![0, 0, 8, dimensions.len() as u8];
        dimensions.iter().for_each(|d| file.extend(d.to_be_bytes()));
        file.extend(bytes);
        file
    };
    for part in ["train", "t10k"] {
        let images: Vec<u8> = (0..60).flat_map(|i| [vec![255 * (i % 2) as u8; 392], vec![9; 392]].concat()).collect();
        let labels = (0..60).map(|i| i % 2).collect();
        std::fs::write(folder.join(format!("{part}-images-idx3-ubyte")), idx(&[60, 28, 28], images)).unwrap();
        std::fs::write(folder.join(format!("{part}-labels-idx1-ubyte")), idx(&[60], labels)).unwrap();
    }
}

/// Trains on these halves, with flags in one string.
fn trained(folder: &Path, model: &str, flags: &str) -> serde_json::Value {
    json(&mut train(folder, model, flags))
}

fn train(folder: &Path, model: &str, flags: &str) -> assert_cmd::Command {
    let mut command = program("ann");
    command.arg("train").arg("--data-dir").arg(folder).arg("-o").arg(folder.join(model));
    command.args(flags.split_whitespace());
    command
}

/// The weights and all else of a model file, as another evaluation sees them.
fn outputs(folder: &Path, model: &str) -> Vec<u8> {
    let file = folder.join("outputs.npy");
    json(
        program("ann")
            .arg("evaluate")
            .arg("--data-dir")
            .arg(folder)
            .arg("--outputs")
            .arg(&file)
            .arg(folder.join(model)),
    );
    std::fs::read(file).unwrap()
}

/// Four epochs at once, on one thread, and two epochs and two more, on two: the same outputs to the last bit.
#[test]
fn a_training_can_be_continued() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    halves(folder);
    let flags = "--model mlp-4 --activation relu --batch 16 --shift 1 --flip --warm-up 3 --plateau 1 --plateau-factor 0.5 \
                 --validation 0.2 --weight-decay 0.01";
    let straight = trained(folder, "straight.h5", &format!("{flags} --epochs 4 --threads 1"));
    let checkpoint = folder.join("checkpoint");
    let checkpoint = checkpoint.to_str().unwrap();
    trained(folder, "half.h5", &format!("{flags} --epochs 2 --threads 2 --checkpoint {checkpoint}"));
    let resumed = trained(folder, "whole.h5", &format!("{flags} --epochs 4 --threads 2 --resume {checkpoint}"));
    assert_eq!(resumed["epochs"], straight["epochs"]);
    assert_eq!(resumed["epochs"].as_array().unwrap().len(), 4);
    assert!(resumed["epochs"][3]["validation_loss"].is_number());
    assert_eq!(outputs(folder, "whole.h5"), outputs(folder, "straight.h5"));
    assert_ne!(outputs(folder, "half.h5"), outputs(folder, "straight.h5"));

    let refused = |flags: &str| failure(&mut train(folder, "none.h5", &format!("{flags} --resume {checkpoint}")), 1);
    let other = refused("--model mlp-6 --activation relu");
    assert!(other.contains("of another network: its layer 5"), "{other}");
    assert!(refused("--model mlp-4 --activation relu").contains("other settings"));
    std::fs::write(checkpoint, "something else").unwrap();
    assert!(refused("--model mlp-4 --activation relu").contains("no checkpoint"));
    assert!(!folder.join("none.h5").exists());
}

#[test]
fn the_course_of_a_training_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    halves(folder);
    let history = folder.join("history");
    let flags = format!(
        "--activation relu --epochs 3 --validation 0.25 --early-stopping 2 --schedule cosine --optimiser nesterov --learning-rate 0.01 \
         --history {}",
        history.display()
    );
    let document = trained(folder, "model.h5", &flags);
    assert!(document["restored_epoch"].is_number());
    // By the formula of half a cosine: 1, 3/4 and 1/4 at 0, 1/3 and 2/3 of the way.
    for (epoch, factor) in [1.0, 0.75, 0.25].into_iter().enumerate() {
        let rate = document["epochs"][epoch]["learning_rate"].as_f64().unwrap();
        assert!((rate - 0.01 * factor).abs() < 1e-15, "{rate}");
    }
    let text = std::fs::read_to_string(history.join("history.csv")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[2], "epoch,learning_rate,loss,rate_penalty,accuracy,validation_loss,validation_accuracy");
    assert_eq!(lines.len(), 6);
    for name in ["history.json", "learning-curve.svg", "learning-curve.png"] {
        assert!(history.join(name).is_file(), "{name}");
    }
}

/// Any activation by its name, and networks of averages and of mixed units.
#[test]
fn activations_and_models_have_names() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    halves(folder);
    for flags in [
        "--model mlp-4 --activation rrru-3",
        "--activation elu-0.5",
        "--activation noisy-softplus-0.3,0.45",
        "--model mixlu --activation relu",
    ] {
        let document = trained(folder, "model.h5", &format!("{flags} --epochs 12 --decay 1"));
        // Two classes: guessing gets half of the 60 images.
        assert!(document["test_correct"].as_u64().unwrap() > 45, "{flags}: {document}");
        assert_eq!(outputs(folder, "model.h5").len() % 4, 0);
    }
}

/// A network trained towards counts, then for an epoch as Noisy Softplus towards raised targets: the loss after no step at all is that
/// of the targets that were asked for.
#[test]
fn fine_tuning_raises_targets() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    halves(folder);
    let flags = "--model paf --activation relu --loss half-square --optimiser sgd --layer-rates 1,10,1 --weight-limit 0.2,0.2,inf --batch 10 \
                 --epochs 20 --decay 1 --learning-rate 0.02";
    assert_eq!(trained(folder, "relu.h5", flags)["test_correct"], 60);
    let relu = folder.join("relu.h5");
    let tune = |offset: &str, activation: &str| {
        let flags = format!(
            "--from {} {activation} --loss half-square --optimiser sgd --learning-rate 1e-9 --epochs 1 {offset}",
            relu.display()
        );
        trained(folder, "tuned.h5", &flags)["test_loss"].as_f64().unwrap()
    };
    // Half of ten squares (y - t - o)^2 is that of (y - t)^2, less o sum (y - t), and 5 o^2.
    let loss = |offset: f64| tune(&format!("--target-offset {offset}"), "") - 5.0 * offset * offset;
    let (none, some, more) = (tune("", ""), loss(0.01), loss(0.02));
    // Losses of about 0.1 in f32, and weights that 1e-9 moves by less than that.
    assert!((more - none - 2.0 * (some - none)).abs() < 1e-6, "{none} {some} {more}");
    assert!((some - none).abs() > 1e-5, "{none} {some}");
    assert!(tune("--target-offset 0.01", "--activation noisy-softplus").is_finite());
}

/// A file of layers, a trained ReLU network with Noisy Softplus instead, and an auto-encoder.
#[test]
fn networks_come_from_files_too() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    halves(folder);
    let file = folder.join("network.toml");
    let layers = [
        "class_name = \"MaxPooling2D\"\npool_size = 4",
        "class_name = \"Dense\"\nunits = 12\nactivation = \"hidden\"",
        "class_name = \"Dense\"\nunits = 10\nactivation = \"softmax\"",
    ];
    std::fs::write(&file, layers.map(|layer| format!("[[layers]]\n{layer}\n")).concat()).unwrap();
    let flags = format!("--model {} --activation relu --epochs 20 --decay 1", file.display());
    assert_eq!(trained(folder, "relu.h5", &flags)["test_correct"], 60);
    let flags = format!("--from {} --activation noisy-softplus --epochs 1", folder.join("relu.h5").display());
    assert_eq!(trained(folder, "noisy.h5", &flags)["test_correct"], 60);
    let synaptic = layers[1].replace("Dense", "SynapticMaxout").replace("activation = \"hidden\"", "minima = 0.5");
    let text = [layers[0], &synaptic, layers[2]].map(|layer| format!("[[layers]]\n{layer}\n")).concat();
    std::fs::write(&file, text).unwrap();
    let flags = format!("--model {} --activation relu --epochs 30 --decay 1 --learning-rate 0.01", file.display());
    assert_eq!(trained(folder, "synaptic.h5", &flags)["test_correct"], 60);
    assert_eq!(outputs(folder, "synaptic.h5").len() % 4, 0);
    let message = failure(program("convert").arg(folder.join("synaptic.h5")).arg("--data-dir").arg(folder), 1);
    assert!(message.contains("(SynapticMaxout) takes the greatest product"), "{message}");
    let decoder = layers[..2].join("\n[[layers]]\n");
    let decoder =
        format!("[[layers]]\n{decoder}\n[[layers]]\nclass_name = \"Dense\"\nunits = 784\nactivation = \"sigmoid\"\n");
    std::fs::write(&file, decoder).unwrap();
    let flags = format!("--model {} --activation relu --epochs 40 --decay 1 --learning-rate 0.01", file.display());
    let document = trained(folder, "decoder.h5", &flags);
    assert!(document["test_accuracy"].is_null());
    // Outputs of 1/2 everywhere would cost 784 ln 2 = 543 nats.
    assert!(document["test_loss"].as_f64().unwrap() < 400.0, "{document}");
    let model = folder.join("decoder.h5");
    let document = json(program("ann").args(["evaluate", "--data-dir"]).arg(folder).arg(model));
    // Outputs of 1/2 everywhere would err by about 1/4.
    assert!(document["mean_square_error"].as_f64().unwrap() < 0.2, "{document}");
}

#[test]
fn wrong_wishes_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    halves(folder);
    for (flags, code, word) in [
        ("--model lenet6 --activation relu", 2, "lenet5-max"),
        ("--activation swish", 2, "rrru-R"),
        ("--activation rrru-0.5", 2, "radix of 1 or more"),
        ("--activation noisy-softplus-0.3", 2, "k and sigma"),
        ("--activation noisy-softplus-0.3,0", 2, "positive, finite sigma"),
        ("--activation softmax", 1, "softmax"),
        ("--model missing.toml --activation relu", 1, "missing.toml"),
        ("--model resnet18 --activation noisy-softplus", 1, "Noisy Softplus"),
        ("--activation relu --schedule steps", 1, "--step-at"),
        ("--activation relu --step-at 3", 1, "--schedule steps"),
        ("--activation relu --momentum 0.9", 1, "--optimiser sgd or nesterov"),
        ("--activation relu --optimiser sgd --beta-1 0.9", 1, "--optimiser adam"),
        ("--activation relu --validation 1.5", 1, "the validation share"),
        ("--activation relu --loss mean-square", 1, "any but softmax"),
        ("--activation relu --loss sigmoid --label-smoothing 0.1", 1, "--loss softmax"),
        ("--activation relu --target-offset 0.01", 1, "--loss mean-square or half-square"),
        ("--activation relu --loss sigmoid --target-offset NaN", 1, "--loss mean-square or half-square"),
        ("--model paf --activation relu --loss half-square --target-offset NaN", 1, "the target offset must be finite"),
        ("--activation relu --layer-rates 1,10", 1, "layer"),
        ("--activation relu --layer-rates 1,0,1", 1, "the factor of a layer on the learning rate"),
        ("--activation relu --weight-limit 0.2,0.2", 1, "2 layers have a weight limit"),
        ("--activation relu --weight-limit 0", 1, "the weight limit must be above 0"),
        ("--activation relu --shift 28", 1, "the random shift"),
        ("--activation relu --l2 1 --weight-decay 1", 2, "cannot be used with"),
        ("--epochs 1", 2, "--activation"),
        ("--activation relu --resume missing", 1, "missing"),
        ("--activation relu --data cifar10", 1, "data_batch_1.bin"),
    ] {
        let message = failure(&mut train(folder, "none.h5", flags), code);
        assert!(message.contains(word), "{flags}: {message}");
    }
    assert!(!folder.join("none.h5").exists());
}

/// What a Keras file leaves out is given by flags, and refused where it makes no sense.
#[test]
fn flags_complete_a_model_file() {
    let evaluate = |flags: &[&str]| {
        let mut command = program("ann");
        command.arg("evaluate").args(["--images", "10", "models/paper-relu.h5"]).args(flags);
        command
    };
    for (flags, code, word) in [
        (["--noisy-softplus", "0.3"], 2, "k and sigma of Noisy Softplus were expected, as in 0.3,0.45"),
        (["--noisy-softplus", "-1,0.45"], 2, "positive, finite k, found -1"),
        (["--description", "model.json"], 1, "tells its layers itself"),
    ] {
        let message = failure(&mut evaluate(&flags), code);
        assert!(message.contains(word), "{flags:?}: {message}");
    }
    // Constants that no function needs do nothing.
    assert_eq!(json(&mut evaluate(&["--noisy-softplus", "0.3,0.45"]))["images"], 10);
}

/// A training goes on from a file that leaves its constants out.
#[test]
fn flags_complete_the_file_that_a_training_goes_on_from() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    halves(folder);
    for flags in ["--noisy-softplus 0.3,0.45", "--description model.json"] {
        let message = failure(&mut train(folder, "none.h5", &format!("--activation relu {flags}")), 1);
        assert!(message.contains("the file of --from, which is not given"), "{flags}: {message}");
    }
    let noisy = root().join("../shared/models/f_paper_noisy_softplus.h5");
    if !noisy.is_file() {
        eprintln!("skipped: {} is not here", noisy.display());
        return;
    }
    let flags = format!("--from {} --epochs 10 --batch 10 --decay 1", noisy.display());
    let message = failure(&mut train(folder, "none.h5", &flags), 1);
    assert!(message.contains("--noisy-softplus K,SIGMA"), "{message}");
    // White above or below: ten digits become two halves within sixty steps.
    let document = trained(folder, "tuned.h5", &format!("{flags} --noisy-softplus 0.3,0.45"));
    assert!(document["test_correct"].as_u64().unwrap() > 45, "{document}");
}

/// Skipped where there is no CIFAR-10 beside the checkout.
#[test]
fn cifar_10_can_be_trained_on_and_converted() {
    let data = root().join("../shared/data/cifar10-jpeg");
    if !data.is_dir() {
        eprintln!("skipped: {} is not here", data.display());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = program("ann");
    command.args(["train", "--activation", "relu", "--data", "cifar10", "--epochs", "1"]);
    let document = json(command.arg("--data-dir").arg(&data).arg("-o").arg(folder.path().join("model.h5")));
    // Ten classes: guessing gets 10 %.
    assert!(document["test_accuracy"].as_f64().unwrap() > 0.3, "{document}");
    // The same folder, as images of the user's own, under 32x32 pixels of three colours.
    let mut command = program("convert");
    command.arg(folder.path().join("model.h5")).arg("--data").arg(&data);
    let document = json(command.args(["--images", "5", "--duration", "50"]));
    assert_eq!(document["images"], 5);
    assert!(document["input_spikes_per_image"].as_f64().unwrap() > 3072.0, "{document}");
}
