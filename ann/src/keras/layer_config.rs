//! Configurations of single layers; what an older version of Keras leaves out takes its default.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::activation::Activation;
use crate::activation::noisy_softplus::NoisySoftplus;
use crate::error::ModelFileError;
use crate::keras::model_config::LayerRecord;
use crate::shape::Extent;

/// Rows and columns, or one number for both.
#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(untagged)]
pub(crate) enum Pair {
    Both(usize),
    Each([usize; 2]),
}

impl Pair {
    pub(crate) fn extent(self) -> Extent {
        match self {
            Self::Both(side) => Extent::square(side),
            Self::Each([height, width]) => Extent::new(height, width),
        }
    }
}

/// Constants of our own layer classes.
#[derive(Clone, Copy, Deserialize)]
pub(crate) struct NoisySoftplusConfig {
    k: f64,
    s_hz_per_na: f64,
    tau_syn_ms: f64,
}

impl From<NoisySoftplusConfig> for Activation {
    fn from(config: NoisySoftplusConfig) -> Self {
        let NoisySoftplusConfig { k, s_hz_per_na, tau_syn_ms } = config;
        Self::NoisySoftplus(NoisySoftplus { k, s_hz_per_na, tau_syn_ms })
    }
}

fn one() -> Pair {
    Pair::Both(1)
}

fn single_group() -> usize {
    1
}

fn yes() -> bool {
    true
}

/// Conv2D.
#[derive(Deserialize)]
pub(crate) struct Conv2dConfig {
    pub(crate) filters: usize,
    pub(crate) kernel_size: Pair,
    #[serde(default = "one")]
    pub(crate) strides: Pair,
    #[serde(default = "one")]
    pub(crate) dilation_rate: Pair,
    #[serde(default = "single_group")]
    pub(crate) groups: usize,
    #[serde(default = "yes")]
    pub(crate) use_bias: bool,
}

/// AveragePooling2D.
#[derive(Deserialize)]
pub(crate) struct AveragePooling2dConfig {
    pub(crate) pool_size: Pair,
    #[serde(default)]
    pub(crate) strides: Option<Pair>,
}

/// Dense.
#[derive(Deserialize)]
pub(crate) struct DenseConfig {
    pub(crate) units: usize,
    #[serde(default = "yes")]
    pub(crate) use_bias: bool,
}

/// ReLU, as a layer of its own.
#[derive(Deserialize)]
pub(crate) struct ReluConfig {
    #[serde(default)]
    pub(crate) max_value: Option<f64>,
    #[serde(default)]
    pub(crate) negative_slope: Option<f64>,
    #[serde(default)]
    pub(crate) threshold: Option<f64>,
}

impl LayerRecord {
    /// The configuration as `C`.
    pub(crate) fn parse<C: DeserializeOwned>(&self) -> Result<C, ModelFileError> {
        serde_json::from_value(Value::Object(self.config.clone())).map_err(|error| ModelFileError::LayerConfig {
            layer: self.name().to_owned(),
            class: self.class_name.clone(),
            detail: error.to_string(),
        })
    }

    pub(crate) fn unsupported(
        &self,
        setting: &'static str,
        found: impl ToString,
        advice: &'static str,
    ) -> ModelFileError {
        ModelFileError::UnsupportedSetting {
            layer: self.name().to_owned(),
            class: self.class_name.clone(),
            setting,
            found: found.to_string(),
            advice,
        }
    }

    /// Refuses any value of a text setting but `expected`, which is also what an absent one means.
    pub(crate) fn require(
        &self,
        setting: &'static str,
        expected: &str,
        advice: &'static str,
    ) -> Result<(), ModelFileError> {
        match self.config.get(setting) {
            None | Some(Value::Null) => Ok(()),
            Some(Value::String(found)) if found == expected => Ok(()),
            Some(found) => Err(self.unsupported(setting, found, advice)),
        }
    }

    /// The key `activation`.
    pub(crate) fn activation(&self) -> Result<Activation, ModelFileError> {
        const ADVICE: &str = "use relu, softplus, linear or (last layer) softmax";
        match self.config.get("activation") {
            None | Some(Value::Null) => Ok(Activation::Linear),
            Some(Value::String(name)) => match name.as_str() {
                "linear" => Ok(Activation::Linear),
                "relu" => Ok(Activation::Relu),
                "softplus" => Ok(Activation::Softplus),
                "softmax" => Ok(Activation::Softmax),
                _ => Err(self.unsupported("activation", name, ADVICE)),
            },
            Some(Value::Object(object)) => {
                let name = object.get("config").and_then(Value::as_str).unwrap_or("an object");
                let advice = if name.contains("noisy_softplus") {
                    "a registered function leaves its constants k and sigma in the program that made the model, they \
                     are not in the file; train the network here, or use the layer classes lif>NoisySoftplusConv2D \
                     and lif>NoisySoftplusAveragePooling2D, which keep them"
                } else {
                    ADVICE
                };
                Err(self.unsupported("activation", name, advice))
            }
            Some(other) => Err(self.unsupported("activation", other, ADVICE)),
        }
    }
}
