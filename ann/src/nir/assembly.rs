//! From the nodes of a NIR graph to ours.

use std::collections::BTreeMap;

use crate::error::{ModelFileError, NetworkError};
use crate::keras::InputFile;
use crate::layer::Layer;
use crate::model_file::join;
use crate::network::{Network, Node, Origin};
use crate::nir::graph::{Graph, Record};
use crate::onnx::value::{Axes, Flow, is_ordered};
use crate::shape::Shape;

/// A network under construction.
pub(crate) struct Assembly<'a> {
    pub(crate) file: &'a InputFile,
    nodes: Vec<Node<f32>>,
}

/// The network that a graph describes.
pub(crate) fn network(file: &InputFile, graph: &Graph) -> Result<Network<f32>, ModelFileError> {
    let topology = |detail: String| ModelFileError::Topology { path: file.path().to_owned(), detail };
    let mut assembly = Assembly { file, nodes: Vec::new() };
    let mut flows: BTreeMap<&str, Flow> = BTreeMap::new();
    let only = |class: &str| {
        let nodes: Vec<&Record> = graph.nodes.iter().filter(|record| record.class == class).collect();
        match nodes[..] {
            [node] => Ok(node),
            _ => Err(topology(format!("it has {} {class} nodes, where one is supported", nodes.len()))),
        }
    };
    let (input, output) = (only("Input")?, only("Output")?);
    let start = assembly.input(input)?;
    let shape = start.shape;
    flows.insert(&input.name, start);
    for record in graph.nodes.iter().filter(|record| record.class != "Input") {
        let sources: Vec<Flow> =
            record.sources.iter().filter_map(|source| flows.get(source.as_str()).cloned()).collect();
        let flow = match sources.as_slice() {
            [] => return Err(record.contradiction("nothing arrives at it; connect it or leave it out")),
            [flow] => flow.clone(),
            [first, rest @ ..] if rest.iter().all(|flow| flow.shape == first.shape && flow.axes == first.axes) => {
                let axes = first.axes.clone();
                assembly.push(Layer::Add, &sources, axes)?
            }
            _ => return Err(record.contradiction("inputs of different shapes arrive, which cannot be added")),
        };
        let flow = if record.class == "Output" { flow } else { assembly.node(record, flow)? };
        flows.insert(&record.name, flow);
    }
    let Some(flow) = flows.get(output.name.as_str()) else {
        return Err(topology("its output is not computed from its input".to_owned()));
    };
    if matches!(&flow.axes, Axes::Vector(pieces) if !is_ordered(pieces)) {
        return Err(topology("its output is a flattened map; leave out the last Flatten".to_owned()));
    }
    if assembly.nodes.len().checked_sub(1).is_some_and(|last| flow.origin != Origin::Node(last)) {
        return Err(topology("its output is not that of the last node".to_owned()));
    }
    Network::graph(shape, join(assembly.nodes)).map_err(|source| file.network_error(source))
}

impl Assembly<'_> {
    /// The input of the graph, `(channels, rows, columns)` or `(units,)`.
    fn input(&self, record: &Record) -> Result<Flow, ModelFileError> {
        let sizes = self.file.integers(&record.path("shape"))?.unwrap_or_default();
        let known: Option<Vec<usize>> = sizes.iter().map(|&size| usize::try_from(size).ok()).collect();
        let (shape, axes) = match known.as_deref() {
            Some(&[units]) => (Shape::flat(units), Axes::Vector(vec![Shape::flat(units)])),
            Some(&[channels, height, width]) => (Shape::new(height, width, channels), Axes::ChannelsFirst),
            _ => {
                let advice = "use (channels, rows, columns) or (units,)";
                return Err(record.unsupported("shape", format!("{sizes:?}"), advice));
            }
        };
        if !shape.is_sensible() {
            return Err(self.file.network_error(NetworkError::Size { layer: 0, shape }));
        }
        Ok(Flow { origin: Origin::Input, shape, axes })
    }

    /// Appends a node, and returns its outputs.
    pub(crate) fn push(&mut self, layer: Layer<f32>, inputs: &[Flow], axes: Axes) -> Result<Flow, ModelFileError> {
        let shapes: Vec<Shape> = inputs.iter().map(|flow| flow.shape).collect();
        let index = self.nodes.len();
        let shape = layer.output_shape(index, &shapes).map_err(|source| self.file.network_error(source))?;
        self.nodes.push(Node { layer, inputs: inputs.iter().map(|flow| flow.origin).collect() });
        Ok(Flow { origin: Origin::Node(index), shape, axes })
    }
}
