//! Loops, delays, currents, thresholds and time constants of their own: against closed forms, and against the same network described in
//! another way.

#![allow(clippy::unwrap_used)] // A failure here is a failed test.

use sim::{
    Background, Connector, CurrentSource, Dense, Distribution, IfCurrExp, Network, NetworkError, PerSynapse,
    Population, Pre, Projection, Psc, Recording, Simulation, Source, Sparse, Spike, StreamKey, Synapse, Synapses,
    TimeConstants, Uniform, Wiring, connect,
};

const KEY: StreamKey = StreamKey { seed: 1, sample: 0 };

fn spikes() -> Recording {
    Recording { spikes: true, ..Recording::default() }
}

fn times(spikes: &[Spike], neuron: u32) -> Vec<f64> {
    spikes.iter().filter(|spike| spike.neuron == neuron).map(|spike| spike.time).collect()
}

fn assert_close(got: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len(), "{got:?} instead of {want:?}");
    assert!(got.iter().zip(want).all(|(g, w)| (g - w).abs() <= tolerance), "{got:?} instead of {want:?}");
}

/// A ring of three delta neurons passes one spike on and on: each fires when it arrives, exactly.
#[test]
fn a_ring_passes_a_spike_on() {
    let neuron = IfCurrExp { tau_refrac: 2.0, ..IfCurrExp::default() };
    let mut network = Network::new();
    let source = network.add_source(1);
    let ring = network
        .add_population(Population::new(3, neuron).unwrap().with_psc(Psc::Delta).with_recording(spikes()).unwrap());
    let delays = [1.25, 2.0, 3.5];
    let list: Vec<Synapse> = delays
        .iter()
        .enumerate()
        .map(|(i, &delay)| Synapse { pre: i as u32, post: (i as u32 + 1) % 3, weight: 20.0, delay })
        .collect();
    let synapses = Synapses::Sparse(Sparse::from_list(3, 3, &list).unwrap());
    network.add_projection(Projection::new(Pre::Population(ring), ring, 0.0, synapses).unwrap()).unwrap();
    let start = Synapses::Dense(Dense::new(1, 3, vec![20.0, 0.0, 0.0]).unwrap());
    network.add_projection(Projection::new(source, ring, 0.5, start).unwrap()).unwrap();
    let input = Source::Spikes(vec![Spike { time: 1.0, neuron: 0 }]);
    let record = Simulation::new(&network).unwrap().run(&[input], KEY, 100.0).unwrap();
    let round: f64 = delays.iter().sum();
    let mut arrival = 1.5;
    for (neuron, delay) in (0..3).zip(delays) {
        let want: Vec<f64> = (0..).map(|n| arrival + round * f64::from(n)).take_while(|&t| t <= 100.0).collect();
        // Sums of delays, rounded some 15 times at 1e-14.
        assert_close(&times(&record.populations[0].spikes, neuron), &want, 1e-12);
        arrival += delay;
    }
}

/// A neuron that excites itself, and loops without delay.
#[test]
fn self_connections() {
    let build = |delay: f64| {
        let mut network = Network::new();
        let population = Population::new(1, IfCurrExp::default()).unwrap().with_psc(Psc::Delta);
        let population = population.with_v_init(-40.0).unwrap().with_recording(spikes()).unwrap();
        let only = network.add_population(population);
        let synapses = Synapses::Uniform(Uniform::new(1, 1, 15.5).unwrap());
        network.add_projection(Projection::new(Pre::Population(only), only, delay, synapses).unwrap()).unwrap();
        network
    };
    let network = build(7.0);
    let record = Simulation::new(&network).unwrap().run(&[], KEY, 30.0).unwrap();
    assert_close(&times(&record.populations[0].spikes, 0), &[0.0, 7.0, 14.0, 21.0, 28.0], 1e-12);
    let without = build(0.0);
    assert!(matches!(Simulation::new(&without), Err(NetworkError::LoopWithoutDelay { pre: 0, post: 0 })));
}

