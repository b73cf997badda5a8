//! Configurations of single layers; what an older version of Keras leaves out takes its default.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sim::IfCurrExp;

use crate::activation::Activation;
use crate::activation::fixed_noise::FixedNoise;
use crate::activation::lif_rate::LifRate;
use crate::activation::noisy_softplus::NoisySoftplus;
use crate::activation::root_unit::{RootFamily, RootUnit};
use crate::error::ModelFileError;
use crate::keras::PACKAGE;
use crate::keras::model_config::LayerRecord;
use crate::layer::{BatchNormalization, Margins, Padding};
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

/// Noisy Softplus at a fixed noise.
#[derive(Clone, Copy, Deserialize)]
struct FixedNoiseConfig {
    k: f64,
    sigma: f64,
}

impl From<FixedNoiseConfig> for Activation {
    fn from(config: FixedNoiseConfig) -> Self {
        let FixedNoiseConfig { k, sigma } = config;
        Self::FixedNoise(FixedNoise { k, sigma })
    }
}

/// A radical root unit.
#[derive(Deserialize)]
struct RootUnitConfig {
    family: String,
    radix: f64,
}

/// The rate of a LIF neuron; PyNN's names.
#[derive(Deserialize)]
struct LifRateConfig {
    sigma: f64,
    cm: f64,
    tau_m: f64,
    tau_refrac: f64,
    #[serde(rename = "tau_syn_E")]
    tau_syn_e: f64,
    #[serde(rename = "tau_syn_I")]
    tau_syn_i: f64,
    v_rest: f64,
    v_reset: f64,
    v_thresh: f64,
    i_offset: f64,
}

impl From<LifRateConfig> for Activation {
    fn from(config: LifRateConfig) -> Self {
        let LifRateConfig { sigma, cm, tau_m, tau_refrac, tau_syn_e, tau_syn_i, .. } = config;
        let LifRateConfig { v_rest, v_reset, v_thresh, i_offset, .. } = config;
        let neuron = IfCurrExp { cm, tau_m, tau_refrac, tau_syn_e, tau_syn_i, v_rest, v_reset, v_thresh, i_offset };
        Self::LifRate(LifRate { neuron, sigma })
    }
}

fn one() -> Pair {
    Pair::Both(1)
}

fn single() -> usize {
    1
}

fn yes() -> bool {
    true
}

/// Conv2D, DepthwiseConv2D and SeparableConv2D.
#[derive(Deserialize)]
pub(crate) struct Conv2dConfig {
    /// Absent from DepthwiseConv2D.
    #[serde(default)]
    pub(crate) filters: usize,
    pub(crate) kernel_size: Pair,
    #[serde(default = "one")]
    pub(crate) strides: Pair,
    #[serde(default = "one")]
    pub(crate) dilation_rate: Pair,
    #[serde(default = "single")]
    pub(crate) groups: usize,
    #[serde(default = "single")]
    pub(crate) depth_multiplier: usize,
    #[serde(default = "yes")]
    pub(crate) use_bias: bool,
}

/// AveragePooling2D and MaxPooling2D.
#[derive(Deserialize)]
pub(crate) struct Pooling2dConfig {
    pub(crate) pool_size: Pair,
    #[serde(default)]
    pub(crate) strides: Option<Pair>,
}

/// GlobalAveragePooling2D and GlobalMaxPooling2D.
#[derive(Deserialize)]
pub(crate) struct GlobalPoolingConfig {
    #[serde(default)]
    pub(crate) keepdims: bool,
}

/// Dropout.
#[derive(Deserialize)]
pub(crate) struct DropoutConfig {
    pub(crate) rate: f64,
}

/// Rescaling; a list with one number per channel is refused.
#[derive(Deserialize)]
pub(crate) struct RescalingConfig {
    pub(crate) scale: f64,
    #[serde(default)]
    pub(crate) offset: f64,
}

/// Reshape.
#[derive(Deserialize)]
pub(crate) struct ReshapeConfig {
    pub(crate) target_shape: Vec<i64>,
}

