//! Measures the points of the curves and sets the theory beside them.

use crate::run::{Interrupt, progress};
use anyhow::Result;
use rayon::prelude::*;
use sim::IfCurrExp;
use sim::response::{Drive, MeasuredRate, ResponseTrials};
use sim::theory::{Fit, Noise, ResponsePoint, fit_noisy_softplus, siegert};

/// One point: a measurement, and what the theories say.
#[derive(Debug, Clone, Copy)]
pub(super) struct CurvePoint {
    /// Mean current (nA), i_offset not included.
    pub(super) mu: f64,
    /// Noise in the meaning of the drive.
    pub(super) noise: Noise,
    /// Simulated rate.
    pub(super) measured: MeasuredRate,
    /// Siegert rate of the equivalent white noise (Hz).
    pub(super) siegert: f64,
    /// The same, corrected for the finite interval or the correlation time (Hz).
    pub(super) corrected: f64,
}

/// The curves of all sigmas with their common fit.
#[derive(Debug, Clone)]
pub(super) struct Curves {
    pub(super) neuron: IfCurrExp,
    pub(super) trials: usize,
    pub(super) duration: f64,
    /// Ordered by sigma as given, then by mean.
    pub(super) points: Vec<CurvePoint>,
    pub(super) fit: Option<Fit>,
    /// Whether all points were measured; false after an interruption.
    pub(super) complete: bool,
}

impl Curves {
    pub(super) fn measure(
        neuron: IfCurrExp,
        drives: &[Drive],
        means: &[f64],
        trials: usize,
        duration: f64,
        seed: u64,
        interrupt: &Interrupt,
    ) -> Result<Curves> {
        let tasks: Vec<(Drive, f64)> =
            drives.iter().flat_map(|&drive| means.iter().map(move |&mu| (drive, mu))).collect();
        let bar = progress(tasks.len() as u64, "points");
        let measured: Vec<Option<CurvePoint>> = tasks
            .par_iter()
            .map(|&(drive, mu)| -> Result<Option<CurvePoint>> {
                if interrupt.asked() {
                    return Ok(None);
                }
                let measured = ResponseTrials { neuron, drive, trials, duration }.measure(mu, seed)?;
                bar.inc(1);
                let noise = drive.noise(&neuron);
                let total = mu + neuron.i_offset;
                Ok(Some(CurvePoint {
                    mu,
                    noise,
                    measured,
                    siegert: siegert(&neuron, total, noise.white_amplitude()),
                    corrected: noise.corrected_siegert(&neuron, total),
                }))
            })
            .collect::<Result<_>>()?;
        bar.finish_and_clear();
        let complete = measured.iter().all(Option::is_some);
        let points: Vec<CurvePoint> = measured.into_iter().flatten().collect();
        let fit = fit_noisy_softplus(&response_points(&points));
        Ok(Curves { neuron, trials, duration, points, fit, complete })
    }

    /// Fitted Noisy Softplus rate (Hz) at a point; NaN without a fit.
    pub(super) fn noisy_softplus(&self, mu: f64, sigma: f64) -> f64 {
        self.fit.map_or(f64::NAN, |fit| fit.model.rate(mu, sigma))
    }

    /// Root mean squared deviation (Hz) of the simulation from a theory.
    pub(super) fn rmse(&self, theory: impl Fn(&CurvePoint) -> f64) -> f64 {
        let squares: f64 = self.points.iter().map(|p| (theory(p) - p.measured.rate).powi(2)).sum();
        (squares / self.points.len() as f64).sqrt()
    }

    /// The noises that occur, in order.
    pub(super) fn noises(&self) -> Vec<Noise> {
        let mut noises: Vec<Noise> = self.points.iter().map(|p| p.noise).collect();
        noises.dedup();
        noises
    }
}

fn response_points(points: &[CurvePoint]) -> Vec<ResponsePoint> {
    points.iter().map(|p| ResponsePoint { x: p.mu, sigma: p.noise.sigma(), rate: p.measured.rate }).collect()
}
