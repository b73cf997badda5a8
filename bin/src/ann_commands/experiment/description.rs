//! What an experiment is: networks in several conditions, how they are trained, what is measured and what is asked.

use super::measure::Measure;
use super::question::Question;
use crate::dataset::DataSet;
use ann::{ActivationChoice, Network, NetworkError, Shape, TrainingSettings};

/// An experiment as it was published, or a small version of it.
pub(super) struct Experiment {
    pub(super) title: &'static str,
    /// Paper or thesis.
    pub(super) source: &'static str,
    pub(super) data: DataSet,
    /// Whether the outputs are to be classes or the inputs.
    pub(super) task: Task,
    pub(super) preprocessing: Preprocessing,
    pub(super) effort: Effort,
    /// What the tables show, one each.
    pub(super) measures: &'static [Measure],
    pub(super) conditions: Vec<Condition>,
    pub(super) questions: Vec<Question>,
    /// What was chosen where the source says nothing or something impossible.
    pub(super) notes: Vec<&'static str>,
}

/// What the outputs are to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    Classes,
    Inputs,
}

/// What networks see of the images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Preprocessing {
    /// The images, a full-scale pixel being 1.
    None,
    /// Less the mean training image, in units of bytes.
    MeanImage,
    /// The same, with even contrast in each image.
    Contrast,
    /// The same, whitened.
    White,
}

/// How much is computed besides the epochs of each condition; the flags may change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Effort {
    /// Runs of each condition, with a seed each.
    pub(super) runs: usize,
    /// Training images, from the first.
    pub(super) images: usize,
    /// Test images, from the first.
    pub(super) test_images: usize,
}

/// How large an experiment is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scale {
    pub(super) size: Size,
    /// Of each condition, where they are not those of the size.
    pub(super) epochs: Option<usize>,
}

/// Whether an experiment is described as it was published or small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    Published,
    Quick,
}

impl Scale {
    /// One of two values.
    pub(super) fn choose<T>(self, published: T, quick: T) -> T {
        match self.size {
            Size::Published => published,
            Size::Quick => quick,
        }
    }

    /// One of two numbers of epochs, or the one asked for.
    pub(super) fn epochs(self, published: usize, quick: usize) -> usize {
        self.epochs.unwrap_or(self.choose(published, quick))
    }
}

/// How to draw a network for such images by a seed.
pub(super) type Recipe = Box<dyn Fn(Shape, u64) -> Result<Network<f32>, NetworkError> + Send + Sync>;

/// What a training begins with.
pub(super) enum Start {
    /// A network drawn by the seed of the run.
    Drawn(Recipe),
    /// The network that another condition, an earlier one, has trained with the same seed, with another activation.
    Trained { condition: String, activation: ActivationChoice },
}

impl Start {
    /// Name of the condition that has to run before.
    pub(super) fn earlier(&self) -> Option<&str> {
        match self {
            Start::Drawn(_) => None,
            Start::Trained { condition, .. } => Some(condition),
        }
    }
}

/// One kind of network, trained in one way.
pub(super) struct Condition {
    /// Name in tables, figures and the file of published numbers.
    pub(super) name: String,
    /// Title of its panel in the figure.
    pub(super) group: String,
    pub(super) start: Start,
    /// The seed is that of the run.
    pub(super) settings: TrainingSettings,
    /// Name of the condition that it is compared with, run by run.
    pub(super) reference: Option<String>,
}
