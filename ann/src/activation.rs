//! Pointwise functions of the trained network.

pub(crate) mod fixed_noise;
pub(crate) mod lif_rate;
mod name;
pub mod noisy_softplus;
pub(crate) mod root_unit;
mod siegert_table;

use fixed_noise::FixedNoise;
use lif_rate::LifRate;
use noisy_softplus::NoisySoftplus;
use root_unit::{RootFamily, RootUnit};

use crate::error::ActivationError;
use crate::real::Real;

/// Pointwise function of a layer, from its drive to its outputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// `y = m`.
    Linear,
    /// `y = max(m, 0)`.
    Relu,
    /// `y = m` above 0, `y = slope m` below (Maas et al. 2013); a finite `slope`.
    LeakyRelu {
        /// Slope below 0.
        slope: f64,
    },
    /// `y = m` above 0, `y = alpha (e^m - 1)` below (Clevert et al. 2016, arXiv:1511.07289); a finite `alpha`.
    Elu {
        /// Minus the limit at minus infinity.
        alpha: f64,
    },
    /// `y = min(m, 0)`, the mirror image of ReLU (Maharaj 2015).
    NegLu,
    /// A radical root unit.
    RootUnit(RootUnit),
    /// `y = 1 / (1 + e^-m)`.
    Sigmoid,
    /// `y = (e^m - e^-m) / (e^m + e^-m)`; in `f32` to 2e-7 absolute, as the sigmoid.
    Tanh,
    /// `y = ln(1 + e^m)`.
    Softplus,
    /// `y = s ln(1 + e^(m / s))`: Noisy Softplus at one noise, `s = k sigma`.
    FixedNoise(FixedNoise),
    /// `y = tau_syn rate(m)` of a LIF neuron, by Siegert or without noise.
    LifRate(LifRate),
    /// `y = p f(m, sigma)`, fed by a mean and a variance path.
    NoisySoftplus(NoisySoftplus),
    /// `y = e^m / sum e^m` over the units; on the last layer only, where training fuses it with the cross-entropy.
    Softmax,
}

impl Activation {
    /// Numbers that drive one unit: mean and variance for Noisy Softplus, the mean alone for all others.
    pub(crate) fn paths(self) -> usize {
        match self {
            Self::NoisySoftplus(_) => 2,
            Self::Linear
            | Self::Relu
            | Self::LeakyRelu { .. }
            | Self::Elu { .. }
            | Self::NegLu
            | Self::RootUnit(_)
            | Self::Sigmoid
            | Self::Tanh
            | Self::Softplus
            | Self::FixedNoise(_)
            | Self::LifRate(_)
            | Self::Softmax => 1,
        }
    }

    /// True if no input can make an output negative.
    pub fn is_non_negative(self) -> bool {
        match self {
            Self::Relu
            | Self::Sigmoid
            | Self::Softplus
            | Self::FixedNoise(_)
            | Self::LifRate(_)
            | Self::NoisySoftplus(_)
            | Self::Softmax => true,
            Self::RootUnit(unit) => unit.family == RootFamily::Rectified,
            Self::Linear | Self::LeakyRelu { .. } | Self::Elu { .. } | Self::NegLu | Self::Tanh => false,
        }
    }

    /// Checks its constants.
    ///
    /// # Errors
    /// Names the first constant out of its range.
    pub fn check(self) -> Result<(), ActivationError> {
        let (activation, constant, value) = match self {
            Self::NoisySoftplus(constants) => return constants.check(),
            Self::FixedNoise(constants) => return constants.check(),
            Self::RootUnit(unit) => return unit.check(),
            Self::LifRate(rate) => return rate.check(),
            Self::LeakyRelu { slope } => ("LeakyReLU", "slope", slope),
            Self::Elu { alpha } => ("ELU", "alpha", alpha),
            Self::Linear | Self::Relu | Self::NegLu | Self::Sigmoid | Self::Tanh | Self::Softplus | Self::Softmax => {
                return Ok(());
            }
        };
        if value.is_finite() { Ok(()) } else { Err(ActivationError::Infinite { activation, constant, value }) }
    }

    /// Writes the outputs and turns each drive into the slope of the output with respect to it.
    ///
    /// `drive` holds [`Activation::paths`] neighbouring numbers for each output. Softmax passes the logits on: its
    /// normalisation couples the units and belongs to the loss.
    pub(crate) fn respond<T: Real>(self, drive: &mut [T], outputs: &mut [T]) {
        pulp::Arch::new().dispatch(Response { activation: self, drive, outputs });
    }

