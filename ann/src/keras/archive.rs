//! `.keras` archives of Keras 3: a zip of `config.json` and `model.weights.h5`; the only file of this crate that names the
//! zip library.

use std::io::{Cursor, Read};
use std::path::Path;

use zip::ZipArchive;

use crate::error::ModelFileError;

/// What a `.keras` archive holds.
pub(crate) struct Archive {
    /// The model, as `model_config` of an HDF5 file.
    pub(crate) config: String,
    /// An HDF5 file.
    pub(crate) weights: Vec<u8>,
}

/// Largest member that is read, in bytes.
const LARGEST_MEMBER: u64 = 1 << 30;

/// True if a file begins as a zip archive does.
pub(crate) fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

impl Archive {
    /// Unpacks the bytes of the file `path`.
    pub(crate) fn unpack(path: &Path, bytes: &[u8]) -> Result<Self, ModelFileError> {
        let damaged = |detail: String| ModelFileError::DamagedArchive { path: path.to_owned(), detail };
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(error.to_string()))?;
        let mut member = |name: &str| {
            let file = archive.by_name(name).map_err(|error| damaged(format!("{name}: {error}")))?;
            let mut bytes = Vec::new();
            // The size that the archive claims is not to be trusted.
            let read = file.take(LARGEST_MEMBER + 1).read_to_end(&mut bytes);
            match read.map_err(|error| damaged(format!("{name}: {error}")))? as u64 {
                0..=LARGEST_MEMBER => Ok(bytes),
                _ => Err(damaged(format!("{name} is larger than {LARGEST_MEMBER} bytes"))),
            }
        };
        let config =
            String::from_utf8(member("config.json")?).map_err(|error| damaged(format!("config.json: {error}")))?;
        Ok(Self { config, weights: member("model.weights.h5")? })
    }
}
