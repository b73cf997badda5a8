//! The greatest or least of several linear pieces.

use crate::error::NetworkError;
use crate::layer::operation::{Call, Operation, Scratch, Tape};
use crate::real::Real;
use crate::shape::Shape;

/// Maxout: each output channel is the greatest of `k` neighbouring input channels; behind a linear dense or convolution
/// layer with `k` times as many channels, `y = max_j (W_j x + b_j)`.
///
/// Min-Maxout: the first `round(q n)` of the `n` output channels are the least instead. The gradient goes to the chosen
/// piece, the first of equals.
///
/// Goodfellow et al. (2013), "Maxout networks", arXiv:1302.4389; Maharaj (2015) for the minima.
#[derive(Clone, Copy, Debug, PartialEq)]
#[doc(alias = "Min-Maxout")]
pub struct Maxout {
    pieces: usize,
    minima: f64,
}

impl Maxout {
    /// The greatest of so many pieces, two or more.
    pub const fn new(pieces: usize) -> Self {
        Self { pieces, minima: 0.0 }
    }

    /// The same layer with a fraction of its output channels, in [0, 1], being the least of their pieces; one half is
    /// usual.
    #[must_use]
    pub const fn with_minima(mut self, fraction: f64) -> Self {
        self.minima = fraction;
        self
    }

    /// Pieces of each output channel.
    pub const fn pieces(self) -> usize {
        self.pieces
    }

    /// Fraction of the output channels that are minima.
    pub const fn minima(self) -> f64 {
        self.minima
    }

    /// Number of minima among `channels` output channels.
    fn least(self, channels: usize) -> usize {
        (self.minima * channels as f64).round() as usize
    }
}

impl<T: Real> Operation<T> for Maxout {
    fn kind(&self) -> &'static str {
        if self.minima == 0.0 { "Maxout" } else { "Min-Maxout" }
    }

    fn output_shape(&self, layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError> {
        if self.pieces < 2 {
            let (setting, found) = ("the number of pieces", self.pieces as f64);
            return Err(NetworkError::Setting { layer, setting, expected: "2 or more", found });
        }
        if !(0.0 <= self.minima && self.minima <= 1.0) {
            let (setting, found) = ("the fraction of minima", self.minima);
            return Err(NetworkError::Setting { layer, setting, expected: "in [0, 1]", found });
        }
        if !inputs[0].channels.is_multiple_of(self.pieces) {
            return Err(NetworkError::Pieces { layer, pieces: self.pieces, found: inputs[0] });
        }
        Ok(Shape { channels: inputs[0].channels / self.pieces, ..inputs[0] })
    }

    fn is_non_negative(&self, inputs: bool) -> bool {
        inputs
    }

    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, _scratch: &mut Scratch<T>) {
        let (input, inputs) = call.inputs.only();
        let channels = call.output.channels;
        let least = self.least(channels);
        for (outputs, cell) in tape.outputs.chunks_exact_mut(channels).zip(inputs.chunks_exact(input.channels)) {
            for (channel, (output, pieces)) in outputs.iter_mut().zip(cell.chunks_exact(self.pieces)).enumerate() {
                *output = pieces[0];
                for &piece in &pieces[1..] {
                    let better = if channel < least { piece < *output } else { piece > *output };
                    *output = if better { piece } else { *output };
                }
            }
        }
    }

    fn input_gradient(
        &self,
        call: &Call<'_, T>,
        _input: usize,
        tape: &Tape<T>,
        output_gradient: &[T],
        gradient: &mut [T],
        _scratch: &mut Scratch<T>,
    ) {
        let inputs = call.inputs.values(0);
        gradient.fill(T::ZERO);
        let outputs = tape.outputs.iter().zip(output_gradient);
        let pieces = inputs.chunks_exact(self.pieces).zip(gradient.chunks_exact_mut(self.pieces));
        for ((&output, &output_gradient), (pieces, gradient)) in outputs.zip(pieces) {
            if let Some(chosen) = pieces.iter().position(|&piece| piece == output) {
                gradient[chosen] = output_gradient;
            }
        }
    }
}
