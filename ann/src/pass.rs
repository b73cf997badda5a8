//! Forward and backward pass of samples through a network, in reused memory.
//!
//! A batch is worked on in parts, each by one thread. Most layers see their own part alone; those that have to know the
//! whole batch (batch normalisation in training) cut the pass into segments, between which what the parts know is summed
//! in fixed order.

use std::borrow::Cow;
use std::ops::Range;

use rayon::prelude::*;

use crate::activation::Activation;
use crate::criterion::Criterion;
use crate::gradients::Gradients;
use crate::layer::operation::{Call, Inputs, Learning, Tape};
use crate::loss::{Loss, RateLimit};
use crate::network::{Network, Origin};
use crate::real::Real;
use crate::targets::Targets;
use crate::workspace::{Part, Totals, Workspace, sum};

/// Whether the gradient runs through the variance path of Noisy Softplus as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VarianceGradient {
    /// The exact gradient.
    #[default]
    On,
    /// The variance counts as a constant, as in the published training code.
    Off,
}

/// What training minimises: the distance of the outputs from their targets, and optionally a penalty on high rates.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Objective {
    /// How the distance is measured.
    pub criterion: Criterion,
    /// Penalty on hidden outputs above a ceiling.
    pub rate_limit: Option<RateLimit>,
    /// Gradient through the variance path.
    pub variance_gradient: VarianceGradient,
}

/// Whether layers behave as in training: dropout leaves units out, batch normalisation takes the batch's statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// As after training.
    Inference,
    /// As in training.
    Training {
        /// Seed of what is random.
        seed: u64,
        /// The epoch, from 0.
        epoch: u32,
    },
}

/// Loss (sums over the samples) and gradients of the mean loss over the samples of `inputs`, which are numbered from 0.
/// Labels can be given as they are. Without samples both are 0.
///
/// # Panics
/// If inputs and targets do not hold the same number of whole samples, or a label is beyond the outputs.
pub fn loss_and_gradients<'a, T: Real>(
    network: &Network<T>,
    inputs: &[T],
    targets: impl Into<Targets<'a, T>>,
    objective: Objective,
    phase: Phase,
) -> (Loss, Gradients<T>) {
    let samples = inputs.len() / network.input().units();
    assert_eq!(inputs.len(), samples * network.input().units(), "inputs of {samples} samples");
    let mut part = Part::new(network);
    part.inputs.extend_from_slice(inputs);
    match targets.into() {
        Targets::Labels(labels) => part.labels.extend_from_slice(labels),
        Targets::Values(values) => part.values.extend_from_slice(values),
        Targets::Inputs => part.values.extend_from_slice(inputs),
    }
    let held = if part.values.is_empty() { part.labels.len() } else { part.values.len() / network.output().units() };
    assert_eq!(held, samples, "targets of {samples} samples");
    if samples == 0 {
        return (part.loss, part.gradients);
    }
    part.numbers.extend(0..samples as u32);
    let mut parts = [part];
    Pass::new(network, phase).learn(&mut parts, objective, 1.0 / samples as f64, &mut Totals::new());
    let [part] = parts;
    (part.loss, part.gradients)
}

/// A network ready to be run.
pub(crate) struct Pass<'a, T: Real> {
    network: &'a Network<T>,
    phase: Phase,
    /// What each layer made of its parameters.
    prepared: Vec<Cow<'a, [T]>>,
    /// First parameter of each node, and the number of all.
    parameters: Vec<usize>,
    /// Nodes whose outputs depend on a parameter, which need a gradient.
    learns: Vec<bool>,
    /// Stretches of nodes between two that have to know the whole batch; these begin a segment.
    segments: Vec<Range<usize>>,
}

impl<'a, T: Real> Pass<'a, T> {
    pub(crate) fn new(network: &'a Network<T>, phase: Phase) -> Self {
        let (mut parameters, mut learns, mut prepared) = (vec![0], Vec::new(), Vec::new());
        let (mut segments, mut start) = (Vec::new(), 0);
        for (node, layer) in network.layers().iter().enumerate() {
            let operation = layer.operation();
            let count = operation.parameters().len();
            prepared.push(operation.prepare());
            parameters.push(parameters[node] + count);
            let behind = |origin: &Origin| matches!(*origin, Origin::Node(origin) if learns[origin]);
            let own = count > 0 || network.origins(node).iter().any(behind);
            learns.push(own);
            if phase != Phase::Inference && operation.statistics() > 0 {
                segments.push(start..node);
                start = node;
            }
        }
        segments.push(start..network.layers().len());
        Self { network, phase, prepared, parameters, learns, segments }
    }

