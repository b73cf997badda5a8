//! What rate a LIF neuron gives to a noisy current, in theory.

mod absorbing;
mod choice;
mod coloured;
mod noise;
mod noisy_softplus;
mod quadrature;
mod redrawn;
mod siegert;
mod stationary;
#[cfg(test)]
mod tests;

pub use crate::error::TheoryError;
pub use choice::{Estimate, Gradient, Theory};
pub use noise::{Noise, ResetShift};
pub use noisy_softplus::{Fit, NoisySoftplus, ResponsePoint, fit_noisy_softplus, noisy_softplus};
pub use siegert::{current_for_rate, noise_free, siegert, siegert_gradient};
