//! The plate of figure 4: images, predicted against recorded rates, spikes.

use super::convolution::{Activation, Prediction};
use super::rates::series;
use super::stimulus::{IMAGE, KERNEL, MAP, Stimulus};
use crate::figure::{Axis, Colour, Figure, HeatMap, LegendPosition, Mark, Marking, Plate, Point, Shape, Stroke};
use anyhow::Result;

/// Neurons in the raster.
const SHOWN: usize = 12;

pub(super) fn plate(stimulus: &Stimulus, prediction: &Prediction, seed: u64) -> Result<Plate> {
    let predicted = |activation: Activation| -> Vec<f64> {
        stimulus.moments.iter().map(|&(x, sigma)| activation.rate(prediction.constants, x, sigma)).collect()
    };
    let nsp = predicted(Activation::NoisySoftplus);
    let highest = prediction.rates.iter().chain(&nsp).fold(10.0, |a: f64, &b| a.max(b));
    let top = (highest / 20.0).ceil() * 20.0;
    let extreme = stimulus.kernel.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
    let images = vec![
        image("a   input (Hz)", IMAGE, &stimulus.rates, (0.0, stimulus.peak)),
        image("b   kernel (nA)", KERNEL, &stimulus.kernel, (-extreme, extreme)),
        image("c   recorded (Hz)", MAP, &prediction.rates, (0.0, top)),
        image("d   Noisy Softplus (Hz)", MAP, &nsp, (0.0, top)),
    ];
    let letters = ["e", "f", "g"].into_iter().zip(Activation::ALL);
    let scatters = letters.map(|(letter, a)| scatter(letter, a, &predicted(a), &prediction.rates, top)).collect();
    Ok(Plate { rows: vec![images, scatters, vec![raster(stimulus, prediction, seed)?]] })
}

fn image(title: &str, columns: usize, values: &[f64], range: (f64, f64)) -> Figure {
    let mut figure = Figure::new(Axis::linear(""), Axis::linear(""));
    (figure.x.marking, figure.y.marking) = (Marking::None, Marking::None);
    (figure.title, figure.width_mm, figure.height_mm) = (title.to_owned(), 45.0, 39.2);
    let bar = Some(String::new());
    figure.heat_map = Some(HeatMap { range: Some(range), bar, ..HeatMap::image(columns, values) });
    figure
}

/// Recorded against predicted rates, one point per neuron.
fn scatter(letter: &str, activation: Activation, predicted: &[f64], recorded: &[f64], top: f64) -> Figure {
    let axis = |label: &str| Axis::linear(label).with_range(0.0, top);
    let mut figure = Figure::new(axis("Predicted rate (Hz)"), axis("Recorded rate (Hz)"));
    (figure.width_mm, figure.height_mm) = (60.0, 60.0);
    figure.legend = LegendPosition::Hidden;
    let squares: f64 = predicted.iter().zip(recorded).map(|(p, r)| (p - r).powi(2)).sum();
    let rmse = (squares / recorded.len() as f64).sqrt();
    figure.title = format!("{letter}   {}, RMSE {rmse:.1} Hz", activation.name());
    let points = predicted.iter().zip(recorded).map(|(&p, &r)| Point::new(p, r)).collect();
    let diagonal = vec![Point::new(0.0, 0.0), Point::new(top, top)];
    figure.series.push(series("", Colour::Grey, Mark::Line(Stroke::Thin), diagonal));
    figure.series.push(series("", Colour::Blue, Mark::Points(Shape::Dot), points));
    figure
}

/// One second of neurons spread evenly over the range of rates, each named by its rate.
fn raster(stimulus: &Stimulus, prediction: &Prediction, seed: u64) -> Result<Figure> {
    let mut order: Vec<usize> = (0..MAP * MAP).collect();
    order.sort_by(|&a, &b| prediction.rates[a].total_cmp(&prediction.rates[b]));
    let (low, high) = (prediction.rates[order[0]], prediction.rates[order[MAP * MAP - 1]]);
    let level = |row: usize| low + (high - low) * row as f64 / (SHOWN - 1) as f64;
    let nearest = |row: usize| order.partition_point(|&n| prediction.rates[n] < level(row)).min(MAP * MAP - 1);
    let shown: Vec<usize> = (0..SHOWN).map(|row| order[nearest(row)]).collect();
    let trains = stimulus.spikes(&shown, seed)?;
    let names = shown.iter().map(|&neuron| format!("{:.0}", prediction.rates[neuron])).collect();
    let mut figure = Figure::new(Axis::linear("Time (ms)").with_range(0.0, 1000.0), Axis::linear("Rate (Hz)"));
    (figure.title, figure.width_mm, figure.height_mm) =
        ("h   spikes of twelve neurons, named by their rates".to_owned(), 180.0, 56.0);
    figure.legend = LegendPosition::Hidden;
    let ends = (0..=SHOWN).map(|row| row as f64).collect();
    figure.y = Axis { marking: Marking::Names { ends, names }, ..figure.y.with_range(0.0, SHOWN as f64) };
    for (row, train) in trains.iter().enumerate() {
        let points = train.iter().map(|&time| Point::new(time, row as f64 + 0.5)).collect();
        figure.series.push(series("", Colour::Black, Mark::Spikes, points));
    }
    Ok(figure)
}
