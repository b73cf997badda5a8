//! A convolution of averages.

use std::borrow::Cow;
use std::ops::Range;

use crate::activation::Activation;
use crate::error::NetworkError;
use crate::layer::check_length;
use crate::layer::conv2d::KernelShape;
use crate::layer::conv2d::unfold::{Block, Unfolding};
use crate::layer::cwa::synapses::Synapses;
use crate::layer::cwa::{Averaging, sum_gradients};
use crate::layer::operation::{Call, Learning, Operation, Scratch, Tape};
use crate::layer::window::{Padding, Window};
use crate::matrix::{Destination, Matrix, multiply};
use crate::real::Real;
use crate::shape::{Extent, Shape};

/// Units that are an [`Averaging`] of the inputs under their kernel, whose channels have the valences; cells of the
/// padding are silent inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct CwaConv2d<T> {
    shape: KernelShape,
    kernel: Vec<T>,
    window: Window,
    averaging: Averaging,
}

impl<T: Real> CwaConv2d<T> {
    /// A layer with finished weights, without padding.
    ///
    /// # Errors
    /// If the kernel has another length than `shape` says.
    pub fn new(shape: KernelShape, kernel: Vec<T>, stride: Extent, averaging: Averaging) -> Result<Self, NetworkError> {
        check_length("kernel", &kernel, shape.checked_weights().unwrap_or(usize::MAX))?;
        Ok(Self { shape, kernel, window: Window::new(shape.window(), stride), averaging })
    }

    /// The same layer with another padding.
    #[must_use]
    pub fn with_padding(mut self, padding: Padding) -> Self {
        self.window.padding = padding;
        self
    }

    /// Shape of the kernel.
    pub fn kernel_shape(&self) -> KernelShape {
        self.shape
    }

    /// Weights `[height, width, inputs, outputs]`.
    pub fn kernel(&self) -> &[T] {
        &self.kernel
    }

    /// Rows and columns from one position of the kernel to the next.
    pub fn stride(&self) -> Extent {
        self.window.stride
    }

    /// What surrounds the map.
    pub fn padding(&self) -> Padding {
        self.window.padding
    }

    /// How inputs are averaged.
    pub fn averaging(&self) -> Averaging {
        self.averaging
    }

    /// Cells of the kernel, its input channels and its output channels.
    fn sizes(&self) -> [usize; 3] {
        [self.window.size.cells(), self.shape.inputs, self.shape.outputs]
    }

    /// Synapses towards +1 and towards -1, as far as there are any, each with the unfolding of its own channels, and with its part of the
    /// sums of so many units.
    fn sides(
        &self,
        input: Shape,
        output: Shape,
        units: usize,
    ) -> impl Iterator<Item = (Synapses, Unfolding, Range<usize>)> {
        let sides =
            Synapses::both(self.averaging.weighting, self.sizes()).into_iter().zip([0..units, units..2 * units]);
        let window = self.window;
        sides.filter(|(synapses, _)| synapses.channels() > 0).map(move |(synapses, sums)| {
            let seen = Shape { channels: synapses.channels(), ..input };
            (synapses, Unfolding::new(window, seen, output), sums)
        })
    }

    /// Where the outputs of a block lie among all.
    fn units(&self, block: &Block) -> Range<usize> {
        block.positions.start * self.shape.outputs..block.positions.end * self.shape.outputs
    }
}

impl<T: Real> Operation<T> for CwaConv2d<T> {
    fn kind(&self) -> &'static str {
        "CwaConv2D"
    }

    fn activation(&self) -> Activation {
        self.averaging.activation()
    }

    fn output_shape(&self, layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError> {
        if self.shape.weights() == 0 {
            return Err(NetworkError::ZeroDimension { layer });
        }
        if inputs[0].channels != self.shape.inputs {
            return Err(NetworkError::Channels { layer, expected: self.shape.inputs, found: inputs[0] });
        }
        self.averaging.check(layer, self.shape.inputs)?;
        let positions = self.window.positions(layer, inputs[0])?;
        Ok(Shape::new(positions.height, positions.width, self.shape.outputs))
    }

    fn takes_non_negative(&self) -> bool {
        true
    }

    fn is_non_negative(&self, _inputs: bool) -> bool {
        self.averaging.clips
    }

    fn parameters(&self) -> Vec<&[T]> {
        vec![&self.kernel]
    }

    fn parameters_mut(&mut self) -> Vec<&mut [T]> {
        vec![&mut self.kernel]
    }

    fn decays(&self, _parameter: usize) -> bool {
        true
    }

    fn prepare(&self) -> Cow<'_, [T]> {
        Cow::Owned(self.averaging.prepare(&self.kernel, self.sizes()))
    }

    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, scratch: &mut Scratch<T>) {
        let (input, inputs) = call.inputs.only();
        let Tape { outputs, record } = tape;
        record.clear();
        record.resize(2 * outputs.len(), T::ZERO);
        let Scratch { selected, padded, unfolded, .. } = scratch;
        for (synapses, unfolding, side) in self.sides(input, call.output, outputs.len()) {
            let sums = &mut record[side];
            let padded = unfolding.pad(synapses.select(inputs, selected), padded);
            for block in unfolding.blocks(inputs.len() / input.units()) {
                let sums = &mut sums[self.units(&block)];
                let rows = unfolding.unfold(&block, padded, unfolded);
                multiply(rows, synapses.matrix(call.prepared), sums, Destination::Overwrite);
            }
        }
        self.averaging.respond(record, outputs);
    }

    fn backward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, learning: Learning<'_, T>) {
        let (input, inputs) = call.inputs.only();
        let Learning { output_gradient, parameters, scratch, .. } = learning;
        sum_gradients(&mut tape.record, output_gradient);
        let Scratch { selected, padded, unfolded, weight_gradient, .. } = scratch;
        for (synapses, unfolding, side) in self.sides(input, call.output, output_gradient.len()) {
            let sums = &tape.record[side];
            weight_gradient.resize(synapses.fan_in() * self.shape.outputs, T::ZERO);
            let mut destination = Destination::Overwrite;
            let padded = unfolding.pad(synapses.select(inputs, selected), padded);
            for block in unfolding.blocks(inputs.len() / input.units()) {
                let sums = Matrix::new(&sums[self.units(&block)], block.positions.len(), self.shape.outputs);
                let rows = unfolding.unfold(&block, padded, unfolded).transposed();
                multiply(rows, sums, weight_gradient, destination);
                destination = Destination::AddTo;
            }
            synapses.add_kernel_gradient(weight_gradient, &self.kernel, &mut parameters[0]);
        }
    }

    fn input_gradient(
        &self,
        call: &Call<'_, T>,
        _input: usize,
        tape: &Tape<T>,
        _output_gradient: &[T],
        gradient: &mut [T],
        scratch: &mut Scratch<T>,
    ) {
        let input = call.inputs.shape(0);
        let Scratch { selected, padded, unfolded, .. } = scratch;
        gradient.fill(T::ZERO);
        for (synapses, unfolding, side) in self.sides(input, call.output, tape.outputs.len()) {
            let sums = &tape.record[side];
            let conductances = synapses.matrix(call.prepared).transposed();
            selected.resize(gradient.len() / input.channels * synapses.channels(), T::ZERO);
            unfolding.fold(selected, [padded, unfolded], |block, unfolded| {
                let sums = Matrix::new(&sums[self.units(block)], block.positions.len(), self.shape.outputs);
                multiply(sums, conductances, unfolded, Destination::Overwrite);
            });
            synapses.add_input_gradient(selected, gradient);
        }
    }
}
