//! All spikes of presented images, for whoever wants to see more than decisions.

use crate::circuit::CircuitSimulation;
use crate::encoding::Stimulus;
use crate::error::{ConversionError, check_images, positive};
use crate::spiking_network::SpikingNetwork;
use ann::Samples;
use rayon::prelude::*;
use sim::{Source, Spike, StreamKey};

/// The spikes of one image, each list in order of time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observation {
    /// Of the input; none where it is told by currents.
    pub input: Vec<Spike>,
    /// Of each population, in the order of [`SpikingNetwork::layers`].
    pub populations: Vec<Vec<Spike>>,
}

/// Presents every image for `duration` ms, in parallel, and keeps all spikes: those of [`present`](crate::present) with the same seed.
///
/// # Errors
///
/// Refuses images of another size than the network takes, and durations that are not positive.
pub fn observe(
    network: &SpikingNetwork,
    samples: Samples<'_>,
    duration: f64,
    seed: u64,
) -> Result<Vec<Observation>, ConversionError> {
    check_images(samples, network.input(), "an observation")?;
    positive("duration", "ms", duration)?;
    let units = network.input().units();
    network.encoder().check_duration(units, duration)?;
    let fresh = CircuitSimulation::new(network.circuit())?;
    samples
        .pixels
        .par_chunks_exact(units)
        .enumerate()
        .map_init(
            || fresh.clone(),
            |simulation, (image, pixels)| {
                let key = StreamKey { seed, sample: image as u64 };
                let Stimulus { source, brightness } = network.encoder().stimulus(pixels, duration);
                let input = source.spikes(units, key, duration)?;
                let stimulus = Stimulus { source: Source::Spikes(input.clone()), brightness };
                let record = simulation.run(&stimulus, key, duration)?;
                let populations = record.parts.into_iter().flat_map(|part| part.populations);
                Ok(Observation { input, populations: populations.map(|population| population.spikes).collect() })
            },
        )
        .collect()
}
