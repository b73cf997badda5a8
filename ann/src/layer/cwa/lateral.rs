//! Averages that inhibit one another.

use std::borrow::Cow;

use crate::activation::Activation;
use crate::error::NetworkError;
use crate::layer::cwa::connections::Connections;
use crate::layer::cwa::{Averaging, Weighting, sum_gradients};
use crate::layer::operation::{Call, Learning, Operation, Scratch, Tape};
use crate::layer::{check_flat, check_length};
use crate::matrix::Destination;
use crate::real::Real;
use crate::shape::Shape;

/// Fully connected averages with inhibitory units of their own, in steps with the same weights:
///
/// ```text
/// p = CWA(inputs);   then `steps` times   q = CWA(p),   p = CWA(inputs and q)
/// ```
///
/// The first half of the inputs and the first half of `p` are excitatory, the rest and all `q` inhibitory; all averages
/// are clipped at 0.
#[derive(Clone, Debug, PartialEq)]
pub struct CwaLateral<T> {
    inputs: usize,
    outputs: usize,
    inhibitory: usize,
    /// `[inputs, outputs]`, `[outputs, inhibitory]` and `[inhibitory, outputs]`.
    kernels: [Vec<T>; 3],
    leak: f64,
    rest: f64,
    steps: usize,
}

/// Parts of a record, over a batch: sums (later slopes, later gradients) of `p` in each step and of `q` in each but the
/// first, outputs `p` of each but the last, and `q`.
struct Parts<'a, T> {
    p_sums: &'a mut [T],
    q_sums: &'a mut [T],
    p: &'a mut [T],
    q: &'a mut [T],
}

impl<T: Real> CwaLateral<T> {
    /// Steps that are usual.
    pub const STEPS: usize = 3;

    /// A layer with finished weights: from the inputs to the outputs `[inputs, outputs]`, from there to the inhibitory
    /// units `[outputs, inhibitory]`, and back `[inhibitory, outputs]`; `leak` and `rest` as in [`Averaging`].
    ///
    /// # Errors
    /// If a kernel has another length than its dimensions say; the number of outputs is that of the first kernel over
    /// `inputs`, that of inhibitory units that of the second over the outputs.
    pub fn new(inputs: usize, kernels: [Vec<T>; 3], leak: f64, rest: f64) -> Result<Self, NetworkError> {
        let outputs = kernels[0].len().checked_div(inputs).unwrap_or(0);
        let inhibitory = kernels[1].len().checked_div(outputs).unwrap_or(0);
        check_length("kernel", &kernels[0], inputs * outputs)?;
        check_length("kernel of the inhibitory units", &kernels[1], outputs * inhibitory)?;
        check_length("kernel from the inhibitory units", &kernels[2], inhibitory * outputs)?;
        Ok(Self { inputs, outputs, inhibitory, kernels, leak, rest, steps: Self::STEPS })
    }

    /// The same layer with another number of steps, 1 or more.
    #[must_use]
    pub fn with_steps(mut self, steps: usize) -> Self {
        self.steps = steps;
        self
    }

    /// Numbers of inputs, outputs and inhibitory units.
    pub fn sizes(&self) -> [usize; 3] {
        [self.inputs, self.outputs, self.inhibitory]
    }

    /// Weights, in the order of [`Self::new`].
    pub fn kernels(&self) -> &[Vec<T>; 3] {
        &self.kernels
    }

    /// Resting conductance and potential.
    pub fn leak_and_rest(&self) -> (f64, f64) {
        (self.leak, self.rest)
    }

    /// Number of steps.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// How each of the kernels averages, and its rows and columns.
    fn stages(&self) -> [(Averaging, [usize; 2]); 3] {
        let of = |weighting| Averaging { weighting, leak: self.leak, rest: self.rest, clips: true };
        let (m, k) = (self.outputs, self.inhibitory);
        [
            (of(Weighting::halves(self.inputs)), [self.inputs, m]),
            (of(Weighting::halves(m)), [m, k]),
            (of(Weighting::Conductance { excitatory: 0 }), [k, m]),
        ]
    }

    /// The three kernels with what was prepared of each.
    fn connections<'a>(&'a self, prepared: &'a [T]) -> [Connections<'a, T>; 3] {
        let (stages, mut rest) = (self.stages(), prepared);
        [0, 1, 2].map(|stage| {
            let ((averaging, sizes), kernel) = (stages[stage], &self.kernels[stage]);
            let (own, others) = rest.split_at(kernel.len());
            rest = others;
            Connections::new(averaging, sizes, kernel, own)
        })
    }

    /// Parts of a record of `batch` samples.
    fn parts<'a>(&self, record: &'a mut Vec<T>, batch: usize) -> Parts<'a, T> {
        let (p, q) = (batch * self.outputs, batch * self.inhibitory);
        record.resize(2 * p * (self.steps + 1) + (3 * q + p) * self.steps, T::ZERO);
        let (p_sums, rest) = record.split_at_mut(2 * p * (self.steps + 1));
        let (q_sums, rest) = rest.split_at_mut(2 * q * self.steps);
        let (p, q) = rest.split_at_mut(p * self.steps);
        Parts { p_sums, q_sums, p, q }
    }
}

