//! The operators of ONNX, one by one.

use crate::activation::Activation;
use crate::error::ModelFileError;
use crate::layer::Margins;
use crate::layer::{Dropout, Layer, ZeroPadding2d};
use crate::network::Origin;
use crate::onnx::assembly::Assembly;
use crate::onnx::constant::{Constant, Values};
use crate::onnx::normalisation::Arithmetic;
use crate::onnx::step::Step;
use crate::onnx::value::{Axes, Flow, Value};

/// Above this, ln(1 + e^x) is x to the precision of f32: they differ by e^-x, 3e-7 at 15.
const SOFTPLUS_IS_LINEAR: f32 = 15.0;

/// Most parts that may be joined: a list that is joined with itself again and again would outgrow any memory.
const MOST_PARTS: usize = 1 << 12;

impl<'a> Assembly<'a> {
    /// What a node gives.
    pub(crate) fn step(&mut self, step: Step<'a>) -> Result<Value, ModelFileError> {
        if !matches!(step.node.domain.as_str(), "" | "ai.onnx") {
            return Err(step.unsupported_operator("export the model with the operators of ONNX itself"));
        }
        let flow = match step.node.operator.as_str() {
            "Constant" => return self.given_constant(step),
            "Identity" => {
                step.allow(&[])?;
                return self.value(step, 0);
            }
            "Shape" | "Gather" | "Unsqueeze" | "Cast" => return self.size(step),
            "Concat" => return self.concat(step),
            "Transpose" => return self.transpose(step),
            "Greater" => return self.greater(step),
            "Where" => return self.choice(step),
            "Conv" => self.convolution(step),
            "Gemm" => self.gemm(step),
            "MatMul" => self.matrix_product(step),
            "BatchNormalization" => self.batch_normalization(step),
            "MaxPool" => self.max_pool(step),
            "AveragePool" => self.average_pool(step),
            "GlobalAveragePool" => self.global_pool(step, Layer::GlobalAveragePool2d),
            "GlobalMaxPool" => self.global_pool(step, Layer::GlobalMaxPool2d),
            "ReduceMean" => self.reduce_mean(step),
            "Flatten" => self.flatten(step),
            "Reshape" => return self.reshape(step),
            "Pad" => self.pad(step),
            "Add" => self.add(step),
            "Sub" => self.arithmetic(step, Arithmetic::Subtract),
            "Mul" => self.arithmetic(step, Arithmetic::Multiply),
            "Div" => self.arithmetic(step, Arithmetic::Divide),
            "Dropout" => self.dropout(step),
            "Relu" => self.activation(step, &[], Activation::Relu),
            "LeakyRelu" => {
                self.activation(step, &["alpha"], Activation::LeakyRelu { slope: step.float("alpha", 0.01) })
            }
            "Elu" => self.activation(step, &["alpha"], Activation::Elu { alpha: step.float("alpha", 1.0) }),
            "Sigmoid" => self.activation(step, &[], Activation::Sigmoid),
            "Tanh" => self.activation(step, &[], Activation::Tanh),
            "Softplus" => self.activation(step, &[], Activation::Softplus),
            "Softmax" => self.softmax(step),
            other => return Err(step.unsupported_operator(advice(other))),
        };
        flow.map(Value::Flow)
    }

    fn activation(
        &mut self,
        step: Step<'a>,
        attributes: &[&str],
        activation: Activation,
    ) -> Result<Flow, ModelFileError> {
        step.allow(attributes)?;
        let flow = self.flow(step, 0)?;
        let axes = flow.axes.clone();
        self.push(step, Layer::Activation(activation), &[flow], axes)
    }

    fn softmax(&mut self, step: Step<'a>) -> Result<Flow, ModelFileError> {
        step.allow(&["axis"])?;
        let flow = self.flow(step, 0)?;
        // The default was 1 before operator set 13; it is the same axis of a vector.
        let axis = step.integer("axis", -1);
        if !matches!(flow.axes, Axes::Vector(_)) || flow.axis(axis) != Some(1) {
            return Err(step.unsupported("axis", axis, "put it behind a dense layer, on the axis of the classes"));
        }
        let axes = flow.axes.clone();
        self.push(step, Layer::Activation(Activation::Softmax), &[flow], axes)
    }

