//! Description of a network: sources, populations, projections between them.

use crate::current::CurrentSource;
use crate::error::NetworkError;
use crate::population::Population;
use crate::projection::{Pre, Projection, Synapses};
use crate::random::StreamKey;
use crate::record::Spike;
use crate::source::Source;
use petgraph::graph::DiGraph;

/// Description of a network, checked as it is built. Any graph of populations is allowed; loops need delays.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Network {
    sources: Vec<usize>,
    populations: Vec<Population>,
    projections: Vec<Projection>,
}

/// Populations that have to be simulated together, because their spikes reach each other.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Component {
    /// Indices of the populations, ascending.
    pub(crate) populations: Vec<usize>,
    /// The shortest delay (ms) between them; none for a single population that does not project onto itself.
    pub(crate) delay: Option<f64>,
}

impl Network {
    /// An empty network.
    pub fn new() -> Network {
        Network::default()
    }

    /// Adds a source of `size` neurons and returns its end for projections.
    pub fn add_source(&mut self, size: usize) -> Pre {
        self.sources.push(size);
        Pre::Source(self.sources.len() - 1)
    }

    /// Adds a population and returns its index.
    pub fn add_population(&mut self, population: Population) -> usize {
        self.populations.push(population);
        self.populations.len() - 1
    }

    /// Adds a projection.
    ///
    /// # Errors
    ///
    /// Both ends must exist, and the sizes must agree.
    pub fn add_projection(&mut self, projection: Projection) -> Result<(), NetworkError> {
        let post = projection.post;
        let missing = |what, index, count| Err(NetworkError::Missing { what, index, count });
        let Some(target) = self.populations.get(post) else {
            return missing("population", post, self.populations.len());
        };
        let pre_size = match projection.pre {
            Pre::Source(source) => match self.sources.get(source) {
                Some(&size) => size,
                None => return missing("source", source, self.sources.len()),
            },
            Pre::Population(pre) => match self.populations.get(pre) {
                Some(population) => population.size(),
                None => return missing("population", pre, self.populations.len()),
            },
        };
        for (what, expected, found) in [
            ("presynaptic neurons of a projection", pre_size, projection.synapses.pre_size()),
            ("postsynaptic neurons of a projection", target.size(), projection.synapses.post_size()),
        ] {
            if expected != found {
                return Err(NetworkError::Length { what, expected, found });
            }
        }
        self.projections.push(projection);
        Ok(())
    }

    /// Number of neurons of each source.
    pub fn sources(&self) -> &[usize] {
        &self.sources
    }

    /// The populations.
    pub fn populations(&self) -> &[Population] {
        &self.populations
    }

    /// The projections.
    pub fn projections(&self) -> &[Projection] {
        &self.projections
    }

    /// The populations in an order in which the input of each is complete before its turn; those in loops come together.
    ///
    /// # Errors
    ///
    /// Refuses loops without delay.
    pub(crate) fn components(&self) -> Result<Vec<Component>, NetworkError> {
        let mut graph = DiGraph::<(), ()>::new();
        let nodes: Vec<_> = self.populations.iter().map(|_| graph.add_node(())).collect();
        for projection in &self.projections {
            if let Pre::Population(pre) = projection.pre {
                graph.add_edge(nodes[pre], nodes[projection.post], ());
            }
        }
        // The strongly connected components come with the last first.
        let components = petgraph::algo::tarjan_scc(&graph);
        components.iter().rev().map(|nodes| self.component(nodes.iter().map(|node| node.index()).collect())).collect()
    }

    fn component(&self, mut populations: Vec<usize>) -> Result<Component, NetworkError> {
        populations.sort_unstable();
        let mut shortest = None;
        for projection in &self.projections {
            let Pre::Population(pre) = projection.pre else { continue };
            if populations.contains(&pre) && populations.contains(&projection.post) {
                let delay = projection.delays().0;
                if !(delay > 0.0) {
                    return Err(NetworkError::LoopWithoutDelay { pre, post: projection.post });
                }
                shortest = Some(shortest.map_or(delay, |shortest: f64| shortest.min(delay)));
            }
        }
        Ok(Component { populations, delay: shortest })
    }

    /// Amplitudes (nA) that a noisy current has for all neurons of its population from its n-th redraw on: what a run with this `key`
    /// injects. None for currents of other kinds, and for those that do not exist.
    pub fn noise_amplitudes(&self, population: usize, current: usize, n: u64, key: StreamKey) -> Option<Vec<f64>> {
        let target = self.populations.get(population)?;
        let CurrentSource::Noisy(source) = target.currents().get(current)?.source else { return None };
        let normal = crate::current::noise(key, self.address(population), current).values(target.size(), n);
        Some(normal.iter().map(|z| source.mean + source.stdev * z).collect())
    }

    /// Address of the random streams of a population: they follow those of the sources.
    pub(crate) fn address(&self, population: usize) -> u32 {
        (self.sources.len() + population) as u32
    }

    /// The spikes of each source in [0, duration) ms.
    ///
    /// # Errors
    ///
    /// There must be as many sources as were declared, and each must fit its declaration.
    pub(crate) fn emit(
        &self,
        sources: &[Source],
        key: StreamKey,
        duration: f64,
    ) -> Result<Vec<Vec<Spike>>, NetworkError> {
        if sources.len() != self.sources.len() {
            let (expected, found) = (self.sources.len(), sources.len());
            return Err(NetworkError::Length { what: "sources of the run", expected, found });
        }
        let declared = sources.iter().zip(&self.sources).enumerate();
        declared
            .map(|(index, (source, &size))| source.emit(size, index as u32, self.merges(index), key, duration))
            .collect()
    }

    /// Whether all neurons of a source have the same targets with the same weight, so that nobody can tell them apart.
    pub(crate) fn merges(&self, source: usize) -> bool {
        let from = |projection: &&Projection| projection.pre == Pre::Source(source);
        self.projections.iter().filter(from).all(|projection| matches!(projection.synapses, Synapses::Uniform(_)))
    }
}
