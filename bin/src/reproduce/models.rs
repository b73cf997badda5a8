//! Noisy Softplus fitted to the curves: figures 3a, 3c and 3d.

use super::condition::{Condition, Drive, Engine};
use super::fits;
use super::laboratory::Laboratory;
use super::published::{Constants, Paper};
use super::rates::{line_means, measured_points, published_points, rate_figure, series};
use crate::figure::{Colour, Figure, Mark, Plate, Point, Shape, Stroke};
use crate::outcome::Outcome;
use anyhow::Result;

/// Figure 3a: the noisy current.
pub(super) fn figure_3a(laboratory: &mut Laboratory) -> Result<Outcome> {
    outcome("fig3a", "Noisy Softplus and the response to a noisy current", &[Drive::Noise { dt: 1.0 }], laboratory)
}

/// Figure 3c: Poisson spikes, tau_syn 1 ms.
pub(super) fn figure_3c(laboratory: &mut Laboratory) -> Result<Outcome> {
    outcome(
        "fig3c",
        "Noisy Softplus and the response to Poisson spikes",
        &[Drive::Poisson { tau_syn: 1.0 }],
        laboratory,
    )
}

/// Figure 3d: Poisson spikes, tau_syn 5 ms, and 10 ms of the later paper.
pub(super) fn figure_3d(laboratory: &mut Laboratory) -> Result<Outcome> {
    let drives = [5.0, 10.0].map(|tau_syn| Drive::Poisson { tau_syn });
    outcome("fig3d", "Noisy Softplus and the response to Poisson spikes", &drives, laboratory)
}

fn outcome(name: &'static str, title: &str, drives: &[Drive], laboratory: &mut Laboratory) -> Result<Outcome> {
    let records = fits::records(name, drives, laboratory)?;
    let mut rows = Vec::new();
    for &drive in drives {
        let mut row = Vec::new();
        for engine in [Engine::Grid, Engine::Exact] {
            let letter = ["a", "b", "c", "d"][2 * rows.len() + row.len()];
            row.push(panel(letter, drive, engine, laboratory)?);
        }
        rows.push(row);
    }
    Ok(Outcome {
        name,
        title: title.to_owned(),
        records,
        data: Vec::new(),
        notes: Vec::new(),
        plates: vec![(name, Plate { rows })],
    })
}

/// Measured rates with the fitted and the published curves.
fn panel(letter: &str, drive: Drive, engine: Engine, laboratory: &mut Laboratory) -> Result<Figure> {
    let condition = Condition::curves(drive, engine);
    let (measured, fitted) = (laboratory.measured(condition)?, laboratory.fitted(condition)?);
    let (paper, year) = match drive {
        Drive::Noise { .. } => (Paper::Y2016, "2016"),
        Drive::Poisson { .. } => (Paper::Y2017, "2017"),
    };
    let published = laboratory.published.constants(paper, drive);
    let mut figure = rate_figure(&format!("{letter}   {}, {}", drive.name(), engine.name()), 88.0, 66.0);
    let words = |Constants { k, s }: Constants, decimals: usize| format!("k = {k:.decimals$}, S = {s:.0} Hz/nA");
    let lines = [
        (Stroke::Solid, "fit", Some((fitted.constants(), 3))),
        (Stroke::Dashed, year, published.map(|constants| (constants, 2))),
    ];
    for (stroke, who, constants) in lines {
        let Some((constants, decimals)) = constants else { continue };
        let text = format!("{who}: {}", words(constants, decimals));
        figure.series.push(series(text, Colour::Grey, Mark::Line(stroke), Vec::new()));
        for (index, sigma) in condition.sweep.sigmas().into_iter().enumerate() {
            let line = line_means().map(|x| Point::new(x, constants.rate(x, sigma))).collect();
            figure.series.push(series("", Colour::nth(index), Mark::Line(stroke), line));
        }
    }
    if engine == Engine::Grid && !laboratory.published.rates(drive).is_empty() {
        figure.series.push(series("published rates", Colour::Grey, Mark::Points(Shape::Ring), Vec::new()));
    }
    for (index, sigma) in condition.sweep.sigmas().into_iter().enumerate() {
        // The published rates are those of the grid; ours stand inside them.
        let rings = if engine == Engine::Grid { published_points(laboratory, drive, sigma) } else { Vec::new() };
        let shape = if rings.is_empty() { Shape::Circle } else { Shape::Dot };
        figure.series.push(series("", Colour::nth(index), Mark::Points(Shape::Ring), rings));
        let (colour, mark) = (Colour::nth(index), Mark::Points(shape));
        figure.series.push(series(format!("σ = {sigma} nA"), colour, mark, measured_points(&measured, sigma)));
    }
    Ok(figure)
}
