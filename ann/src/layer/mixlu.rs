//! Rectified units of which some keep the negative side.

use crate::error::NetworkError;
use crate::layer::operation::{Call, Operation, Scratch, Tape};
use crate::pass::Phase;
use crate::random::{Purpose, Stream};
use crate::real::Real;
use crate::shape::Shape;

/// Which units of a MixLU layer are of the negative kind, and what their gradient is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MixLuVariant {
    /// `round(q n)` of the `n` units of the layer, for good; the exact gradient. The same network as one of ReLU units
    /// with some signs of weights flipped.
    Fixed,
    /// The same units, whose gradient is let through where the input is above 0: not the gradient of what the layer
    /// computes.
    Gated,
    /// Each unit with probability `q`, drawn anew for each sample and epoch, and for each sample in inference as well;
    /// the exact gradient. In inference samples are numbered from 0 in the order in which they are given.
    Redrawn,
    /// Drawn anew, with the gradient of [`MixLuVariant::Gated`]: the published program.
    RedrawnGated,
}

impl MixLuVariant {
    /// All variants.
    pub const ALL: [Self; 4] = [Self::Fixed, Self::Gated, Self::Redrawn, Self::RedrawnGated];

    /// Name for the command line and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Gated => "gated",
            Self::Redrawn => "redrawn",
            Self::RedrawnGated => "redrawn-gated",
        }
    }

    /// True if units are drawn anew.
    const fn is_redrawn(self) -> bool {
        matches!(self, Self::Redrawn | Self::RedrawnGated)
    }

    /// True if the gradient is let through where the input is above 0.
    const fn is_gated(self) -> bool {
        matches!(self, Self::Gated | Self::RedrawnGated)
    }
}

/// `y = min(x, 0)` for a fraction of the units, `y = max(x, 0)` for the others (Maharaj 2015).
///
/// Which units are which depends on the seed and the unit alone, of units that are drawn anew on the sample and the epoch
/// as well. Two layers of one size with one seed choose the same units.
#[derive(Clone, Copy, Debug, PartialEq)]
#[doc(alias = "NegLU")]
pub struct MixLu {
    fraction: f64,
    variant: MixLuVariant,
    seed: u64,
}

impl MixLu {
    /// A layer with this fraction of units of the negative kind, in [0, 1].
    pub const fn new(fraction: f64, variant: MixLuVariant, seed: u64) -> Self {
        Self { fraction, variant, seed }
    }

    /// Fraction of the units that keep the negative side.
    pub const fn fraction(self) -> f64 {
        self.fraction
    }

    /// Which units, and their gradient.
    pub const fn variant(self) -> MixLuVariant {
        self.variant
    }

    /// Seed of the choice of units.
    pub const fn seed(self) -> u64 {
        self.seed
    }

    /// Writes 1 for units of the negative kind, 0 for the others; one sample.
    fn draw_fixed<T: Real>(self, mask: &mut [T]) {
        let mut stream = Stream::new(self.seed, Purpose::FixedMixture);
        let mut wanted = (self.fraction * mask.len() as f64).round();
        let mut left = mask.len() as f64;
        // Selection sampling (Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S): every choice is as likely.
        for negative in mask {
            let chosen = stream.uniform() * left < wanted;
            *negative = if chosen { T::ONE } else { T::ZERO };
            wanted -= f64::from(u8::from(chosen));
            left -= 1.0;
        }
    }

    fn draw<T: Real>(self, call: &Call<'_, T>, units: usize, mask: &mut [T]) {
        if !self.variant.is_redrawn() {
            let (first, others) = mask.split_at_mut(units);
            self.draw_fixed(first);
            others.chunks_exact_mut(units).for_each(|other| other.copy_from_slice(first));
            return;
        }
        let epoch = match call.phase {
            Phase::Inference => None,
            Phase::Training { epoch, .. } => Some(epoch),
        };
        for (mask, &sample) in mask.chunks_exact_mut(units).zip(call.numbers) {
            let mut stream = Stream::new(self.seed, Purpose::Mixture { epoch, sample });
            for negative in mask {
                *negative = if stream.uniform() < self.fraction { T::ONE } else { T::ZERO };
            }
        }
    }
}

impl<T: Real> Operation<T> for MixLu {
    fn kind(&self) -> &'static str {
        "MixLU"
    }

    fn output_shape(&self, layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError> {
        if !(0.0 <= self.fraction && self.fraction <= 1.0) {
            let (setting, expected) = ("the fraction of negative units", "in [0, 1]");
            return Err(NetworkError::Setting { layer, setting, expected, found: self.fraction });
        }
        Ok(inputs[0])
    }

    /// Neither kind makes a negative number of a positive one.
    fn is_non_negative(&self, inputs: bool) -> bool {
        inputs || self.fraction == 0.0
    }

    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, _scratch: &mut Scratch<T>) {
        let (input, inputs) = call.inputs.only();
        let Tape { outputs, record: slopes } = tape;
        slopes.resize(inputs.len(), T::ZERO);
        self.draw(call, input.units(), slopes);
        let gated = self.variant.is_gated();
        for ((output, slope), &x) in outputs.iter_mut().zip(slopes).zip(inputs) {
            let negative = *slope > T::ZERO;
            let kept = if negative { x < T::ZERO } else { x > T::ZERO };
            let passes = if gated { x > T::ZERO } else { kept };
            *output = if kept { x } else { T::ZERO };
            *slope = if passes { T::ONE } else { T::ZERO };
        }
    }

    fn input_gradient(
        &self,
        _call: &Call<'_, T>,
        _input: usize,
        tape: &Tape<T>,
        output_gradient: &[T],
        gradient: &mut [T],
        _scratch: &mut Scratch<T>,
    ) {
        for ((gradient, &output), &slope) in gradient.iter_mut().zip(output_gradient).zip(&tape.record) {
            *gradient = slope * output;
        }
    }
}
