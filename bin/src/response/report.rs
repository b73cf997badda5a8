//! The curves as a table, a JSON document, CSV rows and a figure.

use super::curve::{CurvePoint, Curves};
use crate::figure::{Axis, Colour, Figure, Mark, Point, Series, Shape, Stroke};
use crate::output::{Provenance, csv_number};
use crate::table::{number, table};
use serde_json::{Value, json};
use sim::theory::{Noise, siegert};

/// Points of a theory line in the figure.
const LINE_POINTS: u32 = 240;

/// Columns of the CSV file, and names of the fields of a point in JSON.
pub(super) const COLUMNS: [&str; 7] =
    ["sigma_na", "mean_na", "rate_hz", "sem_hz", "siegert_hz", "corrected_hz", "noisy_softplus_hz"];

fn values(curves: &Curves, p: &CurvePoint) -> [f64; 7] {
    let sigma = p.noise.sigma();
    let fitted = curves.noisy_softplus(p.mu, sigma);
    [sigma, p.mu, p.measured.rate, p.measured.sem, p.siegert, p.corrected, fitted]
}

pub(super) fn csv_rows(curves: &Curves) -> Vec<Vec<String>> {
    curves.points.iter().map(|p| values(curves, p).iter().map(|&x| csv_number(x)).collect()).collect()
}

pub(super) fn document(curves: &Curves, provenance: &Provenance) -> Value {
    let points: Vec<Value> = curves
        .points
        .iter()
        .map(|p| COLUMNS.iter().zip(values(curves, p)).map(|(name, x)| ((*name).to_owned(), json!(x))).collect())
        .collect();
    let n = &curves.neuron;
    json!({
        "provenance": provenance,
        "complete": curves.complete,
        "neuron": {
            "cm": n.cm, "tau_m": n.tau_m, "tau_refrac": n.tau_refrac, "tau_syn_E": n.tau_syn_e, "tau_syn_I": n.tau_syn_i,
            "v_rest": n.v_rest, "v_reset": n.v_reset, "v_thresh": n.v_thresh, "i_offset": n.i_offset,
        },
        "trials": curves.trials,
        "duration_ms": curves.duration,
        "noise": curves.noises().iter().map(|noise| equivalents(curves, *noise)).collect::<Vec<_>>(),
        "points": points,
        "fit": {
            "k": curves.fit.map(|fit| fit.model.k),
            "s_hz_per_na": curves.fit.map(|fit| fit.model.s_hz_per_na),
            "rmse_hz": curves.fit.map(|fit| fit.rmse),
            "siegert_rmse_hz": curves.rmse(|p| p.siegert),
            "corrected_rmse_hz": curves.rmse(|p| p.corrected),
        },
    })
}

/// What a sigma means, and what the same noise is called elsewhere.
fn equivalents(curves: &Curves, noise: Noise) -> Value {
    let white = noise.white_amplitude();
    json!({
        "sigma_na": noise.sigma(),
        "source": match noise { Noise::Redrawn { .. } => "noise", Noise::Synaptic { .. } => "poisson" },
        "interval_ms": match noise { Noise::Redrawn { dt, .. } => Some(dt), Noise::Synaptic { .. } => None },
        "tau_syn_ms": match noise { Noise::Redrawn { .. } => None, Noise::Synaptic { tau_syn, .. } => Some(tau_syn) },
        "white_noise_na_sqrt_ms": white,
        "membrane_deviation_mv": noise.membrane_deviation(&curves.neuron),
    })
}

fn describe(curves: &Curves, noise: Noise) -> String {
    let white = noise.white_amplitude();
    let tau_syn = curves.neuron.tau_syn_e;
    let (own, other) = match noise {
        Noise::Redrawn { stdev, dt } => (
            format!("standard deviation of a current redrawn every {dt} ms (sigma {stdev} nA)"),
            format!("synaptic current of {:.4} nA at tau_syn {tau_syn} ms", white / (2.0 * tau_syn).sqrt()),
        ),
        Noise::Synaptic { sigma, tau_syn } => (
            format!("standard deviation of the synaptic current at tau_syn {tau_syn} ms (sigma {sigma} nA)"),
            format!("current of {white:.4} nA redrawn every 1 ms"),
        ),
    };
    format!(
        "sigma: {own}\n       same intensity: white noise of {white:.4} nA sqrt(ms); {other}; free membrane: {:.3} mV\n",
        noise.membrane_deviation(&curves.neuron)
    )
}

