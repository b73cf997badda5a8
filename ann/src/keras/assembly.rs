//! From Keras' layers and edges to our nodes.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::activation::fixed_noise::FixedNoise;
use crate::error::{ModelFileError, NetworkError};
use crate::keras::hdf5_file::InputFile;
use crate::keras::model_config::{LayerRecord, ModelKind, ModelRecord, model_kind};
use crate::keras::value::{Axes, DataFormat, Flow};
use crate::keras::weights::{Place, Shelf, numbered_names};
use crate::layer::Layer;
use crate::model_file::join;
use crate::network::{Network, Node, Origin};
use crate::shape::Shape;

/// A network under construction.
pub(crate) struct Assembly<'a> {
    pub(crate) file: &'a InputFile,
    pub(crate) format: DataFormat,
    /// Constants of functions that keep none in the file.
    pub(crate) noisy_softplus: Option<FixedNoise>,
    /// Paths of the tensors that layers have taken.
    taken: RefCell<BTreeSet<String>>,
    nodes: Vec<Node<f32>>,
}

/// Whether activations that are layers of their own join the weighted layer before them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Joining {
    Join,
    Keep,
}

impl<'a> Assembly<'a> {
    pub(crate) fn new(file: &'a InputFile, format: DataFormat, noisy_softplus: Option<FixedNoise>) -> Self {
        Self { file, format, noisy_softplus, taken: RefCell::default(), nodes: Vec::new() }
    }

    /// Refuses a file with a tensor that no layer has taken.
    pub(crate) fn require_all_taken(&self, shelf: &Shelf) -> Result<(), ModelFileError> {
        let taken = self.taken.borrow();
        let left = shelf.tensors(self.file)?.into_iter().find(|tensor| !taken.contains(tensor));
        left.map_or(Ok(()), |tensor| Err(ModelFileError::UnusedWeights { path: self.file.path().to_owned(), tensor }))
    }

    pub(crate) fn finish(self, input: Shape, output: Flow, joining: Joining) -> Result<Network<f32>, ModelFileError> {
        if let Some(last) = self.nodes.len().checked_sub(1)
            && output.origin != Origin::Node(last)
        {
            return Err(self.topology("its output is not that of the last layer".to_owned()));
        }
        let nodes = if joining == Joining::Join { join(self.nodes) } else { self.nodes };
        Network::graph(input, nodes).map_err(|source| self.file.network_error(source))
    }

    /// Appends what a model amounts to, and returns its output.
    pub(crate) fn model(
        &mut self,
        model: &ModelRecord,
        inputs: &[Flow],
        shelf: &Shelf,
    ) -> Result<Flow, ModelFileError> {
        match model_kind(&model.class_name) {
            Some(ModelKind::Sequential) => self.sequential(model, inputs, shelf),
            Some(ModelKind::Functional) => self.functional(model, inputs, shelf),
            None => Err(self.topology(format!(
                "it is of class {}; rebuild it as a Sequential or functional model",
                model.class_name
            ))),
        }
    }

    fn sequential(&mut self, model: &ModelRecord, inputs: &[Flow], shelf: &Shelf) -> Result<Flow, ModelFileError> {
        let &[mut flow] = inputs else {
            return Err(self.topology(format!("a sequential model takes one input, found {}", inputs.len())));
        };
        for (layer, number) in model.layers().iter().zip(numbered_names(model)) {
            if layer.class_name != "InputLayer" {
                flow = self.layer(layer, &[flow], shelf, &number)?;
            }
        }
        Ok(flow)
    }

