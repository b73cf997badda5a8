//! The engine's populations against one neuron at a time, followed the slow way: closed-form steps from event to event.

#![allow(clippy::unwrap_used)] // A failure here is a failed test.

use proptest::prelude::*;
use sim::crossing::first_crossing;
use sim::membrane::Trajectory;
use sim::{
    Dense, IfCurrExp, Network, NetworkError, Population, Projection, Recording, Simulation, Source, Spike, StreamKey,
    Synapses,
};

const KEY: StreamKey = StreamKey { seed: 1, sample: 0 };

/// Potentials that differ by less than this count as equal (mV): a hundred times the rounding error of some 15 mV.
const ROUNDING: f64 = 1e-9;

/// Follows one neuron in closed form through its inputs (time, weight) and its alleged spikes: at each spike the
/// potential must be at threshold, and nowhere else may it have passed it. Returns the final potential (mV).
///
/// The neuron is reset at the alleged times, so that near-grazing crossings do not amplify rounding errors.
fn follow(neuron: &IfCurrExp, inputs: &[(f64, f64)], spikes: &[f64], duration: f64) -> f64 {
    let level = neuron.v_rest + neuron.resistance() * neuron.i_offset;
    let theta = neuron.v_thresh - level;
    let reset = neuron.v_reset - level;
    let mut state = Trajectory { d: neuron.v_rest - level, i_e: 0.0, i_i: 0.0 };
    let (mut now, mut held_until) = (0.0, 0.0);
    let mut spikes = spikes.iter().copied().peekable();
    for (time, weight) in inputs.iter().copied().filter(|&(t, _)| t < duration).chain([(duration, 0.0)]) {
        while now < time {
            if now < held_until {
                let end = f64::min(held_until, time);
                state = Trajectory { d: reset, ..state.after(neuron, end - now) };
                now = end;
                continue;
            }
            let spike = spikes.next_if(|&spike| spike <= time);
            let step = spike.unwrap_or(time) - now;
            assert!(step >= -1e-12, "a spike at {spike:?} ms, while refractory at {now} ms");
            let early = first_crossing(neuron, state, theta + ROUNDING, step);
            assert!(early.is_none(), "missed a crossing {early:?} ms after {now} ms; next spike {spike:?}");
            state = state.after(neuron, step);
            now += step;
            if let Some(spike) = spike {
                assert!(
                    (state.d - theta).abs() < ROUNDING,
                    "spike at {spike} ms, {} mV from threshold",
                    state.d - theta
                );
                state.d = reset;
                held_until = spike + neuron.tau_refrac;
            }
        }
        if weight < 0.0 { state.i_i += weight } else { state.i_e += weight }
    }
    assert_eq!(spikes.next(), None, "spikes after the end");
    level + state.d
}