/// Steps of current: V relaxes from level to level, and fires when the closed form says so.
#[test]
fn stepped_currents() {
    let neuron = IfCurrExp::liu_furber_2016();
    let step = CurrentSource::Step { times: vec![10.0, 25.0, 40.0], amplitudes: vec![0.05, 0.3, -0.2] };
    let dc = CurrentSource::Dc { amplitude: 0.02, start: 5.0, stop: 60.0 };
    let recording = Recording { spikes: true, v_at: vec![7.0, 20.0, 30.0, 80.0], ..Recording::default() };
    let mut network = Network::new();
    let population = Population::new(2, neuron).unwrap().with_current(step, Some(vec![1])).unwrap();
    network.add_population(population.with_current(dc, None).unwrap().with_recording(recording).unwrap());
    let record = Simulation::new(&network).unwrap().run(&[], KEY, 100.0).unwrap();
    // By hand: u relaxes towards 80 MOhm times the current.
    let relax = |u: f64, current: f64, t: f64| 80.0 * current + (u - 80.0 * current) * (-t / 20.0f64).exp();
    let u5 = relax(0.0, 0.1, 5.0);
    let u10 = relax(u5, 0.12, 5.0);
    let u25 = relax(u10, 0.17, 15.0);
    let first = 25.0 + 20.0 * ((33.6 - u25) / (33.6 - 15.0)).ln();
    let interval = 1.0 + 20.0 * (33.6f64 / 18.6).ln();
    let want: Vec<f64> = [first, first + interval].into_iter().filter(|&t| t < 40.0).collect();
    let seen = &record.populations[0];
    assert_close(&times(&seen.spikes, 1), &want, 1e-12);
    assert_close(&times(&seen.spikes, 0), &[], 0.0);
    assert_close(&seen.v[0], &[relax(u5, 0.12, 2.0) - 65.0; 2], 1e-12);
    assert_close(&seen.v[1], &[relax(u5, 0.12, 15.0) - 65.0, relax(u10, 0.17, 10.0) - 65.0], 1e-12);
    let u60 = relax(u5, 0.12, 55.0);
    assert!((seen.v[3][0] - (relax(u60, 0.1, 20.0) - 65.0)).abs() < 1e-12);
}

/// A sinusoidal current: V in the long run has the amplitude and phase of a low-pass filter.
#[test]
fn sinusoidal_current() {
    let neuron = IfCurrExp { i_offset: 0.0, ..IfCurrExp::liu_furber_2016() };
    let ac = CurrentSource::Ac {
        amplitude: 0.1,
        offset: 0.05,
        frequency: 20.0,
        phase: 30.0,
        start: 3.0,
        stop: f64::INFINITY,
    };
    let at: Vec<f64> = (0..40).map(|k| 2000.0 + 1.7 * f64::from(k)).collect();
    let recording = Recording { v_at: at.clone(), ..Recording::default() };
    let mut network = Network::new();
    let population = Population::new(1, neuron).unwrap().with_current(ac, None).unwrap();
    network.add_population(population.with_recording(recording).unwrap());
    let record = Simulation::new(&network).unwrap().run(&[], KEY, 2100.0).unwrap();
    let omega_tau = std::f64::consts::TAU * 0.02 * 20.0;
    for (t, v) in at.iter().zip(&record.populations[0].v) {
        let phase = std::f64::consts::TAU * 0.02 * (t - 3.0) + 30f64.to_radians() - omega_tau.atan();
        let want = -65.0 + 80.0 * 0.05 + 8.0 / (1.0 + omega_tau * omega_tau).sqrt() * phase.sin();
        // After 2 s the start is forgotten by exp(-100); the angle is good to 1e-13.
        assert!((v[0] - want).abs() < 1e-11, "{t} ms: {} instead of {want}", v[0]);
    }
}

