//! Reading an ONNX file.

use std::fs;
use std::path::Path;

use crate::error::ModelFileError;
use crate::network::Network;
use crate::onnx::assembly::Assembly;
use crate::onnx::message::Model;

/// Reads an ONNX file with one input and one output, such as `torch.onnx.export` makes. Weights in files beside it are read
/// too.
///
/// Inputs of sizes `(batch, channels, rows, columns)`, `(batch, rows, columns)` or `(batch, units)`; the network takes its
/// channels last. Activations join the convolution or dense layer before them.
///
/// # Errors
/// Names what cannot be read or is not supported, where, and what to do about it.
pub fn read(path: &Path) -> Result<Network<f32>, ModelFileError> {
    let bytes = fs::read(path).map_err(|source| ModelFileError::Io { path: path.to_owned(), source })?;
    read_bytes(path, &bytes)
}

/// Reads the bytes of the file `path`.
pub(crate) fn read_bytes(path: &Path, bytes: &[u8]) -> Result<Network<f32>, ModelFileError> {
    let damaged = |detail: String| ModelFileError::DamagedOnnx { path: path.to_owned(), detail };
    let model = Model::of(bytes).map_err(damaged)?;
    let graph = model.graph.ok_or_else(|| damaged("it holds no graph".to_owned()))?;
    Assembly::network(path, &graph)
}

/// True if these bytes can be read as an ONNX model with a graph; the format has no signature.
pub(crate) fn looks_like_onnx(bytes: &[u8]) -> bool {
    Model::of(bytes).is_ok_and(|model| model.ir_version > 0 && model.graph.is_some())
}
