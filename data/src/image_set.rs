//! Labelled images in memory.

/// Images of one size with one label each; one byte per pixel and channel, channels last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageSet {
    /// Rows of an image.
    pub height: usize,
    /// Columns of an image.
    pub width: usize,
    /// Channels of a pixel, 1 for grey.
    pub channels: usize,
    pixels: Vec<u8>,
    labels: Vec<u8>,
}

impl ImageSet {
    /// Images from their parts.
    ///
    /// # Panics
    /// If `pixels` does not hold one image of `[height, width, channels]` per label.
    pub fn new([height, width, channels]: [usize; 3], pixels: Vec<u8>, labels: Vec<u8>) -> Self {
        let size = height * width * channels;
        assert_eq!(pixels.len(), size * labels.len(), "{} images of {size} values", labels.len());
        Self { height, width, channels, pixels, labels }
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// True if there is no image.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Values of an image, `height * width * channels`.
    pub fn image_size(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// Image `index`: rows, columns, channels, the channel running fastest.
    ///
    /// # Panics
    /// If there is no such image.
    pub fn image(&self, index: usize) -> &[u8] {
        &self.pixels[index * self.image_size()..(index + 1) * self.image_size()]
    }

    /// Label of image `index`.
    ///
    /// # Panics
    /// If there is no such image.
    pub fn label(&self, index: usize) -> u8 {
        self.labels[index]
    }

    /// All labels.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// All images, one after the other.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The first `count` images, or all if there are fewer.
    pub fn first(&self, count: usize) -> Self {
        let count = count.min(self.len());
        Self {
            pixels: self.pixels[..count * self.image_size()].to_vec(),
            labels: self.labels[..count].to_vec(),
            ..*self
        }
    }
}
