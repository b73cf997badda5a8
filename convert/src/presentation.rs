//! Presents images to a spiking network and reads its decisions.

use crate::circuit::CircuitSimulation;
use crate::error::{ConversionError, check_images, check_numbers, positive};
use crate::read_out::{ReadOut, by_count, by_first_spike};
use crate::spiking_network::SpikingNetwork;
use ann::Samples;
use rayon::prelude::*;
use sim::StreamKey;
use std::ops::ControlFlow;

/// How images are presented. The state is reset before each image.
#[derive(Debug, Clone, PartialEq)]
pub struct Presentation {
    /// Presentation times (ms) at which a decision is read, ascending; the last is the duration.
    pub latencies: Vec<f64>,
    /// Seed of the Poisson input; image i uses the streams of sample i.
    pub seed: u64,
    /// What decides.
    pub read_out: ReadOut,
}

/// What the outputs say at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// One class leads.
    Class(u8),
    /// Several classes share the lead.
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

/// Called after each image with its index and what happened; may stop the work.
pub type Done<'a> = dyn Fn(usize, &Outcome) -> ControlFlow<()> + Sync + 'a;

/// Presents those of the samples that `images` names by their indices, in parallel; the outcome of an image depends on the seed and its
/// index alone.
///
/// `done` is called after each image, with its index, and may stop the work; images that were not presented then have no outcome.
///
/// # Errors
///
/// Refuses images of another size than the network takes, numbers of images that are not there, and durations that are not positive.
pub fn present(
    network: &SpikingNetwork,
    samples: Samples<'_>,
    images: &[usize],
    presentation: &Presentation,
    done: &Done<'_>,
) -> Result<Vec<Option<Outcome>>, ConversionError> {
    let units = network.input().units();
    check_images(samples, network.input(), "a presentation")?;
    check_numbers(images, samples.len())?;
    let duration = positive("duration", "ms", presentation.latencies.last().copied().unwrap_or(f64::NAN))?;
    network.encoder().check_duration(units, duration)?;
    let stopped = std::sync::atomic::AtomicBool::new(false);
    let fresh = CircuitSimulation::new(network.circuit())?;
    images
        .par_iter()
        .map_init(
            || fresh.clone(),
            |simulation, &image| {
                if stopped.load(std::sync::atomic::Ordering::Relaxed) {
                    return Ok(None);
                }
                let pixels = &samples.pixels[image * units..(image + 1) * units];
                let key = StreamKey { seed: presentation.seed, sample: image as u64 };
                let outcome = outcome(network, simulation, pixels, key, presentation)?;
                if done(image, &outcome).is_break() {
                    stopped.store(true, std::sync::atomic::Ordering::Relaxed);
                }
                Ok(Some(outcome))
            },
        )
        .collect()
}

fn outcome(
    network: &SpikingNetwork,
    simulation: &mut CircuitSimulation<'_>,
    pixels: &[u8],
    key: StreamKey,
    Presentation { latencies, read_out, .. }: &Presentation,
) -> Result<Outcome, ConversionError> {
    let duration = latencies.last().copied().unwrap_or(f64::NAN);
    let stimulus = network.encoder().stimulus(pixels, duration);
    let record = simulation.run(&stimulus, key, duration)?;
    let layers = record.parts.iter().flat_map(|part| &part.populations).map(sim::PopulationRecord::total);
    let layer_spikes: Vec<u64> = layers.collect();
    let (spikes, classes) = record.output();
    let decisions = match read_out {
        ReadOut::Count => by_count(spikes, classes, latencies),
        ReadOut::FirstSpike => by_first_spike(spikes, latencies),
        ReadOut::Potential => {
            let image = stimulus.source.spikes(pixels.len(), key, duration)?;
            network.by_potential(&record, &image, &stimulus.brightness, latencies)?
        }
    };
    Ok(Outcome {
        decisions,
        input_spikes: record.input_spikes,
        spikes: layer_spikes.iter().sum(),
        layer_spikes,
        synaptic_events: record.parts.iter().map(|part| part.synaptic_events).sum(),
    })
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
