//! The simulated networks, and how spikes pass from one to the next.
//!
//! Populations that hear each other directly are one network. Where a maximum or a concatenation stands between them, the spikes of one
//! network are chosen and renumbered, and are sources of the next.

use crate::encoding::Stimulus;
use crate::error::ConversionError;
use crate::gate;
use crate::plan::{Plan, PreparedMap, Sign, Train, TrainId, TrainOrigin};
use sim::{Network, Population, Pre, Record, Recording, Simulation, Source, Spike, StreamKey};
use std::borrow::Cow;

/// A network, and what it hears from outside.
#[derive(Debug, Clone, Default)]
struct Part {
    network: Network,
    sources: Vec<TrainId>,
}

/// Constant currents by which a population hears the image.
#[derive(Debug, Clone)]
pub(crate) struct ImageCurrent {
    /// The part and the index of the population.
    pub(crate) home: (usize, usize),
    /// Of the inputs of the trained network.
    pub(crate) map: PreparedMap,
    /// Current (nA) per unit of the map's sums.
    pub(crate) scale: f64,
}

/// Networks in the order in which they run.
#[derive(Debug, Clone)]
pub(crate) struct Circuit {
    parts: Vec<Part>,
    trains: Vec<Train>,
    /// The part in which each train can first be heard.
    levels: Vec<usize>,
    /// The part and the population that fire each train.
    homes: Vec<Option<(usize, usize)>>,
    /// Where the image is heard without spikes.
    image_currents: Vec<ImageCurrent>,
    /// The part and the population of the outputs.
    output: (usize, usize),
}

/// Where a projection goes.
pub(crate) struct Site<'a> {
    pub(crate) pre: Pre,
    pub(crate) network: &'a mut Network,
    pub(crate) population: usize,
}

impl Circuit {
    /// Without populations yet.
    pub(crate) fn new(plan: &Plan) -> Circuit {
        let mut levels = vec![0; plan.trains.len()];
        for (train, Train { origin, .. }) in plan.trains.iter().enumerate() {
            levels[train] = match origin {
                TrainOrigin::Input => 0,
                &TrainOrigin::Neurons { stage } => level(plan, &levels, stage),
                &TrainOrigin::Greatest { of, .. } => levels[of] + 1,
                TrainOrigin::Together(parts) => parts.iter().map(|&(part, _)| levels[part]).max().unwrap_or(0) + 1,
            };
        }
        let homes = vec![None; plan.trains.len()];
        let (parts, image_currents) = (Vec::new(), Vec::new());
        Circuit { parts, trains: plan.trains.clone(), levels, homes, image_currents, output: (0, 0) }
    }

    /// Takes a population of a stage; returns its part and index.
    pub(crate) fn add(
        &mut self,
        plan: &Plan,
        stage: usize,
        sign: Sign,
        population: Population,
    ) -> Result<(usize, usize), ConversionError> {
        let level = level(plan, &self.levels, stage);
        if self.parts.len() <= level {
            self.parts.resize_with(level + 1, Part::default);
        }
        let population = population.with_recording(Recording { spikes: true, ..Recording::default() })?;
        let home = (level, self.parts[level].network.add_population(population));
        match plan.train_of(stage, sign) {
            Some(train) => self.homes[train] = Some(home),
            None => self.output = home,
        }
        Ok(home)
    }

    /// Where a projection from a train to a population belongs.
    pub(crate) fn connect(&mut self, train: TrainId, (part, population): (usize, usize)) -> Site<'_> {
        let Part { network, sources } = &mut self.parts[part];
        let pre = match self.homes[train] {
            Some((home, index)) if home == part => Pre::Population(index),
            _ => match sources.iter().position(|&source| source == train) {
                Some(source) => Pre::Source(source),
                None => {
                    sources.push(train);
                    network.add_source(self.trains[train].shape.units())
                }
            },
        };
        Site { pre, network, population }
    }

    /// The first layer (index, kind) that chooses or renumbers spikes between networks, if there is one.
    pub(crate) fn gate(&self) -> Option<(usize, &'static str)> {
        let mut heard = self.parts.iter().flat_map(|part| &part.sources).map(|&train| &self.trains[train]);
        heard.find_map(|train| match train.origin {
            TrainOrigin::Greatest { .. } => Some((train.node.unwrap_or(0), "MaxPooling2D")),
            TrainOrigin::Together(_) => Some((train.node.unwrap_or(0), "Concatenate")),
            TrainOrigin::Input | TrainOrigin::Neurons { .. } => None,
        })
    }

    /// Lets a population hear the image by constant currents.
    pub(crate) fn inject(&mut self, current: ImageCurrent) {
        self.image_currents.push(current);
    }

    pub(crate) fn networks(&self) -> impl Iterator<Item = &Network> {
        self.parts.iter().map(|part| &part.network)
    }
}

