//! Pools of ONNX.

use crate::activation::Activation;
use crate::error::ModelFileError;
use crate::layer::{AveragePool2d, Layer, Margins, MaxPool2d, Padding, ZeroPadding2d};
use crate::onnx::assembly::Assembly;
use crate::onnx::convolution::Sliding;
use crate::onnx::step::Step;
use crate::onnx::value::{Axes, Flow};
use crate::shape::{Extent, Shape};

impl<'a> Assembly<'a> {
    /// The map that arrives at a pool, its window and how it slides.
    fn pool(&self, step: Step<'a>) -> Result<(Flow, Extent, Sliding), ModelFileError> {
        let flow = self.map(step)?;
        let Some([height, width]) = step.sizes("kernel_shape")? else {
            return Err(step.contradiction("kernel_shape is missing"));
        };
        let window = Extent::new(height, width);
        let sliding = Sliding::of(step, window, flow.shape)?;
        if sliding.dilation != Extent::square(1) {
            return Err(step.unsupported("dilations", sliding.dilation, "use pools without dilation"));
        }
        if step.integer("ceil_mode", 0) != 0 && !fits(window, &sliding, flow.shape) {
            return Err(step.unsupported("ceil_mode", 1, "use windows that fit the map, or ceil_mode 0"));
        }
        Ok((flow, window, sliding))
    }

    pub(crate) fn max_pool(&mut self, step: Step<'a>) -> Result<Flow, ModelFileError> {
        step.allow(&["auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"])?;
        let (flow, window, sliding) = self.pool(step)?;
        let layer = MaxPool2d::new(window).with_stride(sliding.stride);
        let layer = layer.with_padding(sliding.padding(window, flow.shape));
        self.push(step, Layer::MaxPool2d(layer), &[flow], Axes::ChannelsFirst)
    }

    pub(crate) fn average_pool(&mut self, step: Step<'a>) -> Result<Flow, ModelFileError> {
        step.allow(&["auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides"])?;
        let (mut flow, window, sliding) = self.pool(step)?;
        let mut padding = sliding.padding(window, flow.shape);
        // Our pools leave cells of the padding out of the average; zeros that count are part of the map.
        if step.integer("count_include_pad", 0) != 0 && sliding.margins != Margins::default() {
            let zeros = Layer::ZeroPadding2d(ZeroPadding2d::new(sliding.margins));
            flow = self.push(step, zeros, &[flow], Axes::ChannelsFirst)?;
            padding = Padding::Valid;
        }
        let layer = AveragePool2d::new(window, Activation::Linear).with_stride(sliding.stride).with_padding(padding);
        self.push(step, Layer::AveragePool2d(layer), &[flow], Axes::ChannelsFirst)
    }

    /// The map of one position that remains is a map still.
    pub(crate) fn global_pool(&mut self, step: Step<'a>, layer: Layer<f32>) -> Result<Flow, ModelFileError> {
        step.allow(&[])?;
        let flow = self.map(step)?;
        self.push(step, layer, &[flow], Axes::ChannelsFirst)
    }

    /// The mean over rows and columns, as some exporters write a global pool.
    pub(crate) fn reduce_mean(&mut self, step: Step<'a>) -> Result<Flow, ModelFileError> {
        step.allow(&["axes", "keepdims", "noop_with_empty_axes"])?;
        let flow = self.map(step)?;
        let axes = match self.integers(step, 1)? {
            Some(axes) => axes,
            None => step.attribute("axes").map_or_else(Vec::new, |axes| axes.integers.clone()),
        };
        let mut numbers: Vec<Option<usize>> = axes.iter().map(|&axis| flow.axis(axis)).collect();
        numbers.sort_unstable();
        if numbers != [Some(2), Some(3)] {
            return Err(step.unsupported("axes", format!("{axes:?}"), "take the mean over rows and columns"));
        }
        let axes = match step.integer("keepdims", 1) {
            0 => Axes::Vector(vec![Shape::flat(flow.shape.channels)]),
            _ => Axes::ChannelsFirst,
        };
        self.push(step, Layer::GlobalAveragePool2d, &[flow], axes)
    }
}

/// True if the last window ends where the map ends, so that it does not matter how a part of one is rounded.
fn fits(window: Extent, sliding: &Sliding, input: Shape) -> bool {
    let Margins { top, bottom, left, right } = sliding.margins;
    let rest = |size: usize, before: usize, after: usize, window: usize, stride: usize| {
        let padded = size.saturating_add(before).saturating_add(after);
        padded.checked_sub(window).map(|rest| rest % stride)
    };
    rest(input.height, top, bottom, window.height, sliding.stride.height) == Some(0)
        && rest(input.width, left, right, window.width, sliding.stride.width) == Some(0)
}
