//! Accuracy of a network on labelled images.

use rayon::prelude::*;

use crate::error::TrainingError;
use crate::loss::largest;
use crate::network::Network;
use crate::pass::{Pass, Phase};
use crate::shape::Shape;
use crate::workspace::Workspace;

/// Labelled images, one byte per pixel and channel, channels last; networks see `pixel / 255`, or the bytes themselves
/// where they begin by rescaling them ([`Network::full_scale`]).
#[derive(Clone, Copy, Debug)]
pub struct Samples<'a> {
    /// All images, one after the other.
    pub pixels: &'a [u8],
    /// One class per image.
    pub labels: &'a [u8],
}

impl<'a> Samples<'a> {
    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Checks that images of shape `input` and labels below `classes` are what these are.
    pub(crate) fn check(&self, input: Shape, classes: usize) -> Result<(), TrainingError> {
        check_labels(self.pixels.len(), self.labels, input, classes)
    }

    /// Appends the inputs of image `index`, a full-scale pixel being `full_scale` (1 or 255).
    pub(crate) fn extend_inputs(&self, index: usize, units: usize, full_scale: f32, inputs: &mut Vec<f32>) {
        let image = &self.pixels[index * units..(index + 1) * units];
        let divisor = 255.0 / full_scale;
        inputs.extend(image.iter().map(|&pixel| f32::from(pixel) / divisor));
    }

    /// All images as inputs of `network`.
    pub fn inputs(&self, network: &Network<f32>) -> Vec<f32> {
        let divisor = 255.0 / network.full_scale() as f32;
        self.pixels.iter().map(|&pixel| f32::from(pixel) / divisor).collect()
    }
}

/// Checks that so many pixels are those of images of shape `input`, one for each label, and the labels below `classes`.
pub(crate) fn check_labels(pixels: usize, labels: &[u8], input: Shape, classes: usize) -> Result<(), TrainingError> {
    if labels.len().checked_mul(input.units()) != Some(pixels) {
        return Err(TrainingError::SampleSize { labels: labels.len(), pixels, input });
    }
    match labels.iter().position(|&label| usize::from(label) >= classes) {
        Some(sample) => Err(TrainingError::Label { sample, label: labels[sample], classes }),
        None => Ok(()),
    }
}

/// How many images a network classified correctly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// Correctly classified images.
    pub correct: usize,
    /// All images.
    pub images: usize,
}

impl Evaluation {
    /// Correct over all images.
    pub fn accuracy(self) -> f64 {
        self.correct as f64 / self.images as f64
    }
}

/// Images that one thread evaluates together.
const IMAGES_PER_PASS: usize = 32;

/// Class of each image: the index of the largest output, the first of equals.
///
/// # Errors
/// If the pixels are not those of one image per label.
pub fn predict(network: &Network<f32>, samples: Samples<'_>) -> Result<Vec<u8>, TrainingError> {
    let (units, classes) = (network.input().units(), network.output().units());
    samples.check(network.input(), classes)?;
    let pass = Pass::new(network, Phase::Inference);
    let full_scale = network.full_scale() as f32;
    let mut predictions = vec![0; samples.len()];
    predictions.par_chunks_mut(IMAGES_PER_PASS).enumerate().for_each_init(
        || (Workspace::new(), Vec::new()),
        |(workspace, inputs), (part, predictions)| {
            inputs.clear();
            for offset in 0..predictions.len() {
                samples.extend_inputs(part * IMAGES_PER_PASS + offset, units, full_scale, inputs);
            }
            pass.forward(inputs, part * IMAGES_PER_PASS, workspace);
            let outputs = workspace.outputs(network.layers().len() - 1).chunks_exact(classes);
            for (prediction, outputs) in predictions.iter_mut().zip(outputs) {
                *prediction = largest(outputs) as u8;
            }
        },
    );
    Ok(predictions)
}

/// Counts the images that `network` classifies correctly, in parallel.
///
/// # Errors
/// If the pixels are not those of one image per label, or a label is beyond the outputs.
pub fn evaluate(network: &Network<f32>, samples: Samples<'_>) -> Result<Evaluation, TrainingError> {
    let predictions = predict(network, samples)?;
    let correct = predictions.iter().zip(samples.labels).filter(|(prediction, label)| prediction == label).count();
    Ok(Evaluation { correct, images: samples.len() })
}
