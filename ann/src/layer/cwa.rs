//! Conductance-weighted averages of the inputs.

mod connections;
mod conv2d;
mod dense;
mod doubled_input;
mod lateral;
mod synapses;

pub use conv2d::CwaConv2d;
pub use dense::CwaDense;
pub use doubled_input::DoubledInput;
pub use lateral::CwaLateral;

use crate::activation::Activation;
use crate::error::NetworkError;
use crate::real::Real;
use synapses::{Side, Synapses};

/// What a weight adds to the two sums of an average.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighting {
    /// A conductance `h(g) = max(0, 1 + g)`, towards +1 from excitatory inputs and towards -1 from inhibitory ones.
    Conductance {
        /// So many first input channels are excitatory, all others inhibitory.
        excitatory: usize,
    },
    /// `w` over the sum of all `|w|`: a conductance of that size, towards +1 or -1 by its sign.
    #[doc(alias = "AbsNorm")]
    Absolute,
}

impl Weighting {
    /// Conductances, the first half of the `inputs` channels excitatory (the smaller half of an odd number).
    pub const fn halves(inputs: usize) -> Self {
        Self::Conductance { excitatory: inputs / 2 }
    }

    /// Conductance of weight `w` towards this side.
    #[inline(always)]
    fn conductance<T: Real>(self, side: Side, w: T) -> T {
        let w = match (self, side) {
            (Self::Conductance { .. }, _) => T::ONE + w,
            (Self::Absolute, Side::Excitatory) => w,
            (Self::Absolute, Side::Inhibitory) => -w,
        };
        w.maximum(T::ZERO)
    }

    /// Derivative of that by `w`. Of a conductance 0 at `g = -1`; of an absolute weight a half of 1 and of -1 at `w = 0`, where the slope of
    /// `|w|` is taken as 0.
    #[inline(always)]
    fn slope<T: Real>(self, side: Side, w: T) -> T {
        let open = |w: T| if w > T::ZERO { T::ONE } else { T::ZERO };
        let (half, sign) = (T::from_f64(0.5), open(w) - open(-w));
        match (self, side) {
            (Self::Conductance { .. }, _) => open(T::ONE + w),
            (Self::Absolute, Side::Excitatory) => half * (sign + T::ONE),
            (Self::Absolute, Side::Inhibitory) => half * (sign - T::ONE),
        }
    }
}

/// How the inputs `p_j` of a unit, 0 or above, become its output:
///
/// ```text
/// z = (G_r e_r + E - I) / (G_r + E + I),   y = max(0, z) where the unit clips, else z
/// conductances: E = sum h(g_j) p_j over the excitatory inputs, I over the inhibitory ones
/// absolute:     E = sum max(0, w_j) p_j, I = sum max(0, -w_j) p_j, both over all inputs
/// ```
///
/// so that `|z| <= 1` if `|e_r| <= 1`. Where the slopes of `h` (at `g = -1`) and of `|w|` (at 0) jump, they are taken as 0. All numbers are
/// dimensionless: potentials between -1 and 1, conductances in units of that of an untrained synapse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Averaging {
    /// What the weights are.
    pub weighting: Weighting,
    /// Resting conductance `G_r`, above 0; 1 is usual, and 1e-6 for absolute weights.
    pub leak: f64,
    /// Resting potential `e_r`, in [-1, 1]; -0.4 is usual, and 0 for absolute weights.
    pub rest: f64,
    /// Whether negative averages are clipped to 0.
    pub clips: bool,
}

impl Averaging {
    /// Conductances of which the first half of the `inputs` channels are excitatory, `G_r` 1, clipped.
    pub const fn conductances(inputs: usize, rest: f64) -> Self {
        Self { weighting: Weighting::halves(inputs), leak: 1.0, rest, clips: true }
    }

    /// Absolute weights, `G_r` 1e-6, `e_r` 0, clipped.
    pub const ABSOLUTE: Self = Self { weighting: Weighting::Absolute, leak: 1e-6, rest: 0.0, clips: true };

    fn activation(self) -> Activation {
        if self.clips { Activation::Relu } else { Activation::Linear }
    }

    fn check(self, layer: usize, inputs: usize) -> Result<(), NetworkError> {
        let refuse = |setting, expected, found| Err(NetworkError::Setting { layer, setting, expected, found });
        if !(0.0 < self.leak && self.leak.is_finite()) {
            return refuse("the resting conductance", "positive and finite", self.leak);
        }
        if !(self.rest.abs() <= 1.0) {
            return refuse("the resting potential", "in [-1, 1]", self.rest);
        }
        match self.weighting {
            Weighting::Conductance { excitatory } if excitatory > inputs => {
                refuse("the number of excitatory inputs", "no more than there are inputs", excitatory as f64)
            }
            _ => Ok(()),
        }
    }

    /// The conductances of a kernel `[cells, channels, outputs]`, those towards +1 before those towards -1.
    fn prepare<T: Real>(self, kernel: &[T], sizes: [usize; 3]) -> Vec<T> {
        let both = Synapses::both(self.weighting, sizes);
        let rows: usize = both.iter().map(Synapses::fan_in).sum();
        let mut prepared = Vec::with_capacity(rows * sizes[2]);
        both.iter().for_each(|synapses| synapses.prepare(kernel, &mut prepared));
        prepared
    }

    /// Outputs from the sums `E` of all units and `I` of all units behind them; each becomes the slope of the output with respect to it.
    fn respond<T: Real>(self, sums: &mut [T], outputs: &mut [T]) {
        let (leak, rest) = (T::from_f64(self.leak), T::from_f64(self.leak * self.rest));
        let (excitation, inhibition) = sums.split_at_mut(outputs.len());
        pulp::Arch::new().dispatch(|| {
            for ((e, i), output) in excitation.iter_mut().zip(inhibition).zip(outputs) {
                let reciprocal = T::ONE / (leak + (*e + *i));
                let z = (rest + (*e - *i)) * reciprocal;
                let slope = if !self.clips || z > T::ZERO { reciprocal } else { T::ZERO };
                *output = if self.clips { z.maximum(T::ZERO) } else { z };
                *e = (T::ONE - z) * slope;
                *i = -(T::ONE + z) * slope;
            }
        });
    }
}

/// Turns the slopes that [`Averaging::respond`] left into the gradients of the sums.
fn sum_gradients<T: Real>(slopes: &mut [T], output_gradient: &[T]) {
    let (excitation, inhibition) = slopes.split_at_mut(output_gradient.len());
    pulp::Arch::new().dispatch(|| {
        for ((e, i), &gradient) in excitation.iter_mut().zip(inhibition).zip(output_gradient) {
            *e *= gradient;
            *i *= gradient;
        }
    });
}
