//! The engine on a grid against the spikes that NEST has fired for the same network and input.

#![allow(clippy::unwrap_used, clippy::print_stderr)] // A failure is a failed test, a skipped one says so.

use bin::archive::Archive;
use bin::bench::convnet;
use sim::{GridSimulation, Recording, Source, StreamKey};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Height, width and channels of the layers; NEST numbers the pixels from 1, then the layers in order, channel by channel.
const LAYERS: [[usize; 3]; 5] = [[24, 24, 6], [12, 12, 6], [8, 8, 12], [4, 4, 12], [1, 1, 10]];
const PIXELS: usize = 28 * 28;

/// A spike: the sender's number in NEST, and the step at whose end it was fired.
type Fired = (u64, u64);

/// A file beside the checkout, or none, with a message.
fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(path);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is not here", path.display());
    None
}

/// NEST's number of a neuron that stands at `index` in `[row][column][channel]` order.
fn sender(layer: usize, index: usize) -> u64 {
    let [height, width, channels] = LAYERS[layer];
    let before: usize = LAYERS[..layer].iter().map(|[h, w, c]| h * w * c).sum();
    let (row, column, channel) = (index / channels / width, index / channels % width, index % channels);
    (1 + PIXELS + before + (channel * height + row) * width + column) as u64
}

/// Compares all spikes of the recorded input of image 0, of which `expected` are those of neurons.
fn compare(dt: f64, file: &str, expected: usize) {
    let (Some(net), Some(reference)) = (shared("peers/convnet.npz"), shared(&format!("reference/nest/{file}"))) else {
        return;
    };
    let step = |time: f64| (time / dt).round() as u64;
    let end = step(1000.0);
    let mut reference = Archive::open(&reference).unwrap();
    let (_, senders) = reference.any::<i64>("senders").unwrap();
    let (_, times) = reference.any::<f64>("times").unwrap();
    let nest: BTreeSet<Fired> = senders.iter().zip(&times).map(|(&id, &time)| (id as u64, step(time))).collect();
    assert_eq!(nest.len(), senders.len());

    let mut archive = Archive::open(&net).unwrap();
    let recording = Recording { spikes: true, ..Recording::default() };
    let network = convnet::network(&mut archive, &recording).unwrap();
    let input = convnet::inputs(&mut archive).unwrap().remove(0);
    let Source::Spikes(pixels) = &input else { panic!("the input consists of spikes") };
    let sent: BTreeSet<Fired> =
        pixels.iter().map(|spike| (u64::from(spike.neuron) + 1, step(spike.time))).filter(|&(_, k)| k <= end).collect();
    let key = StreamKey { seed: 0, sample: 0 };
    let record = GridSimulation::new(&network, dt).unwrap().run(std::slice::from_ref(&input), key, 1000.0).unwrap();
    let layers = record.populations.iter().enumerate();
    let ours: BTreeSet<Fired> = layers
        .flat_map(|(layer, population)| {
            population.spikes.iter().map(move |spike| (sender(layer, spike.neuron as usize), step(spike.time)))
        })
        .collect();
    // The first number of a neuron comes after those of the pixels.
    let (input_of_nest, nest): (BTreeSet<Fired>, _) = nest.iter().partition(|&&(id, _)| id <= PIXELS as u64);
    assert!(input_of_nest == sent, "the input differs");
    let differences: Vec<&Fired> = ours.symmetric_difference(&nest).collect();
    eprintln!("dt {dt} ms: {} spikes of NEST, {} of ours, {} differences", nest.len(), ours.len(), differences.len());
    assert!(differences.is_empty(), "{:?}", &differences[..differences.len().min(20)]);
    assert_eq!(nest.len(), expected);
}

/// NEST 3.10.0, `iaf_psc_exp`, on a grid of 0.1 ms.
#[test]
fn every_spike_is_nests_at_a_tenth_of_a_millisecond() {
    compare(0.1, "convnet_nest_dt0.1_image0.npz", 109_047);
}

/// NEST 3.10.0, `iaf_psc_exp`, on a grid of 1 ms.
#[test]
fn every_spike_is_nests_at_one_millisecond() {
    compare(1.0, "convnet_nest_dt1.0_image0.npz", 100_418);
}
