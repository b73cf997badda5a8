//! An activation as a layer of its own.

use crate::activation::Activation;
use crate::error::NetworkError;
use crate::layer::operation::{Call, Learning, Operation, Scratch, Tape};
use crate::layer::paths;
use crate::real::Real;
use crate::shape::Shape;

/// Every activation but Noisy Softplus, which needs the variance path of a weighted layer.
impl<T: Real> Operation<T> for Activation {
    fn kind(&self) -> &'static str {
        "Activation"
    }

    fn activation(&self) -> Activation {
        *self
    }

    fn output_shape(&self, layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError> {
        match self.paths() {
            1 => Ok(inputs[0]),
            _ => Err(NetworkError::NoVariance { layer }),
        }
    }

    /// No activation makes a negative number of a positive one.
    fn is_non_negative(&self, inputs: bool) -> bool {
        inputs || Activation::is_non_negative(*self)
    }

    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, _scratch: &mut Scratch<T>) {
        let Tape { outputs, record: drive } = tape;
        drive.clear();
        drive.extend_from_slice(call.inputs.values(0));
        self.respond(drive, outputs);
    }

    fn backward(&self, _call: &Call<'_, T>, tape: &mut Tape<T>, learning: Learning<'_, T>) {
        paths::drive_gradient(&mut tape.record, learning.output_gradient, 1, learning.variance_gradient);
    }

    fn input_gradient(
        &self,
        _call: &Call<'_, T>,
        _input: usize,
        tape: &Tape<T>,
        _output_gradient: &[T],
        gradient: &mut [T],
        _scratch: &mut Scratch<T>,
    ) {
        gradient.copy_from_slice(&tape.record);
    }
}
