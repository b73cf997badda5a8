//! Maps a trained network onto populations of LIF neurons and projections between them.

use crate::calibration::{LayerFit, ResponseFit, Sums};
use crate::counterpart::Counterpart;
use crate::error::{ConversionError, positive};
use crate::route::{Itinerary, Route};
use crate::statistics::quantile;
use ann::{Activation, Layer, Network, Samples, Shape};
use sim::theory::NoisySoftplus;
use sim::{
    Convolution, ConvolutionShape, IfCurrExp, MS_PER_S, MapLayout, Pooling, Population, Pre, Projection, Recording,
    Source, Synapses,
};

/// Choices of a conversion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConversionSettings {
    /// Synaptic time constant (ms) on the normalised route; a Noisy Softplus network brings its own.
    pub tau_syn: f64,
    /// Response of the neurons on the normalised route; `None` for the constants known for `tau_syn`.
    pub response: Option<NoisySoftplus>,
    /// Poisson rate (Hz) of a full-scale pixel; `None` for one spike per synaptic time constant, 1000/tau_syn.
    pub max_rate: Option<f64>,
    /// Rate (Hz) of a hidden unit at the percentile of its layer's activations, on the normalised route.
    pub hidden_rate: f64,
    /// Rate (Hz) of an output unit at the percentile of the winning outputs.
    pub output_rate: f64,
    /// Fraction of the activations of a layer that stay below its full scale.
    pub percentile: f64,
    /// Delay of every projection (ms).
    pub delay: f64,
}

impl Default for ConversionSettings {
    fn default() -> Self {
        ConversionSettings {
            tau_syn: 5.0,
            response: None,
            max_rate: None,
            hidden_rate: 200.0,
            output_rate: 200.0,
            percentile: 0.999,
            delay: 1.0,
        }
    }
}

/// What became of one layer.
#[derive(Debug, Clone, PartialEq)]
pub struct MappedLayer {
    /// What the layer was.
    pub kind: &'static str,
    /// Shape of its units.
    pub shape: Shape,
    /// Rate (Hz) that stands for an activation of one.
    pub unit_rate: f64,
    /// Gain and current chosen for it.
    pub fit: LayerFit,
}

/// A spiking network made from a trained one.
#[derive(Debug, Clone)]
pub struct SpikingNetwork {
    network: sim::Network,
    input: Shape,
    max_rate: f64,
    route: Route,
    layers: Vec<MappedLayer>,
}

impl SpikingNetwork {
    /// Converts a trained network; `samples` are the images on which activations are measured, from the training set.
    ///
    /// Every weighted or pooling layer becomes one population of the neuron of Liu & Furber (2016), in the order of
    /// the trained units (row, column, channel); flattening changes nothing in that order. Outputs are linear units:
    /// their weights are scaled, and their logits shifted if they may all be negative, which decides nothing but the rates.
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
        if samples.is_empty() {
            return Err(ConversionError::NoImages { what: "calibration" });
        }
        if samples.pixels.len() != samples.len() * input.units() {
            let found = samples.pixels.len() / samples.len();
            return Err(ConversionError::InputShape { expected: input.to_string(), found });
        }
        for (name, value) in [("hidden rate", settings.hidden_rate), ("output rate", settings.output_rate)] {
            positive(name, "Hz", value)?;
        }
        if let Some(response) = settings.response {
            positive("k of the response", "a pure number", response.k)?;
            positive("S of the response", "Hz/nA", response.s_hz_per_na)?;
        }
        if trained.output().units() > 256 {
            return Err(ConversionError::TooManyClasses { found: trained.output().units() });
        }
        let counterparts = Counterpart::of_all(trained)?;
        let Itinerary { route, tau_syn, response } = Itinerary::of(trained, settings.tau_syn, settings.response)?;
        let max_rate = positive("maximal pixel rate", "Hz", settings.max_rate.unwrap_or(MS_PER_S / tau_syn))?;
        let mut mapping = Mapping {
            settings,
            route,
            response,
            neuron: IfCurrExp { tau_syn_e: tau_syn, tau_syn_i: tau_syn, ..IfCurrExp::liu_furber_2016() },
            network: sim::Network::new(),
            images: samples.len(),
            pre: Pre::Source(0),
            unit_rate: max_rate,
            activations: samples.pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect(),
            layers: Vec::new(),
        };
        mapping.pre = mapping.network.add_source(input.units());
        for (index, &counterpart) in counterparts.iter().enumerate() {
            mapping.add(trained, index, counterpart)?;
        }
        let Mapping { network, layers, .. } = mapping;
        Ok(SpikingNetwork { network, input, max_rate, route, layers })
    }

    /// The simulated network. Its last population are the outputs, whose spikes are recorded.
    pub fn network(&self) -> &sim::Network {
        &self.network
    }

    /// Shape of an image.
    pub fn input(&self) -> Shape {
        self.input
    }

    /// Poisson rate (Hz) of a full-scale pixel.
    pub fn max_rate(&self) -> f64 {
        self.max_rate
    }

    /// How the weights were mapped.
    pub fn route(&self) -> Route {
        self.route
    }

    /// What became of the layers.
    pub fn layers(&self) -> &[MappedLayer] {
        &self.layers
    }

    /// Poisson input for one image of bytes.
    pub fn stimulus(&self, pixels: &[u8]) -> Source {
        Source::poisson(pixels.iter().map(|&pixel| f64::from(pixel) / 255.0 * self.max_rate).collect())
    }
}