impl ReshapeConfig {
    /// The sizes with -1 replaced by what is left of `units`; `None` if they do not come to so many.
    pub(crate) fn sizes(&self, units: usize) -> Option<Vec<usize>> {
        let known = self.target_shape.iter().filter(|&&size| size != -1);
        let known = known
            .map(|&size| usize::try_from(size).ok())
            .try_fold(1_usize, |product, size| product.checked_mul(size?).filter(|&product| product > 0))?;
        if self.target_shape.iter().filter(|&&size| size == -1).count() > 1 || !units.is_multiple_of(known) {
            return None;
        }
        self.target_shape
            .iter()
            .map(|&size| if size == -1 { Some(units / known) } else { usize::try_from(size).ok() })
            .collect()
    }
}

/// Margins: one number, one for rows and one for columns, or before and after of each.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum MarginsConfig {
    All(usize),
    Symmetric([usize; 2]),
    Each([[usize; 2]; 2]),
}

impl MarginsConfig {
    pub(crate) fn margins(&self) -> Margins {
        match *self {
            Self::All(side) => Margins::square(side),
            Self::Symmetric([rows, columns]) => Margins { top: rows, bottom: rows, left: columns, right: columns },
            Self::Each([[top, bottom], [left, right]]) => Margins { top, bottom, left, right },
        }
    }
}

/// ZeroPadding2D.
#[derive(Deserialize)]
pub(crate) struct ZeroPadding2dConfig {
    pub(crate) padding: MarginsConfig,
}

/// BatchNormalization.
#[derive(Deserialize)]
pub(crate) struct BatchNormalizationConfig {
    #[serde(default = "epsilon")]
    pub(crate) epsilon: f64,
    #[serde(default = "momentum")]
    pub(crate) momentum: f64,
    #[serde(default = "yes")]
    pub(crate) scale: bool,
    #[serde(default = "yes")]
    pub(crate) center: bool,
}

fn epsilon() -> f64 {
    BatchNormalization::<f32>::EPSILON
}

fn momentum() -> f64 {
    BatchNormalization::<f32>::MOMENTUM
}

/// Dense.
#[derive(Deserialize)]
pub(crate) struct DenseConfig {
    pub(crate) units: usize,
    #[serde(default = "yes")]
    pub(crate) use_bias: bool,
}

/// ReLU, LeakyReLU and ELU, as layers of their own.
#[derive(Deserialize)]
struct RectifierConfig {
    #[serde(default)]
    max_value: Option<f64>,
    #[serde(default)]
    negative_slope: Option<f64>,
    #[serde(default)]
    threshold: Option<f64>,
    /// Of ELU, and the slope of LeakyReLU in Keras 2.
    #[serde(default)]
    alpha: Option<f64>,
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

    /// Something in its configuration, or in what arrives at it, that cannot be.
    pub(crate) fn contradiction(&self, detail: String) -> ModelFileError {
        ModelFileError::LayerConfig { layer: self.name().to_owned(), class: self.class_name.clone(), detail }
    }

