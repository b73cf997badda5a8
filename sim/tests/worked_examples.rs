//! Alpha-shaped and delta synapses against worked examples, and what random networks have once brought to light.

#![allow(clippy::unwrap_used)] // A failure here is a failed test.

use sim::{
    Dense, IfCurrExp, Network, Population, PopulationRecord, Projection, Psc, Recording, Simulation, Source, Spike,
    StreamKey, Synapses, Uniform,
};

const KEY: StreamKey = StreamKey { seed: 1, sample: 0 };

/// One neuron under inputs (time, weight), with a second population of faster neurons in a loop with it, if asked for: it has its spikes
/// returned with weight zero.
fn observe(
    neuron: IfCurrExp,
    psc: Psc,
    inputs: &[(f64, f64)],
    v_at: &[f64],
    in_loop_with: Option<IfCurrExp>,
) -> PopulationRecord {
    let mut network = Network::new();
    let source = network.add_source(inputs.len());
    let recording = Recording { spikes: true, v_at: v_at.to_vec(), ..Recording::default() };
    let population = Population::new(1, neuron).unwrap().with_psc(psc).with_recording(recording).unwrap();
    let post = network.add_population(population);
    let weights = Dense::new(inputs.len(), 1, inputs.iter().map(|input| input.1).collect()).unwrap();
    network.add_projection(Projection::new(source, post, 0.0, Synapses::Dense(weights)).unwrap()).unwrap();
    if let Some(other) = in_loop_with {
        let other = network.add_population(Population::new(1, other).unwrap());
        let nothing = || Synapses::Uniform(Uniform::new(1, 1, 0.0).unwrap());
        for (pre, post) in [(post, other), (other, post)] {
            let projection = Projection::new(sim::Pre::Population(pre), post, 2.0, nothing());
            network.add_projection(projection.unwrap()).unwrap();
        }
    }
    let spikes = inputs.iter().enumerate().map(|(i, &(time, _))| Spike { time, neuron: i as u32 }).collect();
    let duration = v_at[v_at.len() - 1];
    Simulation::new(&network).unwrap().run(&[Source::Spikes(spikes)], KEY, duration).unwrap().populations.remove(0)
}

fn check(seen: &PopulationRecord, spikes: &[f64], v: f64) {
    let found: Vec<f64> = seen.spikes.iter().map(|spike| spike.time).collect();
    assert_eq!(found.len(), spikes.len(), "{found:?}");
    assert!(found.iter().zip(spikes).all(|(found, want)| (found - want).abs() < 1e-12), "{found:?}");
    assert!((seen.v[0][0] - v).abs() < 1e-12, "{:?}", seen.v);
}

/// Table 1 of Liu & Furber (2016) with the inputs stated; spike times and final potentials from 50-digit arithmetic (mpmath), by
/// bracketing the closed-form potential between events.
#[test]
fn alpha_and_delta_synapses() {
    let neuron = IfCurrExp::liu_furber_2016();
    let seen = observe(neuron, Psc::Alpha, &[(10.0, 0.5)], &[80.0], None);
    check(&seen, &[17.523_835_751_937_27], -56.444_600_037_542_56);

    let slow = IfCurrExp { tau_syn_e: 20.0, tau_syn_i: 20.0, ..neuron };
    let seen = observe(slow, Psc::Alpha, &[(0.0, 0.2), (30.0, 0.1)], &[150.0], None);
    let spikes = [23.948_978_461_874_195, 43.139_133_276_056_655, 65.701_052_392_770_02];
    check(&seen, &spikes, -55.701_967_124_379_27);

    let inputs = [(5.0, 6.0), (9.0, 6.0), (9.5, 6.0), (10.2, 30.0), (12.0, 4.0)];
    check(&observe(neuron, Psc::Delta, &inputs, &[60.0], None), &[9.5], -57.310_432_108_900_83);
}

/// Populations of a loop that would go in windows of different length by themselves must agree on one. The burst of one strong input
/// (50-digit arithmetic, as above) is the same in such a loop as alone.
#[test]
fn populations_of_a_loop_share_their_windows() {
    let neuron = IfCurrExp::liu_furber_2016();
    let fast = IfCurrExp { tau_m: 4.0, tau_syn_e: 0.5, tau_syn_i: 0.5, ..neuron };
    let burst = [
        1.379_176_906_169_055_8,
        2.899_120_270_993_056_5,
        4.617_553_579_113_16,
        6.663_413_879_421_735,
        9.336_406_486_166_276,
        13.685_964_643_245_625,
    ];
    for other in [None, Some(neuron), Some(fast)] {
        let seen = observe(neuron, Psc::Exponential, &[(1.0, 10.0)], &[60.0], other);
        let found: Vec<f64> = seen.spikes.iter().map(|spike| spike.time).collect();
        assert!(found.len() == 6 && found.iter().zip(burst).all(|(t, want)| (t - want).abs() < 1e-12), "{found:?}");
    }
}

/// The refractory period [9.5, 10.5) has ended when an input arrives, or the potential is read, at 10.5 ms.
#[test]
fn the_end_of_the_refractory_period_is_no_part_of_it() {
    let neuron = IfCurrExp::liu_furber_2016();
    let inputs = [(9.5, 30.0), (10.5, 30.0), (11.0, 30.0)];
    let seen = observe(neuron, Psc::Delta, &inputs, &[10.5, 20.0], None);
    let found: Vec<f64> = seen.spikes.iter().map(|spike| spike.time).collect();
    assert_eq!(found, [9.5, 10.5]);
    assert_eq!(seen.v[0][0], -65.0);
}

/// A neuron that starts above threshold fires before an arrival at time zero, which then counts unless the neuron is refractory.
#[test]
fn a_start_above_threshold_comes_before_arrivals() {
    for (tau_refrac, after) in [(0.0, -75.0), (1.0, -65.0)] {
        let neuron = IfCurrExp { tau_refrac, ..IfCurrExp::default() };
        let mut network = Network::new();
        let source = network.add_source(1);
        let recording = Recording { spikes: true, v_at: vec![20.0], ..Recording::default() };
        let population = Population::new(1, neuron).unwrap().with_psc(Psc::Delta).with_v_init(-45.0).unwrap();
        let post = network.add_population(population.with_recording(recording).unwrap());
        let synapses = Synapses::Uniform(Uniform::new(1, 1, -10.0).unwrap());
        network.add_projection(Projection::new(source, post, 0.0, synapses).unwrap()).unwrap();
        let input = Source::Spikes(vec![Spike { time: 0.0, neuron: 0 }]);
        let record = Simulation::new(&network).unwrap().run(&[input], KEY, 30.0).unwrap();
        assert_eq!(record.populations[0].spikes, [Spike { time: 0.0, neuron: 0 }]);
        // V relaxes from there towards -65 mV for one membrane time constant.
        let want = -65.0 + (after + 65.0) * (-1.0f64).exp();
        assert!((record.populations[0].v[0][0] - want).abs() < 1e-12);
    }
}
