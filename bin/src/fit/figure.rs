//! The curves with two of the models, and the residuals of both below.

use super::report::FittedSurface;
use crate::figure::{Axis, Colour, Figure, Mark, Marking, Panels, Point, Series, Shape, Stroke};
use crate::response::{SigmaText, line};
use sim::theory::{Fit, ResponseModel};

/// Height of the panel of residuals (mm).
const RESIDUALS_MM: f64 = 36.0;

impl FittedSurface {
    /// The first model and the one that stays nearest to the points, if that is another.
    fn drawn(&self) -> Vec<&Fit> {
        let mut drawn: Vec<&Fit> = self.succeeded().take(1).collect();
        let best = self.succeeded().min_by(|p, q| p.rmse.total_cmp(&q.rmse));
        drawn.extend(best.filter(|best| drawn.iter().all(|fit| fit.response.model != best.response.model)));
        drawn
    }

    pub(super) fn figure(&self) -> Panels {
        let x = Axis::linear("Mean current (nA)");
        let hidden = Axis { marking: Marking::None, ..x.clone() };
        let mut curves = Figure::new(hidden, Axis::linear("Firing rate (Hz)"));
        let mut residuals = Figure { height_mm: RESIDUALS_MM, ..Figure::new(x, Axis::linear("Model − rate (Hz)")) };
        let sigma = SigmaText(self.curves.fluctuation);
        let sigmas = self.curves.sigmas();
        let means = line(self.curves.points.iter().map(|point| point.mu));
        let ends = [means[0], means[means.len() - 1]].map(|x| Point::new(x, 0.0)).to_vec();
        let zero = Mark::Line(Stroke::Thin);
        residuals.series.push(Series { label: String::new(), colour: Colour::Black, mark: zero, points: ends });
        let styles = [(Stroke::Dashed, Shape::Ring), (Stroke::Solid, Shape::Circle)];
        for (fit, (stroke, shape)) in self.drawn().into_iter().zip(styles) {
            let label = model_label(fit.response.model).to_owned();
            let black = |mark| Series { label: label.clone(), colour: Colour::Black, mark, points: Vec::new() };
            curves.series.push(black(Mark::Line(stroke)));
            residuals.series.push(black(Mark::Points(shape)));
            for (index, &sigma) in sigmas.iter().enumerate() {
                let series = |mark, points| Series { label: String::new(), colour: Colour::nth(index), mark, points };
                let model = means.iter().map(|&mu| Point::new(mu, fit.response.rate(mu, sigma)));
                curves.series.push(series(Mark::Line(stroke), model.collect()));
                let of = self.curves.points.iter().zip(&fit.residuals).filter(|(point, _)| point.sigma == sigma);
                let points = of.map(|(point, &residual)| Point::new(point.mu, residual)).collect();
                residuals.series.push(series(Mark::Points(shape), points));
            }
        }
        for (index, &value) in sigmas.iter().enumerate() {
            let measured = self.curves.at(value).map(|p| match p.measured.sem.is_finite() {
                true => Point::with_error(p.mu, p.measured.rate, p.measured.sem),
                false => Point::new(p.mu, p.measured.rate),
            });
            curves.series.push(Series {
                label: format!("σ = {value} {}", sigma.unit().replace("sqrt(ms)", "√ms")),
                colour: Colour::nth(index),
                mark: Mark::Points(Shape::Circle),
                points: measured.collect(),
            });
        }
        Panels { figures: vec![curves, residuals] }
    }
}

fn model_label(model: ResponseModel) -> &'static str {
    match model {
        ResponseModel::NoisySoftplus => "Noisy Softplus",
        ResponseModel::ShiftedNoisySoftplus => "shifted Noisy Softplus",
        ResponseModel::Softplus => "Softplus",
        ResponseModel::Relu => "ReLU",
        ResponseModel::ShiftedRelu => "shifted ReLU",
        ResponseModel::FastSlowSiegert => "fast-slow Siegert",
    }
}
