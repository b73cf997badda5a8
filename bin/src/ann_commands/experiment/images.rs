//! The images of an experiment, as its networks see them.

use super::description::{Effort, Preprocessing, Task};
use ann::preprocessing::{Contrast, MeanImage, Whitening};
use ann::{Examples, Pixels, Shape, Targets};
use data::ImageSet;

/// Training and test images.
pub(super) struct Images {
    training: Part,
    test: Part,
}

/// One of both.
pub(super) struct Part {
    images: ImageSet,
    /// Preprocessed, where they are.
    values: Option<Vec<f32>>,
}

impl Images {
    /// The first images of both parts.
    pub(super) fn new(training: &ImageSet, test: &ImageSet, effort: Effort, preprocessing: Preprocessing) -> Images {
        let (training, test) = (training.first(effort.images), test.first(effort.test_images));
        let units = training.image_size();
        let values: [Option<Vec<f32>>; 2] = match preprocessing {
            Preprocessing::None => [None, None],
            Preprocessing::MeanImage => {
                let mean = MeanImage::of(training.pixels(), units);
                [&training, &test].map(|part| Some(mean.subtracted(part.pixels())))
            }
            Preprocessing::Contrast => {
                let contrast = Contrast::of(training.pixels(), units);
                [&training, &test].map(|part| Some(contrast.normalised(part.pixels())))
            }
            Preprocessing::White => {
                let contrast = Contrast::of(training.pixels(), units);
                let [mut seen, mut tested] = [&training, &test].map(|part| contrast.normalised(part.pixels()));
                eprintln!("whitening images of {units} values, which takes minutes");
                let whitening = Whitening::of(&seen, units);
                whitening.apply(&mut seen);
                whitening.apply(&mut tested);
                [Some(seen), Some(tested)]
            }
        };
        let [seen, tested] = values;
        Images { training: Part { images: training, values: seen }, test: Part { images: test, values: tested } }
    }

    /// Shape of an image.
    pub(super) fn input(&self) -> Shape {
        let ImageSet { height, width, channels, .. } = self.training.images;
        Shape::new(height, width, channels)
    }

    pub(super) fn training(&self) -> &Part {
        &self.training
    }

    pub(super) fn test(&self) -> &Part {
        &self.test
    }
}

impl Part {
    /// Number of images.
    pub(super) fn len(&self) -> usize {
        self.images.len()
    }

    /// The images and what the outputs are to be.
    pub(super) fn examples(&self, task: Task) -> Examples<'_> {
        let targets = match task {
            Task::Classes => Targets::Labels(self.images.labels()),
            Task::Inputs => Targets::Inputs,
        };
        let pixels = self.values.as_deref().map_or(Pixels::Bytes(self.images.pixels()), Pixels::Values);
        Examples { pixels, targets }
    }
}
