//! Sum of several inputs.

use crate::error::NetworkError;
use crate::layer::operation::{Arity, Call, Operation, Scratch, Tape};
use crate::real::Real;
use crate::shape::Shape;

/// Sum of inputs of one shape, unit by unit.
pub(crate) struct Add;

impl<T: Real> Operation<T> for Add {
    fn kind(&self) -> &'static str {
        "Add"
    }

    fn arity(&self) -> Arity {
        Arity::TwoOrMore
    }

    fn output_shape(&self, layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError> {
        match inputs.iter().find(|&&shape| shape != inputs[0]) {
            Some(&found) => Err(NetworkError::Merge { layer, expected: inputs[0], found }),
            None => Ok(inputs[0]),
        }
    }

    fn is_non_negative(&self, inputs: bool) -> bool {
        inputs
    }

    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, _scratch: &mut Scratch<T>) {
        tape.outputs.copy_from_slice(call.inputs.values(0));
        for input in 1..call.inputs.len() {
            for (sum, &value) in tape.outputs.iter_mut().zip(call.inputs.values(input)) {
                *sum += value;
            }
        }
    }

    fn input_gradient(
        &self,
        _call: &Call<'_, T>,
        _input: usize,
        _tape: &Tape<T>,
        output_gradient: &[T],
        gradient: &mut [T],
        _scratch: &mut Scratch<T>,
    ) {
        gradient.copy_from_slice(output_gradient);
    }
}
