//! Figure 4: one digit through one kernel, and which activation function predicts the rates of the 576 neurons.

use super::condition::{Condition, Drive, Effort, Engine, GRID};
use super::convolution_figure;
use super::fits::Spread;
use super::laboratory::Laboratory;
use super::outcome::Outcome;
use super::published::Constants;
use super::records::{Cell, Column, Estimate, Kind, Records};
use anyhow::{Result, bail};
use rayon::prelude::*;
use sim::{
    Convolution, ConvolutionShape, GridSimulation, MS_PER_S, MapLayout, Network, Population, Projection, Purpose,
    Record, Recording, Simulation, Source, StreamKey, Synapses,
};

/// Sides of the image, the kernel and the map (neurons).
pub(super) const IMAGE: usize = 28;
pub(super) const KERNEL: usize = 5;
pub(super) const MAP: usize = IMAGE - KERNEL + 1;

/// Synaptic time constant (ms).
const TAU_SYN: f64 = 5.0;

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

/// Noise (nA) that sets the width of the Softplus, as in the paper of 2017.
const SOFTPLUS_SIGMA: f64 = 0.45;

/// Resamples of the bootstrap over the trials.
const RESAMPLES: u64 = 400;

/// How long the raster is (ms).
const RASTER: f64 = 1000.0;

/// An activation function with which the rates are predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activation {
    NoisySoftplus,
    Softplus,
    Relu,
}

impl Activation {
    pub(super) const ALL: [Activation; 3] = [Activation::NoisySoftplus, Activation::Softplus, Activation::Relu];

