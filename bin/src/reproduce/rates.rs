//! Rates of a curve beside the published ones: figures 1a and 2.

use super::condition::{Condition, Drive, Engine, Measured};
use super::laboratory::Laboratory;
use super::published::{DURATION, TRIALS};
use crate::figure::{Axis, Colour, Figure, LegendPosition, Mark, Plate, Point, Series, Shape, Stroke};
use crate::outcome::Outcome;
use crate::records::{Cell, Column, Estimate, Kind, Records, student_95};
use anyhow::Result;
use sim::theory::{noise_free, siegert};

/// Points of a theory line.
const LINE_POINTS: u32 = 220;

const COLUMNS: [Column; 9] = [
    Column::new("drive", "drive", Kind::Text, 0),
    Column::new("sigma_na", "sigma (nA)", Kind::Number, 1),
    Column::new("mean_na", "mean (nA)", Kind::Number, 1),
    Column::new("published_hz", "published (Hz)", Kind::Number, 2),
    Column::new("grid_hz", "1 ms grid (Hz)", Kind::Estimate, 2),
    Column::new("exact_hz", "exact (Hz)", Kind::Estimate, 2),
    Column::new("siegert_hz", "Siegert (Hz)", Kind::Number, 2),
    Column::new("grid_minus_published_hz", "grid − published (Hz)", Kind::Difference, 2),
    Column::new("exact_minus_grid_hz", "exact − grid (Hz)", Kind::Difference, 2),
];

/// A rate and its standard error.
pub(super) fn estimate(measured: &Measured) -> Estimate {
    Estimate { value: measured.rate(), error: measured.error() }
}

/// Rates under some drives, and how well they agree with the published ones.
fn records(name: &str, drives: &[Drive], laboratory: &mut Laboratory) -> Result<(Records, Vec<String>)> {
    let (mut rows, mut notes) = (Vec::new(), Vec::new());
    let duration = laboratory.effort.duration;
    let reach = student_95(laboratory.effort.trials);
    for &drive in drives {
        let grid = laboratory.measured(Condition::curves(drive, Engine::Grid))?;
        let exact = laboratory.measured(Condition::curves(drive, Engine::Exact))?;
        let neuron = drive.neuron();
        let mut agreement = Agreement::default();
        for (grid, exact) in grid.iter().zip(exact.iter()) {
            let (sigma, x) = (grid.sigma, grid.x);
            let published = laboratory.published.rate(drive, sigma, x);
            // Of the published rates only the mean is known; their spread is taken to be ours.
            let known =
                Estimate { value: published.unwrap_or(f64::NAN), error: grid.error_in(TRIALS, DURATION, duration) };
            let difference = estimate(grid).minus(known);
            agreement.add(difference, reach);
            rows.push(vec![
                Cell::Text(drive.name()),
                Cell::number(sigma),
                Cell::number(x),
                Cell::optional(published),
                Cell::Value(estimate(grid)),
                Cell::Value(estimate(exact)),
                Cell::number(siegert(&neuron, x + neuron.i_offset, drive.noise(sigma).white_amplitude())),
                Cell::Value(difference),
                Cell::Value(estimate(exact).minus(estimate(grid))),
            ]);
        }
        notes.extend(agreement.note(drive));
    }
    let caption = "Firing rates; mean current without i_offset (0.1 nA); ± standard error, [ ] 95 %".to_owned();
    Ok((Records { name: name.to_owned(), caption, reach, columns: COLUMNS.to_vec(), rows }, notes))
}

/// How often differences from published rates are within their intervals.
#[derive(Debug, Clone, Copy, Default)]
struct Agreement {
    points: u32,
    within: u32,
    squares: f64,
}

impl Agreement {
    /// Points at which nothing ever fires say nothing.
    fn add(&mut self, difference: Estimate, reach: f64) {
        if difference.error > 0.0 && difference.value.is_finite() {
            self.points += 1;
            self.within += u32::from(difference.holds_zero(reach));
            self.squares += (difference.value / difference.error).powi(2);
        }
    }

    fn note(&self, drive: Drive) -> Option<String> {
        let root = (self.squares / f64::from(self.points)).sqrt();
        (self.points > 0).then(|| {
            format!(
                "{}: {} of {} intervals of grid − published hold zero; root mean square {root:.2} standard errors",
                drive.name(),
                self.within,
                self.points
            )
        })
    }
}

/// Means of a theory line.
pub(super) fn line_means() -> impl Iterator<Item = f64> {
    (0..=LINE_POINTS).map(|i| -0.5 + 1.1 * f64::from(i) / f64::from(LINE_POINTS))
}

/// A line of the legend, or of the figure without one.
pub(super) fn series(label: impl Into<String>, colour: Colour, mark: Mark, points: Vec<Point>) -> Series {
    Series { label: label.into(), colour, mark, points }
}

/// A figure of rates against means.
pub(super) fn rate_figure(title: &str, width_mm: f64, height_mm: f64) -> Figure {
    let x = Axis::linear("Mean current (nA)").with_range(-0.5, 0.6);
    let mut figure = Figure::new(x, Axis::linear("Firing rate (Hz)").with_range(0.0, 150.0));
    (figure.title, figure.width_mm, figure.height_mm) = (title.to_owned(), width_mm, height_mm);
    figure.legend = LegendPosition::TopLeft;
    figure
}

