//! Fits the neuron's response to the activations that a layer should have.
//!
//! A layer of the trained network wants the rates `u a`, where a are its activations and u (Hz per unit of activation)
//! is the layer's scale. Its neurons receive a synaptic current of known mean and standard deviation and answer by
//! the Noisy Softplus response. With the weights that would be right for a neuron without threshold or noise,
//! the current has the mean x = u z / S (z: weighted sum of the trained unit) and the standard deviation sigma. The fit
//! then chooses one gain c on all weights and one current d for the whole layer:
//!
//! ```text
//! minimise over c, d   sum_j ( S f(c x_j + d, c sigma_j) - u a_j )^2
//! ```

use ann::noisy_softplus;
use nalgebra::{Matrix2, Vector2};
use sim::theory::NoisySoftplus;

/// Most points that a fit uses; more are thinned out evenly.
const FIT_POINTS: usize = 40_000;

/// Steps of the Levenberg-Marquardt iteration; it converges in about ten.
const FIT_STEPS: usize = 60;

/// Damping of a step on measured rates: counts of a short run scatter.
const MEASURED_DAMPING: f64 = 0.05;

/// Gain and current of one layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerFit {
    /// Factor on all weights.
    pub gain: f64,
    /// Added to i_offset (nA).
    pub current: f64,
    /// Root of the mean squared deviation from the wanted rates (Hz): of simulated rates where the fit was corrected by simulation, else of
    /// those that the response predicts.
    pub rmse: f64,
}

impl LayerFit {
    /// The layer as it is.
    pub(crate) const UNCHANGED: LayerFit = LayerFit { gain: 1.0, current: 0.0, rmse: 0.0 };
}

/// The response of the neurons of a layer, and the currents and rates to which it is fitted.
#[derive(Debug, Clone)]
pub struct ResponseFit {
    /// Response of the neuron.
    pub response: NoisySoftplus,
    /// Mean synaptic current (nA), standard deviation of the synaptic current (nA) and wanted rate (Hz).
    pub points: Vec<(f64, f64, f64)>,
}

impl ResponseFit {
    /// Thins the points out to a number that is quick to fit.
    pub(crate) fn new(response: NoisySoftplus, points: impl ExactSizeIterator<Item = (f64, f64, f64)>) -> ResponseFit {
        let every = points.len().div_ceil(FIT_POINTS).max(1);
        ResponseFit { response, points: points.step_by(every).collect() }
    }

    /// Whether any neuron is to fire.
    pub(crate) fn is_active(&self) -> bool {
        self.points.iter().any(|&(_, _, wanted)| wanted > 0.0)
    }

    /// A damped Gauss-Newton step from (gain, current) towards the wanted rates, where `measured` rates (Hz) take the place of those that
    /// the response predicts; how rates change with gain and current is still predicted.
    pub(crate) fn step(&self, fit: LayerFit, measured: &[f64]) -> LayerFit {
        let NoisySoftplus { k, s_hz_per_na: s } = self.response;
        let (mut matrix, mut vector) = (Matrix2::zeros(), Vector2::zeros());
        for (&(x, sigma, wanted), measured) in self.points.iter().zip(measured) {
            let value = noisy_softplus::evaluate(fit.gain * x + fit.current, (fit.gain * sigma).max(1e-9), k);
            let row = Vector2::new(s * (value.by_mean * x + value.by_sigma * sigma), s * value.by_mean);
            matrix += row * row.transpose();
            vector += row * (measured - wanted);
        }
        let damped = matrix + Matrix2::from_diagonal(&matrix.diagonal()) * MEASURED_DAMPING;
        match damped.lu().solve(&vector) {
            // Never more than twice the gain or half of it: the prediction holds nearby.
            Some(step) => LayerFit {
                gain: (fit.gain - step[0]).clamp(0.5 * fit.gain, 2.0 * fit.gain),
                current: fit.current - step[1],
                ..fit
            },
            None => fit,
        }
    }

    /// Root of the mean squared deviation of measured from wanted rates (Hz).
    pub(crate) fn deviation(&self, measured: &[f64]) -> f64 {
        let squares = self.points.iter().zip(measured).map(|(&(_, _, wanted), measured)| (measured - wanted).powi(2));
        (squares.sum::<f64>() / self.points.len().max(1) as f64).sqrt()
    }

    /// Sum of squares, with the normal equations of its linearisation at (gain, current).
    fn normal(&self, gain: f64, current: f64) -> (f64, Matrix2<f64>, Vector2<f64>) {
        let NoisySoftplus { k, s_hz_per_na: s } = self.response;
        let (mut squares, mut matrix, mut vector) = (0.0, Matrix2::zeros(), Vector2::zeros());
        for &(x, sigma, wanted) in &self.points {
            // A unit without input has no noise; the smallest width keeps the derivative defined.
            let value = noisy_softplus::evaluate(gain * x + current, (gain * sigma).max(1e-9), k);
            let residual = s * value.f - wanted;
            let row = Vector2::new(s * (value.by_mean * x + value.by_sigma * sigma), s * value.by_mean);
            squares += residual * residual;
            matrix += row * row.transpose();
            vector += row * residual;
        }
        (squares, matrix, vector)
    }

    /// Least-squares gain and current (Levenberg-Marquardt, from gain 1 and current 0).
    pub fn solve(&self) -> LayerFit {
        let (mut gain, mut current) = (1.0, 0.0);
        let (mut squares, mut matrix, mut vector) = self.normal(gain, current);
        let mut damping = 1e-3;
        for _ in 0..FIT_STEPS {
            let damped = matrix + Matrix2::from_diagonal(&matrix.diagonal()) * damping;
            let Some(step) = damped.lu().solve(&vector) else { break };
            let (next_gain, next_current) = (gain - step[0], current - step[1]);
            let next = self.normal(next_gain, next_current);
            if next_gain > 0.0 && next.0 <= squares {
                let converged = squares - next.0 <= 1e-12 * squares;
                (gain, current) = (next_gain, next_current);
                (squares, matrix, vector) = next;
                damping *= 0.1;
                if converged {
                    break;
                }
            } else {
                damping *= 10.0;
            }
        }
        LayerFit { gain, current, rmse: (squares / self.points.len().max(1) as f64).sqrt() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fit_finds_the_gain_and_current_that_made_the_rates() {
        let response = NoisySoftplus { k: 0.3, s_hz_per_na: 220.0 };
        let points = (0..900).map(|i| {
            let (x, sigma) = (f64::from(i % 30) / 20.0 - 0.7, 0.1 + f64::from(i / 30) / 60.0);
            // Homogeneity: S f(c x + d, c sigma) with c = 1.3, d = -0.1.
            (x, sigma, response.rate(1.3 * x - 0.1, 1.3 * sigma))
        });
        let fit = ResponseFit::new(response, points.collect::<Vec<_>>().into_iter()).solve();
        assert!((fit.gain - 1.3).abs() < 1e-6 && (fit.current + 0.1).abs() < 1e-6 && fit.rmse < 1e-4, "{fit:?}");
    }
}
