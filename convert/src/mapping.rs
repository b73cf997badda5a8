//! Maps the stages of a plan onto populations of LIF neurons and projections between them.

use crate::calibration::{LayerFit, ResponseFit};
use crate::circuit::{Circuit, ImageCurrent, Site};
use crate::encoding::{Encoding, Stimulus};
use crate::error::ConversionError;
use crate::plan::{Link, Normalisation, Plan, Sign, Stage, TrainId, regrouped};
use crate::spiking_network::{ConversionSettings, MappedLayer};
use crate::statistics::quantile;
use crate::tuning::Tuning;
use crate::unit_rates::UnitRates;
use ann::Activation;
use sim::theory::NoisySoftplus;
use sim::{IfCurrExp, MS_PER_S, Population, Projection};
use std::borrow::Cow;

/// Fits of a layer that are tried in its tuning.
const TRIALS: usize = 4;

/// A conversion in progress.
#[derive(Clone)]
pub(crate) struct Mapping<'a> {
    settings: &'a ConversionSettings,
    response: NoisySoftplus,
    neuron: IfCurrExp,
    plan: &'a Plan,
    activity: &'a [Vec<f32>],
    /// Images that fits are corrected on, as spikes.
    stimuli: &'a [Stimulus],
    /// Number of calibration images.
    images: usize,
    unit_rates: UnitRates,
    circuit: Circuit,
    /// With the part and the index of their populations, and their stages.
    layers: Vec<((usize, usize), usize, MappedLayer)>,
}

/// How the weighted sums of a layer's units become currents.
struct Scale {
    /// Rate (Hz) that stands for an activation of one.
    unit_rate: f64,
    /// Mean synaptic current (nA) per unit of weighted sum, at a gain of one.
    per_unit: f64,
    /// Gain and current of each channel, or one for all.
    fits: Vec<LayerFit>,
}

/// What a conversion has come to.
pub(crate) struct Mapped {
    pub(crate) circuit: Circuit,
    pub(crate) unit_rates: UnitRates,
    /// The stage of each layer.
    pub(crate) stages: Vec<usize>,
    /// In the order of the populations in the circuit.
    pub(crate) layers: Vec<MappedLayer>,
}

impl<'a> Mapping<'a> {
    /// Nothing mapped yet, on so many calibration images.
    pub(crate) fn new(
        settings: &'a ConversionSettings,
        (response, neuron): (NoisySoftplus, IfCurrExp),
        (plan, activity, images): (&'a Plan, &'a [Vec<f32>], usize),
        stimuli: &'a [Stimulus],
        unit_rates: UnitRates,
    ) -> Self {
        let circuit = Circuit::new(plan);
        Mapping { settings, response, neuron, plan, activity, stimuli, images, unit_rates, circuit, layers: Vec::new() }
    }

    /// Maps all stages.
    ///
    /// # Errors
    ///
    /// Names the layer that is silent on all calibration images, and what the simulator refuses.
    pub(crate) fn run(mut self) -> Result<Mapped, ConversionError> {
        for stage in 0..self.plan.stages.len() {
            self.add(stage)?;
        }
        let Mapping { circuit, mut layers, unit_rates, .. } = self;
        layers.sort_by_key(|(home, ..)| *home);
        let (stages, layers) = layers.into_iter().map(|(_, stage, layer)| (stage, layer)).unzip();
        Ok(Mapped { circuit, unit_rates, stages, layers })
    }

