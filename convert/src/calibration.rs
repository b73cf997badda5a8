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

use crate::counterpart::Counterpart;
use crate::error::ConversionError;
use ann::{Activation, Conv2d, Dense, Layer, Network, Shape, noisy_softplus};
use nalgebra::{Matrix2, Vector2};
use sim::theory::NoisySoftplus;

/// Most points that a fit uses; more are thinned out evenly.
const FIT_POINTS: usize = 40_000;

/// Steps of the Levenberg-Marquardt iteration; it converges in about ten.
const FIT_STEPS: usize = 60;

/// Weighted sums of a layer on the calibration images.
#[derive(Debug, Clone)]
pub(crate) struct Sums {
    /// z = sum W a + b, one per image and unit.
    pub(crate) drive: Vec<f64>,
    /// sum W^2 a, one per image and unit.
    pub(crate) squares: Vec<f64>,
}

impl Sums {
    /// Of one layer, for `batch` inputs of shape `input`.
    pub(crate) fn of(
        counterpart: Counterpart<'_>,
        input: Shape,
        inputs: &[f32],
        batch: usize,
    ) -> Result<Sums, ConversionError> {
        let run = |layer: Layer<f32>| -> Result<Vec<f64>, ConversionError> {
            let outputs = Network::new(input, vec![layer])?.logits(inputs, batch);
            Ok(outputs.into_iter().map(f64::from).collect())
        };
        let square = |kernel: &[f32]| kernel.iter().map(|w| w * w).collect::<Vec<f32>>();
        let linear = Activation::Linear;
        Ok(match counterpart {
            Counterpart::Convolution(conv) => {
                let with = |kernel, bias| Conv2d::new(conv.kernel_shape(), kernel, bias, conv.stride(), linear);
                let bias = conv.bias().map(<[f32]>::to_vec);
                Sums {
                    drive: run(Layer::Conv2d(with(conv.kernel().to_vec(), bias)?))?,
                    squares: run(Layer::Conv2d(with(square(conv.kernel()), None)?))?,
                }
            }
            Counterpart::Dense(dense) => {
                let with = |kernel, bias| Dense::new(dense.inputs(), kernel, bias, linear);
                let bias = dense.bias().map(<[f32]>::to_vec);
                Sums {
                    drive: run(Layer::Dense(with(dense.kernel().to_vec(), bias)?))?,
                    squares: run(Layer::Dense(with(square(dense.kernel()), None)?))?,
                }
            }
            Counterpart::Pool(pool) => {
                let drive = run(Layer::AveragePool2d(ann::AveragePool2d::new(pool.pool(), linear)))?;
                let cells = pool.pool().cells() as f64;
                Sums { squares: drive.iter().map(|average| average / cells).collect(), drive }
            }
            Counterpart::Identity => {
                Sums { drive: inputs.iter().map(|&x| f64::from(x)).collect(), squares: Vec::new() }
            }
        })
    }
}

/// Gain and current of one layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerFit {
    /// Factor on all weights.
    pub gain: f64,
    /// Added to i_offset (nA).
    pub current: f64,
    /// Root of the mean squared deviation of the predicted from the wanted rates (Hz).
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
