//! Fast-slow Siegert: a model of the response to noise that is neither white nor frozen.

use super::siegert::{Shift, noise_free_slope, shifted_siegert, siegert_gradient, white_membrane_deviation};
use crate::neuron::IfCurrExp;
use nalgebra::{DMatrix, SymmetricEigen};
use std::sync::LazyLock;

/// Nodes of the average over the slow part: with the shares of tau_syn = tau_m / 2 it is right to 0.001 Hz.
const NODES: usize = 24;

/// Gauss-Hermite nodes and weights for a standard normal variable, from the eigenvalues of the Jacobi matrix (Golub & Welsch 1969).
static RULE: LazyLock<Vec<(f64, f64)>> = LazyLock::new(|| {
    let mut jacobi = DMatrix::<f64>::zeros(NODES, NODES);
    for i in 1..NODES {
        let beta = (i as f64).sqrt();
        jacobi[(i - 1, i)] = beta;
        jacobi[(i, i - 1)] = beta;
    }
    let eigen = SymmetricEigen::new(jacobi);
    let weight = |i| eigen.eigenvectors[(0, i)] * eigen.eigenvectors[(0, i)];
    (0..NODES).map(|i| (eigen.eigenvalues[i], weight(i))).collect()
});

/// Smallest slow share of a fit: the derivative by it takes the square root of the share apart.
pub(super) const LEAST_SLOW: f64 = 1e-6;

/// Largest slow share: with less fast noise the average over the nodes shows them one by one.
pub(super) const MOST_SLOW: f64 = 0.95;

/// Siegert rates averaged over the slow part of the noise.
///
/// The fluctuations of the free membrane, of standard deviation sigma_V, are divided: a share p of their variance is taken as frozen during
/// an interval between spikes, the rest as white; and the threshold is raised by a sigma_V for the memory of the noise.
///
/// ```text
/// rate(mu) = < siegert(R mu + sqrt(p) sigma_V z,  deviation sqrt(1-p) sigma_V,  v_thresh + a sigma_V) >       z standard normal
/// ```
///
/// Without noise it is the noise-free f-I curve, with refractory period and logarithmic bend; with p = a = 0, Siegert.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct FastSlow {
    /// p: share of the membrane's variance that is slow, from 0 to [`MOST_SLOW`].
    pub(super) share: f64,
    /// a: rise of the threshold in units of sigma_V.
    pub(super) shift: f64,
}

/// Derivatives of a rate (Hz).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Slopes {
    pub(super) by_share: f64,
    pub(super) by_shift: f64,
    /// Hz/nA.
    pub(super) by_mu: f64,
    /// Hz/mV.
    pub(super) by_sigma_v: f64,
}

impl FastSlow {
    /// Rate (Hz).
    ///
    /// * `mu`: total mean current (nA), i_offset included
    /// * `sigma_v`: standard deviation of the free membrane (mV)
    pub(super) fn rate(self, neuron: &IfCurrExp, mu: f64, sigma_v: f64) -> f64 {
        let (slow, fast, rise) = self.parts(sigma_v);
        let shift = if fast > 0.0 { Shift { thresh: rise / fast, reset: 0.0 } } else { Shift::NONE };
        let at = |z: f64| shifted_siegert(neuron, mu + slow * z / neuron.resistance(), fast, shift);
        RULE.iter().map(|&(z, weight)| weight * at(z)).sum()
    }

