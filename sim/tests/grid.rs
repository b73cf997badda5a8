//! The engine on a grid, against closed forms and against the exact engine.

#![allow(clippy::unwrap_used)] // A failure here is a failed test.

use sim::membrane::Trajectory;
use sim::{
    Background, CurrentSource, Dense, GridSimulation, IfCurrExp, Network, NetworkError, NoisyCurrent, PerSynapse,
    Population, Pre, Projection, Psc, Record, Recording, Simulation, Source, Sparse, Spike, Stdp, StreamKey, Synapse,
    Synapses, TimeConstants,
};

const KEY: StreamKey = StreamKey { seed: 1, sample: 0 };

/// Rounding errors of a few hundred steps at some 15 mV (mV, nA).
const ROUNDING: f64 = 1e-12;

fn spikes() -> Recording {
    Recording { spikes: true, ..Recording::default() }
}

fn alone(population: Population) -> Network {
    let mut network = Network::new();
    network.add_population(population);
    network
}

fn on_grid(network: &Network, sources: &[Source], dt: f64, duration: f64) -> Record {
    GridSimulation::new(network, dt).unwrap().run(sources, KEY, duration).unwrap()
}

fn times(record: &Record) -> Vec<f64> {
    record.populations[0].spikes.iter().map(|spike| spike.time).collect()
}

/// One neuron or several that receive each (time, weight) of a source after `delay`.
fn driven(population: Population, inputs: &[(f64, f64)], delay: f64) -> (Network, Source) {
    let mut network = Network::new();
    let source = network.add_source(inputs.len());
    let size = population.size();
    let post = network.add_population(population);
    let weights = inputs.iter().flat_map(|&(_, w)| vec![w; size]).collect();
    let synapses = Synapses::Dense(Dense::new(inputs.len(), size, weights).unwrap());
    network.add_projection(Projection::new(source, post, delay, synapses).unwrap()).unwrap();
    let spikes = inputs.iter().enumerate().map(|(i, &(time, _))| Spike { time, neuron: i as u32 }).collect();
    (network, Source::Spikes(spikes))
}

/// A constant current: threshold is reached after t = tau_m ln((u_inf - u_r)/(u_inf - theta)), and so at the end of step
/// N = ceil(t/h); the next interval begins r steps later.
#[test]
fn constant_current_fires_every_n_plus_r_steps() {
    for (i_offset, dt) in [(0.3, 1.0), (0.3, 0.1), (0.25, 0.1), (1.7, 0.5), (0.2, 0.025), (0.4, 0.3)] {
        for tau_refrac in [0.0, 3.0, 0.6] {
            let neuron = IfCurrExp { i_offset, tau_refrac, ..IfCurrExp::liu_furber_2016() };
            let level = neuron.resistance() * i_offset;
            let needed = (neuron.tau_m * (level / (level - 15.0)).ln() / dt).ceil();
            let interval = needed + (tau_refrac / dt - 1e-9).ceil();
            let network = alone(Population::new(3, neuron).unwrap().with_recording(spikes()).unwrap());
            let found = on_grid(&network, &[], dt, 1500.0);
            let count = ((1500.0 / dt).round() - needed).div_euclid(interval) + 1.0;
            assert_eq!(found.populations[0].counts, [count as u32; 3], "{i_offset} nA, {dt} ms, {tau_refrac} ms");
            for (k, spike) in found.populations[0].spikes.iter().enumerate() {
                let step = needed + (k / 3) as f64 * interval;
                // The product of a whole number and dt is off by an ulp of 1500.
                assert!((spike.time - step * dt).abs() < 1e-12 * 1500.0, "{} ms", spike.time);
            }
        }
    }
}

