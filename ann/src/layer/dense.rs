//! Fully connected layer.

use crate::activation::Activation;
use crate::error::NetworkError;
use crate::layer::{check_tensors, paths};
use crate::matrix::{Destination, Matrix, multiply};
use crate::real::Real;
use crate::shape::Shape;

/// Fully connected layer, `m = x W + b`; the kernel is `[inputs, outputs]`, the output running fastest (as in Keras).
#[derive(Clone, Debug, PartialEq)]
pub struct Dense<T> {
    inputs: usize,
    outputs: usize,
    kernel: Vec<T>,
    bias: Option<Vec<T>>,
    activation: Activation,
}

impl<T: Real> Dense<T> {
    /// A layer with finished weights; the number of outputs is `kernel.len() / inputs`.
    ///
    /// # Errors
    /// If the kernel is not a multiple of `inputs`, or the bias has another length than there are outputs.
    pub fn new(
        inputs: usize,
        kernel: Vec<T>,
        bias: Option<Vec<T>>,
        activation: Activation,
    ) -> Result<Self, NetworkError> {
        let outputs = kernel.len().checked_div(inputs).unwrap_or(0);
        check_tensors(&kernel, inputs * outputs, bias.as_ref(), outputs)?;
        Ok(Self { inputs, outputs, kernel, bias, activation })
    }

    /// Number of input units.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Number of output units.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Weights `[inputs, outputs]`; nA under Noisy Softplus.
    pub fn kernel(&self) -> &[T] {
        &self.kernel
    }

    /// One bias per output.
    pub fn bias(&self) -> Option<&[T]> {
        self.bias.as_deref()
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
        if self.inputs == 0 || self.outputs == 0 {
            return Err(NetworkError::ZeroDimension { layer });
        }
        if !input.is_flat() {
            return Err(NetworkError::NotFlat { layer, input });
        }
        if input.channels != self.inputs {
            return Err(NetworkError::Channels { layer, expected: self.inputs, found: input });
        }
        Ok(Shape::flat(self.outputs))
    }

    fn weights<'a>(&self, weights: &'a [T]) -> Matrix<'a, T> {
        Matrix::new(weights, self.inputs, self.outputs * self.activation.paths())
    }

    pub(crate) fn forward(&self, weights: &[T], inputs: &[T], batch: usize, drive: &mut [T]) {
        let inputs = Matrix::new(inputs, batch, self.inputs);
        paths::drive(inputs, self.weights(weights), self.bias(), self.activation.paths(), drive);
    }

    /// Adds to the parameters' gradients and, if asked, writes the gradient of the inputs.
    pub(crate) fn backward(
        &self,
        weights: &[T],
        inputs: &[T],
        drive_gradient: &[T],
        parameters: &mut [Vec<T>],
        weight_gradient: &mut Vec<T>,
        input_gradient: Option<&mut [T]>,
    ) {
        let paths = self.activation.paths();
        let batch = inputs.len() / self.inputs;
        let drive = Matrix::new(drive_gradient, batch, self.outputs * paths);
        weight_gradient.resize(weights.len(), T::ZERO);
        let samples = Matrix::new(inputs, batch, self.inputs);
        multiply(samples.transposed(), drive, weight_gradient, Destination::Overwrite);
        paths::add_kernel_gradient(weight_gradient, &self.kernel, paths, &mut parameters[0]);
        if self.bias.is_some() {
            paths::add_bias_gradient(drive_gradient, paths, &mut parameters[1]);
        }
        if let Some(input_gradient) = input_gradient {
            multiply(drive, self.weights(weights).transposed(), input_gradient, Destination::Overwrite);
        }
    }
}
