//! Layer by layer: the rates that were wanted, the rates that came, and where they part.

use crate::circuit::CircuitSimulation;
use crate::error::{ConversionError, check_images};
use crate::plan::{Sign, Stage, TrainId};
use crate::spiking_network::SpikingNetwork;
use ann::{Network, Samples};
use rayon::prelude::*;
use sim::{MS_PER_S, Spike, StreamKey};

/// Rates of one population against those that stand for the trained activations, over images and neurons.
///
/// The error of a rate is the sum of four, of which the root mean squares (Hz) are told:
///
/// ```text
/// rate - wanted = (predicted from wanted inputs - wanted)                       the response is no rectifier
///               + (predicted from measured inputs - predicted from wanted)      inherited from the layers before
///               + (rate after the transient - predicted from measured inputs)   the neuron is not its response; spikes are few
///               + (rate - rate after the transient)                             the beginning
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerExamination {
    /// Mean of the wanted rates (Hz).
    pub wanted: f64,
    /// Mean of the rates (Hz).
    pub measured: f64,
    /// Correlation of rates and wanted rates; NaN where one of them does not vary.
    pub correlation: f64,
    /// Slope of the rates over the wanted rates (least squares).
    pub slope: f64,
    /// Root mean square of the error (Hz).
    pub error: f64,
    /// Of its part that lies in the response.
    pub response: f64,
    /// Of its part that comes from the layers before.
    pub inherited: f64,
    /// Of its part that lies in the neuron and in the number of its spikes.
    pub neuron: f64,
    /// Of its part that lies in the beginning.
    pub transient: f64,
    /// Root mean square error (Hz) that Poisson spike counts of these rates would have; regular spikes have less.
    pub counting: f64,
    /// Share of the neurons and images that are wanted to fire faster than half of what the refractory period allows.
    pub saturated: f64,
}

/// Share of the presentation that counts as the transient.
const TRANSIENT: f64 = 0.2;

/// Rates of each train, image by image: over the presentation, and after the transient.
struct Rates {
    all: Vec<Vec<f64>>,
    settled: Vec<Vec<f64>>,
}

impl SpikingNetwork {
    /// Runs the network on `samples` for `duration` ms each, and examines every population, in the order of [`SpikingNetwork::layers`].
    ///
    /// # Errors
    ///
    /// Refuses images of another size than the network takes.
    pub fn examine(
        &self,
        trained: &Network<f32>,
        samples: Samples<'_>,
        duration: f64,
        seed: u64,
    ) -> Result<Vec<LayerExamination>, ConversionError> {
        check_images(samples, self.input(), "an examination")?;
        let plan = self.plan();
        let rates = self.rates(samples, duration, seed)?;
        let ideal = plan.activity(trained, &samples.inputs(trained), samples.len());
        let each = rates.settled.iter().enumerate();
        let measured: Vec<Vec<f32>> = each.map(|(train, rates)| self.unit_rates().activity(train, rates)).collect();
        let mut examinations = Vec::new();
        for (index, layer) in self.layers().iter().enumerate() {
            let stage_index = self.stage_of(index);
            let stage = &plan.stages[stage_index];
            let sign = if layer.is_negative { Sign::Negative } else { Sign::Positive };
            let factor = if layer.is_negative { -1.0 } else { 1.0 };
            let Some(train) = plan.train_of(stage_index, sign) else { continue };
            let predicted = |activity: &[Vec<f32>]| {
                self.predicted(stage, activity, samples.len(), factor * layer.per_unit, layer.fit.current)
            };
            let (from_wanted, from_measured) = (predicted(&ideal.trains)?, predicted(&measured)?);
            let wanted = ideal.outputs[stage.node].iter().map(|&a| layer.unit_rate * (factor * f64::from(a)).max(0.0));
            let wanted: Vec<f64> = wanted.collect();
            examinations.push(examine(
                &wanted,
                &rates.all[train],
                &rates.settled[train],
                [&from_wanted, &from_measured],
                duration,
                self.tau_refrac(),
            ));
        }
        Ok(examinations)
    }

