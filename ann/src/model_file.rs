//! Model files of any format that can be read.

mod joining;

use std::fs;
use std::path::Path;

pub(crate) use joining::join;

use crate::error::ModelFileError;
use crate::keras::Supplement;
use crate::network::Network;
use crate::{keras, nir, onnx};

/// What a model file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// Of Keras or NIR.
    Hdf5,
    /// Of Keras.
    Archive,
    Onnx,
}

impl Format {
    /// The format of a file by its contents, and by the ending of its name where they do not tell; the error says what it
    /// looks like.
    fn of(path: &Path, bytes: &[u8]) -> Result<Self, &'static str> {
        if keras::has_signature(bytes) {
            return Ok(Self::Hdf5);
        }
        if keras::is_archive(bytes) {
            // PyTorch's checkpoints are archives too.
            let is_checkpoint = bytes.windows(9).any(|window| window == b"/data.pkl");
            return if is_checkpoint {
                Err("it looks like a checkpoint of PyTorch; export the model with torch.onnx.export")
            } else {
                Ok(Self::Archive)
            };
        }
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
        match ending.as_str() {
            "onnx" => Ok(Self::Onnx),
            "h5" | "hdf5" | "keras" | "nir" => Ok(Self::Hdf5),
            _ if onnx::looks_like_onnx(bytes) => Ok(Self::Onnx),
            _ => Err(keras::text_or_empty(bytes).unwrap_or("its first bytes are those of none")),
        }
    }
}

/// Reads a trained network from a file of any format that is known: see [`keras::read`], [`onnx::read`] and
/// [`nir::read`].
///
/// # Errors
/// Names what cannot be read or is not supported, where, and what to do about it.
pub fn read(path: &Path) -> Result<Network<f32>, ModelFileError> {
    read_with(path, &Supplement::default())
}

/// The same, with what a file of Keras may leave out: see [`keras::read_with`].
///
/// # Errors
/// As [`read`]; and if a description goes with a file that needs none.
pub fn read_with(path: &Path, supplement: &Supplement) -> Result<Network<f32>, ModelFileError> {
    let bytes = fs::read(path).map_err(|source| ModelFileError::Io { path: path.to_owned(), source })?;
    match Format::of(path, &bytes) {
        Ok(Format::Archive) => keras::read_bytes(path, bytes, supplement),
        Ok(Format::Hdf5) => {
            let file = keras::InputFile::of(path, bytes)?;
            if !nir::is_nir(&file)? {
                return keras::read_hdf5(&file, supplement);
            }
            supplement.require_no_description(path)?;
            nir::read_file(&file)
        }
        Ok(Format::Onnx) => {
            supplement.require_no_description(path)?;
            onnx::read_bytes(path, &bytes)
        }
        Err(found) => Err(ModelFileError::UnknownFormat { path: path.to_owned(), found }),
    }
}
