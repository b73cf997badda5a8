//! One digit as Poisson spikes, through one kernel, onto 24 x 24 neurons.

use super::condition::{Drive, Effort, Engine, GRID};
use anyhow::{Result, bail};
use rayon::prelude::*;
use sim::{
    Convolution, ConvolutionShape, GridSimulation, MS_PER_S, MapLayout, Network, Population, Projection, Record,
    Recording, Simulation, Source, StreamKey, Synapses,
};

/// Sides of the image, the kernel and the map (neurons).
pub(super) const IMAGE: usize = 28;
pub(super) const KERNEL: usize = 5;
pub(super) const MAP: usize = IMAGE - KERNEL + 1;

/// Synaptic time constant (ms).
pub(super) const TAU_SYN: f64 = 5.0;

/// Delay of all synapses (ms).
const DELAY: f64 = 1.0;

/// Largest mean current (nA) that the kernel gives on the digit.
const GREATEST_MEAN: f64 = 0.6;

/// Weights before they are scaled: drawn once from a uniform distribution, as weights are before training, and balanced to a sum of zero.
const WEIGHTS: [f64; KERNEL * KERNEL] = [
    1.11, -0.14, -0.31, -0.01, 0.58, //
    1.08, 1.01, 0.19, -0.11, -0.22, //
    0.10, -0.72, 0.46, -0.28, 1.01, //
    0.06, -0.76, -0.13, 0.09, -0.75, //
    -0.76, -0.51, -0.12, -0.46, -0.41,
];

/// How long the raster is (ms).
const RASTER: f64 = 1000.0;

/// A digit, as Poisson spikes, and the kernel.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stimulus {
    /// Rate of a white pixel (Hz).
    pub(super) peak: f64,
    /// Rates (Hz) of the pixels.
    pub(super) rates: Vec<f64>,
    /// Weights (nA), row by row.
    pub(super) kernel: Vec<f64>,
    /// Mean and standard deviation (nA) of the synaptic current of each neuron.
    pub(super) moments: Vec<(f64, f64)>,
}

impl Stimulus {
    /// The digit (0 to 255) at a rate for white, and the kernel, scaled so that the largest mean current is 0.6 nA.
    pub(super) fn new(pixels: &[u8], peak: f64) -> Result<Stimulus> {
        let rates: Vec<f64> = pixels.iter().map(|&pixel| f64::from(pixel) / 255.0 * peak).collect();
        let greatest = moments(&rates, &WEIGHTS).iter().map(|&(x, _)| x).fold(0.0, f64::max);
        if !(greatest > 0.0) {
            bail!("the image is empty: choose another with --image");
        }
        let kernel: Vec<f64> = WEIGHTS.iter().map(|weight| weight * GREATEST_MEAN / greatest).collect();
        let moments = moments(&rates, &kernel);
        Ok(Stimulus { peak, rates, kernel, moments })
    }

    fn network(&self, recording: Recording) -> Result<Network> {
        let shape = ConvolutionShape {
            map: [IMAGE, IMAGE],
            channels: 1,
            kernel: [KERNEL, KERNEL],
            filters: 1,
            stride: [1, 1],
            padding: [[0, 0], [0, 0]],
            dilation: [1, 1],
            groups: 1,
            layout: MapLayout::ChannelsLast,
        };
        let neuron = Drive::Poisson { tau_syn: TAU_SYN }.neuron();
        let mut network = Network::new();
        let pixels = network.add_source(IMAGE * IMAGE);
        let map = network.add_population(Population::new(MAP * MAP, neuron)?.with_recording(recording)?);
        let synapses = Synapses::Convolution(Convolution::new(shape, &self.kernel)?);
        network.add_projection(Projection::new(pixels, map, DELAY, synapses)?)?;
        Ok(network)
    }

    /// Rates (Hz) of the neurons in each trial.
    pub(super) fn trials(&self, engine: Engine, effort: &Effort) -> Result<Vec<Vec<f64>>> {
        let network = self.network(Recording::default())?;
        let seconds = effort.duration / MS_PER_S;
        (0..effort.trials as u64)
            .into_par_iter()
            .map(|trial| {
                let key = StreamKey { seed: effort.seed, sample: trial };
                let record = self.run(&network, engine, key, effort.duration)?;
                Ok(record.populations[0].counts.iter().map(|&count| f64::from(count) / seconds).collect())
            })
            .collect()
    }

