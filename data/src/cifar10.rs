//! CIFAR-10: ten classes of colour images of 32x32, as binary batches or as folders of JPEG files.

use std::fs;
use std::path::{Path, PathBuf};

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;

use crate::error::DataError;
use crate::image_set::ImageSet;
use crate::mnist::Split;

/// Names of the classes, in the order of their labels.
pub const CLASSES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// Pixels along each side.
const SIDE: usize = 32;
const POSITIONS: usize = SIDE * SIDE;
/// A label, then the red, the green and the blue plane.
const RECORD: usize = 1 + 3 * POSITIONS;

/// Reads from `folder`, or from `cifar-10-batches-bin` in it, `data_batch_1.bin` to `data_batch_5.bin` (`test_batch.bin`); where there are none,
/// all JPEG files of `train/airplane`, `train/automobile`, ... (`test/...`).
///
/// The images of the folders come in the order of their names, one of each class in turn.
///
/// # Errors
/// If files are missing or damaged, an image is not 32x32 in colour, or a label is above 9.
pub fn load(folder: &Path, split: Split) -> Result<ImageSet, DataError> {
    let (names, part): (&[&str], _) = match split {
        Split::Train => (
            &["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
            "train",
        ),
        Split::Test => (&["test_batch.bin"], "test"),
    };
    let unpacked = folder.join("cifar-10-batches-bin");
    let batches = if unpacked.is_dir() { &unpacked } else { folder };
    if batches.join(names[0]).is_file() {
        from_batches(batches, names)
    } else if folder.join(part).is_dir() {
        from_folders(&folder.join(part))
    } else {
        let names = vec![names[0].to_owned(), format!("folder {part}")];
        Err(DataError::Missing { folder: folder.to_owned(), names })
    }
}

fn from_batches(folder: &Path, names: &[&str]) -> Result<ImageSet, DataError> {
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for name in names {
        let path = folder.join(name);
        if !path.is_file() {
            return Err(DataError::Missing { folder: folder.to_owned(), names: vec![(*name).to_owned()] });
        }
        let bytes = read(&path)?;
        if bytes.is_empty() || bytes.len() % RECORD != 0 {
            return Err(DataError::Records { path, record: RECORD, found: bytes.len() as u64 });
        }
        for (index, record) in bytes.chunks_exact(RECORD).enumerate() {
            let label = record[0];
            if usize::from(label) >= CLASSES.len() {
                let highest = CLASSES.len() as u8 - 1;
                return Err(DataError::Label { path, offset: (index * RECORD) as u64, highest, found: label });
            }
            labels.push(label);
            let planes = &record[1..];
            pixels
                .extend((0..POSITIONS).flat_map(|place| [0, 1, 2].map(|channel| planes[channel * POSITIONS + place])));
        }
    }
    Ok(ImageSet::new([SIDE, SIDE, 3], pixels, labels))
}

fn from_folders(folder: &Path) -> Result<ImageSet, DataError> {
    let mut files = Vec::new();
    for (label, class) in CLASSES.iter().enumerate() {
        let folder = folder.join(class);
        let failed = |source| DataError::Io { path: folder.clone(), offset: 0, source };
        let mut paths = Vec::new();
        for entry in fs::read_dir(&folder).map_err(failed)? {
            paths.push(entry.map_err(failed)?.path());
        }
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "jpg"));
        paths.sort();
        if paths.is_empty() {
            return Err(DataError::Missing { folder, names: vec!["*.jpg".to_owned()] });
        }
        files.extend(paths.into_iter().enumerate().map(|(rank, path)| (rank, label as u8, path)));
    }
    files.sort();
    let (mut pixels, mut labels) = (Vec::with_capacity(files.len() * 3 * POSITIONS), Vec::new());
    for (_, label, path) in files {
        pixels.extend(decode(path)?);
        labels.push(label);
    }
    Ok(ImageSet::new([SIDE, SIDE, 3], pixels, labels))
}

/// Red, green and blue of each pixel of a JPEG file.
fn decode(path: PathBuf) -> Result<Vec<u8>, DataError> {
    let mut decoder = JpegDecoder::new(ZCursor::new(read(&path)?));
    let pixels = match decoder.decode() {
        Ok(pixels) => pixels,
        Err(source) => return Err(DataError::Jpeg { path, source }),
    };
    let found = decoder.info().map_or([0, 0], |info| [usize::from(info.height), usize::from(info.width)]);
    if found == [SIDE, SIDE] && pixels.len() == 3 * POSITIONS {
        return Ok(pixels);
    }
    let channels = pixels.len() / (found[0] * found[1]).max(1);
    Err(DataError::ImageSize { path, expected: [SIDE, SIDE, 3], found: [found[0], found[1], channels] })
}

fn read(path: &Path) -> Result<Vec<u8>, DataError> {
    fs::read(path).map_err(|source| DataError::Io { path: path.to_owned(), offset: 0, source })
}
