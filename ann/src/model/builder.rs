//! Networks built layer upon layer, with drawn weights.

use crate::activation::{Activation, ActivationChoice};
use crate::error::NetworkError;
use crate::initialiser::{Fans, Initialiser};
use crate::layer::{BatchNormalization, Conv2d, Dense, KernelShape, Layer, Padding, SynapticMaxout};
use crate::network::{Network, Node, Origin};
use crate::real::Real;
use crate::shape::{Extent, Shape};

/// Whether units have a bias, which begins as 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bias {
    /// Weights alone.
    None,
    /// One per unit or channel.
    Zero,
}

/// A network in the making: each layer is put on the one before, and its weights are drawn by seed and number of the tensor, from
/// [`Initialiser::GlorotUniform`] where nothing else is said.
///
/// ```
/// use ann::model::{Bias, Builder};
/// use ann::{Activation, Shape};
///
/// let mut builder = Builder::<f32>::new(Shape::flat(4), 1);
/// builder.dense(8, Bias::Zero, Activation::Relu)?;
/// builder.dense(2, Bias::Zero, Activation::Softmax)?;
/// assert_eq!(builder.finish()?.parameter_count(), 4 * 8 + 8 + 8 * 2 + 2);
/// # Ok::<(), ann::NetworkError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Builder<T> {
    input: Shape,
    nodes: Vec<Node<T>>,
    /// Shape of each node's outputs.
    shapes: Vec<Shape>,
    seed: u64,
    tensor: u32,
    initialiser: Initialiser,
}

/// Side, stride and outputs of a square convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convolution {
    /// Height and width of the kernel.
    pub side: usize,
    /// Step between windows.
    pub stride: usize,
    /// Output channels.
    pub outputs: usize,
    /// What is around the map.
    pub padding: Padding,
}

impl<T: Real> Builder<T> {
    /// No layer yet.
    pub fn new(input: Shape, seed: u64) -> Self {
        let initialiser = Initialiser::GlorotUniform { gain: 1.0 };
        Self { input, nodes: Vec::new(), shapes: Vec::new(), seed, tensor: 0, initialiser }
    }

    /// Draws the weights of all further layers from this distribution.
    pub fn draw_from(&mut self, initialiser: Initialiser) -> &mut Self {
        self.initialiser = initialiser;
        self
    }

    /// What weights are drawn from.
    pub(super) fn initialiser(&self) -> Initialiser {
        self.initialiser
    }

    /// Number of layers so far.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Where the outputs of the last layer come from.
    pub fn top(&self) -> Origin {
        self.nodes.len().checked_sub(1).map_or(Origin::Input, Origin::Node)
    }

    /// Shape of what comes from there.
    ///
    /// # Panics
    /// If there is no such layer.
    pub fn shape(&self, origin: Origin) -> Shape {
        match origin {
            Origin::Input => self.input,
            Origin::Node(node) => self.shapes[node],
        }
    }

    /// Puts a layer behind these origins.
    ///
    /// # Errors
    /// If it does not fit there.
    pub fn put(&mut self, layer: Layer<T>, inputs: impl Into<Vec<Origin>>) -> Result<Origin, NetworkError> {
        let node = Node::new(layer, inputs);
        let arriving: Vec<Shape> = node.inputs.iter().map(|&origin| self.shape(origin)).collect();
        self.shapes.push(node.layer.output_shape(self.nodes.len(), &arriving)?);
        self.nodes.push(node);
        Ok(self.top())
    }

    /// Puts a layer on the last one.
    ///
    /// # Errors
    /// If it does not fit there.
    pub fn layer(&mut self, layer: Layer<T>) -> Result<Origin, NetworkError> {
        let top = self.top();
        self.put(layer, [top])
    }

    /// A convolution on the last layer.
    ///
    /// # Errors
    /// If it does not fit there.
    pub fn convolution(
        &mut self,
        convolution: Convolution,
        bias: Bias,
        activation: Activation,
    ) -> Result<Origin, NetworkError> {
        let top = self.top();
        self.convolution_of(top, convolution, bias, activation)
    }