    fn add(&mut self, index: usize) -> Result<(), ConversionError> {
        let stage = &self.plan.stages[index];
        let is_output = index + 1 == self.plan.stages.len();
        let links = self.links(stage)?;
        let drive = stage.sums(|train| &self.activity[train], self.images)?;
        let drive: Vec<f64> = drive.into_iter().map(f64::from).collect();
        if is_output {
            let scale = match stage.activation {
                Activation::NoisySoftplus(_) => self.physical_scale(),
                _ => self.output_scale(stage, &drive)?,
            };
            self.population(index, Sign::Positive, &links, scale)?;
            return Ok(());
        }
        let unit_rate = self.unit_rate(index, &links)?;
        let tau_syn = self.neuron.tau_syn_e;
        let activity = |train: TrainId| &self.activity[train][..];
        let noise = self.unit_rates.noise(&stage.links, tau_syn, activity, self.images, drive.len())?;
        for (sign, factor) in [(Sign::Positive, 1.0), (Sign::Negative, -1.0)] {
            let Some(train) = self.plan.train_of(index, sign) else { continue };
            let wanted = &self.activity[train];
            if !wanted.iter().any(|&wanted| wanted > 0.0) {
                continue;
            }
            self.unit_rates.rates[train] = unit_rate;
            if let Activation::NoisySoftplus(_) = stage.activation {
                self.population(index, sign, &links, self.physical_scale())?;
                continue;
            }
            let per_unit = unit_rate / self.response.s_hz_per_na;
            let point = |index: usize| {
                let wanted = unit_rate * f64::from(wanted[index]);
                (per_unit * factor * drive[index], per_unit * noise[index].sqrt(), wanted)
            };
            let mut scale = Scale { unit_rate, per_unit, fits: self.fits(stage, drive.len(), point) };
            if let Some(tuning) = self.settings.tuning {
                let groups = scale.fits.len();
                let tuned = tuning.images.min(self.images) * stage.shape.units();
                let points = |group: usize| (group..tuned).step_by(groups).map(point).collect();
                let wanted = |group| ResponseFit { response: self.response, points: points(group) };
                let wanted: Vec<ResponseFit> = (0..groups).map(wanted).collect();
                scale.fits = self.tune((index, sign), &links, &scale, &wanted, tuning)?;
            }
            self.population(index, sign, &links, scale)?;
        }
        Ok(())
    }

    /// Fits of a stage to its response alone, one for all units or one for each channel, whose points (of [`ResponseFit`]) lie in turns.
    fn fits(&self, stage: &Stage, length: usize, point: impl Fn(usize) -> (f64, f64, f64) + Copy) -> Vec<LayerFit> {
        let common = ResponseFit::new(self.response, (0..length).map(point)).solve();
        // Of averages, all weights are the same; a unit alone is seen on too few images.
        let is_whole = stage.averages || stage.shape.is_flat();
        if is_whole || self.settings.normalisation == Normalisation::Layer {
            return vec![common];
        }
        let channels = stage.shape.channels;
        let fit = |channel: usize| {
            let own = ResponseFit::new(self.response, (channel..length).step_by(channels).map(point));
            // A channel that is silent on all images is one of the layer's.
            if own.is_active() { own.solve() } else { common }
        };
        (0..channels).map(fit).collect()
    }

    /// Corrects fits by what the neurons do: runs the circuit up to them, steps towards the wanted rates, and takes the best of
    /// [`TRIALS`] fits.
    fn tune(
        &self,
        (index, sign): (usize, Sign),
        links: &[Link],
        &Scale { unit_rate, per_unit, ref fits }: &Scale,
        wanted: &[ResponseFit],
        tuning: Tuning,
    ) -> Result<Vec<LayerFit>, ConversionError> {
        let groups = fits.len();
        let mut best: Vec<LayerFit> = fits.iter().map(|&fit| LayerFit { rmse: f64::INFINITY, ..fit }).collect();
        let mut trials = fits.clone();
        for _ in 0..TRIALS {
            let mut mapping = self.clone();
            let scale = Scale { unit_rate, per_unit, fits: trials.clone() };
            let home = mapping.population(index, sign, links, scale)?;
            let rates = tuning.rates(&mapping.circuit, home, self.stimuli)?;
            for (group, ((trial, best), wanted)) in trials.iter_mut().zip(&mut best).zip(wanted).enumerate() {
                if !wanted.is_active() {
                    *best = *trial;
                    continue;
                }
                let measured: Vec<f64> = rates.iter().copied().skip(group).step_by(groups).collect();
                trial.rmse = wanted.deviation(&measured);
                if trial.rmse < best.rmse {
                    *best = *trial;
                }
                *trial = wanted.step(*trial, &measured);
            }
        }
        Ok(best)
    }

    /// The links from trains that have spikes, with the same unit rate for all that one link carries.
    fn links(&mut self, stage: &Stage) -> Result<Vec<Link>, ConversionError> {
        stage.links.iter().for_each(|link| self.unit_rates.settle(self.plan, link.train));
        let mut links = Vec::new();
        for link in self.unit_rates.heard(&stage.links) {
            let factors = self.unit_rates.factors(link.train);
            let evened =
                if factors.is_empty() { Some(link.map.clone()) } else { link.map.with_inputs_times(factors)? };
            let map = evened.ok_or(ConversionError::Unsupported {
                layer: stage.node,
                kind: stage.kind,
                reason: "averages joined channels of different rates",
                advice: "put a Conv2D layer between Concatenate and the pool",
            })?;
            links.push(Link { map, ..link.clone() });
        }
        Ok(links)
    }

