//! What flows between the nodes of an ONNX graph, and how its axes relate to ours.

use std::rc::Rc;

use crate::layer::KernelShape;
use crate::network::Origin;
use crate::onnx::constant::Constant;
use crate::shape::Shape;

/// A value of the graph.
#[derive(Clone)]
pub(crate) enum Value {
    Flow(Flow),
    Constant(Rc<Constant>),
    /// Whether a flow is above a number.
    Above(Flow, f32),
}

/// What a node of our network computes.
#[derive(Clone, PartialEq)]
pub(crate) struct Flow {
    pub(crate) origin: Origin,
    pub(crate) shape: Shape,
    pub(crate) axes: Axes,
}

/// The axes of a flow behind the batch.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Axes {
    /// One: the units of maps of these shapes one map after the other, each channel by channel, unlike ours.
    Vector(Vec<Shape>),
    /// Rows and columns, without channels.
    Matrix,
    /// Channels, rows, columns.
    ChannelsFirst,
    /// Rows, columns, channels.
    ChannelsLast,
}

impl Flow {
    /// Sizes as the graph has them; that of the batch is 0, which a Reshape takes for what it was.
    pub(crate) fn sizes(&self) -> Vec<usize> {
        let Shape { height, width, channels } = self.shape;
        match self.axes {
            Axes::Vector(_) => vec![0, self.shape.units()],
            Axes::Matrix => vec![0, height, width],
            Axes::ChannelsFirst => vec![0, channels, height, width],
            Axes::ChannelsLast => vec![0, height, width, channels],
        }
    }

    /// The axis that `number` means, from the end if it is negative.
    pub(crate) fn axis(&self, number: i64) -> Option<usize> {
        let axes = self.sizes().len();
        let number = if number < 0 { number.checked_add(axes as i64)? } else { number };
        usize::try_from(number).ok().filter(|&axis| axis < axes)
    }

    /// The axis of the channels, or units.
    pub(crate) fn channel_axis(&self) -> Option<usize> {
        match self.axes {
            Axes::Vector(_) | Axes::ChannelsFirst => Some(1),
            Axes::ChannelsLast => Some(3),
            Axes::Matrix => None,
        }
    }

    /// What stands for the units of this flow in the graph, laid out as one vector.
    pub(crate) fn pieces(&self) -> Vec<Shape> {
        match &self.axes {
            Axes::Vector(pieces) => pieces.clone(),
            Axes::ChannelsFirst if !keeps_order(self.shape) => vec![self.shape],
            Axes::ChannelsFirst | Axes::ChannelsLast | Axes::Matrix => vec![Shape::flat(self.shape.units())],
        }
    }
}

/// True if the units of a map have one order, whichever axis the channels are.
pub(crate) fn keeps_order(shape: Shape) -> bool {
    shape.channels == 1 || shape.positions() == 1
}

/// True if vectors of these pieces have the order that ours have.
pub(crate) fn is_ordered(pieces: &[Shape]) -> bool {
    pieces.iter().all(|&piece| keeps_order(piece))
}

/// Rows of `row` numbers, which stand for the units of these pieces in the order of the graph, in our order.
pub(crate) fn in_our_order(values: &[f32], pieces: &[Shape], row: usize) -> Vec<f32> {
    let mut ordered = Vec::with_capacity(values.len());
    let mut first = 0;
    for piece in pieces {
        for position in 0..piece.positions() {
            for channel in 0..piece.channels {
                let unit = first + channel * piece.positions() + position;
                ordered.extend_from_slice(&values[unit * row..(unit + 1) * row]);
            }
        }
        first += piece.units();
    }
    ordered
}

/// A kernel by output, input, row, column in our order: row, column, input, output.
pub(crate) fn kernel_in_our_order(values: &[f32], shape: KernelShape) -> Vec<f32> {
    let KernelShape { height, width, inputs, outputs } = shape;
    let mut kernel = Vec::with_capacity(values.len());
    for cell in 0..height * width {
        for input in 0..inputs {
            kernel.extend((0..outputs).map(|output| values[(output * inputs + input) * height * width + cell]));
        }
    }
    kernel
}
