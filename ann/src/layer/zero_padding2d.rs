//! Zeros around a map.

use crate::error::NetworkError;
use crate::layer::operation::{Call, Operation, Scratch, Tape};
use crate::layer::window::Margins;
use crate::real::Real;
use crate::shape::Shape;

/// Rows and columns of zeros around a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZeroPadding2d {
    margins: Margins,
}

impl ZeroPadding2d {
    /// So many rows and columns on each side.
    pub const fn new(margins: Margins) -> Self {
        Self { margins }
    }

    /// Rows and columns on each side.
    pub const fn margins(self) -> Margins {
        self.margins
    }

    /// Calls `visit` with the first value of each line of the map, before and behind the padding, and its length.
    fn each_line(self, input: Shape, output: Shape, batch: usize, mut visit: impl FnMut(usize, usize, usize)) {
        let length = input.width * input.channels;
        for image in 0..batch {
            for row in 0..input.height {
                let padded = (image * output.height + row + self.margins.top) * output.width + self.margins.left;
                visit((image * input.height + row) * length, padded * input.channels, length);
            }
        }
    }
}

impl<T: Real> Operation<T> for ZeroPadding2d {
    fn kind(&self) -> &'static str {
        "ZeroPadding2D"
    }

    fn output_shape(&self, layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError> {
        let Shape { height, width, channels } = inputs[0];
        let Margins { top, bottom, left, right } = self.margins;
        let grown = |size: usize, before: usize, after: usize| size.saturating_add(before).saturating_add(after);
        let shape = Shape::new(grown(height, top, bottom), grown(width, left, right), channels);
        if shape.is_sensible() { Ok(shape) } else { Err(NetworkError::Size { layer, shape }) }
    }

    fn is_non_negative(&self, inputs: bool) -> bool {
        inputs
    }

    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, _scratch: &mut Scratch<T>) {
        let (input, inputs) = call.inputs.only();
        tape.outputs.fill(T::ZERO);
        self.each_line(input, call.output, inputs.len() / input.units(), |from, to, length| {
            tape.outputs[to..to + length].copy_from_slice(&inputs[from..from + length]);
        });
    }

    fn input_gradient(
        &self,
        call: &Call<'_, T>,
        _input: usize,
        _tape: &Tape<T>,
        output_gradient: &[T],
        gradient: &mut [T],
        _scratch: &mut Scratch<T>,
    ) {
        let input = call.inputs.shape(0);
        self.each_line(input, call.output, gradient.len() / input.units(), |from, to, length| {
            gradient[from..from + length].copy_from_slice(&output_gradient[to..to + length]);
        });
    }
}
