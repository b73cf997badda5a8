//! The same values in another shape.

use crate::error::NetworkError;
use crate::layer::operation::{Call, Operation, Scratch, Tape};
use crate::real::Real;
use crate::shape::Shape;

/// A map as a flat vector: the memory order (row, column, channel) is the order of the vector already.
pub(crate) struct Flatten;

/// The values in another shape, in the order of the memory: row, column, channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reshape {
    shape: Shape,
}

impl Reshape {
    /// Outputs of this shape, which must have as many units as the inputs.
    pub const fn new(shape: Shape) -> Self {
        Self { shape }
    }

    /// Shape of the outputs.
    pub const fn shape(self) -> Shape {
        self.shape
    }
}

impl<T: Real> Operation<T> for Flatten {
    fn kind(&self) -> &'static str {
        "Flatten"
    }

    fn output_shape(&self, _layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError> {
        Ok(Shape::flat(inputs[0].units()))
    }

    fn is_non_negative(&self, inputs: bool) -> bool {
        inputs
    }

    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, _scratch: &mut Scratch<T>) {
        tape.outputs.copy_from_slice(call.inputs.values(0));
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

impl<T: Real> Operation<T> for Reshape {
    fn kind(&self) -> &'static str {
        "Reshape"
    }

    fn output_shape(&self, layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError> {
        if !self.shape.is_sensible() || self.shape.units() != inputs[0].units() {
            return Err(NetworkError::Reshape { layer, input: inputs[0], output: self.shape });
        }
        Ok(self.shape)
    }

    fn is_non_negative(&self, inputs: bool) -> bool {
        inputs
    }

    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, scratch: &mut Scratch<T>) {
        Flatten.forward(call, tape, scratch);
    }

    fn input_gradient(
        &self,
        call: &Call<'_, T>,
        input: usize,
        tape: &Tape<T>,
        output_gradient: &[T],
        gradient: &mut [T],
        scratch: &mut Scratch<T>,
    ) {
        Flatten.input_gradient(call, input, tape, output_gradient, gradient, scratch);
    }
}
