//! What rate a LIF neuron gives to a noisy current, in theory.

mod absorbing;
mod choice;
mod coloured;
mod fast_slow;
mod fit;
mod noise;
mod noisy_softplus;
mod quadrature;
mod redrawn;
mod response_model;
mod siegert;
mod stationary;
mod surface;
#[cfg(test)]
mod tests;

pub use choice::{Gradient, RateEstimate, Theory};
pub use fit::{Estimate, Fit, fit};
pub use noise::{Noise, ResetShift};
pub use noisy_softplus::{NoisySoftplus, noisy_softplus};
pub use response_model::{ModelParameter, ResponseModel};
pub use siegert::{current_for_rate, noise_free, siegert, siegert_gradient};
pub use surface::{Fluctuation, Response, ResponsePoint, ResponseSurface};
