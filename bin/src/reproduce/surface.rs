//! Figure 3b: the rate as a function of mean and noise.

use super::condition::{Condition, Drive, Engine, Measured, Sweep};
use super::laboratory::Laboratory;
use super::published::Constants;
use crate::figure::{Axis, Figure, HeatMap, Plate};
use crate::outcome::Outcome;
use crate::records::{Cell, Column, Kind, NORMAL_95, Records};
use anyhow::Result;
use sim::theory::noise_free;

const DRIVE: Drive = Drive::Poisson { tau_syn: 5.0 };

/// Rates at the ends of the colours, and at the lines (Hz).
const RANGE: (f64, f64) = (0.0, 140.0);
const LEVELS: [f64; 7] = [1.0, 10.0, 25.0, 50.0, 75.0, 100.0, 125.0];

const COLUMNS: [Column; 4] = [
    Column::new("sigma_na", "sigma (nA)", Kind::Number, 1),
    Column::new("rmse_hz", "RMSE (Hz)", Kind::Number, 2),
    Column::new("worst_hz", "largest deviation (Hz)", Kind::Number, 2),
    Column::new("worst_mean_na", "at a mean of (nA)", Kind::Number, 2),
];

/// The surface, simulated and fitted.
pub(super) fn figure_3b(laboratory: &mut Laboratory) -> Result<Outcome> {
    let condition = Condition { drive: DRIVE, engine: Engine::Exact, sweep: Sweep::Plane };
    let (measured, fitted) = (laboratory.measured(condition)?, laboratory.fitted(condition)?);
    let constants = fitted.constants();
    let (means, mut sigmas) = (condition.sweep.means(), condition.sweep.sigmas());
    let rows = sigmas.iter().map(|&sigma| deviations(sigma, &measured, constants)).collect();
    let caption = format!(
        "Noisy Softplus with k = {:.4} ± {:.4}, S = {:.2} ± {:.2} Hz/nA against {} exact rates at tau_syn 5 ms; RMSE {:.2} Hz",
        fitted.k.value,
        fitted.k.error,
        fitted.s.value,
        fitted.s.error,
        measured.len(),
        fitted.rmse
    );
    let records = Records { name: "fig3b".to_owned(), caption, reach: NORMAL_95, columns: COLUMNS.to_vec(), rows };

    // Without noise the rate is known in closed form; on the other sigmas the points are measured.
    let neuron = DRIVE.neuron();
    let silent = means.iter().map(|&x| noise_free(&neuron, x + neuron.i_offset));
    let simulated: Vec<f64> = silent.chain(measured.iter().map(Measured::rate)).collect();
    sigmas.insert(0, 0.0);
    let fine = |low: f64, high: f64, n: u32| {
        (0..=n).map(|i| low + (high - low) * f64::from(i) / f64::from(n)).collect::<Vec<f64>>()
    };
    let (x, sigma) = (fine(-0.5, 0.6, 55), fine(0.0, 1.0, 50));
    let model = sigma.iter().flat_map(|&sigma| x.iter().map(move |&x| constants.rate(x, sigma))).collect();
    let surfaces = [
        ("a   simulated", HeatMap::new(means, sigmas, simulated)),
        ("b   Noisy Softplus, fitted", HeatMap::new(x, sigma, model)),
    ];
    let row = surfaces.map(|(title, map)| {
        let across = Axis::linear("Mean current (nA)").with_range(-0.5, 0.6);
        let mut figure = Figure::new(across, Axis::linear("σ of the synaptic current (nA)").with_range(0.0, 1.0));
        let bar = title.starts_with('b').then(|| "Firing rate (Hz)".to_owned());
        figure.heat_map = Some(HeatMap { range: Some(RANGE), bar, contours: LEVELS.to_vec(), ..map });
        (figure.title, figure.height_mm) = (title.to_owned(), 70.0);
        figure.width_mm = if title.starts_with('b') { 96.0 } else { 84.0 };
        figure
    });
    Ok(Outcome {
        name: "fig3b",
        title: "rate against mean and noise, tau_syn 5 ms".to_owned(),
        records: vec![records],
        data: Vec::new(),
        notes: Vec::new(),
        plates: vec![("fig3b", Plate { rows: vec![row.to_vec()] })],
    })
}

/// How far the model stays from the rates of one sigma.
fn deviations(sigma: f64, measured: &[Measured], constants: Constants) -> Vec<Cell> {
    let deviation = |p: &Measured| (constants.rate(p.x, sigma) - p.rate(), p.x);
    let all: Vec<(f64, f64)> = measured.iter().filter(|p| p.sigma == sigma).map(deviation).collect();
    let squares = all.iter().map(|(deviation, _)| deviation * deviation).sum::<f64>();
    let worst = all.iter().copied().max_by(|a, b| a.0.abs().total_cmp(&b.0.abs())).unwrap_or((f64::NAN, f64::NAN));
    [sigma, (squares / all.len() as f64).sqrt(), worst.0, worst.1].map(Cell::number).to_vec()
}
