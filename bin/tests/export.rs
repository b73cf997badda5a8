//! `convert export`: the files against closed forms and the program's own runs, and NEST on them.

#![allow(clippy::unwrap_used, clippy::print_stderr)] // A failure is a failed test, a skipped one says so.

mod command;

use ann::keras::{self, Provenance};
use ann::{Activation, Conv2d, Dense, Extent, KernelShape, Layer, MaxPool2d, Network, NoisySoftplus, Shape};
use bin::archive::Archive;
use command::{failure, json, program};
use std::path::{Path, PathBuf};
use std::process::Command;

const NSP: Activation = Activation::NoisySoftplus(NoisySoftplus::EVENT_DRIVEN_5_MS);
const CLASSES: usize = 10;
/// Rows and columns of the first population, its filters, and those of the kernel and its steps.
const SIDE: usize = 4;
const FILTERS: usize = 2;
const KERNEL: usize = 4;
const STRIDE: usize = 8;

fn kernel(count: usize, factor: usize) -> Vec<f32> {
    (0..count).map(|i| (i * factor % 97) as f32 / 97.0 - 0.4).collect()
}

/// 28 x 28 pixels, a convolution of 4 x 4 with stride 8 onto 4 x 4 x 2 neurons, 10 outputs.
fn write_small(path: &Path) {
    let shape = KernelShape { height: KERNEL, width: KERNEL, inputs: 1, outputs: FILTERS };
    let conv = Conv2d::new(shape, kernel(shape.weights(), 37), None, Extent::square(STRIDE), NSP).unwrap();
    let inputs = SIDE * SIDE * FILTERS;
    let dense = Dense::new(inputs, kernel(inputs * CLASSES, 53), None, Activation::Softmax).unwrap();
    let layers = vec![Layer::Conv2d(conv), Layer::Flatten, Layer::Dense(dense)];
    let network = Network::new(Shape::new(28, 28, 1), layers).unwrap();
    keras::write(path, &network, &Provenance::default()).unwrap();
}

/// The export of the small network to `target` with these flags, in a folder that holds small.h5 too.
struct Export(tempfile::TempDir);

impl Export {
    fn to(target: &str, flags: &[&str]) -> Export {
        let export = Export(tempfile::tempdir().unwrap());
        let model = export.0.path().join("small.h5");
        write_small(&model);
        let mut command = program("convert");
        command.arg("export").arg(&model).args(["--to", target, "--calibration", "50", "--duration", "300"]);
        command.args(flags).arg("-o").arg(export.path()).assert().success();
        export
    }

    /// The file or folder that was written.
    fn path(&self) -> PathBuf {
        self.0.path().join("export")
    }

    fn archive(&self, name: &str) -> Archive {
        Archive::open(&self.path().join(name)).unwrap()
    }

    /// Runs its script for NEST in a Python that has NEST; None, with a message, where there is none.
    fn run_nest(&self, flags: &[&str]) -> Option<(bool, String)> {
        let python = std::env::var("LIF_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let has_nest = Command::new(&python).args(["-c", "import nest, numpy"]).output();
        if !has_nest.is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: {python} has no NEST; name another in LIF_PYTHON");
            return None;
        }
        let output = Command::new(&python).arg(self.path().join("run_nest.py")).args(flags).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        Some((output.status.success(), text))
    }
}

fn numbers(archive: &mut Archive, name: &str) -> Vec<f64> {
    archive.any(name).unwrap().1
}

fn indices(archive: &mut Archive, name: &str) -> Vec<u32> {
    archive.any(name).unwrap().1
}

#[test]
fn synapses_are_the_trained_weights() {
    let export = Export::to("nest", &["--images", "1"]);
    let mut archive = export.archive("network.npz");
    let mut synapses = |index: usize| {
        let ends = [indices(&mut archive, &format!("pre_{index}")), indices(&mut archive, &format!("post_{index}"))];
        let weights = numbers(&mut archive, &format!("weight_{index}"));
        let [pre, post] = ends;
        let mut synapses: Vec<(u32, u32, f64)> =
            pre.into_iter().zip(post).zip(weights).map(|((pre, post), weight)| (pre, post, weight)).collect();
        synapses.sort_by_key(|&(pre, post, _)| (post, pre));
        synapses
    };
    // The weights of a Noisy Softplus network are nA; neurons are numbered row by row, channels innermost.
    let weights = kernel(KERNEL * KERNEL * FILTERS, 37);
    let mut wanted = Vec::new();
    for (row, column, filter, y, x) in places() {
        let pixel = (row * STRIDE + y) * 28 + column * STRIDE + x;
        let weight = weights[(y * KERNEL + x) * FILTERS + filter];
        wanted.push((pixel as u32, ((row * SIDE + column) * FILTERS + filter) as u32, f64::from(weight)));
    }
    for ((pre, post, weight), wanted) in synapses(0).into_iter().zip(&wanted) {
        assert_eq!((pre, post), (wanted.0, wanted.1));
        // The product of two rates that are inverse to each other.
        assert!((weight - wanted.2).abs() <= 1e-15, "{weight}, {wanted:?}");
    }
    // Those of the outputs have one scale.
    let (outputs, weights) = (synapses(1), kernel(SIDE * SIDE * FILTERS * CLASSES, 53));
    assert_eq!(outputs.len(), weights.len());
    let scale = outputs[0].2 / f64::from(weights[0]);
    for (pre, post, weight) in outputs {
        let wanted = scale * f64::from(weights[pre as usize * CLASSES + post as usize]);
        assert!((weight - wanted).abs() <= 1e-12 * scale, "{pre} {post}");
    }
    // Liu & Furber (2016), Table 1.
    let table = [("cm", 0.25), ("tau_m", 20.0), ("tau_refrac", 1.0), ("tau_syn_E", 5.0), ("tau_syn_I", 5.0)];
    for (name, value) in table.into_iter().chain([("v_rest", -65.0), ("v_reset", -65.0), ("v_thresh", -50.0)]) {
        assert_eq!(numbers(&mut archive, name), [value; 2], "{name}");
    }
    assert_eq!(numbers(&mut archive, "i_offset_0"), [0.1; SIDE * SIDE * FILTERS]);
    assert_eq!(numbers(&mut archive, "projection_delay"), [1.0; 2]);
    assert_eq!(archive.any::<i64>("projection_from").unwrap().1, [-1, 0]);
    assert_eq!(archive.any::<i64>("projection_to").unwrap().1, [0, 1]);
}

