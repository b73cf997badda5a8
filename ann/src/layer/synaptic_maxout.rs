//! The greatest or least of the products of a unit's synapses.

use crate::error::NetworkError;
use crate::layer::operation::{Call, Learning, Operation, Scratch, Tape};
use crate::layer::{check_flat, check_tensors, paths};
use crate::real::Real;
use crate::shape::Shape;

/// Most inputs: `f32`, in which the pass keeps the chosen one, counts so far.
const MOST_INPUTS: usize = 1 << 24;

/// Maxout synapse by synapse, without summation: `y_j = max_i (x_i w_ij) + b_j`, and `min_i (x_i w_ij) + b_j` for the first `round(q n)`
/// of the `n` outputs; the kernel is `[inputs, outputs]`, the output running fastest, as in [`Dense`](crate::Dense).
///
/// The gradient goes to the chosen synapse and its input, the first of equals. This is how Maharaj (2015) words Maxout;
/// [`Maxout`](crate::Maxout) is that of Goodfellow et al. (2013), the greatest of several sums.
#[derive(Clone, Debug, PartialEq)]
pub struct SynapticMaxout<T> {
    inputs: usize,
    outputs: usize,
    kernel: Vec<T>,
    bias: Option<Vec<T>>,
    minima: f64,
}

impl<T: Real> SynapticMaxout<T> {
    /// A layer of maxima with finished weights; the number of outputs is `kernel.len() / inputs`.
    ///
    /// # Errors
    /// If the kernel is not a multiple of `inputs`, or the bias has another length than there are outputs.
    pub fn new(inputs: usize, kernel: Vec<T>, bias: Option<Vec<T>>) -> Result<Self, NetworkError> {
        let outputs = kernel.len().checked_div(inputs).unwrap_or(0);
        check_tensors(&kernel, inputs * outputs, bias.as_ref(), outputs)?;
        Ok(Self { inputs, outputs, kernel, bias, minima: 0.0 })
    }

    /// The same layer with a fraction of its outputs, in [0, 1], being minima.
    #[must_use]
    pub fn with_minima(mut self, fraction: f64) -> Self {
        self.minima = fraction;
        self
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

    /// One bias per output.
    pub fn bias(&self) -> Option<&[T]> {
        self.bias.as_deref()
    }

    /// Fraction of the outputs that are minima.
    pub fn minima(&self) -> f64 {
        self.minima
    }

    /// Number of minima.
    fn least(&self) -> usize {
        (self.minima * self.outputs as f64).round() as usize
    }
}

impl<T: Real> Operation<T> for SynapticMaxout<T> {
    fn kind(&self) -> &'static str {
        "SynapticMaxout"
    }

    fn output_shape(&self, layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError> {
        if !(0.0 <= self.minima && self.minima <= 1.0) {
            let (setting, found) = ("the fraction of minima", self.minima);
            return Err(NetworkError::Setting { layer, setting, expected: "in [0, 1]", found });
        }
        if self.inputs > MOST_INPUTS {
            let (setting, found) = ("the number of inputs", self.inputs as f64);
            return Err(NetworkError::Setting { layer, setting, expected: "16777216 or fewer", found });
        }
        check_flat(layer, inputs[0], [self.inputs, self.outputs])?;
        Ok(Shape::flat(self.outputs))
    }

    /// Weights may be negative.
    fn is_non_negative(&self, _inputs: bool) -> bool {
        false
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

    /// The record holds the index of each output's input.
    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, _scratch: &mut Scratch<T>) {
        let least = self.least();
        let Tape { outputs, record } = tape;
        record.clear();
        record.resize(outputs.len(), T::ZERO);
        let samples = outputs.chunks_exact_mut(self.outputs).zip(record.chunks_exact_mut(self.outputs));
        for ((outputs, chosen), inputs) in samples.zip(call.inputs.values(0).chunks_exact(self.inputs)) {
            for (index, (&x, weights)) in inputs.iter().zip(self.kernel.chunks_exact(self.outputs)).enumerate() {
                if index == 0 {
                    outputs.iter_mut().zip(weights).for_each(|(output, &weight)| *output = x * weight);
                    continue;
                }
                let index = T::from_f64(index as f64);
                let (minima, maxima) = outputs.split_at_mut(least);
                let (of_minima, of_maxima) = chosen.split_at_mut(least);
                choose(minima, of_minima, (index, x), &weights[..least], |product, output| product < output);
                choose(maxima, of_maxima, (index, x), &weights[least..], |product, output| product > output);
            }
        }
        if let Some(bias) = &self.bias {
            paths::add_bias(bias, 1, outputs);
        }
    }

    fn backward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, learning: Learning<'_, T>) {
        let Learning { output_gradient, parameters, .. } = learning;
        let samples = tape.record.chunks_exact(self.outputs).zip(output_gradient.chunks_exact(self.outputs));
        for ((chosen, gradients), inputs) in samples.zip(call.inputs.values(0).chunks_exact(self.inputs)) {
            for (output, (chosen, &gradient)) in chosen.iter().zip(gradients).enumerate() {
                let input = chosen.to_f64() as usize;
                parameters[0][input * self.outputs + output] += gradient * inputs[input];
            }
        }
        if self.bias.is_some() {
            paths::add_bias_gradient(output_gradient, 1, &mut parameters[1]);
        }
    }

    fn input_gradient(
        &self,
        _call: &Call<'_, T>,
        _input: usize,
        tape: &Tape<T>,
        output_gradient: &[T],
        gradient: &mut [T],
        _scratch: &mut Scratch<T>,
    ) {
        gradient.fill(T::ZERO);
        let samples = tape.record.chunks_exact(self.outputs).zip(output_gradient.chunks_exact(self.outputs));
        for ((chosen, outputs), gradient) in samples.zip(gradient.chunks_exact_mut(self.inputs)) {
            for (output, (chosen, &output_gradient)) in chosen.iter().zip(outputs).enumerate() {
                let input = chosen.to_f64() as usize;
                gradient[input] += output_gradient * self.kernel[input * self.outputs + output];
            }
        }
    }
}

/// Puts the products of one input where they are better than what is there.
#[inline(always)]
fn choose<T: Real>(
    outputs: &mut [T],
    chosen: &mut [T],
    (index, x): (T, T),
    weights: &[T],
    is_better: impl Fn(T, T) -> bool,
) {
    for ((output, chosen), &weight) in outputs.iter_mut().zip(chosen).zip(weights) {
        let product = x * weight;
        let better = is_better(product, *output);
        *output = if better { product } else { *output };
        *chosen = if better { index } else { *chosen };
    }
}
