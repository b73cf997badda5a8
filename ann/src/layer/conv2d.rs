//! Two-dimensional convolution.

use crate::activation::Activation;
use crate::error::NetworkError;
use crate::layer::{check_tensors, paths};
use crate::matrix::{Destination, Matrix, multiply};
use crate::real::Real;
use crate::shape::{Extent, Shape};

/// Shape of a convolution kernel; memory order is row, column, input channel, output channel (HWIO, as in Keras).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelShape {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Input channels.
    pub inputs: usize,
    /// Output channels.
    pub outputs: usize,
}

impl KernelShape {
    /// Number of weights that drive one unit.
    pub const fn fan_in(self) -> usize {
        self.height * self.width * self.inputs
    }

    /// Number of weights.
    pub const fn weights(self) -> usize {
        self.fan_in() * self.outputs
    }

    /// Rows and columns.
    pub const fn window(self) -> Extent {
        Extent::new(self.height, self.width)
    }
}

/// Convolution without padding (cross-correlation: the kernel is not flipped), `m = sum w x + b`.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv2d<T> {
    shape: KernelShape,
    kernel: Vec<T>,
    bias: Option<Vec<T>>,
    stride: Extent,
    activation: Activation,
}

/// Upper size (elements) of the unfolded inputs of one matrix product, so that they stay in the second-level cache.
const UNFOLDED: usize = 65_536;

impl<T: Real> Conv2d<T> {
    /// A layer with finished weights.
    ///
    /// # Errors
    /// If the kernel or the bias has another length than `shape` says.
    pub fn new(
        shape: KernelShape,
        kernel: Vec<T>,
        bias: Option<Vec<T>>,
        stride: Extent,
        activation: Activation,
    ) -> Result<Self, NetworkError> {
        check_tensors(&kernel, shape.weights(), bias.as_ref(), shape.outputs)?;
        Ok(Self { shape, kernel, bias, stride, activation })
    }

    /// Shape of the kernel.
    pub fn kernel_shape(&self) -> KernelShape {
        self.shape
    }

    /// Weights `[height, width, inputs, outputs]`; nA under Noisy Softplus.
    pub fn kernel(&self) -> &[T] {
        &self.kernel
    }

    /// One bias per output channel.
    pub fn bias(&self) -> Option<&[T]> {
        self.bias.as_deref()
    }

    /// Rows and columns from one position of the kernel to the next.
    pub fn stride(&self) -> Extent {
        self.stride
    }

    /// Its activation.
    pub fn activation(&self) -> Activation {
        self.activation
    }

    pub(crate) fn activation_mut(&mut self) -> &mut Activation {
        &mut self.activation
    }

    pub(crate) fn parameters_mut(&mut self) -> Vec<&mut [T]> {
        std::iter::once(&mut *self.kernel).chain(self.bias.as_deref_mut()).collect()
    }

    pub(crate) fn output_shape(&self, layer: usize, input: Shape) -> Result<Shape, NetworkError> {
        if self.shape.weights() == 0 || self.stride.is_empty() {
            return Err(NetworkError::ZeroDimension { layer });
        }
        if input.channels != self.shape.inputs {
            return Err(NetworkError::Channels { layer, expected: self.shape.inputs, found: input });
        }
        if input.height < self.shape.height || input.width < self.shape.width {
            return Err(NetworkError::Window { layer, window: self.shape.window(), input });
        }
        Ok(Shape::new(
            (input.height - self.shape.height) / self.stride.height + 1,
            (input.width - self.shape.width) / self.stride.width + 1,
            self.shape.outputs,
        ))
    }

    /// Images whose unfolded inputs go into one matrix product.
    fn images_per_product(&self, output: Shape) -> usize {
        (UNFOLDED / (output.positions() * self.shape.fan_in())).max(1)
    }