    /// In words.
    pub(super) fn name(self) -> &'static str {
        match self {
            Activation::NoisySoftplus => "Noisy Softplus",
            Activation::Softplus => "Softplus",
            Activation::Relu => "ReLU",
        }
    }

    /// In the file of published numbers.
    fn key(self) -> &'static str {
        match self {
            Activation::NoisySoftplus => "noisy_softplus",
            Activation::Softplus => "softplus",
            Activation::Relu => "relu",
        }
    }

    /// Rate (Hz) at a mean and a standard deviation of the synaptic current (nA).
    pub(super) fn rate(self, constants: Constants, x: f64, sigma: f64) -> f64 {
        match self {
            Activation::NoisySoftplus => constants.rate(x, sigma),
            Activation::Softplus => constants.rate(x, SOFTPLUS_SIGMA),
            Activation::Relu => constants.rate(x, 0.0),
        }
    }
}

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
    fn new(pixels: &[u8], peak: f64) -> Result<Stimulus> {
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
    fn trials(&self, engine: Engine, effort: &Effort) -> Result<Vec<Vec<f64>>> {
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

/// Rates of the neurons and what the activation functions say.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Prediction {
    /// Mean rate (Hz) of each neuron.
    pub(super) rates: Vec<f64>,
    /// Fitted at this time constant with this engine.
    pub(super) constants: Constants,
    /// Euclidean distance (Hz) of the predicted from the recorded rates, and as a multiple of that of Noisy Softplus.
    distances: [(Estimate, Estimate); 3],
}

impl Prediction {
    fn new(stimulus: &Stimulus, trials: &[Vec<f64>], constants: Constants, seed: u64) -> Prediction {
        let all: Vec<usize> = (0..trials.len()).collect();
        let rates = mean(trials, &all);
        let distances =
            |rates: &[f64]| Activation::ALL.map(|activation| distance(activation, constants, stimulus, rates));
        let best = distances(&rates);
        let mut spreads = [(Spread::default(), Spread::default()); 3];
        let mut stream = StreamKey { seed, sample: 1 }.stream(0, 0, Purpose::Parameters);
        for _ in 0..RESAMPLES {
            let n = trials.len();
            let drawn: Vec<usize> = (0..n).map(|_| ((stream.uniform() * n as f64) as usize).min(n - 1)).collect();
            let found = distances(&mean(trials, &drawn));
            for (spread, distance) in spreads.iter_mut().zip(found) {
                spread.0.add(distance);
                spread.1.add(distance / found[0]);
            }
        }
        let distances = [0, 1, 2].map(|i| {
            let (distance, ratio) = spreads[i];
            let of = |value, spread: Spread| Estimate { value, error: spread.deviation() };
            (of(best[i], distance), of(best[i] / best[0], ratio))
        });
        Prediction { rates, constants, distances }
    }
}

/// Mean rates over some of the trials.
fn mean(trials: &[Vec<f64>], chosen: &[usize]) -> Vec<f64> {
    let sum = |neuron: usize| chosen.iter().map(|&trial| trials[trial][neuron]).sum::<f64>();
    (0..MAP * MAP).map(|neuron| sum(neuron) / chosen.len() as f64).collect()
}

fn distance(activation: Activation, constants: Constants, stimulus: &Stimulus, rates: &[f64]) -> f64 {
    let pairs = stimulus.moments.iter().zip(rates);
    pairs.map(|(&(x, sigma), rate)| (activation.rate(constants, x, sigma) - rate).powi(2)).sum::<f64>().sqrt()
}

const COLUMNS: [Column; 8] = [
    Column::new("white_hz", "white pixel (Hz)", Kind::Number, 0),
    Column::new("engine", "engine", Kind::Text, 0),
    Column::new("activation", "activation", Kind::Text, 0),
    Column::new("rmse_hz", "RMSE (Hz)", Kind::Estimate, 2),
    Column::new("distance_hz", "distance (Hz)", Kind::Estimate, 1),
    Column::new("ratio", "/ Noisy Softplus", Kind::Estimate, 2),
    Column::new("published_distance_hz", "2017 (Hz)", Kind::Number, 2),
    Column::new("published_ratio", "/ Noisy Softplus", Kind::Number, 2),
];

const NEURON_COLUMNS: [Column; 10] = [
    Column::new("white_hz", "", Kind::Number, 0),
    Column::new("row", "", Kind::Number, 0),
    Column::new("column", "", Kind::Number, 0),
    Column::new("mean_na", "", Kind::Number, 4),
    Column::new("sigma_na", "", Kind::Number, 4),
    Column::new("grid_hz", "", Kind::Number, 2),
    Column::new("exact_hz", "", Kind::Number, 2),
    Column::new("noisy_softplus_hz", "", Kind::Number, 2),
    Column::new("softplus_hz", "", Kind::Number, 2),
    Column::new("relu_hz", "", Kind::Number, 2),
];

/// Figure 4, at the white rates of both papers.
pub(super) fn figure_4(pixels: &[u8], laboratory: &mut Laboratory) -> Result<Outcome> {
    let effort = laboratory.effort;
    let (mut rows, mut neurons, mut plates, mut notes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (name, peak) in [("fig4", 30.0), ("fig4-200hz", 200.0)] {
        let stimulus = Stimulus::new(pixels, peak)?;
        let mut predictions = Vec::new();
        for engine in [Engine::Grid, Engine::Exact] {
            let fitted = laboratory.fitted(Condition::curves(Drive::Poisson { tau_syn: TAU_SYN }, engine))?;
            if laboratory.interrupt.asked() {
                bail!("stopped before the convolution was measured");
            }
            let trials = stimulus.trials(engine, &effort)?;
            let prediction = Prediction::new(&stimulus, &trials, fitted.constants(), effort.seed);
            rows.extend(distance_rows(&stimulus, engine, &prediction, laboratory));
            predictions.push(prediction);
        }
        neurons.extend(neuron_rows(&stimulus, &predictions));
        notes.push(kernel_note(&stimulus));
        plates.push((name, convolution_figure::plate(&stimulus, &predictions[1], effort.seed)?));
    }
    notes.push(
        "The kernel and the digit of the papers are not known; only the order and the ratios can be compared."
            .to_owned(),
    );
    let caption = "Recorded rates of 576 neurons against predictions by eq. (4) and (k, S) fitted at tau_syn 5 ms with the same engine\n\
                   (± standard error by bootstrap over the trials)"
        .to_owned();
    let records = Records { name: "fig4".to_owned(), caption, columns: COLUMNS.to_vec(), rows };
    let caption = String::new();
    let data = Records { name: "fig4-neurons".to_owned(), caption, columns: NEURON_COLUMNS.to_vec(), rows: neurons };
    Ok(Outcome {
        name: "fig4",
        title: "one digit convolved with a 5x5 kernel".to_owned(),
        records: vec![records],
        data: vec![data],
        notes,
        plates,
    })
}

fn distance_rows(
    stimulus: &Stimulus,
    engine: Engine,
    prediction: &Prediction,
    laboratory: &Laboratory,
) -> impl Iterator<Item = Vec<Cell>> {
    let published = Activation::ALL.map(|activation| laboratory.published.distance(activation.key()));
    let root = (MAP * MAP) as f64;
    let row = move |i: usize| {
        let (distance, ratio) = prediction.distances[i];
        let rmse = Estimate { value: distance.value / root.sqrt(), error: distance.error / root.sqrt() };
        vec![
            Cell::number(stimulus.peak),
            Cell::Text(engine.name().to_owned()),
            Cell::Text(Activation::ALL[i].name().to_owned()),
            Cell::Value(rmse),
            Cell::Value(distance),
            Cell::Value(ratio),
            Cell::optional(published[i]),
            Cell::optional(published[i].zip(published[0]).map(|(this, first)| this / first)),
        ]
    };
    (0..Activation::ALL.len()).map(row).collect::<Vec<_>>().into_iter()
}

fn neuron_rows(stimulus: &Stimulus, predictions: &[Prediction]) -> Vec<Vec<Cell>> {
    let [grid, exact] = predictions else { return Vec::new() };
    let row = |(neuron, &(x, sigma)): (usize, &(f64, f64))| {
        let place = [stimulus.peak, (neuron / MAP) as f64, (neuron % MAP) as f64, x, sigma];
        let rates = [grid.rates[neuron], exact.rates[neuron]];
        let predicted = Activation::ALL.map(|activation| activation.rate(exact.constants, x, sigma));
        place.into_iter().chain(rates).chain(predicted).map(Cell::number).collect()
    };
    stimulus.moments.iter().enumerate().map(row).collect()
}

fn kernel_note(stimulus: &Stimulus) -> String {
    let row = |weights: &[f64]| weights.iter().map(|w| format!("{w:7.3}")).collect::<Vec<_>>().join(" ");
    let rows: Vec<String> = stimulus.kernel.chunks(KERNEL).map(row).collect();
    format!("Kernel (nA) at {} Hz for white:\n  {}", stimulus.peak, rows.join("\n  "))
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
        let neurons = vec![0, 100, 575];
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
