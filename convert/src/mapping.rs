//! Maps the stages of a plan onto populations of LIF neurons and projections between them.

use crate::calibration::{LayerFit, ResponseFit};
use crate::circuit::{Circuit, ImageCurrent, Site};
use crate::encoding::{Encoding, Stimulus};
use crate::error::ConversionError;
use crate::plan::{Activity, Link, Plan, Sign, Stage, TrainId};
use crate::spiking_network::{ConversionSettings, MappedLayer};
use crate::statistics::quantile;
use crate::tuning::Tuning;
use crate::unit_rates::UnitRates;
use ann::Activation;
use sim::theory::NoisySoftplus;
use sim::{IfCurrExp, MS_PER_S, Population, Projection};

/// Fits of a layer that are tried in its tuning.
const TRIALS: usize = 4;

/// A conversion in progress.
#[derive(Clone)]
pub(crate) struct Mapping<'a> {
    settings: &'a ConversionSettings,
    response: NoisySoftplus,
    neuron: IfCurrExp,
    plan: &'a Plan,
    activity: &'a Activity,
    /// Images that fits are corrected on, as spikes.
    stimuli: &'a [Stimulus],
    /// Number of calibration images.
    images: usize,
    unit_rates: UnitRates,
    circuit: Circuit,
    /// With the part and the index of their populations, and their stages.
    layers: Vec<((usize, usize), usize, MappedLayer)>,
}

