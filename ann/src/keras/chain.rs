//! From Keras' list of layers to ours.

use crate::activation::Activation;
use crate::error::{ModelFileError, NetworkError};
use crate::keras::PACKAGE;
use crate::keras::hdf5_file::InputFile;
use crate::keras::layer_config::{AveragePooling2dConfig, Conv2dConfig, DenseConfig, NoisySoftplusConfig, ReluConfig};
use crate::keras::model_config::LayerRecord;
use crate::keras::unsupported::advice;
use crate::layer::{AveragePool2d, Conv2d, Dense, KernelShape, Layer};
use crate::network::Network;
use crate::shape::{Extent, Shape};

const VALID_ADVICE: &str = "only padding 'valid' is; pad the images instead";
const CHANNELS_ADVICE: &str = "only channels_last is; save the model with image_data_format channels_last";

/// A chain of layers under construction.
pub(crate) struct Chain<'a> {
    file: &'a InputFile,
    layers: Vec<Layer<f32>>,
    /// Shape of the last layer's outputs.
    shape: Shape,
}

impl<'a> Chain<'a> {
    pub(crate) fn new(file: &'a InputFile, input: Shape) -> Self {
        Self { file, layers: Vec::new(), shape: input }
    }

    pub(crate) fn finish(self, input: Shape) -> Result<Network<f32>, ModelFileError> {
        Network::new(input, self.layers).map_err(|source| self.file.network_error(source))
    }

    /// Appends what one Keras layer amounts to.
    pub(crate) fn append(&mut self, record: &LayerRecord) -> Result<(), ModelFileError> {
        let class = record.class_name.as_str();
        match class.strip_prefix(PACKAGE).unwrap_or(class) {
            // Identities after training.
            "InputLayer"
            | "Dropout"
            | "SpatialDropout2D"
            | "GaussianNoise"
            | "GaussianDropout"
            | "ActivityRegularization" => Ok(()),
            "Conv2D" => self.conv2d(record, record.activation()?),
            "NoisySoftplusConv2D" => self.conv2d(record, noisy_softplus(record)?),
            "AveragePooling2D" => self.average_pool(record, Activation::Linear),
            "NoisySoftplusAveragePooling2D" => self.average_pool(record, noisy_softplus(record)?),
            "Dense" => self.dense(record, record.activation()?),
            "NoisySoftplusDense" => self.dense(record, noisy_softplus(record)?),
            "Flatten" => {
                record.require("data_format", "channels_last", CHANNELS_ADVICE)?;
                self.push(Layer::Flatten)
            }
            "Activation" => self.activate(record, record.activation()?),
            "ReLU" => {
                let config: ReluConfig = record.parse()?;
                let bent = [config.negative_slope, config.threshold].into_iter().flatten().any(|value| value != 0.0);
                if bent || config.max_value.is_some() {
                    let advice = "only max(x, 0) is; use ReLU without max_value, negative_slope and threshold";
                    return Err(record.unsupported("max_value, negative_slope or threshold", "other", advice));
                }
                self.activate(record, Activation::Relu)
            }
            "Softmax" => self.activate(record, Activation::Softmax),
            other => Err(ModelFileError::UnsupportedLayer {
                layer: record.name().to_owned(),
                class: class.to_owned(),
                advice: advice(other),
            }),
        }
    }

    fn push(&mut self, layer: Layer<f32>) -> Result<(), ModelFileError> {
        self.shape =
            layer.output_shape(self.layers.len(), &[self.shape]).map_err(|source| self.file.network_error(source))?;
        self.layers.push(layer);
        Ok(())
    }

    fn conv2d(&mut self, record: &LayerRecord, activation: Activation) -> Result<(), ModelFileError> {
        record.require("padding", "valid", VALID_ADVICE)?;
        record.require("data_format", "channels_last", CHANNELS_ADVICE)?;
        let config: Conv2dConfig = record.parse()?;
        if config.dilation_rate.extent() != Extent::square(1) {
            return Err(record.unsupported("dilation_rate", config.dilation_rate.extent(), "use dilation_rate 1"));
        }
        if config.groups != 1 {
            return Err(record.unsupported("groups", config.groups, "use groups 1"));
        }
        let Extent { height, width } = config.kernel_size.extent();
        let shape = KernelShape { height, width, inputs: self.shape.channels, outputs: config.filters };
        let kernel = self.weights(record, "kernel", &[height, width, shape.inputs, shape.outputs])?;
        let bias = self.bias(record, config.use_bias, config.filters)?;
        let conv = Conv2d::new(shape, kernel, bias, config.strides.extent(), activation);
        self.push(Layer::Conv2d(conv.map_err(|source| self.file.network_error(source))?))
    }