/// Potentials and currents at grid points are those of the closed form: without spikes the grid is exact.
#[test]
fn potentials_follow_the_closed_form() {
    for (tau_syn_e, tau_syn_i) in [(5.0, 5.0), (2.0, 9.0), (20.0, 35.0)] {
        let neuron = IfCurrExp { tau_syn_e, tau_syn_i, ..IfCurrExp::liu_furber_2016() };
        let v_at: Vec<f64> = (0..=80).map(|k| f64::from(k) * 0.5).collect();
        let recording = Recording { v_at: v_at.clone(), synaptic_currents: true, ..Recording::default() };
        let population = Population::new(2, neuron).unwrap().with_recording(recording).unwrap();
        // Off the grid, put on it at 3.1 ms; on the grid.
        let (network, source) = driven(population, &[(3.03, 0.4), (10.1, -0.3)], 1.2);
        let record = on_grid(&network, &[source], 0.1, 40.0);
        let level = neuron.v_rest + neuron.resistance() * neuron.i_offset;
        let start = Trajectory { d: neuron.v_rest - level, i_e: 0.0, i_i: 0.0 };
        let first = Trajectory { i_e: 0.4, ..start.after(&neuron, 4.3) };
        let second = first.after(&neuron, 7.0);
        let second = Trajectory { i_i: second.i_i - 0.3, ..second };
        for (row, &t) in v_at.iter().enumerate() {
            let want = match t {
                t if t < 4.3 => start.after(&neuron, t),
                t if t < 11.3 => first.after(&neuron, t - 4.3),
                t => second.after(&neuron, t - 11.3),
            };
            let seen = &record.populations[0];
            for (found, want) in [(&seen.v, level + want.d), (&seen.i_syn_e, want.i_e), (&seen.i_syn_i, want.i_i)] {
                assert!((found[row][1] - want).abs() < ROUNDING * 10.0, "{t} ms: {} for {want}", found[row][1]);
            }
        }
    }
}

/// Without a threshold in reach, both engines follow the same potentials, for all shapes of synapses and all currents, as
/// long as everything happens at grid points.
#[test]
fn potentials_are_those_of_the_exact_engine() {
    for psc in [Psc::Exponential, Psc::Alpha, Psc::Delta] {
        let constants = |k: f64| TimeConstants { tau_m: 10.0 + k, tau_syn_e: 2.0 + k, tau_syn_i: 9.0 - k };
        let neuron = IfCurrExp { v_thresh: 1e3, ..IfCurrExp::liu_furber_2016() };
        let recording = Recording { v_at: (0..200).map(f64::from).collect(), ..Recording::default() };
        let steps = CurrentSource::Step { times: vec![20.0, 50.5], amplitudes: vec![0.2, -0.1] };
        let noise = NoisyCurrent { start: 30.0, stop: 120.0, ..NoisyCurrent::new(0.1, 0.4, 2.0) };
        let population = Population::new(5, neuron)
            .unwrap()
            .with_psc(psc)
            .with_i_offset(vec![0.0, 0.1, 0.2, 0.3, 0.4])
            .unwrap()
            .with_time_constants((0..5).map(|k| constants(f64::from(k))).collect())
            .unwrap()
            .with_v_init(vec![-65.0, -60.0, -55.0, -70.0, -58.0])
            .unwrap()
            .with_current(CurrentSource::Dc { amplitude: 0.5, start: 10.0, stop: 60.0 }, Some(vec![1, 3]))
            .unwrap()
            .with_current(steps, None)
            .unwrap()
            .with_current(CurrentSource::Noisy(noise), Some(vec![0, 4]))
            .unwrap()
            .with_recording(recording)
            .unwrap();
        let inputs: Vec<(f64, f64)> = (1..40).map(|k| (f64::from(k) * 4.5, f64::from(k % 5) - 1.5)).collect();
        let (network, source) = driven(population, &inputs, 1.5);
        let grid = on_grid(&network, std::slice::from_ref(&source), 0.5, 200.0);
        let exact = Simulation::new(&network).unwrap().run(&[source], KEY, 200.0).unwrap();
        assert_eq!(grid.synaptic_events, exact.synaptic_events);
        for (t, (grid, exact)) in grid.populations[0].v.iter().zip(&exact.populations[0].v).enumerate() {
            for (grid, exact) in grid.iter().zip(exact) {
                // Delta synapses: the exact engine reads V before the arrivals of the same instant, the grid after them.
                let together = psc == Psc::Delta && (2 * t as i64 - 3) % 9 == 0;
                assert!(together || (grid - exact).abs() < 1e-10, "{psc:?} at {t} ms: {grid} for {exact}");
            }
        }
    }
}

