//! Training images altered at random, so that a network learns what does not matter.

use crate::error::TrainingError;
use crate::optimiser::require;
use crate::random::{Purpose, Stream};
use crate::shape::Shape;

/// How a training image is altered each time it is seen; a function of seed, epoch and image alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Augmentation {
    /// The image is shifted by up to so many pixels each way, all shifts equally likely, and black moves in: a random crop of the
    /// image within a black margin of this width.
    #[doc(alias = "crop")]
    pub shift: usize,
    /// Whether left and right are exchanged.
    pub flip: Flip,
}

/// Whether left and right of an image are exchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flip {
    /// Never.
    #[default]
    Never,
    /// In half of the cases.
    Half,
}

impl Augmentation {
    /// Images as they are.
    pub const NONE: Self = Self { shift: 0, flip: Flip::Never };

    pub(crate) fn check(self, input: Shape) -> Result<(), TrainingError> {
        let holds = self.shift == 0 || self.shift < input.height.min(input.width);
        require("the random shift", "less than the height and width of an image", self.shift as f64, holds)
    }

    /// Alters `image`, of one value per pixel and channel, for this sample in this epoch.
    pub(crate) fn apply(self, image: &mut [f32], shape: Shape, [seed, epoch, sample]: [u64; 3], spare: &mut Vec<f32>) {
        if self == Self::NONE {
            return;
        }
        let mut stream = Stream::new(seed, Purpose::Augmentation { epoch: epoch as u32, sample: sample as u32 });
        let shifts = 2 * self.shift as u32 + 1;
        // Where the cropped window begins within the image and its margins.
        let (top, left) = (stream.below(shifts), stream.below(shifts));
        let flipped = self.flip == Flip::Half && stream.below(2) == 1;
        let Shape { height, width, channels } = shape;
        spare.clear();
        spare.extend_from_slice(image);
        let from = |place: usize, begin: usize, size: usize| {
            (place + begin).checked_sub(self.shift).filter(|&source| source < size)
        };
        for (row, pixels) in image.chunks_exact_mut(width * channels).enumerate() {
            for (column, pixel) in pixels.chunks_exact_mut(channels).enumerate() {
                let column = if flipped { width - 1 - column } else { column };
                match (from(row, top, height), from(column, left, width)) {
                    (Some(row), Some(column)) => {
                        let start = (row * width + column) * channels;
                        pixel.copy_from_slice(&spare[start..start + channels]);
                    }
                    _ => pixel.fill(0.0),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn altered(augmentation: Augmentation, address: [u64; 3]) -> Vec<f32> {
        // 3x4 pixels of two channels, all values different and none of them 0.
        let mut image: Vec<f32> = (1..=24_u8).map(f32::from).collect();
        augmentation.apply(&mut image, Shape::new(3, 4, 2), address, &mut Vec::new());
        image
    }

    /// Every altered image is one of the 9 x 2 that a shift by up to a pixel and a flip can make, and all of them come.
    #[test]
    fn shifts_and_flips_are_all_that_there_is() {
        let original = altered(Augmentation::NONE, [1, 0, 0]);
        let at = |row: i32, column: i32, channel: usize| {
            let inside = (0..3).contains(&row) && (0..4).contains(&column);
            if inside { original[(row * 4 + column) as usize * 2 + channel] } else { 0.0 }
        };
        let mut possible = Vec::new();
        for (down, right) in (-1..=1).flat_map(|down| (-1..=1).map(move |right| (down, right))) {
            for flipped in [false, true] {
                let mut image = Vec::new();
                for (row, column) in (0..3).flat_map(|row| (0..4).map(move |column| (row, column))) {
                    let column = if flipped { 3 - column } else { column };
                    image.extend([at(row + down, column + right, 0), at(row + down, column + right, 1)]);
                }
                possible.push(image);
            }
        }
        let augmentation = Augmentation { shift: 1, flip: Flip::Half };
        let mut counts = vec![0; possible.len()];
        for sample in 0..1800 {
            let image = altered(augmentation, [1, 3, sample]);
            counts[possible.iter().position(|other| *other == image).expect("a shift and a flip")] += 1;
        }
        // 100 expected of each; beyond +-50 lies less than 1e-5 of a binomial of 1800 and 1/18.
        assert!(counts.iter().all(|count| (50..=150).contains(count)), "{counts:?}");
    }

    #[test]
    fn the_address_decides() {
        let augmentation = Augmentation { shift: 2, flip: Flip::Half };
        let several =
            |seed, epoch| -> Vec<_> { (0..20).map(|sample| altered(augmentation, [seed, epoch, sample])).collect() };
        assert_eq!(several(1, 0), several(1, 0));
        assert_ne!(several(1, 0), several(1, 1));
        assert_ne!(several(1, 0), several(2, 0));
    }
}
