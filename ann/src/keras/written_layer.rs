//! Our layers as Keras' classes and configurations.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::activation::Activation;
use crate::activation::fixed_noise::FixedNoise;
use crate::activation::lif_rate::LifRate;
use crate::activation::root_unit::RootUnit;
use crate::keras::PACKAGE;
use crate::layer::{
    Averaging, BatchNormalization, Conv2d, CwaConv2d, CwaDense, CwaLateral, Dense, Layer, Margins, Padding,
    SynapticMaxout, Weighting,
};
use crate::shape::{Extent, Shape};

/// A layer as Keras has it.
pub(crate) struct WrittenLayer<'a> {
    pub(crate) class: Cow<'static, str>,
    /// What names are made of: `conv2d` for `conv2d`, `conv2d_1`, ...
    pub(crate) stem: &'static str,
    /// Without the keys that all layers have.
    config: Value,
    pub(crate) tensors: Vec<WrittenTensor<'a>>,
}

/// A weight tensor.
pub(crate) struct WrittenTensor<'a> {
    pub(crate) name: &'static str,
    pub(crate) shape: Vec<usize>,
    pub(crate) values: &'a [f32],
}

/// Whether a tensor of `1 x 1 x n` is a vector in Keras, or a map of one cell.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rank {
    Vector,
    Map,
}

impl<'a> WrittenLayer<'a> {
    /// The counterpart of a layer, whose outputs have this rank if they are `1 x 1 x n`; `None` for padding that Keras
    /// has no words for.
    pub(crate) fn of(layer: &'a Layer<f32>, rank: Rank) -> Option<Self> {
        Some(match layer {
            Layer::Conv2d(conv) => convolution(conv),
            Layer::Dense(dense) => fully_connected(dense),
            Layer::AveragePool2d(pool) => {
                let config = window(pool.pool(), pool.stride(), pool.padding())?;
                noisy(pool.activation(), "AveragePooling2D", "average_pooling2d", config)
            }
            Layer::MaxPool2d(pool) => {
                plain("MaxPooling2D", "max_pooling2d", window(pool.pool(), pool.stride(), pool.padding())?)
            }
            Layer::GlobalAveragePool2d => global("GlobalAveragePooling2D", "global_average_pooling2d", rank),
            Layer::GlobalMaxPool2d => global("GlobalMaxPooling2D", "global_max_pooling2d", rank),
            Layer::Flatten => plain("Flatten", "flatten", json!({"data_format": "channels_last"})),
            Layer::Reshape(reshape) => {
                plain("Reshape", "reshape", json!({"target_shape": sizes(reshape.shape(), rank)}))
            }
            Layer::ZeroPadding2d(padding) => Self::zero_padding(padding.margins()),
            Layer::BatchNormalization(layer) => normalisation(layer),
            Layer::Dropout(dropout) => {
                plain("Dropout", "dropout", json!({"rate": dropout.rate(), "seed": null, "noise_shape": null}))
            }
            Layer::Rescaling(layer) => {
                plain("Rescaling", "rescaling", json!({"scale": layer.scale(), "offset": layer.offset()}))
            }
            Layer::CwaConv2d(layer) => averaging_convolution(layer),
            Layer::CwaDense(layer) => averaging_dense(layer),
            Layer::CwaLateral(layer) => averaging_lateral(layer),
            Layer::DoubledInput(_) => plain("lif>DoubledInput", "doubled_input", json!({})),
            Layer::Maxout(layer) => {
                let config = json!({"pieces": layer.pieces(), "minima": layer.minima()});
                plain("lif>Maxout", "maxout", config)
            }
            Layer::SynapticMaxout(layer) => synaptic_maxout(layer),
            Layer::MixLu(layer) => {
                let variant = layer.variant().name();
                let config = json!({"fraction": layer.fraction(), "variant": variant, "seed": layer.seed()});
                plain("lif>MixLU", "mix_lu", config)
            }
            Layer::ConvAct(layer) => {
                let tensors = [("above", layer.above()), ("below", layer.below())];
                let tensors = tensors.map(|(name, values)| WrittenTensor { name, shape: vec![values.len()], values });
                WrittenLayer { tensors: tensors.into(), ..plain("lif>ConvAct", "conv_act", json!({})) }
            }
            Layer::Add => plain("Add", "add", json!({})),
            Layer::Concatenate => plain("Concatenate", "concatenate", json!({"axis": -1})),
            Layer::Activation(activation) => match activation_class(*activation) {
                Some((class, stem, config)) => plain(class, stem, config),
                None => plain("Activation", "activation", json!({"activation": keras_activation(*activation)})),
            },
        })
    }