    /// Rates (Hz) that the response predicts.
    fn predicted(
        &self,
        stage: &Stage,
        activity: &[Vec<f32>],
        images: usize,
        per_unit: f64,
        current: f64,
    ) -> Result<Vec<f64>, ConversionError> {
        let drive = stage.sums(|train| &activity[train], images)?;
        let activity = |train: TrainId| &activity[train][..];
        let noise = self.unit_rates().noise(&stage.links, self.tau_syn(), activity, images, drive.len())?;
        let response = self.response();
        Ok(drive
            .iter()
            .zip(noise)
            .map(|(&z, noise)| response.rate(per_unit * f64::from(z) + current, per_unit.abs() * noise.sqrt()))
            .collect())
    }

    fn rates(&self, samples: Samples<'_>, duration: f64, seed: u64) -> Result<Rates, ConversionError> {
        let units = self.input().units();
        let trains = self.plan().trains.len();
        let fresh = CircuitSimulation::new(self.circuit())?;
        let images: Result<Vec<_>, ConversionError> = samples
            .pixels
            .par_chunks_exact(units)
            .enumerate()
            .map_init(
                || fresh.clone(),
                |simulation, (image, pixels)| {
                    let key = StreamKey { seed, sample: image as u64 };
                    let stimulus = self.stimulus(pixels, duration);
                    let record = simulation.run(&stimulus, key, duration)?;
                    let drawn = stimulus.spikes(units, key, duration)?;
                    let of = |train: usize| {
                        let spikes = self.circuit().spikes(train, &drawn, &record.parts);
                        counted(&spikes, self.plan().trains[train].shape.units(), duration)
                    };
                    Ok((0..trains).map(of).collect::<Vec<_>>())
                },
            )
            .collect();
        let mut rates = Rates { all: vec![Vec::new(); trains], settled: vec![Vec::new(); trains] };
        for image in images? {
            for (train, (all, settled)) in image.into_iter().enumerate() {
                rates.all[train].extend(all);
                rates.settled[train].extend(settled);
            }
        }
        Ok(rates)
    }
}

/// Rates over the presentation, and after the transient.
fn counted(spikes: &[Spike], units: usize, duration: f64) -> (Vec<f64>, Vec<f64>) {
    let (mut all, mut settled) = (vec![0.0; units], vec![0.0; units]);
    let start = TRANSIENT * duration;
    for spike in spikes {
        all[spike.neuron as usize] += MS_PER_S / duration;
        if spike.time >= start {
            settled[spike.neuron as usize] += MS_PER_S / (duration - start);
        }
    }
    (all, settled)
}

fn examine(
    wanted: &[f64],
    rates: &[f64],
    settled: &[f64],
    [from_wanted, from_measured]: [&[f64]; 2],
    duration: f64,
    tau_refrac: f64,
) -> LayerExamination {
    let n = wanted.len() as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
    let product = |one: &[f64], other: &[f64]| {
        let means = (mean(one), mean(other));
        one.iter().zip(other).map(|(a, b)| (a - means.0) * (b - means.1)).sum::<f64>() / n
    };
    let distance =
        |one: &[f64], other: &[f64]| (one.iter().zip(other).map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / n).sqrt();
    let (covariance, variance) = (product(wanted, rates), product(wanted, wanted));
    let limit = if tau_refrac > 0.0 { 0.5 * MS_PER_S / tau_refrac } else { f64::INFINITY };
    LayerExamination {
        wanted: mean(wanted),
        measured: mean(rates),
        correlation: covariance / (variance * product(rates, rates)).sqrt(),
        slope: covariance / variance,
        error: distance(rates, wanted),
        response: distance(from_wanted, wanted),
        inherited: distance(from_measured, from_wanted),
        neuron: distance(settled, from_measured),
        transient: distance(rates, settled),
        // Of the counts behind the transient, by which the neuron is judged.
        counting: (mean(rates) * MS_PER_S / ((1.0 - TRANSIENT) * duration)).sqrt(),
        saturated: wanted.iter().filter(|&&rate| rate > limit).count() as f64 / n,
    }
}
