//! Rates that neurons really have, on some images of the calibration.

use crate::circuit::{Circuit, CircuitSimulation};
use crate::encoding::Stimulus;
use crate::error::{ConversionError, positive};
use rayon::prelude::*;
use sim::{MS_PER_S, StreamKey};

/// A short simulation of each layer, by which its fit is corrected: inputs are more regular than Poisson trains, and neurons
/// without noise do not follow the response that holds with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tuning {
    /// Number of images, from the first of the calibration.
    pub images: usize,
    /// How long each is presented (ms).
    pub duration: f64,
    /// Seed of the Poisson input.
    pub seed: u64,
}

/// Share of the presentation that is left for the network to settle.
const SETTLING: f64 = 0.2;

impl Tuning {
    /// 20 images of 500 ms: 10,000 seconds of the neurons of a layer of 1,000, which leave an error of some tenths of a hertz.
    pub const STANDARD: Tuning = Tuning { images: 20, duration: 500.0, seed: 1 };

    /// Rates (Hz) of a population, image by image and neuron by neuron.
    pub(crate) fn rates(
        &self,
        circuit: &Circuit,
        population: (usize, usize),
        stimuli: &[Stimulus],
    ) -> Result<Vec<f64>, ConversionError> {
        let duration = positive("duration of the tuning", "ms", self.duration)?;
        let settling = SETTLING * duration;
        let fresh = CircuitSimulation::new(circuit)?;
        let rates: Result<Vec<Vec<f64>>, ConversionError> = stimuli
            .par_iter()
            .enumerate()
            .map_init(
                || fresh.clone(),
                |simulation, (image, stimulus)| {
                    // Not the streams of any image that is presented later.
                    let key = StreamKey { seed: self.seed, sample: u64::MAX - image as u64 };
                    let record = simulation.run(stimulus, key, duration)?;
                    let record = &record.parts[population.0].populations[population.1];
                    let mut rates = vec![0.0; record.counts.len()];
                    for spike in record.spikes.iter().filter(|spike| settling <= spike.time) {
                        rates[spike.neuron as usize] += MS_PER_S / (duration - settling);
                    }
                    Ok(rates)
                },
            )
            .collect();
        Ok(rates?.concat())
    }
}