/// A population whose neurons differ, against populations of one neuron each.
#[test]
fn neurons_of_their_own() {
    let neuron = IfCurrExp { i_offset: 0.12, ..IfCurrExp::liu_furber_2016() };
    let taus = [(20.0, 5.0, 5.0), (12.0, 12.0, 3.0), (15.0, 2.0, 9.0), (30.0, 29.9, 40.0)];
    let thresholds = [-50.0, -53.0, -55.0, -57.5];
    let weights: Vec<f64> = (0..40).map(|i| 0.5 * (f64::from(i * 17 % 40) / 20.0 - 0.7)).collect();
    let input: Vec<Spike> = (0..400).map(|i| Spike { time: 0.7 * f64::from(i), neuron: (i % 10) as u32 }).collect();
    let each: Vec<TimeConstants> =
        taus.iter().map(|&(tau_m, tau_syn_e, tau_syn_i)| TimeConstants { tau_m, tau_syn_e, tau_syn_i }).collect();
    for psc in [Psc::Exponential, Psc::Alpha] {
        let mut network = Network::new();
        let source = network.add_source(10);
        let population = Population::new(4, neuron).unwrap().with_psc(psc).with_time_constants(each.clone()).unwrap();
        let population = population.with_v_thresh(thresholds.to_vec()).unwrap().with_recording(spikes()).unwrap();
        let together = network.add_population(population);
        let synapses = Synapses::Dense(Dense::new(10, 4, weights.clone()).unwrap());
        network.add_projection(Projection::new(source, together, 1.0, synapses).unwrap()).unwrap();
        for j in 0..4 {
            let (tau_m, tau_syn_e, tau_syn_i) = taus[j];
            let alone = IfCurrExp { tau_m, tau_syn_e, tau_syn_i, v_thresh: thresholds[j], ..neuron };
            let population = Population::new(1, alone).unwrap().with_psc(psc).with_recording(spikes()).unwrap();
            let single = network.add_population(population);
            let column = (0..10).map(|i| weights[4 * i + j]).collect();
            let synapses = Synapses::Dense(Dense::new(10, 1, column).unwrap());
            network.add_projection(Projection::new(source, single, 1.0, synapses).unwrap()).unwrap();
        }
        let record = Simulation::new(&network).unwrap().run(&[Source::Spikes(input.clone())], KEY, 300.0).unwrap();
        let total = record.populations[0].total();
        assert!(total > 20, "{psc:?}: {total} spikes");
        for j in 0..4 {
            let got = times(&record.populations[0].spikes, j);
            // The two differ in when they are looked at, not in what they are; slopes exceed 1e-3 mV/ms.
            assert_close(&got, &times(&record.populations[j as usize + 1].spikes, 0), 1e-10);
        }
    }
}

/// Delays listed one by one, against one projection per delay.
#[test]
fn delays_of_their_own() {
    let neuron = IfCurrExp { tau_syn_i: 10.0, ..IfCurrExp::liu_furber_2016() };
    let wiring = Wiring {
        pre: 30,
        post: 20,
        weights: Distribution::Normal { mu: 0.1, sigma: 0.1 },
        delays: Distribution::Uniform { low: 0.5, high: 12.0 },
        self_connections: true,
    };
    let Synapses::Sparse(listed) = connect(&Connector::FixedProbability(0.3), &wiring, KEY, 5).unwrap() else {
        panic!("a random connector lists its synapses");
    };
    let mut network = Network::new();
    let source = network.add_source(30);
    let add = |network: &mut Network| {
        network.add_population(Population::new(20, neuron).unwrap().with_recording(spikes()).unwrap())
    };
    let (together, apart) = (add(&mut network), add(&mut network));
    for synapse in listed.synapses() {
        let mut rows = vec![Vec::new(); 30];
        rows[synapse.pre as usize].push(synapse.post);
        let one = Sparse::new(20, &rows, PerSynapse::Same(synapse.weight), PerSynapse::Same(0.0)).unwrap();
        let projection = Projection::new(source, apart, synapse.delay, Synapses::Sparse(one)).unwrap();
        network.add_projection(projection).unwrap();
    }
    let all = Synapses::Sparse(listed);
    network.add_projection(Projection::new(source, together, 0.0, all).unwrap()).unwrap();
    let input = [Source::poisson(vec![60.0; 30])];
    let record = Simulation::new(&network).unwrap().run(&input, KEY, 500.0).unwrap();
    let [a, b] = [together, apart].map(|index| &record.populations[index]);
    assert!(a.total() > 30, "{}", a.total());
    for j in 0..20 {
        assert_close(&times(&a.spikes, j), &times(&b.spikes, j), 1e-10);
    }
}

