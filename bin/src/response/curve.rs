//! Response curves: rates over mean current and noise, of one neuron for every synaptic time constant.

use crate::run::{Interrupt, progress};
use anyhow::Result;
use rayon::prelude::*;
use sim::IfCurrExp;
use sim::response::MeasuredRate;
use sim::theory::{Fluctuation, ResponsePoint, ResponseSurface};

/// The points of the curves.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    /// The neurons, with what sigma means for each.
    pub(crate) neurons: Vec<(IfCurrExp, Fluctuation)>,
    /// Noise, in that meaning.
    pub(crate) sigmas: Vec<f64>,
    /// Mean currents (nA), i_offset not included.
    pub(crate) means: Vec<f64>,
}

/// One point of a curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CurvePoint {
    /// Mean current (nA), i_offset not included.
    pub(crate) mu: f64,
    /// Noise, in the meaning of the curves' fluctuation.
    pub(crate) sigma: f64,
    /// Rate, measured or computed (then without error: NaN).
    pub(crate) measured: MeasuredRate,
}

/// The curves of one neuron.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NeuronCurves {
    pub(crate) neuron: IfCurrExp,
    pub(crate) fluctuation: Fluctuation,
    /// Ordered by sigma as given, then by mean.
    pub(crate) points: Vec<CurvePoint>,
}

impl NeuronCurves {
    /// The points, as the fits take them.
    pub(crate) fn surface(&self) -> ResponseSurface {
        let point = |p: &CurvePoint| ResponsePoint { x: p.mu, sigma: p.sigma, rate: p.measured.rate };
        let points = self.points.iter().map(point).collect();
        ResponseSurface { neuron: self.neuron, fluctuation: self.fluctuation, points }
    }

    /// The sigmas that occur, in order.
    pub(crate) fn sigmas(&self) -> Vec<f64> {
        let mut sigmas: Vec<f64> = Vec::new();
        for point in &self.points {
            if !sigmas.contains(&point.sigma) {
                sigmas.push(point.sigma);
            }
        }
        sigmas
    }

    /// The points of one sigma.
    pub(crate) fn at(&self, sigma: f64) -> impl Iterator<Item = &CurvePoint> {
        self.points.iter().filter(move |point| point.sigma == sigma)
    }
}

/// All curves of a command.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Curves {
    pub(crate) neurons: Vec<NeuronCurves>,
    /// Whether all points were measured; false after an interruption.
    pub(crate) complete: bool,
}

impl Curves {
    /// Measures every point of a plan by `rate` (of neuron, fluctuation, sigma and mean), on all threads.
    pub(crate) fn measure(
        plan: &Plan,
        interrupt: &Interrupt,
        rate: impl Fn(IfCurrExp, Fluctuation, f64, f64) -> Result<MeasuredRate> + Sync,
    ) -> Result<Curves> {
        let tasks: Vec<(usize, f64, f64)> = (0..plan.neurons.len())
            .flat_map(|neuron| plan.sigmas.iter().map(move |&sigma| (neuron, sigma)))
            .flat_map(|(neuron, sigma)| plan.means.iter().map(move |&mu| (neuron, sigma, mu)))
            .collect();
        let bar = progress(tasks.len() as u64, "points");
        let measured: Vec<Option<(usize, CurvePoint)>> = tasks
            .par_iter()
            .map(|&(index, sigma, mu)| -> Result<_> {
                if interrupt.asked() {
                    return Ok(None);
                }
                let (neuron, fluctuation) = plan.neurons[index];
                let measured = rate(neuron, fluctuation, sigma, mu)?;
                bar.inc(1);
                Ok(Some((index, CurvePoint { mu, sigma, measured })))
            })
            .collect::<Result<_>>()?;
        bar.finish_and_clear();
        let complete = measured.iter().all(Option::is_some);
        let of = |index: usize| measured.iter().flatten().filter(move |(i, _)| *i == index).map(|(_, point)| *point);
        let neurons = plan.neurons.iter().enumerate();
        let neurons = neurons
            .map(|(index, &(neuron, fluctuation))| NeuronCurves { neuron, fluctuation, points: of(index).collect() })
            .collect();
        Ok(Curves { neurons, complete })
    }
}