pub(super) fn text(curves: &Curves) -> String {
    let mut text = format!(
        "Response of IF_curr_exp, {} trials of {} ms per point; mean current without i_offset ({} nA)\n",
        curves.trials, curves.duration, curves.neuron.i_offset
    );
    let noises = curves.noises();
    for noise in &noises {
        text += &describe(curves, *noise);
        let rows: Vec<Vec<String>> = curves
            .points
            .iter()
            .filter(|p| p.noise == *noise)
            .map(|p| {
                let [_, mu, rate, sem, siegert, corrected, fitted] = values(curves, p);
                let mut row = vec![format!("{mu}")];
                row.extend([rate, sem, siegert, corrected, fitted].map(|x| number(x, 2)));
                row
            })
            .collect();
        let columns = ["mean (nA)", "rate (Hz)", "± s.e.", "Siegert (Hz)", correction(*noise), "Noisy Softplus (Hz)"];
        text += &table(&columns, &rows);
    }
    match curves.fit {
        Some(fit) => {
            text += &format!(
                "Noisy Softplus fit: k = {:.4}, S = {:.2} Hz/nA, RMSE {:.2} Hz\n",
                fit.model.k, fit.model.s_hz_per_na, fit.rmse
            );
        }
        None => text += "Noisy Softplus fit: none (needs noise and at least two points, one of them firing)\n",
    }
    text += &format!(
        "Siegert: RMSE {} Hz; corrected: RMSE {} Hz\n",
        number(curves.rmse(|p| p.siegert), 2),
        number(curves.rmse(|p| p.corrected), 2)
    );
    if !curves.complete {
        text += "Interrupted: only the points above were measured.\n";
    }
    text
}

fn correction(noise: Noise) -> &'static str {
    match noise {
        Noise::Redrawn { .. } => "finite interval (Hz)",
        Noise::Synaptic { .. } => "coloured noise (Hz)",
    }
}

pub(super) fn figure(curves: &Curves) -> Figure {
    let mut figure = Figure::new(Axis::linear("Mean current (nA)"), Axis::linear("Firing rate (Hz)"));
    let noises = curves.noises();
    let Some(&first) = noises.first() else { return figure };
    // One colour for each theory where there is one sigma, else one for each sigma.
    let single = noises.len() == 1;
    let theories: [(String, Stroke, Colour); 3] = [
        ("Siegert, white noise".to_owned(), Stroke::Dashed, Colour::Vermillion),
        (format!("Siegert, {}", correction(first).trim_end_matches(" (Hz)")), Stroke::Solid, Colour::Blue),
        ("Noisy Softplus".to_owned(), Stroke::Dotted, Colour::BluishGreen),
    ];
    for (label, stroke, colour) in &theories {
        let colour = if single { *colour } else { Colour::Black };
        figure.series.push(Series { label: label.clone(), colour, mark: Mark::Line(*stroke), points: Vec::new() });
    }
    let (low, high) =
        curves.points.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), p| (low.min(p.mu), high.max(p.mu)));
    let means: Vec<f64> =
        (0..=LINE_POINTS).map(|i| low + (high - low) * f64::from(i) / f64::from(LINE_POINTS)).collect();
    let neuron = &curves.neuron;
    for (index, noise) in noises.iter().enumerate() {
        for (theory, (_, stroke, colour)) in theories.iter().enumerate() {
            let rate = |mu: f64| match theory {
                0 => siegert(neuron, mu + neuron.i_offset, noise.white_amplitude()),
                1 => noise.corrected_siegert(neuron, mu + neuron.i_offset),
                _ => curves.noisy_softplus(mu, noise.sigma()),
            };
            figure.series.push(Series {
                label: String::new(),
                colour: if single { *colour } else { Colour::nth(index) },
                mark: Mark::Line(*stroke),
                points: means.iter().map(|&mu| Point::new(mu, rate(mu))).collect(),
            });
        }
        let measured = curves.points.iter().filter(|p| p.noise == *noise);
        figure.series.push(Series {
            label: format!("simulated, σ = {} nA", noise.sigma()),
            colour: if single { Colour::Black } else { Colour::nth(index) },
            mark: Mark::Points(Shape::Circle),
            points: measured.map(|p| Point::with_error(p.mu, p.measured.rate, p.measured.sem)).collect(),
        });
    }
    figure
}
