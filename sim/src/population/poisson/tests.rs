//! The state of neurons with Poisson input against the other states of the engine.

use super::*;
use crate::background::Background;
use crate::network::Network;
use crate::population::Recording;
use crate::projection::{Dense, Projection, Synapses};
use crate::simulation::Simulation;
use crate::source::Source;
use crate::theory::{Noise, Theory};
use rand_philox::philox4x32_10;

/// The arrivals of a neuron, drawn one by one: times (ms), and which of the two backgrounds.
fn arrivals(key: StreamKey, neuron: u32, rates: [f64; 2], end: f64) -> Vec<Spike> {
    let (words, counter) = key.philox(0, neuron, Purpose::Background);
    let share = rates[0] / (rates[0] + rates[1]);
    let mut spikes = Vec::new();
    let mut time = 0.0;
    for block in 0.. {
        let counter = counter | block;
        let w = philox4x32_10([0, 32, 64, 96].map(|shift| (counter >> shift) as u32), words).map(u64::from);
        for bits in [w[1] << 32 | w[0], w[3] << 32 | w[2]] {
            let u = (bits >> 12) as f64 / 2.0f64.powi(52);
            let (neuron, inner) = if u < share { (0, u / share) } else { (1, (u - share) / (1.0 - share)) };
            time -= 1e3 / (rates[0] + rates[1]) * (1.0 - inner).ln();
            if time > end {
                return spikes;
            }
            spikes.push(Spike { time, neuron });
        }
    }
    spikes
}

/// The same arrivals, sent to single neurons by a source, through the other states of the engine: the same spikes and potentials.
///
/// Time constants with a whole, a broken and an inverse ratio, thresholds that the constant current alone exceeds, and a population that does not
/// fill its last group. Tolerances: the rounding of the arrival times, 1e-12 ms, over slopes of at least 1e-3 of the usual ones.
#[test]
fn arrivals_from_a_source_do_the_same() {
    let (size, duration, key) = (19, 400.0, StreamKey { seed: 5, sample: 2 });
    let v_at: Vec<f64> = (1..40).map(|i| 10.13 * f64::from(i)).collect();
    let recording = Recording { spikes: true, v_at, synaptic_currents: true, ..Recording::default() };
    for (tau_syn, tau_refrac, weight) in [(5.0, 1.0, 0.2), (1.0, 0.0, 0.6), (7.3, 2.0, 0.15), (30.0, 1.0, 0.03)] {
        let neuron = IfCurrExp { tau_syn_e: tau_syn, tau_syn_i: tau_syn, tau_refrac, ..IfCurrExp::liu_furber_2016() };
        let i_offset: Vec<f64> = (0..size).map(|j| 0.02 * f64::from(j)).collect();
        // The first has no excitation, the others from little to much.
        let excitatory: Vec<f64> = (0..size).map(|j| if j == 0 { 0.0 } else { 900.0 + 40.0 * f64::from(j) }).collect();
        // Every fifth starts above threshold.
        let v_init: Vec<f64> = (0..size).map(|j| if j % 5 == 3 { -45.0 } else { -52.0 }).collect();
        let inhibitory = 800.0;
        let population = Population::new(size as usize, neuron).unwrap();
        let population = population.with_i_offset(i_offset.clone()).unwrap().with_v_init(v_init.clone()).unwrap();
        let population = population.with_background(Background::new(excitatory.clone(), weight)).unwrap();
        let population = population.with_background(Background::new(inhibitory, -0.9 * weight)).unwrap();
        let mut network = Network::new();
        network.add_population(population.with_recording(recording.clone()).unwrap());
        let together = Simulation::new(&network).unwrap().run(&[], key, duration).unwrap();
        let (mut events, mut spikes) = (0, 0);
        for j in 0..size as usize {
            let drawn = arrivals(key, j as u32, [excitatory[j], inhibitory], duration);
            let mut network = Network::new();
            let source = network.add_source(2);
            let one = Population::new(1, IfCurrExp { i_offset: i_offset[j], ..neuron }).unwrap();
            let one = one.with_v_init(v_init[j]).unwrap().with_recording(recording.clone()).unwrap();
            let post = network.add_population(one);
            let synapses = Synapses::Dense(Dense::new(2, 1, vec![weight, -0.9 * weight]).unwrap());
            network.add_projection(Projection::new(source, post, 0.0, synapses).unwrap()).unwrap();
            events += drawn.len() as u64;
            let alone = Simulation::new(&network).unwrap().run(&[Source::Spikes(drawn)], key, duration).unwrap();
            let (alone, together) = (&alone.populations[0], &together.populations[0]);
            let own: Vec<f64> =
                together.spikes.iter().filter(|spike| spike.neuron as usize == j).map(|spike| spike.time).collect();
            assert_eq!(own.len(), alone.spikes.len(), "neuron {j} at {tau_syn} ms");
            for (a, b) in own.iter().zip(&alone.spikes) {
                assert!((a - b.time).abs() < 1e-9, "neuron {j} at {tau_syn} ms: {a} {}", b.time);
            }
            spikes += own.len();
            for (row, want) in together.v.iter().zip(&alone.v) {
                assert!((row[j] - want[0]).abs() < 1e-8, "neuron {j} at {tau_syn} ms: {} {}", row[j], want[0]);
            }
            for (rows, wanted) in [(&together.i_syn_e, &alone.i_syn_e), (&together.i_syn_i, &alone.i_syn_i)] {
                for (row, want) in rows.iter().zip(wanted) {
                    assert!((row[j] - want[0]).abs() < 1e-10);
                }
            }
        }
        assert_eq!(together.synaptic_events, events);
        assert!(spikes > 300, "{spikes} spikes at {tau_syn} ms");
    }
}

