//! All spikes of presented images, for whoever wants to see more than decisions.

use crate::circuit::{CircuitRecord, CircuitSimulation};
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
    network.observe_each(samples, duration, seed, |Seen { input, record, .. }| {
        let populations = record.parts.into_iter().flat_map(|part| part.populations);
        Observation { input, populations: populations.map(|population| population.spikes).collect() }
    })
}

/// All that one image has caused.
pub(crate) struct Seen {
    /// Spikes of the image.
    pub(crate) input: Vec<Spike>,
    /// Inputs of the trained network, where they are told by currents; else empty.
    pub(crate) brightness: Vec<f32>,
    pub(crate) record: CircuitRecord,
}

impl SpikingNetwork {
    /// Presents every image for `duration` ms, in parallel, and keeps what `look` makes of each.
    pub(crate) fn observe_each<T: Send>(
        &self,
        samples: Samples<'_>,
        duration: f64,
        seed: u64,
        look: impl Fn(Seen) -> T + Sync,
    ) -> Result<Vec<T>, ConversionError> {
        check_images(samples, self.input(), "an observation")?;
        positive("duration", "ms", duration)?;
        let units = self.input().units();
        self.encoder().check_duration(units, duration)?;
        let fresh = CircuitSimulation::new(self.circuit())?;
        let images = samples.pixels.par_chunks_exact(units).enumerate();
        let seen = images.map_init(
            || fresh.clone(),
            |simulation, (image, pixels)| {
                let key = StreamKey { seed, sample: image as u64 };
                let Stimulus { source, brightness } = self.encoder().stimulus(pixels, duration);
                let input = source.spikes(units, key, duration)?;
                let stimulus = Stimulus { source: Source::Spikes(input.clone()), brightness };
                let record = simulation.run(&stimulus, key, duration)?;
                Ok(look(Seen { input, brightness: stimulus.brightness, record }))
            },
        );
        seen.collect()
    }
}
