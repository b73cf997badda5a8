//! Images made easier to learn from: less their mean, or with even contrast.

/// The mean of each value over all images of a training set, in units of full scale.
///
/// ```
/// use ann::preprocessing::MeanImage;
///
/// let mean = MeanImage::of(&[0, 255, 255, 255], 2);
/// assert_eq!(mean.values(), [0.5, 1.0]);
/// // Of another image of the same size, 51/255 and 0 at full scale.
/// assert_eq!(mean.subtracted(&[51, 0]), [-0.3, -1.0]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MeanImage(Vec<f32>);

/// Full scale of a byte.
const FULL: f64 = 255.0;

impl MeanImage {
    /// Of images of so many values each.
    ///
    /// # Panics
    /// If there is no image, or not a whole number of them.
    pub fn of(pixels: &[u8], units: usize) -> Self {
        let images = pixels.len() / units;
        assert!(images > 0 && images * units == pixels.len(), "{} pixels for images of {units}", pixels.len());
        // Sums of bytes are whole numbers, exact for 2^45 images.
        let mut sums = vec![0.0; units];
        for image in pixels.chunks_exact(units) {
            sums.iter_mut().zip(image).for_each(|(sum, &pixel)| *sum += f64::from(pixel));
        }
        Self(sums.into_iter().map(|sum| (sum / (images as f64 * FULL)) as f32).collect())
    }

    /// The mean image.
    pub fn values(&self) -> &[f32] {
        &self.0
    }

    /// Images, between 0 and 1, less the mean image.
    ///
    /// # Panics
    /// If it is not a whole number of images of this size.
    pub fn subtracted(&self, pixels: &[u8]) -> Vec<f32> {
        assert!(pixels.len().is_multiple_of(self.0.len()), "{} pixels for images of {}", pixels.len(), self.0.len());
        let means = self.0.iter().cycle();
        pixels.iter().zip(means).map(|(&pixel, &mean)| (f64::from(pixel) / FULL - f64::from(mean)) as f32).collect()
    }
}

/// Smallest standard deviation of an image (full scale is 1) that is stretched: an image that is almost of one colour is mostly noise.
const FAINTEST: f64 = 40.0 / FULL;

/// Contrast normalised image by image: less its mean over all pixels and channels, `x' = x / max(s, 40/255)` with its standard deviation
/// `s` (over `n - 1`), so that most images have the standard deviation 1.
///
/// # Panics
/// If it is not a whole number of images of `units` values, two or more.
pub fn normalise_contrast(pixels: &[u8], units: usize) -> Vec<f32> {
    assert!(units > 1 && pixels.len().is_multiple_of(units), "{} pixels for images of {units}", pixels.len());
    let mut values = Vec::with_capacity(pixels.len());
    for image in pixels.chunks_exact(units) {
        let n = units as f64;
        let mean = image.iter().map(|&pixel| f64::from(pixel) / FULL).sum::<f64>() / n;
        let squares: f64 = image.iter().map(|&pixel| (f64::from(pixel) / FULL - mean).powi(2)).sum();
        let factor = 1.0 / (squares / (n - 1.0)).sqrt().max(FAINTEST);
        values.extend(image.iter().map(|&pixel| (factor * (f64::from(pixel) / FULL - mean)) as f32));
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 0, 255 has the mean 1/2 and the deviation 1/sqrt(2); 100, 110 the deviation 7.07, below 40; a blank image none.
    #[test]
    fn contrast_is_one_but_for_faint_images() {
        let found = normalise_contrast(&[0, 255, 100, 110, 7, 7], 2);
        let half = 0.5_f32.sqrt();
        for (found, expected) in found.into_iter().zip([-half, half, -0.125, 0.125, 0.0, 0.0]) {
            // One rounding of f32.
            assert!((found - expected).abs() < 1e-7, "{found} {expected}");
        }
    }

    #[test]
    #[should_panic(expected = "3 pixels for images of 2")]
    fn half_an_image_is_none() {
        let _ = MeanImage::of(&[1, 2, 3], 2);
    }
}
