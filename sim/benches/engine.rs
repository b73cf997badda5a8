//! Throughput of the engine: synaptic events of a convolution and of a loop, and steps of a noisy current.

#![allow(clippy::unwrap_used)] // A failure here is a failed test.

use sim::{
    Connector, Convolution, ConvolutionShape, CurrentSource, Distribution, IfCurrExp, MapLayout, Network, NoisyCurrent,
    Population, Pre, Projection, Simulation, Source, StreamKey, Synapses, Wiring, connect,
};

const KEY: StreamKey = StreamKey { seed: 1, sample: 0 };

fn main() {
    divan::main();
}

/// 6 maps of 12x12 Poisson sources onto 12 maps by 5x5 kernels, for one second; the neurons fire at about 20 Hz, and more often at an i_offset
/// (nA) of 0.2, which alone drives them above threshold.
#[divan::bench(args = [0.1, 0.2])]
fn convolution(bencher: divan::Bencher, i_offset: f64) {
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
    let neuron = IfCurrExp { i_offset, ..IfCurrExp::liu_furber_2016() };
    let post = network.add_population(Population::new(768, neuron).unwrap());
    let synapses = Synapses::Convolution(Convolution::new(shape, &kernel).unwrap());
    network.add_projection(Projection::new(source, post, 1.0, synapses).unwrap()).unwrap();
    let mut simulation = Simulation::new(&network).unwrap();
    let input = [Source::poisson(vec![25.0; 864])];
    let events = simulation.run(&input, KEY, 1000.0).unwrap().synaptic_events;
    bencher
        .counter(divan::counter::ItemsCount::new(events))
        .bench_local(|| simulation.run(&input, KEY, 1000.0).unwrap().synaptic_events);
}

/// A balanced loop of 1,000 neurons with different receptors, 80 synapses onto each, driven above threshold, for one second.
#[divan::bench]
fn balanced_loop(bencher: divan::Bencher) {
    let neuron =
        IfCurrExp { cm: 0.2, tau_refrac: 5.0, tau_syn_i: 10.0, v_rest: -49.0, v_reset: -60.0, ..IfCurrExp::default() };
    let mut network = Network::new();
    let sizes = [800, 200];
    let populations = sizes.map(|size| {
        let v_init: Vec<f64> = (0..size).map(|j| -60.0 + 10.0 * f64::from(j * 7919 % 997) / 997.0).collect();
        network.add_population(Population::new(size as usize, neuron).unwrap().with_v_init(v_init).unwrap())
    });
    for (pre, (indegree, weight)) in [(64, 0.0162), (16, -0.09)].into_iter().enumerate() {
        for post in 0..2 {
            let wiring = Wiring {
                pre: sizes[pre] as usize,
                post: sizes[post] as usize,
                weights: Distribution::Constant(weight),
                delays: Distribution::Constant(0.1),
                self_connections: true,
            };
            let address = (2 * pre + post) as u32;
            let synapses = connect(&Connector::FixedNumberPre(indegree), &wiring, KEY, address).unwrap();
            let from = Pre::Population(populations[pre]);
            network.add_projection(Projection::new(from, populations[post], 0.0, synapses).unwrap()).unwrap();
        }
    }
    let mut simulation = Simulation::new(&network).unwrap();
    let events = simulation.run(&[], KEY, 1000.0).unwrap().synaptic_events;
    bencher
        .counter(divan::counter::ItemsCount::new(events))
        .bench_local(|| simulation.run(&[], KEY, 1000.0).unwrap().synaptic_events);
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
