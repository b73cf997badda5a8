//! `--model`: a network by name, or the name of a file that describes one.

use super::{CLASSES, model_file};
use ann::model::{Architecture, Pool};
use ann::{ActivationChoice, Network, Shape};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// What is trained.
#[derive(Debug, Clone)]
pub(super) enum ModelChoice {
    Named(&'static str, Architecture),
    File(PathBuf),
}

/// Networks by name.
const NAMES: [(&str, Architecture); 17] = [
    ("paper", Architecture::Paper { maps: [6, 12] }),
    ("16c-64c", Architecture::Paper { maps: [16, 64] }),
    ("paf", Architecture::Paf { maps: [6, 12] }),
    ("paf-16c-64c", Architecture::Paf { maps: [16, 64] }),
    ("lenet5", Architecture::LeNet5(Pool::Average)),
    ("lenet5-max", Architecture::LeNet5(Pool::Max)),
    ("mlp-4", Architecture::Mlp { layers: 4, units: 128 }),
    ("mlp-6", Architecture::Mlp { layers: 6, units: 128 }),
    ("mlp-8", Architecture::Mlp { layers: 8, units: 128 }),
    ("mlp-1200", Architecture::Mlp { layers: 2, units: 1200 }),
    ("autoencoder", Architecture::Autoencoder),
    ("cnn5", Architecture::Cnn5),
    ("resnet18", Architecture::ResNet18),
    ("cwa-fcn", Architecture::CwaFcn),
    ("cwa-cnn", Architecture::CwaCnn),
    ("cwa-resnet18", Architecture::CwaResNet18),
    ("mixlu", Architecture::MixLu),
];

impl FromStr for ModelChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(&(name, architecture)) = NAMES.iter().find(|(name, _)| *name == text) {
            return Ok(ModelChoice::Named(name, architecture));
        }
        if Path::new(text).extension().is_some_and(|extension| extension == "toml") {
            return Ok(ModelChoice::File(text.into()));
        }
        let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
        Err(format!("expected one of {}, or a .toml file", names.join(", ")))
    }
}

impl ModelChoice {
    /// The network for such images and ten classes.
    pub(super) fn build(&self, input: Shape, activation: ActivationChoice, seed: u64) -> Result<Network<f32>> {
        match self {
            ModelChoice::Named(name, architecture) => {
                architecture.build(input, CLASSES, activation, seed).with_context(|| {
                    format!("the network {name} cannot be built for images of {input} with this activation")
                })
            }
            ModelChoice::File(path) => {
                let context = || format!("cannot build the network of {}", path.display());
                let text = std::fs::read_to_string(path).with_context(context)?;
                let network = model_file::build(&text, input, activation, seed).with_context(context)?;
                let outputs = network.output().units();
                if outputs != CLASSES && outputs != input.units() {
                    bail!(
                        "{}: the last layer has {outputs} units; {CLASSES} are needed for the classes, or {} for the inputs of an auto-encoder",
                        path.display(),
                        input.units()
                    );
                }
                Ok(network)
            }
        }
    }
}
