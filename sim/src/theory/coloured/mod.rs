//! The exact stationary rate under an exponentially correlated Gaussian current: synapses in the diffusion limit.

mod kernel;
mod process;

use super::RateEstimate;
use super::quadrature::{gauss_legendre, normal_density, normal_hazard, normal_tail};
use super::siegert::noise_free;
use super::stationary::stationary_density;
use crate::MS_PER_S;
use crate::error::TheoryError;
use crate::neuron::IfCurrExp;
use kernel::{Kernel, Start, Stationary, Times, VANISHED};
use process::FreeProcess;

/// Nodes in y and step of the logarithm of time, coarse to fine.
const LEVELS: [(usize, f64); 7] = [(20, 0.28), (30, 0.2), (44, 0.15), (64, 0.11), (92, 0.08), (132, 0.06), (190, 0.04)];

/// Deviations of the current beyond which nothing is left of its density.
const REACH: f64 = 8.5;

/// Deviations of the current up to which paths decide how fine the time must be divided.
const USUAL: f64 = 6.0;

/// Distance of the mean above threshold, in R sigma, beyond which the noise changes the rate by less than a millionth.
const NOISE_FREE: f64 = 1e3;

/// Deviations of the potential between mean and threshold beyond which no rate is left in a double.
const NEVER: f64 = 37.0;

/// Relative difference of the two finest divisions with which a rate is still given.
const ACCEPTED: f64 = 1e-5;

/// Most evaluations of a density for one division; some seconds.
const MOST_EVALUATIONS: usize = 300_000_000;

/// The problem in units of tau_m, R sigma and sigma.
struct Scaled {
    process: FreeProcess,
    threshold: f64,
    reset: f64,
    /// What is left of a current after tau_refrac.
    left: f64,
}

/// Rate (Hz) of a LIF neuron in an Ornstein-Uhlenbeck current of mean `mu`.
///
/// With x = (V - v_rest - R mu)/(R sigma), y the current over sigma less its mean and time in units of tau_m, x' = -x + y and y relaxes with
/// kappa = tau_syn/tau_m. Up to its spike the neuron is the free Gaussian process, whose transition densities p are known. The density J(y)
/// of the current at a spike, y > threshold, is what comes across from the reset, less what comes across again after a spike that did
/// not end the path:
///
/// ```text
/// J(y) = (y - threshold) ( T p_s(threshold, y) + int J(y') int_0^inf [p(threshold, y, t | reset, y') - p(threshold, y, t | threshold, y')] dt dy' )
/// T P_s(x > threshold) = int J(y') int_0^inf [P(x(t) > threshold | threshold, y') - P(x(t) > threshold | reset, y')] dt dy'
/// rate = 1 / (tau_refrac + tau_m T)
/// ```
///
/// p_s, P_s: stationary free process. The first line says that the flux through threshold is (y - threshold) times the density there, the
/// second that no neuron is above threshold. A path that starts from reset has y = y' exp(-tau_refrac/tau_syn) plus the noise of the
/// refractory period, in which V is clamped and the current is not. T from the second line makes the first an eigenvalue problem that
/// is well conditioned with threshold far above the mean and far below.
///
/// J goes like (y - threshold)^(3/2) at its edge (the half-range problem of the Kramers equation), so that nodes in the square root of the
/// distance converge fast; the time integrals converge exponentially, see [`Kernel::new`].
///
/// * `mu`: total mean current (nA); `sigma`: standard deviation of the synaptic current (nA), positive; `tau_syn` (ms)
///
/// # Errors
///
/// Refined until two divisions agree to `tolerance` (relative), if need be to 1e-5; the difference is the error returned, and the finer
/// division is better by far. [`TheoryError::NotConverged`] beyond that: when the current hardly changes between spikes.
pub(super) fn rate(
    neuron: &IfCurrExp,
    mu: f64,
    sigma: f64,
    tau_syn: f64,
    tolerance: f64,
) -> Result<RateEstimate, TheoryError> {
    let unit = neuron.resistance() * sigma;
    let mean = neuron.v_rest + neuron.resistance() * mu;
    let process = FreeProcess::new(tau_syn / neuron.tau_m);
    let scaled = Scaled {
        threshold: (neuron.v_thresh - mean) / unit,
        reset: (neuron.v_reset - mean) / unit,
        left: (-neuron.tau_refrac / tau_syn).exp(),
        process,
    };
    if scaled.threshold > NEVER * scaled.process.var_x().sqrt() {
        return Ok(RateEstimate { rate: 0.0, error: 0.0 });
    }
    if scaled.threshold < -NOISE_FREE {
        let rate = noise_free(neuron, mu);
        return Ok(RateEstimate { rate, error: rate / (scaled.threshold * scaled.threshold) });
    }
    let hertz = |passage: f64| MS_PER_S / (neuron.tau_refrac + neuron.tau_m * passage);
    let mut finest = RateEstimate { rate: f64::NAN, error: f64::INFINITY };
    for (nodes, step) in LEVELS {
        let Some(passage) = scaled.mean_passage_time(nodes, step) else { break };
        let rate = hertz(passage);
        finest = RateEstimate { rate, error: (rate - finest.rate).abs() };
        if finest.error <= tolerance * rate {
            break;
        }
    }
    if finest.error <= ACCEPTED.max(tolerance) * finest.rate {
        return Ok(finest);
    }
    Err(TheoryError::NotConverged { theory: "exact", reached: finest.error / finest.rate, wanted: ACCEPTED })
}

