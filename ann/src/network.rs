//! A network: a chain of layers that fit together.

use rayon::prelude::*;

use crate::activation::Activation;
use crate::error::NetworkError;
use crate::layer::Layer;
use crate::loss::softmax;
use crate::pass::{Pass, Workspace};
use crate::real::Real;
use crate::shape::Shape;

/// A chain of layers whose shapes fit; channels last everywhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Network<T> {
    layers: Vec<Layer<T>>,
    /// Shape of the input, then of each layer's outputs.
    shapes: Vec<Shape>,
}

/// Images that one thread evaluates together.
const IMAGES_PER_PASS: usize = 32;

impl<T: Real> Network<T> {
    /// A network that takes samples of shape `input`, non-negative where the first layer is Noisy Softplus.
    ///
    /// # Errors
    /// Names the first layer that does not fit.
    pub fn new(input: Shape, layers: Vec<Layer<T>>) -> Result<Self, NetworkError> {
        if layers.is_empty() {
            return Err(NetworkError::Empty);
        }
        let mut shapes = vec![input];
        let mut non_negative = true;
        let mut shape = input;
        for (index, layer) in layers.iter().enumerate() {
            shape = layer.output_shape(index, shape)?;
            shapes.push(shape);
            let activation = layer.activation();
            match activation {
                Activation::Softmax if index + 1 < layers.len() => {
                    return Err(NetworkError::HiddenSoftmax { layer: index });
                }
                Activation::Softmax if !shape.is_flat() => {
                    return Err(NetworkError::SoftmaxMap { layer: index, shape });
                }
                Activation::NoisySoftplus(constants) => {
                    constants.check().map_err(|source| NetworkError::Activation { layer: index, source })?;
                    if !non_negative {
                        return Err(NetworkError::SignedInput { layer: index });
                    }
                }
                Activation::Linear | Activation::Relu | Activation::Softplus | Activation::Softmax => {}
            }
            non_negative = match layer {
                // Averages and copies keep the sign of what they take.
                Layer::AveragePool2d(_) | Layer::Flatten => non_negative || activation.is_non_negative(),
                Layer::Conv2d(_) | Layer::Dense(_) => activation.is_non_negative(),
            };
        }
        if !shape.is_sensible() {
            return Err(NetworkError::Size { layer: layers.len() - 1, shape });
        }
        Ok(Self { layers, shapes })
    }

    /// Shape of one input sample.
    pub fn input(&self) -> Shape {
        self.shapes[0]
    }

    /// Shape of the last layer's outputs.
    pub fn output(&self) -> Shape {
        self.shapes[self.layers.len()]
    }

    /// Shape of the outputs of layer `layer`, counted from 0.
    ///
    /// # Panics
    /// If there is no such layer.
    pub fn output_shape(&self, layer: usize) -> Shape {
        self.shapes[layer + 1]
    }

    /// Shape of the inputs of layer `layer`, counted from 0.
    ///
    /// # Panics
    /// If there is no such layer.
    pub fn input_shape(&self, layer: usize) -> Shape {
        self.shapes[layer]
    }

    /// The layers, first to last.
    pub fn layers(&self) -> &[Layer<T>] {
        &self.layers
    }

    /// All trainable tensors, layer by layer, kernel before bias.
    pub fn parameters(&self) -> Vec<&[T]> {
        self.layers.iter().flat_map(Layer::parameters).collect()
    }

    /// All trainable tensors, in the order of [`Network::parameters`].
    pub fn parameters_mut(&mut self) -> Vec<&mut [T]> {
        self.layers.iter_mut().flat_map(Layer::parameters_mut).collect()
    }

    /// Number of trainable parameters.
    pub fn parameter_count(&self) -> usize {
        self.parameters().iter().map(|tensor| tensor.len()).sum()
    }

    /// Final outputs of `batch` samples: probabilities after a softmax, else the last layer's outputs.
    ///
    /// # Panics
    /// If `inputs` does not hold `batch` samples.
    pub fn forward(&self, inputs: &[T], batch: usize) -> Vec<T> {
        let mut outputs = self.logits(inputs, batch);
        if self.layers[self.layers.len() - 1].activation() == Activation::Softmax {
            for sample in outputs.chunks_exact_mut(self.output().units()) {
                softmax(sample);
            }
        }
        outputs
    }

    /// Outputs of the last layer before a softmax.
    ///
    /// # Panics
    /// If `inputs` does not hold `batch` samples.
    pub fn logits(&self, inputs: &[T], batch: usize) -> Vec<T> {
        let mut outputs = vec![T::ZERO; batch * self.output().units()];
        self.for_each_part(inputs, batch, outputs.as_mut_slice(), |workspace, outputs| {
            outputs.copy_from_slice(workspace.outputs(self.layers.len() - 1));
        });
        outputs
    }

    /// Outputs of every layer after its activation, for `batch` samples each; the last before a softmax.
    ///
    /// # Panics
    /// If `inputs` does not hold `batch` samples.
    pub fn activations(&self, inputs: &[T], batch: usize) -> Vec<Vec<T>> {
        assert_eq!(inputs.len(), batch * self.input().units(), "inputs of {batch} samples of {}", self.input());
        let mut workspace = Workspace::new();
        Pass::new(self).forward(inputs, batch, &mut workspace);
        (0..self.layers.len()).map(|layer| workspace.outputs(layer).to_vec()).collect()
    }

    /// Evaluates a fixed partition of the samples in parallel; `take` reads each part's results.
    fn for_each_part(
        &self,
        inputs: &[T],
        batch: usize,
        outputs: &mut [T],
        take: impl Fn(&Workspace<T>, &mut [T]) + Sync,
    ) {
        assert_eq!(inputs.len(), batch * self.input().units(), "inputs of {batch} samples of {}", self.input());
        let pass = Pass::new(self);
        outputs
            .par_chunks_mut(IMAGES_PER_PASS * self.output().units())
            .zip(inputs.par_chunks(IMAGES_PER_PASS * self.input().units()))
            .for_each_init(Workspace::new, |workspace, (outputs, inputs)| {
                pass.forward(inputs, inputs.len() / self.input().units(), workspace);
                take(workspace, outputs);
            });
    }
}
