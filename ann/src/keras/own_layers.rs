//! Layer classes of our own.

use serde::Deserialize;

use crate::error::ModelFileError;
use crate::keras::assembly::Assembly;
use crate::keras::layer_config::{Conv2dConfig, DenseConfig};
use crate::keras::model_config::LayerRecord;
use crate::keras::value::{Axes, Flow};
use crate::keras::weights::Place;
use crate::layer::{
    Averaging, ConvAct, CwaConv2d, CwaDense, CwaLateral, DoubledInput, KernelShape, Layer, Maxout, MixLu, MixLuVariant,
    SynapticMaxout, Weighting,
};

#[derive(Deserialize)]
struct MaxoutConfig {
    pieces: usize,
    minima: f64,
}

#[derive(Deserialize)]
struct MinimaConfig {
    minima: f64,
}

#[derive(Deserialize)]
struct MixLuConfig {
    fraction: f64,
    variant: String,
    seed: u64,
}

#[derive(Deserialize)]
struct AveragingConfig {
    leak: f64,
    rest: f64,
    clips: bool,
    /// None where the weights are absolute.
    excitatory: Option<usize>,
}

#[derive(Deserialize)]
struct LateralConfig {
    units: usize,
    inhibitory: usize,
    steps: usize,
    leak: f64,
    rest: f64,
}

impl From<AveragingConfig> for Averaging {
    fn from(config: AveragingConfig) -> Self {
        let AveragingConfig { leak, rest, clips, excitatory } = config;
        let weighting = excitatory.map_or(Weighting::Absolute, |excitatory| Weighting::Conductance { excitatory });
        Self { weighting, leak, rest, clips }
    }
}

impl Assembly<'_> {
    /// Appends what a layer of class `lif>CLASS` amounts to; `None` for a class that is not ours.
    pub(crate) fn own_layer(
        &mut self,
        class: &str,
        record: &LayerRecord,
        input: Flow,
        place: &Place,
    ) -> Option<Result<Flow, ModelFileError>> {
        let layer = match class {
            "Maxout" => record
                .parse()
                .map(|MaxoutConfig { pieces, minima }| Layer::Maxout(Maxout::new(pieces).with_minima(minima))),
            "SynapticMaxout" => self.synaptic_maxout(record, input, place),
            "MixLU" => mixlu(record),
            "ConvAct" => self.conv_act(record, input, place),
            "DoubledInput" => Ok(Layer::DoubledInput(DoubledInput)),
            "CwaDense" => self.cwa_dense(record, input, place),
            "CwaLateral" => self.cwa_lateral(record, input, place),
            "CwaConv2D" => self.cwa_conv2d(record, input, place),
            _ => return None,
        };
        let axes = match class {
            "SynapticMaxout" | "CwaDense" | "CwaLateral" => Axes::Vector,
            _ => input.axes,
        };
        Some(layer.and_then(|layer| self.push(layer, &[input], axes)))
    }

    fn synaptic_maxout(&self, record: &LayerRecord, input: Flow, place: &Place) -> Result<Layer<f32>, ModelFileError> {
        let DenseConfig { units, use_bias } = record.parse()?;
        if let Axes::ByChannel(_) = input.axes {
            return Err(record.contradiction("save the model with channels_last".to_owned()));
        }
        let inputs = input.shape.units();
        let kernel = self.weights(record, place, ("kernel", 0), &[inputs, units])?;
        let bias = self.bias(record, place, 1, use_bias, units)?;
        let layer = SynapticMaxout::new(inputs, kernel, bias).map_err(|source| self.network_error(source))?;
        Ok(Layer::SynapticMaxout(layer.with_minima(record.parse::<MinimaConfig>()?.minima)))
    }

    fn conv_act(&self, record: &LayerRecord, input: Flow, place: &Place) -> Result<Layer<f32>, ModelFileError> {
        let channels = [input.shape.channels];
        let above = self.weights(record, place, ("above", 0), &channels)?;
        let below = self.weights(record, place, ("below", 1), &channels)?;
        ConvAct::new(above, below).map(Layer::ConvAct).map_err(|source| self.network_error(source))
    }

    fn cwa_dense(&self, record: &LayerRecord, input: Flow, place: &Place) -> Result<Layer<f32>, ModelFileError> {
        let units = record.parse::<DenseConfig>()?.units;
        if let Axes::ByChannel(_) = input.axes {
            return Err(record.contradiction("save the model with channels_last".to_owned()));
        }
        let inputs = input.shape.units();
        let kernel = self.weights(record, place, ("kernel", 0), &[inputs, units])?;
        let averaging = record.parse::<AveragingConfig>()?.into();
        CwaDense::new(inputs, kernel, averaging).map(Layer::CwaDense).map_err(|source| self.network_error(source))
    }

    fn cwa_lateral(&self, record: &LayerRecord, input: Flow, place: &Place) -> Result<Layer<f32>, ModelFileError> {
        let LateralConfig { units, inhibitory, steps, leak, rest } = record.parse()?;
        if let Axes::ByChannel(_) = input.axes {
            return Err(record.contradiction("save the model with channels_last".to_owned()));
        }
        let inputs = input.shape.units();
        let kernels = [
            self.weights(record, place, ("kernel", 0), &[inputs, units])?,
            self.weights(record, place, ("to_inhibitory", 1), &[units, inhibitory])?,
            self.weights(record, place, ("from_inhibitory", 2), &[inhibitory, units])?,
        ];
        let layer = CwaLateral::new(inputs, kernels, leak, rest).map_err(|source| self.network_error(source))?;
        Ok(Layer::CwaLateral(layer.with_steps(steps)))
    }

    fn cwa_conv2d(&self, record: &LayerRecord, input: Flow, place: &Place) -> Result<Layer<f32>, ModelFileError> {
        self.require_map(record, input)?;
        let config: Conv2dConfig = record.parse()?;
        let window = config.kernel_size.extent();
        let (inputs, outputs) = (input.shape.channels, config.filters);
        let shape = KernelShape { height: window.height, width: window.width, inputs, outputs };
        let sizes = [shape.height, shape.width, inputs, outputs];
        let kernel = self.weights(record, place, ("kernel", 0), &sizes)?;
        let averaging = record.parse::<AveragingConfig>()?.into();
        let layer = CwaConv2d::new(shape, kernel, config.strides.extent(), averaging);
        let layer = layer.map_err(|source| self.network_error(source))?;
        Ok(Layer::CwaConv2d(layer.with_padding(record.padding()?)))
    }
}

fn mixlu(record: &LayerRecord) -> Result<Layer<f32>, ModelFileError> {
    let MixLuConfig { fraction, variant: name, seed } = record.parse()?;
    match MixLuVariant::ALL.into_iter().find(|variant| variant.name() == name) {
        Some(variant) => Ok(Layer::MixLu(MixLu::new(fraction, variant, seed))),
        None => Err(record.unsupported("variant", name, "use fixed, gated, redrawn or redrawn-gated")),
    }
}
