//! A network: layers that fit together.

use rayon::prelude::*;

use crate::activation::Activation;
use crate::error::NetworkError;
use crate::layer::Layer;
use crate::loss::softmax;
use crate::pass::{Pass, Phase};
use crate::real::Real;
use crate::shape::Shape;
use crate::workspace::Workspace;

/// Where an input of a node comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The input of the network.
    Input,
    /// The outputs of the node of this index.
    Node(usize),
}

/// A layer and where its inputs come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Node<T> {
    /// The layer.
    pub layer: Layer<T>,
    /// One origin for most layers, two or more for [`Layer::Add`] and [`Layer::Concatenate`].
    pub inputs: Vec<Origin>,
}

impl<T> Node<T> {
    /// A layer with these inputs.
    pub fn new(layer: Layer<T>, inputs: impl Into<Vec<Origin>>) -> Self {
        Self { layer, inputs: inputs.into() }
    }
}

/// Layers whose shapes fit, each behind those that it takes its inputs from; channels last everywhere.
///
/// A node is a layer in its place; nodes count from 0, and the last one gives the outputs of the network.
#[derive(Clone, Debug, PartialEq)]
pub struct Network<T> {
    input: Shape,
    layers: Vec<Layer<T>>,
    /// Origins of each layer's inputs.
    origins: Vec<Vec<Origin>>,
    /// Shape of each layer's outputs.
    shapes: Vec<Shape>,
}

/// Images that one thread evaluates together.
const IMAGES_PER_PASS: usize = 32;

impl<T: Real> Network<T> {
    /// A chain of layers that takes samples of shape `input`, non-negative where the first layer is Noisy Softplus.
    ///
    /// # Errors
    /// Names the first layer that does not fit.
    pub fn new(input: Shape, layers: Vec<Layer<T>>) -> Result<Self, NetworkError> {
        let origin = |index: usize| index.checked_sub(1).map_or(Origin::Input, Origin::Node);
        let nodes = layers.into_iter().enumerate().map(|(index, layer)| Node::new(layer, [origin(index)]));
        Self::graph(input, nodes.collect())
    }

    /// A network of nodes, each behind those that it takes its inputs from, the last one giving the outputs.
    ///
    /// # Errors
    /// Names the first node that does not fit.
    pub fn graph(input: Shape, nodes: Vec<Node<T>>) -> Result<Self, NetworkError> {
        if nodes.is_empty() {
            return Err(NetworkError::Empty);
        }
        let last = nodes.len() - 1;
        let mut network = Self { input, layers: Vec::new(), origins: Vec::new(), shapes: Vec::new() };
        // Whether no output of a node can be negative.
        let mut signs: Vec<bool> = Vec::new();
        let mut used = vec![false; nodes.len()];
        for (index, Node { layer, inputs }) in nodes.into_iter().enumerate() {
            let mut non_negative = true;
            for &origin in &inputs {
                if let Origin::Node(origin) = origin {
                    non_negative &= *signs.get(origin).ok_or(NetworkError::Order { layer: index, origin })?;
                    used[origin] = true;
                }
            }
            let arriving: Vec<Shape> = inputs.iter().map(|&origin| network.shape(origin)).collect();
            let shape = layer.output_shape(index, &arriving)?;
            if layer.operation().takes_non_negative() && !non_negative {
                return Err(NetworkError::SignedConductance { layer: index, kind: layer.kind() });
            }
            check_activation(layer.activation(), index, last, shape, non_negative)?;
            signs.push(layer.operation().is_non_negative(non_negative));
            network.layers.push(layer);
            network.origins.push(inputs);
            network.shapes.push(shape);
        }
        match used[..last].iter().position(|&used| !used) {
            Some(layer) => Err(NetworkError::Unused { layer }),
            None => Ok(network),
        }
    }

    /// Shape of one input sample.
    pub fn input(&self) -> Shape {
        self.input
    }

    /// Shape of the last layer's outputs.
    pub fn output(&self) -> Shape {
        self.shapes[self.shapes.len() - 1]
    }

