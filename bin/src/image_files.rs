//! Images of the user's own.

use crate::archive::{Archive, Numbers};
use crate::dataset::{DataSet, load};
use anyhow::{Context, Result, bail, ensure};
use data::ImageSet;
use data::mnist::Split;
use std::path::Path;

/// How far (of 255) a pixel may be from a whole number and still be one: rounding of f32.
const ROUNDING: f32 = 1e-3;

/// The first `count` images of one part of a data set that a path names.
///
/// * an archive .npz with the arrays x_train, y_train, x_test, y_test, as in Keras' mnist.npz
/// * a folder with x_norm.npz, x_test.npz, y_test.npz, each with one array, as snn_toolbox takes it
/// * a folder with the files of MNIST, or the binary batches of CIFAR-10
///
/// Images have the shape (n, height, width) or (n, height, width, channels). Whole numbers are bytes; real numbers are bytes, or bytes / 255 if
/// none is above 1. Labels are whole numbers or one-hot.
///
/// # Errors
///
/// Fails on missing, damaged and other files.
pub(crate) fn images(path: &Path, split: Split, count: usize) -> Result<ImageSet> {
    let context = || format!("cannot read the images of {}", path.display());
    if path.is_file() {
        let mut archive = Archive::open(path)?;
        let (x, y) = match split {
            Split::Train => ("x_train", "y_train"),
            Split::Test => ("x_test", "y_test"),
        };
        let images = Pixels::read(&mut archive, x, count).with_context(context)?;
        let labels = images.labels(&mut archive, y).with_context(context)?;
        return Ok(ImageSet::new(images.shape, images.pixels, labels));
    }
    if path.join("x_test.npz").is_file() {
        let open = |name: &str| Archive::open(&path.join(name));
        let mut archive = open(if split == Split::Train { "x_norm.npz" } else { "x_test.npz" })?;
        let name = archive.only()?;
        let images = Pixels::read(&mut archive, &name, count).with_context(context)?;
        let labels = match split {
            // Activations are measured on them; nobody asks what they show.
            Split::Train => vec![0; images.count],
            Split::Test => {
                let mut archive = open("y_test.npz")?;
                let name = archive.only()?;
                images.labels(&mut archive, &name).with_context(context)?
            }
        };
        return Ok(ImageSet::new(images.shape, images.pixels, labels));
    }
    if !path.exists() {
        bail!("{} does not exist: name an .npz archive or a folder", path.display());
    }
    let all = if data::cifar10::is_in(path) { DataSet::Cifar10.load(path, split)? } else { load(path, split)? };
    Ok(all.first(count))
}

/// Images without labels.
struct Pixels {
    /// Of how many the array has the pixels.
    all: usize,
    /// How many were read.
    count: usize,
    /// Rows, columns, channels.
    shape: [usize; 3],
    pixels: Vec<u8>,
}

impl Pixels {
    fn read(archive: &mut Archive, name: &str, count: usize) -> Result<Pixels> {
        let Numbers { shape, values, are_whole } = archive.numbers(name, count)?;
        let shape: Vec<usize> = shape.into_iter().map(|length| length as usize).collect();
        let (all, shape) = match shape[..] {
            [all, height, width] => (all, [height, width, 1]),
            [all, height, width, channels] => (all, [height, width, channels]),
            _ => bail!("{name} has the shape {shape:?}: expected (n, height, width) or (n, height, width, channels)"),
        };
        ensure!(!values.is_empty(), "{name} has the shape {all} images of {shape:?}: there is no pixel");
        let factor = if !are_whole && values.iter().all(|&value| value <= 1.0) { 255.0 } else { 1.0 };
        let byte = |&value: &f32| {
            let whole = (value * factor).round();
            let is_byte = (value * factor - whole).abs() <= ROUNDING && (0.0..=255.0).contains(&whole);
            if is_byte { Ok(whole as u8) } else { Err(value) }
        };
        match values.iter().map(byte).collect() {
            Ok(pixels) => Ok(Pixels { all, count: all.min(count), shape, pixels }),
            Err(found) => bail!(
                "{name} holds {found:?}: pixels are whole numbers from 0 to 255, or those divided by 255; let the network do other scalings"
            ),
        }
    }

