//! A fully connected layer of averages.

use std::borrow::Cow;

use crate::activation::Activation;
use crate::error::NetworkError;
use crate::layer::cwa::connections::Connections;
use crate::layer::cwa::{Averaging, sum_gradients};
use crate::layer::operation::{Call, Learning, Operation, Scratch, Tape};
use crate::layer::{check_flat, check_length};
use crate::matrix::Destination;
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

    fn connections<'a>(&'a self, prepared: &'a [T]) -> Connections<'a, T> {
        Connections::new(self.averaging, [self.inputs, self.outputs], &self.kernel, prepared)
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
        Cow::Owned(self.averaging.prepare(&self.kernel, [1, self.inputs, self.outputs]))
    }

    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, scratch: &mut Scratch<T>) {
        let Tape { outputs, record: sums } = tape;
        sums.resize(2 * outputs.len(), T::ZERO);
        let connections = self.connections(call.prepared);
        connections.sums(call.inputs.values(0), sums, Destination::Overwrite, &mut scratch.selected);
        self.averaging.respond(sums, outputs);
    }

    fn backward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, learning: Learning<'_, T>) {
        let Learning { output_gradient, parameters, scratch, .. } = learning;
        sum_gradients(&mut tape.record, output_gradient);
        let connections = self.connections(call.prepared);
        let memory = [&mut scratch.selected, &mut scratch.weight_gradient];
        connections.add_kernel_gradient(call.inputs.values(0), &tape.record, &mut parameters[0], memory);
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
        self.connections(call.prepared).input_gradient(&tape.record, gradient, &mut scratch.selected);
    }
}
