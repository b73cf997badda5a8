//! What the outputs of a network are to be.

use crate::error::TrainingError;
use crate::evaluation::Samples;
use crate::shape::Shape;

/// What the outputs are to be, for each sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Targets<'a, T> {
    /// A class: 1 at the output of this index, 0 at the others.
    Labels(&'a [u8]),
    /// One value per output, sample after sample.
    Values(&'a [T]),
    /// The inputs themselves, as an auto-encoder has it.
    Inputs,
}

impl<'a, T> From<&'a [u8]> for Targets<'a, T> {
    fn from(labels: &'a [u8]) -> Self {
        Self::Labels(labels)
    }
}

impl<'a, T> From<&'a Vec<u8>> for Targets<'a, T> {
    fn from(labels: &'a Vec<u8>) -> Self {
        Self::Labels(labels)
    }
}

impl<'a, T, const N: usize> From<&'a [u8; N]> for Targets<'a, T> {
    fn from(labels: &'a [u8; N]) -> Self {
        Self::Labels(labels)
    }
}

/// Images as in [`Samples`], and what a network is to make of them.
#[derive(Clone, Copy, Debug)]
pub struct Examples<'a> {
    /// All images, one after the other, channels last.
    pub pixels: &'a [u8],
    /// What the outputs are to be.
    pub targets: Targets<'a, f32>,
}

impl<'a> From<Samples<'a>> for Examples<'a> {
    fn from(Samples { pixels, labels }: Samples<'a>) -> Self {
        Self { pixels, targets: Targets::Labels(labels) }
    }
}

impl<'a> Examples<'a> {
    /// Number of examples for a network that takes `input` and gives `outputs` values.
    pub(crate) fn count(self, input: Shape, outputs: usize) -> Result<usize, TrainingError> {
        let images = self.pixels.len() / input.units();
        match self.targets {
            Targets::Labels(labels) => {
                Samples { pixels: self.pixels, labels }.check(input, outputs)?;
                Ok(labels.len())
            }
            _ if images * input.units() != self.pixels.len() => {
                Err(TrainingError::PixelCount { pixels: self.pixels.len(), input })
            }
            Targets::Values(values) if images.checked_mul(outputs) != Some(values.len()) => {
                Err(TrainingError::TargetCount { expected: images * outputs, found: values.len() })
            }
            Targets::Values(values) => match values.iter().position(|value| !value.is_finite()) {
                Some(index) => Err(TrainingError::TargetValue { sample: index / outputs, found: values[index] }),
                None => Ok(images),
            },
            Targets::Inputs if input.units() != outputs => {
                Err(TrainingError::TargetCount { expected: images * outputs, found: self.pixels.len() })
            }
            Targets::Inputs => Ok(images),
        }
    }
}
