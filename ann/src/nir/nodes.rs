//! The nodes of NIR, one by one.

use crate::activation::Activation;
use crate::error::ModelFileError;
use crate::keras::Tensor;
use crate::layer::{AveragePool2d, Conv2d, Dense, KernelShape, Layer, Margins, Padding, Rescaling, ZeroPadding2d};
use crate::nir::assembly::Assembly;
use crate::nir::graph::Record;
use crate::onnx::convolution::Sliding;
use crate::onnx::value::{Axes, Flow, in_our_order, kernel_in_our_order};
use crate::shape::{Extent, Shape};

impl Assembly<'_> {
    /// Appends what a node amounts to, and returns its output.
    pub(crate) fn node(&mut self, record: &Record, flow: Flow) -> Result<Flow, ModelFileError> {
        match record.class.as_str() {
            "Affine" | "Linear" => self.dense(record, &flow),
            "Conv2d" => self.convolution(record, &flow),
            "AvgPool2d" | "SumPool2d" => self.pool(record, flow),
            "Flatten" => self.flatten(record, flow),
            "IF" => self.integrate_and_fire(record, flow),
            "LIF" | "CubaLIF" => {
                Err(record
                    .unsupported_class("the rate of a leaky neuron is no ReLU; export the network with IF neurons"))
            }
            "Threshold" => Err(record.unsupported_class("a step has no slope; use IF neurons")),
            "LI" | "CubaLI" | "I" | "Delay" => {
                Err(record.unsupported_class("what it does takes time, which a trained network has not; leave it out"))
            }
            "NIRGraph" => {
                Err(record.unsupported_class("graphs within graphs are not supported; write their nodes singly"))
            }
            _ => Err(record.unsupported_class("use Affine, Linear, Conv2d, AvgPool2d, SumPool2d, Flatten and IF")),
        }
    }

    /// A parameter of floats, all of them finite.
    fn floats(&self, record: &Record, name: &'static str) -> Result<Option<Tensor>, ModelFileError> {
        let most = self.file.most_values();
        let accept = |shape: &[usize]| {
            let number = shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
            if number.is_some_and(|number| number <= most) {
                return Ok(());
            }
            Err(record.contradiction(format!("{name} has an impossible shape of {shape:?}")))
        };
        let Some(tensor) = self.file.tensor(&record.path(name), accept)? else {
            return Ok(None);
        };
        match tensor.values.iter().position(|value| !value.is_finite()) {
            None => Ok(Some(tensor)),
            Some(flat) => Err(ModelFileError::NotFinite {
                layer: record.name.clone(),
                tensor: name,
                index: vec![flat],
                value: tensor.values[flat],
            }),
        }
    }

    fn kernel(&self, record: &Record) -> Result<Tensor, ModelFileError> {
        let missing = || ModelFileError::MissingWeights { layer: record.name.clone(), tensor: "weight" };
        self.floats(record, "weight")?.ok_or_else(missing)
    }

    fn bias(&self, record: &Record, outputs: usize) -> Result<Option<Vec<f32>>, ModelFileError> {
        match self.floats(record, "bias")? {
            None => Ok(None),
            Some(bias) if bias.values.len() == outputs => Ok(Some(bias.values)),
            Some(Tensor { shape: found, .. }) => {
                let layer = record.name.clone();
                Err(ModelFileError::WeightShape { layer, tensor: "bias", expected: vec![outputs], found })
            }
        }
    }

    fn dense(&mut self, record: &Record, flow: &Flow) -> Result<Flow, ModelFileError> {
        let Tensor { shape, values } = self.kernel(record)?;
        let units = flow.shape.units();
        let Axes::Vector(pieces) = &flow.axes else {
            let detail = format!("a map of {} arrives; put a Flatten node before it", flow.shape);
            return Err(record.contradiction(detail));
        };
        let outputs = match shape[..] {
            [outputs, inputs] if inputs == units => outputs,
            _ => {
                let expected = vec![shape.first().copied().unwrap_or(0), units];
                let layer = record.name.clone();
                return Err(ModelFileError::WeightShape { layer, tensor: "weight", expected, found: shape });
            }
        };
        let row = |input: usize| (0..outputs).map(move |output| (output, input));
        let turned: Vec<f32> = (0..units).flat_map(row).map(|(output, input)| values[output * units + input]).collect();
        let bias = self.bias(record, outputs)?;
        let dense = Dense::new(units, in_our_order(&turned, pieces, outputs), bias, Activation::Linear);
        let dense = dense.map_err(|source| self.file.network_error(source))?;
        self.push(Layer::Dense(dense), std::slice::from_ref(flow), Axes::Vector(vec![Shape::flat(outputs)]))
    }

    /// Rows and columns, of which a single number is both.
    fn pair(&self, record: &Record, name: &'static str, default: usize) -> Result<Extent, ModelFileError> {
        let sizes = self.file.integers(&record.path(name))?.unwrap_or_else(|| vec![default as i64]);
        let known: Option<Vec<usize>> = sizes.iter().map(|&size| usize::try_from(size).ok()).collect();
        match known.as_deref() {
            Some(&[side]) => Ok(Extent::square(side)),
            Some(&[height, width]) => Ok(Extent::new(height, width)),
            _ => Err(record.unsupported(name, format!("{sizes:?}"), "use one or two numbers from 0 on")),
        }
    }

    fn require_map(record: &Record, flow: &Flow) -> Result<(), ModelFileError> {
        match flow.axes {
            Axes::ChannelsFirst => Ok(()),
            _ => Err(record.contradiction("a vector arrives where (channels, rows, columns) is needed")),
        }
    }

    /// Stride, dilation and padding of a window.
    fn sliding(&self, record: &Record, window: Extent) -> Result<Sliding, ModelFileError> {
        let (stride, dilation) = (self.pair(record, "stride", 1)?, self.pair(record, "dilation", 1)?);
        let margins = match self.file.strings(&record.path("padding"))?.as_deref() {
            None => {
                let Extent { height, width } = self.pair(record, "padding", 0)?;
                Margins { top: height, bottom: height, left: width, right: width }
            }
            Some([word]) if word == "valid" => Margins::default(),
            Some([word]) if word == "same" && stride == Extent::square(1) && !window.is_empty() => {
                let split = |window: usize, dilation: usize| {
                    let missing = (window - 1).saturating_mul(dilation);
                    (missing / 2, missing - missing / 2)
                };
                let (top, bottom) = split(window.height, dilation.height);
                let (left, right) = split(window.width, dilation.width);
                Margins { top, bottom, left, right }
            }
            Some(words) => return Err(record.unsupported("padding", words.join(" "), "give the padding as numbers")),
        };
        if window.is_empty() || stride.is_empty() || dilation.is_empty() {
            return Err(record.contradiction("a kernel, stride or dilation has a dimension of size 0"));
        }
        Ok(Sliding { stride, dilation, margins })
    }

    fn convolution(&mut self, record: &Record, flow: &Flow) -> Result<Flow, ModelFileError> {
        Self::require_map(record, flow)?;
        let Tensor { shape, values } = self.kernel(record)?;
        let [outputs, inputs, height, width] = shape[..] else {
            return Err(record.unsupported("weight", format!("{shape:?}"), "use kernels of four dimensions"));
        };
        let groups = match self.file.integers(&record.path("groups"))?.as_deref() {
            None => 1,
            Some(&[groups]) => usize::try_from(groups).unwrap_or(0),
            Some(_) => 0,
        };
        let shape = KernelShape { height, width, inputs, outputs };
        let sliding = self.sliding(record, shape.window())?;
        let kernel = kernel_in_our_order(&values, shape);
        let bias = self.bias(record, outputs)?;
        let conv = Conv2d::new(shape, kernel, bias, sliding.stride, Activation::Linear);
        let conv = conv.map_err(|source| self.file.network_error(source))?.with_groups(groups);
        let conv = conv.with_padding(sliding.padding(shape.window(), flow.shape)).with_dilation(sliding.dilation);
        self.push(Layer::Conv2d(conv), std::slice::from_ref(flow), Axes::ChannelsFirst)
    }

    /// Zeros of the padding count; a sum is an average of n cells, n times.
    fn pool(&mut self, record: &Record, mut flow: Flow) -> Result<Flow, ModelFileError> {
        Self::require_map(record, &flow)?;
        let window = self.pair(record, "kernel_size", 0)?;
        let sliding = self.sliding(record, window)?;
        if sliding.margins != Margins::default() {
            let zeros = Layer::ZeroPadding2d(ZeroPadding2d::new(sliding.margins));
            flow = self.push(zeros, &[flow], Axes::ChannelsFirst)?;
        }
        let layer = AveragePool2d::new(window, Activation::Linear).with_stride(sliding.stride);
        let flow = self.push(Layer::AveragePool2d(layer.with_padding(Padding::Valid)), &[flow], Axes::ChannelsFirst)?;
        if record.class == "AvgPool2d" {
            return Ok(flow);
        }
        self.push(Layer::Rescaling(Rescaling::new(window.cells() as f64, 0.0)), &[flow], Axes::ChannelsFirst)
    }

    fn flatten(&mut self, record: &Record, flow: Flow) -> Result<Flow, ModelFileError> {
        let number = |name: &str| Ok::<_, ModelFileError>(self.file.integers(&record.path(name))?.unwrap_or_default());
        let (start, end) = (number("start_dim")?, number("end_dim")?);
        let last = flow.sizes().len() as i64 - 2;
        if start != [0] || !(end == [-1] || end == [last]) {
            let found = format!("{start:?} to {end:?}");
            return Err(record.unsupported("start_dim", found, "flatten all dimensions, 0 to -1"));
        }
        match flow.axes {
            Axes::Vector(_) => Ok(flow),
            _ => {
                let axes = Axes::Vector(flow.pieces());
                self.push(Layer::Flatten, &[flow], axes)
            }
        }
    }

    /// The number that all neurons of a node share.
    fn shared(&self, record: &Record, name: &'static str) -> Result<Option<f32>, ModelFileError> {
        let Some(Tensor { values, .. }) = self.floats(record, name)? else {
            return Ok(None);
        };
        match values[..] {
            [first, ref rest @ ..] if rest.iter().all(|&value| value == first) => Ok(Some(first)),
            _ => Err(record.unsupported(name, "several values", "give all neurons of a node the same")),
        }
    }

    /// Spikes per unit of time in a constant current: `max(0, r x) / (v_threshold - v_reset)`.
    fn integrate_and_fire(&mut self, record: &Record, flow: Flow) -> Result<Flow, ModelFileError> {
        let r = self.shared(record, "r")?.unwrap_or(1.0);
        let threshold = self.shared(record, "v_threshold")?.unwrap_or(1.0);
        let factor = f64::from(r) / (f64::from(threshold) - f64::from(self.shared(record, "v_reset")?.unwrap_or(0.0)));
        if !(0.0 < factor && factor.is_finite()) {
            return Err(record.contradiction("r must be above 0, and v_threshold above v_reset"));
        }
        let axes = flow.axes.clone();
        let flow = if factor == 1.0 {
            flow
        } else {
            self.push(Layer::Rescaling(Rescaling::new(factor, 0.0)), &[flow], axes.clone())?
        };
        self.push(Layer::Activation(Activation::Relu), &[flow], axes)
    }
}