/// A sinusoidal current held for a step at the value of its start lags by half a step: the error falls with the step.
#[test]
fn sinusoidal_currents_are_held() {
    let sine = CurrentSource::Ac { amplitude: 0.3, offset: 0.1, frequency: 20.0, phase: 30.0, start: 5.0, stop: 90.0 };
    let recording = Recording { v_at: (0..100).map(f64::from).collect(), ..Recording::default() };
    let neuron = IfCurrExp { v_thresh: 0.0, ..IfCurrExp::liu_furber_2016() };
    let population = Population::new(2, neuron).unwrap().with_recording(recording).unwrap();
    let network = alone(population.with_current(sine, Some(vec![1])).unwrap());
    let exact = Simulation::new(&network).unwrap().run(&[], KEY, 100.0).unwrap();
    let error = |dt: f64| {
        let grid = on_grid(&network, &[], dt, 100.0);
        let pairs = grid.populations[0].v.iter().zip(&exact.populations[0].v);
        assert!(pairs.clone().all(|(grid, exact)| (grid[0] - exact[0]).abs() < ROUNDING * 10.0));
        pairs.map(|(grid, exact)| (grid[1] - exact[1]).abs()).fold(0.0, f64::max)
    };
    // At most h/2 times the slope 2 pi f a = 0.038 nA/ms, through R = 80 MOhm; and no less than a tenth of that.
    for dt in [1.0, 0.1, 0.01] {
        let bound = 0.5 * dt * 0.3 * std::f64::consts::TAU * 0.02 * 80.0;
        assert!((0.1 * bound..bound).contains(&error(dt)), "{} mV at {dt} ms", error(dt));
    }
}

/// The first spike of every neuron approaches the exact one from above, within two steps: the input is up to one step late, and
/// the spike is stamped up to one step late. Later spikes would inherit both.
#[test]
fn finer_grids_approach_the_exact_spikes() {
    let size = 40;
    let thresholds: Vec<f64> = (0..size).map(|j| -57.0 + 0.05 * f64::from(j)).collect();
    let population = || {
        let neuron = IfCurrExp::liu_furber_2016();
        Population::new(size as usize, neuron).unwrap().with_v_thresh(thresholds.clone()).unwrap()
    };
    for psc in [Psc::Exponential, Psc::Alpha] {
        let population = population().with_psc(psc).with_recording(spikes()).unwrap();
        let inputs: Vec<(f64, f64)> = (0..12).map(|k| (f64::from(k) * 7.3 + 0.037, 0.25)).collect();
        let (network, source) = driven(population, &inputs, 1.0);
        let sources = std::slice::from_ref(&source);
        let exact = Simulation::new(&network).unwrap().run(sources, KEY, 120.0).unwrap();
        let first = |record: &Record, j: u32| {
            record.populations[0].spikes.iter().find(|spike| spike.neuron == j).map(|spike| spike.time)
        };
        let mut mean_errors = Vec::new();
        for dt in [1.0, 0.1, 0.01, 0.001] {
            let grid = on_grid(&network, sources, dt, 120.0);
            let mut sum = 0.0;
            for j in 0..size as u32 {
                let (found, want) = (first(&grid, j).unwrap(), first(&exact, j).unwrap());
                let late = found - want;
                // A potential that is above threshold between two grid points only fires at a later input: not on these grids.
                assert!((-1e-9..=2.0 * dt + 1e-9).contains(&late), "{psc:?}, {dt} ms, neuron {j}: {found} for {want}");
                sum += late;
            }
            mean_errors.push(sum / f64::from(size));
        }
        assert!(mean_errors.windows(2).all(|pair| pair[1] < 0.3 * pair[0]), "{mean_errors:?}");
    }
}

