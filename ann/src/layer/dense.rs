//! Fully connected layer.

use std::borrow::Cow;

use crate::activation::Activation;
use crate::error::NetworkError;
use crate::layer::operation::{Call, Learning, Operation, Scratch, Tape};
use crate::layer::{check_flat, check_tensors, paths};
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

    fn weights<'a>(&self, weights: &'a [T]) -> Matrix<'a, T> {
        Matrix::new(weights, self.inputs, self.outputs * self.activation.paths())
    }
}

impl<T: Real> Operation<T> for Dense<T> {
    fn kind(&self) -> &'static str {
        "Dense"
    }

    fn activation(&self) -> Activation {
        self.activation
    }

    fn output_shape(&self, layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError> {
        check_flat(layer, inputs[0], [self.inputs, self.outputs])?;
        Ok(Shape::flat(self.outputs))
    }

    fn is_non_negative(&self, _inputs: bool) -> bool {
        self.activation.is_non_negative()
    }

    fn parameters(&self) -> Vec<&[T]> {
        std::iter::once(&*self.kernel).chain(self.bias.as_deref()).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut [T]> {
        std::iter::once(&mut *self.kernel).chain(self.bias.as_deref_mut()).collect()
    }

    fn decays(&self, parameter: usize) -> bool {
        parameter == 0
    }

    fn prepare(&self) -> Cow<'_, [T]> {
        paths::drive_weights(&self.kernel, self.activation.paths())
    }

    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, _scratch: &mut Scratch<T>) {
        let inputs = call.inputs.values(0);
        let Tape { outputs, record: drive } = tape;
        let paths = self.activation.paths();
        drive.resize(outputs.len() * paths, T::ZERO);
        let inputs = Matrix::new(inputs, inputs.len() / self.inputs, self.inputs);
        paths::drive(inputs, self.weights(call.prepared), self.bias(), paths, drive);
        self.activation.respond(drive, outputs);
    }

    fn backward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, learning: Learning<'_, T>) {
        let inputs = call.inputs.values(0);
        let paths = self.activation.paths();
        let batch = inputs.len() / self.inputs;
        let Learning { output_gradient, parameters, variance_gradient, scratch, .. } = learning;
        paths::drive_gradient(&mut tape.record, output_gradient, paths, variance_gradient);
        let drive = Matrix::new(&tape.record, batch, self.outputs * paths);
        let samples = Matrix::new(inputs, batch, self.inputs).transposed();
        paths::kernel_gradient(&self.kernel, paths, &mut scratch.weight_gradient, &mut parameters[0], |gradient| {
            multiply(samples, drive, gradient, Destination::AddTo);
        });
        if self.bias.is_some() {
            paths::add_bias_gradient(&tape.record, paths, &mut parameters[1]);
        }
    }

    fn input_gradient(
        &self,
        call: &Call<'_, T>,
        _input: usize,
        tape: &Tape<T>,
        _output_gradient: &[T],
        gradient: &mut [T],
        _scratch: &mut Scratch<T>,
    ) {
        let units = self.outputs * self.activation.paths();
        let drive = Matrix::new(&tape.record, tape.record.len() / units, units);
        multiply(drive, self.weights(call.prepared).transposed(), gradient, Destination::Overwrite);
    }
}
