//! The exact stationary rate under a Gaussian current that is redrawn at regular times.

mod interval;
mod phase;

pub(super) use phase::rate_event_driven;

use super::RateEstimate;
use super::absorbing::AbsorbingChain;
use super::quadrature::{NODES, panel_nodes};
use super::siegert::noise_free;
use crate::MS_PER_S;
use crate::error::TheoryError;
use crate::neuron::IfCurrExp;
use interval::Interval;

/// Steps of the random walk that one panel of [`NODES`] nodes covers at first: three nodes for each.
const STEPS_PER_PANEL: f64 = 22.0;

/// Most panels; the time grows with the third power.
const MOST_PANELS: usize = 20;

/// How many finer divisions are tried.
const REFINEMENTS: usize = 4;

/// Deviations between threshold and mean beyond which no rate is left in a double.
const NEVER: f64 = 37.0;

/// Relative distance of a refractory period from a whole number of intervals that is put down to rounding.
const WHOLE: f64 = 1e-9;

/// Potentials between which the walk from redraw to redraw is followed, with the weights of their quadrature.
struct Potentials {
    nodes: Vec<(f64, f64)>,
}

impl Potentials {
    /// Panels needed at least.
    fn panels(interval: &Interval) -> Result<usize, TheoryError> {
        let needed = ((interval.theta - interval.lowest()) / (STEPS_PER_PANEL * interval.step())).ceil();
        if needed <= (MOST_PANELS - REFINEMENTS) as f64 {
            Ok(needed as usize)
        } else {
            Err(TheoryError::NoiseTooFine { steps: needed * STEPS_PER_PANEL })
        }
    }

    fn new(interval: &Interval, panels: usize) -> Potentials {
        let (low, width) = (interval.lowest(), (interval.theta - interval.lowest()) / panels as f64);
        let nodes = (0..panels).flat_map(|i| {
            let left = low + width * i as f64;
            panel_nodes(left, left + width)
        });
        Potentials { nodes: nodes.collect() }
    }

    /// The walk from redraw to redraw until threshold.
    fn chain(&self, interval: &Interval) -> AbsorbingChain {
        let mut step = Vec::with_capacity(self.nodes.len() * self.nodes.len());
        let mut exit = Vec::with_capacity(self.nodes.len());
        for &(from, _) in &self.nodes {
            let next = interval.after(from, 1.0);
            exit.push(next.above(interval.theta));
            step.extend(self.nodes.iter().map(|&(v, weight)| weight * next.density(v)));
        }
        AbsorbingChain { step, exit }
    }
}

/// Refines until two divisions agree to `tolerance` (relative); the difference is the error returned.
fn converged(
    theory: &'static str,
    tolerance: f64,
    panels: usize,
    rate: impl Fn(usize, usize) -> f64,
) -> Result<RateEstimate, TheoryError> {
    let mut before = rate(panels, 0);
    let mut error = f64::INFINITY;
    for level in 1..=REFINEMENTS {
        let now = rate(panels + level, level);
        error = (now - before).abs();
        if error <= tolerance * now {
            return Ok(RateEstimate { rate: now, error });
        }
        before = now;
    }
    Err(TheoryError::NotConverged { theory, reached: error / before, wanted: tolerance })
}

/// Rate (Hz) of a neuron that can only fire at the redraws, as on a grid of time with steps of `dt`.
///
/// N(v), the mean number of steps to a spike from potential v, solves the renewal equation
///
/// ```text
/// N(v) = 1 + int_{-inf}^{theta} K(w | v) N(w) dw ,    rate = 1 / (dt N(v_reset) + tau_refrac)
/// ```
///
/// with K normal of mean exp(-dt/tau_m) v + (1 - exp(-dt/tau_m)) R mu and deviation (1 - exp(-dt/tau_m)) R stdev. K and N are
/// smooth in v, so that Gauss-Legendre nodes (Nystrom's method) converge exponentially.
///
/// * `mu`: total mean current (nA); `stdev`: PyNN's, of the redrawn current (nA); `dt`: interval (ms)
///
/// # Errors
///
/// `tau_refrac` must be a multiple of `dt`; the noise must not be so weak that the walk takes hundreds of steps to cross its range.
pub(super) fn rate_on_grid(
    neuron: &IfCurrExp,
    mu: f64,
    stdev: f64,
    dt: f64,
    tolerance: f64,
) -> Result<RateEstimate, TheoryError> {
    let tau_refrac = neuron.tau_refrac;
    if !((tau_refrac / dt - (tau_refrac / dt).round()).abs() <= WHOLE * (tau_refrac / dt).max(1.0)) {
        return Err(TheoryError::RefractoryOffGrid { tau_refrac, dt });
    }
    if stdev == 0.0 {
        // The crossing, on the next point of the grid.
        let rate = noise_free(&IfCurrExp { tau_refrac: 0.0, ..*neuron }, mu);
        let steps = (MS_PER_S / (rate * dt) * (1.0 - WHOLE)).ceil();
        return Ok(RateEstimate { rate: MS_PER_S / (dt * steps.max(1.0) + tau_refrac), error: 0.0 });
    }
    let interval = Interval::new(neuron, mu, stdev, dt);
    if interval.distance() > NEVER {
        return Ok(RateEstimate { rate: 0.0, error: 0.0 });
    }
    converged("on-grid", tolerance, Potentials::panels(&interval)?, |panels, _| {
        let potentials = Potentials::new(&interval, panels);
        let steps = potentials.chain(&interval).expected_totals(vec![1.0; panels * NODES], 1);
        let first = interval.after(interval.reset, 1.0);
        let later: f64 = potentials.nodes.iter().zip(&steps).map(|(&(v, w), n)| w * first.density(v) * n).sum();
        MS_PER_S / (dt * (1.0 + later) + tau_refrac)
    })
}
