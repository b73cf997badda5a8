//! A change of units.

use crate::error::NetworkError;
use crate::layer::operation::{Call, Operation, Scratch, Tape};
use crate::real::Real;
use crate::shape::Shape;

/// `y = scale x + offset` with constants, as at the start of a model that takes raw pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rescaling {
    scale: f64,
    offset: f64,
}

impl Rescaling {
    /// `y = scale x + offset`.
    pub const fn new(scale: f64, offset: f64) -> Self {
        Self { scale, offset }
    }

    /// Factor.
    pub const fn scale(self) -> f64 {
        self.scale
    }

    /// Summand.
    pub const fn offset(self) -> f64 {
        self.offset
    }
}

impl<T: Real> Operation<T> for Rescaling {
    fn kind(&self) -> &'static str {
        "Rescaling"
    }

    fn output_shape(&self, layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError> {
        for (setting, found) in [("scale", self.scale), ("offset", self.offset)] {
            if !found.is_finite() {
                return Err(NetworkError::Setting { layer, setting, expected: "finite", found });
            }
        }
        Ok(inputs[0])
    }

    fn is_non_negative(&self, inputs: bool) -> bool {
        inputs && self.scale >= 0.0 && self.offset >= 0.0
    }

    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, _scratch: &mut Scratch<T>) {
        let (scale, offset) = (T::from_f64(self.scale), T::from_f64(self.offset));
        for (output, &input) in tape.outputs.iter_mut().zip(call.inputs.values(0)) {
            *output = scale * input + offset;
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
        let scale = T::from_f64(self.scale);
        for (gradient, &output) in gradient.iter_mut().zip(output_gradient) {
            *gradient = scale * output;
        }
    }
}
