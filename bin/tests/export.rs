//! `convert export`: the files against closed forms and the program's own runs, and NEST on them.

#![allow(clippy::unwrap_used, clippy::print_stderr)] // A failure is a failed test, a skipped one says so.

mod command;

use ann::keras::{self, Provenance};
use ann::{Activation, Conv2d, Dense, Extent, KernelShape, Layer, MaxPool2d, Network, NoisySoftplus, Shape};
use bin::archive::Archive;
use command::{failure, json, program};
use std::path::Path;
use std::process::Command;

const NSP: Activation = Activation::NoisySoftplus(NoisySoftplus::EVENT_DRIVEN_5_MS);
const CLASSES: usize = 10;
/// Rows and columns of the first population, its stride and filters.
const [SIDE, STRIDE, FILTERS]: [usize; 3] = [4, 8, 2];
const KERNEL: usize = 4;

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

/// A folder with small.h5, exported with these flags to `export`.
fn exported(flags: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("small.h5");
    write_small(&model);
    let flags = ["--calibration", "50", "--duration", "300", "-o"].iter().chain(flags);
    program("convert").arg("export").arg(&model).arg("--to").args(flags_in_order(&folder, flags)).assert().success();
    folder
}

/// The target first; the place of the export behind -o.
fn flags_in_order<'a>(folder: &tempfile::TempDir, flags: impl Iterator<Item = &'a &'a str>) -> Vec<String> {
    let flags: Vec<&str> = flags.copied().collect();
    let (fixed, own) = flags.split_at(5);
    let mut ordered = vec![own[0].to_owned()];
    ordered.extend(own[1..].iter().chain(fixed).map(|&flag| flag.to_owned()));
    ordered.push(folder.path().join("export").display().to_string());
    ordered
}

fn archive(folder: &tempfile::TempDir, name: &str) -> Archive {
    Archive::open(&folder.path().join("export").join(name)).unwrap()
}

fn all<T: npyz::Deserialize>(archive: &mut Archive, name: &str) -> Vec<T> {
    archive.any::<T>(name).unwrap().1
}
