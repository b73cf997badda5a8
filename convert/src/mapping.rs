//! Maps a trained network onto populations of LIF neurons and projections between them.

use crate::calibration::{LayerFit, ResponseFit};
use crate::circuit::{Circuit, Site};
use crate::encoding::Encoding;
use crate::error::{ConversionError, check_images, positive};
use crate::plan::{Activity, Link, Plan, Sign, Stage, TrainId};
use crate::route::{Itinerary, Route};
use crate::statistics::quantile;
use crate::tuning::Tuning;
use crate::unit_rates::UnitRates;
use ann::{Activation, Network, Samples, Shape};
use sim::theory::NoisySoftplus;
use sim::{IfCurrExp, MS_PER_S, Population, Projection, Source};

/// Fits of a layer that are tried in its tuning.
const TRIALS: usize = 4;

/// Choices of a conversion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConversionSettings {
    /// Synaptic time constant (ms) on the normalised route; a Noisy Softplus network brings its own.
    pub tau_syn: f64,
    /// Response of the neurons on the normalised route; `None` for the constants known for `tau_syn`.
    pub response: Option<NoisySoftplus>,
    /// How images become spikes.
    pub encoding: Encoding,
    /// Rate (Hz) of a full-scale pixel; `None` for one spike per synaptic time constant, 1000/tau_syn.
    pub max_rate: Option<f64>,
    /// Rate (Hz) of a hidden unit at the percentile of its layer's activations, on the normalised route.
    pub hidden_rate: f64,
    /// Rate (Hz) of an output unit at the percentile of the winning outputs.
    pub output_rate: f64,
    /// Fraction of the activations of a layer that stay below its full scale.
    pub percentile: f64,
    /// Delay of every projection (ms).
    pub delay: f64,
    /// How the fits are corrected by simulation, on the normalised route; `None` for fits to the response alone.
    pub tuning: Option<Tuning>,
}

impl Default for ConversionSettings {
    fn default() -> Self {
        ConversionSettings {
            tau_syn: 5.0,
            response: None,
            encoding: Encoding::Poisson,
            max_rate: None,
            hidden_rate: 200.0,
            output_rate: 200.0,
            percentile: 0.999,
            delay: 1.0,
            tuning: Some(Tuning::STANDARD),
        }
    }
}

/// What became of one layer.
#[derive(Debug, Clone, PartialEq)]
pub struct MappedLayer {
    /// What the layer was.
    pub kind: &'static str,
    /// Index of the trained layer whose outputs it stands for.
    pub node: usize,
    /// Whether it stands for the negative outputs of the layer.
    pub is_negative: bool,
    /// Shape of its units.
    pub shape: Shape,
    /// Rate (Hz) that stands for an activation of one.
    pub unit_rate: f64,
    /// Mean synaptic current (nA) per unit of weighted sum.
    pub per_unit: f64,
    /// Gain and current chosen for it.
    pub fit: LayerFit,
}

/// A spiking network made from a trained one.
#[derive(Debug, Clone)]
pub struct SpikingNetwork {
    circuit: Circuit,
    plan: Plan,
    unit_rates: UnitRates,
    /// The stage of each layer.
    stages: Vec<usize>,
    input: Shape,
    encoding: Encoding,
    max_rate: f64,
    tau_syn: f64,
    response: NoisySoftplus,
    route: Route,
    layers: Vec<MappedLayer>,
}

