//! Presents images to a spiking network and reads its decisions.

use crate::circuit::{CircuitRecord, CircuitSimulation};
use crate::error::{ConversionError, check_images, positive};
use crate::spiking_network::SpikingNetwork;
use ann::Samples;
use rayon::prelude::*;
use sim::{Spike, StreamKey};
use std::ops::ControlFlow;

/// How images are presented. The state is reset before each image.
#[derive(Debug, Clone, PartialEq)]
pub struct Presentation {
    /// Presentation times (ms) at which a decision is read, ascending; the last is the duration.
    pub latencies: Vec<f64>,
    /// Seed of the Poisson input; image i uses the streams of sample i.
    pub seed: u64,
}

/// What the output spikes say at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// One class has fired most.
    Class(u8),
    /// Several classes share the largest count.
    Tie,
    /// No output has fired yet.
    Silent,
}

/// What happened on one image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// One decision per latency.
    pub decisions: Vec<Decision>,
    /// Spikes of the input.
    pub input_spikes: u64,
    /// Spikes of all neurons.
    pub spikes: u64,
    /// Spikes of each population, in the order of [`SpikingNetwork::layers`].
    pub layer_spikes: Vec<u64>,
    /// Synaptic events: arrivals of a spike at one neuron.
    pub synaptic_events: u64,
}

/// Presents every image, in parallel; the outcome of an image depends on the seed and its index alone.
///
/// `done` is called after each image and may stop the work; images that were not presented then have no outcome.
///
/// # Errors
///
/// Refuses images of another size than the network takes, and durations that are not positive.
pub fn present(
    network: &SpikingNetwork,
    samples: Samples<'_>,
    presentation: &Presentation,
    done: &(dyn Fn(&Outcome) -> ControlFlow<()> + Sync),
) -> Result<Vec<Option<Outcome>>, ConversionError> {
    let units = network.input().units();
    check_images(samples, network.input(), "a presentation")?;
    let duration = positive("duration", "ms", presentation.latencies.last().copied().unwrap_or(f64::NAN))?;
    let stopped = std::sync::atomic::AtomicBool::new(false);
    let fresh = CircuitSimulation::new(network.circuit())?;
    (0..samples.len())
        .into_par_iter()
        .map_init(
            || fresh.clone(),
            |simulation, image| {
                if stopped.load(std::sync::atomic::Ordering::Relaxed) {
                    return Ok(None);
                }
                let pixels = &samples.pixels[image * units..(image + 1) * units];
                let key = StreamKey { seed: presentation.seed, sample: image as u64 };
                let record = simulation.run(&network.stimulus(pixels, duration), key, duration)?;
                let outcome = outcome(&record, &presentation.latencies);
                if done(&outcome).is_break() {
                    stopped.store(true, std::sync::atomic::Ordering::Relaxed);
                }
                Ok(Some(outcome))
            },
        )
        .collect()
}

fn outcome(record: &CircuitRecord, latencies: &[f64]) -> Outcome {
    let (spikes, classes) = record.output();
    let layers = record.parts.iter().flat_map(|part| &part.populations).map(sim::PopulationRecord::total);
    let layer_spikes: Vec<u64> = layers.collect();
    Outcome {
        decisions: decisions(spikes, classes, latencies),
        input_spikes: record.input_spikes,
        spikes: layer_spikes.iter().sum(),
        layer_spikes,
        synaptic_events: record.parts.iter().map(|part| part.synaptic_events).sum(),
    }
}

fn decisions(spikes: &[Spike], classes: usize, latencies: &[f64]) -> Vec<Decision> {
    let mut counts = vec![0u32; classes];
    let mut spikes = spikes.iter().peekable();
    let decide_at = |&latency: &f64| {
        while let Some(spike) = spikes.next_if(|spike| spike.time <= latency) {
            counts[spike.neuron as usize] += 1;
        }
        decide(&counts)
    };
    latencies.iter().map(decide_at).collect()
}

/// The class with the largest count.
fn decide(counts: &[u32]) -> Decision {
    if counts.iter().all(|&count| count == 0) { Decision::Silent } else { greatest_class(counts) }
}

/// The class with the largest value, whatever it is.
pub(crate) fn greatest_class<T: PartialOrd + Copy>(values: &[T]) -> Decision {
    let Some(&first) = values.first() else { return Decision::Silent };
    let most = values.iter().copied().fold(first, |most, value| if value > most { value } else { most });
    let mut leaders = values.iter().enumerate().filter(|&(_, &value)| value == most);
    match (leaders.next(), leaders.next()) {
        (Some((class, _)), None) => Decision::Class(class as u8),
        (Some(_), Some(_)) => Decision::Tie,
        (None, _) => Decision::Silent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions() {
        assert_eq!(decide(&[0, 0, 0]), Decision::Silent);
        assert_eq!(decide(&[1, 4, 2]), Decision::Class(1));
        assert_eq!(decide(&[4, 0, 4]), Decision::Tie);
    }
}