/// One inhibitory background, or one of rate zero, under a current above rheobase.
#[test]
fn inhibition_alone() {
    let neuron = IfCurrExp { i_offset: 0.3, ..IfCurrExp::liu_furber_2016() };
    let count = |rate: f64, weight: f64| {
        let population = Population::new(20, neuron).unwrap().with_background(Background::new(rate, weight)).unwrap();
        let mut network = Network::new();
        network.add_population(population);
        let key = StreamKey { seed: 3, sample: 0 };
        let record = Simulation::new(&network).unwrap().run(&[], key, 5000.0).unwrap();
        (record.populations[0].total(), record.synaptic_events)
    };
    // Without arrivals a spike at 19.62 ms, then every 20.62 ms: 242 in 5 s, of each neuron.
    assert_eq!(count(0.0, -0.1), (20 * 242, 0));
    // Many small ones against the theory of the diffusion limit: 4 kHz of 0.005 nA and 5 ms are a mean of -0.1 nA and sigma 0.0158 nA. The
    // weights are a third of sigma; five standard errors at a coefficient of variation below one.
    let (spikes, arrivals) = count(4000.0, -0.005);
    assert!((arrivals as f64 - 400_000.0).abs() < 5.0 * 400_000.0f64.sqrt(), "{arrivals}");
    let noise = Noise::Synaptic { sigma: 0.005 * (4.0f64 * 5.0 / 2.0).sqrt(), tau_syn: 5.0 };
    let expected = 100.0 * Theory::Exact.rate(&neuron, noise, 0.2).unwrap();
    assert!((spikes as f64 - expected).abs() < 5.0 * expected.sqrt(), "{spikes} instead of {expected}");
}

/// What is recorded does not touch what happens, to the last bit; nor does it matter that the run goes on in stretches.
#[test]
fn recording_changes_nothing() {
    let run = |v_at: Vec<f64>| {
        let population = Population::new(37, IfCurrExp::liu_furber_2016()).unwrap();
        let population = population.with_background(Background::new(3000.0, 0.03)).unwrap();
        let recording = Recording { spikes: true, v_at, ..Recording::default() };
        let mut network = Network::new();
        network.add_population(population.with_recording(recording).unwrap());
        let key = StreamKey { seed: 1, sample: 0 };
        Simulation::new(&network).unwrap().run(&[], key, 2300.0).unwrap().populations.remove(0).spikes
    };
    let unseen = run(Vec::new());
    assert!(unseen.len() > 4000 && unseen.is_sorted_by(|a, b| a.time <= b.time));
    assert_eq!(unseen, run((0..1500).map(|i| 0.2 * f64::from(i)).collect()));
}
