//! A fully connected layer of averages.

use std::borrow::Cow;

use crate::activation::Activation;
use crate::error::NetworkError;
use crate::layer::cwa::Averaging;
use crate::layer::operation::{Call, Learning, Operation, Scratch, Tape};
use crate::layer::paths;
use crate::layer::{check_flat, check_length};
use crate::matrix::{Destination, Matrix, multiply};
use crate::pass::VarianceGradient;
use crate::real::Real;
use crate::shape::Shape;

/// Fully connected units, each an [`Averaging`] of all inputs; the kernel is `[inputs, outputs]`, the output running
/// fastest.
#[derive(Clone, Debug, PartialEq)]
#[doc(alias = "conductance-weighted averaging")]
pub struct CwaDense<T> {
    inputs: usize,
    outputs: usize,
    kernel: Vec<T>,
    averaging: Averaging,
}

impl<T: Real> CwaDense<T> {
    /// A layer with finished weights; the number of outputs is `kernel.len() / inputs`.
    ///
    /// # Errors
    /// If the kernel is not a multiple of `inputs`.
    pub fn new(inputs: usize, kernel: Vec<T>, averaging: Averaging) -> Result<Self, NetworkError> {
        let outputs = kernel.len().checked_div(inputs).unwrap_or(0);
        check_length("kernel", &kernel, inputs * outputs)?;
        Ok(Self { inputs, outputs, kernel, averaging })
    }

    /// Number of input units.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Number of output units.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Weights `[inputs, outputs]`.
    pub fn kernel(&self) -> &[T] {
        &self.kernel
    }

    /// How inputs are averaged.
    pub fn averaging(&self) -> Averaging {
        self.averaging
    }

    fn shares<'a>(&self, prepared: &'a [T]) -> Matrix<'a, T> {
        Matrix::new(prepared, self.inputs, 2 * self.outputs)
    }
}

impl<T: Real> Operation<T> for CwaDense<T> {
    fn kind(&self) -> &'static str {
        "CwaDense"
    }

    fn activation(&self) -> Activation {
        self.averaging.activation()
    }

    fn output_shape(&self, layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError> {
        check_flat(layer, inputs[0], [self.inputs, self.outputs])?;
        self.averaging.check(layer, self.inputs)?;
        Ok(Shape::flat(self.outputs))
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
        Cow::Owned(self.averaging.shares(&self.kernel, self.inputs, self.outputs))
    }

    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, _scratch: &mut Scratch<T>) {
        let inputs = call.inputs.values(0);
        let Tape { outputs, record: sums } = tape;
        sums.resize(2 * outputs.len(), T::ZERO);
        let inputs = Matrix::new(inputs, inputs.len() / self.inputs, self.inputs);
        multiply(inputs, self.shares(call.prepared), sums, Destination::Overwrite);
        self.averaging.respond(sums, outputs);
    }

    fn backward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, learning: Learning<'_, T>) {
        let inputs = call.inputs.values(0);
        let batch = inputs.len() / self.inputs;
        let Learning { output_gradient, parameters, scratch, .. } = learning;
        paths::drive_gradient(&mut tape.record, output_gradient, 2, VarianceGradient::On);
        let sums = Matrix::new(&tape.record, batch, 2 * self.outputs);
        let gradient = &mut scratch.weight_gradient;
        gradient.resize(call.prepared.len(), T::ZERO);
        let samples = Matrix::new(inputs, batch, self.inputs).transposed();
        multiply(samples, sums, gradient, Destination::Overwrite);
        let sizes = [self.inputs, self.outputs];
        self.averaging.add_kernel_gradient(gradient, &self.kernel, sizes, &mut parameters[0]);
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
        let columns = 2 * self.outputs;
        let sums = Matrix::new(&tape.record, tape.record.len() / columns, columns);
        multiply(sums, self.shares(call.prepared).transposed(), gradient, Destination::Overwrite);
    }
}
