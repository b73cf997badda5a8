//! Conductance-weighted averages of the inputs.

mod conv2d;
mod dense;
mod doubled_input;
mod lateral;

pub use conv2d::CwaConv2d;
pub use dense::CwaDense;
pub use doubled_input::DoubledInput;
pub use lateral::CwaLateral;

use crate::activation::Activation;
use crate::error::NetworkError;
use crate::real::Real;

/// What a weight does to numerator and denominator of an average.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighting {
    /// A conductance `h(g) = max(0, 1 + g)`, towards +1 from excitatory inputs and towards -1 from inhibitory ones.
    Conductance {
        /// So many first input channels are excitatory, all others inhibitory.
        excitatory: usize,
    },
    /// `w` over the sum of all `|w|`.
    #[doc(alias = "AbsNorm")]
    Absolute,
}

impl Weighting {
    /// Conductances, the first half of the `inputs` channels excitatory (the smaller half of an odd number).
    pub const fn halves(inputs: usize) -> Self {
        Self::Conductance { excitatory: inputs / 2 }
    }

    /// Share in the numerator and in the denominator of weight `w` from input channel `channel`.
    #[inline(always)]
    fn shares<T: Real>(self, w: T, channel: usize) -> [T; 2] {
        match self {
            Self::Conductance { excitatory } => {
                let conductance = (T::ONE + w).maximum(T::ZERO);
                [if channel < excitatory { conductance } else { -conductance }, conductance]
            }
            Self::Absolute => [w, w.abs()],
        }
    }

    /// Gradient of the weight from those of its shares.
    #[inline(always)]
    fn weight_gradient<T: Real>(self, w: T, channel: usize, shares: [T; 2]) -> T {
        let [numerator, denominator] = shares;
        match self {
            Self::Conductance { .. } if !(w > -T::ONE) => T::ZERO,
            Self::Conductance { excitatory } if channel < excitatory => denominator + numerator,
            Self::Conductance { .. } => denominator - numerator,
            Self::Absolute if w > T::ZERO => numerator + denominator,
            Self::Absolute if w < T::ZERO => numerator - denominator,
            Self::Absolute => numerator,
        }
    }
}

/// How the inputs `p_j` of a unit, 0 or above, become its output:
///
/// ```text
/// z = (G_r e_r + sum_j n_j p_j) / (G_r + sum_j d_j p_j),   y = max(0, z) where the unit clips, else z
/// conductances: d_j = h(g_j), n_j = e_j h(g_j), e_j = +1 or -1;   absolute: d_j = |w_j|, n_j = w_j
/// ```
///
/// so that `|z| <= 1` if `|e_r| <= 1`. At `g = -1`, where the slope of `h` jumps, it is taken as 0. All numbers are
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

    /// The shares of all weights as neighbouring columns, for one matrix product; rows run over the `inputs` channels
    /// fastest.
    fn shares<T: Real>(self, kernel: &[T], inputs: usize, outputs: usize) -> Vec<T> {
        let rows = kernel.chunks_exact(outputs).enumerate();
        rows.flat_map(|(row, weights)| weights.iter().flat_map(move |&w| self.weighting.shares(w, row % inputs)))
            .collect()
    }

    /// Outputs from pairs of sums; each pair becomes the slopes of the output with respect to its two.
    fn respond<T: Real>(self, sums: &mut [T], outputs: &mut [T]) {
        let (leak, rest) = (T::from_f64(self.leak), T::from_f64(self.leak * self.rest));
        for (pair, output) in sums.chunks_exact_mut(2).zip(outputs) {
            let reciprocal = T::ONE / (leak + pair[1]);
            let z = (rest + pair[0]) * reciprocal;
            let passes = !self.clips || z > T::ZERO;
            *output = if passes { z } else { T::ZERO };
            pair[0] = if passes { reciprocal } else { T::ZERO };
            pair[1] = if passes { -z * reciprocal } else { T::ZERO };
        }
    }

    /// Adds to the kernel's gradient what arrives through the shares.
    fn add_kernel_gradient<T: Real>(
        self,
        shares: &[T],
        kernel: &[T],
        [inputs, outputs]: [usize; 2],
        gradient: &mut [T],
    ) {
        for (index, ((gradient, pair), &w)) in gradient.iter_mut().zip(shares.chunks_exact(2)).zip(kernel).enumerate() {
            *gradient += self.weighting.weight_gradient(w, index / outputs % inputs, [pair[0], pair[1]]);
        }
    }
}
