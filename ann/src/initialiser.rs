//! Initial weights.

mod distribution;
mod root_unit;

pub use distribution::Initialiser;
pub use root_unit::{gamma_scale, gamma_shape};

use crate::real::Real;

/// Numbers of connections that a weight tensor makes, and which tensor of its network it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fans {
    /// Weights that drive one unit.
    pub fan_in: usize,
    /// Weights that one input drives.
    pub fan_out: usize,
    /// Index of the tensor, which keys its random stream.
    pub tensor: u32,
}

/// `count` weights, uniform within `gain * sqrt(6 / (fan_in + fan_out))`.
///
/// Glorot and Bengio (2010), "Understanding the difficulty of training deep feedforward neural networks"; `gain` 1 is
/// theirs.
pub fn glorot_uniform<T: Real>(count: usize, fans: Fans, gain: f64, seed: u64) -> Vec<T> {
    Initialiser::GlorotUniform { gain }.draw(count, fans, seed)
}
