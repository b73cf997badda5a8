//! Plasticity against worked examples: the engine fires a neuron at the given times and lets a synapse onto it learn.

use super::case::LearningExample;
use anyhow::{Context, Result, ensure};
use sim::{
    IfCurrExp, Network, PerSynapse, Population, Projection, Psc, Simulation, Source, Sparse, Spike, Stdp, StreamKey,
    Synapses, Uniform,
};

/// The largest deviation of the weight, at the end and after every event of the trace.
///
/// # Errors
///
/// Fails on trains and rules that the engine refuses, and if the neuron does not fire as it was made to.
pub(super) fn largest_deviation(example: &LearningExample) -> Result<f64> {
    let times = example.pre_ms.iter().chain(&example.post_ms);
    let end = times.fold(0.0, |end: f64, &t| end.max(t)) + 1.0;
    let mut largest = (weight_after(example, end)? - example.w_final).abs();
    for (index, &(time, _, weight)) in example.trace.iter().enumerate() {
        let next = example.trace.get(index + 1).map_or(end, |next| next.0);
        // Of events of one instant, only what they come to together can be seen.
        if next > time {
            largest = largest.max((weight_after(example, 0.5 * (time + next))? - weight).abs());
        }
    }
    Ok(largest)
}

/// The weight of the synapse after a run of so many ms.
fn weight_after(example: &LearningExample, duration: f64) -> Result<f64> {
    // All that the synapse may bring stays far below threshold, and one spike of the driver reaches it.
    let far = 100.0 * (1.0 + example.w_max * example.pre_ms.len() as f64);
    let neuron = IfCurrExp { tau_refrac: 0.0, v_rest: 0.0, v_reset: 0.0, v_thresh: far, ..IfCurrExp::default() };
    let mut network = Network::new();
    let (pre, driver) = (network.add_source(1), network.add_source(1));
    let post = network.add_population(Population::new(1, neuron)?.with_psc(Psc::Delta));
    let learning = Sparse::new(1, &[vec![0]], PerSynapse::Same(example.w0), PerSynapse::Same(0.0))?;
    let rule = Stdp {
        tau_plus: example.tau_plus_ms,
        tau_minus: example.tau_minus_ms,
        a_plus: example.a_prepost,
        a_minus: -example.a_postpre,
        w_min: example.w_min,
        w_max: example.w_max,
        ..Stdp::default()
    };
    network.add_projection(Projection::new(pre, post, 0.0, Synapses::Sparse(learning))?.with_plasticity(rule)?)?;
    let strong = Synapses::Uniform(Uniform::new(1, 1, 2.0 * far)?);
    network.add_projection(Projection::new(driver, post, 0.0, strong)?)?;
    let train = |times: &[f64]| Source::Spikes(times.iter().map(|&time| Spike { time, neuron: 0 }).collect());
    let sources = [train(&example.pre_ms), train(&example.post_ms)];
    let record = Simulation::new(&network)?.run(&sources, StreamKey { seed: 0, sample: 0 }, duration)?;
    let expected = example.post_ms.iter().filter(|&&t| t < duration).count();
    let fired = record.populations[0].total();
    ensure!(fired == expected as u64, "the neuron fired {fired} times instead of {expected} times");
    let weights = record.weights[0].as_ref().context("the synapse did not learn")?;
    Ok(weights[0])
}
