//! Runs a network: populations in topological order, each over the whole stretch of time; loops in windows of
//! their shortest delay.
//!
//! The input of a population is complete once those before it have run, so there is no event queue: the spikes
//! that reach it are merged by time and delivered one after the other. Within a loop the same holds for a window as long as the
//! shortest delay, since what is fired in it arrives in a later one.

mod input;
mod runner;

use crate::background::check_backgrounds;
use crate::error::{NetworkError, not_negative};
use crate::network::{Component, Network};
use crate::population::Population;
use crate::population::state::State;
use crate::projection::Synapses;
use crate::random::StreamKey;
use crate::record::{PopulationRecord, Record};
use crate::source::Source;
use input::Trains;
use runner::Runner;
use std::borrow::Cow;

/// Most steps of the clockwork (redraws, windows, moves of the origin) in one run; so many take hours.
const MOST_STEPS: f64 = 1e10;

/// Windows (ms) after each of which it is asked whether to go on; of shorter ones, after some.
const LONG: f64 = 100.0;

/// Most background spikes of a population in one run; so many take hours.
const MOST_ARRIVALS: f64 = 1e12;

/// Windows of a loop, in units of its shortest delay: a little less, so that rounding puts no arrival before the window it belongs to.
const MARGIN: f64 = 1.0 - 1e-6;

/// The running state of a network, reusable from run to run; one per thread.
#[derive(Debug, Clone)]
pub struct Simulation<'a> {
    network: &'a Network,
    components: Vec<Component>,
    /// Those of the network, and those whose constant current has been changed since.
    populations: Vec<Cow<'a, Population>>,
    /// The window (ms) that each population shares with its loop.
    windows: Vec<Option<f64>>,
    states: Vec<State>,
}