    /// Zeros around a map.
    pub(crate) fn zero_padding(Margins { top, bottom, left, right }: Margins) -> Self {
        let config = json!({"padding": [[top, bottom], [left, right]], "data_format": "channels_last"});
        plain("ZeroPadding2D", "zero_padding2d", config)
    }

    /// The whole configuration.
    pub(crate) fn config(&self, name: &str) -> Value {
        let mut fields = Map::new();
        fields.insert("name".to_owned(), json!(name));
        fields.insert("trainable".to_owned(), json!(true));
        fields.insert("dtype".to_owned(), json!("float32"));
        if let Value::Object(own) = &self.config {
            fields.extend(own.clone());
        }
        Value::Object(fields)
    }
}

/// The sizes of a shape, as Keras lists them behind the batch.
pub(crate) fn sizes(shape: Shape, rank: Rank) -> Vec<usize> {
    match rank {
        Rank::Vector if shape.is_flat() => vec![shape.channels],
        Rank::Vector | Rank::Map => vec![shape.height, shape.width, shape.channels],
    }
}

fn plain(class: &'static str, stem: &'static str, config: Value) -> WrittenLayer<'static> {
    WrittenLayer { class: Cow::Borrowed(class), stem, config, tensors: Vec::new() }
}

/// A layer of ours where the activation is Noisy Softplus, else one of Keras'.
fn noisy(activation: Activation, class: &'static str, stem: &'static str, config: Value) -> WrittenLayer<'static> {
    let mut layer = plain(class, stem, config);
    if let (Activation::NoisySoftplus(constants), Value::Object(fields)) = (activation, &mut layer.config) {
        fields.insert("k".to_owned(), json!(constants.k));
        fields.insert("s_hz_per_na".to_owned(), json!(constants.s_hz_per_na));
        fields.insert("tau_syn_ms".to_owned(), json!(constants.tau_syn_ms));
        layer.class = Cow::Owned(format!("{PACKAGE}NoisySoftplus{class}"));
    }
    layer
}

/// Explicit padding of a convolution is a layer of its own before this one.
fn convolution(conv: &Conv2d<f32>) -> WrittenLayer<'_> {
    let shape = conv.kernel_shape();
    let is_noisy = matches!(conv.activation(), Activation::NoisySoftplus(_));
    let depthwise = conv.groups() > 1 && shape.inputs == 1 && !is_noisy;
    let mut config = json!({
        "kernel_size": pair(shape.window()),
        "strides": pair(conv.stride()),
        "padding": if conv.padding() == Padding::Same { "same" } else { "valid" },
        "data_format": "channels_last",
        "dilation_rate": pair(conv.dilation()),
        "activation": keras_activation(conv.activation()),
        "use_bias": conv.bias().is_some(),
    });
    let multiplier = shape.outputs / conv.groups();
    let mut layer = if depthwise {
        config["depth_multiplier"] = json!(multiplier);
        plain("DepthwiseConv2D", "depthwise_conv2d", config)
    } else {
        config["filters"] = json!(shape.outputs);
        config["groups"] = json!(conv.groups());
        noisy(conv.activation(), "Conv2D", "conv2d", config)
    };
    // The same values in the same order.
    let [inputs, outputs] = if depthwise { [conv.groups(), multiplier] } else { [shape.inputs, shape.outputs] };
    layer.tensors = kernel_and_bias(vec![shape.height, shape.width, inputs, outputs], conv.kernel(), conv.bias());
    layer
}