    /// Shape of what comes from there.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn shape(&self, origin: Origin) -> Shape {
        match origin {
            Origin::Input => self.input,
            Origin::Node(node) => self.shapes[node],
        }
    }

    /// Shape of the outputs of layer `layer`, counted from 0.
    ///
    /// # Panics
    /// If there is no such layer.
    pub fn output_shape(&self, layer: usize) -> Shape {
        self.shapes[layer]
    }

    /// Shape of the first input of layer `layer`, counted from 0.
    ///
    /// # Panics
    /// If there is no such layer.
    pub fn input_shape(&self, layer: usize) -> Shape {
        self.shape(self.origins[layer][0])
    }

    /// Where the inputs of layer `layer` come from.
    ///
    /// # Panics
    /// If there is no such layer.
    pub fn origins(&self, layer: usize) -> &[Origin] {
        &self.origins[layer]
    }

    /// True if each layer takes the outputs of the one before it and nothing else.
    pub fn is_chain(&self) -> bool {
        self.origins.iter().enumerate().all(|(index, inputs)| match inputs[..] {
            [Origin::Input] => index == 0,
            [Origin::Node(node)] => node + 1 == index,
            _ => false,
        })
    }

    /// The layers, in the order of the nodes.
    pub fn layers(&self) -> &[Layer<T>] {
        &self.layers
    }

    /// The value that stands for a full-scale pixel: 255 for a network that begins with a [`Layer::Rescaling`] which
    /// brings bytes to the order of one (a scale below 0.1), else 1.
    pub fn full_scale(&self) -> f64 {
        let mut first = self.layers.iter().zip(&self.origins).filter(|(_, inputs)| inputs.contains(&Origin::Input));
        let takes_bytes =
            first.all(|(layer, _)| matches!(layer, Layer::Rescaling(rescaling) if rescaling.scale().abs() < 0.1));
        if takes_bytes { 255.0 } else { 1.0 }
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

    /// Takes the statistics of a batch, one vector per node, into the layers that keep some.
    pub(crate) fn absorb(&mut self, statistics: &[Vec<f64>]) {
        for (layer, statistics) in self.layers.iter_mut().zip(statistics) {
            if !statistics.is_empty()
                && let Some(layer) = layer.learner()
            {
                layer.absorb(statistics);
            }
        }
    }

    /// All that training changes: the parameters, then what layers keep of the batches.
    pub(crate) fn state(&self) -> Vec<Vec<T>> {
        let kept = self.layers.iter().flat_map(|layer| match layer {
            Layer::BatchNormalization(layer) => vec![layer.moving_mean(), layer.moving_variance()],
            _ => Vec::new(),
        });
        self.parameters().into_iter().chain(kept).map(<[T]>::to_vec).collect()
    }

    /// Takes what [`Self::state`] gave, of a network of the same layers.
    pub(crate) fn restore(&mut self, state: &[Vec<T>]) {
        let (parameters, mut kept) = state.split_at(self.parameters().len());
        for (own, tensor) in self.parameters_mut().into_iter().zip(parameters) {
            own.copy_from_slice(tensor);
        }
        for layer in &mut self.layers {
            if let Layer::BatchNormalization(layer) = layer
                && let [mean, variance, rest @ ..] = kept
            {
                layer.restore(mean, variance);
                kept = rest;
            }
        }
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
        assert_eq!(inputs.len(), batch * self.input.units(), "inputs of {batch} samples of {}", self.input);
        let mut outputs = vec![T::ZERO; batch * self.output().units()];
        let pass = Pass::new(self, Phase::Inference);
        outputs
            .par_chunks_mut(IMAGES_PER_PASS * self.output().units())
            .zip(inputs.par_chunks(IMAGES_PER_PASS * self.input.units()))
            .enumerate()
            .for_each_init(Workspace::new, |workspace, (part, (outputs, inputs))| {
                pass.forward(inputs, part * IMAGES_PER_PASS, workspace);
                outputs.copy_from_slice(workspace.outputs(self.layers.len() - 1));
            });
        outputs
    }

    /// Outputs of every layer after its activation, for `batch` samples each; the last before a softmax.
    ///
    /// # Panics
    /// If `inputs` does not hold `batch` samples.
    pub fn activations(&self, inputs: &[T], batch: usize) -> Vec<Vec<T>> {
        assert_eq!(inputs.len(), batch * self.input.units(), "inputs of {batch} samples of {}", self.input);
        let mut workspace = Workspace::new();
        Pass::new(self, Phase::Inference).forward(inputs, 0, &mut workspace);
        (0..self.layers.len()).map(|layer| workspace.outputs(layer).to_vec()).collect()
    }
}

/// Checks that an activation can stand in its place.
fn check_activation(
    activation: Activation,
    layer: usize,
    last: usize,
    shape: Shape,
    non_negative: bool,
) -> Result<(), NetworkError> {
    activation.check().map_err(|source| NetworkError::Activation { layer, source })?;
    match activation {
        Activation::Softmax if layer < last => Err(NetworkError::HiddenSoftmax { layer }),
        Activation::Softmax if !shape.is_flat() => Err(NetworkError::SoftmaxMap { layer, shape }),
        Activation::NoisySoftplus(_) if !non_negative => Err(NetworkError::SignedInput { layer }),
        _ => Ok(()),
    }
}
