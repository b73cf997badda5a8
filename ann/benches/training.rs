//! Throughput of training: images per second through forward pass, backward pass and update.
//!
//! `RAYON_NUM_THREADS=1 cargo bench -p ann --bench training`; `pytorch.py` beside this file runs the same networks, batches and updates
//! in PyTorch.

#![allow(clippy::unwrap_used)] // A failure here is a failed test.

use ann::model::{Architecture, Bias, Builder, Convolution, CwaNetwork, CwaUnits, Pool};
use ann::{
    Activation, ActivationChoice, Extent, Layer, MaxPool2d, Method, Network, NoisySoftplus, Optimiser, Padding, Shape,
    TrainingSettings,
};
use std::ops::ControlFlow;

const CLASSES: usize = 10;

fn main() {
    divan::main();
}

/// Convolutions 5x5 of 6 and 12 maps with pools, batches of 50.
#[divan::bench(args = ["relu", "noisy softplus"])]
fn paper_convnet(bencher: divan::Bencher, activation: &str) {
    let choice = match activation {
        "relu" => ActivationChoice::Relu,
        _ => ActivationChoice::NoisySoftplus(NoisySoftplus::event_driven(5.0).unwrap()),
    };
    let network = Architecture::Paper { maps: [6, 12] }.build(Shape::new(28, 28, 1), CLASSES, choice, 1).unwrap();
    train(bencher, network, 3000, 50);
}

/// Eight hidden layers of 128 units, batches of 64.
#[divan::bench]
fn mlp_8(bencher: divan::Bencher) {
    let mlp = Architecture::Mlp { layers: 8, units: 128 };
    let network = mlp.build(Shape::new(28, 28, 1), CLASSES, ActivationChoice::Relu, 1).unwrap();
    train(bencher, network, 6400, 64);
}

/// Convolutions 5x5 of 6 and 16 maps that keep the size, each with a pool of the greatest, 120 and 84 units, batches of 64.
#[divan::bench]
fn lenet5(bencher: divan::Bencher) {
    let mut builder = Builder::new(Shape::new(28, 28, 1), 1);
    for outputs in [6, 16] {
        let convolution = Convolution { side: 5, stride: 1, outputs, padding: Padding::Same };
        builder.convolution(convolution, Bias::Zero, Activation::Relu).unwrap();
        builder.layer(Layer::MaxPool2d(MaxPool2d::new(Extent::square(2)))).unwrap();
    }
    for units in [120, 84] {
        builder.dense(units, Bias::Zero, Activation::Relu).unwrap();
    }
    builder.dense(CLASSES, Bias::Zero, Activation::Softmax).unwrap();
    train(bencher, builder.finish().unwrap(), 3200, 64);
}

/// The same with a third convolution of 120 maps in place of the 120 units.
#[divan::bench]
fn lenet5_120_maps(bencher: divan::Bencher) {
    let lenet = Architecture::LeNet5(Pool::Max);
    let network = lenet.build(Shape::new(28, 28, 1), CLASSES, ActivationChoice::Relu, 1).unwrap();
    train(bencher, network, 3200, 64);
}

/// Convolutions 3x3 from 3 to 64 and from 64 to 64 maps of 32x32, their average, batches of 64.
#[divan::bench]
fn stage_3x3x64(bencher: divan::Bencher) {
    let mut builder = Builder::new(Shape::new(32, 32, 3), 1);
    let convolution = Convolution { side: 3, stride: 1, outputs: 64, padding: Padding::Same };
    builder.convolution(convolution, Bias::Zero, Activation::Relu).unwrap();
    builder.convolution(convolution, Bias::Zero, Activation::Relu).unwrap();
    builder.layer(Layer::GlobalAveragePool2d).unwrap();
    builder.dense(CLASSES, Bias::Zero, Activation::Softmax).unwrap();
    train(bencher, builder.finish().unwrap(), 512, 64);
}

/// Conductance-weighted averages: `fcn` of two layers of 2000 units, `cnn` of convolutions 5x5 of stride 2 with 32 to 256 maps, batches of 250.
#[divan::bench(args = ["fcn", "cnn"], sample_count = 10)]
fn averages(bencher: divan::Bencher, name: &str) {
    let shape = Shape::new(28, 28, 1);
    let (network, units) = match name {
        "fcn" => (CwaNetwork::fcn(shape), CwaUnits::USUAL),
        _ => (CwaNetwork::cnn(shape), CwaUnits::BALANCED),
    };
    train(bencher, network.build(shape, CLASSES, units, 1).unwrap(), 3000, 250);
}

/// An epoch of plain gradient descent over `count` images of noise.
fn train(bencher: divan::Bencher, mut network: Network<f32>, count: usize, batch_size: usize) {
    let units = network.input().units();
    let pixels: Vec<u8> = (0..count * units).map(|i| (i.wrapping_mul(2_654_435_761) >> 7) as u8).collect();
    let labels: Vec<u8> = (0..count).map(|i| (i % CLASSES) as u8).collect();
    let settings = TrainingSettings {
        epochs: 1,
        batch_size,
        optimiser: Optimiser::new(Method::Sgd { momentum: 0.0 }, 0.001),
        ..ann::model::paper_training(ActivationChoice::Relu, 1)
    };
    let samples = ann::Samples { pixels: &pixels, labels: &labels };
    bencher
        .counter(divan::counter::ItemsCount::new(count))
        .bench_local(move || ann::train(&mut network, samples, &settings, &mut |_| ControlFlow::Continue(())).unwrap());
}