fn fully_connected(dense: &Dense<f32>) -> WrittenLayer<'_> {
    let config = json!({
        "units": dense.outputs(),
        "activation": keras_activation(dense.activation()),
        "use_bias": dense.bias().is_some(),
    });
    let mut layer = noisy(dense.activation(), "Dense", "dense", config);
    layer.tensors = kernel_and_bias(vec![dense.inputs(), dense.outputs()], dense.kernel(), dense.bias());
    layer
}

/// The keys of an average beside those of its window or units.
fn with_averaging(mut config: Value, averaging: Averaging) -> Value {
    config["leak"] = json!(averaging.leak);
    config["rest"] = json!(averaging.rest);
    config["clips"] = json!(averaging.clips);
    config["excitatory"] = match averaging.weighting {
        Weighting::Conductance { excitatory } => json!(excitatory),
        Weighting::Absolute => Value::Null,
    };
    config
}

fn synaptic_maxout(layer: &SynapticMaxout<f32>) -> WrittenLayer<'_> {
    let config = json!({"units": layer.outputs(), "minima": layer.minima(), "use_bias": layer.bias().is_some()});
    let tensors = kernel_and_bias(vec![layer.inputs(), layer.outputs()], layer.kernel(), layer.bias());
    WrittenLayer { tensors, ..plain("lif>SynapticMaxout", "synaptic_maxout", config) }
}

fn averaging_dense(layer: &CwaDense<f32>) -> WrittenLayer<'_> {
    let config = with_averaging(json!({"units": layer.outputs()}), layer.averaging());
    let tensors = kernel_and_bias(vec![layer.inputs(), layer.outputs()], layer.kernel(), None);
    WrittenLayer { tensors, ..plain("lif>CwaDense", "cwa_dense", config) }
}

fn averaging_lateral(layer: &CwaLateral<f32>) -> WrittenLayer<'_> {
    let ([inputs, outputs, inhibitory], (leak, rest)) = (layer.sizes(), layer.leak_and_rest());
    let config =
        json!({"units": outputs, "inhibitory": inhibitory, "steps": layer.steps(), "leak": leak, "rest": rest});
    let [kernel, to, from] = layer.kernels();
    let tensors = [
        ("kernel", [inputs, outputs], kernel),
        ("to_inhibitory", [outputs, inhibitory], to),
        ("from_inhibitory", [inhibitory, outputs], from),
    ];
    let tensors = tensors.map(|(name, shape, values)| WrittenTensor { name, shape: shape.into(), values });
    WrittenLayer { tensors: tensors.into(), ..plain("lif>CwaLateral", "cwa_lateral", config) }
}

/// Explicit padding is a layer of its own before this one, as before a convolution: both pad with zeros.
fn averaging_convolution(layer: &CwaConv2d<f32>) -> WrittenLayer<'_> {
    let shape = layer.kernel_shape();
    let config = json!({
        "filters": shape.outputs,
        "kernel_size": pair(shape.window()),
        "strides": pair(layer.stride()),
        "padding": if layer.padding() == Padding::Same { "same" } else { "valid" },
        "data_format": "channels_last",
    });
    let config = with_averaging(config, layer.averaging());
    let tensors = kernel_and_bias(vec![shape.height, shape.width, shape.inputs, shape.outputs], layer.kernel(), None);
    WrittenLayer { tensors, ..plain("lif>CwaConv2D", "cwa_conv2d", config) }
}

fn kernel_and_bias<'a>(shape: Vec<usize>, kernel: &'a [f32], bias: Option<&'a [f32]>) -> Vec<WrittenTensor<'a>> {
    let bias = bias.map(|values| WrittenTensor { name: "bias", shape: vec![values.len()], values });
    std::iter::once(WrittenTensor { name: "kernel", shape, values: kernel }).chain(bias).collect()
}

