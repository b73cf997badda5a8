//! Figure 4: which activation function predicts the rates of the 576 neurons behind one kernel.

use super::condition::{Condition, Drive, Engine};
use super::convolution_figure;
use super::fits::Spread;
use super::laboratory::Laboratory;
use super::published::Constants;
use super::stimulus::{KERNEL, MAP, Stimulus, TAU_SYN};
use crate::outcome::Outcome;
use crate::records::{Cell, Column, Estimate, Kind, NORMAL_95, Records};
use anyhow::{Result, bail};
use sim::{Purpose, StreamKey};

/// Noise (nA) that sets the width of the Softplus, as in the paper of 2017.
const SOFTPLUS_SIGMA: f64 = 0.45;

/// Resamples of the bootstrap over the trials.
const RESAMPLES: u64 = 400;

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
    let records = Records { name: "fig4".to_owned(), caption, reach: NORMAL_95, columns: COLUMNS.to_vec(), rows };
    let caption = String::new();
    let data = Records {
        name: "fig4-neurons".to_owned(),
        caption,
        reach: NORMAL_95,
        columns: NEURON_COLUMNS.to_vec(),
        rows: neurons,
    };
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
