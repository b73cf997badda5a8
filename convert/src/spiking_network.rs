//! A spiking network made from a trained one.

use crate::calibration::LayerFit;
use crate::circuit::Circuit;
use crate::encoding::{Encoder, Encoding, Stimulus};
use crate::error::{ConversionError, check_images, positive};
use crate::mapping::{Mapped, Mapping};
use crate::plan::{Normalisation, Plan};
use crate::route::{Itinerary, Route};
use crate::tuning::Tuning;
use crate::unit_rates::UnitRates;
use ann::{Network, Samples, Shape};
use sim::theory::NoisySoftplus;
use sim::{IfCurrExp, MS_PER_S, Source};

/// Choices of a conversion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConversionSettings {
    /// The neurons; a Noisy Softplus network brings its synaptic time constant. On the normalised route, without a response, their i_offset
    /// is chosen.
    pub neuron: IfCurrExp,
    /// Response of the neurons on the normalised route; `None` for the one that fits their exact rates best.
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
    /// What has one scale, on the normalised route.
    pub normalisation: Normalisation,
    /// Delay of every projection (ms).
    pub delay: f64,
    /// How the fits are corrected by simulation, on the normalised route; `None` for fits to the response alone.
    pub tuning: Option<Tuning>,
}

impl Default for ConversionSettings {
    fn default() -> Self {
        ConversionSettings {
            neuron: IfCurrExp::liu_furber_2016(),
            response: None,
            encoding: Encoding::Poisson,
            max_rate: None,
            hidden_rate: 200.0,
            output_rate: 200.0,
            percentile: 0.999,
            normalisation: Normalisation::Layer,
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
    /// Of [`Normalisation::Channel`]: a factor of each channel on that rate; empty for none.
    pub factors: Vec<f32>,
    /// Mean synaptic current (nA) per unit of weighted sum, at a gain of one.
    pub per_unit: f64,
    /// Gain and current chosen for each channel, or one for all.
    pub fits: Vec<LayerFit>,
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
    connections: u64,
    constant_connections: u64,
    encoder: Encoder,
    delay: f64,
    neuron: IfCurrExp,
    response: NoisySoftplus,
    route: Route,
    layers: Vec<MappedLayer>,
}

impl SpikingNetwork {
    /// Converts a trained network; `samples` are the images on which activations are measured, from the training set.
    ///
    /// Every nonlinearity becomes one population of neurons, or two where outputs may be negative, in the order
    /// of the trained units (row, column, channel). Batch normalisation, rescaling and padding are folded into weights and biases; maxima
    /// pass on the spikes of the unit that has fired most. Outputs are linear units, whatever their activation, which never reverses the order of
    /// the sums: their weights are scaled, and their logits shifted if they may all be negative, which decides nothing but the rates. Those of
    /// Noisy Softplus keep their weights.
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
        let mut plan = Plan::of(trained)?;
        let Itinerary { route, neuron, response } = Itinerary::of(&plan, settings.neuron, settings.response)?;
        let max_rate = settings.max_rate.unwrap_or(MS_PER_S / neuron.tau_syn_e);
        let encoder = Encoder { encoding: settings.encoding, max_rate, full_scale: trained.full_scale() };
        encoder.check(&plan)?;
        let mut activity = plan.activity(trained, &samples.inputs(trained), samples.len());
        if settings.normalisation == Normalisation::Channel {
            plan = plan.by_channel(&activity, settings.percentile)?;
            plan.multiply_activity(&mut activity);
        }
        encoder.heard(&mut activity[0]);
        if let Some(Tuning { images, duration, .. }) = settings.tuning {
            // Those of all images are held.
            encoder.check_duration(input.units(), images.min(samples.len()) as f64 * duration)?;
        }
        let stimuli: Vec<Stimulus> = settings.tuning.map_or_else(Vec::new, |Tuning { images, duration, .. }| {
            let images = samples.pixels.chunks_exact(input.units()).take(images);
            images.map(|image| encoder.stimulus(image, duration)).collect()
        });
        let unit_rates = UnitRates::new(&plan, &encoder);
        let mapping =
            Mapping::new(settings, (response, neuron), (&plan, &activity, samples.len()), &stimuli, unit_rates);
        let Mapped { circuit, unit_rates, stages, layers } = mapping.run()?;
        let connections = plan.connections()?;
        let is_constant = settings.encoding == Encoding::Constant;
        let constant_connections = if is_constant { plan.image_connections()? } else { 0 };
        let delay = settings.delay;
        Ok(SpikingNetwork {
            circuit,
            plan,
            unit_rates,
            stages,
            input,
            connections,
            constant_connections,
            encoder,
            delay,
            neuron,
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

    /// How images are told.
    pub(crate) fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// Delay of every projection (ms).
    pub(crate) fn delay(&self) -> f64 {
        self.delay
    }

    /// Synaptic time constant (ms).
    pub(crate) fn tau_syn(&self) -> f64 {
        self.neuron.tau_syn_e
    }

    /// The neurons, without what the layers add to their i_offset.
    pub fn neuron(&self) -> &IfCurrExp {
        &self.neuron
    }

    /// Response of the neurons.
    pub fn response(&self) -> NoisySoftplus {
        self.response
    }

    /// The simulated networks: one, or several where maxima or concatenations choose and renumber the spikes in between. The last
    /// population of the last are the outputs.
    pub fn networks(&self) -> impl Iterator<Item = &sim::Network> {
        self.circuit.networks()
    }

    /// Connections of the trained network: multiplications for one image, with all that is linear drawn together.
    pub fn connections(&self) -> u64 {
        self.connections
    }

    /// Of them, those that bring constant input.
    pub fn constant_connections(&self) -> u64 {
        self.constant_connections
    }

    /// Shape of an image.
    pub fn input(&self) -> Shape {
        self.input
    }

    /// How images become spikes.
    pub fn encoding(&self) -> Encoding {
        self.encoder.encoding
    }

    /// Rate (Hz) of a full-scale pixel.
    pub fn max_rate(&self) -> f64 {
        self.encoder.max_rate
    }

    /// How the weights were mapped.
    pub fn route(&self) -> Route {
        self.route
    }

    /// What became of the layers: one entry for each population, in the order of the simulated networks.
    pub fn layers(&self) -> &[MappedLayer] {
        &self.layers
    }

    /// Input spikes of one image of bytes over `duration` ms; none under constant current.
    pub fn stimulus(&self, pixels: &[u8], duration: f64) -> Source {
        self.encoder.stimulus(pixels, duration).source
    }
}
