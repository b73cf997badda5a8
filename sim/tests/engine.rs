//! The engine without noise, against closed forms and 50-digit reference spike times.

#![allow(clippy::unwrap_used)] // A failure here is a failed test.

use sim::{
    CurrentSource, Dense, IfCurrExp, Network, Population, Pre, Projection, Recording, Simulation, Source, Spike,
    StreamKey, Synapses,
};

const KEY: StreamKey = StreamKey { seed: 1, sample: 0 };

/// Spike times (ms) of one neuron that receives each (time, weight) once.
fn spike_times(neuron: IfCurrExp, inputs: &[(f64, f64)], duration: f64) -> Vec<f64> {
    let mut network = Network::new();
    let source = network.add_source(inputs.len());
    let recording = Recording { spikes: true, ..Recording::default() };
    let post = network.add_population(Population::new(1, neuron).unwrap().with_recording(recording).unwrap());
    let weights = inputs.iter().map(|&(_, w)| w).collect();
    let synapses = Synapses::Dense(Dense::new(inputs.len(), 1, weights).unwrap());
    network.add_projection(Projection::new(source, post, 0.0, synapses).unwrap()).unwrap();
    assert_eq!(source, Pre::Source(0));
    let mut spikes: Vec<Spike> =
        inputs.iter().enumerate().map(|(i, &(time, _))| Spike { time, neuron: i as u32 }).collect();
    spikes.sort_by(|p, q| p.time.total_cmp(&q.time));
    let record = Simulation::new(&network).unwrap().run(&[Source::Spikes(spikes)], KEY, duration).unwrap();
    record.populations[0].spikes.iter().map(|spike| spike.time).collect()
}

fn assert_times(got: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len(), "{got:?} instead of {want:?}");
    for (g, w) in got.iter().zip(want) {
        assert!((g - w).abs() <= tolerance, "{g} instead of {w}");
    }
}

/// Reference spike times: mpmath, 50 digits, closed form between events.
#[test]
fn reference_spike_times() {
    let t1 = IfCurrExp::liu_furber_2016();
    // Tolerance 1e-11 ms: V is good to about 1e-14 mV, the slopes at these spikes exceed 0.01 mV/ms.
    assert_times(
        &spike_times(t1, &[(1.0, 10.0)], 60.0),
        &[
            1.379_176_906_169_055_8,
            2.899_120_270_993_056,
            4.617_553_579_113_16,
            6.663_413_879_421_735,
            9.336_406_486_166_276,
            13.685_964_643_245_625,
        ],
        1e-11,
    );
    let unequal = IfCurrExp { tau_syn_i: 10.0, ..t1 };
    assert_times(&spike_times(unequal, &[(5.0, 2.0), (7.0, -0.6)], 80.0), &[7.050_061_497_534_787], 1e-11);
    let hump = IfCurrExp { tau_syn_e: 1.0, tau_syn_i: 4.0, i_offset: 0.21, ..t1 };
    assert_times(
        &spike_times(hump, &[(30.0, 3.0), (30.0, -1.6)], 200.0),
        &[30.621_108_143_926_62, 91.334_860_603_188_24, 137.006_711_533_008_83, 182.678_555_963_222_2],
        1e-11,
    );
    let degenerate = IfCurrExp { tau_syn_e: 20.000_000_02, tau_syn_i: 20.0, ..t1 };
    assert_times(&spike_times(degenerate, &[(3.0, 0.6), (12.0, -0.1)], 100.0), &[10.010_054_977_754_86], 1e-11);
    // A graze by 1e-6 of the weight: the slope at the spike is 1.6e-3 mV/ms, hence 1e-9 ms.
    let resting = IfCurrExp { i_offset: 0.0, ..t1 };
    assert_times(&spike_times(resting, &[(0.0, 1.190_551_979_526_938_6)], 60.0), &[9.227_828_606_154_114], 1e-9);
    assert_times(&spike_times(resting, &[(0.0, 1.0)], 60.0), &[], 0.0);
}

/// Refractory period zero, v_reset below v_rest, supra-threshold drive: the closed form of the constant current.
#[test]
fn constant_current() {
    let neuron = IfCurrExp { i_offset: 0.5, tau_refrac: 0.0, v_reset: -70.0, ..IfCurrExp::liu_furber_2016() };
    let first = 20.0 * (40.0f64 / 25.0).ln();
    let next = 20.0 * (45.0f64 / 25.0).ln();
    let want: Vec<f64> = (0..12).map(|n| first + next * f64::from(n)).take_while(|&t| t < 140.0).collect();
    // Each interval adds a rounding error of a few 1e-15 ms.
    assert_times(&spike_times(neuron, &[], 140.0), &want, 1e-12);
}

