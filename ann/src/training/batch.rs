//! Losses and gradients of batches of examples, worked on in parallel.

use rayon::prelude::*;

use crate::augmentation::Augmentation;
use crate::criterion::Criterion;
use crate::error::TrainingError;
use crate::loss::Loss;
use crate::network::Network;
use crate::pass::{Objective, Pass, Phase};
use crate::targets::{Examples, Targets};
use crate::training::settings::TrainingSettings;
use crate::workspace::{Part, Totals};

/// Fewest and most parts of a batch, which are worked on in parallel; a single one where a layer takes the whole batch at once. The partition is the same for any number of threads, and so is
/// the order in which the parts are summed, hence the result.
const PARTS: [usize; 2] = [2, 16];

/// Products of a forward pass per parameter that make a part worth its own gradient, which is written, read and added to another.
const WORTHWHILE: usize = 128;

/// Examples that one thread measures together.
const EXAMPLES_PER_PASS: usize = 32;

/// A batch in parts, and what is known of the whole.
pub(crate) struct Batch {
    parts: Vec<Part<f32>>,
    pub(crate) totals: Totals,
    spare: Vec<f32>,
}

impl Batch {
    pub(crate) fn new(network: &Network<f32>, size: usize) -> Self {
        let parts = (0..parts(network, size)).map(|_| Part::new(network)).collect();
        Self { parts, totals: Totals::new(), spare: Vec::new() }
    }

    /// Loss of the examples of these indices in an epoch; their mean gradient is left in the first part.
    pub(crate) fn learn(
        &mut self,
        network: &Network<f32>,
        examples: Examples<'_>,
        indices: &[u32],
        settings: &TrainingSettings,
        epoch: usize,
    ) -> Loss {
        let size = indices.len().div_ceil(self.parts.len());
        let used = indices.len().div_ceil(size);
        let parts = &mut self.parts[..used];
        let address = [settings.seed, epoch as u64];
        for (part, indices) in parts.iter_mut().zip(indices.chunks(size)) {
            fill(part, network, examples, indices, settings.augmentation, address, &mut self.spare);
        }
        let phase = Phase::Training { seed: settings.seed, epoch: epoch as u32 };
        let share = 1.0 / indices.len() as f64;
        Pass::new(network, phase).learn(parts, settings.objective, share, &mut self.totals);
        let (first, others) = parts.split_at_mut(1);
        let mut loss = first[0].loss;
        for part in others {
            first[0].gradients.add(&part.gradients);
            loss.add(part.loss);
        }
        loss
    }

    /// The mean gradient of the last batch.
    pub(crate) fn gradients(&self) -> &crate::gradients::Gradients<f32> {
        &self.parts[0].gradients
    }
}

/// Into how many parts a batch of `size` samples is cut: fewer where layers prefer several samples at once, and where parameters are
/// many for what they do.
fn parts(network: &Network<f32>, size: usize) -> usize {
    let (mut parameters, mut products, mut at_once) = (1, 0, 1);
    for (node, layer) in network.layers().iter().enumerate() {
        let count: usize = layer.parameters().iter().map(|tensor| tensor.len()).sum();
        let (input, output) = (network.input_shape(node), network.output_shape(node));
        parameters += count;
        products += count * output.height * output.width;
        at_once = layer.operation().samples_at_once(input, output).max(at_once);
    }
    let [fewest, most] = PARTS;
    let parts = (size * products / (parameters * WORTHWHILE)).clamp(fewest, most).min(size);
    let part = size.div_ceil(parts);
    size.div_ceil((part / at_once).max(1) * at_once).min(most)
}

/// Puts examples into a part.
fn fill(
    part: &mut Part<f32>,
    network: &Network<f32>,
    examples: Examples<'_>,
    indices: &[u32],
    augmentation: Augmentation,
    [seed, epoch]: [u64; 2],
    spare: &mut Vec<f32>,
) {
    let (input, outputs, full_scale) = (network.input(), network.output().units(), network.full_scale() as f32);
    part.clear();
    for &index in indices {
        let start = part.inputs.len();
        examples.extend_inputs(index as usize, input.units(), full_scale, &mut part.inputs);
        let image = &mut part.inputs[start..];
        augmentation.apply(image, input, [seed, epoch, u64::from(index)], spare);
        match examples.targets {
            Targets::Labels(labels) => part.labels.push(labels[index as usize]),
            Targets::Values(values) => {
                part.values.extend_from_slice(&values[index as usize * outputs..(index as usize + 1) * outputs]);
            }
            Targets::Inputs => part.values.extend(image.iter().map(|&value| value / full_scale)),
        }
        part.numbers.push(index);
    }
}

/// Sum of the losses of the examples of these indices, the network being as after training.
pub(crate) fn assess(network: &Network<f32>, examples: Examples<'_>, indices: &[u32], criterion: Criterion) -> Loss {
    let pass = Pass::new(network, Phase::Inference);
    let losses: Vec<Loss> = indices
        .par_chunks(EXAMPLES_PER_PASS)
        .map_init(
            || (Part::new(network), Vec::new()),
            |(part, spare), indices| {
                fill(part, network, examples, indices, Augmentation::NONE, [0, 0], spare);
                pass.assess(part, criterion)
            },
        )
        .collect();
    losses.into_iter().fold(Loss::default(), |mut sum, loss| {
        sum.add(loss);
        sum
    })
}

/// Sum over the samples of their distances from the targets, and of those classified correctly; without penalties, the network
/// being as after training. With [`Targets::Inputs`], what an auto-encoder loses.
///
/// # Errors
/// If the samples do not fit the network, or the criterion cannot judge its last layer.
pub fn measure_loss<'a>(
    network: &Network<f32>,
    examples: impl Into<Examples<'a>>,
    objective: Objective,
) -> Result<Loss, TrainingError> {
    let examples = examples.into();
    let count = examples.count(network.input(), network.output().units())?;
    if let Some(layer) = network.layers().last() {
        objective.criterion.check(layer.activation())?;
    }
    let indices: Vec<u32> = (0..count as u32).collect();
    Ok(assess(network, examples, &indices, objective.criterion))
}
