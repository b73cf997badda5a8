//! Units that are left out at random while a network learns.

use crate::error::NetworkError;
use crate::layer::operation::{Call, Operation, Scratch, Tape};
use crate::pass::Phase;
use crate::random::{Purpose, Stream};
use crate::real::Real;
use crate::shape::Shape;

/// Inverted dropout: in training each unit is 0 with probability `rate`, else multiplied by `1 / (1 - rate)`; after
/// training nothing happens.
///
/// Which units are left out depends on the seed, the epoch, the sample, the layer and the unit alone.
///
/// Srivastava et al. (2014), "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    rate: f64,
}

impl Dropout {
    /// A layer that leaves out this fraction of its inputs, in [0, 1).
    pub const fn new(rate: f64) -> Self {
        Self { rate }
    }

    /// Fraction of the inputs that is left out.
    pub const fn rate(self) -> f64 {
        self.rate
    }
}

impl<T: Real> Operation<T> for Dropout {
    fn kind(&self) -> &'static str {
        "Dropout"
    }

    fn output_shape(&self, layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError> {
        if !(0.0 <= self.rate && self.rate < 1.0) {
            return Err(NetworkError::Setting { layer, setting: "rate", expected: "in [0, 1)", found: self.rate });
        }
        Ok(inputs[0])
    }

    fn is_non_negative(&self, inputs: bool) -> bool {
        inputs
    }

    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, _scratch: &mut Scratch<T>) {
        let (input, inputs) = call.inputs.only();
        let Tape { outputs, record: factors } = tape;
        let Phase::Training { seed, epoch } = call.phase else {
            factors.clear();
            outputs.copy_from_slice(inputs);
            return;
        };
        let kept = T::from_f64(1.0 / (1.0 - self.rate));
        factors.resize(inputs.len(), T::ZERO);
        for (factors, &sample) in factors.chunks_exact_mut(input.units()).zip(call.numbers) {
            let mut stream = Stream::new(seed, Purpose::Dropout { epoch, node: call.node, sample });
            for factor in factors {
                *factor = if stream.uniform() < self.rate { T::ZERO } else { kept };
            }
        }
        for ((output, &input), &factor) in outputs.iter_mut().zip(inputs).zip(&*factors) {
            *output = input * factor;
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
        gradient.copy_from_slice(output_gradient);
        // Nothing is recorded in inference.
        for (gradient, &factor) in gradient.iter_mut().zip(&tape.record) {
            *gradient *= factor;
        }
    }
}
