//! Two learned slopes per channel.

use crate::error::NetworkError;
use crate::layer::check_length;
use crate::layer::operation::{Call, Learning, Operation, Scratch, Tape};
use crate::real::Real;
use crate::shape::Shape;

/// `y = a max(x, 0) + b min(x, 0)` with learned `a` and `b` for each channel: ReLU at (1, 0), NegLU at (0, 1), the
/// magnitude at (1, -1), leaky units at (1, b).
///
/// Weight decay leaves both alone. The form with a kernel for each side is a graph: ReLU and NegLU of the same map,
/// a depthwise convolution behind each, and their sum.
///
/// Maharaj (2015).
#[derive(Clone, Debug, PartialEq)]
pub struct ConvAct<T> {
    above: Vec<T>,
    below: Vec<T>,
}

impl<T: Real> ConvAct<T> {
    /// A layer with these slopes above and below 0, one of each per channel;
    /// [`Initialiser::Normal`](crate::initialiser::Initialiser) around 1 and around 0 are a start.
    ///
    /// # Errors
    /// If there are not as many of one as of the other.
    pub fn new(above: Vec<T>, below: Vec<T>) -> Result<Self, NetworkError> {
        check_length("slopes below 0", &below, above.len())?;
        Ok(Self { above, below })
    }

    /// Slope above 0 of each channel.
    pub fn above(&self) -> &[T] {
        &self.above
    }

    /// Slope below 0 of each channel.
    pub fn below(&self) -> &[T] {
        &self.below
    }
}

impl<T: Real> Operation<T> for ConvAct<T> {
    fn kind(&self) -> &'static str {
        "ConvAct"
    }

    fn output_shape(&self, layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError> {
        if inputs[0].channels == self.above.len() {
            return Ok(inputs[0]);
        }
        Err(NetworkError::Channels { layer, expected: self.above.len(), found: inputs[0] })
    }

    /// Training may turn the slopes to either sign.
    fn is_non_negative(&self, _inputs: bool) -> bool {
        false
    }

    fn parameters(&self) -> Vec<&[T]> {
        vec![&self.above, &self.below]
    }

    fn parameters_mut(&mut self) -> Vec<&mut [T]> {
        vec![&mut self.above, &mut self.below]
    }

    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, _scratch: &mut Scratch<T>) {
        let channels = self.above.len();
        let inputs = call.inputs.values(0).chunks_exact(channels);
        for (outputs, inputs) in tape.outputs.chunks_exact_mut(channels).zip(inputs) {
            let slopes = self.above.iter().zip(&self.below);
            for ((output, &x), (&above, &below)) in outputs.iter_mut().zip(inputs).zip(slopes) {
                *output = x * if x > T::ZERO { above } else { below };
            }
        }
    }

    fn backward(&self, call: &Call<'_, T>, _tape: &mut Tape<T>, learning: Learning<'_, T>) {
        let channels = self.above.len();
        let [above, below] = learning.parameters else { return };
        let inputs = call.inputs.values(0).chunks_exact(channels);
        for (gradients, inputs) in learning.output_gradient.chunks_exact(channels).zip(inputs) {
            let sums = above.iter_mut().zip(below.iter_mut());
            for ((&gradient, &x), (above, below)) in gradients.iter().zip(inputs).zip(sums) {
                let product = gradient * x;
                *above += if x > T::ZERO { product } else { T::ZERO };
                *below += if x > T::ZERO { T::ZERO } else { product };
            }
        }
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
        let channels = self.above.len();
        let inputs = call.inputs.values(0).chunks_exact(channels).zip(output_gradient.chunks_exact(channels));
        for (gradient, (inputs, outputs)) in gradient.chunks_exact_mut(channels).zip(inputs) {
            let slopes = self.above.iter().zip(&self.below);
            let values = inputs.iter().zip(outputs);
            for ((gradient, (&x, &output)), (&above, &below)) in gradient.iter_mut().zip(values).zip(slopes) {
                *gradient = output * if x > T::ZERO { above } else { below };
            }
        }
    }
}