    /// Outputs of all nodes, for use after training; samples are numbered from `first` on.
    pub(crate) fn forward(&self, inputs: &[T], first: usize, workspace: &mut Workspace<T>) {
        debug_assert_eq!(self.phase, Phase::Inference);
        let totals = Totals::new();
        workspace.fit(self.network.layers().len());
        // Layers may rely on having samples.
        if inputs.is_empty() {
            return workspace.tapes.iter_mut().for_each(|tape| tape.outputs.clear());
        }
        let mut numbers = std::mem::take(&mut workspace.numbers);
        numbers.clear();
        numbers.extend((first..first + inputs.len() / self.network.input().units()).map(|number| number as u32));
        self.run(0..self.network.layers().len(), inputs, &numbers, workspace, &totals);
        workspace.numbers = numbers;
    }

    /// Forward and backward; leaves in each part its loss and `share` times the gradient of its summed loss, and in
    /// `totals` the statistics of the batch.
    pub(crate) fn learn(&self, parts: &mut [Part<T>], objective: Objective, share: f64, totals: &mut Totals) {
        let Some((last, earlier)) = self.segments.split_last() else { return };
        let nodes = self.network.layers().len();
        totals.fit(nodes);
        for part in &mut *parts {
            part.workspace.fit(nodes);
        }
        for segment in earlier {
            let known = &*totals;
            parts.par_iter_mut().for_each(|part| {
                self.run_part(segment.clone(), part, known);
                self.collect(segment.end, part);
            });
            sum(parts, segment.end, &mut totals.inputs[segment.end]);
        }
        let known = &*totals;
        parts.par_iter_mut().for_each(|part| {
            self.run_part(last.clone(), part, known);
            self.judge(part, objective.criterion, share);
            self.back(last.clone(), part, objective, share, known);
        });
        for segment in earlier.iter().rev() {
            sum(parts, segment.end, &mut totals.gradients[segment.end]);
            let known = &*totals;
            parts.par_iter_mut().for_each(|part| {
                self.hand_back(segment.end, part, known);
                self.back(segment.clone(), part, objective, share, known);
            });
        }
    }

    fn run_part(&self, nodes: Range<usize>, part: &mut Part<T>, totals: &Totals) {
        self.run(nodes, &part.inputs, &part.numbers, &mut part.workspace, totals);
    }

