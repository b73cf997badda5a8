//! The curves as a table, a JSON document and CSV rows.

use super::arguments::CurveArguments;
use super::curve::{CurvePoint, Curves, NeuronCurves};
use super::sigma::{SigmaText, neuron_document};
use super::theory::TheoryChoice;
use crate::output::{Provenance, csv_number};
use crate::table::{number, table};
use rayon::prelude::*;
use serde_json::{Map, Value, json};
use sim::theory::{Fit, ResponseModel, fit};
use sim::{FitError, TheoryError};

/// The curves with their theories, and a Noisy Softplus fitted to those of each neuron.
pub(super) struct Report<'a> {
    curves: &'a Curves,
    pub(super) theories: Vec<TheoryChoice>,
    pub(super) neurons: Vec<Compared<'a>>,
    arguments: &'a CurveArguments,
}

/// The curves of one neuron, and what is set beside them.
pub(super) struct Compared<'a> {
    pub(super) curves: &'a NeuronCurves,
    pub(super) fit: Result<Fit, FitError>,
    /// Of each point the rates (Hz) of the theories.
    predicted: Vec<Vec<f64>>,
}

impl<'a> Compared<'a> {
    fn new(curves: &'a NeuronCurves, theories: &[TheoryChoice]) -> Result<Compared<'a>, TheoryError> {
        let predict = |p: &CurvePoint| {
            let (noise, total) = (curves.fluctuation.noise(p.sigma), p.mu + curves.neuron.i_offset);
            theories.iter().map(|theory| theory.rate_if_solved(&curves.neuron, noise, total)).collect()
        };
        let predicted = curves.points.par_iter().map(predict).collect::<Result<_, _>>()?;
        Ok(Compared { curves, fit: fit(ResponseModel::NoisySoftplus, &curves.surface()), predicted })
    }

    /// The points, each with the rates (Hz) of the theories, then of the fit.
    fn rows(&self) -> impl Iterator<Item = (&CurvePoint, Vec<f64>)> {
        self.curves.points.iter().zip(&self.predicted).map(|(point, theories)| {
            let fitted = self.fit.as_ref().map_or(f64::NAN, |fit| fit.response.rate(point.mu, point.sigma));
            (point, theories.iter().copied().chain([fitted]).collect())
        })
    }

    /// Root mean squared deviation (Hz) of the simulation from a theory, by its number, over the points where it has a rate.
    fn rmse(&self, theory: usize) -> f64 {
        let pairs = self.curves.points.iter().zip(&self.predicted);
        let deviations = pairs.map(|(point, rates)| rates[theory] - point.measured.rate);
        let squares: Vec<f64> = deviations.filter(|d| d.is_finite()).map(|d| d * d).collect();
        (squares.iter().sum::<f64>() / squares.len() as f64).sqrt()
    }

    /// Number of points at which a theory has no rate.
    fn unsolved(&self, theory: usize) -> usize {
        self.predicted.iter().filter(|rates| !rates[theory].is_finite()).count()
    }
}

impl<'a> Report<'a> {
    /// Asks the theories.
    ///
    /// # Errors
    ///
    /// Fails where a theory is not made for the noise or the neuron.
    pub(super) fn new(
        curves: &'a Curves,
        theories: Vec<TheoryChoice>,
        arguments: &'a CurveArguments,
    ) -> Result<Report<'a>, TheoryError> {
        let neurons = curves.neurons.iter().map(|neuron| Compared::new(neuron, &theories)).collect::<Result<_, _>>()?;
        Ok(Report { curves, theories, neurons, arguments })
    }