/// A neuron that starts at or above threshold fires at once; an empty population and inputs after the end do nothing.
#[test]
fn starts_and_ends() {
    let neuron = IfCurrExp::liu_furber_2016();
    let run = |size: usize, v_init: f64, delay: f64| {
        let mut network = Network::new();
        let source = network.add_source(1);
        let recording = Recording { spikes: true, v_at: vec![0.5], ..Recording::default() };
        let population = Population::new(size, neuron).unwrap().with_v_init(v_init).unwrap();
        let post = network.add_population(population.with_recording(recording).unwrap());
        let synapses = Synapses::Dense(Dense::new(1, size, vec![50.0; size]).unwrap());
        network.add_projection(Projection::new(source, post, delay, synapses).unwrap()).unwrap();
        let input = Source::Spikes(vec![Spike { time: 5.0, neuron: 0 }]);
        Simulation::new(&network).unwrap().run(&[input], KEY, 10.0).unwrap()
    };
    for v_init in [-50.0, -20.0] {
        let record = run(3, v_init, 100.0);
        assert_eq!(record.populations[0].counts, [1, 1, 1]);
        assert!(record.populations[0].spikes.iter().all(|spike| spike.time == 0.0));
        assert_eq!(record.populations[0].v, [[-65.0; 3]]);
        assert_eq!(record.synaptic_events, 0);
    }
    assert_eq!(run(2, -65.0, 5.0).populations[0].total(), 0);
    assert!(run(2, -65.0, 0.0).populations[0].total() >= 2);
    assert_eq!(run(0, -65.0, 0.0).populations[0].total(), 0);
}

/// A spike reaches the second population through a pool after both delays, at the time of the closed form.
#[test]
fn delays_add_up() {
    let neuron = IfCurrExp { i_offset: 0.0, ..IfCurrExp::liu_furber_2016() };
    let mut network = Network::new();
    let source = network.add_source(1);
    let recording = Recording { spikes: true, ..Recording::default() };
    let first = network.add_population(Population::new(4, neuron).unwrap().with_recording(recording.clone()).unwrap());
    let second = network.add_population(Population::new(1, neuron).unwrap().with_recording(recording).unwrap());
    let weights = vec![2.0, 0.0, 0.0, 0.0];
    let dense = Synapses::Dense(Dense::new(1, 4, weights).unwrap());
    network.add_projection(Projection::new(source, first, 1.5, dense).unwrap()).unwrap();
    let pool = Synapses::Pooling(sim::Pooling::new([2, 2], 1, [2, 2], 2.0).unwrap());
    network.add_projection(Projection::new(Pre::Population(first), second, 2.5, pool).unwrap()).unwrap();
    let input = Source::Spikes(vec![Spike { time: 10.0, neuron: 0 }]);
    let record = Simulation::new(&network).unwrap().run(&[input], KEY, 30.0).unwrap();
    // One arrival of 2 nA at rest: u = (80/3) 2 (s - s^4) = 15 mV at s = exp(-t/20); bisection of
    // s - s^4 = 9/32 gives the time.
    let rise = 2.569_138_649_615_236;
    let (a, b) = (record.populations[0].spikes[0], record.populations[1].spikes[0]);
    assert!((a.time - (11.5 + rise)).abs() < 1e-12, "{a:?}");
    assert!((b.time - a.time - (2.5 + rise)).abs() < 1e-12, "{b:?}");
    assert_eq!(record.synaptic_events, 4 + record.populations[0].total());
}

/// The first spikes of a seed are part of the promise.
#[test]
fn seeded_spikes_stay_the_same() {
    let mut network = Network::new();
    let source = network.add_source(3);
    let recording = Recording { spikes: true, ..Recording::default() };
    let neuron = IfCurrExp::liu_furber_2016();
    let noise = sim::NoisyCurrent::new(0.1, 0.5, 1.0);
    let population = Population::new(2, neuron).unwrap().with_current(CurrentSource::Noisy(noise), None).unwrap();
    let post = network.add_population(population.with_recording(recording).unwrap());
    let synapses = Synapses::Dense(Dense::new(3, 2, vec![0.5; 6]).unwrap());
    network.add_projection(Projection::new(source, post, 1.0, synapses).unwrap()).unwrap();
    let input = [Source::poisson(vec![100.0; 3])];
    let run = |seed, sample| {
        let record = Simulation::new(&network).unwrap().run(&input, StreamKey { seed, sample }, 1000.0).unwrap();
        record.populations[0].spikes.clone()
    };
    let spikes = run(1, 0);
    assert_ne!(spikes, run(1, 1));
    assert_ne!(spikes, run(2, 0));
    let pinned = [(6.570_753_863_849_817, 0), (7.814_519_848_478_158, 1), (9.924_674_619_321_193, 0)];
    assert_eq!(pinned.map(|(time, neuron)| Spike { time, neuron }), spikes[..3]);
}