    /// The circumstances of node `node`, whose inputs lie in `tapes`.
    fn call<'b>(
        &'b self,
        node: usize,
        inputs: &'b [T],
        numbers: &'b [u32],
        tapes: &'b [Tape<T>],
        totals: &'b Totals,
    ) -> Call<'b, T> {
        let of = |statistics: &'b [Vec<f64>]| statistics.get(node).map_or(&[][..], Vec::as_slice);
        Call {
            node,
            inputs: Inputs::new(self.network, node, inputs, tapes),
            output: self.network.output_shape(node),
            prepared: &self.prepared[node],
            phase: self.phase,
            numbers,
            statistics: of(&totals.inputs),
            gradient_statistics: of(&totals.gradients),
        }
    }

    /// Forward through `nodes`.
    fn run(&self, nodes: Range<usize>, inputs: &[T], numbers: &[u32], workspace: &mut Workspace<T>, totals: &Totals) {
        let batch = inputs.len() / self.network.input().units();
        for node in nodes {
            let (before, rest) = workspace.tapes.split_at_mut(node);
            let call = self.call(node, inputs, numbers, before, totals);
            let tape = &mut rest[0];
            tape.outputs.resize(batch * call.output.units(), T::ZERO);
            self.network.layers()[node].operation().forward(&call, tape, &mut workspace.scratch);
        }
    }

    /// A part's share of what `node` has to know about the inputs of the batch.
    fn collect(&self, node: usize, part: &mut Part<T>) {
        let operation = self.network.layers()[node].operation();
        let Workspace { tapes, statistics, .. } = &mut part.workspace;
        let totals = Totals::new();
        let call = self.call(node, &part.inputs, &part.numbers, &tapes[..node], &totals);
        let own = &mut statistics[node];
        own.clear();
        own.resize(operation.statistics(), 0.0);
        operation.collect(&call, own);
    }

    /// Loss of a part, and its gradient at the outputs.
    fn judge(&self, part: &mut Part<T>, criterion: Criterion, share: f64) {
        let last = self.network.layers().len() - 1;
        let mut gradient = std::mem::take(&mut part.workspace.gradients[last]);
        gradient.clear();
        gradient.extend_from_slice(part.workspace.outputs(last));
        let activation = self.network.layers()[last].activation();
        part.loss = criterion.apply(&mut gradient, self.network.output().units(), activation, part.targets(), share);
        let Workspace { tapes, gradients, written, .. } = &mut part.workspace;
        if criterion.passes_over(activation) {
            tapes[last].record.fill(T::ONE);
        }
        written.clear();
        written.resize(last + 1, false);
        written[last] = true;
        gradients[last] = gradient;
        part.gradients.clear();
    }

    /// Loss of samples that nothing is to be learnt from, without penalties.
    pub(crate) fn assess(&self, part: &mut Part<T>, criterion: Criterion) -> Loss {
        let first = part.numbers.first().map_or(0, |&number| number as usize);
        self.forward(&part.inputs, first, &mut part.workspace);
        let last = self.network.layers().len() - 1;
        let mut outputs = part.workspace.outputs(last).to_vec();
        let activation = self.network.layers()[last].activation();
        criterion.apply(&mut outputs, self.network.output().units(), activation, part.targets(), 1.0)
    }

    /// Backward through `nodes`; the gradient of the inputs of a node that has to know the batch is left to
    /// [`Self::hand_back`].
    fn back(&self, nodes: Range<usize>, part: &mut Part<T>, objective: Objective, share: f64, totals: &Totals) {
        let last = self.network.layers().len() - 1;
        for node in nodes.clone().rev() {
            if !self.learns[node] {
                continue;
            }
            let layer = &self.network.layers()[node];
            let operation = layer.operation();
            let Workspace { tapes, gradients, statistics, scratch, .. } = &mut part.workspace;
            let (before, rest) = tapes.split_at_mut(node);
            let (tape, gradient) = (&mut rest[0], &mut gradients[node]);
            if let Some(limit) = objective.rate_limit
                && node < last
                && layer.activation() != Activation::Linear
            {
                part.loss.rate_penalty += limit.apply(&tape.outputs, share, gradient);
            }
            let own = &mut statistics[node];
            own.clear();
            own.resize(operation.statistics(), 0.0);
            let learning = Learning {
                output_gradient: gradient,
                parameters: &mut part.gradients.tensors_mut()[self.parameters[node]..self.parameters[node + 1]],
                statistics: own,
                variance_gradient: objective.variance_gradient,
                scratch,
            };
            operation.backward(&self.call(node, &part.inputs, &part.numbers, before, totals), tape, learning);
            let needs_batch = self.phase != Phase::Inference && operation.statistics() > 0;
            if !needs_batch {
                self.hand_back(node, part, totals);
            }
        }
    }

    /// Gradients of a node's inputs, where something before it learns.
    fn hand_back(&self, node: usize, part: &mut Part<T>, totals: &Totals) {
        let operation = self.network.layers()[node].operation();
        let Workspace { tapes, gradients, written, addend, scratch, .. } = &mut part.workspace;
        let (before, rest) = tapes.split_at_mut(node);
        let (targets, own) = gradients.split_at_mut(node);
        let call = self.call(node, &part.inputs, &part.numbers, before, totals);
        for (index, &origin) in self.network.origins(node).iter().enumerate() {
            let Origin::Node(origin) = origin else { continue };
            if !self.learns[origin] {
                continue;
            }
            let first = !std::mem::replace(&mut written[origin], true);
            let length = before[origin].outputs.len();
            let target = if first { &mut targets[origin] } else { &mut *addend };
            target.resize(length, T::ZERO);
            operation.input_gradient(&call, index, &rest[0], &own[0], target, scratch);
            if !first {
                for (sum, &addend) in targets[origin].iter_mut().zip(&*addend) {
                    *sum += addend;
                }
            }
        }
    }
}
