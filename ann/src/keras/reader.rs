//! Reading a model file.

use std::fs;
use std::path::Path;

use crate::error::{ModelFileError, NetworkError};
use crate::keras::PROVENANCE;
use crate::keras::archive::{Archive, is_archive};
use crate::keras::assembly::{Assembly, Joining};
use crate::keras::hdf5_file::InputFile;
use crate::keras::input_shape::input;
use crate::keras::keras_1::translated;
use crate::keras::model_config::ModelRecord;
use crate::keras::provenance::Provenance;
use crate::keras::supplement::Supplement;
use crate::keras::value::DataFormat;
use crate::keras::weights::Shelf;
use crate::network::Network;

/// Reads a whole Keras model: `model.save("NAME.h5")` of Keras 1, 2 or 3 or of [`crate::keras::write`], or
/// `model.save("NAME.keras")` of Keras 3.
///
/// Layers that do nothing after training and have no counterpart here are left out. In models that Keras saved,
/// activations that are layers of their own join the convolution or dense layer before them; models that this crate wrote
/// come back as they were. A model with its channels first becomes one with its channels last, for images of that layout.
///
/// # Errors
/// Names what cannot be read or is not supported, where, and what to do about it.
pub fn read(path: &Path) -> Result<Network<f32>, ModelFileError> {
    read_with(path, &Supplement::default())
}

/// Reads a Keras model as [`read`] does, or with a description of the model a file that holds its weights alone: `.weights.h5` of Keras 3,
/// or what `model.save_weights("NAME.h5")` of Keras 2 writes.
///
/// # Errors
/// As [`read`]; and if the description is none, does not go with the weights, or is not needed.
pub fn read_with(path: &Path, supplement: &Supplement) -> Result<Network<f32>, ModelFileError> {
    read_bytes(path, bytes(path)?, supplement)
}

/// Reads the bytes of the file `path`.
pub(crate) fn read_bytes(path: &Path, bytes: Vec<u8>, supplement: &Supplement) -> Result<Network<f32>, ModelFileError> {
    if is_archive(&bytes) {
        supplement.require_no_description(path)?;
        let Archive { config, weights } = Archive::unpack(path, &bytes)?;
        let file = InputFile::of(path, weights)?;
        let shelf = Shelf::Numbered { folder: String::new() };
        return assemble(&file, &model(path, &config, None)?, &shelf, supplement, Joining::Join);
    }
    read_hdf5(&InputFile::of(path, bytes)?, supplement)
}

/// Reads a model in HDF5.
pub(crate) fn read_hdf5(file: &InputFile, supplement: &Supplement) -> Result<Network<f32>, ModelFileError> {
    let path = file.path().to_owned();
    if let Some(text) = file.text("", "model_config")? {
        supplement.require_no_description(&path)?;
        let joining = if file.text("", PROVENANCE)?.is_some() { Joining::Keep } else { Joining::Join };
        let shelf = Shelf::named(file)?;
        let backend = file.text("", "backend")?;
        return assemble(file, &model(&path, &text, backend.as_deref())?, &shelf, supplement, joining);
    }
    let Some(shelf) = Shelf::alone(file)? else {
        return Err(ModelFileError::NoModelConfig { path });
    };
    let Some(description) = &supplement.description else {
        return Err(ModelFileError::WeightsAlone { path });
    };
    let backend = file.text("", "backend")?;
    let record = serde_json::from_slice(&bytes(description)?)
        .and_then(|model| serde_json::from_value(translated(model, backend.as_deref())))
        .map_err(|error| ModelFileError::Description { path: description.clone(), detail: error.to_string() })?;
    assemble(file, &record, &shelf, supplement, Joining::Join)
}

fn bytes(path: &Path) -> Result<Vec<u8>, ModelFileError> {
    fs::read(path).map_err(|source| ModelFileError::Io { path: path.to_owned(), source })
}

/// A `model_config`, and the backend that it was trained with.
fn model(path: &Path, text: &str, backend: Option<&str>) -> Result<ModelRecord, ModelFileError> {
    serde_json::from_str(text)
        .and_then(|model| serde_json::from_value(translated(model, backend)))
        .map_err(|error| ModelFileError::ModelConfig { path: path.to_owned(), detail: error.to_string() })
}

/// The network that a record describes, with the weights of `file`.
fn assemble(
    file: &InputFile,
    model: &ModelRecord,
    shelf: &Shelf,
    supplement: &Supplement,
    joining: Joining,
) -> Result<Network<f32>, ModelFileError> {
    let format = DataFormat::of(model)?;
    let input = input(model, format)?;
    if !input.shape.is_sensible() {
        return Err(file.network_error(NetworkError::Size { layer: 0, shape: input.shape }));
    }
    let mut assembly = Assembly::new(file, format, supplement.noisy_softplus);
    let output = assembly.model(model, &[input], shelf)?;
    // What a whole model leaves aside, it knows; a description may be that of another model.
    if supplement.description.is_some() {
        assembly.require_all_taken(shelf)?;
    }
    assembly.finish(input.shape, output, joining)
}

/// Where a model file comes from; `None` for files that other programs wrote.
///
/// # Errors
/// If the file cannot be read.
pub fn read_provenance(path: &Path) -> Result<Option<Provenance>, ModelFileError> {
    let bytes = bytes(path)?;
    if is_archive(&bytes) {
        return Ok(None);
    }
    let text = InputFile::of(path, bytes)?.text("", PROVENANCE)?;
    text.map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|error| ModelFileError::ModelConfig { path: path.to_owned(), detail: error.to_string() })
}

#[cfg(test)]
mod tests;