    /// Left in, as training on may want it.
    fn dropout(&mut self, step: Step<'a>) -> Result<Flow, ModelFileError> {
        step.allow(&["ratio", "seed"])?;
        let flow = self.flow(step, 0)?;
        let rate = match self.weights(step, "ratio", 1)?.as_ref().map(|weights| weights.values().first().copied()) {
            Some(rate) => rate.map_or(f64::NAN, f64::from),
            None => step.float("ratio", 0.5),
        };
        let axes = flow.axes.clone();
        self.push(step, Layer::Dropout(Dropout::new(rate)), &[flow], axes)
    }

    /// Zeros around a map.
    fn pad(&mut self, step: Step<'a>) -> Result<Flow, ModelFileError> {
        step.allow(&["mode", "pads", "value"])?;
        let flow = self.flow(step, 0)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mode = step.attribute("mode").map_or_else(|| "constant".to_owned(), |mode| text(&mode.text));
        if mode != "constant" {
            return Err(step.unsupported("mode", mode, "pad with zeros"));
        }
        let value = match self.weights(step, "value", 2)? {
            Some(weights) => weights.values().first().copied().unwrap_or(0.0),
            None => step.attribute("value").map_or(0.0, |value| value.float),
        };
        if value != 0.0 {
            return Err(step.unsupported("value", value, "pad with zeros"));
        }
        if step.input(3).is_some() {
            return Err(step.unsupported("axes", "a list", "give the padding of all axes"));
        }
        let pads = match self.integers(step, 1)? {
            Some(pads) => pads,
            None => step.attribute("pads").map_or_else(Vec::new, |pads| pads.integers.clone()),
        };
        let size = |index: usize| usize::try_from(pads[index]).ok();
        let margins = match (&flow.axes, pads.as_slice()) {
            (Axes::ChannelsFirst, [0, 0, _, _, 0, 0, _, _]) => [size(2), size(3), size(6), size(7)],
            (Axes::ChannelsLast, [0, _, _, 0, 0, _, _, 0]) => [size(1), size(2), size(5), size(6)],
            _ => [None; 4],
        };
        let [Some(top), Some(left), Some(bottom), Some(right)] = margins else {
            return Err(step.unsupported("pads", format!("{pads:?}"), "pad rows and columns, by 0 or more"));
        };
        let layer = ZeroPadding2d::new(Margins { top, bottom, left, right });
        let axes = flow.axes.clone();
        self.push(step, Layer::ZeroPadding2d(layer), &[flow], axes)
    }

    /// Sums of flows, and of a flow and a constant.
    fn add(&mut self, step: Step<'a>) -> Result<Flow, ModelFileError> {
        let (Value::Flow(first), Value::Flow(second)) = (self.value(step, 0)?, self.value(step, 1)?) else {
            return self.arithmetic(step, Arithmetic::Add);
        };
        step.allow(&[])?;
        if first.shape != second.shape || first.axes != second.axes {
            let (first, second) = (first.sizes(), second.sizes());
            let detail = format!("it adds {first:?} and {second:?} (0: the batch); give both the same sizes");
            return Err(step.contradiction(detail));
        }
        let axes = first.axes.clone();
        self.push(step, Layer::Add, &[first, second], axes)
    }

