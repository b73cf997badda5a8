//! What can be wrong with a data file.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A data file that is missing, damaged or of another kind.
#[derive(Debug, Error)]
pub enum DataError {
    /// None of the names that a file can have is there.
    #[error(
        "no {} in {}: download the data set there, or name another folder",
        names.join(" and no "), folder.display()
    )]
    Missing {
        /// Where they were looked for.
        folder: PathBuf,
        /// The names.
        names: Vec<String>,
    },
    /// The system refused to open or read a file, or its compression is damaged.
    #[error("{} cannot be read after byte {offset}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Bytes that could be read, after decompression.
        offset: u64,
        /// What the system said.
        source: io::Error,
    },
    /// Not an IDX file of unsigned bytes.
    #[error(
        "{}, byte 0: an IDX file of unsigned bytes starts with 00 00 08, found {}; is this another kind of file?",
        path.display(), hexadecimal(found)
    )]
    Magic {
        /// The file.
        path: PathBuf,
        /// The first three bytes.
        found: [u8; 3],
    },
    /// Another number of dimensions than images or labels have.
    #[error("{}, byte 3: expected {expected} dimensions, found {found}; are images and labels swapped?", path.display())]
    Dimensions {
        /// The file.
        path: PathBuf,
        /// 3 for images, 1 for labels.
        expected: u8,
        /// In the header.
        found: u8,
    },
    /// A header whose dimensions multiply to more than this reader takes.
    #[error(
        "{}, byte 4: the header announces {} values, more than the {limit} that are accepted",
        path.display(), product(sizes)
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The dimensions.
        sizes: Vec<u32>,
        /// Most values that are accepted.
        limit: u64,
    },
    /// A file that ends before the last value that its header announces.
    #[error("{} ends at byte {found}, but its header announces {expected} bytes; copy it again", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Size by the header, after decompression.
        expected: u64,
        /// Size in fact.
        found: u64,
    },
    /// A file that goes on after the last value that its header announces.
    #[error("{} goes on after byte {expected}, where its header says it ends", path.display())]
    TrailingBytes {
        /// The file.
        path: PathBuf,
        /// Size by the header, after decompression.
        expected: u64,
    },
    /// Images and labels that do not belong together.
    #[error("{} holds {images} images, but {} holds {labels} labels", image_path.display(), label_path.display())]
    Count {
        /// File of the images.
        image_path: PathBuf,
        /// Its number of images.
        images: usize,
        /// File of the labels.
        label_path: PathBuf,
        /// Its number of labels.
        labels: usize,
    },
    /// A file of records of one size that does not hold a whole number of them.
    #[error("{} holds {found} bytes, which are no whole number of images of {record} bytes; copy it again", path.display())]
    Records {
        /// The file.
        path: PathBuf,
        /// Size of a label and its image.
        record: usize,
        /// Size of the file.
        found: u64,
    },
    /// A JPEG file that cannot be decoded.
    #[error("{} is no JPEG image that can be read: {source}", path.display())]
    Jpeg {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        source: zune_jpeg::errors::DecodeErrors,
    },
    /// An image of another size than those of the data set.
    #[error("{}: expected an image of {}, found {}", path.display(), product(expected), product(found))]
    ImageSize {
        /// The file.
        path: PathBuf,
        /// Height, width and channels of all images.
        expected: [usize; 3],
        /// Of this one.
        found: [usize; 3],
    },
    /// A label beyond the classes of the data set.
    #[error("{}, byte {offset}: expected a label from 0 to {highest}, found {found}", path.display())]
    Label {
        /// The file.
        path: PathBuf,
        /// Place of the label, after decompression.
        offset: u64,
        /// The highest class.
        highest: u8,
        /// The label.
        found: u8,
    },
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

fn product(sizes: &[impl ToString]) -> String {
    sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" x ")
}