    /// The same, to be inlined where the compiler knows the processor.
    #[inline(always)]
    fn respond_inline<T: Real>(self, drive: &mut [T], outputs: &mut [T]) {
        match self {
            Self::Linear | Self::Softmax => {
                outputs.copy_from_slice(drive);
                drive.fill(T::ONE);
            }
            Self::Relu => {
                for (drive, output) in drive.iter_mut().zip(outputs) {
                    let positive = *drive > T::ZERO;
                    *output = if positive { *drive } else { T::ZERO };
                    *drive = if positive { T::ONE } else { T::ZERO };
                }
            }
            Self::LeakyRelu { slope } => {
                let slope = T::from_f64(slope);
                respond_each(drive, outputs, |m| if m > T::ZERO { (m, T::ONE) } else { (slope * m, slope) });
            }
            Self::Elu { alpha } => {
                let alpha = T::from_f64(alpha);
                respond_each(drive, outputs, |m| {
                    // The exponential of the positive side is not used, but would overflow.
                    let exponential = if m > T::ZERO { T::ONE } else { m.exp_of_negative() };
                    let below = (alpha * (exponential - T::ONE), alpha * exponential);
                    if m > T::ZERO { (m, T::ONE) } else { below }
                });
            }
            Self::NegLu => respond_each(drive, outputs, |m| if m < T::ZERO { (m, T::ONE) } else { (T::ZERO, T::ZERO) }),
            Self::RootUnit(unit) => unit.respond(drive, outputs),
            Self::Sigmoid => respond_each(drive, outputs, |m| {
                let t = (-m.abs()).exp_of_negative();
                let above = T::ONE / (T::ONE + t);
                (if m > T::ZERO { above } else { t * above }, t * above * above)
            }),
            Self::Tanh => respond_each(drive, outputs, |m| {
                // e^-2|m|, of which 2|m| is exact.
                let t = (-(m.abs() + m.abs())).exp_of_negative();
                let magnitude = (T::ONE - t) / (T::ONE + t);
                (if m > T::ZERO { magnitude } else { -magnitude }, T::ONE - magnitude * magnitude)
            }),
            Self::Softplus => {
                for (drive, output) in drive.iter_mut().zip(outputs) {
                    let value = noisy_softplus::softplus(*drive);
                    *output = value.value;
                    *drive = value.slope;
                }
            }
            Self::FixedNoise(constants) => constants.respond(drive, outputs),
            Self::LifRate(rate) => rate.respond(drive, outputs),
            Self::NoisySoftplus(constants) => constants.respond(drive, outputs),
        }
    }
}

/// A call of [`Activation::respond`].
struct Response<'a, T> {
    activation: Activation,
    drive: &'a mut [T],
    outputs: &'a mut [T],
}

impl<T: Real> pulp::WithSimd for Response<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        self.activation.respond_inline(self.drive, self.outputs);
    }
}

/// Writes the outputs and the slopes of a function that gives both.
#[inline(always)]
fn respond_each<T: Real>(drive: &mut [T], outputs: &mut [T], function: impl Fn(T) -> (T, T)) {
    for (drive, output) in drive.iter_mut().zip(outputs) {
        (*output, *drive) = function(*drive);
    }
}

/// The activation that a ready-made model is built with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ActivationChoice {
    /// Noisy Softplus with these constants, on convolutions and pools.
    NoisySoftplus(NoisySoftplus),
    /// ReLU on convolutions, linear pools.
    Relu,
    /// Softplus on convolutions, linear pools.
    Softplus,
    /// Any other function of the drive alone on convolutions, linear pools.
    Pointwise(Activation),
}

impl ActivationChoice {
    /// The choice of this function for hidden units.
    pub const fn of(activation: Activation) -> Self {
        match activation {
            Activation::Relu => Self::Relu,
            Activation::Softplus => Self::Softplus,
            Activation::NoisySoftplus(constants) => Self::NoisySoftplus(constants),
            other => Self::Pointwise(other),
        }
    }

    /// Activation of a weighted hidden layer.
    pub fn weighted(self) -> Activation {
        match self {
            Self::NoisySoftplus(constants) => Activation::NoisySoftplus(constants),
            Self::Relu => Activation::Relu,
            Self::Softplus => Activation::Softplus,
            Self::Pointwise(activation) => activation,
        }
    }

    /// Activation of an average pool.
    pub fn pool(self) -> Activation {
        match self {
            Self::NoisySoftplus(constants) => Activation::NoisySoftplus(constants),
            Self::Relu | Self::Softplus | Self::Pointwise(_) => Activation::Linear,
        }
    }
}
