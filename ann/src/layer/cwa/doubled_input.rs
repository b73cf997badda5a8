//! Images for layers with excitatory and inhibitory inputs.

use crate::error::NetworkError;
use crate::layer::operation::{Call, Operation, Scratch, Tape};
use crate::real::Real;
use crate::shape::Shape;

/// `x' = min(1, max(0, 1.3 x - 0.3))`, twice: channels `0..n` for excitatory synapses, `n..2n` for inhibitory ones.
///
/// Inputs are pixels between 0 and 1; what is below 0.23 becomes silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoubledInput;

impl DoubledInput {
    /// Factor.
    pub const SCALE: f64 = 1.3;
    /// Summand.
    pub const OFFSET: f64 = -0.3;
}

impl<T: Real> Operation<T> for DoubledInput {
    fn kind(&self) -> &'static str {
        "DoubledInput"
    }

    fn output_shape(&self, layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError> {
        let channels = inputs[0].channels.checked_mul(2).ok_or(NetworkError::Size { layer, shape: inputs[0] })?;
        Ok(Shape { channels, ..inputs[0] })
    }

    fn is_non_negative(&self, _inputs: bool) -> bool {
        true
    }

    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, _scratch: &mut Scratch<T>) {
        let (input, inputs) = call.inputs.only();
        let (scale, offset) = (T::from_f64(Self::SCALE), T::from_f64(Self::OFFSET));
        let cells = tape.outputs.chunks_exact_mut(2 * input.channels).zip(inputs.chunks_exact(input.channels));
        for (outputs, inputs) in cells {
            let (first, second) = outputs.split_at_mut(input.channels);
            for (output, &x) in first.iter_mut().zip(inputs) {
                let y = (scale * x + offset).maximum(T::ZERO);
                *output = if y > T::ONE { T::ONE } else { y };
            }
            second.copy_from_slice(first);
        }
    }

    fn input_gradient(
        &self,
        call: &Call<'_, T>,
        _input: usize,
        tape: &Tape<T>,
        output_gradient: &[T],
        gradient: &mut [T],
        _scratch: &mut Scratch<T>,
    ) {
        let (scale, channels) = (T::from_f64(Self::SCALE), call.inputs.shape(0).channels);
        let cells = tape.outputs.chunks_exact(2 * channels).zip(output_gradient.chunks_exact(2 * channels));
        for (gradient, (outputs, output_gradient)) in gradient.chunks_exact_mut(channels).zip(cells) {
            let (first, second) = output_gradient.split_at(channels);
            for (((gradient, &y), &first), &second) in gradient.iter_mut().zip(outputs).zip(first).zip(second) {
                *gradient = if T::ZERO < y && y < T::ONE { scale * (first + second) } else { T::ZERO };
            }
        }
    }
}
