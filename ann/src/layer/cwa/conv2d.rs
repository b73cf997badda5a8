//! A convolution of averages.

use std::borrow::Cow;

use crate::activation::Activation;
use crate::error::NetworkError;
use crate::layer::check_length;
use crate::layer::conv2d::KernelShape;
use crate::layer::conv2d::unfold::Unfolding;
use crate::layer::cwa::Averaging;
use crate::layer::operation::{Call, Learning, Operation, Scratch, Tape};
use crate::layer::paths;
use crate::layer::window::{Padding, Window};
use crate::matrix::{Destination, Matrix, multiply};
use crate::pass::VarianceGradient;
use crate::real::Real;
use crate::shape::{Extent, Shape};

/// Units that are an [`Averaging`] of the inputs under their kernel, whose channels have the valences; cells of the
/// padding are silent inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct CwaConv2d<T> {
    shape: KernelShape,
    kernel: Vec<T>,
    window: Window,
    averaging: Averaging,
}

impl<T: Real> CwaConv2d<T> {
    /// A layer with finished weights, without padding.
    ///
    /// # Errors
    /// If the kernel has another length than `shape` says.
    pub fn new(shape: KernelShape, kernel: Vec<T>, stride: Extent, averaging: Averaging) -> Result<Self, NetworkError> {
        check_length("kernel", &kernel, shape.checked_weights().unwrap_or(usize::MAX))?;
        Ok(Self { shape, kernel, window: Window::new(shape.window(), stride), averaging })
    }

    /// The same layer with another padding.
    #[must_use]
    pub fn with_padding(mut self, padding: Padding) -> Self {
        self.window.padding = padding;
        self
    }

    /// Shape of the kernel.
    pub fn kernel_shape(&self) -> KernelShape {
        self.shape
    }

    /// Weights `[height, width, inputs, outputs]`.
    pub fn kernel(&self) -> &[T] {
        &self.kernel
    }

    /// Rows and columns from one position of the kernel to the next.
    pub fn stride(&self) -> Extent {
        self.window.stride
    }

    /// What surrounds the map.
    pub fn padding(&self) -> Padding {
        self.window.padding
    }

    /// How inputs are averaged.
    pub fn averaging(&self) -> Averaging {
        self.averaging
    }

    /// Columns of the matrix of shares.
    fn columns(&self) -> usize {
        2 * self.shape.outputs
    }

    fn shares<'a>(&self, prepared: &'a [T]) -> Matrix<'a, T> {
        Matrix::new(prepared, self.shape.fan_in(), self.columns())
    }
}

impl<T: Real> Operation<T> for CwaConv2d<T> {
    fn kind(&self) -> &'static str {
        "CwaConv2D"
    }

    fn activation(&self) -> Activation {
        self.averaging.activation()
    }

    fn output_shape(&self, layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError> {
        if self.shape.weights() == 0 {
            return Err(NetworkError::ZeroDimension { layer });
        }
        if inputs[0].channels != self.shape.inputs {
            return Err(NetworkError::Channels { layer, expected: self.shape.inputs, found: inputs[0] });
        }
        self.averaging.check(layer, self.shape.inputs)?;
        let positions = self.window.positions(layer, inputs[0])?;
        Ok(Shape::new(positions.height, positions.width, self.shape.outputs))
    }

    fn takes_non_negative(&self) -> bool {
        true
    }

    fn is_non_negative(&self, _inputs: bool) -> bool {
        self.averaging.clips
    }

    fn parameters(&self) -> Vec<&[T]> {
        vec![&self.kernel]
    }

    fn parameters_mut(&mut self) -> Vec<&mut [T]> {
        vec![&mut self.kernel]
    }

    fn decays(&self, _parameter: usize) -> bool {
        true
    }

    fn prepare(&self) -> Cow<'_, [T]> {
        Cow::Owned(self.averaging.shares(&self.kernel, self.shape.inputs, self.shape.outputs))
    }

    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, scratch: &mut Scratch<T>) {
        let (input, inputs) = call.inputs.only();
        let Tape { outputs, record: sums } = tape;
        let columns = self.columns();
        sums.resize(2 * outputs.len(), T::ZERO);
        let unfolding = Unfolding::new(self.window, input, call.output);
        let padded = unfolding.pad(inputs, &mut scratch.padded);
        for block in unfolding.blocks(inputs.len() / input.units()) {
            let unfolded = unfolding.unfold(&block, padded, &mut scratch.unfolded);
            let sums = &mut sums[block.positions.start * columns..block.positions.end * columns];
            multiply(unfolded, self.shares(call.prepared), sums, Destination::Overwrite);
        }
        self.averaging.respond(sums, outputs);
    }

    fn backward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, learning: Learning<'_, T>) {
        let (input, inputs) = call.inputs.only();
        let Learning { output_gradient, parameters, scratch, .. } = learning;
        paths::drive_gradient(&mut tape.record, output_gradient, 2, VarianceGradient::On);
        let Scratch { padded, unfolded, weight_gradient, .. } = scratch;
        weight_gradient.clear();
        weight_gradient.resize(call.prepared.len(), T::ZERO);
        let columns = self.columns();
        let unfolding = Unfolding::new(self.window, input, call.output);
        let padded = unfolding.pad(inputs, padded);
        for block in unfolding.blocks(inputs.len() / input.units()) {
            let positions = block.positions.clone();
            let rows = unfolding.unfold(&block, padded, unfolded).transposed();
            let sums = &tape.record[positions.start * columns..positions.end * columns];
            multiply(rows, Matrix::new(sums, positions.len(), columns), weight_gradient, Destination::AddTo);
        }
        let sizes = [self.shape.inputs, self.shape.outputs];
        self.averaging.add_kernel_gradient(weight_gradient, &self.kernel, sizes, &mut parameters[0]);
    }

    fn input_gradient(
        &self,
        call: &Call<'_, T>,
        _input: usize,
        tape: &Tape<T>,
        _output_gradient: &[T],
        gradient: &mut [T],
        scratch: &mut Scratch<T>,
    ) {
        let input = call.inputs.shape(0);
        let columns = self.columns();
        let unfolding = Unfolding::new(self.window, input, call.output);
        let shares = self.shares(call.prepared).transposed();
        unfolding.fold(gradient, [&mut scratch.padded, &mut scratch.unfolded], |block, unfolded| {
            let positions = block.positions.clone();
            let sums = &tape.record[positions.start * columns..positions.end * columns];
            multiply(Matrix::new(sums, positions.len(), columns), shares, unfolded, Destination::Overwrite);
        });
    }
}
