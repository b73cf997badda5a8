//! Files in a tar archive, plain or compressed with gzip or xz.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;

use crate::error::DataError;

/// Most bytes that are unpacked, 2 GiB.
const LARGEST: u64 = 1 << 31;

/// Most memory (KiB) that xz may ask for: 256 MiB, four times what its strongest preset takes.
const XZ_MEMORY: u32 = 1 << 18;

/// A file of an archive.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    /// The path of the archive, followed by that within it.
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
}

/// The files of an archive whose paths within it are wanted, in its order. The compression is recognised by the first bytes, whatever the archive's name.
pub(crate) fn files(path: &Path, wanted: impl Fn(&Path) -> bool) -> Result<Vec<Entry>, DataError> {
    let failed = |source| DataError::Io { path: path.to_owned(), offset: 0, source };
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    let start = file.fill_buf().map_err(failed)?;
    if start.starts_with(&[0x1f, 0x8b]) {
        unpack(path, MultiGzDecoder::new(file), wanted)
    } else if start.starts_with(&[0xfd, b'7', b'z', b'X', b'Z', 0]) {
        unpack(path, XzReader::new_mem_limit(file, true, XZ_MEMORY), wanted)
    } else {
        unpack(path, file, wanted)
    }
}

fn unpack(path: &Path, bytes: impl Read, wanted: impl Fn(&Path) -> bool) -> Result<Vec<Entry>, DataError> {
    let mut offset = 0;
    let failed = |offset, source| DataError::Io { path: path.to_owned(), offset, source };
    let mut archive = tar::Archive::new(bytes.take(LARGEST));
    let mut files = Vec::new();
    for entry in archive.entries().map_err(|source| failed(0, source))? {
        let mut entry = entry.map_err(|source| failed(offset, source))?;
        offset = entry.raw_file_position();
        let name = entry.path().map_err(|source| failed(offset, source))?.into_owned();
        if !entry.header().entry_type().is_file() || !wanted(&name) {
            continue;
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(|source| failed(offset, source))?;
        let (expected, found) = (offset + entry.size(), offset + bytes.len() as u64);
        if found < expected {
            return Err(DataError::Truncated { path: path.to_owned(), expected, found });
        }
        files.push(Entry { path: path.join(name), bytes });
    }
    // What follows holds the checksum of what came before.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(|source| failed(offset, source))?;
    Ok(files)
}