/// A conversion in progress: what the next layer is to be connected to.
struct Mapping<'a> {
    settings: &'a ConversionSettings,
    route: Route,
    response: NoisySoftplus,
    neuron: IfCurrExp,
    network: sim::Network,
    /// Number of calibration images.
    images: usize,
    /// Where the next layer's spikes come from.
    pre: Pre,
    /// Rate (Hz) that stands for an activation of one there.
    unit_rate: f64,
    /// Activations there, image by image.
    activations: Vec<f32>,
    layers: Vec<MappedLayer>,
}

/// What a layer's synapses must do to the weights of the trained units, and what current is to be added.
struct Scale {
    /// nA per unit of trained weight.
    weight: f64,
    /// nA per unit of trained bias.
    bias: f64,
    /// Added to i_offset (nA).
    current: f64,
}

impl Mapping<'_> {
    fn add(
        &mut self,
        trained: &Network<f32>,
        index: usize,
        counterpart: Counterpart<'_>,
    ) -> Result<(), ConversionError> {
        let last = index + 1 == trained.layers().len();
        let layer = &trained.layers()[index];
        if let Counterpart::Identity = counterpart {
            return if last { Err(ConversionError::NoClassifier { kind: layer.kind() }) } else { Ok(()) };
        }
        let sums = Sums::of(counterpart, trained.input_shape(index), &self.activations, self.images)?;
        let activation = layer.activation();
        let (unit_rate, scale, fit) = if last {
            if !matches!((layer, activation), (Layer::Dense(_), Activation::Softmax | Activation::Linear)) {
                return Err(ConversionError::NoClassifier { kind: layer.kind() });
            }
            self.output_scale(&sums, trained.output().units(), index, layer)?
        } else {
            self.hidden_scale(&sums, activation, index, layer)?
        };
        let shape = trained.output_shape(index);
        let population = self.population(counterpart, shape, &scale, last)?;
        let post = self.network.add_population(population);
        let Some(synapses) = synapses(counterpart, trained.input_shape(index), scale.weight)? else {
            return Err(ConversionError::NoClassifier { kind: layer.kind() });
        };
        self.network.add_projection(Projection::new(self.pre, post, self.settings.delay, synapses)?)?;
        self.activations = self.outputs(layer, trained.input_shape(index), &sums)?;
        self.pre = Pre::Population(post);
        self.unit_rate = unit_rate;
        self.layers.push(MappedLayer { kind: layer.kind(), shape, unit_rate, fit });
        Ok(())
    }

    /// Scale of a hidden layer.
    fn hidden_scale(
        &self,
        sums: &Sums,
        activation: Activation,
        index: usize,
        layer: &Layer<f32>,
    ) -> Result<(f64, Scale, LayerFit), ConversionError> {
        let wanted: fn(f64) -> f64 = match activation {
            Activation::NoisySoftplus(_) => {
                // One unit of activation is one spike per synaptic time constant, weights are nA.
                let unit_rate = MS_PER_S / self.neuron.tau_syn_e;
                let scale = Scale { weight: unit_rate / self.unit_rate, bias: 1.0, current: 0.0 };
                return Ok((unit_rate, scale, LayerFit::UNCHANGED));
            }
            Activation::Relu => |z| z.max(0.0),
            Activation::Softplus => |z| sim::theory::noisy_softplus(z, 1.0),
            Activation::Linear if matches!(layer, Layer::AveragePool2d(_)) => |z| z,
            Activation::Linear
            | Activation::Softmax
            | Activation::LeakyRelu { .. }
            | Activation::Elu { .. }
            | Activation::NegLu
            | Activation::RootUnit(_)
            | Activation::Sigmoid
            | Activation::Tanh
            | Activation::LifRate(_) => {
                return Err(ConversionError::SignedOutput {
                    layer: index,
                    kind: layer.kind(),
                    activation: activation.to_string(),
                });
            }
        };
        let unit_rate = if let Layer::AveragePool2d(_) = layer {
            self.unit_rate
        } else {
            let positive: Vec<f64> = sums.drive.iter().map(|&z| wanted(z)).filter(|&a| a > 0.0).collect();
            let full = quantile(positive, self.settings.percentile);
            if !(full > 0.0) {
                return Err(ConversionError::Silent { layer: index, kind: layer.kind(), images: self.images });
            }
            self.settings.hidden_rate / full
        };
        let s = self.response.s_hz_per_na;
        let variance = self.variance_per_square(unit_rate);
        let points = sums.drive.iter().zip(&sums.squares);
        let points = points.map(|(&z, &square)| (unit_rate * z / s, (variance * square).sqrt(), unit_rate * wanted(z)));
        let fit = ResponseFit::new(self.response, points).solve();
        Ok((unit_rate, self.scale(unit_rate, fit), fit))
    }

    /// Scale of the output layer: the winner's logit at the percentile has the output rate; where winners may be
    /// negative, all logits are raised alike.
    fn output_scale(
        &self,
        sums: &Sums,
        classes: usize,
        index: usize,
        layer: &Layer<f32>,
    ) -> Result<(f64, Scale, LayerFit), ConversionError> {
        let winners: Vec<f64> =
            sums.drive.chunks(classes).map(|z| z.iter().copied().fold(f64::NEG_INFINITY, f64::max)).collect();
        let low = quantile(winners.clone(), 1.0 - self.settings.percentile).min(0.0);
        let high = quantile(winners, self.settings.percentile);
        if !(high > low) {
            return Err(ConversionError::Silent { layer: index, kind: layer.kind(), images: self.images });
        }
        let unit_rate = self.settings.output_rate / (high - low);
        let fit = LayerFit { current: -unit_rate * low / self.response.s_hz_per_na, ..LayerFit::UNCHANGED };
        Ok((unit_rate, self.scale(unit_rate, fit), fit))
    }

    /// Weights that give the mean current unit_rate z / S (nA), times the fit's gain.
    fn scale(&self, unit_rate: f64, fit: LayerFit) -> Scale {
        let per_unit = fit.gain * unit_rate / self.response.s_hz_per_na;
        Scale {
            weight: per_unit * MS_PER_S / (self.neuron.tau_syn_e * self.unit_rate),
            bias: per_unit,
            current: fit.current,
        }
    }

    /// Variance of the synaptic current (nA^2) per unit of sum W^2 a, at gain one: (tau_syn/2) sum w^2 rate.
    fn variance_per_square(&self, unit_rate: f64) -> f64 {
        let weight = self.scale(unit_rate, LayerFit::UNCHANGED).weight;
        0.5 * self.neuron.tau_syn_e / MS_PER_S * weight * weight * self.unit_rate
    }

    fn population(
        &self,
        counterpart: Counterpart<'_>,
        shape: Shape,
        scale: &Scale,
        is_output: bool,
    ) -> Result<Population, ConversionError> {
        let base = self.neuron.i_offset + scale.current;
        let bias = match counterpart {
            Counterpart::Convolution(conv) => conv.bias(),
            Counterpart::Dense(dense) => dense.bias(),
            Counterpart::Pool(_) | Counterpart::Identity => None,
        };
        let i_offset: Vec<f64> = match bias {
            Some(bias) => bias.iter().cycle().take(shape.units()).map(|&b| base + scale.bias * f64::from(b)).collect(),
            None => vec![base; shape.units()],
        };
        let population = Population::new(shape.units(), self.neuron).map_err(sim::NetworkError::from)?;
        let recording = Recording { spikes: is_output, ..Recording::default() };
        Ok(population.with_i_offset(i_offset)?.with_recording(recording)?)
    }

    /// Activations of a layer on the calibration images.
    fn outputs(&self, layer: &Layer<f32>, input: Shape, sums: &Sums) -> Result<Vec<f32>, ConversionError> {
        Ok(match (self.route, layer.activation()) {
            (_, Activation::Relu) => sums.drive.iter().map(|&z| z.max(0.0) as f32).collect(),
            (_, Activation::Linear | Activation::Softmax) => sums.drive.iter().map(|&z| z as f32).collect(),
            _ => Network::new(input, vec![layer.clone()])?.logits(&self.activations, self.images),
        })
    }
}

