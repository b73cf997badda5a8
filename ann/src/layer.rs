//! Layers of a network, one file each.
//!
//! A new layer is a file that implements [`operation::Operation`], a variant of [`Layer`], and a line in
//! [`Layer::operation`] (and in [`Layer::learner`] if it has parameters).

mod add;
mod average_pool2d;
mod batch_normalization;
mod concatenate;
mod conv2d;
mod conv_act;
mod cwa;
mod dense;
mod dropout;
mod flatten;
mod global_pool2d;
mod max_pool2d;
mod maxout;
mod mixlu;
pub(crate) mod operation;
mod paths;
mod pointwise;
mod rescaling;
mod stretches;
mod synaptic_maxout;
mod tiles;
mod window;
mod zero_padding2d;

pub use average_pool2d::AveragePool2d;
pub use batch_normalization::BatchNormalization;
pub use conv_act::ConvAct;
pub use conv2d::{Conv2d, KernelShape};
pub use cwa::{Averaging, CwaConv2d, CwaDense, CwaLateral, DoubledInput, Weighting};
pub use dense::Dense;
pub use dropout::Dropout;
pub use flatten::Reshape;
pub use max_pool2d::MaxPool2d;
pub use maxout::Maxout;
pub use mixlu::{MixLu, MixLuVariant};
pub use rescaling::Rescaling;
pub use synaptic_maxout::SynapticMaxout;
pub use window::{Margins, Padding};
pub use zero_padding2d::ZeroPadding2d;

use add::Add;
use concatenate::Concatenate;
use flatten::Flatten;
use global_pool2d::{GlobalAverage, GlobalMax};
use operation::{Arity, Operation};

use crate::activation::Activation;
use crate::error::NetworkError;
use crate::real::Real;
use crate::shape::Shape;

/// One layer.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer<T> {
    /// Convolution (cross-correlation, as in Keras), grouped and depthwise ones included.
    Conv2d(Conv2d<T>),
    /// Average over a sliding window.
    AveragePool2d(AveragePool2d),
    /// Greatest value under a sliding window.
    MaxPool2d(MaxPool2d),
    /// Average of each channel over the whole map.
    GlobalAveragePool2d,
    /// Greatest value of each channel over the whole map.
    GlobalMaxPool2d,
    /// A map as a flat vector, row, column, channel.
    Flatten,
    /// The values in another shape.
    Reshape(Reshape),
    /// Zeros around a map.
    ZeroPadding2d(ZeroPadding2d),
    /// Fully connected.
    Dense(Dense<T>),
    /// Batch normalisation.
    BatchNormalization(BatchNormalization<T>),
    /// Units left out at random in training.
    Dropout(Dropout),
    /// `scale x + offset`.
    Rescaling(Rescaling),
    /// Convolution of conductance-weighted averages.
    CwaConv2d(CwaConv2d<T>),
    /// Fully connected conductance-weighted averages.
    CwaDense(CwaDense<T>),
    /// The same with inhibitory units between the outputs.
    CwaLateral(CwaLateral<T>),
    /// Images for the three above.
    DoubledInput(DoubledInput),
    /// The greatest or least of several linear pieces.
    Maxout(Maxout),
    /// The greatest or least of the products of a unit's synapses.
    SynapticMaxout(SynapticMaxout<T>),
    /// Rectified units of which some keep the negative side.
    MixLu(MixLu),
    /// Two learned slopes per channel.
    ConvAct(ConvAct<T>),
    /// Sum of several inputs.
    Add,
    /// Channels of several inputs side by side.
    Concatenate,
    /// A pointwise activation as a layer of its own; not Noisy Softplus, which needs a weighted layer's variance path.
    Activation(Activation),
}

impl<T: Real> Layer<T> {
    /// The layer as a pass sees it.
    pub(crate) fn operation(&self) -> &dyn Operation<T> {
        match self {
            Self::Conv2d(layer) => layer,
            Self::AveragePool2d(layer) => layer,
            Self::MaxPool2d(layer) => layer,
            Self::GlobalAveragePool2d => &GlobalAverage,
            Self::GlobalMaxPool2d => &GlobalMax,
            Self::Flatten => &Flatten,
            Self::Reshape(layer) => layer,
            Self::ZeroPadding2d(layer) => layer,
            Self::Dense(layer) => layer,
            Self::BatchNormalization(layer) => layer,
            Self::Dropout(layer) => layer,
            Self::Rescaling(layer) => layer,
            Self::CwaConv2d(layer) => layer,
            Self::CwaDense(layer) => layer,
            Self::CwaLateral(layer) => layer,
            Self::DoubledInput(layer) => layer,
            Self::Maxout(layer) => layer,
            Self::SynapticMaxout(layer) => layer,
            Self::MixLu(layer) => layer,
            Self::ConvAct(layer) => layer,
            Self::Add => &Add,
            Self::Concatenate => &Concatenate,
            Self::Activation(activation) => activation,
        }
    }

