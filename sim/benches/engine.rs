//! Throughput of the engine: synaptic events of a convolution, and steps of a noisy current.

#![allow(clippy::unwrap_used)] // A failure here is a failed test.

use sim::{
    Convolution, ConvolutionShape, CurrentSource, IfCurrExp, MapLayout, Network, NoisyCurrent, Population, Projection,
    Simulation, Source, StreamKey, Synapses,
};

const KEY: StreamKey = StreamKey { seed: 1, sample: 0 };

fn main() {
    divan::main();
}

/// 6 maps of 12x12 Poisson sources onto 12 maps by 5x5 kernels, for one second; the neurons fire at about 20 Hz.
#[divan::bench]
fn convolution(bencher: divan::Bencher) {
    let shape = ConvolutionShape {
        map: [12, 12],
        channels: 6,
        kernel: [5, 5],
        filters: 12,
        stride: [1, 1],
        padding: [[0, 0], [0, 0]],
        dilation: [1, 1],
        groups: 1,
        layout: MapLayout::ChannelsLast,
    };
    let kernel: Vec<f64> = (0..1800u32).map(|i| 0.05 * (f64::from(i * 7919 % 1801) / 900.0 - 0.9)).collect();
    let mut network = Network::new();
    let source = network.add_source(864);
    let post = network.add_population(Population::new(768, IfCurrExp::liu_furber_2016()).unwrap());
    let synapses = Synapses::Convolution(Convolution::new(shape, &kernel).unwrap());
    network.add_projection(Projection::new(source, post, 1.0, synapses).unwrap()).unwrap();
    let mut simulation = Simulation::new(&network).unwrap();
    let input = [Source::poisson(vec![25.0; 864])];
    let events = simulation.run(&input, KEY, 1000.0).unwrap().synaptic_events;
    bencher
        .counter(divan::counter::ItemsCount::new(events))
        .bench_local(|| simulation.run(&input, KEY, 1000.0).unwrap().synaptic_events);
}

/// 100 neurons, each with its own current, redrawn every millisecond for ten seconds.
#[divan::bench]
fn noisy_current(bencher: divan::Bencher) {
    let noise = NoisyCurrent::new(0.2, 1.0, 1.0);
    let mut network = Network::new();
    network.add_population(
        Population::new(100, IfCurrExp::liu_furber_2016())
            .unwrap()
            .with_current(CurrentSource::Noisy(noise), None)
            .unwrap(),
    );
    let mut simulation = Simulation::new(&network).unwrap();
    bencher
        .counter(divan::counter::ItemsCount::new(1_000_000u64))
        .bench_local(|| simulation.run(&[], KEY, 10_000.0).unwrap().populations[0].total());
}
