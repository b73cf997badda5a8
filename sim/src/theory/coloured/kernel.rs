//! Time integrals of the free process between two passages.

use super::process::FreeProcess;
use crate::theory::quadrature::normal_tail;

/// Exponents beyond which a density counts as zero: exp(-50) is 2e-22.
const NEGLIGIBLE: f64 = 50.0;

/// Multiple of its scale after which an exponential has vanished: exp(-40) is 4e-18.
pub(super) const VANISHED: f64 = 40.0;

/// Integral of 1 / (1 + exp(t - 1/t)) over t from zero to infinity, by mpmath.
const TURN: f64 = 1.291_184_830_045_064_6;

/// Most points in time.
pub(super) const MOST_POINTS: usize = 100_000;

/// Where the paths of a kernel start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    /// x at the start.
    pub(super) x: f64,
    /// What is left of the current at the start, as a fraction of its value at the crossing before.
    pub(super) left: f64,
}

/// Points in time with their weights, for integrals from zero to infinity.
///
/// Equal steps of a variable w with dw/dlog(t) = 1/step + 1/(narrow sqrt(t)): logarithmic with the given step, and closer where passages
/// that take a time t are spread over less than that. The trapezoidal rule in w converges exponentially.
#[derive(Debug, Clone)]
pub(super) struct Times {
    points: Vec<(f64, f64)>,
    /// Before this no path is where it was not at the start.
    first: f64,
    /// Scale of [`Self::begun`].
    turn: f64,
}

impl Times {
    /// * `first`: before this no path has crossed threshold; `last`: after this all has become stationary
    pub(super) fn new(first: f64, last: f64, step: f64, narrow: f64) -> Times {
        let place = |log_t: f64| log_t / step - 2.0 / narrow * (-0.5 * log_t).exp();
        let density = |log_t: f64| 1.0 / step + (-0.5 * log_t).exp() / narrow;
        let turn = first.min(1.0);
        let mut log_t = (turn / VANISHED).ln();
        let mut w = place(log_t);
        let mut points = Vec::new();
        while log_t < last.ln() && points.len() < MOST_POINTS {
            let t = log_t.exp();
            points.push((t, t / density(log_t)));
            w += 1.0;
            // Newton's method from the left on a concave function does not overshoot.
            for _ in 0..50 {
                let change = (w - place(log_t)) / density(log_t);
                log_t += change;
                if change.abs() <= 1e-14 * log_t.abs().max(1.0) {
                    break;
                }
            }
        }
        Times { points, first, turn }
    }

    /// Their number.
    pub(super) fn len(&self) -> usize {
        self.points.len()
    }

    /// 1 / (1 + exp(turn/t - t/turn)): goes from zero to one around `turn`, exponentially at either end.
    fn begun(&self, t: f64) -> f64 {
        1.0 / (1.0 + (self.turn / t - t / self.turn).exp())
    }

    /// Integral of 1 - [`Self::begun`] over all times.
    fn before(&self) -> f64 {
        TURN * self.turn
    }
}

/// Integrals over time of what the paths from each start do at threshold, less what a stationary process does there.
pub(super) struct Kernel {
    /// Density of (threshold, y_i) from y_j, at i n + j.
    pub(super) density: Vec<f64>,
    /// Probability to lie above threshold, from y_j.
    pub(super) above: Vec<f64>,
}

/// Stationary process at threshold.
pub(super) struct Stationary {
    /// Density of (threshold, y_i).
    pub(super) density: Vec<f64>,
    /// Probability to lie above threshold.
    pub(super) above: f64,
}

impl Kernel {
    /// Densities vanish at both ends of the axis of w faster than any power, and are summed as they are. What does not vanish there, the
    /// stationary values and the paths that are still above threshold, is taken off with `Times::begun` and added in closed form.
    ///
    /// * `y`: nodes, at the crossing before and at the crossing to come
    pub(super) fn new(
        process: &FreeProcess,
        threshold: f64,
        start: Start,
        times: &Times,
        y: &[f64],
        stationary: &Stationary,
    ) -> Kernel {
        let n = y.len();
        let (mut density, mut above) = (vec![0.0; n * n], vec![0.0; n]);
        let mut duration = 0.0;
        let spread = 1.0 - start.left * start.left;
        let at_once = if start.x == threshold { 1.0 } else { 0.0 };
        for &(t, weight) in &times.points {
            let begun = times.begun(t);
            duration += weight * begun;
            let expected = at_once * (1.0 - begun);
            if t < times.first {
                above.iter_mut().for_each(|above| *above += weight * (at_once - expected));
                continue;
            }
            let free = process.after(t);
            let at = free.starting_spread(spread);
            let (var_y, var_x) = (at.var_y, at.var_x_given_y());
            let slope = at.covariance / var_y;
            let norm = weight / (2.0 * std::f64::consts::PI * (var_y * var_x).sqrt());
            let (half_y, half_x) = (0.5 / var_y, 0.5 / var_x);
            let ahead = threshold * -(-t).exp_m1() + (threshold - start.x) * free.keep_x;
            let deviation_x = at.var_x.sqrt();
            for j in 0..n {
                let y0 = start.left * y[j];
                let (mean_y, to_threshold) = (free.keep_y * y0, ahead - free.pass * y0);
                above[j] += weight * (normal_tail(to_threshold / deviation_x) - expected);
                for i in 0..n {
                    let a = y[i] - mean_y;
                    let b = to_threshold - slope * a;
                    let exponent = half_y * a * a + half_x * b * b;
                    if exponent < NEGLIGIBLE {
                        density[i * n + j] += norm * (-exponent).exp();
                    }
                }
            }
        }
        let before = times.before();
        for j in 0..n {
            above[j] += at_once * before - (duration + before) * stationary.above;
            for i in 0..n {
                density[i * n + j] -= (duration + before) * stationary.density[i];
            }
        }
        Kernel { density, above }
    }
}