    /// The scale of Noisy Softplus: weights are nA, and one unit of activation is one spike per synaptic time constant.
    fn physical_scale(&self) -> Scale {
        Scale { unit_rate: MS_PER_S / self.neuron.tau_syn_e, per_unit: 1.0, fits: vec![LayerFit::UNCHANGED] }
    }

    /// Rate (Hz) that stands for an activation of one in a hidden layer.
    fn unit_rate(&self, index: usize, links: &[Link]) -> Result<f64, ConversionError> {
        let stage = &self.plan.stages[index];
        if let Activation::NoisySoftplus(_) = stage.activation {
            return Ok(self.physical_scale().unit_rate);
        }
        if let (true, Some(link)) = (stage.averages, links.first()) {
            return Ok(self.unit_rates.rates[link.train]);
        }
        let full = quantile(self.plan.magnitudes(index, self.activity), self.settings.percentile);
        if !(full > 0.0) {
            return Err(ConversionError::Silent { layer: stage.node, kind: stage.kind, images: self.images });
        }
        Ok(self.settings.hidden_rate / full)
    }

    /// Scale of the output layer: the winner's logit at the percentile has the output rate; where winners may be
    /// negative, all logits are raised alike.
    fn output_scale(&self, stage: &Stage, drive: &[f64]) -> Result<Scale, ConversionError> {
        let winners: Vec<f64> =
            drive.chunks(stage.shape.units()).map(|z| z.iter().copied().fold(f64::NEG_INFINITY, f64::max)).collect();
        let low = quantile(winners.clone(), 1.0 - self.settings.percentile).min(0.0);
        let high = quantile(winners, self.settings.percentile);
        if !(high > low) {
            return Err(ConversionError::Silent { layer: stage.node, kind: stage.kind, images: self.images });
        }
        let unit_rate = self.settings.output_rate / (high - low);
        let per_unit = unit_rate / self.response.s_hz_per_na;
        let fit = LayerFit { current: per_unit * (0.0 - low), ..LayerFit::UNCHANGED };
        Ok(Scale { unit_rate, per_unit, fits: vec![fit] })
    }

    /// Puts a population into the circuit, with its synapses.
    fn population(
        &mut self,
        index: usize,
        sign: Sign,
        links: &[Link],
        Scale { unit_rate, per_unit, fits }: Scale,
    ) -> Result<(usize, usize), ConversionError> {
        let stage = &self.plan.stages[index];
        let units = stage.shape.units();
        let signed = if sign == Sign::Negative { -per_unit } else { per_unit };
        let each = fits.iter().cycle().zip(stage.bias.iter().chain(std::iter::repeat(&0.0))).take(units);
        let i_offset =
            each.map(|(fit, &bias)| self.neuron.i_offset + fit.current + signed * fit.gain * f64::from(bias));
        let i_offset: Vec<f64> = i_offset.collect();
        let population = Population::new(units, self.neuron).map_err(sim::NetworkError::from)?;
        let home = self.circuit.add(self.plan, index, sign, population.with_i_offset(i_offset)?)?;
        // The first gain is that of all synapses, and the others, where channels have their own, are weights.
        let gains: Vec<f32> = fits.iter().map(|fit| (fit.gain / fits[0].gain) as f32).collect();
        let signed = signed * fits[0].gain;
        for Link { train, map, factor } in links {
            let map = match fits.len() {
                1 => Some(Cow::Borrowed(map)),
                channels => map.with_outputs_times(&gains.repeat(units / channels))?.map(Cow::Owned),
            };
            let map = map.ok_or_else(|| regrouped(stage.node, stage.kind))?;
            if *train == 0 && self.settings.encoding == Encoding::Constant {
                let (map, scale) = (map.prepare()?, signed * f64::from(*factor));
                self.circuit.inject(ImageCurrent { home, map, scale });
                continue;
            }
            let weight =
                signed * f64::from(*factor) * MS_PER_S / (self.neuron.tau_syn_e * self.unit_rates.rates[*train]);
            let Site { pre, network, population } = self.circuit.connect(*train, home);
            network.add_projection(Projection::new(pre, population, self.settings.delay, map.synapses(weight)?)?)?;
        }
        let factors = self.plan.train_of(index, sign).map_or(&[][..], |train| self.plan.trains[train].channels());
        let layer = MappedLayer {
            kind: stage.kind,
            node: stage.node,
            is_negative: sign == Sign::Negative,
            shape: stage.shape,
            unit_rate,
            factors: factors.to_vec(),
            per_unit,
            fits,
        };
        self.layers.push((home, index, layer));
        Ok(home)
    }
}