/// Published rates of one sigma.
pub(super) fn published_points(laboratory: &Laboratory, drive: Drive, sigma: f64) -> Vec<Point> {
    let points = laboratory.published.rates(drive).into_iter().filter(|p| p.sigma == sigma);
    points.map(|p| Point::new(p.x, p.rate)).collect()
}

/// Measured rates of one sigma, with standard errors.
pub(super) fn measured_points(measured: &[Measured], sigma: f64) -> Vec<Point> {
    let of_sigma = measured.iter().filter(|point| point.sigma == sigma);
    of_sigma.map(|point| Point::with_error(point.x, point.rate(), point.error())).collect()
}

fn noise_free_line(drive: Drive) -> Vec<Point> {
    let neuron = drive.neuron();
    line_means().map(|x| Point::new(x, noise_free(&neuron, x + neuron.i_offset))).collect()
}

/// Figure 1a: the response to a noisy current beside Siegert's rates.
pub(super) fn figure_1a(laboratory: &mut Laboratory) -> Result<Outcome> {
    let drive = Drive::Noise { dt: 1.0 };
    let (records, notes) = records("fig1a", &[drive], laboratory)?;
    let grid = laboratory.measured(Condition::curves(drive, Engine::Grid))?;
    let neuron = drive.neuron();
    let mut figure = rate_figure("", 88.0, 70.0);
    let line = Mark::Line(Stroke::Solid);
    figure.series.push(series("Siegert, white noise", Colour::Grey, line, Vec::new()));
    figure.series.push(series("published, 1 ms", Colour::Grey, Mark::Points(Shape::Ring), Vec::new()));
    figure.series.push(series("simulated, 1 ms grid", Colour::Grey, Mark::Points(Shape::Dot), Vec::new()));
    figure.series.push(series("σ = 0", Colour::Black, line, noise_free_line(drive)));
    for (index, sigma) in Condition::curves(drive, Engine::Grid).sweep.sigmas().into_iter().enumerate() {
        let colour = Colour::nth(index);
        let white = drive.noise(sigma).white_amplitude();
        let theory = line_means().map(|x| Point::new(x, siegert(&neuron, x + neuron.i_offset, white))).collect();
        figure.series.push(series(format!("σ = {sigma} nA"), colour, line, theory));
        let published = published_points(laboratory, drive, sigma);
        figure.series.push(series("", colour, Mark::Points(Shape::Ring), published));
        figure.series.push(series("", colour, Mark::Points(Shape::Dot), measured_points(&grid, sigma)));
    }
    Ok(Outcome {
        name: "fig1a",
        title: "response to a Gaussian current that is redrawn every 1 ms".to_owned(),
        records: vec![records],
        data: Vec::new(),
        notes,
        plates: vec![("fig1a", Plate::single(figure))],
    })
}

/// Figure 2: the response to Poisson spikes at three synaptic time constants.
pub(super) fn figure_2(laboratory: &mut Laboratory) -> Result<Outcome> {
    let drives = [1.0, 5.0, 10.0].map(|tau_syn| Drive::Poisson { tau_syn });
    let (records, notes) = records("fig2", &drives, laboratory)?;
    let mut row = Vec::new();
    for (letter, drive) in ["a", "b", "c"].into_iter().zip(drives) {
        let Drive::Poisson { tau_syn } = drive else { continue };
        let mut figure = rate_figure(&format!("{letter}   tau_syn = {tau_syn} ms"), 60.0, 62.0);
        if row.is_empty() {
            figure.series.push(series("exact", Colour::Grey, Mark::Line(Stroke::Solid), Vec::new()));
            figure.series.push(series("1 ms grid", Colour::Grey, Mark::Points(Shape::Dot), Vec::new()));
            figure.series.push(series("published", Colour::Grey, Mark::Points(Shape::Ring), Vec::new()));
        }
        let first = row.is_empty();
        let label = |text: String| if first { text } else { String::new() };
        figure.series.push(series(
            label("σ = 0".to_owned()),
            Colour::Black,
            Mark::Line(Stroke::Dashed),
            noise_free_line(drive),
        ));
        let grid = laboratory.measured(Condition::curves(drive, Engine::Grid))?;
        let exact = laboratory.measured(Condition::curves(drive, Engine::Exact))?;
        for (index, sigma) in Condition::curves(drive, Engine::Grid).sweep.sigmas().into_iter().enumerate() {
            let colour = Colour::nth(index);
            let line = Mark::Line(Stroke::Solid);
            figure.series.push(series(label(format!("σ = {sigma} nA")), colour, line, measured_points(&exact, sigma)));
            let published = published_points(laboratory, drive, sigma);
            figure.series.push(series("", colour, Mark::Points(Shape::Ring), published));
            figure.series.push(series("", colour, Mark::Points(Shape::Dot), measured_points(&grid, sigma)));
        }
        row.push(figure);
    }
    Ok(Outcome {
        name: "fig2",
        title: "response to 500 excitatory and 500 inhibitory Poisson sources".to_owned(),
        records: vec![records],
        data: Vec::new(),
        notes,
        plates: vec![("fig2", Plate { rows: vec![row] })],
    })
}
