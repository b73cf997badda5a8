//! What rate a LIF neuron gives to a noisy current, in theory.

mod noise;
mod noisy_softplus;
mod quadrature;
mod siegert;

pub use noise::Noise;
pub use noisy_softplus::{Fit, NoisySoftplus, ResponsePoint, fit_noisy_softplus, noisy_softplus};
pub use siegert::{current_for_rate, noise_free, siegert, siegert_gradient};
