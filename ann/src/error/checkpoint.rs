//! Checkpoints that a training cannot be continued from.

use thiserror::Error;

/// A checkpoint that a training cannot be continued from.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CheckpointError {
    /// Another kind of file.
    #[error("this is no checkpoint of a training: it does not begin with LIFTRAIN")]
    Foreign,
    /// A layout of another version.
    #[error(
        "the checkpoint has layout {found}, this program reads layout {expected}; train anew or use the program that wrote it"
    )]
    Version {
        /// What is read here.
        expected: u32,
        /// What the file says.
        found: u32,
    },
    /// Bytes that are too few or too many.
    #[error("the checkpoint should hold {expected} bytes here, found {found}; it was cut off or is of another network")]
    Length {
        /// Bytes by what comes before.
        expected: u64,
        /// Bytes in fact.
        found: u64,
    },
    /// Bytes that are not those that were written.
    #[error("the checkpoint is damaged: its checksum does not match its contents; use an older one")]
    Damaged,
    /// Layers other than those that were trained.
    #[error(
        "the checkpoint is of another network: its layer {layer} is {expected}, found {found}; name the same --model and --activation"
    )]
    Network {
        /// The first layer that differs.
        layer: usize,
        /// In the checkpoint.
        expected: String,
        /// In the network to be trained.
        found: String,
    },
    /// Settings other than those of the training so far.
    #[error(
        "the checkpoint was written with other settings: expected {expected}, found {found}; only the number of epochs may change"
    )]
    Settings {
        /// In the checkpoint.
        expected: String,
        /// Those that were given.
        found: String,
    },
}