impl<T: Real> Operation<T> for CwaLateral<T> {
    fn kind(&self) -> &'static str {
        "CwaLateral"
    }

    fn activation(&self) -> Activation {
        Activation::Relu
    }

    fn output_shape(&self, layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError> {
        if self.kernels.iter().any(Vec::is_empty) || self.steps == 0 {
            return Err(NetworkError::ZeroDimension { layer });
        }
        check_flat(layer, inputs[0], [self.inputs, self.outputs])?;
        for (averaging, [rows, _]) in self.stages() {
            averaging.check(layer, rows)?;
        }
        Ok(Shape::flat(self.outputs))
    }

    fn takes_non_negative(&self) -> bool {
        true
    }

    fn is_non_negative(&self, _inputs: bool) -> bool {
        true
    }

    fn parameters(&self) -> Vec<&[T]> {
        self.kernels.iter().map(Vec::as_slice).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut [T]> {
        self.kernels.iter_mut().map(Vec::as_mut_slice).collect()
    }

    fn decays(&self, _parameter: usize) -> bool {
        true
    }

    fn prepare(&self) -> Cow<'_, [T]> {
        let stages = self.stages().into_iter().zip(&self.kernels);
        let prepared =
            stages.flat_map(|((averaging, [rows, columns]), kernel)| averaging.prepare(kernel, [1, rows, columns]));
        Cow::Owned(prepared.collect())
    }

    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, scratch: &mut Scratch<T>) {
        let inputs = call.inputs.values(0);
        let (m, k) = (self.outputs, self.inhibitory);
        let batch = inputs.len() / self.inputs;
        let [(averaging, _), (inhibition, _), _] = self.stages();
        let [from_inputs, to_inhibitory, from_inhibitory] = self.connections(call.prepared);
        let Tape { outputs, record } = tape;
        let parts = self.parts(record, batch);
        let Scratch { selected, unfolded: sums, .. } = scratch;
        sums.resize(2 * batch * m, T::ZERO);
        from_inputs.sums(inputs, sums, Destination::Overwrite, selected);
        let mut p_sums = parts.p_sums.chunks_exact_mut(2 * batch * m);
        if let Some(first) = p_sums.next() {
            first.copy_from_slice(sums);
            averaging.respond(first, outputs);
        }
        let inhibitory = parts.q_sums.chunks_exact_mut(2 * batch * k).zip(parts.q.chunks_exact_mut(batch * k));
        let steps = p_sums.zip(parts.p.chunks_exact_mut(batch * m)).zip(inhibitory);
        for ((p_sums, p), (q_sums, q)) in steps {
            p.copy_from_slice(outputs);
            to_inhibitory.sums(p, q_sums, Destination::Overwrite, selected);
            inhibition.respond(q_sums, q);
            p_sums.copy_from_slice(sums);
            from_inhibitory.sums(q, p_sums, Destination::AddTo, selected);
            averaging.respond(p_sums, outputs);
        }
    }

    /// Leaves the gradient of the sums over the inputs in the place of the first sums.
    fn backward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, learning: Learning<'_, T>) {
        let inputs = call.inputs.values(0);
        let (m, k) = (self.outputs, self.inhibitory);
        let batch = inputs.len() / self.inputs;
        let [from_inputs, to_inhibitory, from_inhibitory] = self.connections(call.prepared);
        let Learning { output_gradient, parameters, scratch, .. } = learning;
        let parts = self.parts(&mut tape.record, batch);
        let Scratch { unfolded, selected, weight_gradient, .. } = scratch;
        unfolded.resize(batch * (m + k), T::ZERO);
        let (p_gradient, q_gradient) = unfolded.split_at_mut(batch * m);
        p_gradient.copy_from_slice(output_gradient);
        let (first, later) = parts.p_sums.split_at_mut(2 * batch * m);
        let inhibitory = parts.q_sums.chunks_exact_mut(2 * batch * k).zip(parts.q.chunks_exact(batch * k));
        let steps = later.chunks_exact_mut(2 * batch * m).zip(parts.p.chunks_exact(batch * m)).zip(inhibitory);
        for ((p_sums, p), (q_sums, q)) in steps.rev() {
            sum_gradients(p_sums, p_gradient);
            from_inhibitory.add_kernel_gradient(q, p_sums, &mut parameters[2], [selected, weight_gradient]);
            from_inhibitory.input_gradient(p_sums, q_gradient, selected);
            sum_gradients(q_sums, q_gradient);
            to_inhibitory.add_kernel_gradient(p, q_sums, &mut parameters[1], [selected, weight_gradient]);
            to_inhibitory.input_gradient(q_sums, p_gradient, selected);
        }
        sum_gradients(first, p_gradient);
        // The sums over the inputs enter every step.
        for p_sums in later.chunks_exact(2 * batch * m) {
            for (sum, &gradient) in first.iter_mut().zip(p_sums) {
                *sum += gradient;
            }
        }
        from_inputs.add_kernel_gradient(inputs, first, &mut parameters[0], [selected, weight_gradient]);
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
        let [from_inputs, ..] = self.connections(call.prepared);
        let sums = &tape.record[..2 * gradient.len() / self.inputs * self.outputs];
        from_inputs.input_gradient(sums, gradient, &mut scratch.selected);
    }
}
