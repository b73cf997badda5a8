//! NIR files (Neuromorphic Intermediate Representation, HDF5): networks of neurons that stand for rectified units.
//!
//! [`read`] takes graphs of integrate-and-fire neurons, whose rate is a rectified linear function of their input, and
//! the linear nodes between them. docs/FORMATS.md lists the nodes.

mod assembly;
mod graph;
mod nodes;

use std::fs;
use std::path::Path;

use crate::error::ModelFileError;
use crate::keras::InputFile;
use crate::network::Network;

/// Reads a NIR file with one input and one output. Neurons that integrate and fire become rectified linear units.
///
/// # Errors
/// Names what cannot be read or is not supported, where, and what to do about it.
pub fn read(path: &Path) -> Result<Network<f32>, ModelFileError> {
    let bytes = fs::read(path).map_err(|source| ModelFileError::Io { path: path.to_owned(), source })?;
    read_file(&InputFile::of(path, bytes)?)
}

/// True if a file holds a NIR graph.
pub(crate) fn is_nir(file: &InputFile) -> Result<bool, ModelFileError> {
    file.has_group("node/nodes")
}

/// Reads an open file.
pub(crate) fn read_file(file: &InputFile) -> Result<Network<f32>, ModelFileError> {
    assembly::network(file, &graph::Graph::of(file)?)
}