    fn weights<'a>(&self, weights: &'a [T]) -> Matrix<'a, T> {
        Matrix::new(weights, self.shape.fan_in(), self.shape.outputs * self.activation.paths())
    }

    pub(crate) fn forward(
        &self,
        (input, output): (Shape, Shape),
        weights: &[T],
        inputs: &[T],
        unfolded: &mut Vec<T>,
        drive: &mut [T],
    ) {
        let (fan_in, paths) = (self.shape.fan_in(), self.activation.paths());
        let images = self.images_per_product(output);
        let drives = drive.chunks_mut(images * output.units() * paths);
        for (inputs, drive) in inputs.chunks(images * input.units()).zip(drives) {
            self.unfold((input, output), inputs, unfolded);
            let unfolded = Matrix::new(unfolded, unfolded.len() / fan_in, fan_in);
            paths::drive(unfolded, self.weights(weights), self.bias(), paths, drive);
        }
    }

    /// Adds to the parameters' gradients and, if asked, writes the gradient of the inputs.
    #[allow(clippy::too_many_arguments)] // The three scratch buffers are the caller's, so that nothing is allocated here.
    pub(crate) fn backward(
        &self,
        (input, output): (Shape, Shape),
        weights: &[T],
        inputs: &[T],
        drive_gradient: &[T],
        parameters: &mut [Vec<T>],
        weight_gradient: &mut Vec<T>,
        unfolded: &mut Vec<T>,
        mut input_gradient: Option<&mut [T]>,
    ) {
        let (fan_in, paths) = (self.shape.fan_in(), self.activation.paths());
        let images = self.images_per_product(output);
        weight_gradient.clear();
        weight_gradient.resize(weights.len(), T::ZERO);
        let drives = drive_gradient.chunks(images * output.units() * paths);
        for (index, (inputs, drive)) in inputs.chunks(images * input.units()).zip(drives).enumerate() {
            self.unfold((input, output), inputs, unfolded);
            let rows = unfolded.len() / fan_in;
            let drive = Matrix::new(drive, rows, self.shape.outputs * paths);
            let columns = Matrix::new(unfolded, rows, fan_in).transposed();
            multiply(columns, drive, weight_gradient, Destination::AddTo);
            if let Some(gradient) = &mut input_gradient {
                multiply(drive, self.weights(weights).transposed(), unfolded, Destination::Overwrite);
                let first = index * images * input.units();
                self.fold((input, output), unfolded, &mut gradient[first..first + inputs.len()]);
            }
        }
        paths::add_kernel_gradient(weight_gradient, &self.kernel, paths, &mut parameters[0]);
        if self.bias.is_some() {
            paths::add_bias_gradient(drive_gradient, paths, &mut parameters[1]);
        }
    }

    /// Index of the first value under the kernel's row `y` at position (`row`, `column`), within one image.
    ///
    /// Padding would enter here: the row would start outside the image.
    #[inline(always)]
    fn origin(&self, input: Shape, row: usize, column: usize, y: usize) -> usize {
        ((row * self.stride.height + y) * input.width + column * self.stride.width) * input.channels
    }

    /// One row of `unfolded` per position, holding all inputs under the kernel there (im2col).
    fn unfold(&self, (input, output): (Shape, Shape), inputs: &[T], unfolded: &mut Vec<T>) {
        let run = self.shape.width * input.channels;
        let images = inputs.len() / input.units();
        unfolded.resize(images * output.positions() * self.shape.fan_in(), T::ZERO);
        let mut runs = unfolded.chunks_exact_mut(run);
        for image in inputs.chunks_exact(input.units()) {
            for row in 0..output.height {
                for column in 0..output.width {
                    for (y, run) in (0..self.shape.height).zip(&mut runs) {
                        let first = self.origin(input, row, column, y);
                        // An explicit loop: these runs are a few values long, too short for a call to memcpy.
                        for (to, &from) in run.iter_mut().zip(&image[first..]) {
                            *to = from;
                        }
                    }
                }
            }
        }
    }

    /// The transpose of [`Conv2d::unfold`]: sums what belongs to the same input (col2im).
    fn fold(&self, (input, output): (Shape, Shape), unfolded: &[T], inputs: &mut [T]) {
        let run = self.shape.width * input.channels;
        inputs.fill(T::ZERO);
        let mut runs = unfolded.chunks_exact(run);
        for image in inputs.chunks_exact_mut(input.units()) {
            for row in 0..output.height {
                for column in 0..output.width {
                    for (y, run) in (0..self.shape.height).zip(&mut runs) {
                        let first = self.origin(input, row, column, y);
                        for (to, &from) in image[first..].iter_mut().zip(run) {
                            *to += from;
                        }
                    }
                }
            }
        }
    }
}
