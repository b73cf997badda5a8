//! Several inputs side by side.

use crate::error::NetworkError;
use crate::layer::operation::{Arity, Call, Operation, Scratch, Tape};
use crate::real::Real;
use crate::shape::Shape;

/// The channels of all inputs, one input after the other, at each position.
pub(crate) struct Concatenate;

impl<T: Real> Operation<T> for Concatenate {
    fn kind(&self) -> &'static str {
        "Concatenate"
    }

    fn arity(&self) -> Arity {
        Arity::TwoOrMore
    }

    fn output_shape(&self, layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError> {
        let mut channels = 0_usize;
        for &found in inputs {
            if (found.height, found.width) != (inputs[0].height, inputs[0].width) {
                return Err(NetworkError::Merge { layer, expected: inputs[0], found });
            }
            channels = channels.saturating_add(found.channels);
        }
        Ok(Shape { channels, ..inputs[0] })
    }

    fn is_non_negative(&self, inputs: bool) -> bool {
        inputs
    }

    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, _scratch: &mut Scratch<T>) {
        let mut first = 0;
        for input in 0..call.inputs.len() {
            let channels = call.inputs.shape(input).channels;
            let positions = tape.outputs.chunks_exact_mut(call.output.channels);
            for (position, values) in positions.zip(call.inputs.values(input).chunks_exact(channels)) {
                position[first..first + channels].copy_from_slice(values);
            }
            first += channels;
        }
    }

    fn input_gradient(
        &self,
        call: &Call<'_, T>,
        input: usize,
        _tape: &Tape<T>,
        output_gradient: &[T],
        gradient: &mut [T],
        _scratch: &mut Scratch<T>,
    ) {
        let channels = call.inputs.shape(input).channels;
        let first: usize = (0..input).map(|earlier| call.inputs.shape(earlier).channels).sum();
        let positions = output_gradient.chunks_exact(call.output.channels);
        for (gradient, position) in gradient.chunks_exact_mut(channels).zip(positions) {
            gradient.copy_from_slice(&position[first..first + channels]);
        }
    }
}
