//! The curves as a figure: a panel for every synaptic time constant, a colour for every sigma.

use super::report::{Compared, Report};
use super::sigma::SigmaText;
use crate::figure::{Axis, Colour, Figure, LegendPosition, Mark, Marking, Panels, Point, Series, Shape, Stroke};
use rayon::prelude::*;

/// Points of a theory line in the figure.
const LINE_POINTS: u32 = 240;

/// Of these, one in so many where a theory is solved numerically.
const THINNED: usize = 5;

impl Report<'_> {
    pub(super) fn figure(&self) -> Panels {
        let mut panels: Vec<Figure> = self.neurons.iter().map(|neuron| self.panel(neuron)).collect();
        // The first has the legend, the last the horizontal axis.
        for panel in panels.iter_mut().skip(1) {
            panel.legend = LegendPosition::Hidden;
        }
        if let [others @ .., _] = &mut panels[..] {
            others.iter_mut().for_each(|panel| panel.x.marking = Marking::None);
        }
        Panels { figures: panels }
    }

    fn panel(&self, Compared { curves, fit, .. }: &Compared<'_>) -> Figure {
        let sigma = SigmaText(curves.fluctuation);
        let of = match sigma.tau_syn() {
            Some(tau) if self.neurons.len() > 1 => format!(", τ = {tau} ms"),
            _ => String::new(),
        };
        let mut figure = Figure::new(Axis::linear("Mean current (nA)"), Axis::linear(format!("Firing rate (Hz){of}")));
        let neuron = &curves.neuron;
        let sigmas = curves.sigmas();
        // One colour for each theory where there is one sigma, else one for each sigma.
        let single = sigmas.len() == 1;
        let colour = |own: Colour, index: usize| if single { own } else { Colour::nth(index) };
        let means = line(curves.points.iter().map(|point| point.mu));
        let thin: Vec<f64> = means.iter().copied().step_by(THINNED).collect();
        // A line is left out where its theory has no rate.
        let through = |means: &[f64], rate: &(dyn Fn(f64) -> f64 + Sync)| -> Vec<Point> {
            let points = means.par_iter().map(|&mu| Point::new(mu, rate(mu)));
            points.filter(|point| point.y.is_finite()).collect()
        };
        let mut draw = |label: &str, own: Colour, stroke: Stroke, common: bool, points: &dyn Fn(f64) -> Vec<Point>| {
            let sample = if single || common { own } else { Colour::Black };
            let mark = Mark::Line(stroke);
            figure.series.push(Series { label: label.to_owned(), colour: sample, mark, points: Vec::new() });
            for (index, &sigma) in sigmas.iter().enumerate().take(if common { 1 } else { sigmas.len() }) {
                let colour = if common { own } else { colour(own, index) };
                figure.series.push(Series { label: String::new(), colour, mark, points: points(sigma) });
            }
        };
        for theory in &self.theories {
            let points = |sigma: f64| {
                let noise = curves.fluctuation.noise(sigma);
                let rate = |mu: f64| theory.rate_if_solved(neuron, noise, mu + neuron.i_offset).unwrap_or(f64::NAN);
                through(if theory.is_numerical() { &thin } else { &means }, &rate)
            };
            let label = theory.label(curves.fluctuation.noise(1.0));
            draw(label, theory.colour(), theory.stroke(), theory.ignores_noise(), &points);
        }
        if let Ok(fit) = fit {
            let points = |sigma: f64| through(&means, &|mu| fit.response.rate(mu, sigma));
            draw("Noisy Softplus", Colour::BluishGreen, Stroke::Dotted, false, &points);
        }
        let simulated = if single { "simulated, " } else { "" };
        for (index, &value) in sigmas.iter().enumerate() {
            let point = |p: &super::CurvePoint| Point::with_error(p.mu, p.measured.rate, p.measured.sem);
            figure.series.push(Series {
                label: format!("{simulated}σ = {value} {}", sigma.unit().replace("sqrt(ms)", "√ms")),
                colour: colour(Colour::Black, index),
                mark: Mark::Points(Shape::Circle),
                points: curves.at(value).map(point).collect(),
            });
        }
        figure
    }
}

/// Means (nA) that a line runs through, from the lowest to the highest of the points.
pub(crate) fn line(means: impl Iterator<Item = f64>) -> Vec<f64> {
    let (low, high) = means.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), mu| (low.min(mu), high.max(mu)));
    (0..=LINE_POINTS).map(|i| low + (high - low) * f64::from(i) / f64::from(LINE_POINTS)).collect()
}
