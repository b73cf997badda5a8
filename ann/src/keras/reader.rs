//! Reading a model file.

use std::path::Path;

use crate::error::ModelFileError;
use crate::keras::PROVENANCE;
use crate::keras::chain::Chain;
use crate::keras::hdf5_file::InputFile;
use crate::keras::input_shape::input_shape;
use crate::keras::model_config::ModelRecord;
use crate::keras::provenance::Provenance;
use crate::network::Network;

/// Reads a whole Keras model (`model.save("NAME.h5")`), of Keras 2 or 3, or of [`crate::keras::write`].
///
/// Activations that are layers of their own join the layer before them; layers that do nothing after training are left
/// out.
///
/// # Errors
/// Names what cannot be read or is not supported, where, and what to do about it.
pub fn read(path: &Path) -> Result<Network<f32>, ModelFileError> {
    let file = InputFile::open(path)?;
    let text = file.text("", "model_config")?.ok_or_else(|| ModelFileError::NoModelConfig { path: path.to_owned() })?;
    let model: ModelRecord = serde_json::from_str(&text)
        .map_err(|error| ModelFileError::ModelConfig { path: path.to_owned(), detail: error.to_string() })?;
    if !model.is_chain() {
        return Err(ModelFileError::NotAChain { path: path.to_owned(), class: model.class_name });
    }
    let input = input_shape(&model)?;
    let mut chain = Chain::new(&file, input);
    for layer in model.layers() {
        chain.append(layer)?;
    }
    chain.finish(input)
}

/// Where a model file comes from; `None` for files that other programs wrote.
///
/// # Errors
/// If the file cannot be read.
pub fn read_provenance(path: &Path) -> Result<Option<Provenance>, ModelFileError> {
    let text = InputFile::open(path)?.text("", PROVENANCE)?;
    text.map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|error| ModelFileError::ModelConfig { path: path.to_owned(), detail: error.to_string() })
}

#[cfg(test)]
mod tests;
