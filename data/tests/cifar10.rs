//! CIFAR-10 in both layouts, in folders and in archives, and damaged files.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use data::DataError;
use data::cifar10::{CLASSES, is_in, load};
use data::mnist::Split;

/// A record of this label, all red, with one green pixel in the second column and one blue in the second row.
fn record(label: u8) -> Vec<u8> {
    let mut record = vec![label];
    record.extend([255; 1024]);
    record.extend((0..1024).map(|place| if place == 1 { 7 } else { 0 }));
    record.extend((0..1024).map(|place| if place == 32 { 9 } else { 0 }));
    record
}

fn refusal(bytes: &[u8]) -> DataError {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("test_batch.bin"), bytes).expect("written");
    load(folder.path(), Split::Test).expect_err("must be refused")
}

/// The layout as its authors describe it: label, then red, green and blue planes, row by row.
#[test]
fn planes_become_channels() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let batches = folder.path().join("cifar-10-batches-bin");
    fs::create_dir(&batches).expect("made");
    for number in 1..=5 {
        let bytes = [record(number), record(0)].concat();
        fs::write(batches.join(format!("data_batch_{number}.bin")), bytes).expect("written");
    }
    let images = load(folder.path(), Split::Train).expect("is whole");
    assert_eq!((images.height, images.width, images.channels), (32, 32, 3));
    assert_eq!(images.labels(), [1, 0, 2, 0, 3, 0, 4, 0, 5, 0]);
    assert_eq!(images.image(9)[..9], [255, 0, 0, 255, 7, 0, 255, 0, 0]);
    assert_eq!(images.image(9)[32 * 3..33 * 3], [255, 0, 9]);
    fs::remove_file(batches.join("data_batch_4.bin")).expect("removed");
    let missing = load(folder.path(), Split::Train).expect_err("must be refused");
    assert!(missing.to_string().contains("no data_batch_4.bin"), "{missing}");
}

#[test]
fn damaged_batches_are_refused() {
    assert!(matches!(refusal(&[]), DataError::Records { found: 0, .. }));
    let short = refusal(&record(1)[..3000]);
    assert!(matches!(short, DataError::Records { record: 3073, found: 3000, .. }));
    assert!(short.to_string().contains("3073 bytes"), "{short}");
    let label = refusal(&[record(1), record(10)].concat());
    assert!(matches!(label, DataError::Label { offset: 3073, highest: 9, found: 10, .. }));
    let empty = tempfile::tempdir().expect("a temporary folder");
    assert!(matches!(load(empty.path(), Split::Test), Err(DataError::Missing { .. })));
}

/// A JPEG of 8x8 pixels without colour, all of one grey, and the same cut off: header, one table each, three bits of data.
#[test]
fn other_images_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for class in CLASSES {
        fs::create_dir_all(folder.path().join("test").join(class)).expect("made");
    }
    assert!(matches!(load(folder.path(), Split::Test), Err(DataError::Missing { .. })), "empty folders");
    for class in CLASSES {
        fs::write(folder.path().join("test").join(class).join("0.jpg"), b"no image").expect("written");
    }
    let refused = load(folder.path(), Split::Test).expect_err("must be refused");
    assert!(matches!(refused, DataError::Jpeg { .. }) && refused.to_string().contains("airplane"), "{refused}");
    let small = grey();
    fs::write(folder.path().join("test/airplane/0.jpg"), small).expect("written");
    let refused = load(folder.path(), Split::Test).expect_err("must be refused");
    assert!(matches!(refused, DataError::ImageSize { expected: [32, 32, 3], found: [8, 8, _], .. }), "{refused}");
}

fn grey() -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xdb, 0, 67, 0];
    bytes.extend([1; 64]);
    // One component of 8x8, 8 bits.
    bytes.extend([0xff, 0xc0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0]);
    // Huffman tables with one code of one bit each, for "0 bits follow" and "end of block".
    for table in [0x00, 0x10] {
        bytes.extend([0xff, 0xc4, 0, 20, table, 1]);
        bytes.extend([0; 15]);
        bytes.push(0);
    }
    bytes.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x3f, 0xff, 0xd9]);
    bytes
}