    /// Channels of several flows side by side; sizes one after the other.
    fn concat(&mut self, step: Step<'a>) -> Result<Value, ModelFileError> {
        step.allow(&["axis"])?;
        let values: Vec<Value> =
            (0..step.node.inputs.len()).map(|input| self.value(step, input)).collect::<Result<_, _>>()?;
        if let Some(lists) = values.iter().map(list).collect::<Option<Vec<_>>>() {
            let number: usize = lists.iter().map(Vec::len).sum();
            if number > MOST_PARTS {
                return Err(step.contradiction(format!("{number} sizes are more than a shape has")));
            }
            return Ok(Value::Constant(Constant::list(lists.concat()).into()));
        }
        let flows: Vec<Flow> = (0..values.len()).map(|input| self.flow(step, input)).collect::<Result<_, _>>()?;
        let [first, rest @ ..] = flows.as_slice() else {
            return Err(step.contradiction("it has no input"));
        };
        let axis = step.integer("axis", 1);
        if first.axis(axis).is_none() || first.axis(axis) != first.channel_axis() {
            return Err(step.unsupported("axis", axis, "use the axis of the channels"));
        }
        let alike =
            |flow: &Flow| flow.sizes().len() == first.sizes().len() && flow.channel_axis() == first.channel_axis();
        if !rest.iter().all(alike) {
            return Err(step.contradiction("inputs with different axes arrive"));
        }
        if rest.is_empty() {
            return Ok(Value::Flow(first.clone()));
        }
        let axes = match &first.axes {
            Axes::Vector(_) => {
                let pieces = flows.iter().map(Flow::pieces).collect::<Vec<_>>();
                let number: usize = pieces.iter().map(Vec::len).sum();
                if number > MOST_PARTS {
                    return Err(step.contradiction(format!("it joins {number} vectors; at most {MOST_PARTS} can be")));
                }
                Axes::Vector(pieces.concat())
            }
            axes => axes.clone(),
        };
        self.push(step, Layer::Concatenate, &flows, axes).map(Value::Flow)
    }

    /// PyTorch writes Softplus as x where x is above 20.
    fn greater(&mut self, step: Step<'a>) -> Result<Value, ModelFileError> {
        let flow = self.flow(step, 0)?;
        let threshold = self.weights(step, "threshold", 1)?;
        match threshold.as_ref().map(|threshold| threshold.values()) {
            Some(&[threshold]) => Ok(Value::Above(flow, threshold)),
            _ => Err(step.unsupported_operator("comparisons are not supported, except those of Softplus")),
        }
    }

    /// The other half of that.
    fn choice(&mut self, step: Step<'a>) -> Result<Value, ModelFileError> {
        if let (Value::Above(tested, threshold), Value::Flow(above), Value::Flow(below)) =
            (self.value(step, 0)?, self.value(step, 1)?, self.value(step, 2)?)
            && tested == above
            && threshold >= SOFTPLUS_IS_LINEAR
            && let Origin::Node(node) = below.origin
            && let (node, _) = &self.nodes[node]
            && matches!(node.layer, Layer::Activation(Activation::Softplus))
            && node.inputs == [above.origin]
        {
            return Ok(Value::Flow(below));
        }
        Err(step.unsupported_operator("choices are not supported, except those of Softplus"))
    }
}

/// A list of integers, if it is one.
fn list(value: &Value) -> Option<Vec<i64>> {
    match value {
        Value::Constant(constant) => match &constant.values {
            Values::Integers(integers) if constant.shape.len() == 1 => Some(integers.clone()),
            _ => None,
        },
        Value::Flow(_) | Value::Above(..) => None,
    }
}

/// What to do about an operator that has no counterpart.
fn advice(operator: &str) -> &'static str {
    match operator {
        "LSTM" | "GRU" | "RNN" | "Loop" | "If" | "Scan" => "recurrent networks and branches are not supported",
        "LogSoftmax" => "end the model with its logits or with Softmax",
        "Clip" | "HardSigmoid" | "HardSwish" | "Gelu" | "Selu" | "PRelu" | "Celu" | "Mish" | "ThresholdedRelu" => {
            "use Relu, LeakyRelu, Elu, Sigmoid, Tanh or Softplus"
        }
        "ConvTranspose" | "Resize" | "Upsample" => "layers that enlarge a map are not supported",
        "LayerNormalization" | "InstanceNormalization" | "GroupNormalization" | "LRN" => "use BatchNormalization",
        "ArgMax" | "TopK" => "end the model before it, with one output per class",
        "QuantizeLinear" | "DequantizeLinear" | "QLinearConv" => "export the model in float32",
        _ => "use Conv, Gemm, pools, BatchNormalization, Flatten, Reshape, Add, Concat and pointwise activations",
    }
}