/// What a layer's synapses must do to the weights of the trained units, and what current is to be added.
struct Scale {
    /// Mean synaptic current (nA) per unit of weighted sum.
    per_unit: f64,
    /// Added to i_offset (nA).
    current: f64,
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
        (plan, activity, images): (&'a Plan, &'a Activity, usize),
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
        let drive = stage.sums(|train| &self.activity.trains[train], self.images)?;
        let drive: Vec<f64> = drive.into_iter().map(f64::from).collect();
        if is_output {
            let (unit_rate, scale, fit) = self.output_scale(stage, &drive)?;
            self.population(index, Sign::Positive, &links, unit_rate, scale, fit)?;
            return Ok(());
        }
        let outputs = &self.activity.outputs[stage.node];
        let unit_rate = self.unit_rate(stage, &links, outputs)?;
        let tau_syn = self.neuron.tau_syn_e;
        let activity = |train: TrainId| &self.activity.trains[train][..];
        let noise = self.unit_rates.noise(&stage.links, tau_syn, activity, self.images, drive.len())?;
        for (sign, factor) in [(Sign::Positive, 1.0), (Sign::Negative, -1.0)] {
            let Some(train) = self.plan.train_of(index, sign) else { continue };
            let wanted = outputs.iter().map(|&output| (factor * f64::from(output)).max(0.0));
            if !wanted.clone().any(|wanted| wanted > 0.0) {
                continue;
            }
            self.unit_rates.rates[train] = unit_rate;
            if let Activation::NoisySoftplus(_) = stage.activation {
                // Weights are nA.
                let scale = Scale { per_unit: 1.0, current: 0.0 };
                self.population(index, sign, &links, unit_rate, scale, LayerFit::UNCHANGED)?;
                continue;
            }
            let s = self.response.s_hz_per_na;
            let points = drive.iter().zip(&noise).zip(wanted.collect::<Vec<_>>());
            let points = points.map(|((&z, &noise), wanted)| {
                (unit_rate * factor * z / s, unit_rate / s * noise.sqrt(), unit_rate * wanted)
            });
            let mut fit = ResponseFit::new(self.response, points.clone()).solve();
            if let Some(tuning) = self.settings.tuning {
                let tuned = tuning.images.min(self.images) * stage.shape.units();
                let wanted = ResponseFit { response: self.response, points: points.take(tuned).collect() };
                fit = self.tune((index, sign), &links, unit_rate, fit, &wanted, tuning)?;
            }
            let scale = Scale { per_unit: fit.gain * unit_rate / s, current: fit.current };
            self.population(index, sign, &links, unit_rate, scale, fit)?;
        }
        Ok(())
    }

    /// Corrects a fit by what the neurons do: runs the circuit up to them, steps towards the wanted rates, and takes the best of
    /// [`TRIALS`] fits.
    fn tune(
        &self,
        (index, sign): (usize, Sign),
        links: &[Link],
        unit_rate: f64,
        fit: LayerFit,
        wanted: &ResponseFit,
        tuning: Tuning,
    ) -> Result<LayerFit, ConversionError> {
        let (mut trial, mut best) = (fit, LayerFit { rmse: f64::INFINITY, ..fit });
        for _ in 0..TRIALS {
            let mut mapping = self.clone();
            let scale = Scale { per_unit: trial.gain * unit_rate / self.response.s_hz_per_na, current: trial.current };
            let home = mapping.population(index, sign, links, unit_rate, scale, trial)?;
            let measured = tuning.rates(&mapping.circuit, home, self.stimuli)?;
            trial.rmse = wanted.deviation(&measured);
            if trial.rmse < best.rmse {
                best = trial;
            }
            trial = wanted.step(trial, &measured);
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

    /// Rate (Hz) that stands for an activation of one in a hidden layer.
    fn unit_rate(&self, stage: &Stage, links: &[Link], outputs: &[f32]) -> Result<f64, ConversionError> {
        if let Activation::NoisySoftplus(_) = stage.activation {
            // One unit of activation is one spike per synaptic time constant.
            return Ok(MS_PER_S / self.neuron.tau_syn_e);
        }
        if let (true, Some(link)) = (stage.averages, links.first()) {
            return Ok(self.unit_rates.rates[link.train]);
        }
        let magnitude = |&output: &f32| if stage.signed { f64::from(output).abs() } else { f64::from(output) };
        let positive: Vec<f64> = outputs.iter().map(magnitude).filter(|&output| output > 0.0).collect();
        let full = quantile(positive, self.settings.percentile);
        if !(full > 0.0) {
            return Err(ConversionError::Silent { layer: stage.node, kind: stage.kind, images: self.images });
        }
        Ok(self.settings.hidden_rate / full)
    }

    /// Scale of the output layer: the winner's logit at the percentile has the output rate; where winners may be
    /// negative, all logits are raised alike.
    fn output_scale(&self, stage: &Stage, drive: &[f64]) -> Result<(f64, Scale, LayerFit), ConversionError> {
        let winners: Vec<f64> =
            drive.chunks(stage.shape.units()).map(|z| z.iter().copied().fold(f64::NEG_INFINITY, f64::max)).collect();
        let low = quantile(winners.clone(), 1.0 - self.settings.percentile).min(0.0);
        let high = quantile(winners, self.settings.percentile);
        if !(high > low) {
            return Err(ConversionError::Silent { layer: stage.node, kind: stage.kind, images: self.images });
        }
        let unit_rate = self.settings.output_rate / (high - low);
        let s = self.response.s_hz_per_na;
        let fit = LayerFit { current: -unit_rate * low / s, ..LayerFit::UNCHANGED };
        Ok((unit_rate, Scale { per_unit: unit_rate / s, current: fit.current }, fit))
    }

    /// Puts a population into the circuit, with its synapses.
    fn population(
        &mut self,
        index: usize,
        sign: Sign,
        links: &[Link],
        unit_rate: f64,
        scale: Scale,
        fit: LayerFit,
    ) -> Result<(usize, usize), ConversionError> {
        let stage = &self.plan.stages[index];
        let base = self.neuron.i_offset + scale.current;
        let per_unit = if sign == Sign::Negative { -scale.per_unit } else { scale.per_unit };
        let i_offset: Vec<f64> = match &stage.bias[..] {
            [] => vec![base; stage.shape.units()],
            bias => bias.iter().map(|&bias| base + per_unit * f64::from(bias)).collect(),
        };
        let population = Population::new(stage.shape.units(), self.neuron).map_err(sim::NetworkError::from)?;
        let home = self.circuit.add(self.plan, index, sign, population.with_i_offset(i_offset)?)?;
        for Link { train, map, factor } in links {
            if *train == 0 && self.settings.encoding == Encoding::Constant {
                let (map, scale) = (map.prepare()?, per_unit * f64::from(*factor));
                self.circuit.inject(ImageCurrent { home, map, scale });
                continue;
            }
            let weight =
                per_unit * f64::from(*factor) * MS_PER_S / (self.neuron.tau_syn_e * self.unit_rates.rates[*train]);
            let Site { pre, network, population } = self.circuit.connect(*train, home);
            network.add_projection(Projection::new(pre, population, self.settings.delay, map.synapses(weight)?)?)?;
        }
        let layer = MappedLayer {
            kind: stage.kind,
            node: stage.node,
            is_negative: sign == Sign::Negative,
            shape: stage.shape,
            unit_rate,
            per_unit: scale.per_unit,
            fit,
        };
        self.layers.push((home, index, layer));
        Ok(home)
    }
}