    /// A convolution of these outputs.
    ///
    /// # Errors
    /// If it does not fit there.
    pub fn convolution_of(
        &mut self,
        origin: Origin,
        Convolution { side, stride, outputs, padding }: Convolution,
        bias: Bias,
        activation: Activation,
    ) -> Result<Origin, NetworkError> {
        self.check(Shape::new(side, side, outputs), self.shape(origin).channels)?;
        let kernel = KernelShape { height: side, width: side, inputs: self.shape(origin).channels, outputs };
        let weights = self.weights(kernel.weights(), [kernel.fan_in(), side * side * outputs])?;
        let layer = Conv2d::new(kernel, weights, biases(bias, outputs), Extent::square(stride), activation)?;
        self.put(Layer::Conv2d(layer.with_padding(padding)), [origin])
    }

    /// Units of the last layer, behind a `Flatten` if that gives a map.
    pub(super) fn flat(&mut self) -> Result<usize, NetworkError> {
        if !self.shape(self.top()).is_flat() {
            self.layer(Layer::Flatten)?;
        }
        Ok(self.shape(self.top()).units())
    }

    /// A dense layer on the last one, behind a `Flatten` if that gives a map.
    ///
    /// # Errors
    /// If it does not fit there.
    pub fn dense(&mut self, outputs: usize, bias: Bias, activation: Activation) -> Result<Origin, NetworkError> {
        let inputs = self.flat()?;
        self.check(Shape::flat(outputs), inputs)?;
        let kernel = self.weights(inputs * outputs, [inputs, outputs])?;
        self.layer(Layer::Dense(Dense::new(inputs, kernel, biases(bias, outputs), activation)?))
    }

    /// Maxima of the products of single synapses on the last layer, behind a `Flatten` if that gives a map, minima for a fraction of the
    /// units in [0, 1].
    ///
    /// # Errors
    /// If it does not fit there, or the fraction is out of range.
    pub fn synaptic_maxout(&mut self, outputs: usize, bias: Bias, minima: f64) -> Result<Origin, NetworkError> {
        let inputs = self.flat()?;
        self.check(Shape::flat(outputs), inputs)?;
        let kernel = self.weights(inputs * outputs, [inputs, outputs])?;
        let layer = SynapticMaxout::new(inputs, kernel, biases(bias, outputs))?;
        self.layer(Layer::SynapticMaxout(layer.with_minima(minima)))
    }

    /// Fresh batch normalisation on the last layer.
    ///
    /// # Errors
    /// If nothing can be put there.
    pub fn normalisation(&mut self) -> Result<Origin, NetworkError> {
        let channels = self.shape(self.top()).channels;
        self.layer(Layer::BatchNormalization(BatchNormalization::fresh(channels)))
    }

    /// A hidden activation as a layer of its own.
    ///
    /// # Errors
    /// If it needs a weighted layer, as Noisy Softplus does.
    pub fn activation(&mut self, choice: ActivationChoice) -> Result<Origin, NetworkError> {
        self.layer(Layer::Activation(choice.weighted()))
    }

    /// The network.
    ///
    /// # Errors
    /// If there is no layer, one has outputs that nothing takes, or an activation cannot stand where it is.
    pub fn finish(self) -> Result<Network<T>, NetworkError> {
        Network::graph(self.input, self.nodes)
    }

    /// Checks that a kernel of this shape for so many inputs can be drawn.
    pub(super) fn check(&self, kernel: Shape, inputs: usize) -> Result<(), NetworkError> {
        let sensible = kernel.is_sensible()
            && kernel.units().checked_mul(inputs).is_some_and(|weights| Shape::flat(weights).is_sensible());
        if sensible { Ok(()) } else { Err(NetworkError::Size { layer: self.nodes.len(), shape: kernel }) }
    }

    /// The next tensor, of `count` weights with `[fan_in, fan_out]`.
    pub(super) fn weights(&mut self, count: usize, [fan_in, fan_out]: [usize; 2]) -> Result<Vec<T>, NetworkError> {
        let fans = Fans { fan_in, fan_out, tensor: self.tensor };
        self.tensor += 1;
        Ok(self.initialiser.weights(count, fans, self.seed)?)
    }
}

fn biases<T: Real>(bias: Bias, outputs: usize) -> Option<Vec<T>> {
    match bias {
        Bias::None => None,
        Bias::Zero => Some(vec![T::ZERO; outputs]),
    }
}
