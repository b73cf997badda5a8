//! What the outputs of a network are to be.

use crate::error::TrainingError;
use crate::evaluation::{Samples, check_labels};
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

/// All images of a data set, one after the other, channels last.
#[derive(Clone, Copy, Debug)]
pub enum Pixels<'a> {
    /// As they are, see [`Samples`].
    Bytes(&'a [u8]),
    /// Preprocessed: what the network sees, value by value.
    Values(&'a [f32]),
}

impl Pixels<'_> {
    /// Number of values.
    pub fn len(self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Values(values) => values.len(),
        }
    }

    /// True if there is no image.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl<'a> From<&'a [u8]> for Pixels<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Pixels<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<&'a [f32]> for Pixels<'a> {
    fn from(values: &'a [f32]) -> Self {
        Self::Values(values)
    }
}

/// Images, and what a network is to make of them.
#[derive(Clone, Copy, Debug)]
pub struct Examples<'a> {
    /// The images.
    pub pixels: Pixels<'a>,
    /// What the outputs are to be.
    pub targets: Targets<'a, f32>,
}

impl<'a> From<Samples<'a>> for Examples<'a> {
    fn from(Samples { pixels, labels }: Samples<'a>) -> Self {
        Self { pixels: Pixels::Bytes(pixels), targets: Targets::Labels(labels) }
    }
}

impl<'a> Examples<'a> {
    /// Number of examples for a network that takes `input` and gives `outputs` values.
    pub(crate) fn count(self, input: Shape, outputs: usize) -> Result<usize, TrainingError> {
        let images = self.pixels.len() / input.units();
        match self.targets {
            Targets::Labels(labels) => {
                check_labels(self.pixels.len(), labels, input, outputs)?;
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

    /// The labels, where the targets are some.
    pub(crate) fn labels(self) -> Option<&'a [u8]> {
        match self.targets {
            Targets::Labels(labels) => Some(labels),
            Targets::Values(_) | Targets::Inputs => None,
        }
    }

    /// Appends the inputs of image `index`, a full-scale byte being `full_scale` (1 or 255).
    pub(crate) fn extend_inputs(self, index: usize, units: usize, full_scale: f32, inputs: &mut Vec<f32>) {
        match self.pixels {
            Pixels::Bytes(pixels) => Samples { pixels, labels: &[] }.extend_inputs(index, units, full_scale, inputs),
            Pixels::Values(values) => inputs.extend_from_slice(&values[index * units..(index + 1) * units]),
        }
    }
}
