//! Integrate-and-fire neurons without leak, in steps of time: the model of most conversion tools.
//!
//! The neuron sums its input, fires when the sum has reached a threshold, and is then lowered by the threshold (reset by subtraction), so
//! that nothing of the input is lost: after `T` steps of constant input its spike count is the activation times `T` over the threshold, but for
//! a rest below one spike. In units of the threshold,
//!
//! ```text
//! v += sum w s + b;    if v >= 1 { spike; v -= 1 }        at most one spike per step
//! ```
//!
//! Thresholds are percentiles of the trained activations, layer by layer (Rueckauer et al. 2017, doi:10.3389/fnins.2017.00682) or channel by
//! channel, and `v` begins at half a threshold, which makes rounding down to whole spikes into rounding to the nearest (Bu et al. 2022,
//! arXiv:2303.04347). All steps of a layer are computed at once, since layers do not hear later ones.

mod steps;

use crate::error::{ConversionError, check_images};
use crate::plan::{Normalisation, Plan, PreparedMap, Sign, Train, TrainId, TrainOrigin};
use crate::read_out::ReadOut;
use crate::statistics::quantile;
use ann::{Activation, Network, Samples, Shape};

/// Choices of a conversion to integrate-and-fire neurons.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IntegrateSettings {
    /// Fraction of the activations of a layer that stay below its threshold.
    pub percentile: f64,
    /// What has one threshold.
    pub normalisation: Normalisation,
    /// Potential at the start, in thresholds.
    pub v_init: f64,
    /// What decides.
    pub read_out: ReadOut,
}

impl Default for IntegrateSettings {
    fn default() -> Self {
        let (percentile, normalisation) = (0.995, Normalisation::Layer);
        IntegrateSettings { percentile, normalisation, v_init: 0.5, read_out: ReadOut::Potential }
    }
}

/// A population of integrate-and-fire neurons.
#[derive(Debug, Clone, PartialEq)]
pub struct IntegrateLayer {
    /// What the layer was.
    pub kind: &'static str,
    /// Shape of its units.
    pub shape: Shape,
    /// The activation that stands for one spike per step.
    pub threshold: f64,
    /// Of [`Normalisation::Channel`]: a factor of each channel, by which its threshold is lower; empty for none.
    pub factors: Vec<f32>,
    /// Whether its spikes have signs.
    pub is_signed: bool,
}

/// A network of integrate-and-fire neurons made from a trained one.
#[derive(Debug, Clone)]
pub struct IntegrateNetwork {
    stages: Vec<IntegrateStage>,
    trains: Vec<Train>,
    input: Shape,
    connections: u64,
    constant_connections: u64,
    /// The value that stands for a full-scale pixel.
    full_scale: f64,
    settings: IntegrateSettings,
}

#[derive(Debug, Clone)]
struct IntegrateStage {
    links: Vec<IntegrateLink>,
    /// In thresholds, one per unit; empty for none.
    bias: Vec<f32>,
    layer: IntegrateLayer,
    /// Trains of positive and negative spikes; none of the outputs.
    trains: [Option<TrainId>; 2],
}

#[derive(Debug, Clone)]
struct IntegrateLink {
    train: TrainId,
    /// Weights in thresholds.
    map: PreparedMap,
    /// Counts synapses.
    synapses: PreparedMap,
}

