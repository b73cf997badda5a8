//! From the nodes of an ONNX graph to ours.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;

use crate::error::{ModelFileError, NetworkError};
use crate::layer::Layer;
use crate::model_file::join;
use crate::network::{Network, Node, Origin};
use crate::onnx::constant::{Constant, Values};
use crate::onnx::message::{Graph, ValueInfo};
use crate::onnx::step::Step;
use crate::onnx::value::{Axes, Flow, Value, is_ordered};
use crate::shape::Shape;

/// How many times over the weights of a file may be used, as nodes can share them and each layer has its own copy here.
const MOST_COPIES: usize = 16;

/// So many weights are always allowed.
const FEW_WEIGHTS: usize = 1 << 20;

/// A network under construction.
pub(crate) struct Assembly<'a> {
    path: &'a Path,
    /// All values that are known so far, by name.
    values: BTreeMap<&'a str, Value>,
    /// How many nodes take each value.
    consumers: BTreeMap<&'a str, usize>,
    /// Values whose channels are last, as a Transpose brings them first.
    channels_last: BTreeSet<&'a str>,
    /// Size of the batch in the file, if it is fixed.
    pub(crate) batch: Option<usize>,
    /// Our nodes, each with the name of the value that it computes.
    pub(crate) nodes: Vec<(Node<f32>, &'a str)>,
    /// Number of weights of these nodes, and of constants that nodes gave.
    weights: usize,
    /// Number of weights in the file.
    stored: usize,
}

impl<'a> Assembly<'a> {
    /// The network that a graph of the file `path` describes.
    pub(crate) fn network(path: &'a Path, graph: &'a Graph) -> Result<Network<f32>, ModelFileError> {
        let topology = |detail: String| ModelFileError::Topology { path: path.to_owned(), detail };
        let constants: BTreeSet<&str> = graph.initializers.iter().map(|tensor| tensor.name.as_str()).collect();
        let inputs: Vec<&ValueInfo> =
            graph.inputs.iter().filter(|input| !constants.contains(input.name.as_str())).collect();
        let &[input] = inputs.as_slice() else {
            return Err(topology(format!("it has {} inputs, where one is supported", inputs.len())));
        };
        let [output] = graph.outputs.as_slice() else {
            return Err(topology(format!("it has {} outputs, where one is supported", graph.outputs.len())));
        };
        let (steps, consumers) = needed(graph, &output.name);
        let channels_last = steps
            .iter()
            .filter(|step| step.node.operator == "Transpose")
            .filter(|step| step.attribute("perm").is_some_and(|perm| perm.integers == [0, 3, 1, 2]))
            .filter_map(|step| step.input(0))
            .collect();
        let values = BTreeMap::new();
        let mut assembly =
            Self { path, values, consumers, channels_last, batch: None, nodes: Vec::new(), weights: 0, stored: 0 };
        for tensor in graph.initializers.iter().filter(|tensor| assembly.consumers.contains_key(tensor.name.as_str())) {
            let constant = Constant::of(tensor, path)
                .map_err(|detail| topology(format!("the weights '{}' cannot be read: {detail}", tensor.name)))?;
            assembly.stored += constant.values.len();
            assembly.values.insert(&tensor.name, Value::Constant(Rc::new(constant)));
        }
        let flow = assembly.input(input)?;
        let shape = flow.shape;
        assembly.values.insert(&input.name, Value::Flow(flow));
        for step in steps {
            let value = assembly.step(step)?;
            if let Value::Constant(constant) = &value {
                match step.node.operator.as_str() {
                    "Constant" => assembly.stored += constant.values.len(),
                    _ => assembly.take(constant.values.len())?,
                }
            }
            if let Some(name) = step.node.outputs.first() {
                assembly.values.insert(name, value);
            }
        }
        let Some(Value::Flow(flow)) = assembly.values.get(output.name.as_str()) else {
            return Err(topology(format!("its output '{}' is not computed from its input", output.name)));
        };
        match &flow.axes {
            Axes::Vector(pieces) if !is_ordered(pieces) => {
                return Err(topology("its output is a flattened map; leave out the last Flatten".to_owned()));
            }
            _ => {}
        }
        if assembly.nodes.len().checked_sub(1).is_some_and(|last| flow.origin != Origin::Node(last)) {
            return Err(topology("its output is not that of the last layer".to_owned()));
        }
        let nodes = assembly.nodes.into_iter().map(|(node, _)| node).collect();
        Network::graph(shape, join(nodes)).map_err(|source| ModelFileError::Network { path: path.to_owned(), source })
    }

