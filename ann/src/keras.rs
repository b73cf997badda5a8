//! Model files of Keras: whole models in HDF5 (`model.save("NAME.h5")`) of Keras 2 and 3, and `.keras` archives.
//!
//! [`read`] takes sequential and functional models, models within models included, of the layers that [`crate::Layer`]
//! lists; everything else is refused by name, with advice. [`read_with`] takes what a file leaves out: the layers of a file of weights,
//! and constants of functions.  [`write()`] makes files that Keras 3 loads.
//!
//! Noisy Softplus is no Keras layer. It is written as the custom layers `lif>NoisySoftplusConv2D`,
//! `lif>NoisySoftplusAveragePooling2D` and `lif>NoisySoftplusDense`, whose configuration is that of the standard layer
//! and `k`, `s_hz_per_na`, `tau_syn_ms`. Root units, Maxout and others are custom classes too, see docs/FORMATS.md.

mod archive;
mod assembly;
mod convolutions;
mod hdf5_file;
mod input_shape;
mod keras_1;
mod layer_config;
mod layers;
mod model_config;
mod own_layers;
mod provenance;
mod reader;
mod supplement;
mod unsupported;
mod value;
mod weights;
mod writer;
mod written_layer;

pub(crate) use archive::is_archive;
pub(crate) use hdf5_file::{InputFile, Tensor, has_signature, text_or_empty};
pub use provenance::Provenance;
pub use reader::{read, read_provenance, read_with};
pub(crate) use reader::{read_bytes, read_hdf5};
pub use supplement::Supplement;
pub use writer::write;

/// What marks our own layer classes and attributes.
const PACKAGE: &str = "lif>";

/// Root attribute with the [`Provenance`], as JSON.
const PROVENANCE: &str = "lif_provenance";