/// A loop of two neurons, and a synapse onto itself: spikes go round with delays in whole steps.
#[test]
fn loops_need_no_order() {
    let neuron = IfCurrExp { i_offset: 0.0, tau_refrac: 0.5, ..IfCurrExp::liu_furber_2016() };
    let mut network = Network::new();
    let source = network.add_source(1);
    let ring = network
        .add_population(Population::new(3, neuron).unwrap().with_psc(Psc::Delta).with_recording(spikes()).unwrap());
    // 20 mV make a resting neuron fire at once.
    let synapse = |pre, post, delay| Synapse { pre, post, weight: 20.0, delay };
    let entry = Sparse::from_list(1, 3, &[synapse(0, 0, 0.0)]).unwrap();
    let around = Sparse::from_list(3, 3, &[synapse(0, 1, 1.0), synapse(1, 2, 2.04), synapse(2, 0, 2.96)]).unwrap();
    network.add_projection(Projection::new(source, ring, 0.1, Synapses::Sparse(entry)).unwrap()).unwrap();
    network
        .add_projection(Projection::new(Pre::Population(ring), ring, 0.0, Synapses::Sparse(around)).unwrap())
        .unwrap();
    let input = Source::Spikes(vec![Spike { time: 0.9, neuron: 0 }]);
    let record = on_grid(&network, &[input], 0.1, 14.0);
    let found: Vec<(f64, u32)> = record.populations[0].spikes.iter().map(|s| (s.time, s.neuron)).collect();
    assert_eq!(found, [(1.0, 0), (2.0, 1), (4.0, 2), (7.0, 0), (8.0, 1), (10.0, 2), (13.0, 0), (14.0, 1)]);
    // The arrival at the very end is none of the run, as in the exact engine.
    assert_eq!(record.synaptic_events, 7);
}

/// Piecewise-constant noise with sigma 1 nA, redrawn at every step of 1 ms, mean 0.2 nA and i_offset 0.1 nA: 55.745 Hz by the Nystrom
/// solution of the renewal equation on the grid (`piecewise_grid`); the exact engine fires at 57.0 Hz.
#[test]
fn rate_under_noise_on_the_grid() {
    let noise = CurrentSource::Noisy(NoisyCurrent::new(0.2, 1.0, 1.0));
    let population = Population::new(200, IfCurrExp::liu_furber_2016()).unwrap().with_current(noise, None).unwrap();
    let network = alone(population);
    let rate = on_grid(&network, &[], 1.0, 10_000.0).populations[0].total() as f64 / 200.0 / 10.0;
    // 111,000 spikes of a coefficient of variation below 1: standard error below 0.17 Hz. Four of them.
    assert!((rate - 55.745_297_165).abs() < 4.0 * 0.17, "{rate} Hz");
}

/// The same background reaches a population of a network in both engines: equal numbers of arrivals, and rates that differ by the bias
/// of a fine grid only.
#[test]
fn backgrounds_are_those_of_the_exact_engine() {
    let population = Population::new(50, IfCurrExp::liu_furber_2016()).unwrap();
    let population = population.with_background(Background::new(2000.0, 0.02)).unwrap();
    let mut network = alone(population.with_background(Background::new(500.0, -0.02)).unwrap());
    let silent = network.add_source(1);
    let synapses = Synapses::Dense(Dense::new(1, 50, vec![1.0; 50]).unwrap());
    network.add_projection(Projection::new(silent, 0, 1.0, synapses).unwrap()).unwrap();
    let silence = [Source::Spikes(Vec::new())];
    let exact = Simulation::new(&network).unwrap().run(&silence, KEY, 2000.0).unwrap();
    let grid = on_grid(&network, &silence, 0.01, 2000.0);
    let missing = exact.synaptic_events - grid.synaptic_events;
    // Those of the last step arrive at the end: 125,000 per second, 1.25 expected in 0.01 ms.
    assert!(missing < 10, "{missing}");
    let (exact, grid) = (exact.populations[0].total() as f64, grid.populations[0].total() as f64);
    assert!(exact > 2000.0 && (grid - exact).abs() < 0.01 * exact, "{grid} spikes for {exact}");
}