impl Scaled {
    /// Nodes and weights in y, from the lowest current that crosses.
    fn nodes(&self, nodes: usize) -> (Vec<f64>, Vec<f64>) {
        let (low, high) = (self.threshold.max(-REACH), self.threshold.max(0.0) + REACH);
        let corner = self.threshold > -REACH;
        let node = |(x, w): (f64, f64)| {
            let (s, w) = (0.5 * (1.0 + x), 0.5 * w);
            if corner {
                (low + (high - low) * s * s, (high - low) * 2.0 * s * w)
            } else {
                (low + (high - low) * s, (high - low) * w)
            }
        };
        gauss_legendre(nodes).into_iter().map(node).unzip()
    }

    /// Points in time for the paths from the reset: from before the first that brings any to threshold, close enough to resolve
    /// the stretch in which paths with given currents at both ends get there.
    fn times_from_reset(&self, last: f64, step: f64) -> Times {
        let variance = |t: f64| self.process.after(t).starting_spread(1.0 - self.left * self.left).var_x_given_y();
        let reaches =
            |t: f64, y: f64| self.reset * (-t).exp() - y * (-t).exp_m1() + y * variance(t).sqrt() >= self.threshold;
        let earliest = |y: f64| {
            let mut t = 1e-9 * self.process.kappa.min(1.0);
            while t < last && !reaches(t, y) {
                t *= 1.1;
            }
            t
        };
        let high = self.threshold.max(0.0);
        let t = earliest(high + USUAL);
        let width = variance(t).sqrt() / (t * (high + USUAL - self.threshold));
        Times::new(0.8 * earliest(high + REACH), last, step, 4.0 * step * width / t.sqrt())
    }

    /// Mean time (tau_m) from release to threshold; None if the equations are singular or too fine a division would be needed.
    fn mean_passage_time(&self, nodes: usize, step: f64) -> Option<f64> {
        let (y, weights) = self.nodes(nodes);
        let var_x = self.process.var_x();
        // Given x, y is normal with mean x and variance 1 - var_x.
        let rest = (1.0 - var_x).sqrt();
        let profile: Vec<f64> = y.iter().map(|y| normal_density((y - self.threshold) / rest) / rest).collect();
        let deviation = var_x.sqrt();
        let at_threshold = normal_density(self.threshold / deviation) / deviation;
        let stationary = Stationary {
            density: profile.iter().map(|p| at_threshold * p).collect(),
            above: normal_tail(self.threshold / deviation),
        };

        let last = VANISHED * self.process.kappa.max(1.0) + (1.0 + self.reset.abs()).ln();
        let nearest = y[0] - self.threshold.max(-REACH);
        let first = (0.02 * nearest * nearest * self.process.kappa).max(1e-14);
        let returns = Times::new(first, last, step, f64::INFINITY);
        let passages = self.times_from_reset(last, step);
        if (passages.len() + returns.len()) * nodes * nodes > MOST_EVALUATIONS {
            return None;
        }
        let kernel = |start, times| Kernel::new(&self.process, self.threshold, start, times, &y, &stationary);
        let again = kernel(Start { x: self.threshold, left: 1.0 }, &returns);
        let across = kernel(Start { x: self.reset, left: self.left }, &passages);

        // T per unit of J, times the stationary probability above threshold.
        let time: Vec<f64> = again.above.iter().zip(&across.above).map(|(a, b)| a - b).collect();
        let per_time = normal_hazard(self.threshold / deviation) / deviation;
        let n = nodes;
        let mut operator = vec![0.0; n * n];
        for i in 0..n {
            let speed = y[i] - self.threshold;
            for j in 0..n {
                let between = across.density[i * n + j] - again.density[i * n + j];
                operator[i * n + j] = speed * weights[j] * (per_time * profile[i] * time[j] + between);
            }
        }
        let guess: Vec<f64> =
            y.iter().map(|y| (y - self.threshold) * normal_density(y - self.threshold.max(0.0))).collect();
        let total: f64 = guess.iter().zip(&weights).map(|(g, w)| g * w).sum();
        let guess: Vec<f64> = guess.iter().map(|g| g / total).collect();
        let flux = stationary_density(&operator, &weights, &guess)?;
        let passage = (0..n).map(|j| weights[j] * flux[j] * time[j]).sum::<f64>() / stationary.above;
        // Too coarse a division may give a time that is none.
        Some(if passage > 0.0 { passage } else { f64::NAN })
    }
}
