//! Model files that cannot be read or written.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::error::NetworkError;

/// A model file that cannot be read or written.
#[derive(Debug, Error)]
pub enum ModelFileError {
    /// The file cannot be opened, read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of no format that is read.
    #[error(
        "{} is not a model file of a known format ({found}); Keras' .h5 and .keras, ONNX and NIR files are read", path.display()
    )]
    UnknownFormat {
        /// The file.
        path: PathBuf,
        /// What it looks like.
        found: &'static str,
    },
    /// Not an HDF5 file.
    #[error("{} is not an HDF5 file ({found}); save the model from Keras with model.save(\"NAME.h5\")", path.display())]
    NotHdf5 {
        /// The file.
        path: PathBuf,
        /// What it looks like.
        found: &'static str,
    },
    /// An HDF5 file that ends too early or contradicts itself.
    #[error("{} is a damaged or truncated HDF5 file: {detail}; copy or save it again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where it breaks.
        detail: String,
    },
    /// A `.keras` archive that cannot be unpacked.
    #[error("{} is a damaged .keras archive: {detail}; copy or save it again", path.display())]
    DamagedArchive {
        /// The file.
        path: PathBuf,
        /// Where it breaks.
        detail: String,
    },
    /// An ONNX file that cannot be decoded.
    #[error("{} is no ONNX file, or a damaged one: {detail}; export or copy it again", path.display())]
    DamagedOnnx {
        /// The file.
        path: PathBuf,
        /// Where it breaks.
        detail: String,
    },
    /// No `model_config`.
    #[error(
        "{} has no model_config attribute, so it is not a whole Keras model, nor has it weights as Keras lays them out: \
         save with model.save(\"NAME.h5\")", path.display()
    )]
    NoModelConfig {
        /// The file.
        path: PathBuf,
    },
    /// Weights without the layers that they belong to.
    #[error(
        "{} holds weights alone, which do not tell the layers: write the text of Keras' model.to_json() into a file and \
         name it (--description FILE), or save the whole model with model.save(\"NAME.h5\")", path.display()
    )]
    WeightsAlone {
        /// The file.
        path: PathBuf,
    },
    /// A description that is not the expected JSON.
    #[error("{} is no description of a Keras model: {detail}; write the text of model.to_json() into it", path.display())]
    Description {
        /// The file with the description.
        path: PathBuf,
        /// What the parser said.
        detail: String,
    },
    /// A description of a model that describes itself.
    #[error("{} tells its layers itself; leave out the description (--description)", path.display())]
    NeedlessDescription {
        /// The model file.
        path: PathBuf,
    },
    /// Weights that no layer of the description takes.
    #[error(
        "{} holds the weights {tensor}, which no layer of the description takes; give the description of the model whose weights \
         these are", path.display()
    )]
    UnusedWeights {
        /// The file with the weights.
        path: PathBuf,
        /// Where they lie in it.
        tensor: String,
    },
    /// A `model_config` that is not the expected JSON.
    #[error("{}: model_config cannot be understood: {detail}", path.display())]
    ModelConfig {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        detail: String,
    },
    /// Inputs, outputs or edges that make no network here.
    #[error("{}: the model cannot be read: {detail}", path.display())]
    Topology {
        /// The file.
        path: PathBuf,
        /// What is in the way.
        detail: String,
    },
    /// A layer class that has no counterpart here.
    #[error("layer '{layer}' is of class {class}, which is not supported: {advice}")]
    UnsupportedLayer {
        /// Name of the layer.
        layer: String,
        /// Its class.
        class: String,
        /// What the user can do.
        advice: &'static str,
    },
    /// A setting of a layer that has no counterpart here.
    #[error("layer '{layer}' ({class}) has {setting} = {found}, which is not supported: {advice}")]
    UnsupportedSetting {
        /// Name of the layer.
        layer: String,
        /// Its class.
        class: String,
        /// The key in its configuration.
        setting: &'static str,
        /// Its value.
        found: String,
        /// What the user can do.
        advice: &'static str,
    },
    /// A configuration that lacks something.
    #[error("layer '{layer}' ({class}): {detail}")]
    LayerConfig {
        /// Name of the layer.
        layer: String,
        /// Its class.
        class: String,
        /// What is missing or contradictory.
        detail: String,
    },
    /// Weights that are not in the file.
    #[error("layer '{layer}' has no {tensor} in the file")]
    MissingWeights {
        /// Name of the layer.
        layer: String,
        /// Kernel or bias.
        tensor: &'static str,
    },
    /// Weights of another shape than the configuration says.
    #[error("layer '{layer}': a {tensor} of shape {expected:?} was expected, found {found:?}")]
    WeightShape {
        /// Name of the layer.
        layer: String,
        /// Kernel or bias.
        tensor: &'static str,
        /// By the configuration.
        expected: Vec<usize>,
        /// In the file.
        found: Vec<usize>,
    },
    /// A weight that is infinite or not a number.
    #[error("layer '{layer}': the {tensor} holds {value} at index {index:?}; train the model again")]
    NotFinite {
        /// Name of the layer.
        layer: String,
        /// Kernel or bias.
        tensor: &'static str,
        /// Index, one number per dimension.
        index: Vec<usize>,
        /// The weight.
        value: f32,
    },
    /// Layers that do not fit together.
    #[error("{}: {source}", path.display())]
    Network {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: NetworkError,
    },
    /// A pool with a padding that Keras does not have.
    #[error("layer {layer} ({kind}) has explicit padding, which Keras has no pool for; use padding valid or same")]
    PoolPadding {
        /// The layer, from 0.
        layer: usize,
        /// What it is.
        kind: &'static str,
    },
    /// The HDF5 writer refused.
    #[error("{} cannot be written: {detail}", path.display())]
    Encoding {
        /// The file.
        path: PathBuf,
        /// What the writer said.
        detail: String,
    },
}
