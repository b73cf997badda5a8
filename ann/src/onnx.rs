//! ONNX files: trained networks as PyTorch, Keras and others export them.
//!
//! [`read`] takes graphs of the operators of convolutional networks, with one input and one output. ONNX has its channels
//! first; the network that comes back has them last, as all of ours. docs/FORMATS.md lists the operators.

mod assembly;
mod constant;
pub(crate) mod convolution;
mod dense;
mod message;
mod normalisation;
mod operator;
mod pool;
mod reader;
mod reshaping;
mod step;
pub(crate) mod value;

pub use reader::read;
pub(crate) use reader::{looks_like_onnx, read_bytes};

#[cfg(test)]
mod tests;