/// Row, column and filter of a neuron, and row and column of the kernel, in order of neuron, then pixel.
fn places() -> impl Iterator<Item = (usize, usize, usize, usize, usize)> {
    let cells = KERNEL * KERNEL;
    (0..SIDE * SIDE * FILTERS * cells).map(move |i| {
        let (neuron, cell) = (i / cells, i % cells);
        (neuron / FILTERS / SIDE, neuron / FILTERS % SIDE, neuron % FILTERS, cell / KERNEL, cell % KERNEL)
    })
}

#[test]
fn spikes_are_those_of_a_run() {
    let images = ["--images", "4", "--seed", "7"];
    let export = Export::to("nest", &images);
    let run = ["--run-mnist", "--calibration", "50", "--duration", "300"];
    let document = json(program("convert").arg(export.0.path().join("small.h5")).args(run).args(images));
    let (mut given, mut expected) = (export.archive("input.npz"), export.archive("expected.npz"));
    let times = numbers(&mut given, "time");
    assert_eq!(document["input_spikes_per_image"], times.len() as f64 / 4.0);
    assert!(times.iter().all(|time| (0.0..300.0).contains(time)));
    let layers = document["spikes_per_image_and_layer"].as_array().unwrap();
    for (index, layer) in layers.iter().enumerate() {
        let count: u32 = indices(&mut expected, &format!("count_{index}")).iter().sum();
        assert!(count > 0);
        assert_eq!(layer, f64::from(count) / 4.0, "population {index}");
    }

    // The same spikes in one file, the second image 300 ms later.
    let sonata = Export::to("sonata", &images);
    let file = hdf5_reader::Hdf5File::from_vec(std::fs::read(sonata.path()).unwrap()).unwrap();
    let stored = file.dataset("/spikes/input/timestamps").unwrap().read_array::<f64>().unwrap();
    let image = indices(&mut given, "image");
    let shifted: Vec<f64> = times.iter().zip(image).map(|(time, image)| time + 300.0 * f64::from(image)).collect();
    assert_eq!(stored.iter().copied().collect::<Vec<f64>>(), shifted);
    assert!(shifted.is_sorted());
    let outputs = file.dataset("/spikes/layer2_Dense/node_ids").unwrap().read_array::<u64>().unwrap();
    assert_eq!(outputs.len() as u64, u64::from(indices(&mut expected, "count_1").iter().sum::<u32>()));
}

#[test]
fn nest_fires_the_same_spikes() {
    let export = Export::to("nest", &["--images", "2", "--grid", "0.1"]);
    let Some((agrees, text)) = export.run_nest(&["--grid"]) else { return };
    assert!(agrees && text.matches(" 0 spikes differ").count() == 4, "{text}");
    for flags in [&[][..], &["--exact"]] {
        let (agrees, text) = export.run_nest(flags).unwrap();
        assert!(agrees && text.contains("NEST and the export agree"), "{text}");
    }
    // Spikes of other images are told from ours.
    let other = Export::to("nest", &["--images", "2", "--grid", "0.1", "--encoding", "regular"]);
    std::fs::copy(other.path().join("expected.npz"), export.path().join("expected.npz")).unwrap();
    let (agrees, text) = export.run_nest(&["--grid"]).unwrap();
    assert!(!agrees && text.contains("DISAGREE"), "{text}");
    let (agrees, text) = export.run_nest(&["--exact"]).unwrap();
    assert!(!agrees && text.contains("DISAGREE"), "{text}");
}

