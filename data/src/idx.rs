//! IDX files of unsigned bytes, plain or compressed with gzip.
//!
//! ```text
//! byte 0   00 00 08        two zeros, then the type: unsigned byte
//! byte 3   d               number of dimensions
//! byte 4   d sizes         each four bytes, big-endian
//! then     the values      the last dimension running fastest
//! ```

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::error::DataError;

/// Most values of one file, 2 GiB; the training images of MNIST are 47 million.
pub const LARGEST: u64 = 1 << 31;

/// The contents of an IDX file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdxArray<const D: usize> {
    /// Size of each dimension.
    pub sizes: [usize; D],
    /// The values, the last dimension running fastest.
    pub values: Vec<u8>,
}

/// Reads an IDX file of `D` dimensions; gzip is recognised by its first two bytes, whatever the file's name.
///
/// # Errors
/// Names the file, the byte, what was expected and what was found.
pub fn read<const D: usize>(path: &Path) -> Result<IdxArray<D>, DataError> {
    let failed = |source| DataError::Io { path: path.to_owned(), offset: 0, source };
    let mut file = File::open(path).map_err(failed)?;
    let mut start = Vec::new();
    file.by_ref().take(2).read_to_end(&mut start).map_err(failed)?;
    let compressed = start == [0x1f, 0x8b];
    let whole = BufReader::new(io::Cursor::new(start).chain(file));
    if compressed { parse(path, MultiGzDecoder::new(whole)) } else { parse(path, whole) }
}

/// Parses the decompressed bytes of an IDX file; `path` is for messages alone.
///
/// # Errors
/// As [`read`].
pub fn parse<const D: usize>(path: &Path, mut bytes: impl Read) -> Result<IdxArray<D>, DataError> {
    let header_length = 4 + 4 * D as u64;
    let header = read_up_to(path, &mut bytes, 0, header_length)?;
    if let Some(&found) = header.first_chunk::<3>()
        && found != [0, 0, 8]
    {
        return Err(DataError::Magic { path: path.to_owned(), found });
    }
    if let Some(&found) = header.get(3)
        && usize::from(found) != D
    {
        return Err(DataError::Dimensions { path: path.to_owned(), expected: D as u8, found });
    }
    let truncated = |expected, found| DataError::Truncated { path: path.to_owned(), expected, found };
    if (header.len() as u64) < header_length {
        return Err(truncated(header_length, header.len() as u64));
    }
    let mut sizes = [0_u32; D];
    for (size, bytes) in sizes.iter_mut().zip(header[4..].chunks_exact(4)) {
        *size = bytes.iter().fold(0, |size, &byte| size << 8 | u32::from(byte));
    }
    let product = sizes.iter().try_fold(1_u64, |product, &size| product.checked_mul(u64::from(size)));
    let Some(count) = product.filter(|&count| count <= LARGEST) else {
        return Err(DataError::TooLarge { path: path.to_owned(), sizes: sizes.to_vec(), limit: LARGEST });
    };
    // The vector grows with what is there, not with what the header promises; one byte more than promised shows
    // whether the file ends where it should.
    let mut values = read_up_to(path, &mut bytes, header_length, count + 1)?;
    let found = values.len() as u64;
    if found < count {
        return Err(truncated(header_length + count, header_length + found));
    }
    if found > count {
        return Err(DataError::TrailingBytes { path: path.to_owned(), expected: header_length + count });
    }
    values.shrink_to_fit();
    Ok(IdxArray { sizes: sizes.map(|size| size as usize), values })
}

fn read_up_to(path: &Path, bytes: &mut impl Read, offset: u64, limit: u64) -> Result<Vec<u8>, DataError> {
    let mut read = Vec::new();
    match bytes.take(limit).read_to_end(&mut read) {
        Ok(_) => Ok(read),
        Err(source) => Err(DataError::Io { path: path.to_owned(), offset: offset + read.len() as u64, source }),
    }
}
