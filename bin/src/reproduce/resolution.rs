//! Figure 1b: why the simulated rates lie below Siegert's: finite steps of the noise, and a grid for the spikes.

use super::condition::{Condition, Drive, Engine, Measured};
use super::laboratory::Laboratory;
use super::rates::{estimate, line_means, series};
use crate::figure::{Axis, Colour, Figure, LegendPosition, Mark, Plate, Point, Shape, Stroke};
use crate::outcome::Outcome;
use crate::records::{Cell, Column, Estimate, Kind, Records, student_95};
use anyhow::Result;
use sim::theory::siegert;

/// Published resolution, and a finer one (ms).
const COARSE: Drive = Drive::Noise { dt: 1.0 };
const FINE: Drive = Drive::Noise { dt: 0.1 };

const COLUMNS: [Column; 9] = [
    Column::new("sigma_na", "sigma (nA)", Kind::Number, 1),
    Column::new("mean_na", "mean (nA)", Kind::Number, 1),
    Column::new("siegert_hz", "Siegert (Hz)", Kind::Number, 2),
    Column::new("published_hz", "published (Hz)", Kind::Number, 2),
    Column::new("grid_hz", "1 ms noise, 1 ms grid", Kind::Estimate, 2),
    Column::new("exact_hz", "1 ms noise, exact", Kind::Estimate, 2),
    Column::new("fine_hz", "0.1 ms noise, exact", Kind::Estimate, 2),
    Column::new("grid_cost_hz", "cost of the grid", Kind::Difference, 2),
    Column::new("steps_cost_hz", "cost of 1 ms steps", Kind::Difference, 2),
];

/// Rates minus Siegert's, at each sigma.
pub(super) fn figure_1b(laboratory: &mut Laboratory) -> Result<Outcome> {
    let grid = laboratory.measured(Condition::curves(COARSE, Engine::Grid))?;
    let exact = laboratory.measured(Condition::curves(COARSE, Engine::Exact))?;
    let fine = laboratory.measured(Condition::curves(FINE, Engine::Exact))?;
    let neuron = COARSE.neuron();
    let white = |x: f64, sigma: f64| siegert(&neuron, x + neuron.i_offset, COARSE.noise(sigma).white_amplitude());
    let rows = grid.iter().zip(exact.iter()).zip(fine.iter()).map(|((grid, exact), fine)| {
        let theory = white(grid.x, grid.sigma);
        vec![
            Cell::number(grid.sigma),
            Cell::number(grid.x),
            Cell::number(theory),
            Cell::optional(laboratory.published.rate(COARSE, grid.sigma, grid.x)),
            Cell::Value(estimate(grid)),
            Cell::Value(estimate(exact)),
            Cell::Value(estimate(fine)),
            Cell::Value(estimate(grid).minus(estimate(exact))),
            Cell::Value(estimate(exact).minus(Estimate::exact(theory))),
        ]
    });
    let caption = "Rates (Hz) under a noisy current of equal intensity; ± standard error, [ ] 95 %".to_owned();
    let (reach, rows) = (student_95(laboratory.effort.trials), rows.collect());
    let records = Records { name: "fig1b".to_owned(), caption, reach, columns: COLUMNS.to_vec(), rows };

    let mut row = Vec::new();
    for (letter, sigma) in ["a", "b", "c"].into_iter().zip([0.2, 0.5, 1.0]) {
        let x = Axis::linear("Mean current (nA)").with_range(-0.5, 0.6);
        let mut figure = Figure::new(x, Axis::linear("Rate − Siegert (Hz)").with_range(-26.0, 6.0));
        (figure.title, figure.width_mm, figure.height_mm) = (format!("{letter}   σ = {sigma} nA"), 60.0, 62.0);
        figure.legend = LegendPosition::BottomLeft;
        let first = row.is_empty();
        let label = |text: &str| if first { text.to_owned() } else { String::new() };
        let measured = [
            ("1 ms noise, 1 ms grid", Colour::Blue, Shape::Circle, &grid),
            ("1 ms noise, exact", Colour::Vermillion, Shape::Square, &exact),
            ("0.1 ms noise, exact", Colour::BluishGreen, Shape::Triangle, &fine),
        ];
        let zero = [-0.5, 0.6].map(|x| Point::new(x, 0.0)).to_vec();
        figure.series.push(series("", Colour::Grey, Mark::Line(Stroke::Thin), zero));
        for (text, colour, shape, points) in measured {
            let of_sigma = points.iter().filter(|point| point.sigma == sigma);
            let deviation = |p: &Measured| Point::with_error(p.x, p.rate() - white(p.x, sigma), p.error());
            figure.series.push(series(label(text), colour, Mark::Points(shape), of_sigma.map(deviation).collect()));
        }
        let published = laboratory.published.rates(COARSE).into_iter().filter(|p| p.sigma == sigma);
        let published = published.map(|p| Point::new(p.x, p.rate - white(p.x, sigma))).collect();
        figure.series.push(series(label("published, 1 ms"), Colour::Black, Mark::Points(Shape::Dot), published));
        for (drive, colour, text) in
            [(COARSE, Colour::Vermillion, "finite steps, theory"), (FINE, Colour::BluishGreen, "")]
        {
            let noise = drive.noise(sigma);
            let corrected =
                |x: f64| Point::new(x, noise.corrected_siegert(&neuron, x + neuron.i_offset) - white(x, sigma));
            figure.series.push(series(
                label(text),
                colour,
                Mark::Line(Stroke::Dashed),
                line_means().map(corrected).collect(),
            ));
        }
        row.push(figure);
    }
    Ok(Outcome {
        name: "fig1b",
        title: "simulated rates minus Siegert's, at two resolutions".to_owned(),
        records: vec![records],
        data: Vec::new(),
        notes: vec![
            "Noise that is redrawn every 1 ms walks past the threshold in steps, which costs rate against white noise; a grid for the spikes costs\n\
             half a step per interval more. With steps of 0.1 ms and exact spikes the rates approach Siegert's."
                .to_owned(),
        ],
        plates: vec![("fig1b", Plate { rows: vec![row] })],
    })
}