#[test]
fn nir_files_hold_the_graph() {
    let export = Export::to("nir", &[]);
    let file = hdf5_reader::Hdf5File::from_vec(std::fs::read(export.path()).unwrap()).unwrap();
    let floats = |path: &str| {
        let dataset = file.dataset(path).unwrap();
        (dataset.shape().to_vec(), dataset.read_array::<f32>().unwrap().iter().copied().collect::<Vec<f32>>())
    };
    let text = |path: &str| file.dataset(path).unwrap().read_strings().unwrap().join("");
    assert_eq!(text("node/type"), "NIRGraph");
    assert_eq!(text("node/nodes/layer1_Conv2D/type"), "CubaLIF");
    assert!(text("node/metadata/left_out").contains("refractory period of 1 ms"));
    let (shape, weights) = floats("node/nodes/layer1_Conv2D_from_input/weight");
    assert_eq!(shape, [FILTERS, 1, KERNEL, KERNEL].map(|size| size as u64));
    let trained = kernel(KERNEL * KERNEL * FILTERS, 37);
    for (index, weight) in weights.iter().enumerate() {
        let (filter, cell) = (index / (KERNEL * KERNEL), index % (KERNEL * KERNEL));
        assert!((weight - trained[cell * FILTERS + filter]).abs() < 1e-7);
    }
    assert_eq!(floats("node/nodes/layer1_Conv2D/w_in"), (vec![2, 4, 4], vec![5.0; 32]));
    // Our own reader knows the file, and says why leaky neurons cannot be trained units.
    let message = failure(program("convert").arg(export.path()), 1);
    assert!(message.contains("CubaLIF") && message.contains("leaky"), "{message}");
}

/// A network with a maximum in between.
fn write_maxima(path: &Path) {
    let shape = KernelShape { height: 5, width: 5, inputs: 1, outputs: 2 };
    let conv = Conv2d::new(shape, kernel(shape.weights(), 37), None, Extent::square(3), Activation::Relu).unwrap();
    let layers = vec![
        Layer::Conv2d(conv),
        Layer::MaxPool2d(MaxPool2d::new(Extent::square(2))),
        Layer::Flatten,
        Layer::Dense(Dense::new(32, kernel(32 * CLASSES, 53), None, Activation::Softmax).unwrap()),
    ];
    let network = Network::new(Shape::new(28, 28, 1), layers).unwrap();
    keras::write(path, &network, &Provenance::default()).unwrap();
}

#[test]
fn what_cannot_be_exported_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (small, maxima) = (folder.path().join("small.h5"), folder.path().join("maxima.h5"));
    write_small(&small);
    write_maxima(&maxima);
    let refusal = |model: &Path, flags: &[&str]| {
        let fixed = ["--calibration", "50", "--tuning", "0", "--images", "1", "--duration", "20"];
        failure(program("convert").arg("export").arg(model).args(flags).args(fixed), 1)
    };
    let place = folder.path().join("export");
    let place = place.to_str().unwrap();
    for target in ["nest", "pynn", "nir"] {
        let message = refusal(&maxima, &["--to", target, "-o", place]);
        assert!(message.contains("layer 1 (MaxPooling2D)") && message.contains("AveragePooling2D"), "{message}");
        assert!(message.contains("--to sonata"), "{message}");
        let message = refusal(&small, &["--to", target, "-o", place, "--encoding", "constant"]);
        assert!(message.contains("constant currents"), "{message}");
    }
    assert!(!Path::new(place).exists());
    for (flags, words) in [
        (&["--to", "nest"][..], "say with -o where to write"),
        (&["--to", "nest", "-o", place, "--grid", "0"], "dt must be positive"),
        (&["--to", "nest", "-o", place, "--grid", "NaN"], "dt must be positive"),
        (&["--to", "nest", "-o", place, "--grid", "0.3"], "whole number of grid steps"),
        (&["--to", "nest", "-o", place, "--grid", "4"], "less than half a grid step"),
        (&["--to", "nir", "-o", place, "--grid", "1"], "--grid needs --to nest"),
        (&["--to", "nest", "-o", place, "--delay", "0"], "has no delay"),
        (&["--to", "sonata", "-o", place, "--shard", "1/2"], "--shard has no meaning for an export"),
        (&["--to", "nir", "-o", "missing-folder/network.nir"], "cannot write missing-folder/network.nir"),
    ] {
        let message = refusal(&small, flags);
        assert!(message.contains(words), "{flags:?}: {message}");
    }
    let flags = ["--to", "nest", "-o", place, "--neuron", "if"];
    let message = failure(program("convert").arg("export").arg(&small).args(flags), 1);
    assert!(message.contains("leave out --neuron if"), "{message}");
    let flags = ["--to", "nest", "-o", place, "--images", "1001"];
    assert!(failure(program("convert").arg("export").arg(&small).args(flags), 1).contains("at most 1000"));
    // A maximum is no obstacle to spikes alone.
    let flags = ["--to", "sonata", "--calibration", "50", "--tuning", "0", "--images", "1", "-o", place];
    program("convert").arg("export").arg(&maxima).args(flags).assert().success();
    assert!(Path::new(place).is_file());
    // Where a file is, no folder can be.
    assert!(refusal(&small, &["--to", "nest", "-o", place]).contains("cannot create the folder"));
}
