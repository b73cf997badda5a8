//! CIFAR-10: ten classes of colour images of 32x32, as binary batches or as folders of JPEG files, unpacked or in the archive that they come in.

use std::fs;
use std::path::Path;

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;

use crate::archive::{self, Entry};
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

/// The folder of the binary batches.
const BATCHES: &str = "cifar-10-batches-bin";
/// The archives that may hold the images, of batches and of JPEG files.
const ARCHIVES: [&str; 2] = ["cifar-10-binary.tar.gz", "cifar10-jpeg.tar.xz"];

/// The files of one part of the data set.
struct Part {
    batches: &'static [&'static str],
    folder: &'static str,
}

impl Part {
    fn new(split: Split) -> Part {
        match split {
            Split::Train => Part {
                batches: &[
                    "data_batch_1.bin",
                    "data_batch_2.bin",
                    "data_batch_3.bin",
                    "data_batch_4.bin",
                    "data_batch_5.bin",
                ],
                folder: "train",
            },
            Split::Test => Part { batches: &["test_batch.bin"], folder: "test" },
        }
    }

    /// What may be in a folder that holds this part: a batch, a folder of JPEG files, archives.
    fn places(&self) -> [String; 4] {
        let [binary, jpeg] = ARCHIVES.map(str::to_owned);
        [self.batches[0].to_owned(), format!("{}/{}", self.folder, CLASSES[0]), binary, jpeg]
    }

    /// Which batch a file of an archive is.
    fn batch(&self, name: &Path) -> Option<usize> {
        self.batches.iter().position(|batch| name.ends_with(Path::new(BATCHES).join(batch)))
    }

    /// Of which class a file of an archive is an image.
    fn class(&self, name: &Path) -> Option<usize> {
        let folder = name.parent().filter(|_| is_jpeg(name))?;
        CLASSES.iter().position(|class| folder.ends_with(Path::new(self.folder).join(class)))
    }
}

/// Whether a folder has files that [`load`] reads.
pub fn is_in(folder: &Path) -> bool {
    Part::new(Split::Test).places().iter().any(|name| folder.join(name).exists()) || folder.join(BATCHES).is_dir()
}

/// Reads from `folder`, or from `cifar-10-batches-bin` in it, `data_batch_1.bin` to `data_batch_5.bin` (`test_batch.bin`); where there are none,
/// all JPEG files of `train/airplane`, `train/automobile`, ... (`test/...`); where there are none either, one of the two from
/// `cifar-10-binary.tar.gz` or `cifar10-jpeg.tar.xz`.
///
/// JPEG files come in the order of their names, one of each class in turn.
///
/// # Errors
/// If files are missing or damaged, an image is not 32x32 in colour, or a label is above 9.
pub fn load(folder: &Path, split: Split) -> Result<ImageSet, DataError> {
    let part = Part::new(split);
    let unpacked = folder.join(BATCHES);
    let batches = if unpacked.is_dir() { &unpacked } else { folder };
    if batches.join(part.batches[0]).is_file() {
        return from_batches(part.batches.iter().map(|name| {
            let path = batches.join(name);
            if path.is_file() {
                Ok(Entry { bytes: read(&path)?, path })
            } else {
                Err(DataError::Missing { folder: batches.to_owned(), names: vec![(*name).to_owned()] })
            }
        }));
    }
    if folder.join(part.folder).is_dir() {
        return from_folders(&folder.join(part.folder));
    }
    match ARCHIVES.iter().map(|name| folder.join(name)).find(|path| path.is_file()) {
        Some(path) => from_archive(&path, &part),
        None => Err(DataError::Missing { folder: folder.to_owned(), names: part.places().into() }),
    }
}

fn from_batches(batches: impl Iterator<Item = Result<Entry, DataError>>) -> Result<ImageSet, DataError> {
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for batch in batches {
        let Entry { path, bytes } = batch?;
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
    let mut classes = Vec::new();
    for class in CLASSES {
        let folder = folder.join(class);
        let failed = |source| DataError::Io { path: folder.clone(), offset: 0, source };
        let mut paths = Vec::new();
        for entry in fs::read_dir(&folder).map_err(failed)? {
            paths.push(entry.map_err(failed)?.path());
        }
        paths.retain(|path| is_jpeg(path));
        classes.push(paths);
    }
    from_classes(folder, classes, |path| decode(Entry { bytes: read(&path)?, path }))
}

fn from_archive(path: &Path, part: &Part) -> Result<ImageSet, DataError> {
    let mut batches: Vec<Option<Entry>> = part.batches.iter().map(|_| None).collect();
    let mut classes: Vec<Vec<Entry>> = CLASSES.iter().map(|_| Vec::new()).collect();
    for entry in archive::files(path, |name| part.batch(name).is_some() || part.class(name).is_some())? {
        if let Some(number) = part.batch(&entry.path) {
            batches[number] = Some(entry);
        } else if let Some(label) = part.class(&entry.path) {
            classes[label].push(entry);
        }
    }
    if batches.iter().all(Option::is_none) {
        return from_classes(&path.join(part.folder), classes, decode);
    }
    from_batches(batches.into_iter().zip(part.batches).map(|(batch, name)| {
        batch.ok_or_else(|| DataError::Missing { folder: path.join(BATCHES), names: vec![(*name).to_owned()] })
    }))
}

/// The images of each class, one of each in turn; `folder` is for messages.
fn from_classes<T: Ord>(
    folder: &Path,
    classes: Vec<Vec<T>>,
    pixels_of: impl Fn(T) -> Result<Vec<u8>, DataError>,
) -> Result<ImageSet, DataError> {
    let mut files = Vec::new();
    for (label, mut images) in classes.into_iter().enumerate() {
        if images.is_empty() {
            return Err(DataError::Missing { folder: folder.join(CLASSES[label]), names: vec!["*.jpg".to_owned()] });
        }
        images.sort();
        files.extend(images.into_iter().enumerate().map(|(rank, image)| (rank, label as u8, image)));
    }
    files.sort();
    let (mut pixels, mut labels) = (Vec::with_capacity(files.len() * 3 * POSITIONS), Vec::new());
    for (_, label, image) in files {
        pixels.extend(pixels_of(image)?);
        labels.push(label);
    }
    Ok(ImageSet::new([SIDE, SIDE, 3], pixels, labels))
}

fn is_jpeg(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "jpg")
}

/// Red, green and blue of each pixel of a JPEG file.
fn decode(Entry { path, bytes }: Entry) -> Result<Vec<u8>, DataError> {
    let mut decoder = JpegDecoder::new(ZCursor::new(bytes));
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