impl IntegrateNetwork {
    /// Converts a trained network; `samples` are the images on which activations are measured, from the training set.
    ///
    /// # Errors
    ///
    /// Names the layer that has no spiking counterpart, and refuses settings that make no sense.
    pub fn convert(
        trained: &Network<f32>,
        samples: Samples<'_>,
        settings: &IntegrateSettings,
    ) -> Result<IntegrateNetwork, ConversionError> {
        let input = trained.input();
        check_images(samples, input, "calibration")?;
        if trained.output().units() > 256 {
            return Err(ConversionError::TooManyClasses { found: trained.output().units() });
        }
        if !(0.0 < settings.percentile && settings.percentile <= 1.0) {
            let (name, unit, found) = ("percentile", "a share of at most 1", settings.percentile);
            return Err(ConversionError::Setting { name, unit, found });
        }
        let mut plan = Plan::of(trained)?;
        if let Some(stage) =
            plan.stages.iter().find(|stage| !matches!(stage.activation, Activation::Relu | Activation::Linear))
        {
            return Err(ConversionError::Unsupported {
                layer: stage.node,
                kind: stage.kind,
                reason: "has an activation that neurons which only sum do not have",
                advice: "train it with ReLU, or convert it to LIF neurons",
            });
        }
        let mut activity = plan.activity(trained, &samples.inputs(trained), samples.len());
        if settings.normalisation == Normalisation::Channel {
            plan = plan.by_channel(&activity, settings.percentile)?;
            plan.multiply_activity(&mut activity);
        }
        // One spike of each train stands for so much of its activation.
        let mut spikes = vec![1.0; plan.trains.len()];
        let mut stages = Vec::new();
        for (index, stage) in plan.stages.iter().enumerate() {
            let trains = [Sign::Positive, Sign::Negative].map(|sign| plan.train_of(index, sign));
            let magnitudes = if index + 1 == plan.stages.len() {
                let sums = stage.sums(|train| &activity[train], samples.len())?;
                sums.iter().map(|&sum| f64::from(sum).abs()).filter(|&sum| sum > 0.0).collect()
            } else {
                plan.magnitudes(index, &activity)
            };
            // A percentile of what the outputs reach; NaN if they never do.
            let threshold = quantile(magnitudes, settings.percentile);
            if !(threshold > 0.0) {
                let images = samples.len();
                return Err(ConversionError::Silent { layer: stage.node, kind: stage.kind, images });
            }
            for train in trains.into_iter().flatten() {
                spikes[train] = threshold;
            }
            let mut links = Vec::new();
            for link in &stage.links {
                let (spike, evened) = even(&plan, &spikes, link.train);
                let map =
                    if evened.is_empty() { Some(link.map.clone()) } else { link.map.with_inputs_times(&evened)? };
                let map = map.ok_or(ConversionError::Unsupported {
                    layer: stage.node,
                    kind: stage.kind,
                    reason: "averages joined channels of different thresholds",
                    advice: "put a Conv2D layer between Concatenate and the pool",
                })?;
                let map = map.times(link.factor * (spike / threshold) as f32)?;
                let synapses = map.counting()?.prepare()?;
                links.push(IntegrateLink { train: link.train, map: map.prepare()?, synapses });
            }
            let bias = stage.bias.iter().map(|&bias| (f64::from(bias) / threshold) as f32).collect();
            let factors = trains[0].map_or_else(Vec::new, |train| plan.trains[train].channels().to_vec());
            let (kind, shape, is_signed) = (stage.kind, stage.shape, stage.signed);
            let layer = IntegrateLayer { kind, shape, threshold, factors, is_signed };
            stages.push(IntegrateStage { links, bias, layer, trains });
        }
        let full_scale = trained.full_scale();
        let (connections, constant_connections) = (plan.connections()?, plan.image_connections()?);
        let (trains, settings) = (plan.trains, *settings);
        Ok(IntegrateNetwork { stages, trains, input, connections, constant_connections, full_scale, settings })
    }

    /// Connections of the trained network: multiplications for one image, with all that is linear drawn together.
    pub fn connections(&self) -> u64 {
        self.connections
    }

    /// Of them, those that bring constant input.
    pub fn constant_connections(&self) -> u64 {
        self.constant_connections
    }

    /// What became of the layers.
    pub fn layers(&self) -> impl Iterator<Item = &IntegrateLayer> {
        self.stages.iter().map(|stage| &stage.layer)
    }
}

/// What one spike of a train stands for, and factors that make it so where its units differ (empty if they do not).
fn even(plan: &Plan, spikes: &[f64], train: TrainId) -> (f64, Vec<f32>) {
    match &plan.trains[train].origin {
        TrainOrigin::Input | TrainOrigin::Neurons { .. } => (spikes[train], Vec::new()),
        &TrainOrigin::Greatest { of, .. } => {
            let (spike, mut factors) = even(plan, spikes, of);
            // Factors are alike in all cells of a map, of which a maximum has fewer.
            factors.truncate(plan.trains[train].shape.units());
            (spike, factors)
        }
        TrainOrigin::Together(parts) => {
            let each = parts.iter().flat_map(|&(part, Shape { channels, .. })| {
                let (spike, factors) = even(plan, spikes, part);
                (0..channels).map(move |channel| spike as f32 * factors.get(channel).copied().unwrap_or(1.0))
            });
            let cell: Vec<f32> = each.collect();
            (1.0, cell.iter().copied().cycle().take(plan.trains[train].shape.units()).collect())
        }
    }
}
