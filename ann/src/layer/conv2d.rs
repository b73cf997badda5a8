//! Two-dimensional convolution.

mod grouped;
pub(in crate::layer) mod lanes;
pub(in crate::layer) mod unfold;
pub(in crate::layer) mod winograd;

use std::borrow::Cow;

use crate::activation::Activation;
use crate::error::NetworkError;
use crate::layer::operation::{Call, Learning, Operation, Scratch, Tape};
use crate::layer::window::{Margins, Padding, Window};
use crate::layer::{check_tensors, paths};
use crate::matrix::{Destination, Matrix, multiply};
use crate::real::Real;
use crate::shape::{Extent, Shape};
use grouped::{Depthwise, gather, spread};
use lanes::{LANES, LaneConvolution};
use unfold::Unfolding;
use winograd::WinogradConvolution;

/// Shape of a convolution kernel; memory order is row, column, input channel, output channel (HWIO, as in Keras).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelShape {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Input channels that one output channel sees: all, or those of its group.
    pub inputs: usize,
    /// Output channels.
    pub outputs: usize,
}

impl KernelShape {
    /// Number of weights that drive one unit.
    pub const fn fan_in(self) -> usize {
        self.height * self.width * self.inputs
    }

    /// Number of weights.
    pub const fn weights(self) -> usize {
        self.fan_in() * self.outputs
    }

    /// Rows and columns.
    pub const fn window(self) -> Extent {
        Extent::new(self.height, self.width)
    }

    /// [`Self::weights`], or `None` for a product beyond the size of a word.
    pub(in crate::layer) fn checked_weights(self) -> Option<usize> {
        self.height.checked_mul(self.width)?.checked_mul(self.inputs)?.checked_mul(self.outputs)
    }
}

/// Convolution (cross-correlation: the kernel is not flipped), `m = sum w x + b`.
///
/// With `g` groups, output channel `o` of `n` sees the input channels of group `floor(o g / n)` only; a depthwise
/// convolution has as many groups as there are input channels.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv2d<T> {
    shape: KernelShape,
    kernel: Vec<T>,
    bias: Option<Vec<T>>,
    window: Window,
    groups: usize,
    activation: Activation,
}

impl<T: Real> Conv2d<T> {
    /// A layer with finished weights, without padding, dilation or groups.
    ///
    /// # Errors
    /// If the kernel or the bias has another length than `shape` says.
    pub fn new(
        shape: KernelShape,
        kernel: Vec<T>,
        bias: Option<Vec<T>>,
        stride: Extent,
        activation: Activation,
    ) -> Result<Self, NetworkError> {
        let expected = shape.checked_weights().unwrap_or(usize::MAX);
        check_tensors(&kernel, expected, bias.as_ref(), shape.outputs)?;
        let window = Window::new(shape.window(), stride);
        Ok(Self { shape, kernel, bias, window, groups: 1, activation })
    }

    /// The same layer with another padding; zeros surround the map.
    #[must_use]
    pub fn with_padding(mut self, padding: Padding) -> Self {
        self.window.padding = padding;
        self
    }

    /// The same layer with its kernel's rows and columns `dilation` cells apart.
    #[must_use]
    pub fn with_dilation(mut self, dilation: Extent) -> Self {
        self.window.dilation = dilation;
        self
    }

    /// The same layer with its channels in so many groups.
    #[must_use]
    pub fn with_groups(mut self, groups: usize) -> Self {
        self.groups = groups;
        self
    }

    /// Shape of the kernel.
    pub fn kernel_shape(&self) -> KernelShape {
        self.shape
    }

    /// Weights `[height, width, inputs, outputs]`; nA under Noisy Softplus.
    pub fn kernel(&self) -> &[T] {
        &self.kernel
    }

    /// One bias per output channel.
    pub fn bias(&self) -> Option<&[T]> {
        self.bias.as_deref()
    }

    /// Rows and columns from one position of the kernel to the next.
    pub fn stride(&self) -> Extent {
        self.window.stride
    }

    /// Rows and columns around a map of this shape, which the layer takes.
    pub fn margins(&self, input: Shape) -> Margins {
        self.window.margins(input)
    }