impl<'a> Simulation<'a> {
    /// Allocates the state of a network.
    ///
    /// # Errors
    ///
    /// Refuses loops of projections without delay.
    pub fn new(network: &'a Network) -> Result<Simulation<'a>, NetworkError> {
        let components = network.components()?;
        // Populations of a loop go from window to window together: as far as the shortest delay allows, and suits all of them.
        let mut windows = vec![None; network.populations().len()];
        for component in &components {
            let suits = |&index: &usize| State::longest_window(&network.populations()[index]);
            let shared =
                component.delay.map(|delay| component.populations.iter().map(suits).fold(MARGIN * delay, f64::min));
            component.populations.iter().for_each(|&index| windows[index] = shared);
        }
        let populations: Vec<Cow<'_, Population>> = network.populations().iter().map(Cow::Borrowed).collect();
        let states = populations.iter().zip(&windows).enumerate();
        let states = states.map(|(index, (population, &shared))| state(network, index, population, shared)).collect();
        Ok(Simulation { network, components, populations, windows, states })
    }

    /// Gives the neurons of a population other constant currents (nA), one each, from the next run on.
    ///
    /// # Errors
    ///
    /// Names a population that is not there, a wrong number of currents and one that is not finite.
    pub fn set_i_offset(&mut self, population: usize, i_offset: Vec<f64>) -> Result<(), NetworkError> {
        let count = self.populations.len();
        let Some(changed) = self.populations.get_mut(population) else {
            return Err(NetworkError::Missing { what: "population", index: population, count });
        };
        *changed = Cow::Owned(changed.clone().into_owned().with_i_offset(i_offset)?);
        self.states[population] = state(self.network, population, changed, self.windows[population]);
        Ok(())
    }

    /// Simulates [0, duration) ms from the initial state; a crossing at the very end is counted.
    ///
    /// * `sources`: what each source of the network emits
    /// * `key`: address of all randomness of this run
    ///
    /// # Errors
    ///
    /// Refuses a negative or infinite duration and sources that do not fit the network.
    pub fn run(&mut self, sources: &[Source], key: StreamKey, duration: f64) -> Result<Record, NetworkError> {
        self.run_watched(sources, key, duration, &mut |_| true)
    }

    /// As [`Simulation::run`], and tells `watch` how far it has come (0 to 1) now and then; ends early, with what has happened until
    /// then, when that returns false.
    ///
    /// # Errors
    ///
    /// As [`Simulation::run`].
    pub fn run_watched(
        &mut self,
        sources: &[Source],
        key: StreamKey,
        duration: f64,
        watch: &mut dyn FnMut(f64) -> bool,
    ) -> Result<Record, NetworkError> {
        not_negative("duration", "ms", duration)?;
        self.check_steps(duration)?;
        let emitted = self.network.emit(sources, key, duration)?;
        let mut record =
            Record { source_spikes: emitted.iter().map(|spikes| spikes.len() as u64).collect(), ..Record::default() };
        record.populations = vec![PopulationRecord::default(); self.states.len()];
        record.weights = vec![None; self.network.projections().len()];
        let mut trains = Trains { emitted, fired: vec![Vec::new(); self.states.len()] };
        let mut done = 0;
        for component in &self.components {
            let mut runners: Vec<Runner<'_>> = component
                .populations
                .iter()
                .map(|&index| {
                    let drives_itself = self.states[index].drives_itself();
                    Runner::new(self.network, (index, &self.populations[index]), key, drives_itself)
                })
                .collect();
            for runner in &runners {
                self.states[runner.index].reset(runner.population, key, self.network.address(runner.index));
            }
            let window = component.populations.iter().map(|&i| self.states[i].window()).fold(f64::INFINITY, f64::min);
            let share = component.populations.len() as f64 / self.states.len() as f64;
            let before = done as f64 / self.states.len() as f64;
            let mut number = 0u64;
            let mut reached = duration;
            loop {
                let start = if number == 0 { 0.0 } else { number as f64 * window };
                let end = ((number + 1) as f64 * window).min(duration);
                for runner in &mut runners {
                    let state = &mut self.states[runner.index];
                    state.begin(number);
                    runner.advance(state, &trains, start, end, duration);
                    state.finish(end);
                    runner.note(state);
                }
                for runner in &mut runners {
                    runner.take_spikes(&mut self.states[runner.index], &mut trains.fired[runner.index]);
                }
                number += 1;
                if end >= duration {
                    break;
                }
                if (number.is_multiple_of(1024) || window >= LONG) && !watch(before + share * end / duration) {
                    reached = end;
                    break;
                }
            }
            for mut runner in runners {
                runner.close(&mut self.states[runner.index], reached, &mut trains.fired[runner.index]);
                runner.finish(&trains, reached, &mut record);
            }
            done += component.populations.len();
            if reached < duration || !watch(done as f64 / self.states.len() as f64) {
                break;
            }
        }
        record.duration = record.populations.iter().map(|seen| seen.duration).fold(duration, f64::min);
        Ok(record)
    }

    fn check_steps(&self, duration: f64) -> Result<(), NetworkError> {
        for (state, population) in self.states.iter().zip(&self.populations) {
            check_backgrounds(population, duration, MOST_ARRIVALS)?;
            let redraws = population.currents().iter().filter_map(|current| current.source.interval());
            let redraws = redraws.map(|interval| ("a noise interval", interval));
            let pace = ("a step (a fraction of the shortest time constant or delay)", state.pace(population));
            for (what, interval) in redraws.chain([pace]) {
                if duration > MOST_STEPS * interval {
                    return Err(NetworkError::TooManySteps { duration, what, interval, most: MOST_STEPS });
                }
            }
        }
        Ok(())
    }
}

/// The fresh state of a population, which may share windows (ms) with a loop.
fn state(network: &Network, index: usize, population: &Population, shared: Option<f64>) -> State {
    let mut onto = network.projections().iter().filter(|projection| projection.post == index);
    let deaf = onto.clone().next().is_none();
    // Whether any projection brings synapses one by one.
    let single = onto.any(|projection| matches!(projection.synapses, Synapses::Sparse(_)));
    State::new(population, shared, single, deaf)
}
