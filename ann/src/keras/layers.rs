//! Keras' layer classes, one by one.

use crate::activation::Activation;
use crate::error::{ModelFileError, NetworkError};
use crate::keras::PACKAGE;
use crate::keras::assembly::Assembly;
use crate::keras::layer_config::{
    BatchNormalizationConfig, DenseConfig, DropoutConfig, GlobalPoolingConfig, NoisySoftplusConfig, Pooling2dConfig,
    RescalingConfig, ReshapeConfig, ZeroPadding2dConfig,
};
use crate::keras::model_config::LayerRecord;
use crate::keras::unsupported::advice;
use crate::keras::value::{Axes, DataFormat, Flow};
use crate::keras::weights::Place;
use crate::layer::{
    AveragePool2d, BatchNormalization, Dense, Dropout, Layer, MaxPool2d, Rescaling, Reshape, ZeroPadding2d,
};
use crate::shape::{Extent, Shape};

impl Assembly<'_> {
    /// Appends what a layer that is no model amounts to, and returns its output.
    pub(crate) fn plain_layer(
        &mut self,
        record: &LayerRecord,
        inputs: &[Flow],
        place: &Place,
    ) -> Result<Flow, ModelFileError> {
        let class = record.class_name.as_str();
        let short = class.strip_prefix(PACKAGE).unwrap_or(class);
        match short {
            "Add" => return self.merge(record, Layer::Add, inputs),
            "Concatenate" => {
                let [first, ..] = inputs else { return Err(record.contradiction("it has no input".to_owned())) };
                self.require_channel_axis(record, first.axes)?;
                return self.merge(record, Layer::Concatenate, inputs);
            }
            _ => {}
        }
        let &[input] = inputs else {
            return Err(match advice(short) {
                Some(advice) => record.unsupported_class(advice),
                None => record.contradiction(format!("{} inputs arrive, it takes one", inputs.len())),
            });
        };
        if let Some(flow) = self.own_layer(short, record, input, place) {
            return flow;
        }
        if let Some(activation) = record.layer_as_activation() {
            return self.push(Layer::Activation(activation?), &[input], input.axes);
        }
        match short {
            // Identities after training, for which there is no counterpart in training.
            "SpatialDropout2D"
            | "GaussianNoise"
            | "GaussianDropout"
            | "AlphaDropout"
            | "ActivityRegularization"
            | "RandomFlip"
            | "RandomRotation"
            | "RandomTranslation"
            | "RandomZoom"
            | "RandomContrast"
            | "RandomBrightness" => Ok(input),
            "Conv2D" => self.conv2d(record, input, place, record.activation(self.noisy_softplus)?),
            "NoisySoftplusConv2D" => self.conv2d(record, input, place, noisy_softplus(record)?),
            "DepthwiseConv2D" => self.depthwise_conv2d(record, input, place),
            "SeparableConv2D" => self.separable_conv2d(record, input, place),
            "Dense" => self.dense(record, input, place, record.activation(self.noisy_softplus)?),
            "NoisySoftplusDense" => self.dense(record, input, place, noisy_softplus(record)?),
            "AveragePooling2D" => self.average_pool(record, input, Activation::Linear),
            "NoisySoftplusAveragePooling2D" => self.average_pool(record, input, noisy_softplus(record)?),
            "MaxPooling2D" => {
                let (pool, stride, padding) = self.pool(record, input)?;
                let layer = MaxPool2d::new(pool).with_stride(stride).with_padding(padding);
                self.push(Layer::MaxPool2d(layer), &[input], Axes::Map)
            }
            "GlobalAveragePooling2D" => self.global_pool(record, input, Layer::GlobalAveragePool2d),
            "GlobalMaxPooling2D" => self.global_pool(record, input, Layer::GlobalMaxPool2d),
            "Flatten" => self.flatten(record, input),
            "Reshape" => self.reshape(record, input),
            "ZeroPadding2D" => {
                self.require_map(record, input)?;
                let config: ZeroPadding2dConfig = record.parse()?;
                self.push(Layer::ZeroPadding2d(ZeroPadding2d::new(config.padding.margins())), &[input], Axes::Map)
            }
            "BatchNormalization" => self.batch_normalization(record, input, place),
            "Dropout" => {
                let config: DropoutConfig = record.parse()?;
                self.push(Layer::Dropout(Dropout::new(config.rate)), &[input], input.axes)
            }
            "Rescaling" => {
                let config: RescalingConfig = record.parse()?;
                self.push(Layer::Rescaling(Rescaling::new(config.scale, config.offset)), &[input], input.axes)
            }
            "Activation" => self.push(Layer::Activation(record.activation(self.noisy_softplus)?), &[input], input.axes),
            "Softmax" => self.push(Layer::Activation(Activation::Softmax), &[input], input.axes),
            other => {
                const ADVICE: &str = "use Conv2D, pooling, BatchNormalization, Flatten, Dense and Dropout layers";
                Err(record.unsupported_class(advice(other).unwrap_or(ADVICE)))
            }
        }
    }

    pub(crate) fn network_error(&self, source: NetworkError) -> ModelFileError {
        self.file.network_error(source)
    }

    /// Refuses everything but a map with channels where the model has them.
    pub(crate) fn require_map(&self, record: &LayerRecord, input: Flow) -> Result<(), ModelFileError> {
        let Shape { height, width, .. } = input.shape;
        match input.axes {
            Axes::Map => {}
            Axes::Matrix => {
                let detail = format!("input shape {height}x{width} without channels needs a Flatten layer first");
                return Err(record.contradiction(detail));
            }
            Axes::Vector | Axes::ByChannel(_) => {
                let detail = "a vector arrives where a map is needed; put a Reshape layer before it";
                return Err(record.contradiction(detail.to_owned()));
            }
        }
        if record.data_format()?.is_some_and(|format| format != self.format) {
            let found = record.config.get("data_format").map_or_else(String::new, ToString::to_string);
            return Err(record.unsupported("data_format", found, "use one data_format in the whole model"));
        }
        Ok(())
    }

    /// Refuses an `axis` that is not that of the channels.
    fn require_channel_axis(&self, record: &LayerRecord, axes: Axes) -> Result<(), ModelFileError> {
        let allowed: &[i64] = match (axes, self.format) {
            (Axes::Map, DataFormat::ChannelsLast) => &[-1, 3],
            (Axes::Map, DataFormat::ChannelsFirst) => &[1, -3],
            (Axes::Vector, _) => &[-1, 1],
            (Axes::Matrix | Axes::ByChannel(_), _) => &[],
        };
        let found = record.config.get("axis");
        let axis = match found {
            None => Some(-1),
            Some(serde_json::Value::Array(list)) if list.len() == 1 => list[0].as_i64(),
            Some(value) => value.as_i64(),
        };
        if axis.is_some_and(|axis| allowed.contains(&axis)) {
            return Ok(());
        }
        let found = found.map_or_else(|| "-1".to_owned(), ToString::to_string);
        Err(record.unsupported("axis", found, "use the axis of the channels"))
    }

    fn merge(&mut self, record: &LayerRecord, layer: Layer<f32>, inputs: &[Flow]) -> Result<Flow, ModelFileError> {
        let axes = inputs.first().map_or(Axes::Vector, |first| first.axes);
        if inputs.iter().any(|input| input.axes != axes) {
            return Err(record.contradiction("inputs with different axes arrive".to_owned()));
        }
        self.push(layer, inputs, axes)
    }

    pub(crate) fn bias(
        &self,
        record: &LayerRecord,
        place: &Place,
        position: usize,
        used: bool,
        outputs: usize,
    ) -> Result<Option<Vec<f32>>, ModelFileError> {
        if used { self.weights(record, place, ("bias", position), &[outputs]).map(Some) } else { Ok(None) }
    }

    fn dense(
        &mut self,
        record: &LayerRecord,
        input: Flow,
        place: &Place,
        activation: Activation,
    ) -> Result<Flow, ModelFileError> {
        let config: DenseConfig = record.parse()?;
        match input.axes {
            Axes::Matrix => self.require_map(record, input)?,
            Axes::Map if !input.shape.is_flat() => {
                let detail = format!("a map of {} arrives; put a Flatten layer before it", input.shape);
                return Err(record.contradiction(detail));
            }
            Axes::Map | Axes::Vector | Axes::ByChannel(_) => {}
        }
        let inputs = input.shape.units();
        let mut kernel = self.weights(record, place, ("kernel", 0), &[inputs, config.units])?;
        if let Axes::ByChannel(map) = input.axes {
            kernel = by_position(&kernel, map, config.units);
        }
        let bias = self.bias(record, place, 1, config.use_bias, config.units)?;
        let dense = Dense::new(inputs, kernel, bias, activation).map_err(|source| self.network_error(source))?;
        self.push(Layer::Dense(dense), &[input], Axes::Vector)
    }

    /// Window, stride and padding of a pool.
    fn pool(
        &self,
        record: &LayerRecord,
        input: Flow,
    ) -> Result<(Extent, Extent, crate::layer::Padding), ModelFileError> {
        self.require_map(record, input)?;
        let config: Pooling2dConfig = record.parse()?;
        let pool = config.pool_size.extent();
        Ok((pool, config.strides.map_or(pool, |strides| strides.extent()), record.padding()?))
    }

    fn average_pool(
        &mut self,
        record: &LayerRecord,
        input: Flow,
        activation: Activation,
    ) -> Result<Flow, ModelFileError> {
        let (pool, stride, padding) = self.pool(record, input)?;
        let layer = AveragePool2d::new(pool, activation).with_stride(stride).with_padding(padding);
        self.push(Layer::AveragePool2d(layer), &[input], Axes::Map)
    }

    fn global_pool(&mut self, record: &LayerRecord, input: Flow, layer: Layer<f32>) -> Result<Flow, ModelFileError> {
        self.require_map(record, input)?;
        let config: GlobalPoolingConfig = record.parse()?;
        self.push(layer, &[input], if config.keepdims { Axes::Map } else { Axes::Vector })
    }

    fn flatten(&mut self, record: &LayerRecord, input: Flow) -> Result<Flow, ModelFileError> {
        let by_channel = record.data_format()? == Some(DataFormat::ChannelsFirst);
        let trivial = input.shape.channels == 1 || input.shape.positions() == 1;
        let rows = input.shape.height;
        let axes = match (input.axes, self.format) {
            // Keras brings the channels of such a model last before it flattens, if Flatten itself is told so.
            (Axes::Map, DataFormat::ChannelsFirst) if !by_channel && !trivial => Axes::ByChannel(input.shape),
            (Axes::Map, DataFormat::ChannelsFirst) => Axes::Vector,
            // Keras would bring the rows behind all else.
            (Axes::Map | Axes::Matrix, _) if by_channel && rows > 1 && input.shape.units() > rows => {
                let advice = "the maps that arrive have their channels last";
                return Err(record.unsupported("data_format", "channels_first", advice));
            }
            (Axes::Map | Axes::Matrix | Axes::Vector, _) => Axes::Vector,
            (Axes::ByChannel(map), _) => Axes::ByChannel(map),
        };
        self.push(Layer::Flatten, &[input], axes)
    }

    fn reshape(&mut self, record: &LayerRecord, input: Flow) -> Result<Flow, ModelFileError> {
        let config: ReshapeConfig = record.parse()?;
        let found = || format!("{:?}", config.target_shape);
        let Some(sizes) = config.sizes(input.shape.units()) else {
            return Err(record.unsupported("target_shape", found(), "use sizes that fit the inputs"));
        };
        let first = self.format == DataFormat::ChannelsFirst;
        let (shape, axes) = match sizes[..] {
            [units] => (Shape::flat(units), Axes::Vector),
            [height, width] => (Shape::new(height, width, 1), Axes::Matrix),
            [channels, height, width] if first => (Shape::new(height, width, channels), Axes::Map),
            [height, width, channels] => (Shape::new(height, width, channels), Axes::Map),
            _ => return Err(record.unsupported("target_shape", found(), "use one to three sizes")),
        };
        let in_order = |shape: Shape| shape.channels == 1 || shape.height * shape.width == 1;
        let moves = matches!(input.axes, Axes::ByChannel(_))
            || (first && (axes == Axes::Map && !in_order(shape) || input.axes == Axes::Map && !in_order(input.shape)));
        if moves {
            return Err(record.unsupported("target_shape", found(), "save the model with channels_last"));
        }
        self.push(Layer::Reshape(Reshape::new(shape)), &[input], axes)
    }

    fn batch_normalization(
        &mut self,
        record: &LayerRecord,
        input: Flow,
        place: &Place,
    ) -> Result<Flow, ModelFileError> {
        self.require_channel_axis(record, input.axes)?;
        let config: BatchNormalizationConfig = record.parse()?;
        let channels = [input.shape.channels];
        let mut position = 0;
        let mut next = |tensor: &'static str, used: bool| {
            if !used {
                return Ok(None);
            }
            position += 1;
            self.weights(record, place, (tensor, position - 1), &channels).map(Some)
        };
        let (gamma, beta) = (next("gamma", config.scale)?, next("beta", config.center)?);
        let mean = next("moving_mean", true)?.unwrap_or_default();
        let variance = next("moving_variance", true)?.unwrap_or_default();
        let layer = BatchNormalization::new(gamma, beta, mean, variance);
        let layer = layer.map_err(|source| self.network_error(source))?;
        let layer = layer.with_epsilon(config.epsilon).with_momentum(config.momentum);
        self.push(Layer::BatchNormalization(layer), &[input], input.axes)
    }
}

/// The rows of a dense kernel in our order, where Keras has the units of `map` channel by channel.
fn by_position(kernel: &[f32], map: Shape, outputs: usize) -> Vec<f32> {
    let mut ordered = Vec::with_capacity(kernel.len());
    for position in 0..map.positions() {
        for channel in 0..map.channels {
            let row = channel * map.positions() + position;
            ordered.extend_from_slice(&kernel[row * outputs..(row + 1) * outputs]);
        }
    }
    ordered
}

fn noisy_softplus(record: &LayerRecord) -> Result<Activation, ModelFileError> {
    record.parse::<NoisySoftplusConfig>().map(Activation::from)
}
