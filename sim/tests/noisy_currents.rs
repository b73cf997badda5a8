//! Noisy currents: independent of each other, and the same spikes from the state that is theirs alone and from the general one.

#![allow(clippy::unwrap_used)] // A failure here is a failed test.

use sim::{
    CurrentSource, Dense, IfCurrExp, Network, NoisyCurrent, Population, PopulationRecord, Projection, Recording,
    Simulation, Source, StreamKey, Synapses,
};

const KEY: StreamKey = StreamKey { seed: 1, sample: 0 };

/// Two noisy currents of a population are independent, and are those of no other seed: the variance of their sum is the sum of theirs.
#[test]
fn noisy_currents_are_independent() {
    let neuron = IfCurrExp { v_thresh: 0.0, i_offset: 0.0, ..IfCurrExp::liu_furber_2016() };
    let recording = Recording { v_at: vec![400.0], ..Recording::default() };
    let noise = CurrentSource::Noisy(NoisyCurrent::new(0.0, 0.2, 1.0));
    let mut network = Network::new();
    let population = Population::new(4000, neuron).unwrap().with_recording(recording).unwrap();
    let population = population.with_current(noise.clone(), None).unwrap().with_current(noise, None).unwrap();
    network.add_population(population);
    for seed in [1, 1 + (1 << 32)] {
        let key = StreamKey { seed, sample: 0 };
        let [a, b] = [0, 1].map(|current| network.noise_amplitudes(0, current, 7, key).unwrap());
        let n = a.len() as f64;
        let correlation = a.iter().zip(&b).map(|(a, b)| a * b).sum::<f64>() / n / 0.04;
        // Five standard errors, 1/sqrt(n).
        assert!(correlation.abs() < 5.0 / n.sqrt(), "{correlation}");
    }
    let amplitudes = |seed, current| network.noise_amplitudes(0, current, 7, StreamKey { seed, sample: 0 }).unwrap();
    assert_ne!(amplitudes(1, 1), amplitudes(1 + (1 << 32), 0));
    let record = Simulation::new(&network).unwrap().run(&[], KEY, 400.0).unwrap();
    let u: Vec<f64> = record.populations[0].v[0].iter().map(|v| v + 65.0).collect();
    let variance = u.iter().map(|u| u * u).sum::<f64>() / 4000.0;
    // (R s)^2 tanh(dt / (2 tau_m)) at a redraw, for each of the two; five standard errors of 4,000 neurons.
    let want = 2.0 * (80.0 * 0.2_f64).powi(2) * (0.025_f64).tanh();
    assert!((variance / want - 1.0).abs() < 5.0 * (2.0_f64 / 4000.0).sqrt(), "{variance} instead of {want}");
}

/// Neurons that hear a noisy current and nothing else have code of their own: the same spikes as with a source that is silent.
///
/// Refractory periods of none to several intervals, some that end within an interval; currents that make the neurons fire several times in one;
/// intervals that the run cuts short, one longer than the run, and hundreds of time constants. Tolerance: 1e-11 ms of rounding over slopes of at least a hundredth of the usual.
#[test]
fn noise_alone_and_with_a_silent_source() {
    let run = |population: &Population, heard: bool, duration: f64| {
        let mut network = Network::new();
        let source = network.add_source(1);
        let post = network.add_population(population.clone());
        if heard {
            let synapses = Synapses::Dense(Dense::new(1, 19, vec![0.0; 19]).unwrap());
            network.add_projection(Projection::new(source, post, 0.0, synapses).unwrap()).unwrap();
        }
        let record = Simulation::new(&network).unwrap().run(&[Source::Spikes(vec![])], KEY, duration).unwrap();
        record.populations[0].clone()
    };
    let mut most = 0;
    for (tau_refrac, dt, mean, stdev, duration) in [
        (1.0, 1.0, 0.1, 1.0, 2300.5),
        (0.0, 2.0, 1.0, 8.0, 500.0),
        (0.4, 0.9, 0.3, 2.0, 1500.0),
        (0.3, 5.0, 5.0, 5.0, 333.0),
        (7.3, 0.5, 0.5, 1.0, 3000.0),
        (5.0, 1700.0, 0.2, 0.3, 4000.0),
        (2.0, 100.0, 0.5, 0.3, 60.0),
        (4000.0, 5900.0, 0.5, 0.3, 60_000.0),
        (6000.0, 6000.0, 0.5, 0.3, 60_000.0),
    ] {
        let neuron = IfCurrExp { tau_refrac, ..IfCurrExp::liu_furber_2016() };
        // Every fifth starts above threshold.
        let v_init: Vec<f64> = (0..19).map(|j| if j % 5 == 3 { -45.0 } else { -60.0 + 0.5 * f64::from(j) }).collect();
        let population = Population::new(19, neuron).unwrap().with_v_init(v_init).unwrap();
        let i_offset: Vec<f64> = (0..19).map(|j| 0.02 * f64::from(j)).collect();
        let v_thresh: Vec<f64> = (0..19).map(|j| -52.0 + 0.2 * f64::from(j)).collect();
        let population = population.with_i_offset(i_offset).unwrap().with_v_thresh(v_thresh).unwrap();
        let noise = CurrentSource::Noisy(NoisyCurrent::new(mean, stdev, dt));
        let windows = (0..=6).map(|k| f64::from(k) * duration / 6.0).collect();
        let recording = Recording { spikes: true, windows, ..Recording::default() };
        let population = population.with_current(noise, None).unwrap().with_recording(recording).unwrap();
        let (alone, heard) = (run(&population, false, duration), run(&population, true, duration));
        for j in 0..19 {
            let times = |record: &PopulationRecord| -> Vec<f64> {
                record.spikes.iter().filter(|spike| spike.neuron == j).map(|spike| spike.time).collect()
            };
            let (got, want) = (times(&alone), times(&heard));
            assert_eq!(got.len(), want.len(), "neuron {j}, interval {dt} ms");
            assert!(got.iter().zip(&want).all(|(g, w)| (g - w).abs() < 1e-9), "{got:?} instead of {want:?}");
        }
        assert_eq!((&alone.counts, &alone.window_counts), (&heard.counts, &heard.window_counts));
        assert!(alone.spikes.is_sorted_by_key(|spike| spike.time) && alone.total() > 100, "{}", alone.total());
        // What is recorded does not touch what happens.
        let unseen = population.with_recording(Recording::default()).unwrap();
        assert_eq!(run(&unseen, false, duration).counts, alone.counts);
        most = most.max(alone.total());
    }
    assert!(most > 5000, "{most}");
}