    fn run(&self, network: &Network, engine: Engine, key: StreamKey, duration: f64) -> Result<Record> {
        let source = [Source::poisson(self.rates.clone())];
        Ok(match engine {
            Engine::Grid => GridSimulation::new(network, GRID)?.run(&source, key, duration)?,
            Engine::Exact => Simulation::new(network)?.run(&source, key, duration)?,
        })
    }

    /// The exact spikes (ms) of some neurons in the first second.
    pub(super) fn spikes(&self, neurons: &[usize], seed: u64) -> Result<Vec<Vec<f64>>> {
        let network = self.network(Recording { spikes: true, ..Recording::default() })?;
        let record = self.run(&network, Engine::Exact, StreamKey { seed, sample: 0 }, RASTER)?;
        let spikes = &record.populations[0].spikes;
        let train = |&neuron: &usize| spikes.iter().filter(|s| s.neuron as usize == neuron).map(|s| s.time).collect();
        Ok(neurons.iter().map(train).collect())
    }
}

/// Mean and standard deviation (nA) of the synaptic current of each neuron, eq. (4) of Liu & Furber (2016):
///
/// ```text
/// x = tau_syn sum w l,   sigma^2 = (tau_syn / 2) sum w^2 l          l in 1/ms
/// ```
fn moments(rates: &[f64], kernel: &[f64]) -> Vec<(f64, f64)> {
    let at = |neuron: usize| {
        let (row, column) = (neuron / MAP, neuron % MAP);
        let (mut x, mut variance) = (0.0, 0.0);
        for (cell, weight) in kernel.iter().enumerate() {
            let rate = rates[(row + cell / KERNEL) * IMAGE + column + cell % KERNEL] / MS_PER_S;
            x += TAU_SYN * weight * rate;
            variance += TAU_SYN / 2.0 * weight * weight * rate;
        }
        (x, variance.sqrt())
    };
    (0..MAP * MAP).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Moments of eq. (4) against those of the recorded synaptic current of neurons that never fire, over 40 s.
    #[test]
    fn moments_are_those_of_the_simulated_current() {
        let pixels: Vec<u8> = (0..IMAGE * IMAGE).map(|i| (i % 256) as u8).collect();
        let stimulus = Stimulus::new(&pixels, 200.0).unwrap();
        let greatest = stimulus.moments.iter().map(|&(x, _)| x).fold(f64::NEG_INFINITY, f64::max);
        assert!((greatest - GREATEST_MEAN).abs() < 1e-12);
        let v_at: Vec<f64> = (5..2000).map(|k| f64::from(k) * 20.0).collect();
        let neurons = Some(vec![0, 100, 575]);
        let recording = Recording { v_at, synaptic_currents: true, neurons, ..Recording::default() };
        let network = stimulus.network(recording).unwrap();
        let key = StreamKey { seed: 3, sample: 0 };
        let record = stimulus.run(&network, Engine::Exact, key, 40_000.0).unwrap();
        let seen = &record.populations[0];
        for (i, neuron) in [0, 100, 575].into_iter().enumerate() {
            let current: Vec<f64> = seen.i_syn_e.iter().zip(&seen.i_syn_i).map(|(e, i_i)| e[i] + i_i[i]).collect();
            let n = current.len() as f64;
            let mean = current.iter().sum::<f64>() / n;
            let deviation = (current.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / n).sqrt();
            let (x, sigma) = stimulus.moments[neuron];
            // 1995 values four correlation times apart (correlation 0.02): five standard errors each.
            assert!((mean - x).abs() < 5.0 * sigma / n.sqrt() * 1.02, "{neuron}: {mean} {x}");
            assert!((deviation / sigma - 1.0).abs() < 5.0 / (2.0 * n).sqrt(), "{neuron}: {deviation} {sigma}");
        }
    }

    #[test]
    fn empty_images_are_refused() {
        assert!(Stimulus::new(&[0; IMAGE * IMAGE], 30.0).is_err());
    }
}
