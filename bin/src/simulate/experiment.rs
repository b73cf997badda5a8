//! A whole experiment, checked and wired: the network, what drives it, and the names of its parts.

use super::description::Description;
use super::population::population;
use super::projection::{Ends, projection};
use super::source::source;
use anyhow::{Context, Result, bail, ensure};
use rayon::prelude::*;
use sim::{Network, Pre, Source, StreamKey};

/// Most neurons of a population or source.
const MOST_NEURONS: usize = 10_000_000;

/// Seed where neither the file nor the command line has one.
const SEED: u64 = 1;

/// All that one run needs.
#[derive(Debug)]
pub(super) struct Experiment {
    pub(super) network: Network,
    /// Names of the populations, in the network's order.
    pub(super) names: Vec<String>,
    pub(super) source_names: Vec<String>,
    pub(super) sources: Vec<Source>,
    pub(super) key: StreamKey,
    /// Duration (ms).
    pub(super) duration: f64,
}

impl Experiment {
    /// Checks and wires a description; the projections are drawn in parallel.
    ///
    /// # Errors
    ///
    /// The message names the place, such as `populations[1].cellparams.tau_m`.
    pub(super) fn new(description: &Description, seed: Option<u64>) -> Result<Experiment> {
        let duration = description.simulation.duration;
        ensure!(
            0.0 < duration && duration.is_finite(),
            "simulation.duration: expected a positive finite time (ms), found {duration}"
        );
        let key = StreamKey { seed: seed.or(description.simulation.seed).unwrap_or(SEED), sample: 0 };
        let mut experiment = Experiment {
            network: Network::new(),
            names: Vec::new(),
            source_names: Vec::new(),
            sources: Vec::new(),
            key,
            duration,
        };
        for (index, table) in description.sources.iter().enumerate() {
            let place = || format!("sources[{index}]");
            experiment.check_part(table.name(), table.size()).with_context(place)?;
            experiment.sources.push(source(table, index, key).map_err(|error| under(error, &place()))?);
            experiment.network.add_source(table.size());
            experiment.source_names.push(table.name().to_owned());
        }
        ensure!(!description.populations.is_empty(), "populations: expected at least one");
        for (index, table) in description.populations.iter().enumerate() {
            let place = || format!("populations[{index}]");
            experiment.check_part(&table.name, table.size).with_context(place)?;
            let population = population(table, index, key, duration).map_err(|error| under(error, &place()))?;
            experiment.network.add_population(population);
            experiment.names.push(table.name.clone());
        }
        let drawn: Vec<Result<_>> = description
            .projections
            .par_iter()
            .enumerate()
            .map(|(index, table)| {
                let place = format!("projections[{index}] ({} -> {})", table.presynaptic, table.postsynaptic);
                let ends = experiment.ends(&table.presynaptic, &table.postsynaptic);
                ends.and_then(|ends| projection(table, ends, index, key)).context(place)
            })
            .collect();
        for (index, projection) in drawn.into_iter().enumerate() {
            experiment.network.add_projection(projection?).with_context(|| format!("projections[{index}]"))?;
        }
        Ok(experiment)
    }

    /// Refuses names that are taken or would not do as names of arrays, and sizes that would fill the memory.
    fn check_part(&self, name: &str, size: usize) -> Result<()> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        ensure!(
            !name.is_empty() && name.chars().all(plain),
            "name: expected ASCII letters, digits, '_' and '-', found {name:?}"
        );
        ensure!(!self.names.iter().chain(&self.source_names).any(|other| other == name), "name: {name:?} is taken");
        ensure!((1..=MOST_NEURONS).contains(&size), "size: expected 1 to {MOST_NEURONS} neurons, found {size}");
        Ok(())
    }

    fn ends(&self, presynaptic: &str, postsynaptic: &str) -> Result<Ends> {
        let position = |names: &[String], name: &str| names.iter().position(|other| other == name);
        let known = |names: &mut dyn Iterator<Item = &String>| names.cloned().collect::<Vec<_>>().join(", ");
        let Some(post) = position(&self.names, postsynaptic) else {
            let names = known(&mut self.names.iter());
            bail!("postsynaptic: there is no population {postsynaptic:?}, expected one of: {names}");
        };
        let population_size = |index: usize| self.network.populations()[index].size();
        let (pre, pre_size) = if let Some(index) = position(&self.names, presynaptic) {
            (Pre::Population(index), population_size(index))
        } else if let Some(index) = position(&self.source_names, presynaptic) {
            (Pre::Source(index), self.network.sources()[index])
        } else {
            let names = known(&mut self.names.iter().chain(&self.source_names));
            bail!("presynaptic: there is no population or source {presynaptic:?}, expected one of: {names}");
        };
        Ok(Ends { pre, post, pre_size, post_size: population_size(post) })
    }

    /// Name of the presynaptic end of a projection.
    pub(super) fn presynaptic(&self, pre: Pre) -> &str {
        match pre {
            Pre::Source(index) => &self.source_names[index],
            Pre::Population(index) => &self.names[index],
        }
    }
}

/// Joins a place and the key within it: `populations[1]` and `cellparams.tau_m` to `populations[1].cellparams.tau_m`.
fn under(error: anyhow::Error, place: &str) -> anyhow::Error {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    anyhow::anyhow!("{place}.{}", causes.join(": "))
}
