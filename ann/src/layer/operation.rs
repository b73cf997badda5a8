//! What a pass asks of a layer: everything that `pass.rs` knows about one.

use std::borrow::Cow;

use crate::activation::Activation;
use crate::error::NetworkError;
use crate::layer::conv2d::lanes::LaneMemory;
use crate::layer::conv2d::winograd::WinogradMemory;
use crate::network::{Network, Origin};
use crate::pass::{Phase, VarianceGradient};
use crate::real::Real;
use crate::shape::Shape;

/// How many inputs a layer takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arity {
    One,
    TwoOrMore,
}

/// A layer as a pass sees it. One file per layer implements it; [`crate::Layer::operation`] finds it.
///
/// Most layers are `output_shape`, `forward` and `input_gradient`; the rest is for those that learn ([`Self::parameters`],
/// [`Self::backward`]) and for those that have to know the whole batch ([`Self::statistics`]).
pub(crate) trait Operation<T: Real>: Sync {
    /// What the layer is, by Keras' name.
    fn kind(&self) -> &'static str;

    fn arity(&self) -> Arity {
        Arity::One
    }

    /// The activation that its outputs have gone through.
    fn activation(&self) -> Activation {
        Activation::Linear
    }

    /// Shape of the outputs; `layer` is the index that an error names, and `inputs` holds as many shapes as
    /// [`Self::arity`] says.
    fn output_shape(&self, layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError>;

    /// True for a layer that has a meaning for inputs of 0 and above only.
    fn takes_non_negative(&self) -> bool {
        false
    }

    /// True if no output can be negative, `inputs` telling the same of the inputs.
    fn is_non_negative(&self, inputs: bool) -> bool;

    /// Trainable tensors.
    fn parameters(&self) -> Vec<&[T]> {
        Vec::new()
    }

    /// Trainable tensors, in the order of [`Self::parameters`].
    fn parameters_mut(&mut self) -> Vec<&mut [T]> {
        Vec::new()
    }

    /// True if weight decay shrinks the parameter of this index: kernels, but no biases.
    fn decays(&self, _parameter: usize) -> bool {
        false
    }

    /// Samples that cost hardly more than one; `inputs` as for [`Self::output_shape`].
    fn samples_at_once(&self, _inputs: Shape, _output: Shape) -> usize {
        1
    }

    /// What the parameters are turned into once per pass, before any sample is seen.
    fn prepare(&self) -> Cow<'_, [T]> {
        Cow::Borrowed(&[])
    }

    /// Writes the outputs, and into the tape's record what the backward pass will need.
    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, scratch: &mut Scratch<T>);

    /// Adds to the parameters' gradients. Runs before [`Self::input_gradient`], which may find in the record what this
    /// left there.
    fn backward(&self, _call: &Call<'_, T>, _tape: &mut Tape<T>, _learning: Learning<'_, T>) {}

    /// Overwrites `gradient` with the gradient of input `input`.
    fn input_gradient(
        &self,
        call: &Call<'_, T>,
        input: usize,
        tape: &Tape<T>,
        output_gradient: &[T],
        gradient: &mut [T],
        scratch: &mut Scratch<T>,
    );

    /// Length of what the layer has to know about the whole batch in training; 0 for most layers. The pass sums it over
    /// the parts of a batch before [`Self::forward`] (as [`Self::collect`] leaves it), and again before
    /// [`Self::input_gradient`] (as [`Self::backward`] leaves it).
    fn statistics(&self) -> usize {
        0
    }

    /// Adds a part's share of the statistics of the inputs.
    fn collect(&self, _call: &Call<'_, T>, _statistics: &mut [f64]) {}

    /// Takes the statistics of a batch into the layer's state, after a step of training.
    fn absorb(&mut self, _statistics: &[f64]) {}
}

/// Outputs of a node, and its record for the backward pass.
#[derive(Default)]
pub(crate) struct Tape<T> {
    pub(crate) outputs: Vec<T>,
    /// Of a layer with an activation: first the drive, after the activation its slopes, in the backward pass the drive's
    /// gradient.
    pub(crate) record: Vec<T>,
}

/// Memory that the layers of a pass share; holds nothing from one call to the next.
#[derive(Default)]
pub(crate) struct Scratch<T> {
    pub(crate) lanes: LaneMemory<T>,
    pub(crate) winograd: WinogradMemory<T>,
    pub(crate) selected: Vec<T>,
    pub(crate) padded: Vec<T>,
    pub(crate) unfolded: Vec<T>,
    pub(crate) weight_gradient: Vec<T>,
}

/// What a layer writes to when it learns.
pub(crate) struct Learning<'a, T> {
    pub(crate) output_gradient: &'a [T],
    /// Gradients of its parameters, to be added to.
    pub(crate) parameters: &'a mut [Vec<T>],
    /// Its share of what [`Operation::input_gradient`] has to know about the whole batch, to be added to.
    pub(crate) statistics: &'a mut [f64],
    pub(crate) variance_gradient: VarianceGradient,
    pub(crate) scratch: &'a mut Scratch<T>,
}

/// The circumstances of a call.
pub(crate) struct Call<'a, T: Real> {
    pub(crate) node: usize,
    pub(crate) inputs: Inputs<'a, T>,
    /// Shape of one sample of the outputs.
    pub(crate) output: Shape,
    /// What [`Operation::prepare`] gave.
    pub(crate) prepared: &'a [T],
    pub(crate) phase: Phase,
    /// The number of each sample in its data set, or in inference among those given, which keys its random numbers.
    pub(crate) numbers: &'a [u32],
    /// Statistics of the whole batch's inputs; empty in inference.
    pub(crate) statistics: &'a [f64],
    /// Statistics of the whole batch's gradients; empty in inference and in the forward pass.
    pub(crate) gradient_statistics: &'a [f64],
}

/// What arrives at a node.
#[derive(Clone, Copy)]
pub(crate) struct Inputs<'a, T: Real> {
    network: &'a Network<T>,
    origins: &'a [Origin],
    samples: &'a [T],
    /// Tapes of the nodes before this one.
    tapes: &'a [Tape<T>],
}

impl<'a, T: Real> Inputs<'a, T> {
    pub(crate) fn new(network: &'a Network<T>, node: usize, samples: &'a [T], tapes: &'a [Tape<T>]) -> Self {
        Self { network, origins: network.origins(node), samples, tapes }
    }

    pub(crate) fn len(self) -> usize {
        self.origins.len()
    }

    /// Shape of one sample of input `index`.
    pub(crate) fn shape(self, index: usize) -> Shape {
        self.network.shape(self.origins[index])
    }

    /// Values of input `index`, sample after sample.
    pub(crate) fn values(self, index: usize) -> &'a [T] {
        match self.origins[index] {
            Origin::Input => self.samples,
            Origin::Node(node) => &self.tapes[node].outputs,
        }
    }

    /// Shape and values of the first input, which is the only one of most layers.
    pub(crate) fn only(self) -> (Shape, &'a [T]) {
        (self.shape(0), self.values(0))
    }
}