/// More than ten spikes per neuron and step are drawn as numbers: the moments of the synaptic current after the arrivals are those of a
/// geometric series of Poisson numbers, w m / (1 - d) and w^2 m / (1 - d^2) with m per step and the decay d of a step.
#[test]
fn dense_backgrounds_have_the_moments_of_poisson_numbers() {
    let at = Recording { v_at: vec![100.0, 200.0], synaptic_currents: true, ..Recording::default() };
    let neuron = IfCurrExp { v_thresh: 1e3, ..IfCurrExp::liu_furber_2016() };
    let population = Population::new(20_000, neuron).unwrap().with_recording(at).unwrap();
    let (mean, weight, size) = (25.0, 0.02, 20_000.0);
    // From the middle of a step to the middle of another.
    let background = Background { start: 10.5, duration: 139.0, ..Background::new(1000.0 * mean, weight) };
    let record = on_grid(&alone(population.with_background(background).unwrap()), &[], 1.0, 200.0);
    let seen = &record.populations[0].i_syn_e;
    let decay = (-0.2f64).exp();
    let expected = weight * mean / (1.0 - decay);
    let variance = weight * weight * mean / (1.0 - decay * decay);
    // Five standard errors each (false alarm below 1e-5); that of the variance is variance sqrt(2 / n) for a nearly normal current.
    let found = seen[0].iter().sum::<f64>() / size;
    assert!((found - expected).abs() < 5.0 * (variance / size).sqrt(), "{found} {expected}");
    let spread = seen[0].iter().map(|i| (i - expected).powi(2)).sum::<f64>() / size;
    assert!((spread / variance - 1.0).abs() < 5.0 * (2.0 / size).sqrt(), "{spread} {variance}");
    // 50.5 ms after the end, e^-10 of it is left.
    assert!(seen[1].iter().sum::<f64>() / size < 1e-4 * expected);
    let (events, wanted) = (record.synaptic_events as f64, 139.0 * mean * size);
    assert!((events - wanted).abs() < 5.0 * wanted.sqrt(), "{events} {wanted}");
}

/// A run depends on nothing but its arguments: not on the runs before it, nor on what is recorded.
#[test]
fn runs_repeat() {
    let noise = CurrentSource::Noisy(NoisyCurrent::new(0.1, 0.5, 1.0));
    let population = Population::new(300, IfCurrExp::liu_furber_2016()).unwrap().with_current(noise, None).unwrap();
    let population = population.with_background(Background::new(100.0, 0.1)).unwrap();
    let build = |recording: Recording| {
        let mut network = Network::new();
        let source = network.add_source(20);
        let post = network.add_population(population.clone().with_recording(recording).unwrap());
        let weights: Vec<f64> = (0..20 * 300).map(|i| f64::from(i % 7) * 0.02 - 0.04).collect();
        let synapses = Synapses::Dense(Dense::new(20, 300, weights).unwrap());
        network.add_projection(Projection::new(source, post, 1.5, synapses).unwrap()).unwrap();
        network
    };
    let source = [Source::poisson(vec![30.0; 20])];
    let network = build(spikes());
    let mut simulation = GridSimulation::new(&network, 0.1).unwrap();
    let record = simulation.run(&source, KEY, 300.0).unwrap();
    assert!(record.populations[0].total() > 100);
    simulation.run(&source, StreamKey { seed: 2, sample: 0 }, 100.0).unwrap();
    assert_eq!(simulation.run(&source, KEY, 300.0).unwrap(), record);
    let more = Recording { v_at: vec![10.0], neurons: Some(vec![3, 5]), ..spikes() };
    assert_eq!(on_grid(&build(more), &source, 0.1, 300.0).populations[0].counts, record.populations[0].counts);
    // A watch that says no ends the run early, with what has happened until then.
    let mut calls = 0;
    let mut watch = |_| {
        calls += 1;
        calls < 2
    };
    let stopped = simulation.run_watched(&source, KEY, 300.0, &mut watch).unwrap();
    assert_eq!(stopped.duration, 204.7);
    let before = record.populations[0].spikes.iter().take_while(|spike| spike.time <= 204.7);
    assert!(before.eq(&stopped.populations[0].spikes));
}