    fn functional(&mut self, model: &ModelRecord, inputs: &[Flow], shelf: &Shelf) -> Result<Flow, ModelFileError> {
        let layers = model.layers();
        let mut names = model.inputs();
        if names.is_empty() {
            names = layers.iter().filter(|layer| layer.class_name == "InputLayer").map(LayerRecord::name).collect();
        }
        if names.len() != inputs.len() {
            return Err(self.topology(format!("it takes {} inputs, where {} is supported", names.len(), inputs.len())));
        }
        let outputs = model.outputs();
        let &[output] = outputs.as_slice() else {
            return Err(self.topology(format!("it has {} outputs, where one is supported", outputs.len())));
        };
        let mut flows: BTreeMap<&str, Flow> = names.into_iter().zip(inputs.iter().copied()).collect();
        let numbers = numbered_names(model);
        let mut waiting: Vec<usize> =
            (0..layers.len()).filter(|&index| !flows.contains_key(layers[index].name())).collect();
        // Keras lists the layers in an order that works; another order only takes more rounds.
        while !waiting.is_empty() {
            let before = waiting.len();
            let mut later = Vec::new();
            for index in waiting {
                let layer = &layers[index];
                let sources: Option<Vec<Flow>> =
                    layer.sources().iter().map(|source| flows.get(source).copied()).collect();
                match sources {
                    Some(sources) if !sources.is_empty() => {
                        if layer.uses() > 1 {
                            let advice = "use each layer once; make a second one with the same weights";
                            return Err(layer.unsupported("inbound_nodes", format!("{} uses", layer.uses()), advice));
                        }
                        let flow = self.layer(layer, &sources, shelf, &numbers[index])?;
                        flows.insert(layer.name(), flow);
                    }
                    _ => later.push(index),
                }
            }
            if later.len() == before {
                let name = layers[later[0]].name();
                return Err(self.topology(format!("layer '{name}' takes the outputs of layers that are not there")));
            }
            waiting = later;
        }
        flows.get(output).copied().ok_or_else(|| self.topology(format!("its output layer '{output}' is not there")))
    }

    /// Appends what one Keras layer amounts to, and returns its output.
    fn layer(
        &mut self,
        record: &LayerRecord,
        inputs: &[Flow],
        shelf: &Shelf,
        number: &str,
    ) -> Result<Flow, ModelFileError> {
        let Some(model) = record.model() else {
            return self.plain_layer(record, inputs, &shelf.place(record.name(), number));
        };
        let model = model.map_err(|error| record.contradiction(error.to_string()))?;
        self.model(&model, inputs, &shelf.within(record.name(), number))
    }

    /// Appends a node, and returns its outputs.
    pub(crate) fn push(&mut self, layer: Layer<f32>, inputs: &[Flow], axes: Axes) -> Result<Flow, ModelFileError> {
        let shapes: Vec<Shape> = inputs.iter().map(|flow| flow.shape).collect();
        let index = self.nodes.len();
        let shape = layer.output_shape(index, &shapes).map_err(|source| self.file.network_error(source))?;
        self.nodes.push(Node { layer, inputs: inputs.iter().map(|flow| flow.origin).collect() });
        Ok(Flow { origin: Origin::Node(index), shape, axes })
    }

    /// A weight tensor, the `position`-th of its layer.
    pub(crate) fn weights(
        &self,
        record: &LayerRecord,
        place: &Place,
        (tensor, position): (&'static str, usize),
        expected: &[usize],
    ) -> Result<Vec<f32>, ModelFileError> {
        let layer = record.name();
        let missing = || ModelFileError::MissingWeights { layer: layer.to_owned(), tensor };
        let path = place.tensor(self.file, tensor, position)?.ok_or_else(missing)?;
        let accept = |found: &[usize]| {
            if found == expected {
                return Ok(());
            }
            let (expected, found) = (expected.to_vec(), found.to_vec());
            Err(ModelFileError::WeightShape { layer: layer.to_owned(), tensor, expected, found })
        };
        let read = self.file.tensor(&path, accept)?.ok_or_else(missing)?;
        self.taken.borrow_mut().insert(path);
        match read.values.iter().position(|value| !value.is_finite()) {
            None => Ok(read.values),
            Some(flat) => Err(ModelFileError::NotFinite {
                layer: layer.to_owned(),
                tensor,
                index: unravel(flat, &read.shape),
                value: read.values[flat],
            }),
        }
    }

    fn topology(&self, detail: String) -> ModelFileError {
        ModelFileError::Topology { path: self.file.path().to_owned(), detail }
    }
}

impl InputFile {
    pub(crate) fn network_error(&self, source: NetworkError) -> ModelFileError {
        ModelFileError::Network { path: self.path().to_owned(), source }
    }
}

/// One index per dimension of a row-major tensor.
fn unravel(flat: usize, shape: &[usize]) -> Vec<usize> {
    let mut rest = flat;
    let mut index: Vec<usize> = shape
        .iter()
        .rev()
        .map(|&size| {
            let own = rest % size;
            rest /= size;
            own
        })
        .collect();
    index.reverse();
    index
}