impl SpikingNetwork {
    /// Converts a trained network; `samples` are the images on which activations are measured, from the training set.
    ///
    /// Every nonlinearity becomes one population of the neuron of Liu & Furber (2016), or two where outputs may be negative, in the order
    /// of the trained units (row, column, channel). Batch normalisation, rescaling and padding are folded into weights and biases; maxima
    /// pass on the spikes of the unit that has fired most. Outputs are linear units: their weights are scaled, and their logits shifted if
    /// they may all be negative, which decides nothing but the rates.
    ///
    /// # Errors
    ///
    /// Names the layer that has no spiking counterpart, and refuses settings that make no sense.
    pub fn convert(
        trained: &Network<f32>,
        samples: Samples<'_>,
        settings: &ConversionSettings,
    ) -> Result<SpikingNetwork, ConversionError> {
        let input = trained.input();
        check_images(samples, input, "calibration")?;
        for (name, value) in [("hidden rate", settings.hidden_rate), ("output rate", settings.output_rate)] {
            positive(name, "Hz", value)?;
        }
        if !(0.5 < settings.percentile && settings.percentile <= 1.0) {
            let (name, unit, found) = ("percentile", "a share above 0.5 and of at most 1", settings.percentile);
            return Err(ConversionError::Setting { name, unit, found });
        }
        if let Some(response) = settings.response {
            positive("k of the response", "a pure number", response.k)?;
            positive("S of the response", "Hz/nA", response.s_hz_per_na)?;
        }
        if trained.output().units() > 256 {
            return Err(ConversionError::TooManyClasses { found: trained.output().units() });
        }
        let plan = Plan::of(trained)?;
        let Itinerary { route, tau_syn, response } = Itinerary::of(&plan, settings.tau_syn, settings.response)?;
        let max_rate = positive("maximal pixel rate", "Hz", settings.max_rate.unwrap_or(MS_PER_S / tau_syn))?;
        let activity = plan.activity(trained, &samples.inputs(trained), samples.len());
        let stimuli: Vec<Source> = settings.tuning.map_or_else(Vec::new, |Tuning { images, duration, .. }| {
            let images = samples.pixels.chunks_exact(input.units()).take(images);
            images.map(|image| settings.encoding.stimulus(image, max_rate, duration)).collect()
        });
        let mut mapping = Mapping {
            settings,
            response,
            neuron: IfCurrExp { tau_syn_e: tau_syn, tau_syn_i: tau_syn, ..IfCurrExp::liu_furber_2016() },
            plan: &plan,
            activity: &activity,
            stimuli: &stimuli,
            images: samples.len(),
            unit_rates: UnitRates::new(&plan, max_rate / trained.full_scale()),
            circuit: Circuit::new(&plan),
            layers: Vec::new(),
        };
        for stage in 0..plan.stages.len() {
            mapping.add(stage)?;
        }
        let Mapping { circuit, mut layers, unit_rates, .. } = mapping;
        layers.sort_by_key(|(home, ..)| *home);
        let (stages, layers) = layers.into_iter().map(|(_, stage, layer)| (stage, layer)).unzip();
        let encoding = settings.encoding;
        Ok(SpikingNetwork {
            circuit,
            plan,
            unit_rates,
            stages,
            input,
            encoding,
            max_rate,
            tau_syn,
            response,
            route,
            layers,
        })
    }

    /// Where populations are, and what passes between them.
    pub(crate) fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(crate) fn unit_rates(&self) -> &UnitRates {
        &self.unit_rates
    }

    /// The stage that layer `layer` is of.
    pub(crate) fn stage_of(&self, layer: usize) -> usize {
        self.stages[layer]
    }

    /// Synaptic time constant (ms).
    pub(crate) fn tau_syn(&self) -> f64 {
        self.tau_syn
    }

    /// Refractory period of the neurons (ms).
    pub(crate) fn tau_refrac(&self) -> f64 {
        IfCurrExp::liu_furber_2016().tau_refrac
    }

    /// Response of the neurons.
    pub(crate) fn response(&self) -> NoisySoftplus {
        self.response
    }

    /// The simulated networks: one, or several where maxima or concatenations choose and renumber the spikes in between. The last
    /// population of the last are the outputs.
    pub fn networks(&self) -> impl Iterator<Item = &sim::Network> {
        self.circuit.networks()
    }

    /// Shape of an image.
    pub fn input(&self) -> Shape {
        self.input
    }

    /// How images become spikes.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Rate (Hz) of a full-scale pixel.
    pub fn max_rate(&self) -> f64 {
        self.max_rate
    }

    /// How the weights were mapped.
    pub fn route(&self) -> Route {
        self.route
    }

    /// What became of the layers: one entry for each population, in the order of the simulated networks.
    pub fn layers(&self) -> &[MappedLayer] {
        &self.layers
    }

    /// Input spikes of one image of bytes over `duration` ms.
    pub fn stimulus(&self, pixels: &[u8], duration: f64) -> Source {
        self.encoding.stimulus(pixels, self.max_rate, duration)
    }
}

/// A conversion in progress.
#[derive(Clone)]
struct Mapping<'a> {
    settings: &'a ConversionSettings,
    response: NoisySoftplus,
    neuron: IfCurrExp,
    plan: &'a Plan,
    activity: &'a Activity,
    /// Images that fits are corrected on, as spikes.
    stimuli: &'a [Source],
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

impl Mapping<'_> {
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
            let mut mapping = Mapping { circuit: self.circuit.clone(), layers: Vec::new(), ..self.clone() };
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
            let weight =
                per_unit * f64::from(*factor) * MS_PER_S / (self.neuron.tau_syn_e * self.unit_rates.rates[*train]);
            let Site { pre, network, population } = self.circuit.connect(self.plan, *train, home);
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