#[test]
fn what_does_not_fit_the_grid_is_refused() {
    let neuron = IfCurrExp::liu_furber_2016();
    let one = || Population::new(1, neuron).unwrap();
    let refusal = |network: &Network, dt| GridSimulation::new(network, dt).unwrap_err();
    assert!(matches!(refusal(&alone(one()), -0.1), NetworkError::Parameter(_)));

    let noisy = one().with_current(CurrentSource::Noisy(NoisyCurrent::new(0.0, 1.0, 0.25)), None).unwrap();
    assert!(matches!(refusal(&alone(noisy), 0.1), NetworkError::OffGrid { found: 0.25, .. }));
    let probed = one().with_recording(Recording { v_at: vec![0.3, 0.35], ..Recording::default() }).unwrap();
    assert!(matches!(refusal(&alone(probed), 0.1), NetworkError::OffGrid { found: 0.35, .. }));

    let (network, _) = driven(one(), &[(1.0, 1.0)], 0.04);
    assert_eq!(refusal(&network, 0.1), NetworkError::DelayBelowStep { post: 0, delay: 0.04, dt: 0.1 });
    assert!(GridSimulation::new(&network, 0.08).is_ok());
    let (network, _) = driven(one(), &[(1.0, 1.0)], 1e300);
    assert!(matches!(refusal(&network, 0.1), NetworkError::DelayTooLong { size: 1, .. }));

    let list = Sparse::new(1, &[vec![0]], PerSynapse::Same(0.5), PerSynapse::Same(1.0)).unwrap();
    let mut network = alone(one());
    let learning = Projection::new(Pre::Population(0), 0, 0.0, Synapses::Sparse(list)).unwrap();
    network.add_projection(learning.with_plasticity(Stdp::default()).unwrap()).unwrap();
    assert_eq!(refusal(&network, 0.1), NetworkError::PlasticityOnGrid { post: 0 });

    let network = alone(one());
    let mut simulation = GridSimulation::new(&network, 0.1).unwrap();
    assert!(matches!(simulation.run(&[], KEY, 10.05).unwrap_err(), NetworkError::OffGrid { .. }));
    assert!(matches!(simulation.run(&[], KEY, 1e9).unwrap_err(), NetworkError::TooManySteps { .. }));
    assert!(simulation.run(&[Source::Spikes(Vec::new())], KEY, 10.0).is_err());
    assert_eq!(times(&simulation.run(&[], KEY, 0.0).unwrap()), []);
}

/// A background of many spikes is drawn as counts per step. Without a threshold in reach, the current has the moments of shot noise on a
/// grid, with a = exp(-h/tau): mean l h w / (1 - a), variance l h w^2 / (1 - a^2); the stretch begins and ends in the middle of steps.
#[test]
fn dense_backgrounds_have_the_moments_of_shot_noise() {
    let neuron = IfCurrExp { v_thresh: 1e4, ..IfCurrExp::liu_furber_2016() };
    let (rate, weight, size) = (60_000.0, 0.01, 400);
    let recording = Recording {
        v_at: (2..9).map(|k| f64::from(k) * 50.0).collect(),
        synaptic_currents: true,
        ..Recording::default()
    };
    let background = Background { start: 0.9, duration: 498.2, ..Background::new(rate, weight) };
    let population = Population::new(size, neuron).unwrap().with_background(background).unwrap();
    let network = alone(population.with_recording(recording).unwrap());
    let record = on_grid(&network, &[], 1.0, 600.0);
    // Ten correlation times apart: 7 x 400 independent values.
    let values: Vec<f64> = record.populations[0].i_syn_e.iter().flatten().copied().collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    let (a, events) = ((-1.0f64 / neuron.tau_syn_e).exp(), rate / 1000.0);
    let (want, spread) = (events * weight / (1.0 - a), events * weight * weight / (1.0 - a * a));
    // Five standard errors each: false alarm below 1e-6.
    assert!((mean - want).abs() < 5.0 * (spread / n).sqrt(), "{mean} for {want}");
    assert!((variance / spread - 1.0).abs() < 5.0 * (2.0 / n).sqrt(), "{variance} for {spread}");
    // Poisson: 60 per ms for 498.2 ms on 400 neurons.
    let events = events * 498.2 * size as f64;
    assert!((record.synaptic_events as f64 - events).abs() < 5.0 * events.sqrt(), "{}", record.synaptic_events);
}