    /// The layer to be changed by training, if training changes it.
    pub(crate) fn learner(&mut self) -> Option<&mut dyn Operation<T>> {
        match self {
            Self::Conv2d(layer) => Some(layer),
            Self::Dense(layer) => Some(layer),
            Self::BatchNormalization(layer) => Some(layer),
            Self::CwaConv2d(layer) => Some(layer),
            Self::CwaDense(layer) => Some(layer),
            Self::CwaLateral(layer) => Some(layer),
            Self::SynapticMaxout(layer) => Some(layer),
            Self::ConvAct(layer) => Some(layer),
            Self::AveragePool2d(_)
            | Self::MaxPool2d(_)
            | Self::GlobalAveragePool2d
            | Self::GlobalMaxPool2d
            | Self::Flatten
            | Self::Reshape(_)
            | Self::ZeroPadding2d(_)
            | Self::Dropout(_)
            | Self::Rescaling(_)
            | Self::DoubledInput(_)
            | Self::Maxout(_)
            | Self::MixLu(_)
            | Self::Add
            | Self::Concatenate
            | Self::Activation(_) => None,
        }
    }

    /// What it is, by Keras' name: `Conv2D`, `AveragePooling2D`, ...
    pub fn kind(&self) -> &'static str {
        self.operation().kind()
    }

    /// Its activation; [`Activation::Linear`] for layers without.
    pub fn activation(&self) -> Activation {
        self.operation().activation()
    }

    /// Shape of the outputs for inputs of these shapes.
    ///
    /// # Errors
    /// If the layer cannot take such inputs; `layer` is the index that the message names.
    pub fn output_shape(&self, layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError> {
        let operation = self.operation();
        let (fits, expected) = match operation.arity() {
            Arity::One => (inputs.len() == 1, "one input"),
            Arity::TwoOrMore => (inputs.len() >= 2, "two or more inputs"),
        };
        if !fits {
            return Err(NetworkError::Inputs { layer, kind: self.kind(), expected, found: inputs.len() });
        }
        if let Some(&shape) = inputs.iter().find(|shape| !shape.is_sensible()) {
            return Err(NetworkError::Size { layer, shape });
        }
        let shape = operation.output_shape(layer, inputs)?;
        if shape.is_sensible() { Ok(shape) } else { Err(NetworkError::Size { layer, shape }) }
    }

    /// Its trainable tensors: the kernel or gamma, then the bias or beta if there is one.
    pub fn parameters(&self) -> Vec<&[T]> {
        self.operation().parameters()
    }

    /// Its trainable tensors, in the order of [`Layer::parameters`].
    pub fn parameters_mut(&mut self) -> Vec<&mut [T]> {
        self.learner().map_or_else(Vec::new, |layer| layer.parameters_mut())
    }
}

/// Checks the lengths of a kernel and a bias.
fn check_tensors<T>(kernel: &[T], expected: usize, bias: Option<&Vec<T>>, outputs: usize) -> Result<(), NetworkError> {
    check_length("kernel", kernel, expected)?;
    bias.map_or(Ok(()), |bias| check_length("bias", bias, outputs))
}

/// Checks that a flat vector of so many units arrives at a layer of `[inputs, outputs]`, none of them zero.
fn check_flat(layer: usize, input: Shape, [inputs, outputs]: [usize; 2]) -> Result<(), NetworkError> {
    if inputs == 0 || outputs == 0 {
        return Err(NetworkError::ZeroDimension { layer });
    }
    if !input.is_flat() {
        return Err(NetworkError::NotFlat { layer, input });
    }
    if input.channels != inputs {
        return Err(NetworkError::Channels { layer, expected: inputs, found: input });
    }
    Ok(())
}

/// Checks the length of a tensor.
fn check_length<T>(tensor: &'static str, values: &[T], expected: usize) -> Result<(), NetworkError> {
    if values.len() == expected {
        return Ok(());
    }
    Err(NetworkError::TensorLength { tensor, expected, found: values.len() })
}
