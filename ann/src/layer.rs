//! Layers of a network, one file each.

mod average_pool2d;
mod conv2d;
mod dense;
mod flatten;
mod paths;

pub use average_pool2d::AveragePool2d;
pub use conv2d::{Conv2d, KernelShape};
pub use dense::Dense;
pub(crate) use flatten::flatten;
pub(crate) use paths::{drive_gradient, drive_weights};

use crate::activation::Activation;
use crate::error::NetworkError;
use crate::real::Real;
use crate::shape::Shape;

/// One layer.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer<T> {
    /// Convolution (cross-correlation, as in Keras).
    Conv2d(Conv2d<T>),
    /// Average over non-overlapping windows.
    AveragePool2d(AveragePool2d),
    /// A map as a flat vector, row, column, channel.
    Flatten,
    /// Fully connected.
    Dense(Dense<T>),
}

impl<T: Real> Layer<T> {
    /// Its activation; [`Activation::Linear`] for [`Layer::Flatten`].
    pub fn activation(&self) -> Activation {
        match self {
            Self::Conv2d(layer) => layer.activation(),
            Self::AveragePool2d(layer) => layer.activation(),
            Self::Flatten => Activation::Linear,
            Self::Dense(layer) => layer.activation(),
        }
    }

    /// Shape of the outputs for inputs of shape `input`.
    ///
    /// # Errors
    /// If the layer cannot take such inputs; `layer` is the index that the message names.
    pub fn output_shape(&self, layer: usize, input: Shape) -> Result<Shape, NetworkError> {
        if !input.is_sensible() {
            return Err(NetworkError::Size { layer, shape: input });
        }
        match self {
            Self::Conv2d(conv) => conv.output_shape(layer, input),
            Self::AveragePool2d(pool) => pool.output_shape(layer, input),
            Self::Flatten => Ok(Shape::flat(input.units())),
            Self::Dense(dense) => dense.output_shape(layer, input),
        }
    }

    /// Its trainable tensors: the kernel, then the bias if there is one.
    pub fn parameters(&self) -> Vec<&[T]> {
        match self {
            Self::Conv2d(layer) => tensors(layer.kernel(), layer.bias()),
            Self::Dense(layer) => tensors(layer.kernel(), layer.bias()),
            Self::AveragePool2d(_) | Self::Flatten => Vec::new(),
        }
    }

    /// Its trainable tensors, in the order of [`Layer::parameters`].
    pub fn parameters_mut(&mut self) -> Vec<&mut [T]> {
        match self {
            Self::Conv2d(layer) => layer.parameters_mut(),
            Self::Dense(layer) => layer.parameters_mut(),
            Self::AveragePool2d(_) | Self::Flatten => Vec::new(),
        }
    }
}

fn tensors<'a, T>(kernel: &'a [T], bias: Option<&'a [T]>) -> Vec<&'a [T]> {
    std::iter::once(kernel).chain(bias).collect()
}

/// Checks the lengths of a kernel and a bias.
fn check_tensors<T>(kernel: &[T], expected: usize, bias: Option<&Vec<T>>, outputs: usize) -> Result<(), NetworkError> {
    if kernel.len() != expected {
        return Err(NetworkError::TensorLength { tensor: "kernel", expected, found: kernel.len() });
    }
    match bias {
        Some(bias) if bias.len() != outputs => {
            Err(NetworkError::TensorLength { tensor: "bias", expected: outputs, found: bias.len() })
        }
        _ => Ok(()),
    }
}
