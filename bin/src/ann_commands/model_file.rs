//! A chain of layers in TOML, by Keras' names.

use ann::model::{Bias, Builder, Convolution};
use ann::{Activation, ActivationChoice, AveragePool2d, Dropout, Extent, Layer, MaxPool2d, Network, Padding, Shape};
use anyhow::{Context, Result};
use serde::Deserialize;

/// A whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    layers: Vec<LayerTable>,
}

/// `[[layers]]`.
#[derive(Debug, Deserialize)]
#[serde(tag = "class_name", deny_unknown_fields)]
enum LayerTable {
    Conv2D {
        filters: usize,
        kernel_size: usize,
        #[serde(default = "one")]
        strides: usize,
        #[serde(default)]
        padding: PaddingName,
        #[serde(default = "yes")]
        use_bias: bool,
        #[serde(default)]
        activation: ActivationName,
    },
    Dense {
        units: usize,
        #[serde(default = "yes")]
        use_bias: bool,
        #[serde(default)]
        activation: ActivationName,
    },
    SynapticMaxout {
        units: usize,
        /// Fraction of the units that are minima.
        #[serde(default)]
        minima: f64,
        #[serde(default = "yes")]
        use_bias: bool,
    },
    AveragePooling2D {
        #[serde(default = "two")]
        pool_size: usize,
        strides: Option<usize>,
        #[serde(default)]
        padding: PaddingName,
    },
    MaxPooling2D {
        #[serde(default = "two")]
        pool_size: usize,
        strides: Option<usize>,
        #[serde(default)]
        padding: PaddingName,
    },
    GlobalAveragePooling2D {},
    GlobalMaxPooling2D {},
    Flatten {},
    BatchNormalization {},
    Dropout {
        rate: f64,
    },
    Activation {
        activation: ActivationName,
    },
}

fn one() -> usize {
    1
}

fn two() -> usize {
    2
}

fn yes() -> bool {
    true
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PaddingName {
    #[default]
    Valid,
    Same,
}

impl From<PaddingName> for Padding {
    fn from(name: PaddingName) -> Padding {
        match name {
            PaddingName::Valid => Padding::Valid,
            PaddingName::Same => Padding::Same,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ActivationName {
    /// That of `--activation`.
    Hidden,
    #[default]
    Linear,
    Relu,
    Sigmoid,
    Softmax,
    Softplus,
    Tanh,
}

impl ActivationName {
    fn of(self, hidden: ActivationChoice) -> Activation {
        match self {
            ActivationName::Hidden => hidden.weighted(),
            ActivationName::Linear => Activation::Linear,
            ActivationName::Relu => Activation::Relu,
            ActivationName::Sigmoid => Activation::Sigmoid,
            ActivationName::Softmax => Activation::Softmax,
            ActivationName::Softplus => Activation::Softplus,
            ActivationName::Tanh => Activation::Tanh,
        }
    }
}

/// The network that a file describes, for such images.
pub(super) fn build(text: &str, input: Shape, hidden: ActivationChoice, seed: u64) -> Result<Network<f32>> {
    let description: Description = toml::from_str(text)?;
    let mut builder = Builder::new(input, seed);
    for (index, table) in description.layers.into_iter().enumerate() {
        put(&mut builder, table, hidden).with_context(|| format!("[[layers]] number {}", index + 1))?;
    }
    Ok(builder.finish()?)
}

fn put(builder: &mut Builder<f32>, table: LayerTable, hidden: ActivationChoice) -> Result<()> {
    let bias = |used| if used { Bias::Zero } else { Bias::None };
    match table {
        LayerTable::Conv2D { filters, kernel_size, strides, padding, use_bias, activation } => {
            let padding = padding.into();
            let convolution = Convolution { side: kernel_size, stride: strides, outputs: filters, padding };
            builder.convolution(convolution, bias(use_bias), activation.of(hidden))
        }
        LayerTable::Dense { units, use_bias, activation } => {
            builder.dense(units, bias(use_bias), activation.of(hidden))
        }
        LayerTable::SynapticMaxout { units, minima, use_bias } => {
            builder.synaptic_maxout(units, bias(use_bias), minima)
        }
        LayerTable::AveragePooling2D { pool_size, strides, padding } => {
            let pool = AveragePool2d::new(Extent::square(pool_size), hidden.pool());
            let stride = Extent::square(strides.unwrap_or(pool_size));
            builder.layer(Layer::AveragePool2d(pool.with_stride(stride).with_padding(padding.into())))
        }
        LayerTable::MaxPooling2D { pool_size, strides, padding } => {
            let stride = Extent::square(strides.unwrap_or(pool_size));
            let pool = MaxPool2d::new(Extent::square(pool_size)).with_stride(stride);
            builder.layer(Layer::MaxPool2d(pool.with_padding(padding.into())))
        }
        LayerTable::GlobalAveragePooling2D {} => builder.layer(Layer::GlobalAveragePool2d),
        LayerTable::GlobalMaxPooling2D {} => builder.layer(Layer::GlobalMaxPool2d),
        LayerTable::Flatten {} => builder.layer(Layer::Flatten),
        LayerTable::BatchNormalization {} => builder.normalisation(),
        LayerTable::Dropout { rate } => builder.layer(Layer::Dropout(Dropout::new(rate))),
        LayerTable::Activation { activation } => builder.layer(Layer::Activation(activation.of(hidden))),
    }?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ann::model;

    const GREY: Shape = Shape::new(28, 28, 1);

    /// The paper's network written out is the one that goes by its name, weights included.
    #[test]
    fn a_file_describes_what_a_name_stands_for() {
        let text = r#"
            layers = [
                { class_name = "Conv2D", filters = 6, kernel_size = 5, use_bias = false, activation = "hidden" },
                { class_name = "AveragePooling2D" },
                { class_name = "Conv2D", filters = 12, kernel_size = 5, use_bias = false, activation = "hidden" },
                { class_name = "AveragePooling2D" },
                { class_name = "Flatten" },
                { class_name = "Dense", units = 10, use_bias = false, activation = "softmax" },
            ]
        "#;
        let built = build(text, GREY, ActivationChoice::Relu, 7).unwrap();
        assert_eq!(built, model::paper(ActivationChoice::Relu, 7));
    }

    #[test]
    fn mistakes_are_named() {
        let message = |text: &str| format!("{:#}", build(text, GREY, ActivationChoice::Relu, 7).unwrap_err());
        assert!(message("layers = [{ class_name = \"LSTM\" }]").contains("LSTM"));
        assert!(message("layers = [{ class_name = \"Dense\", units = 3, size = 4 }]").contains("size"));
        assert!(message("layers = [{ class_name = \"Dense\" }]").contains("units"));
        assert!(message("layers = []").contains("at least one layer"));
        let window = message("[[layers]]\nclass_name = \"Conv2D\"\nfilters = 2\nkernel_size = 29");
        assert!(window.contains("number 1") && window.contains("29x29"), "{window}");
        assert!(message("[[layers]]\nclass_name = \"Dropout\"\nrate = 1.5").contains("rate"));
        let fraction = message("layers = [{ class_name = \"SynapticMaxout\", units = 3, minima = 1.5 }]");
        assert!(fraction.contains("fraction of minima must be in [0, 1], found 1.5"), "{fraction}");
    }
}
