//! Noisy Softplus: firing rate of a LIF neuron against the mean and the noise of its input current.

use std::fmt;

use sim::theory;

use crate::error::ActivationError;
use crate::real::Real;

/// Softplus `ln(1 + e^z)` and what its derivatives are made of.
#[derive(Clone, Copy, Debug)]
pub struct Softplus<T> {
    /// `ln(1 + e^z)`.
    pub value: T,
    /// `P = 1 / (1 + e^-z)`, the derivative.
    pub slope: T,
    /// `H = ln(1 + e^z) - z P`, the binary entropy of `P` in nats, in `[0, ln 2]`.
    pub entropy: T,
}

/// Softplus of `z`, without overflow or cancellation for any finite `z`.
#[inline(always)]
pub fn softplus<T: Real>(z: T) -> Softplus<T> {
    let magnitude = z.abs();
    let t = (-magnitude).exp_of_negative();
    let logarithm = t.ln_one_plus();
    let reciprocal = T::ONE / (T::ONE + t);
    let positive = z > T::ZERO;
    Softplus {
        value: logarithm + if positive { z } else { T::ZERO },
        slope: if positive { reciprocal } else { t * reciprocal },
        entropy: logarithm + magnitude * t * reciprocal,
    }
}

/// Noisy Softplus `f` (nA) and its partial derivatives.
#[derive(Clone, Copy, Debug)]
pub struct Value<T> {
    /// `f` (nA).
    pub f: T,
    /// `df/dx`.
    pub by_mean: T,
    /// `df/dsigma`.
    pub by_sigma: T,
    /// `df/dk` (nA).
    pub by_k: T,
}

/// Noisy Softplus (nA) and its derivatives:
///
/// ```text
/// f = k sigma ln(1 + e^z),  z = x / (k sigma);   df/dx = P,  df/dsigma = k H,  df/dk = sigma H
/// ```
///
/// * `x`: mean current (nA)
/// * `sigma`: standard deviation of the synaptic current (nA), above 0
/// * `k`: width of the curve per unit of noise, above 0
///
/// ```
/// let value = ann::noisy_softplus::evaluate(0.008_f64, 0.2, 0.15);
/// // From 50-digit arithmetic.
/// assert!((value.f - 0.02506029568567924).abs() < 1e-16);
/// ```
///
/// Liu and Furber (2016), "Noisy Softplus: a biology inspired activation function", doi:10.1007/978-3-319-46681-1_49.
#[inline(always)]
pub fn evaluate<T: Real>(x: T, sigma: T, k: T) -> Value<T> {
    let width = k * sigma;
    let softplus = softplus(x / width);
    Value {
        f: width * softplus.value,
        by_mean: softplus.slope,
        by_sigma: k * softplus.entropy,
        by_k: sigma * softplus.entropy,
    }
}

/// Added to the variance (nA^2): the slope with respect to the variance diverges at a silent input.
pub const VARIANCE_FLOOR: f64 = 1e-12;

/// Constants of a Noisy Softplus layer; its output is `y = p f(m, sigma)`, expected spikes per `tau_syn`.
///
/// With inputs `x` (expected spikes per `tau_syn`) and weights `w` (nA): `m = sum w x + b`, `v = sum w^2 x / 2`,
/// `sigma = sqrt(v + VARIANCE_FLOOR)`, and the firing rate is `y / tau_syn`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoisySoftplus {
    /// Width of the curve per unit of noise (dimensionless).
    pub k: f64,
    /// Firing rate per mean current (Hz/nA).
    pub s_hz_per_na: f64,
    /// Synaptic time constant (ms).
    pub tau_syn_ms: f64,
}

/// Block of units that are brought into vector order together; small enough for the stack and the first cache.
const BLOCK: usize = 256;

impl NoisySoftplus {
    /// The event-driven neuron at a synaptic time constant of 1 ms, see [`Self::event_driven`].
    pub const EVENT_DRIVEN_1_MS: Self = Self::of(theory::NoisySoftplus::EVENT_DRIVEN_1_MS, 1.0);
    /// The same at 5 ms.
    pub const EVENT_DRIVEN_5_MS: Self = Self::of(theory::NoisySoftplus::EVENT_DRIVEN_5_MS, 5.0);
    /// The same at 10 ms.
    pub const EVENT_DRIVEN_10_MS: Self = Self::of(theory::NoisySoftplus::EVENT_DRIVEN_10_MS, 10.0);

    const fn of(response: theory::NoisySoftplus, tau_syn_ms: f64) -> Self {
        Self { k: response.k, s_hz_per_na: response.s_hz_per_na, tau_syn_ms }
    }

    /// Constants fitted to the exact event-driven neuron (see [`theory::NoisySoftplus::event_driven`]); `None` unless
    /// `tau_syn_ms` is 1, 5 or 10.
    pub fn event_driven(tau_syn_ms: f64) -> Option<Self> {
        theory::NoisySoftplus::event_driven(tau_syn_ms).map(|response| Self::of(response, tau_syn_ms))
    }

    /// `p = S tau_syn` (1/nA): expected spikes per synaptic time constant and mean current.
    pub fn p(self) -> f64 {
        self.s_hz_per_na * self.tau_syn_ms / sim::MS_PER_S
    }

    /// Checks that all three constants are positive and finite.
    ///
    /// # Errors
    /// Names the first constant that is not.
    pub fn check(self) -> Result<(), ActivationError> {
        for (constant, value) in [("k", self.k), ("S", self.s_hz_per_na), ("tau_syn", self.tau_syn_ms)] {
            if !(0.0 < value && value.is_finite()) {
                return Err(ActivationError::Constant { constant, value });
            }
        }
        Ok(())
    }

    /// Outputs from pairs (mean nA, variance nA^2); each pair becomes (dy/dm, dy/dv).
    #[inline(always)]
    pub(crate) fn respond<T: Real>(self, drive: &mut [T], outputs: &mut [T]) {
        let k = T::from_f64(self.k);
        let p = T::from_f64(self.p());
        let half_p_k = T::from_f64(0.5 * self.p() * self.k);
        let floor = T::from_f64(VARIANCE_FLOOR);
        let (mut means, mut variances) = ([T::ZERO; BLOCK], [T::ONE; BLOCK]);
        for (drive, outputs) in drive.chunks_mut(2 * BLOCK).zip(outputs.chunks_mut(BLOCK)) {
            let units = outputs.len();
            let (means, variances) = (&mut means[..units], &mut variances[..units]);
            for ((pair, mean), variance) in drive.chunks_exact(2).zip(&mut *means).zip(&mut *variances) {
                *mean = pair[0];
                *variance = pair[1];
            }
            for ((output, mean), variance) in outputs.iter_mut().zip(&mut *means).zip(&mut *variances) {
                let sigma = (*variance + floor).sqrt();
                let width = k * sigma;
                let softplus = softplus(*mean / width);
                *output = p * width * softplus.value;
                *mean = p * softplus.slope;
                *variance = half_p_k * softplus.entropy / sigma;
            }
            for ((pair, mean), variance) in drive.chunks_exact_mut(2).zip(&*means).zip(&*variances) {
                pair[0] = *mean;
                pair[1] = *variance;
            }
        }
    }
}

impl fmt::Display for NoisySoftplus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "k {}, S {} Hz/nA, tau_syn {} ms", self.k, self.s_hz_per_na, self.tau_syn_ms)
    }
}
