//! The shipped MNIST files, and damaged copies of them.

use std::fs;
use std::path::{Path, PathBuf};

use data::mnist::{Split, load};
use data::{DataError, idx};
use proptest::prelude::*;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("mnist")
}

/// An IDX file of unsigned bytes with this header.
fn idx_bytes(sizes: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, sizes.len() as u8];
    bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend_from_slice(values);
    bytes
}

/// A folder with these two test files.
fn folder(images: &[u8], labels: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("t10k-images-idx3-ubyte"), images).expect("written");
    fs::write(folder.path().join("t10k-labels-idx1-ubyte"), labels).expect("written");
    folder
}

fn refusal(images: &[u8], labels: &[u8]) -> DataError {
    load(folder(images, labels).path(), Split::Test).expect_err("must be refused")
}

/// Counts and labels as published with the data set; pixels of the first test image as seen by `zcat | xxd`.
#[test]
fn the_shipped_files_hold_what_was_published() {
    let test = load(&shipped(), Split::Test).expect("the shipped files");
    assert_eq!((test.len(), test.height, test.width, test.channels), (10_000, 28, 28, 1));
    assert_eq!(test.labels()[..10], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
    assert_eq!(test.image(0)[7 * 28 + 6..7 * 28 + 12], [84, 185, 159, 151, 60, 36]);
    let train = load(&shipped(), Split::Train).expect("the shipped files");
    assert_eq!((train.len(), train.label(0), train.label(59_999)), (60_000, 5, 8));
    // Digits per class in the training set, as tabulated in the literature.
    let counts = |digit| train.labels().iter().filter(|&&label| label == digit).count();
    assert_eq!([0, 1, 5, 9].map(counts), [5923, 6742, 5421, 5949]);
    let few = train.first(3);
    assert_eq!((few.len(), few.image(2)), (3, train.image(2)));
    assert_eq!(few.first(9), few);
}

#[test]
fn plain_and_compressed_files_read_alike() {
    let compressed = idx::read::<1>(&shipped().join("t10k-labels-idx1-ubyte.gz")).expect("read");
    let folder = folder(&[], &idx_bytes(&[10_000], &compressed.values));
    assert_eq!(idx::read::<1>(&folder.path().join("t10k-labels-idx1-ubyte")).expect("read"), compressed);
}

#[test]
fn a_truncated_file_is_refused_with_both_sizes() {
    let error = refusal(&idx_bytes(&[2, 2, 2], &[0; 7]), &idx_bytes(&[2], &[1, 2]));
    assert!(matches!(error, DataError::Truncated { expected: 24, found: 23, .. }), "{error}");
    let error = refusal(&[0, 0, 8, 3, 0], &idx_bytes(&[2], &[1, 2]));
    assert!(matches!(error, DataError::Truncated { expected: 16, found: 5, .. }), "{error}");
    let error = refusal(&[], &[]);
    assert!(matches!(error, DataError::Truncated { expected: 16, found: 0, .. }), "{error}");
}

#[test]
fn trailing_bytes_are_refused() {
    let error = refusal(&idx_bytes(&[2, 2, 2], &[0; 9]), &idx_bytes(&[2], &[1, 2]));
    assert!(matches!(error, DataError::TrailingBytes { expected: 24, .. }), "{error}");
}

#[test]
fn a_text_file_is_refused_by_its_first_bytes() {
    let error = refusal(b"Not found\n", &idx_bytes(&[2], &[1, 2]));
    assert!(matches!(error, DataError::Magic { found: [b'N', b'o', b't'], .. }), "{error}");
    assert!(error.to_string().contains("starts with 00 00 08, found 4e 6f 74"), "{error}");
}

#[test]
fn labels_in_place_of_images_are_refused() {
    let error = refusal(&idx_bytes(&[2], &[1, 2]), &idx_bytes(&[2], &[1, 2]));
    assert!(matches!(error, DataError::Dimensions { expected: 3, found: 1, .. }), "{error}");
}

#[test]
fn a_huge_header_is_refused_without_allocating() {
    let error = refusal(&idx_bytes(&[u32::MAX; 3], &[0; 8]), &idx_bytes(&[2], &[1, 2]));
    assert!(matches!(error, DataError::TooLarge { .. }), "{error}");
    let error = refusal(&idx_bytes(&[1 << 20, 1 << 5, 1 << 5], &[0; 8]), &idx_bytes(&[2], &[1, 2]));
    assert!(matches!(error, DataError::Truncated { found: 24, .. }), "{error}");
}

#[test]
fn more_labels_than_images_are_refused_with_both_counts() {
    let error = refusal(&idx_bytes(&[2, 1, 1], &[0; 2]), &idx_bytes(&[3], &[1, 2, 3]));
    assert!(matches!(error, DataError::Count { images: 2, labels: 3, .. }), "{error}");
}

#[test]
fn a_label_above_nine_is_refused_with_its_byte() {
    let error = refusal(&idx_bytes(&[2, 1, 1], &[0; 2]), &idx_bytes(&[2], &[1, 10]));
    assert!(matches!(error, DataError::Label { offset: 9, found: 10, .. }), "{error}");
}

#[test]
fn damaged_compression_is_refused() {
    let mut bytes = fs::read(shipped().join("t10k-labels-idx1-ubyte.gz")).expect("read");
    bytes.truncate(2000);
    let error = refusal(&bytes, &idx_bytes(&[2], &[1, 2]));
    assert!(matches!(error, DataError::Dimensions { .. } | DataError::Io { .. }), "{error}");
    bytes[100..1900].fill(0x55);
    let error = idx::read::<1>(&folder(&[], &bytes).path().join("t10k-labels-idx1-ubyte")).expect_err("refused");
    assert!(matches!(error, DataError::Io { .. }), "{error}");
}

#[test]
fn a_missing_file_is_reported_with_its_names_and_the_folder() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let message = load(folder.path(), Split::Train).expect_err("refused").to_string();
    assert!(message.contains("no train-images-idx3-ubyte and no train-images-idx3-ubyte.gz in"), "{message}");
    assert!(message.contains(&folder.path().display().to_string()), "{message}");
}

proptest! {
    /// Any bytes give an array or a typed error, with or without a plausible header.
    #[test]
    fn arbitrary_bytes_never_panic(plausible: bool, bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut file = if plausible { vec![0, 0, 8, 3, 0, 0, 0] } else { Vec::new() };
        file.extend(bytes);
        let _ = idx::parse::<3>(Path::new("images"), &*file);
        let _ = idx::parse::<1>(Path::new("labels"), &*file);
        file.splice(0..0, [0x1f, 0x8b]);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("file.gz");
        fs::write(&path, &file).expect("written");
        let _ = idx::read::<3>(&path);
    }
}
