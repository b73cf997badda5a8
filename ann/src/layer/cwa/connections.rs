//! Fully connected averages: those of `CwaDense`, and each of the three stages of `CwaLateral`.

use crate::layer::cwa::Averaging;
use crate::layer::cwa::synapses::Synapses;
use crate::matrix::{Destination, Matrix, multiply};
use crate::real::Real;

/// A kernel `[inputs, outputs]` of averages. Sums are `[samples, outputs]` towards +1, then the same towards -1.
pub(super) struct Connections<'a, T> {
    synapses: [Synapses; 2],
    inputs: usize,
    outputs: usize,
    kernel: &'a [T],
    prepared: &'a [T],
}

impl<'a, T: Real> Connections<'a, T> {
    /// Of this kernel, and of what [`Averaging::prepare`] made of it.
    pub(super) fn new(averaging: Averaging, [inputs, outputs]: [usize; 2], kernel: &'a [T], prepared: &'a [T]) -> Self {
        Self { synapses: Synapses::both(averaging.weighting, [1, inputs, outputs]), inputs, outputs, kernel, prepared }
    }

    /// Writes the sums of these inputs, or adds them to what is there.
    pub(super) fn sums(&self, inputs: &[T], sums: &mut [T], destination: Destination, memory: &mut Vec<T>) {
        let batch = inputs.len() / self.inputs;
        let (excitation, inhibition) = sums.split_at_mut(batch * self.outputs);
        for (synapses, sums) in self.synapses.iter().zip([excitation, inhibition]) {
            let inputs = Matrix::new(synapses.select(inputs, memory), batch, synapses.channels());
            multiply(inputs, synapses.matrix(self.prepared), sums, destination);
        }
    }

    /// Adds to the kernel's gradient what follows from that of the sums.
    pub(super) fn add_kernel_gradient(
        &self,
        inputs: &[T],
        sums: &[T],
        gradient: &mut [T],
        [selected, weight_gradient]: [&mut Vec<T>; 2],
    ) {
        let batch = inputs.len() / self.inputs;
        for (synapses, sums) in self.synapses.iter().zip(self.sides(sums)) {
            let samples = Matrix::new(synapses.select(inputs, selected), batch, synapses.channels()).transposed();
            weight_gradient.resize(synapses.channels() * self.outputs, T::ZERO);
            multiply(samples, sums, weight_gradient, Destination::Overwrite);
            synapses.add_kernel_gradient(weight_gradient, self.kernel, gradient);
        }
    }

    /// Writes the gradient of the inputs.
    pub(super) fn input_gradient(&self, sums: &[T], gradient: &mut [T], memory: &mut Vec<T>) {
        gradient.fill(T::ZERO);
        for (synapses, sums) in self.synapses.iter().zip(self.sides(sums)) {
            memory.resize(gradient.len() / self.inputs * synapses.channels(), T::ZERO);
            multiply(sums, synapses.matrix(self.prepared).transposed(), memory, Destination::Overwrite);
            synapses.add_input_gradient(memory, gradient);
        }
    }

    /// Sums towards +1 and towards -1.
    fn sides<'s>(&self, sums: &'s [T]) -> [Matrix<'s, T>; 2] {
        let (excitation, inhibition) = sums.split_at(sums.len() / 2);
        [excitation, inhibition].map(|sums| Matrix::new(sums, sums.len() / self.outputs, self.outputs))
    }
}
