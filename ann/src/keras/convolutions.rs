//! Keras' classes of convolutions.

use crate::activation::Activation;
use crate::error::ModelFileError;
use crate::keras::assembly::Assembly;
use crate::keras::keras_1::StoredKernel;
use crate::keras::layer_config::Conv2dConfig;
use crate::keras::model_config::LayerRecord;
use crate::keras::value::{Axes, Flow};
use crate::keras::weights::Place;
use crate::layer::{Conv2d, KernelShape, Layer};
use crate::shape::Extent;

impl Assembly<'_> {
    pub(crate) fn conv2d(
        &mut self,
        record: &LayerRecord,
        input: Flow,
        place: &Place,
        activation: Activation,
    ) -> Result<Flow, ModelFileError> {
        self.require_map(record, input)?;
        let config: Conv2dConfig = record.parse()?;
        let Extent { height, width } = config.kernel_size.extent();
        let (groups, outputs) = (config.groups, config.filters);
        if groups == 0 || !input.shape.channels.is_multiple_of(groups) {
            let detail = format!("{} channels do not divide into {groups} groups", input.shape.channels);
            return Err(record.contradiction(detail));
        }
        let shape = KernelShape { height, width, inputs: input.shape.channels / groups, outputs };
        let (sizes, stored) = ([height, width, shape.inputs, outputs], StoredKernel::of(record));
        let kernel = stored.kernel(self.weights(record, place, ("kernel", 0), &stored.shape(sizes))?, sizes);
        let bias = self.bias(record, place, 1, config.use_bias, outputs)?;
        self.convolution(record, &config, input, (shape, kernel, bias, groups, activation))
    }

    /// Each channel on its own, with `depth_multiplier` outputs: as many groups as there are channels.
    pub(crate) fn depthwise_conv2d(
        &mut self,
        record: &LayerRecord,
        input: Flow,
        place: &Place,
    ) -> Result<Flow, ModelFileError> {
        self.require_map(record, input)?;
        let config: Conv2dConfig = record.parse()?;
        let Extent { height, width } = config.kernel_size.extent();
        let channels = input.shape.channels;
        let multiplier = config.depth_multiplier;
        let expected = [height, width, channels, multiplier];
        // Keras 3 calls it kernel.
        let kernel = match self.weights(record, place, ("depthwise_kernel", 0), &expected) {
            Err(ModelFileError::MissingWeights { .. }) => self.weights(record, place, ("kernel", 0), &expected)?,
            other => other?,
        };
        let outputs = channels.saturating_mul(multiplier);
        let bias = self.bias(record, place, 1, config.use_bias, outputs)?;
        let shape = KernelShape { height, width, inputs: 1, outputs };
        self.convolution(
            record,
            &config,
            input,
            (shape, kernel, bias, channels, record.activation(self.noisy_softplus)?),
        )
    }

    /// A depthwise convolution, and one of single cells behind it.
    pub(crate) fn separable_conv2d(
        &mut self,
        record: &LayerRecord,
        input: Flow,
        place: &Place,
    ) -> Result<Flow, ModelFileError> {
        self.require_map(record, input)?;
        let config: Conv2dConfig = record.parse()?;
        let Extent { height, width } = config.kernel_size.extent();
        let (channels, outputs) = (input.shape.channels, config.filters);
        let between = channels.saturating_mul(config.depth_multiplier);
        let depthwise = [height, width, channels, config.depth_multiplier];
        let depthwise = self.weights(record, place, ("depthwise_kernel", 0), &depthwise)?;
        let pointwise = self.weights(record, place, ("pointwise_kernel", 1), &[1, 1, between, outputs])?;
        let bias = self.bias(record, place, 2, config.use_bias, outputs)?;
        let shape = KernelShape { height, width, inputs: 1, outputs: between };
        let spread =
            self.convolution(record, &config, input, (shape, depthwise, None, channels, Activation::Linear))?;
        let shape = KernelShape { height: 1, width: 1, inputs: between, outputs };
        let mixing = Conv2d::new(shape, pointwise, bias, Extent::square(1), record.activation(self.noisy_softplus)?);
        let mixing = mixing.map_err(|source| self.network_error(source))?;
        self.push(Layer::Conv2d(mixing), &[spread], Axes::Map)
    }

    fn convolution(
        &mut self,
        record: &LayerRecord,
        config: &Conv2dConfig,
        input: Flow,
        (shape, kernel, bias, groups, activation): (KernelShape, Vec<f32>, Option<Vec<f32>>, usize, Activation),
    ) -> Result<Flow, ModelFileError> {
        let conv = Conv2d::new(shape, kernel, bias, config.strides.extent(), activation);
        let conv = conv.map_err(|source| self.network_error(source))?;
        let conv = conv.with_padding(record.padding()?).with_dilation(config.dilation_rate.extent());
        self.push(Layer::Conv2d(conv.with_groups(groups)), &[input], Axes::Map)
    }
}