    /// A class without a counterpart.
    pub(crate) fn unsupported_class(&self, advice: &'static str) -> ModelFileError {
        ModelFileError::UnsupportedLayer { layer: self.name().to_owned(), class: self.class_name.clone(), advice }
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

    /// The key `padding` of a convolution or pool.
    pub(crate) fn padding(&self) -> Result<Padding, ModelFileError> {
        match self.config.get("padding") {
            None | Some(Value::Null) => Ok(Padding::Valid),
            Some(Value::String(padding)) if padding == "valid" => Ok(Padding::Valid),
            Some(Value::String(padding)) if padding == "same" => Ok(Padding::Same),
            Some(found) => Err(self.unsupported("padding", found, "use padding 'valid' or 'same'")),
        }
    }

    /// The activation that a ReLU layer is.
    pub(crate) fn relu(&self) -> Result<Activation, ModelFileError> {
        let config: RectifierConfig = self.parse()?;
        if config.max_value.is_some() || config.threshold.is_some_and(|threshold| threshold != 0.0) {
            let advice = "use ReLU without max_value and threshold";
            return Err(self.unsupported("max_value or threshold", "other", advice));
        }
        Ok(match config.negative_slope {
            None | Some(0.0) => Activation::Relu,
            Some(slope) => Activation::LeakyRelu { slope },
        })
    }

    /// The activation that a LeakyReLU layer is.
    pub(crate) fn leaky_relu(&self) -> Result<Activation, ModelFileError> {
        let config: RectifierConfig = self.parse()?;
        Ok(Activation::LeakyRelu { slope: config.negative_slope.or(config.alpha).unwrap_or(0.3) })
    }

    /// The activation that an ELU layer is.
    pub(crate) fn elu(&self) -> Result<Activation, ModelFileError> {
        let config: RectifierConfig = self.parse()?;
        Ok(Activation::Elu { alpha: config.alpha.unwrap_or(1.0) })
    }

    /// The activation that a layer is, for the classes that are one.
    pub(crate) fn layer_as_activation(&self) -> Option<Result<Activation, ModelFileError>> {
        let class = self.class_name.as_str();
        Some(match class.strip_prefix(PACKAGE).unwrap_or(class) {
            // Ours, and layers under names such as `snn>NoisySoftplus` that keep their constants.
            short if short == "FixedNoiseSoftplus" || short.ends_with("NoisySoftplus") => {
                self.parse::<FixedNoiseConfig>().map(Activation::from)
            }
            "ReLU" => self.relu(),
            "LeakyReLU" => self.leaky_relu(),
            "ELU" => self.elu(),
            "NegLU" => Ok(Activation::NegLu),
            "RootUnit" => self.root_unit(),
            "LifRate" => self.parse::<LifRateConfig>().map(Activation::from),
            _ => return None,
        })
    }

    fn root_unit(&self) -> Result<Activation, ModelFileError> {
        let RootUnitConfig { family: name, radix } = self.parse()?;
        match RootFamily::ALL.into_iter().find(|family| family.name() == name) {
            Some(family) => Ok(Activation::RootUnit(RootUnit::new(family, radix))),
            None => Err(self.unsupported("family", name, "use rrru, eru or orru")),
        }
    }

    /// The key `activation`; `constants` are those of functions `noisy_softplus`, which keep none in the file.
    pub(crate) fn activation(&self, constants: Option<FixedNoise>) -> Result<Activation, ModelFileError> {
        const ADVICE: &str = "use relu, leaky_relu, elu, sigmoid, tanh, softplus, linear or (last layer) softmax";
        match self.config.get("activation") {
            None | Some(Value::Null) => Ok(Activation::Linear),
            Some(Value::String(name)) => match name.as_str() {
                "linear" => Ok(Activation::Linear),
                "relu" => Ok(Activation::Relu),
                // The defaults of the functions, which are not those of the layers.
                "leaky_relu" => Ok(Activation::LeakyRelu { slope: 0.2 }),
                "elu" => Ok(Activation::Elu { alpha: 1.0 }),
                "sigmoid" => Ok(Activation::Sigmoid),
                "tanh" => Ok(Activation::Tanh),
                "softplus" => Ok(Activation::Softplus),
                "softmax" => Ok(Activation::Softmax),
                name => {
                    self.function(name, constants).unwrap_or_else(|| Err(self.unsupported("activation", name, ADVICE)))
                }
            },
            Some(Value::Object(object)) => {
                if let Some(activation) = layer_object_as_activation(object) {
                    return activation;
                }
                let name = object.get("config").and_then(Value::as_str).unwrap_or("an object");
                self.function(name, constants).unwrap_or_else(|| Err(self.unsupported("activation", name, ADVICE)))
            }
            Some(other) => Err(self.unsupported("activation", other, ADVICE)),
        }
    }

    /// What a registered function of this name computes; `None` if it is not known.
    fn function(&self, name: &str, constants: Option<FixedNoise>) -> Option<Result<Activation, ModelFileError>> {
        const ADVICE: &str = "a registered function leaves its constants k and sigma in the program that made the model, they \
                              are not in the file; give them (--noisy-softplus K,SIGMA), or use layers that keep them, such as \
                              lif>FixedNoiseSoftplus or lif>NoisySoftplusConv2D";
        let is_known = name.ends_with("noisy_softplus");
        let missing = || self.unsupported("activation", name, ADVICE);
        is_known.then(|| constants.map(Activation::FixedNoise).ok_or_else(missing))
    }
}

/// The activation that a layer object in the place of a name stands for, if its class is one.
fn layer_object_as_activation(object: &Map<String, Value>) -> Option<Result<Activation, ModelFileError>> {
    let record: LayerRecord = serde_json::from_value(Value::Object(object.clone())).ok()?;
    record.layer_as_activation()
}