    /// The input of the graph.
    fn input(&mut self, info: &ValueInfo) -> Result<Flow, ModelFileError> {
        let shape = info.kind.as_ref().and_then(|kind| kind.tensor.as_ref()).and_then(|tensor| tensor.shape.as_ref());
        let sizes: Vec<i64> = shape.map_or_else(Vec::new, |shape| shape.sizes.iter().map(|size| size.size).collect());
        let unsupported = || {
            let detail = format!(
                "its input '{}' has sizes {sizes:?} (0: left open), where (batch, channels, rows, columns) or (batch, \
                 units) are supported; export the model with all sizes but the batch fixed",
                info.name
            );
            ModelFileError::Topology { path: self.path.to_owned(), detail }
        };
        let known: Option<Vec<usize>> =
            sizes.iter().skip(1).map(|&size| usize::try_from(size).ok().filter(|&size| size > 0)).collect();
        let last = self.channels_last.contains(info.name.as_str());
        let (shape, axes) = match (known.as_deref(), last) {
            (Some(&[units]), _) => (Shape::flat(units), Axes::Vector(vec![Shape::flat(units)])),
            (Some(&[height, width]), _) => (Shape::new(height, width, 1), Axes::Matrix),
            (Some(&[height, width, channels]), true) => (Shape::new(height, width, channels), Axes::ChannelsLast),
            (Some(&[channels, height, width]), false) => (Shape::new(height, width, channels), Axes::ChannelsFirst),
            _ => return Err(unsupported()),
        };
        if !shape.is_sensible() {
            return Err(self.network_error(NetworkError::Size { layer: 0, shape }));
        }
        self.batch = sizes.first().and_then(|&size| usize::try_from(size).ok()).filter(|&size| size > 0);
        Ok(Flow { origin: Origin::Input, shape, axes })
    }

    /// True if the channels of the value that a step gives are last.
    pub(crate) fn gives_channels_last(&self, step: Step<'a>) -> bool {
        step.node.outputs.first().is_some_and(|name| self.channels_last.contains(name.as_str()))
    }

    pub(crate) fn network_error(&self, source: NetworkError) -> ModelFileError {
        ModelFileError::Network { path: self.path.to_owned(), source }
    }