/// Synapses of a layer, `scale` (nA per unit of trained weight) times its weights; `None` for one without.
fn synapses(counterpart: Counterpart<'_>, input: Shape, scale: f64) -> Result<Option<Synapses>, ConversionError> {
    let scaled = |kernel: &[f32]| kernel.iter().map(|&w| scale * f64::from(w)).collect::<Vec<f64>>();
    Ok(Some(match counterpart {
        Counterpart::Convolution(conv) => {
            let kernel = conv.kernel_shape();
            let shape = ConvolutionShape {
                map: [input.height, input.width],
                channels: kernel.inputs,
                kernel: [kernel.height, kernel.width],
                filters: kernel.outputs,
                stride: [conv.stride().height, conv.stride().width],
                padding: [[0, 0], [0, 0]],
                dilation: [1, 1],
                groups: 1,
                layout: MapLayout::ChannelsLast,
            };
            Synapses::Convolution(Convolution::new(shape, &scaled(conv.kernel()))?)
        }
        Counterpart::Pool(pool) => {
            let window = [pool.pool().height, pool.pool().width];
            let map = [input.height, input.width];
            Synapses::Pooling(Pooling::new(map, input.channels, window, scale * pool.weight())?)
        }
        Counterpart::Dense(dense) => {
            Synapses::Dense(sim::Dense::new(dense.inputs(), dense.outputs(), scaled(dense.kernel()))?)
        }
        Counterpart::Identity => return Ok(None),
    }))
}