    /// What surrounds the map.
    pub fn padding(&self) -> Padding {
        self.window.padding
    }

    /// Rows and columns from one weight of the kernel to the next.
    pub fn dilation(&self) -> Extent {
        self.window.dilation
    }

    /// Number of groups of channels.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// Its activation.
    pub fn activation(&self) -> Activation {
        self.activation
    }

    pub(crate) fn activation_mut(&mut self) -> &mut Activation {
        &mut self.activation
    }

    fn paths(&self) -> usize {
        self.activation.paths()
    }

    /// The prepared weights as a matrix over all channels.
    fn weights<'a>(&self, weights: &'a [T]) -> Matrix<'a, T> {
        Matrix::new(weights, self.shape.fan_in() * self.groups, self.shape.outputs * self.paths())
    }

    /// The layer as a convolution of few channels, if it is one.
    fn lanes(&self, input: Shape, output: Shape) -> Option<LaneConvolution> {
        LaneConvolution::new(
            self.shape,
            self.window,
            input,
            Shape { channels: output.channels * self.paths(), ..output },
        )
    }

    /// The layer as a convolution of many channels, if it is one. Not with a variance path: the transforms cancel, and what they leave
    /// where active inputs meet small weights could be a negative variance.
    fn winograd(&self, input: Shape, output: Shape) -> Option<WinogradConvolution> {
        self.takes_winograd().then(|| WinogradConvolution::new(self.window, input, output))
    }

    fn takes_winograd(&self) -> bool {
        self.paths() == 1 && winograd::suits(self.shape, self.window, self.groups)
    }

    /// The layer as a depthwise convolution, if it is one.
    fn depthwise(&self, call: &Call<'_, T>) -> Option<Depthwise> {
        let output = Shape { channels: self.shape.outputs * self.paths(), ..call.output };
        let is_depthwise = self.groups > 1 && self.shape.inputs == 1;
        is_depthwise.then(|| Depthwise { window: self.window, input: call.inputs.shape(0), output })
    }
}