/// Many Poisson sources of one weight, merged: mean and variance of V are those of shot noise (Campbell's theorem).
#[test]
fn merged_sources_and_backgrounds() {
    let neuron = IfCurrExp { i_offset: 0.0, v_thresh: 0.0, ..IfCurrExp::liu_furber_2016() };
    let (rate, weight) = (20_000.0, 0.005);
    let v_at: Vec<f64> = (0..200).map(|k| 200.0 + 50.0 * f64::from(k)).collect();
    let recording = Recording { v_at, ..Recording::default() };
    let mut network = Network::new();
    let source = network.add_source(1000);
    let add = |network: &mut Network, background: Option<Background>| {
        let population = Population::new(50, neuron).unwrap().with_recording(recording.clone()).unwrap();
        network.add_population(match background {
            Some(background) => population.with_background(background).unwrap(),
            None => population,
        })
    };
    let shared = add(&mut network, None);
    let synapses = Synapses::Uniform(Uniform::new(1000, 50, weight).unwrap());
    network.add_projection(Projection::new(source, shared, 1.0, synapses).unwrap()).unwrap();
    let own = add(&mut network, Some(Background::new(rate, weight)));
    let input = [Source::poisson(vec![rate / 1000.0; 1000])];
    let record = Simulation::new(&network).unwrap().run(&input, KEY, 10_200.0).unwrap();
    // mean = R tau_s w l; the variance is l times the integral of the squared PSP, (R w tau_s)^2 l / (2 (tau_m + tau_s)).
    let mean = 80.0 * 5.0 * weight * rate / 1000.0;
    let variance = (80.0 * weight * 5.0_f64).powi(2) * rate / 1000.0 / (2.0 * 25.0);
    let shared_v: Vec<f64> = record.populations[shared].v.iter().map(|row| row[7] + 65.0).collect();
    // All neurons of the shared population hear the same spikes.
    assert!(record.populations[shared].v.iter().all(|row| row.iter().all(|v| *v == row[0])));
    let own_v: Vec<f64> = record.populations[own].v.concat().iter().map(|v| v + 65.0).collect();
    for (values, independent) in [(shared_v, 200.0), (own_v, 10_000.0)] {
        let n = values.len() as f64;
        let got = values.iter().sum::<f64>() / n;
        let spread = values.iter().map(|v| (v - got).powi(2)).sum::<f64>() / n;
        // Samples 50 ms apart are correlated by less than 0.12; five standard errors of that many independent ones, times 1.2.
        let error = 1.2 * (variance / independent).sqrt();
        assert!((got - mean).abs() < 5.0 * error, "{got} instead of {mean}");
        assert!((spread / variance - 1.0).abs() < 5.0 * 1.2 * (2.0 / independent).sqrt(), "{spread} {variance}");
    }
}

/// Windows of spike counts, chosen neurons, and synaptic currents.
#[test]
fn what_is_recorded() {
    let neuron = IfCurrExp { i_offset: 0.3, ..IfCurrExp::liu_furber_2016() };
    let recording = Recording {
        spikes: true,
        v_at: vec![6.0],
        synaptic_currents: true,
        windows: vec![0.0, 50.0, 100.0],
        neurons: Some(vec![1]),
    };
    let mut network = Network::new();
    let source = network.add_source(2);
    let population = Population::new(2, neuron).unwrap().with_recording(recording).unwrap();
    let post = network.add_population(population);
    let synapses = Synapses::Dense(Dense::new(2, 2, vec![0.0, 0.1, 0.0, -0.2]).unwrap());
    network.add_projection(Projection::new(source, post, 1.0, synapses).unwrap()).unwrap();
    let input = Source::Spikes(vec![Spike { time: 0.0, neuron: 0 }, Spike { time: 2.0, neuron: 1 }]);
    let record = Simulation::new(&network).unwrap().run(&[input], KEY, 100.0).unwrap();
    let seen = &record.populations[0];
    assert_eq!(seen.counts[0], 4);
    assert_eq!(seen.window_counts.iter().map(|counts| counts[0]).collect::<Vec<_>>(), [2, 2]);
    assert!(seen.spikes.iter().all(|spike| spike.neuron == 1) && !seen.spikes.is_empty());
    assert_eq!(seen.v[0].len(), 1);
    assert!((seen.i_syn_e[0][0] - 0.1 * (-1.0f64).exp()).abs() < 1e-15);
    assert!((seen.i_syn_i[0][0] + 0.2 * (-0.6f64).exp()).abs() < 1e-15);
}

