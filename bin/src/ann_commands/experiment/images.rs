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
        let values = match preprocessing {
            Preprocessing::None => [None, None],
            _ => preprocessed([&training, &test], units, preprocessing).map(Some),
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

/// Training and test images in units of bytes, by what is known of the training images.
fn preprocessed(parts: [&ImageSet; 2], units: usize, preprocessing: Preprocessing) -> [Vec<f32>; 2] {
    let mean = MeanImage::of(parts[0].pixels(), units);
    let mut values = parts.map(|part| mean.subtracted(part.pixels()));
    if matches!(preprocessing, Preprocessing::Contrast | Preprocessing::White) {
        let contrast = Contrast::of(&values[0], units);
        values.iter_mut().for_each(|values| contrast.apply(values));
    }
    if preprocessing == Preprocessing::White {
        eprintln!("whitening images of {units} values, which takes minutes");
        let whitening = Whitening::of(&values[0], units);
        values.iter_mut().for_each(|values| whitening.apply(values));
    }
    values
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
