//! A spiking network as other simulators can have it: plain neurons, and synapses that are listed one by one.

use crate::encoding::Encoding;
use crate::error::ExportError;
use crate::spiking_network::{MappedLayer, SpikingNetwork};
use ann::Shape;
use rayon::prelude::*;
use sim::{GridSimulation, Network, Population, Pre, Projection, Psc, Source, Spike, StreamKey};

/// Most synapses that are listed: 16 bytes each, here and in the file.
const MOST_SYNAPSES: u64 = 50_000_000;

/// Times this close to a grid point (in steps) lie on it.
const ROUNDING: f64 = 1e-6;

/// The one network that a conversion has led to, with names for its populations.
#[derive(Debug, Clone)]
pub struct ExportedNetwork<'a> {
    network: &'a Network,
    layers: &'a [MappedLayer],
    names: Vec<String>,
    input: Shape,
}

/// The synapses of a projection, one entry of each list for each.
#[derive(Debug, Clone, PartialEq)]
pub struct SynapseList {
    /// Where the spikes come from.
    pub from: Pre,
    /// Index of the population that receives them.
    pub to: usize,
    /// Delay of all of them (ms).
    pub delay: f64,
    /// Presynaptic neurons.
    pub pre: Vec<u32>,
    /// Postsynaptic neurons.
    pub post: Vec<u32>,
    /// Weights (nA).
    pub weight: Vec<f64>,
}

impl SpikingNetwork {
    /// A name for each population: its number from 1 on and the kind of its layer, an identifier in most languages.
    pub fn names(&self) -> Vec<String> {
        let name = |(index, layer): (usize, &MappedLayer)| {
            let kind: String = layer.kind.chars().filter(char::is_ascii_alphanumeric).collect();
            format!("layer{}_{kind}{}", index + 1, if layer.is_negative { "_negative" } else { "" })
        };
        self.layers().iter().enumerate().map(name).collect()
    }

    /// The network for other simulators.
    ///
    /// # Errors
    ///
    /// Names the layer that chooses or renumbers spikes, and the population that is not plain.
    pub fn exported(&self) -> Result<ExportedNetwork<'_>, ExportError> {
        match self.encoding() {
            Encoding::Poisson | Encoding::Regular | Encoding::Latency => {}
            Encoding::Constant => return Err(ExportError::Currents),
        }
        if let Some((layer, kind)) = self.circuit().gate() {
            return Err(ExportError::Gate { layer, kind });
        }
        let mut networks = self.networks();
        let (Some(network), None) = (networks.next(), networks.next()) else { return Err(ExportError::Several) };
        let names = self.names();
        for (name, population) in names.iter().zip(network.populations()) {
            if let Some(what) = beyond_a_plain_neuron(population) {
                return Err(ExportError::Population { name: name.clone(), what });
            }
        }
        Ok(ExportedNetwork { network, layers: self.layers(), names, input: self.input() })
    }
}

/// What a population has besides the parameters of its neuron and a constant current for each.
fn beyond_a_plain_neuron(population: &Population) -> Option<&'static str> {
    let neuron = population.neuron();
    let plain = [
        ("synaptic currents of another shape", population.psc() == Psc::Exponential),
        ("injected currents", population.currents().is_empty()),
        ("a Poisson background", population.background().is_empty()),
        ("time constants of each neuron", population.time_constants().is_none()),
        ("thresholds of each neuron", population.v_thresh().iter().all(|&v| v == neuron.v_thresh)),
        ("initial potentials of each neuron", population.v_init().iter().all(|&v| v == neuron.v_rest)),
    ];
    plain.into_iter().find(|&(_, is_plain)| !is_plain).map(|(what, _)| what)
}

impl<'a> ExportedNetwork<'a> {
    /// The network, with one source: the image.
    pub fn network(&self) -> &'a Network {
        self.network
    }

    /// What became of the layers: one entry for each population.
    pub fn layers(&self) -> &'a [MappedLayer] {
        self.layers
    }

    /// Names of the populations.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Shape of the image.
    pub fn input(&self) -> Shape {
        self.input
    }

    /// The synapses, projection by projection.
    ///
    /// # Errors
    ///
    /// Refuses more than 50 million in all, and projections without delay, which simulators on a grid do not have.
    pub fn synapses(&self) -> Result<impl Iterator<Item = Result<SynapseList, ExportError>> + '_, ExportError> {
        let projections = self.network.projections();
        let found: u64 = projections.iter().map(|projection| projection.synapses().count()).sum();
        if found > MOST_SYNAPSES {
            return Err(ExportError::TooManySynapses { found, most: MOST_SYNAPSES });
        }
        Ok(projections.iter().map(|projection| self.list(projection)))
    }

    fn list(&self, projection: &Projection) -> Result<SynapseList, ExportError> {
        let name = || self.names[projection.post()].clone();
        let (shortest, longest) = projection.delays();
        if !(0.0 < longest) {
            return Err(ExportError::NoDelay { name: name() });
        }
        if shortest < longest {
            return Err(ExportError::Population { name: name(), what: "synapses of different delays" });
        }
        let count = projection.synapses().count() as usize;
        let (mut pre, mut post, mut weight) =
            (Vec::with_capacity(count), Vec::with_capacity(count), Vec::with_capacity(count));
        projection.synapses().for_each(|synapse| {
            pre.push(synapse.pre);
            post.push(synapse.post);
            weight.push(synapse.weight);
        });
        Ok(SynapseList { from: projection.pre(), to: projection.post(), delay: longest, pre, post, weight })
    }

    /// What all populations fire on a grid of steps of `dt` ms, image by image, given the spikes of the input: those of each at the grid point
    /// at or after it, and none before the end of the first step, where simulators on a grid begin.
    ///
    /// # Errors
    ///
    /// As [`GridSimulation`]: steps that do not divide the duration, or are longer than delays.
    pub fn on_grid(
        &self,
        inputs: &[Vec<Spike>],
        dt: f64,
        duration: f64,
    ) -> Result<Vec<Vec<Vec<Spike>>>, sim::NetworkError> {
        let fresh = GridSimulation::new(self.network, dt)?;
        let stamped = |spike: &Spike| Spike { time: grid_step(spike.time, dt) as f64 * dt, neuron: spike.neuron };
        let run = |simulation: &mut GridSimulation<'_>, spikes: &Vec<Spike>| {
            let input = Source::Spikes(spikes.iter().map(stamped).collect());
            // Nothing is random once the input is given.
            let record = simulation.run(&[input], StreamKey { seed: 0, sample: 0 }, duration)?;
            Ok(record.populations.into_iter().map(|population| population.spikes).collect())
        };
        inputs.par_iter().map_init(|| fresh.clone(), run).collect()
    }
}

/// The step of length `dt` (ms) at whose end an input spike comes, from 1 on.
pub fn grid_step(time: f64, dt: f64) -> u64 {
    ((time / dt - ROUNDING).ceil() as u64).max(1)
}
