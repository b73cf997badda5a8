//! The fits as a table, a JSON document and CSV rows of residuals.

use super::fit_file::surface_document;
use crate::output::{Provenance, csv_number};
use crate::response::{NeuronCurves, SigmaText};
use crate::table::{number, table};
use serde_json::{Value, json};
use sim::FitError;
use sim::theory::{Estimate, Fit, ResponseModel};

/// Curves with the models that were fitted to them.
pub(super) struct FittedSurface {
    /// Where the rates come from.
    pub(super) data: String,
    pub(super) curves: NeuronCurves,
    pub(super) fits: Vec<(ResponseModel, Result<Fit, FitError>)>,
}

impl FittedSurface {
    /// The fits that succeeded.
    pub(super) fn succeeded(&self) -> impl Iterator<Item = &Fit> {
        self.fits.iter().filter_map(|(_, fit)| fit.as_ref().ok())
    }

    fn text(&self) -> String {
        let sigma = SigmaText(self.curves.fluctuation);
        let of = match (sigma.tau_syn(), sigma.interval()) {
            (Some(tau_syn), _) => format!("poisson noise, tau_syn {tau_syn} ms"),
            (None, Some(interval)) => format!("{} redrawn every {interval} ms", sigma.source()),
            (None, None) => sigma.source().to_owned(),
        };
        let sigmas = self.curves.sigmas().iter().map(f64::to_string).collect::<Vec<_>>().join(", ");
        let mut text =
            format!("{} points ({}), {of}, sigma {sigmas} {}\n", self.curves.points.len(), self.data, sigma.unit());
        let mut reasons = String::new();
        let mut rows = Vec::new();
        for (model, fit) in &self.fits {
            match fit {
                Ok(fit) => rows.push(vec![
                    model.name().to_owned(),
                    parameters(*model, &fit.estimates),
                    number(fit.r2, 4),
                    number(fit.rmse, 2),
                    number(fit.largest_residual(), 1),
                ]),
                Err(error) => reasons += &format!("{}: none ({error})\n", model.name()),
            }
        }
        let columns = ["model", "parameters ± s.e.", "R2", "RMSE (Hz)", "largest residual (Hz)"];
        text += &table(&columns, &rows);
        text + &reasons
    }
}

/// All parameters with their errors.
fn parameters(model: ResponseModel, estimates: &[Estimate]) -> String {
    let one = |(parameter, estimate): (&sim::theory::ModelParameter, &Estimate)| {
        let unit = if parameter.unit.is_empty() { String::new() } else { format!(" {}", parameter.unit) };
        format!("{} = {}{unit}", parameter.name, with_error(*estimate))
    };
    model.parameters().iter().zip(estimates).map(one).collect::<Vec<_>>().join(", ")
}

/// A value and its standard error, to two digits of the error.
fn with_error(Estimate { value, standard_error }: Estimate) -> String {
    if !(standard_error > 0.0 && standard_error.is_finite()) {
        return format!("{value:.4} ± -");
    }
    let decimals = (1.0 - standard_error.log10().floor()).clamp(0.0, 12.0) as usize;
    format!("{value:.decimals$} ± {standard_error:.decimals$}")
}

/// All surfaces of a command.
pub(super) struct Report<'a> {
    pub(super) surfaces: &'a [FittedSurface],
    pub(super) complete: bool,
}

impl Report<'_> {
    pub(super) fn text(&self) -> String {
        let mut text = self.surfaces.iter().map(FittedSurface::text).collect::<Vec<_>>().join("\n");
        if !self.complete {
            text += "Interrupted: fitted to the points that were measured.\n";
        }
        text
    }

    pub(super) fn document(&self, provenance: &Provenance) -> Value {
        let surface = |surface: &FittedSurface| {
            let fits: Vec<&Fit> = surface.succeeded().collect();
            let mut document = surface_document(&surface.curves.neuron, surface.curves.fluctuation, &fits);
            document.insert("data".to_owned(), json!(surface.data));
            document.insert("points".to_owned(), json!(surface.curves.points.len()));
            Value::Object(document)
        };
        json!({
            "provenance": provenance,
            "complete": self.complete,
            "surfaces": self.surfaces.iter().map(surface).collect::<Vec<_>>(),
        })
    }

    /// Columns of the CSV file: points, then the residuals of every model.
    pub(super) fn columns(&self, models: &[ResponseModel]) -> Vec<&'static str> {
        // Without its unit where surfaces have different ones.
        let mut units = self.surfaces.iter().map(|surface| SigmaText(surface.curves.fluctuation).column());
        let first = units.next().unwrap_or("sigma");
        let sigma = if units.all(|unit| unit == first) { first } else { "sigma" };
        let before = ["data", "source", "tau_syn_ms", "noise_dt_ms", sigma, "mean_na", "rate_hz", "sem_hz"];
        before.into_iter().chain(models.iter().map(|&model| residual_column(model))).collect()
    }

    pub(super) fn csv_rows(&self, models: &[ResponseModel]) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        for FittedSurface { data, curves, fits } in self.surfaces {
            let sigma = SigmaText(curves.fluctuation);
            let optional = |x: Option<f64>| csv_number(x.unwrap_or(f64::NAN));
            for (index, p) in curves.points.iter().enumerate() {
                // A comma would be taken for the end of the cell.
                let mut row = vec![data.replace(',', ";"), sigma.source().to_owned()];
                row.extend([optional(sigma.tau_syn()), optional(sigma.interval())]);
                row.extend([p.sigma, p.mu, p.measured.rate, p.measured.sem].map(csv_number));
                let residual = |(_, fit): &(ResponseModel, Result<Fit, FitError>)| {
                    csv_number(fit.as_ref().map_or(f64::NAN, |fit| fit.residuals[index]))
                };
                row.extend(fits.iter().map(residual));
                debug_assert_eq!(row.len(), 8 + models.len());
                rows.push(row);
            }
        }
        rows
    }
}

fn residual_column(model: ResponseModel) -> &'static str {
    match model {
        ResponseModel::NoisySoftplus => "noisy_softplus_residual_hz",
        ResponseModel::ShiftedNoisySoftplus => "shifted_noisy_softplus_residual_hz",
        ResponseModel::Softplus => "softplus_residual_hz",
        ResponseModel::Relu => "relu_residual_hz",
        ResponseModel::ShiftedRelu => "shifted_relu_residual_hz",
        ResponseModel::FastSlowSiegert => "fast_slow_siegert_residual_hz",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_two_digits() {
        let text = |value, standard_error| with_error(Estimate { value, standard_error });
        assert_eq!(text(223.8123, 3.456), "223.8 ± 3.5");
        assert_eq!(text(0.183_312, 0.004_21), "0.1833 ± 0.0042");
        assert_eq!(text(1234.0, 56.0), "1234 ± 56");
        assert_eq!(text(0.5, f64::NAN), "0.5000 ± -");
    }
}