    pub(crate) fn path(&self) -> &'a Path {
        self.path
    }

    /// Appends a node, and returns its outputs.
    pub(crate) fn push(
        &mut self,
        step: Step<'a>,
        layer: Layer<f32>,
        inputs: &[Flow],
        axes: Axes,
    ) -> Result<Flow, ModelFileError> {
        let shapes: Vec<Shape> = inputs.iter().map(|flow| flow.shape).collect();
        let index = self.nodes.len();
        let shape = layer.output_shape(index, &shapes).map_err(|source| self.network_error(source))?;
        self.take(layer.parameters().iter().map(|tensor| tensor.len()).sum())?;
        let node = Node { layer, inputs: inputs.iter().map(|flow| flow.origin).collect() };
        self.nodes.push((node, step.node.outputs.first().map_or("", String::as_str)));
        Ok(Flow { origin: Origin::Node(index), shape, axes })
    }

    /// Counts weights and other constants that are made.
    fn take(&mut self, weights: usize) -> Result<(), ModelFileError> {
        self.weights = self.weights.saturating_add(weights);
        if self.weights <= MOST_COPIES.saturating_mul(self.stored).saturating_add(FEW_WEIGHTS) {
            return Ok(());
        }
        let detail = format!("its nodes use its weights more than {MOST_COPIES} times over; give layers their own");
        Err(ModelFileError::Topology { path: self.path.to_owned(), detail })
    }

    /// The node that computes a value which only one node takes.
    pub(crate) fn only_maker(&mut self, name: Option<&str>, flow: &Flow) -> Option<&mut Node<f32>> {
        let Origin::Node(index) = flow.origin else {
            return None;
        };
        let name = name.filter(|name| self.consumers.get(name) == Some(&1))?;
        self.nodes.get_mut(index).filter(|(_, made)| *made == name).map(|(node, _)| node)
    }

    /// Input `position` of a step, whatever it is.
    pub(crate) fn value(&self, step: Step<'a>, position: usize) -> Result<Value, ModelFileError> {
        let Some(name) = step.input(position) else {
            return Err(step.contradiction(format!("it has no input {}", position + 1)));
        };
        self.values.get(name).cloned().ok_or_else(|| {
            step.contradiction(format!("its input '{name}' is computed by no node before it; export the model again"))
        })
    }

    /// Input `position` of a step, which must depend on the input of the graph.
    pub(crate) fn flow(&self, step: Step<'a>, position: usize) -> Result<Flow, ModelFileError> {
        match self.value(step, position)? {
            Value::Flow(flow) => Ok(flow),
            Value::Constant(_) | Value::Above(..) => Err(step.contradiction(format!(
                "its input {} must be the outputs of a layer; export the model with constant folding",
                position + 1
            ))),
        }
    }

    /// Input `position` of a step, which must not depend on the input of the graph; `None` if it is left out.
    pub(crate) fn constant(&self, step: Step<'a>, position: usize) -> Result<Option<Rc<Constant>>, ModelFileError> {
        if step.input(position).is_none() {
            return Ok(None);
        }
        match self.value(step, position)? {
            Value::Constant(constant) => Ok(Some(constant)),
            Value::Flow(_) | Value::Above(..) => Err(step.contradiction(format!(
                "its input {} must be a constant; weights that are computed are not supported",
                position + 1
            ))),
        }
    }

    /// A list of integers at input `position`; `None` if it is left out.
    pub(crate) fn integers(&self, step: Step<'a>, position: usize) -> Result<Option<Vec<i64>>, ModelFileError> {
        match self.constant(step, position)?.as_deref() {
            None => Ok(None),
            Some(Constant { values: Values::Integers(integers), .. }) => Ok(Some(integers.clone())),
            Some(_) => Err(step.contradiction(format!("its input {} must be integers", position + 1))),
        }
    }

    /// Weights at input `position`, all of them finite; `None` if they are left out.
    pub(crate) fn weights(
        &self,
        step: Step<'a>,
        tensor: &'static str,
        position: usize,
    ) -> Result<Option<Weights>, ModelFileError> {
        let Some(constant) = self.constant(step, position)? else {
            return Ok(None);
        };
        let layer = || step.name().to_owned();
        let Values::Floats(values) = &constant.values else {
            return Err(step.contradiction(format!("its {tensor} is not of floats; export the model in float32")));
        };
        match values.iter().position(|value| !value.is_finite()) {
            None => Ok(Some(Weights { constant })),
            Some(flat) => {
                Err(ModelFileError::NotFinite { layer: layer(), tensor, index: vec![flat], value: values[flat] })
            }
        }
    }

    /// Weights of this shape at input `position`; `None` if they are left out.
    pub(crate) fn weights_of(
        &self,
        step: Step<'a>,
        tensor: &'static str,
        position: usize,
        expected: &[usize],
    ) -> Result<Option<Vec<f32>>, ModelFileError> {
        match self.weights(step, tensor, position)? {
            None => Ok(None),
            Some(weights) if weights.shape() == expected => Ok(Some(weights.values().to_vec())),
            Some(weights) => Err(ModelFileError::WeightShape {
                layer: step.name().to_owned(),
                tensor,
                expected: expected.to_vec(),
                found: weights.shape().to_vec(),
            }),
        }
    }
}

/// A constant of floats.
pub(crate) struct Weights {
    constant: Rc<Constant>,
}

impl Weights {
    pub(crate) fn shape(&self) -> &[usize] {
        &self.constant.shape
    }

    pub(crate) fn values(&self) -> &[f32] {
        match &self.constant.values {
            Values::Floats(values) => values,
            Values::Integers(_) => &[],
        }
    }
}

/// The nodes that an output depends on, in their order, and how many of them take each value.
fn needed<'a>(graph: &'a Graph, output: &'a str) -> (Vec<Step<'a>>, BTreeMap<&'a str, usize>) {
    let mut consumers = BTreeMap::from([(output, 1)]);
    let mut steps = Vec::new();
    for node in graph.nodes.iter().rev() {
        if node.outputs.iter().any(|output| consumers.contains_key(output.as_str())) {
            for input in &node.inputs {
                *consumers.entry(input.as_str()).or_insert(0) += 1;
            }
            steps.push(Step { node });
        }
    }
    steps.reverse();
    (steps, consumers)
}
