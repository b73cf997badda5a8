//! Images made easier to learn from: less their mean, or with even contrast and white. Values stay in units of bytes.

mod whitening;

pub use whitening::Whitening;

/// The mean of each value over all images of a training set, in units of bytes.
///
/// ```
/// use ann::preprocessing::MeanImage;
///
/// let mean = MeanImage::of(&[0, 255, 100, 255], 2);
/// assert_eq!(mean.values(), [50.0, 255.0]);
/// assert_eq!(mean.subtracted(&[60, 0]), [10.0, -255.0]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MeanImage(Vec<f32>);

impl MeanImage {
    /// Of images of so many values each.
    ///
    /// # Panics
    /// If there is no image, or not a whole number of them.
    pub fn of(pixels: &[u8], units: usize) -> Self {
        let images = count(pixels.len(), units);
        // Sums of bytes are whole numbers, exact for 2^45 images.
        let mut sums = vec![0.0; units];
        for image in pixels.chunks_exact(units) {
            sums.iter_mut().zip(image).for_each(|(sum, &pixel)| *sum += f64::from(pixel));
        }
        Self(sums.into_iter().map(|sum| (sum / images as f64) as f32).collect())
    }

    /// The mean image.
    pub fn values(&self) -> &[f32] {
        &self.0
    }

    /// Images less the mean image.
    ///
    /// # Panics
    /// If it is not a whole number of images of this size.
    pub fn subtracted(&self, pixels: &[u8]) -> Vec<f32> {
        count(pixels.len(), self.0.len());
        let means = self.0.iter().cycle();
        pixels.iter().zip(means).map(|(&pixel, &mean)| f32::from(pixel) - mean).collect()
    }
}

/// Smallest standard deviation of an image, in bytes, that is made even: an image almost of one colour is mostly noise.
const FAINTEST: f64 = 40.0;

/// Even contrast: each image less its mean over all pixels and channels, `x' = x S / max(s, 40)` with its standard deviation `s` and the
/// mean `S` of those of a training set, in units of bytes.
///
/// As in the CIFAR-10 example of MatConvNet (Vedaldi and Lenc 2015, arXiv:1412.4564), where images have lost their [`MeanImage`] before, and
/// [`Whitening`] follows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contrast {
    deviation: f64,
    units: usize,
}

impl Contrast {
    /// The mean contrast of images of so many values each.
    ///
    /// # Panics
    /// If there is no image, or not a whole number of them, or they have fewer than two values.
    pub fn of(values: &[f32], units: usize) -> Self {
        assert!(units > 1, "images of one value have no contrast");
        let images = count(values.len(), units);
        let sum: f64 = values.chunks_exact(units).map(|image| mean_and_deviation(image)[1]).sum();
        Self { deviation: sum / images as f64, units }
    }

    /// The mean standard deviation, in bytes.
    pub fn deviation(self) -> f64 {
        self.deviation
    }

    /// Makes the contrast of images even.
    ///
    /// # Panics
    /// If it is not a whole number of images of this size.
    pub fn apply(self, values: &mut [f32]) {
        count(values.len(), self.units);
        for image in values.chunks_exact_mut(self.units) {
            let [mean, deviation] = mean_and_deviation(image);
            let factor = self.deviation / deviation.max(FAINTEST);
            image.iter_mut().for_each(|value| *value = (factor * (f64::from(*value) - mean)) as f32);
        }
    }
}

/// Number of images of so many values.
fn count(values: usize, units: usize) -> usize {
    let images = values / units;
    assert!(images > 0 && images * units == values, "{values} values for images of {units}");
    images
}

/// Mean and standard deviation (over `n - 1`) of an image.
fn mean_and_deviation(image: &[f32]) -> [f64; 2] {
    let n = image.len() as f64;
    let mean = image.iter().map(|&value| f64::from(value)).sum::<f64>() / n;
    let squares: f64 = image.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum();
    [mean, (squares / (n - 1.0)).sqrt()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: -100 and 100 deviate by 100 sqrt(2) from 0; 0 and 10 by 5 sqrt(2) from 5, below 40; a blank image not at all. On average by
    /// 35 sqrt(2).
    #[test]
    fn contrast_is_even_but_for_faint_images() {
        let mut images = [-100.0, 100.0, 0.0, 10.0, -7.0, -7.0];
        let contrast = Contrast::of(&images, 2);
        let mean = 35.0 * std::f64::consts::SQRT_2;
        assert!((contrast.deviation() - mean).abs() < 1e-12);
        contrast.apply(&mut images);
        let expected = [-35.0, 35.0, -5.0 * mean / 40.0, 5.0 * mean / 40.0, 0.0, 0.0];
        for (found, expected) in images.into_iter().zip(expected) {
            // One rounding of f32.
            assert!((f64::from(found) - expected).abs() < 4e-6, "{found} {expected}");
        }
    }

    #[test]
    #[should_panic(expected = "3 values for images of 2")]
    fn half_an_image_is_none() {
        let _ = MeanImage::of(&[1, 2, 3], 2);
    }
}