    /// Columns of the CSV file.
    pub(super) fn columns(&self) -> Vec<&'static str> {
        let sigma = self.curves.neurons.first().map_or("sigma_na", |n| SigmaText(n.fluctuation).column());
        let before = ["source", "tau_syn_ms", "noise_dt_ms", sigma, "mean_na", "rate_hz", "sem_hz"];
        let theories = self.theories.iter().map(|theory| theory.column());
        before.into_iter().chain(theories).chain(["noisy_softplus_hz"]).collect()
    }

    pub(super) fn csv_rows(&self) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        for neuron in &self.neurons {
            let sigma = SigmaText(neuron.curves.fluctuation);
            let optional = |x: Option<f64>| csv_number(x.unwrap_or(f64::NAN));
            for (p, predicted) in neuron.rows() {
                let mut row = vec![sigma.source().to_owned(), optional(sigma.tau_syn()), optional(sigma.interval())];
                let measured = [p.sigma, p.mu, p.measured.rate, p.measured.sem];
                row.extend(measured.into_iter().chain(predicted).map(csv_number));
                rows.push(row);
            }
        }
        rows
    }

    pub(super) fn document(&self, provenance: &Provenance) -> Value {
        let columns = self.columns();
        let mut points = Vec::new();
        let mut noise = Vec::new();
        let mut fits = Vec::new();
        for neuron in &self.neurons {
            let Compared { curves, fit, .. } = neuron;
            let sigma = SigmaText(curves.fluctuation);
            noise.extend(curves.sigmas().iter().map(|&value| sigma.document(&curves.neuron, value)));
            for (p, predicted) in neuron.rows() {
                let numbers = [p.sigma, p.mu, p.measured.rate, p.measured.sem].into_iter().chain(predicted);
                let mut point: Map<String, Value> =
                    columns[3..].iter().zip(numbers).map(|(name, x)| ((*name).to_owned(), json!(x))).collect();
                point.insert("tau_syn_ms".to_owned(), json!(sigma.tau_syn()));
                points.push(Value::Object(point));
            }
            let fitted = fit.as_ref().ok();
            let constants = fitted.and_then(|fit| fit.response.noisy_softplus());
            let mut entry = Map::new();
            entry.insert("tau_syn_ms".to_owned(), json!(sigma.tau_syn()));
            entry.insert("k".to_owned(), json!(constants.map(|c| c.k)));
            entry.insert("s_hz_per_na".to_owned(), json!(constants.map(|c| c.s_hz_per_na)));
            entry.insert("rmse_hz".to_owned(), json!(fitted.map(|fit| fit.rmse)));
            for (number, theory) in self.theories.iter().enumerate() {
                let name = theory.column().replace("_hz", "_rmse_hz");
                entry.insert(name, json!(neuron.rmse(number)));
            }
            fits.push(Value::Object(entry));
        }
        let (trials, duration, grid) = self.arguments.size();
        let neurons: Vec<Value> = self.curves.neurons.iter().map(|curves| neuron_document(&curves.neuron)).collect();
        // One of each where there is one neuron; lists, one entry for each time constant, where there are several.
        let one = |mut list: Vec<Value>| if list.len() == 1 { list.remove(0) } else { Value::Array(list) };
        json!({
            "provenance": provenance,
            "complete": self.curves.complete,
            "neuron": one(neurons),
            "trials": trials,
            "duration_ms": duration,
            "grid_ms": grid,
            "noise": noise,
            "points": points,
            "fit": one(fits),
        })
    }

    pub(super) fn text(&self) -> String {
        let offset = self.curves.neurons.first().map_or(0.0, |curves| curves.neuron.i_offset);
        let mut text = format!(
            "Response of IF_curr_exp, {}; mean current without i_offset ({offset} nA)\n",
            self.arguments.method()
        );
        for neuron in &self.neurons {
            let Compared { curves, fit, .. } = neuron;
            for sigma in curves.sigmas() {
                text += &SigmaText(curves.fluctuation).describe(&curves.neuron, sigma);
                text += &self.table(neuron, sigma);
            }
            text += &match fit {
                Ok(fit) => format!(
                    "Noisy Softplus fit: k = {:.4}, S = {:.2} Hz/nA, RMSE {:.2} Hz\n",
                    fit.estimates[0].value, fit.estimates[1].value, fit.rmse
                ),
                Err(error) => format!("Noisy Softplus fit: none ({error})\n"),
            };
            let noise = curves.fluctuation.noise(1.0);
            let rmse = |(index, theory): (usize, &TheoryChoice)| {
                format!("{}: RMSE {} Hz", theory.label(noise), number(neuron.rmse(index), 2))
            };
            if !self.theories.is_empty() {
                text += &format!("{}\n", self.theories.iter().enumerate().map(rmse).collect::<Vec<_>>().join("; "));
            }
            for (index, theory) in self.theories.iter().enumerate().filter(|&(index, _)| neuron.unsolved(index) > 0) {
                text += &format!(
                    "{}: no rate (-) at {} points, where its equations cannot be solved accurately: see docs/THEORY.md\n",
                    theory.label(noise),
                    neuron.unsolved(index)
                );
            }
        }
        if !self.curves.complete {
            text += "Interrupted: only the points above were measured.\n";
        }
        text
    }

    /// The points of one sigma.
    fn table(&self, neuron: &Compared<'_>, sigma: f64) -> String {
        let noise = neuron.curves.fluctuation.noise(sigma);
        let theories = self.theories.iter().map(|theory| format!("{} (Hz)", theory.label(noise)));
        let columns: Vec<String> = ["mean (nA)", "rate (Hz)", "± s.e."]
            .map(str::to_owned)
            .into_iter()
            .chain(theories)
            .chain(["Noisy Softplus (Hz)".to_owned()])
            .collect();
        let row = |(p, predicted): (&CurvePoint, Vec<f64>)| {
            let numbers = [p.measured.rate, p.measured.sem].into_iter().chain(predicted);
            std::iter::once(format!("{}", p.mu)).chain(numbers.map(|x| number(x, 2))).collect()
        };
        let rows: Vec<Vec<String>> = neuron.rows().filter(|(p, _)| p.sigma == sigma).map(row).collect();
        table(&columns.iter().map(String::as_str).collect::<Vec<_>>(), &rows)
    }
}