/// Spikes and final potentials of a population in which neuron j receives input i with weight `weights[i][j]`.
fn population(
    neuron: &IfCurrExp,
    times: &[f64],
    weights: &[Vec<f64>],
    duration: f64,
) -> Result<(Vec<Spike>, Vec<f64>), NetworkError> {
    let size = weights[0].len();
    let mut network = Network::new();
    let source = network.add_source(times.len());
    let recording = Recording { spikes: true, v_at: vec![duration], ..Recording::default() };
    let post = network.add_population(Population::new(size, *neuron)?.with_recording(recording)?);
    let synapses = Synapses::Dense(Dense::new(times.len(), size, weights.concat())?);
    network.add_projection(Projection::new(source, post, 0.0, synapses)?)?;
    let spikes = times.iter().enumerate().map(|(i, &time)| Spike { time, neuron: i as u32 }).collect();
    let mut record = Simulation::new(&network).unwrap().run(&[Source::Spikes(spikes)], KEY, duration)?;
    let seen = record.populations.remove(0);
    Ok((seen.spikes, seen.v[0].clone()))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(250) })]

    /// Time constants on both sides of tau_m and close to it, equal and unequal; drives on both sides of rheobase; dense,
    /// sparse and simultaneous inputs; refractory period zero.
    #[test]
    fn populations_are_made_of_neurons(
        tau_syn_e in prop::sample::select(vec![0.0766, 0.5, 1.0, 5.0, 7.3, 18.5, 20.0, 20.000_001, 35.0]),
        other in prop::sample::select(vec![None, Some(2.0), Some(10.0), Some(20.0)]),
        tau_refrac in prop::sample::select(vec![0.0, 1.0, 30.0]),
        i_offset in prop::sample::select(vec![0.0, 0.1, 0.1875, 0.19, 0.4]),
        v_reset in prop::sample::select(vec![-65.0, -80.0, -50.5]),
        gap in prop::sample::select(vec![0.7, 6.0, 60.0]),
        draws in prop::collection::vec((0.0..1.0f64, 0.0..1.0f64), 60),
    ) {
        let neuron = IfCurrExp {
            tau_syn_e, tau_syn_i: other.unwrap_or(tau_syn_e), tau_refrac, i_offset, v_reset,
            ..IfCurrExp::liu_furber_2016()
        };
        let mut time = 0.0;
        let times: Vec<f64> = draws
            .iter()
            .map(|&(step, _)| {
                // A quarter of the inputs arrive together with the one before.
                time += if step < 0.25 { 0.0 } else { gap * step };
                time
            })
            .collect();
        // Charge, not weight, is what moves the membrane.
        let scale = 10.0 / (neuron.tau_syn_e + 2.0);
        let size = 19;
        let weight = |i: usize, j: usize| scale * ((draws[i].1 + j as f64 * 0.618_034).fract() * 1.6 - 0.6);
        let weights: Vec<Vec<f64>> = (0..times.len()).map(|i| (0..size).map(|j| weight(i, j)).collect()).collect();
        let duration = time + 50.0;
        let (spikes, potentials) = population(&neuron, &times, &weights, duration).unwrap();
        for j in 0..size {
            let inputs: Vec<(f64, f64)> = times.iter().enumerate().map(|(i, &t)| (t, weights[i][j])).collect();
            let found: Vec<f64> = spikes.iter().filter(|s| s.neuron as usize == j).map(|s| s.time).collect();
            let v = follow(&neuron, &inputs, &found, duration);
            prop_assert!((potentials[j] - v).abs() < 1e-8, "neuron {}: {} mV instead of {} mV", j, potentials[j], v);
        }
    }
}

/// Strong inputs far apart: the potential crosses and falls back long before the next input, in every lane of a vector.
#[test]
fn crossings_between_distant_inputs() {
    let neuron = IfCurrExp::liu_furber_2016();
    let times = [10.0, 200.0, 390.0];
    let weights: Vec<Vec<f64>> = (0..3).map(|i| (0..16).map(|j| 0.3 + 0.1 * f64::from(i + j)).collect()).collect();
    let (spikes, _) = population(&neuron, &times, &weights, 500.0).unwrap();
    assert!(spikes.len() > 30, "{}", spikes.len());
    for j in 0..16 {
        let inputs: Vec<(f64, f64)> = times.iter().zip(&weights).map(|(&t, row)| (t, row[j])).collect();
        let found: Vec<f64> = spikes.iter().filter(|s| s.neuron as usize == j).map(|s| s.time).collect();
        follow(&neuron, &inputs, &found, 500.0);
    }
}

/// Minutes without input, shorter and longer than any horizon of the coordinates, change nothing.
#[test]
fn long_silence() {
    for (tau_syn, tau_refrac) in [(5.0, 1.0), (20.0, 1.0), (5.0, 5e4)] {
        let neuron = IfCurrExp { tau_syn_e: tau_syn, tau_syn_i: tau_syn, tau_refrac, ..IfCurrExp::liu_furber_2016() };
        let times = [5.0, 100_000.0];
        let weights = vec![vec![3.0; 9]; 2];
        let (spikes, v) = population(&neuron, &times, &weights, 100_100.0).unwrap();
        let inputs: Vec<(f64, f64)> = times.iter().map(|&t| (t, 3.0)).collect();
        let found: Vec<f64> = spikes.iter().filter(|s| s.neuron == 4).map(|s| s.time).collect();
        assert!(found.len() >= 2, "{found:?}");
        assert!((v[4] - follow(&neuron, &inputs, &found, 100_100.0)).abs() < ROUNDING);
    }
}
