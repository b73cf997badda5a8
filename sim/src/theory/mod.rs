//! What rate a LIF neuron gives to a noisy current, in theory.

mod fast_slow;
mod fit;
mod noise;
mod noisy_softplus;
mod quadrature;
mod response_model;
mod siegert;
mod surface;

pub use fit::{Estimate, Fit, fit};
pub use noise::Noise;
pub use noisy_softplus::{NoisySoftplus, noisy_softplus};
pub use response_model::{ModelParameter, ResponseModel};
pub use siegert::{current_for_rate, noise_free, siegert, siegert_gradient};
pub use surface::{Fluctuation, Response, ResponsePoint, ResponseSurface};