fn normalisation(layer: &BatchNormalization<f32>) -> WrittenLayer<'_> {
    let config = json!({
        "axis": -1,
        "momentum": layer.momentum(),
        "epsilon": layer.epsilon(),
        "center": layer.beta().is_some(),
        "scale": layer.gamma().is_some(),
    });
    let tensors = [
        ("gamma", layer.gamma()),
        ("beta", layer.beta()),
        ("moving_mean", Some(layer.moving_mean())),
        ("moving_variance", Some(layer.moving_variance())),
    ];
    let tensors = tensors
        .into_iter()
        .filter_map(|(name, values)| values.map(|values| WrittenTensor { name, shape: vec![values.len()], values }));
    let tensors = tensors.collect();
    WrittenLayer { tensors, ..plain("BatchNormalization", "batch_normalization", config) }
}

fn global(class: &'static str, stem: &'static str, rank: Rank) -> WrittenLayer<'static> {
    plain(class, stem, json!({"data_format": "channels_last", "keepdims": rank == Rank::Map}))
}

/// A pool; what surrounds its map is not zeros, so that no layer before it could stand for explicit padding.
fn window(pool: Extent, stride: Extent, padding: Padding) -> Option<Value> {
    let padding = match padding {
        Padding::Valid => "valid",
        Padding::Same => "same",
        Padding::Explicit(_) => return None,
    };
    Some(json!({
        "pool_size": pair(pool),
        "strides": pair(stride),
        "padding": padding,
        "data_format": "channels_last",
    }))
}

fn pair(extent: Extent) -> [usize; 2] {
    [extent.height, extent.width]
}

/// Class, stem and configuration of an activation that Keras has no name for; those behind `lif>` are our own.
fn activation_class(activation: Activation) -> Option<(&'static str, &'static str, Value)> {
    Some(match activation {
        Activation::LeakyRelu { slope } => ("LeakyReLU", "leaky_re_lu", json!({"negative_slope": slope})),
        Activation::Elu { alpha } => ("ELU", "elu", json!({"alpha": alpha})),
        Activation::NegLu => ("lif>NegLU", "neg_lu", json!({})),
        Activation::RootUnit(RootUnit { family, radix }) => {
            ("lif>RootUnit", "root_unit", json!({"family": family.name(), "radix": radix}))
        }
        Activation::FixedNoise(FixedNoise { k, sigma }) => {
            ("lif>FixedNoiseSoftplus", "fixed_noise_softplus", json!({"k": k, "sigma": sigma}))
        }
        Activation::LifRate(LifRate { neuron, sigma }) => {
            let config = json!({
                "sigma": sigma,
                "cm": neuron.cm,
                "tau_m": neuron.tau_m,
                "tau_refrac": neuron.tau_refrac,
                "tau_syn_E": neuron.tau_syn_e,
                "tau_syn_I": neuron.tau_syn_i,
                "v_rest": neuron.v_rest,
                "v_reset": neuron.v_reset,
                "v_thresh": neuron.v_thresh,
                "i_offset": neuron.i_offset,
            });
            ("lif>LifRate", "lif_rate", config)
        }
        Activation::Linear
        | Activation::Relu
        | Activation::Sigmoid
        | Activation::Tanh
        | Activation::Softplus
        | Activation::NoisySoftplus(_)
        | Activation::Softmax => return None,
    })
}

/// Keras' name of an activation, or the layer that it is; the classes of Noisy Softplus apply theirs on top of a linear
/// layer.
fn keras_activation(activation: Activation) -> Value {
    if let Some((class, _, mut config)) = activation_class(activation) {
        config["trainable"] = json!(true);
        config["dtype"] = json!("float32");
        return match class.strip_prefix(PACKAGE) {
            Some(own) => json!({"module": null, "class_name": own, "config": config, "registered_name": class}),
            None => {
                json!({"module": "keras.layers", "class_name": class, "config": config, "registered_name": null})
            }
        };
    }
    json!(match activation {
        Activation::Relu => "relu",
        Activation::Sigmoid => "sigmoid",
        Activation::Tanh => "tanh",
        Activation::Softplus => "softplus",
        Activation::Softmax => "softmax",
        _ => "linear",
    })
}