impl<T: Real> Operation<T> for Conv2d<T> {
    fn kind(&self) -> &'static str {
        "Conv2D"
    }

    fn activation(&self) -> Activation {
        self.activation
    }

    fn output_shape(&self, layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError> {
        if self.shape.weights() == 0 || self.groups == 0 {
            return Err(NetworkError::ZeroDimension { layer });
        }
        if !self.shape.outputs.is_multiple_of(self.groups) {
            return Err(NetworkError::Groups { layer, groups: self.groups, outputs: self.shape.outputs });
        }
        let expected = self.shape.inputs.saturating_mul(self.groups);
        if inputs[0].channels != expected {
            return Err(NetworkError::Channels { layer, expected, found: inputs[0] });
        }
        let positions = self.window.positions(layer, inputs[0])?;
        Ok(Shape::new(positions.height, positions.width, self.shape.outputs))
    }

    fn is_non_negative(&self, _inputs: bool) -> bool {
        self.activation.is_non_negative()
    }

    fn parameters(&self) -> Vec<&[T]> {
        std::iter::once(&*self.kernel).chain(self.bias.as_deref()).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut [T]> {
        std::iter::once(&mut *self.kernel).chain(self.bias.as_deref_mut()).collect()
    }

    fn decays(&self, parameter: usize) -> bool {
        parameter == 0
    }

    fn samples_at_once(&self, input: Shape, output: Shape) -> usize {
        if !self.takes_winograd() && self.lanes(input, output).is_some() { LANES } else { 1 }
    }

    fn prepare(&self) -> Cow<'_, [T]> {
        if self.takes_winograd() {
            return Cow::Owned(winograd::prepare(&self.kernel, self.shape));
        }
        let weights = paths::drive_weights(&self.kernel, self.paths());
        if self.groups > 1 && self.shape.inputs > 1 {
            return Cow::Owned(spread(&weights, self.shape, self.groups, self.paths()));
        }
        weights
    }

    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, scratch: &mut Scratch<T>) {
        let (input, inputs) = call.inputs.only();
        let Tape { outputs, record: drive } = tape;
        let (paths, batch) = (self.paths(), inputs.len() / input.units());
        drive.resize(outputs.len() * paths, T::ZERO);
        if let Some(winograd) = self.winograd(input, call.output) {
            winograd.forward(call.prepared, inputs, drive, &mut scratch.winograd);
        } else if let Some(lanes) = self.lanes(input, call.output) {
            lanes.forward(call.prepared, inputs, drive, &mut scratch.lanes);
        } else if let Some(depthwise) = self.depthwise(call) {
            depthwise.forward(batch, call.prepared, inputs, drive);
        } else {
            let unfolding = Unfolding::new(self.window, input, call.output);
            let channels = self.shape.outputs * paths;
            let padded = unfolding.pad(inputs, &mut scratch.padded);
            for block in unfolding.blocks(batch) {
                let unfolded = unfolding.unfold(&block, padded, &mut scratch.unfolded);
                let drive = &mut drive[block.positions.start * channels..block.positions.end * channels];
                multiply(unfolded, self.weights(call.prepared), drive, Destination::Overwrite);
            }
        }
        if let Some(bias) = self.bias() {
            paths::add_bias(bias, paths, drive);
        }
        self.activation.respond(drive, outputs);
    }

    fn backward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, learning: Learning<'_, T>) {
        let (input, inputs) = call.inputs.only();
        let (paths, batch) = (self.paths(), inputs.len() / input.units());
        let Learning { output_gradient, parameters, variance_gradient, scratch, .. } = learning;
        paths::drive_gradient(&mut tape.record, output_gradient, paths, variance_gradient);
        let drive = &*tape.record;
        let Scratch { padded, unfolded, weight_gradient, lanes: lane_memory, winograd: winograd_memory, .. } = scratch;
        let unfolding = Unfolding::new(self.window, input, call.output);
        let channels = self.shape.outputs * paths;
        let mut add_products = |gradient: &mut [T]| {
            let padded = unfolding.pad(inputs, padded);
            for block in unfolding.blocks(batch) {
                let positions = block.positions.clone();
                let columns = unfolding.unfold(&block, padded, unfolded).transposed();
                let drive = &drive[positions.start * channels..positions.end * channels];
                multiply(columns, Matrix::new(drive, positions.len(), channels), gradient, Destination::AddTo);
            }
        };
        paths::kernel_gradient(&self.kernel, paths, weight_gradient, &mut parameters[0], |gradient| {
            if let Some(winograd) = self.winograd(input, call.output) {
                winograd.backward(inputs, drive, gradient, winograd_memory);
            } else if let Some(lanes) = self.lanes(input, call.output) {
                lanes.backward(inputs, drive, gradient, lane_memory);
            } else if let Some(depthwise) = self.depthwise(call) {
                depthwise.backward(batch, inputs, drive, gradient);
            } else if self.groups == 1 {
                add_products(gradient);
            } else {
                let mut whole = vec![T::ZERO; call.prepared.len()];
                add_products(&mut whole);
                gather(&mut whole, self.shape, self.groups, paths);
                gradient.iter_mut().zip(whole).for_each(|(gradient, own)| *gradient += own);
            }
        });
        if self.bias.is_some() {
            paths::add_bias_gradient(drive, paths, &mut parameters[1]);
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
        let (input, drive) = (call.inputs.shape(0), &*tape.record);
        if let Some(winograd) = self.winograd(input, call.output) {
            return winograd.input_gradient(call.prepared, drive, gradient, &mut scratch.winograd);
        }
        if let Some(lanes) = self.lanes(input, call.output) {
            return lanes.input_gradient(call.prepared, drive, gradient, &mut scratch.lanes);
        }
        if let Some(depthwise) = self.depthwise(call) {
            return depthwise.input_gradient(gradient.len() / input.units(), call.prepared, drive, gradient);
        }
        let unfolding = Unfolding::new(self.window, input, call.output);
        let channels = self.shape.outputs * self.paths();
        let weights = self.weights(call.prepared).transposed();
        unfolding.fold(gradient, [&mut scratch.padded, &mut scratch.unfolded], |block, unfolded| {
            let positions = block.positions.clone();
            let drive = &drive[positions.start * channels..positions.end * channels];
            multiply(Matrix::new(drive, positions.len(), channels), weights, unfolded, Destination::Overwrite);
        });
    }
}