    fn average_pool(&mut self, record: &LayerRecord, activation: Activation) -> Result<(), ModelFileError> {
        record.require("padding", "valid", VALID_ADVICE)?;
        record.require("data_format", "channels_last", CHANNELS_ADVICE)?;
        let config: AveragePooling2dConfig = record.parse()?;
        let pool = config.pool_size.extent();
        let strides = config.strides.map_or(pool, |strides| strides.extent());
        if strides != pool {
            return Err(record.unsupported("strides", strides, "use strides equal to pool_size"));
        }
        self.push(Layer::AveragePool2d(AveragePool2d::new(pool, activation)))
    }

    fn dense(&mut self, record: &LayerRecord, activation: Activation) -> Result<(), ModelFileError> {
        let config: DenseConfig = record.parse()?;
        if !self.shape.is_flat() {
            return Err(ModelFileError::LayerConfig {
                layer: record.name().to_owned(),
                class: record.class_name.clone(),
                detail: format!("a map of {} arrives; put a Flatten layer before it", self.shape),
            });
        }
        let inputs = self.shape.units();
        let kernel = self.weights(record, "kernel", &[inputs, config.units])?;
        let bias = self.bias(record, config.use_bias, config.units)?;
        let dense = Dense::new(inputs, kernel, bias, activation);
        self.push(Layer::Dense(dense.map_err(|source| self.file.network_error(source))?))
    }

    /// Gives an activation that is a layer of its own in Keras to the weighted layer before it.
    fn activate(&mut self, record: &LayerRecord, activation: Activation) -> Result<(), ModelFileError> {
        let previous = match self.layers.last_mut() {
            Some(Layer::Conv2d(conv)) => conv.activation_mut(),
            Some(Layer::Dense(dense)) => dense.activation_mut(),
            _ => {
                let advice = "put it directly behind a Conv2D or Dense layer";
                return Err(record.unsupported("place", "not behind a weighted layer", advice));
            }
        };
        if *previous != Activation::Linear {
            let found = previous.to_string();
            return Err(record.unsupported("place", found, "the layer before it has an activation already; drop one"));
        }
        *previous = activation;
        Ok(())
    }

    fn bias(&self, record: &LayerRecord, used: bool, outputs: usize) -> Result<Option<Vec<f32>>, ModelFileError> {
        if used { self.weights(record, "bias", &[outputs]).map(Some) } else { Ok(None) }
    }

    /// A weight tensor, found by its name: the last part of one of the paths in the group's `weight_names`.
    fn weights(
        &self,
        record: &LayerRecord,
        tensor: &'static str,
        expected: &[usize],
    ) -> Result<Vec<f32>, ModelFileError> {
        let layer = record.name();
        let group = format!("{}{layer}", self.file.weights_prefix()?);
        let names = self.file.texts(&group, "weight_names")?;
        // Keras 2 appends the number of the output, `kernel:0`.
        let is_wanted = |name: &&String| {
            let last = name.rsplit('/').next().unwrap_or(name);
            last.split(':').next() == Some(tensor)
        };
        let missing = || ModelFileError::MissingWeights { layer: layer.to_owned(), tensor };
        let name = names.iter().find(is_wanted).ok_or_else(missing)?;
        let accept = |found: &[usize]| {
            if found == expected {
                return Ok(());
            }
            let (expected, found) = (expected.to_vec(), found.to_vec());
            Err(ModelFileError::WeightShape { layer: layer.to_owned(), tensor, expected, found })
        };
        let read = self.file.tensor(&format!("{group}/{name}"), accept)?.ok_or_else(missing)?;
        if let Some(flat) = read.values.iter().position(|value| !value.is_finite()) {
            return Err(ModelFileError::NotFinite {
                layer: layer.to_owned(),
                tensor,
                index: unravel(flat, &read.shape),
                value: read.values[flat],
            });
        }
        Ok(read.values)
    }
}

impl InputFile {
    pub(crate) fn network_error(&self, source: NetworkError) -> ModelFileError {
        ModelFileError::Network { path: self.path().to_owned(), source }
    }

    /// Whole models keep their weights in `model_weights`, other files at the root.
    fn weights_prefix(&self) -> Result<&'static str, ModelFileError> {
        Ok(if self.has_group("model_weights")? { "model_weights/" } else { "" })
    }
}

/// One index per dimension of a row-major tensor.
fn unravel(flat: usize, shape: &[usize]) -> Vec<usize> {
    let mut rest = flat;
    let mut index: Vec<usize> = shape
        .iter()
        .rev()
        .map(|&size| {
            let own = rest % size;
            rest /= size;
            own
        })
        .collect();
    index.reverse();
    index
}

fn noisy_softplus(record: &LayerRecord) -> Result<Activation, ModelFileError> {
    record.parse::<NoisySoftplusConfig>().map(Activation::from)
}