/// The files of an archive.
fn tar(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        archive.append_data(&mut header, name, &bytes[..]).expect("written");
    }
    archive.into_inner().expect("written")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("written");
    encoder.finish().expect("written")
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).expect("valid");
    encoder.write_all(bytes).expect("written");
    encoder.finish().expect("written")
}

/// Batches in the archive that their authors offer, in any order and beside other files, whatever its compression.
#[test]
fn archives_of_batches_are_read() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("cifar-10-binary.tar.gz");
    let load = |bytes: &[u8]| {
        fs::write(&path, bytes).expect("written");
        load(folder.path(), Split::Train)
    };
    assert!(!is_in(folder.path()));
    let mut files: Vec<(String, Vec<u8>)> =
        (1..=5).rev().map(|k| (format!("cifar-10-batches-bin/data_batch_{k}.bin"), record(k))).collect();
    files.insert(1, ("cifar-10-batches-bin/readme.html".to_owned(), vec![1; 700]));
    let files: Vec<(&str, Vec<u8>)> = files.iter().map(|(name, bytes)| (&name[..], bytes.clone())).collect();
    let whole = tar(&files);
    for bytes in [whole.clone(), gzip(&whole), xz(&whole)] {
        let images = load(&bytes).expect("is whole");
        assert_eq!(images.labels(), [1, 2, 3, 4, 5]);
        assert_eq!(images.image(3)[..9], [255, 0, 0, 255, 7, 0, 255, 0, 0]);
    }
    assert!(is_in(folder.path()));

    let missing = load(&tar(&files[..5])).expect_err("must be refused").to_string();
    assert!(missing.contains("no data_batch_1.bin") && missing.contains("tar.gz/cifar-10-batches-bin"), "{missing}");
    // Within the second file, and within the last.
    for cut in [4000, whole.len() - 3000] {
        let refused = load(&whole[..cut]).expect_err("must be refused");
        assert!(matches!(refused, DataError::Io { .. } | DataError::Truncated { .. }), "{refused}");
    }
    for bytes in [gzip(&whole), xz(&whole)] {
        for cut in [10, bytes.len() / 2, bytes.len() - 3] {
            let refused = load(&bytes[..cut]).expect_err("must be refused");
            assert!(matches!(refused, DataError::Io { .. }), "{cut} of {}: {refused}", bytes.len());
        }
        let mut damaged = bytes.clone();
        damaged[bytes.len() / 2] ^= 0x10;
        assert!(load(&damaged).is_err());
    }
    let no_archive = load(b"no archive").expect_err("must be refused");
    assert!(matches!(no_archive, DataError::Io { .. } | DataError::Missing { .. }), "{no_archive}");
    let wrong = load(&tar(&[("cifar-10-batches-bin/data_batch_1.bin", vec![0; 10])])).expect_err("must be refused");
    assert!(matches!(wrong, DataError::Records { found: 10, .. }), "{wrong}");
}

/// Sums of each channel over the first image of three classes, as Pillow 13.0 (libjpeg) decodes them. Decoders differ in how they
/// interpolate colour and round it: one level of 256 on average is allowed.
#[test]
fn the_archive_of_jpeg_files_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/cifar10-jpeg");
    if !is_in(&folder) {
        eprintln!("skipped: no CIFAR-10 in {}", folder.display());
        return;
    }
    let images = load(&folder, Split::Test).expect("is whole");
    assert_eq!((images.len(), images.channels), (10_000, 3));
    assert!(images.labels().chunks_exact(10).all(|labels| labels == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
    for (label, expected) in
        [(0, [155_918, 154_094, 165_629]), (6, [110_271, 124_956, 94_238]), (9, [141_284, 133_090, 130_768])]
    {
        for (channel, expected) in expected.into_iter().enumerate() {
            let sum: i64 = images.image(label).iter().skip(channel).step_by(3).map(|&value| i64::from(value)).sum();
            assert!((sum - expected).abs() < 1024, "class {label}, channel {channel}: {sum} {expected}");
        }
    }
}
