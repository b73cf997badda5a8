//! What a model file leaves out, as flags.

use ann::keras::Supplement;
use ann::{FixedNoise, Network, model_file};
use anyhow::{Context, Result};
use clap::Args;
use std::path::{Path, PathBuf};

/// Flags for model files of Keras that do not tell all.
#[derive(Debug, Args)]
pub struct ModelArguments {
    /// Constants of the activation functions noisy_softplus of a Keras file, which does not hold them: k, and the standard deviation of
    /// the synaptic current in units of the activation
    #[arg(long, value_name = "K,SIGMA", allow_hyphen_values = true)]
    noisy_softplus: Option<FixedNoise>,
    /// Description of the model (the text of Keras' model.to_json()), for a Keras file that holds weights alone
    #[arg(long, value_name = "FILE")]
    description: Option<PathBuf>,
}

impl ModelArguments {
    /// The trained network in a file.
    pub fn read(&self, model: &Path) -> Result<Network<f32>> {
        let supplement = Supplement { noisy_softplus: self.noisy_softplus, description: self.description.clone() };
        model_file::read_with(model, &supplement).with_context(|| format!("cannot read the model {}", model.display()))
    }

    /// Constants that decide on the network besides its file.
    pub(crate) fn constants(&self) -> Option<String> {
        self.noisy_softplus.map(|constants| constants.to_string())
    }

    /// The file that decides on it besides its own.
    pub(crate) fn description(&self) -> Option<&Path> {
        self.description.as_deref()
    }
}
