//! Convolutions of ONNX, and the windows that pools have too.

use crate::activation::Activation;
use crate::error::ModelFileError;
use crate::layer::{Conv2d, KernelShape, Layer, Margins, Padding};
use crate::onnx::assembly::Assembly;
use crate::onnx::step::Step;
use crate::onnx::value::{Axes, Flow, kernel_in_our_order};
use crate::shape::{Extent, Shape};

/// Stride, dilation and padding of a window.
pub(crate) struct Sliding {
    pub(crate) stride: Extent,
    pub(crate) dilation: Extent,
    pub(crate) margins: Margins,
}

impl Sliding {
    /// What the attributes say of a window over a map.
    pub(crate) fn of(step: Step<'_>, window: Extent, input: Shape) -> Result<Self, ModelFileError> {
        let pair =
            |name| Ok::<_, ModelFileError>(step.sizes(name)?.map_or(Extent::square(1), |[h, w]| Extent::new(h, w)));
        let (stride, dilation) = (pair("strides")?, pair("dilations")?);
        if window.is_empty() || stride.is_empty() || dilation.is_empty() {
            return Err(step.contradiction("a kernel, stride or dilation has a dimension of size 0"));
        }
        let mode = step.attribute("auto_pad").map_or(&b"NOTSET"[..], |mode| &mode.text);
        let margins = match mode {
            b"NOTSET" | b"" => {
                let [top, left, bottom, right] = step.sizes("pads")?.unwrap_or_default();
                Margins { top, bottom, left, right }
            }
            b"VALID" => Margins::default(),
            b"SAME_UPPER" | b"SAME_LOWER" => {
                let upper = same(window, stride, dilation, input);
                match mode {
                    b"SAME_UPPER" => upper,
                    _ => Margins { top: upper.bottom, bottom: upper.top, left: upper.right, right: upper.left },
                }
            }
            other => {
                let found = String::from_utf8_lossy(other).into_owned();
                return Err(step.unsupported("auto_pad", found, "use NOTSET, VALID, SAME_UPPER or SAME_LOWER"));
            }
        };
        Ok(Self { stride, dilation, margins })
    }

    /// The padding by its name, where it has one.
    pub(crate) fn padding(&self, window: Extent, input: Shape) -> Padding {
        let Margins { top, bottom, left, right } = self.margins;
        let grown = |size: usize, before: usize, after: usize| size.saturating_add(before).saturating_add(after);
        let places = |size: usize, window: usize, dilation: usize, stride: usize| {
            size.checked_sub((window - 1).saturating_mul(dilation).saturating_add(1)).map(|rest| rest / stride + 1)
        };
        let rows = places(grown(input.height, top, bottom), window.height, self.dilation.height, self.stride.height);
        let columns = places(grown(input.width, left, right), window.width, self.dilation.width, self.stride.width);
        let is_same = self.margins == same(window, self.stride, self.dilation, input)
            && rows == Some(input.height.div_ceil(self.stride.height))
            && columns == Some(input.width.div_ceil(self.stride.width));
        match self.margins {
            margins if margins == Margins::default() => Padding::Valid,
            _ if is_same => Padding::Same,
            margins => Padding::Explicit(margins),
        }
    }
}

/// Margins that give `ceil(size / stride)` positions, an odd row or column after the map.
fn same(window: Extent, stride: Extent, dilation: Extent, input: Shape) -> Margins {
    let split = |size: usize, window: usize, stride: usize, dilation: usize| {
        let reach = (window - 1).saturating_mul(dilation).saturating_add(1);
        let covered = (size.div_ceil(stride).saturating_sub(1)).saturating_mul(stride).saturating_add(reach);
        let missing = covered.saturating_sub(size);
        (missing / 2, missing - missing / 2)
    };
    let (top, bottom) = split(input.height, window.height, stride.height, dilation.height);
    let (left, right) = split(input.width, window.width, stride.width, dilation.width);
    Margins { top, bottom, left, right }
}

impl<'a> Assembly<'a> {
    /// A flow that must be a map with its channels first.
    pub(crate) fn map(&self, step: Step<'a>) -> Result<Flow, ModelFileError> {
        let flow = self.flow(step, 0)?;
        if flow.axes == Axes::ChannelsFirst {
            return Ok(flow);
        }
        let sizes = flow.sizes();
        let detail = format!("it needs (batch, channels, rows, columns), but {sizes:?} (0: the batch) arrives");
        Err(step.contradiction(detail))
    }

    pub(crate) fn convolution(&mut self, step: Step<'a>) -> Result<Flow, ModelFileError> {
        step.allow(&["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"])?;
        let flow = self.map(step)?;
        let Some(weights) = self.weights(step, "kernel", 1)? else {
            return Err(ModelFileError::MissingWeights { layer: step.name().to_owned(), tensor: "kernel" });
        };
        let &[outputs, inputs, height, width] = weights.shape() else {
            let found = format!("{:?}", weights.shape());
            return Err(step.unsupported("kernel", found, "use convolutions of two dimensions"));
        };
        if step.sizes("kernel_shape")?.is_some_and(|size| size != [height, width]) {
            return Err(step.contradiction("kernel_shape is not that of its kernel"));
        }
        let groups = usize::try_from(step.integer("group", 1)).unwrap_or(0);
        let bias = self.weights_of(step, "bias", 2, &[outputs])?;
        let shape = KernelShape { height, width, inputs, outputs };
        let window = shape.window();
        let sliding = Sliding::of(step, window, flow.shape)?;
        let kernel = kernel_in_our_order(weights.values(), shape);
        let conv = Conv2d::new(shape, kernel, bias, sliding.stride, Activation::Linear);
        let conv = conv.map_err(|source| self.network_error(source))?.with_groups(groups);
        let conv = conv.with_padding(sliding.padding(window, flow.shape)).with_dilation(sliding.dilation);
        self.push(step, Layer::Conv2d(conv), &[flow], Axes::ChannelsFirst)
    }
}
