//! Memory of a pass: what each part of a batch holds, and what is known of the whole.

use crate::criterion::Wanted;
use crate::gradients::Gradients;
use crate::layer::operation::{Scratch, Tape};
use crate::loss::Loss;
use crate::network::Network;
use crate::real::Real;

/// A part of a batch, with its own memory.
pub(crate) struct Part<T: Real> {
    pub(crate) inputs: Vec<T>,
    /// One per sample, or none where the targets are values.
    pub(crate) labels: Vec<u8>,
    /// Targets of each sample, or none where these are labels.
    pub(crate) values: Vec<T>,
    /// The number of each sample in its data set.
    pub(crate) numbers: Vec<u32>,
    pub(crate) gradients: Gradients<T>,
    pub(crate) loss: Loss,
    pub(crate) workspace: Workspace<T>,
}

impl<T: Real> Part<T> {
    pub(crate) fn new(network: &Network<T>) -> Self {
        Self {
            inputs: Vec::new(),
            labels: Vec::new(),
            values: Vec::new(),
            numbers: Vec::new(),
            gradients: Gradients::zeros(network),
            loss: Loss::default(),
            workspace: Workspace::new(),
        }
    }

    /// Forgets the samples.
    pub(crate) fn clear(&mut self) {
        self.inputs.clear();
        self.labels.clear();
        self.values.clear();
        self.numbers.clear();
    }

    /// What the outputs are to be.
    pub(crate) fn targets(&self) -> Wanted<'_, T> {
        if self.values.is_empty() { Wanted::Labels(&self.labels) } else { Wanted::Values(&self.values) }
    }
}

/// Memory of a pass: grows to the largest batch, then is reused.
#[derive(Default)]
pub(crate) struct Workspace<T> {
    pub(crate) tapes: Vec<Tape<T>>,
    /// Gradient of each node's outputs.
    pub(crate) gradients: Vec<Vec<T>>,
    /// Whether a gradient has been written yet.
    pub(crate) written: Vec<bool>,
    /// What a further consumer of the same outputs has to add.
    pub(crate) addend: Vec<T>,
    /// What each node knows of the whole batch's statistics.
    pub(crate) statistics: Vec<Vec<f64>>,
    /// Numbers of the samples of an inference.
    pub(crate) numbers: Vec<u32>,
    pub(crate) scratch: Scratch<T>,
}

impl<T: Real> Workspace<T> {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Outputs of a node in the last forward pass.
    pub(crate) fn outputs(&self, node: usize) -> &[T] {
        &self.tapes[node].outputs
    }

    pub(crate) fn fit(&mut self, nodes: usize) {
        self.tapes.resize_with(nodes, Tape::default);
        self.gradients.resize_with(nodes, Vec::new);
        self.statistics.resize_with(nodes, Vec::new);
    }
}

/// Statistics of a whole batch, one vector per node; empty for nodes that need none.
#[derive(Default)]
pub(crate) struct Totals {
    /// Of the inputs.
    pub(crate) inputs: Vec<Vec<f64>>,
    /// Of the gradients.
    pub(crate) gradients: Vec<Vec<f64>>,
}

impl Totals {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn fit(&mut self, nodes: usize) {
        self.inputs.resize_with(nodes, Vec::new);
        self.gradients.resize_with(nodes, Vec::new);
    }
}

/// Sum over the parts of what they know about `node`, in their order.
pub(crate) fn sum<T: Real>(parts: &[Part<T>], node: usize, total: &mut Vec<f64>) {
    total.clear();
    total.resize(parts[0].workspace.statistics[node].len(), 0.0);
    for part in parts {
        for (total, &share) in total.iter_mut().zip(&part.workspace.statistics[node]) {
            *total += share;
        }
    }
}
