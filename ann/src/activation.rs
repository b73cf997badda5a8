//! Pointwise functions of the trained network.

pub mod noisy_softplus;

use std::fmt;

use noisy_softplus::NoisySoftplus;

use crate::real::Real;

/// Pointwise function of a layer, from its drive to its outputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// `y = m`.
    Linear,
    /// `y = max(m, 0)`.
    Relu,
    /// `y = ln(1 + e^m)`.
    Softplus,
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
            Self::Linear | Self::Relu | Self::Softplus | Self::Softmax => 1,
        }
    }

    /// True if no input can make an output negative.
    pub fn is_non_negative(self) -> bool {
        match self {
            Self::Relu | Self::Softplus | Self::NoisySoftplus(_) | Self::Softmax => true,
            Self::Linear => false,
        }
    }

    /// Writes the outputs and turns each drive into the slope of the output with respect to it.
    ///
    /// `drive` holds [`Activation::paths`] neighbouring numbers for each output. Softmax passes the logits on: its
    /// normalisation couples the units and belongs to the loss.
    pub(crate) fn respond<T: Real>(self, drive: &mut [T], outputs: &mut [T]) {
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
            Self::Softplus => {
                for (drive, output) in drive.iter_mut().zip(outputs) {
                    let value = noisy_softplus::softplus(*drive);
                    *output = value.value;
                    *drive = value.slope;
                }
            }
            Self::NoisySoftplus(constants) => constants.respond(drive, outputs),
        }
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linear => f.write_str("linear"),
            Self::Relu => f.write_str("relu"),
            Self::Softplus => f.write_str("softplus"),
            Self::NoisySoftplus(constants) => write!(f, "noisy-softplus({constants})"),
            Self::Softmax => f.write_str("softmax"),
        }
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
}

impl ActivationChoice {
    /// Activation of a weighted hidden layer.
    pub fn weighted(self) -> Activation {
        match self {
            Self::NoisySoftplus(constants) => Activation::NoisySoftplus(constants),
            Self::Relu => Activation::Relu,
            Self::Softplus => Activation::Softplus,
        }
    }

    /// Activation of an average pool.
    pub fn pool(self) -> Activation {
        match self {
            Self::NoisySoftplus(constants) => Activation::NoisySoftplus(constants),
            Self::Relu | Self::Softplus => Activation::Linear,
        }
    }
}