/// Populations without neurons run in every form of the engine.
#[test]
fn populations_without_neurons() {
    for psc in [Psc::Exponential, Psc::Alpha, Psc::Delta] {
        let mut network = Network::new();
        let population = Population::new(0, IfCurrExp::default()).unwrap().with_psc(psc);
        let none = network.add_population(population.with_time_constants(Vec::new()).unwrap());
        let synapses = Synapses::Sparse(Sparse::from_list(0, 0, &[]).unwrap());
        network.add_projection(Projection::new(Pre::Population(none), none, 1.0, synapses).unwrap()).unwrap();
        let record = Simulation::new(&network).unwrap().run(&[], KEY, 10.0).unwrap();
        assert_eq!(record.populations[0].total(), 0);
    }
}

/// What makes a neuron fire without end is refused, from wherever it comes: its own offset, its own time constants, or currents that add up.
#[test]
fn endless_firing_is_refused() {
    let neuron = IfCurrExp { tau_refrac: 0.0, ..IfCurrExp::liu_furber_2016() };
    let dc = |amplitude| CurrentSource::Dc { amplitude, start: 0.0, stop: 1.0 };
    let population = Population::new(2, neuron).unwrap();
    // 15 mV at I/cm mV per ms: 1e-6 ms takes some 3.75e6 nA.
    let strong = population.clone().with_i_offset(vec![0.0, 3e6]).unwrap();
    assert!(strong.clone().with_current(dc(3e6), Some(vec![0])).is_ok());
    assert!(strong.with_current(dc(3e6), Some(vec![1])).is_err());
    let one = population.clone().with_current(dc(3e6), None).unwrap();
    assert!(one.with_current(dc(3e6), None).is_err());
    assert!(population.with_i_offset(6e6).is_err());
}

/// A simulation whose constant currents are changed does what one of a network built with them does, and the next run again.
#[test]
fn constant_currents_from_run_to_run() {
    let build = |current: f64| {
        let mut network = Network::new();
        let first = Population::new(2, IfCurrExp::default()).unwrap().with_i_offset(vec![0.0, current]).unwrap();
        let first = network.add_population(first.with_recording(spikes()).unwrap());
        let second = Population::new(1, IfCurrExp::default()).unwrap().with_recording(spikes()).unwrap();
        let second = network.add_population(second);
        let synapses = Synapses::Dense(Dense::new(2, 1, vec![4.0, 4.0]).unwrap());
        network.add_projection(Projection::new(Pre::Population(first), second, 1.0, synapses).unwrap()).unwrap();
        network
    };
    let network = build(0.0);
    let mut simulation = Simulation::new(&network).unwrap();
    for current in [2.0, 0.0, 3.0] {
        simulation.set_i_offset(0, vec![0.0, current]).unwrap();
        let record = simulation.run(&[], KEY, 200.0).unwrap();
        let built = build(current);
        let expected = Simulation::new(&built).unwrap().run(&[], KEY, 200.0).unwrap();
        assert_eq!(record.populations, expected.populations);
        assert_eq!(record.populations[1].spikes.is_empty(), current == 0.0);
    }
    assert!(simulation.set_i_offset(2, vec![0.0]).is_err());
    assert!(simulation.set_i_offset(0, vec![0.0]).is_err());
    assert!(simulation.set_i_offset(0, vec![0.0, f64::NAN]).is_err());
}