    /// Derivatives of the rate, arguments as above.
    pub(super) fn slopes(self, neuron: &IfCurrExp, mu: f64, sigma_v: f64) -> Slopes {
        let r = neuron.resistance();
        let (slow, fast, rise) = self.parts(sigma_v);
        if !(fast > 0.0) {
            return Slopes { by_mu: noise_free_slope(neuron, mu), ..Slopes::default() };
        }
        let shifted = IfCurrExp { v_thresh: neuron.v_thresh + rise, ..*neuron };
        let white = fast / white_membrane_deviation(neuron, 1.0);
        let mut sum = Slopes::default();
        for &(z, weight) in RULE.iter() {
            let mean = mu + slow * z / r;
            let (by_mu, by_fast) = siegert_gradient(&shifted, mean, white);
            // Rates do not change when all potentials are shifted or stretched alike, which tells the derivative by the threshold.
            let above_reset = r * mean - (neuron.v_reset - neuron.v_rest);
            let by_thresh = -(above_reset * by_mu / r + fast * by_fast) / (shifted.v_thresh - neuron.v_reset);
            let by_u = by_mu / r;
            let halves = (0.5 * slow / self.share, 0.5 * fast / (1.0 - self.share));
            sum.by_share += weight * (by_u * z * halves.0 - by_fast * halves.1);
            sum.by_shift += weight * by_thresh * sigma_v;
            sum.by_mu += weight * by_mu;
            sum.by_sigma_v += weight * (by_u * z * slow + by_fast * fast + by_thresh * rise) / sigma_v;
        }
        sum
    }

    /// Standard deviations of the slow and of the fast part, and the rise of the threshold (mV).
    fn parts(self, sigma_v: f64) -> (f64, f64, f64) {
        (self.share.sqrt() * sigma_v, (1.0 - self.share).sqrt() * sigma_v, self.shift * sigma_v)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::{noise_free, siegert};

    #[test]
    fn limits_are_siegert_and_the_noise_free_curve() {
        let neuron = IfCurrExp::liu_furber_2016();
        let white = FastSlow { share: 0.0, shift: 0.0 };
        for (mu, sigma) in [(0.3, 1.0), (-0.1, 0.5), (0.6, 0.2)] {
            let sigma_v = white_membrane_deviation(&neuron, sigma);
            assert!((white.rate(&neuron, mu, sigma_v) / siegert(&neuron, mu, sigma) - 1.0).abs() < 1e-13);
        }
        let any = FastSlow { share: 0.7, shift: 0.1 };
        for mu in [0.1, 0.3, 0.7] {
            assert!((any.rate(&neuron, mu, 0.0) - noise_free(&neuron, mu)).abs() < 1e-10);
        }
    }

    #[test]
    fn average_and_derivatives_against_quadrature() {
        // scipy: Siegert's integral by Gauss-Legendre on fine panels, averaged over 150 Gauss-Hermite nodes, mu 0.2 nA, sigma_V 20 mV.
        let neuron = IfCurrExp::liu_furber_2016();
        let model = FastSlow { share: 0.7, shift: 0.08 };
        let rate = |model: FastSlow, mu: f64, sigma_v: f64| model.rate(&neuron, mu, sigma_v);
        assert!((rate(model, 0.2, 20.0) - 43.313_547).abs() < 1e-3, "{}", rate(model, 0.2, 20.0));
        // Central differences of steps h are right to h^2 times the third derivative.
        for (mu, sigma_v) in [(0.2, 20.0), (-0.3, 15.0), (0.6, 4.0)] {
            let slopes = model.slopes(&neuron, mu, sigma_v);
            let h = 1e-5;
            let share = |h: f64| rate(FastSlow { share: 0.7 + h, ..model }, mu, sigma_v);
            let shift = |h: f64| rate(FastSlow { shift: 0.08 + h, ..model }, mu, sigma_v);
            for (found, difference) in [
                (slopes.by_share, share(h) - share(-h)),
                (slopes.by_shift, shift(h) - shift(-h)),
                (slopes.by_mu, rate(model, mu + h, sigma_v) - rate(model, mu - h, sigma_v)),
                (slopes.by_sigma_v, rate(model, mu, sigma_v + h) - rate(model, mu, sigma_v - h)),
            ] {
                let wanted = difference / (2.0 * h);
                assert!((found - wanted).abs() < 1e-6 * (1.0 + wanted.abs()), "{mu} {sigma_v}: {found} {wanted}");
            }
        }
    }
}