/// The part of a stage: that in which all it hears can be heard.
fn level(plan: &Plan, levels: &[usize], stage: usize) -> usize {
    plan.stages[stage].links.iter().map(|link| levels[link.train]).max().unwrap_or(0)
}

/// A circuit that can be run.
#[derive(Debug, Clone)]
pub(crate) struct CircuitSimulation<'a> {
    circuit: &'a Circuit,
    parts: Vec<Simulation<'a>>,
}

/// What a run of a circuit has shown.
#[derive(Debug)]
pub(crate) struct CircuitRecord {
    /// Of each part.
    pub(crate) parts: Vec<Record>,
    /// Spikes of the image.
    pub(crate) input_spikes: u64,
    output: (usize, usize),
}

impl CircuitRecord {
    /// Spikes of the outputs, in order of time, and how many outputs there are.
    pub(crate) fn output(&self) -> (&[Spike], usize) {
        let population = &self.parts[self.output.0].populations[self.output.1];
        (&population.spikes, population.counts.len())
    }
}

impl<'a> CircuitSimulation<'a> {
    pub(crate) fn new(circuit: &'a Circuit) -> Result<Self, ConversionError> {
        let parts = circuit.networks().map(Simulation::new).collect::<Result<_, _>>()?;
        Ok(CircuitSimulation { circuit, parts })
    }

    /// Runs all parts on a stimulus for `duration` ms.
    pub(crate) fn run(
        &mut self,
        stimulus: &Stimulus,
        key: StreamKey,
        duration: f64,
    ) -> Result<CircuitRecord, ConversionError> {
        let circuit = self.circuit;
        self.set_currents(&stimulus.brightness)?;
        let stimulus = &stimulus.source;
        // Several parts may hear the image, or a maximum of it: they hear the same spikes.
        let units = circuit.trains[0].shape.units();
        let drawn = if circuit.parts.len() > 1 { stimulus.spikes(units, key, duration)? } else { Vec::new() };
        let mut records: Vec<Record> = Vec::with_capacity(self.parts.len());
        for (part, simulation) in circuit.parts.iter().zip(&mut self.parts) {
            let sources = part.sources.iter().map(|&train| match train {
                0 if circuit.parts.len() == 1 => stimulus.clone(),
                _ => Source::Spikes(circuit.spikes(train, &drawn, &records).into_owned()),
            });
            let sources: Vec<Source> = sources.collect();
            records.push(simulation.run(&sources, key, duration)?);
        }
        let heard = |(part, record): (&Part, &Record)| {
            part.sources.iter().position(|&train| train == 0).map(|source| record.source_spikes[source])
        };
        let heard = circuit.parts.iter().zip(&records).find_map(heard);
        let input_spikes = heard.unwrap_or(drawn.len() as u64);
        Ok(CircuitRecord { parts: records, input_spikes, output: circuit.output })
    }
}

impl CircuitSimulation<'_> {
    /// Constant currents of the populations that hear an image by them.
    fn set_currents(&mut self, brightness: &[f32]) -> Result<(), ConversionError> {
        let currents = &self.circuit.image_currents;
        for (index, ImageCurrent { home, .. }) in currents.iter().enumerate() {
            if currents[..index].iter().any(|earlier| earlier.home == *home) {
                continue;
            }
            let (part, population) = *home;
            let mut i_offset = self.circuit.parts[part].network.populations()[population].i_offset().to_vec();
            for ImageCurrent { map, scale, .. } in currents[index..].iter().filter(|current| current.home == *home) {
                let sums = map.apply(brightness, 1);
                i_offset.iter_mut().zip(sums).for_each(|(current, sum)| *current += scale * f64::from(sum));
            }
            self.parts[part].set_i_offset(population, i_offset)?;
        }
        Ok(())
    }
}

impl Circuit {
    /// The spikes of a train, from those of the image and the records of the parts that have run.
    pub(crate) fn spikes<'a>(&self, train: TrainId, image: &'a [Spike], records: &'a [Record]) -> Cow<'a, [Spike]> {
        let Train { origin, shape, .. } = &self.trains[train];
        match origin {
            TrainOrigin::Input => Cow::Borrowed(image),
            TrainOrigin::Neurons { .. } => match self.homes[train] {
                Some((part, population)) => Cow::Borrowed(&records[part].populations[population].spikes),
                // Silent on all images of the calibration, and hence without neurons.
                None => Cow::Borrowed(&[]),
            },
            &TrainOrigin::Greatest { of, pool, input } => {
                Cow::Owned(gate::greatest(&self.spikes(of, image, records), pool, input, *shape))
            }
            TrainOrigin::Together(parts) => {
                let spikes: Vec<_> = parts.iter().map(|&(part, _)| self.spikes(part, image, records)).collect();
                let shapes = parts.iter().map(|&(_, shape)| shape);
                let parts: Vec<_> = spikes.iter().map(|spikes| &**spikes).zip(shapes).collect();
                Cow::Owned(gate::together(&parts))
            }
        }
    }
}