/// Multiplying weights, i_offset, threshold and reset distances by one factor changes no spike time.
#[test]
fn scaling_leaves_spike_times_alone() {
    let neuron = IfCurrExp::liu_furber_2016();
    let inputs: Vec<(f64, f64)> =
        (0..300).map(|i| (f64::from(i) * 0.37 + 0.01, 0.3 * (f64::from(i * 7919 % 100) / 50.0 - 0.8))).collect();
    let c = 2.7;
    let scaled = IfCurrExp {
        i_offset: c * neuron.i_offset,
        v_thresh: neuron.v_rest + c * (neuron.v_thresh - neuron.v_rest),
        v_reset: neuron.v_rest + c * (neuron.v_reset - neuron.v_rest),
        ..neuron
    };
    let scaled_inputs: Vec<(f64, f64)> = inputs.iter().map(|&(t, w)| (t, c * w)).collect();
    let times = spike_times(neuron, &inputs, 150.0);
    assert!(times.len() > 3);
    assert_times(&spike_times(scaled, &scaled_inputs, 150.0), &times, 1e-10);
}

/// The fast path (one time constant, vector kernel) and the general path (two time constants) are different code;
/// time constants that differ by one ulp must give the same spikes.
#[test]
fn fast_and_general_path_agree() {
    let n = 37;
    let weights: Vec<f64> = (0..50 * n).map(|i| 0.25 * (f64::from((i * 7919 % 211) as u32) / 100.0 - 0.7)).collect();
    let spikes: Vec<Spike> = (0..2000u32).map(|i| Spike { time: f64::from(i) * 0.31, neuron: i * 31 % 50 }).collect();
    let run = |tau_syn_i: f64| {
        let neuron = IfCurrExp { tau_syn_i, ..IfCurrExp::liu_furber_2016() };
        let mut network = Network::new();
        let source = network.add_source(50);
        let recording = Recording { spikes: true, v_at: vec![100.0, 333.3], ..Recording::default() };
        let post = network.add_population(Population::new(n, neuron).unwrap().with_recording(recording).unwrap());
        let synapses = Synapses::Dense(Dense::new(50, n, weights.clone()).unwrap());
        network.add_projection(Projection::new(source, post, 1.5, synapses).unwrap()).unwrap();
        let mut simulation = Simulation::new(&network).unwrap();
        let first = simulation.run(&[Source::Spikes(spikes.clone())], KEY, 700.0).unwrap();
        // A second run of the same state starts afresh.
        assert_eq!(first, simulation.run(&[Source::Spikes(spikes.clone())], KEY, 700.0).unwrap());
        first.populations[0].clone()
    };
    let (fast, general) = (run(5.0), run(f64::from_bits(5.0f64.to_bits() + 1)));
    assert!(fast.total() > 200, "{}", fast.total());
    assert_eq!(fast.counts, general.counts);
    for (p, q) in fast.spikes.iter().zip(&general.spikes) {
        assert!((p.time - q.time).abs() < 1e-9, "{p:?} {q:?}");
    }
    for (p, q) in fast.v.iter().flatten().zip(general.v.iter().flatten()) {
        assert!((p - q).abs() < 1e-9, "{p} {q}");
    }
}

/// A run that is stopped says how far each population came, and keeps what happened until then.
#[test]
fn stopped_run_tells_how_far_it_came() {
    let neuron = IfCurrExp { i_offset: 0.3, ..IfCurrExp::liu_furber_2016() };
    let mut network = Network::new();
    for _ in 0..2 {
        network.add_population(Population::new(1, neuron).unwrap());
    }
    let mut simulation = Simulation::new(&network).unwrap();
    let whole = simulation.run(&[], KEY, 1000.0).unwrap();
    assert!(whole.populations.iter().all(|seen| seen.duration == 1000.0) && whole.duration == 1000.0);
    // The first population is done when half of the work is.
    let stopped = simulation.run_watched(&[], KEY, 1000.0, &mut |share| share < 0.5).unwrap();
    let mut reached: Vec<f64> = stopped.populations.iter().map(|seen| seen.duration).collect();
    reached.sort_by(f64::total_cmp);
    assert_eq!((reached, stopped.duration), (vec![0.0, 1000.0], 0.0));
    let total: u64 = stopped.populations.iter().map(|seen| seen.total()).sum();
    assert_eq!(2 * total, whole.populations.iter().map(|seen| seen.total()).sum());
}