    /// The labels of an array, as whole numbers or one-hot.
    fn labels(&self, archive: &mut Archive, name: &str) -> Result<Vec<u8>> {
        let Numbers { shape, values, .. } = archive.numbers(name, self.count)?;
        ensure!(
            shape.first() == Some(&(self.all as u64)),
            "{name} has the shape {shape:?}: there are {} images",
            self.all
        );
        let labels: Option<Vec<u8>> = match shape[..] {
            [_] | [_, 1] => {
                let label =
                    |&value: &f32| (value.fract() == 0.0 && (0.0..=255.0).contains(&value)).then_some(value as u8);
                values.iter().map(label).collect()
            }
            [_, classes @ 2..=256] => {
                let hot = |row: &[f32]| {
                    let one = row.iter().position(|&value| value == 1.0)?;
                    let others = row.iter().enumerate().all(|(class, &value)| class == one || value == 0.0);
                    others.then_some(one as u8)
                };
                values.chunks_exact(classes as usize).map(hot).collect()
            }
            _ => None,
        };
        labels.with_context(|| format!("{name} holds no labels: expected whole numbers from 0 to 255, or one-hot rows"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npy::Element;
    use crate::npz::Builder;
    use crate::output::Provenance;

    /// An archive of two arrays.
    fn archive<X: Element, Y: Element>(path: &Path, x: (&str, &[u64], &[X]), y: (&str, &[u64], &[Y])) {
        let mut builder = Builder::new();
        builder.add(x.0, x.1, x.2).unwrap();
        builder.add(y.0, y.1, y.2).unwrap();
        std::fs::write(path, builder.finish(&Provenance::of("test", None)).unwrap()).unwrap();
    }

    #[test]
    fn archives_of_bytes_and_of_shares_are_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("own.npz");
        let wanted = ImageSet::new([1, 2, 1], vec![0, 51, 255, 128], vec![1, 0]);
        archive(&path, ("x_test", &[2, 1, 2], &[0u8, 51, 255, 128]), ("y_test", &[2], &[1i64, 0]));
        assert_eq!(images(&path, Split::Test, 9).unwrap(), wanted);
        let shares = [0.0f32, 51.0 / 255.0, 1.0, 128.0 / 255.0];
        archive(&path, ("x_test", &[2, 1, 2, 1], &shares), ("y_test", &[2, 3], &[0.0f32, 1.0, 0.0, 1.0, 0.0, 0.0]));
        assert_eq!(images(&path, Split::Test, 9).unwrap(), wanted);
        assert_eq!(images(&path, Split::Test, 1).unwrap(), wanted.first(1));
        // Whole numbers are bytes, however small.
        archive(&path, ("x_test", &[1, 1, 2], &[0u8, 1]), ("y_test", &[1], &[1u8]));
        assert_eq!(images(&path, Split::Test, 9).unwrap().pixels(), [0, 1]);
        let missing = format!("{:#}", images(&path, Split::Train, 9).unwrap_err());
        assert!(missing.contains("no array x_train"), "{missing}");
    }

    #[test]
    fn other_scalings_and_labels_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("own.npz");
        let refusal = |path: &Path| format!("{:#}", images(path, Split::Test, 9).unwrap_err());
        for (x, y, wanted) in [
            ([0.5f32, -0.5], [0i64], "x_test holds 0.5"),
            ([f32::NAN, 1.0], [0], "x_test holds NaN"),
            ([0.0, 256.0], [0], "x_test holds 256.0"),
            ([0.0, 1.0], [256], "y_test holds no labels"),
            ([0.0, 1.0], [-1], "y_test holds no labels"),
        ] {
            archive(&path, ("x_test", &[1, 1, 2], &x), ("y_test", &[1], &y));
            assert!(refusal(&path).contains(wanted), "{}", refusal(&path));
        }
        archive(&path, ("x_test", &[1, 2], &[0.0f32, 1.0]), ("y_test", &[1], &[0i64]));
        assert!(refusal(&path).contains("the shape [1, 2]"));
        archive(&path, ("x_test", &[1, 1, 2], &[0.0f32, 1.0]), ("y_test", &[2], &[0i64, 0]));
        assert!(refusal(&path).contains("there are 1 images"));
        archive(&path, ("x_test", &[1, 1, 2], &[0.0f32, 1.0]), ("y_test", &[1, 0], &[0i64; 0]));
        assert!(refusal(&path).contains("holds no labels"));
        std::fs::write(&path, b"PK").unwrap();
        assert!(refusal(&path).contains("no .npz archive"));
        assert!(refusal(&folder.path().join("none")).contains("does not exist"));
    }
}
