//! Where a model file comes from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What made a model file, kept in the file as JSON (attribute `lif_provenance`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Name of the program.
    pub program: String,
    /// Its version.
    pub version: String,
    /// The command line, as typed.
    pub command_line: String,
    /// Seed of the weights and of the training.
    pub seed: Option<u64>,
    /// Whatever else describes the training, such as epochs and accuracy.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
}
