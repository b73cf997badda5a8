//! A feed-forward network: sources, populations in topological order, projections between them.

use crate::error::NetworkError;
use crate::population::Population;
use crate::projection::{Pre, Projection};

/// Description of a network, checked as it is built.
///
/// Populations are numbered in the order in which they are added, and a projection must lead from a source or an
/// earlier population to a later one; that order is the order of simulation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Network {
    sources: Vec<usize>,
    populations: Vec<Population>,
    projections: Vec<Projection>,
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
    /// Both ends must exist, the presynaptic population must come before the postsynaptic one, and the sizes must agree.
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
                Some(_) if pre >= post => return Err(NetworkError::NotFeedForward { pre, post }),
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

    /// The populations, in order of simulation.
    pub fn populations(&self) -> &[Population] {
        &self.populations
    }

    /// The projections.
    pub fn projections(&self) -> &[Projection] {
        &self.projections
    }
}
