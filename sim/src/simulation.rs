//! Runs a network: populations in topological order, each over the whole stretch of time; loops in windows of
//! their shortest delay.
//!
//! The input of a population is complete once those before it have run, so there is no event queue: the spikes
//! that reach it are merged by time and delivered one after the other. Within a loop the same holds for a window as long as the
//! shortest delay, since what is fired in it arrives in a later one.

use crate::current::Currents;
use crate::error::{NetworkError, not_negative};
use crate::network::{Component, Network};
use crate::plasticity::Learning;
use crate::population::Population;
use crate::population::state::State;
use crate::projection::{PerSynapse, Pre, Projection, Synapses};
use crate::random::StreamKey;
use crate::record::{PopulationRecord, Record, Spike};
use crate::source::{BackgroundTrain, Source};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Most steps of the clockwork (redraws, windows, moves of the origin) in one run; so many take hours.
const MOST_STEPS: f64 = 1e10;

/// Windows of a loop, in units of its shortest delay: a little less, so that rounding puts no arrival before the window it belongs to.
const MARGIN: f64 = 1.0 - 1e-6;

/// The running state of a network, reusable from run to run; one per thread.
#[derive(Debug, Clone)]
pub struct Simulation<'a> {
    network: &'a Network,
    components: Vec<Component>,
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
        // Of the projections onto a population, whether any brings synapses one by one.
        let single = |index: usize| {
            let onto = |projection: &&Projection| projection.post == index;
            let listed = |projection: &Projection| matches!(projection.synapses, Synapses::Sparse(_));
            network.projections().iter().filter(onto).any(listed)
        };
        let deaf = |index: usize| network.projections().iter().all(|projection| projection.post != index);
        let states = network.populations().iter().zip(windows).enumerate();
        let states = states
            .map(|(index, (population, shared))| State::new(population, shared, single(index), deaf(index)))
            .collect();
        Ok(Simulation { network, components, states })
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
                .map(|&index| Runner::new(self.network, index, key, self.states[index].injects_itself()))
                .collect();
            for runner in &runners {
                let noise = crate::current::noise(key, self.network.address(runner.index), 0);
                self.states[runner.index].reset(runner.population, noise);
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
                    self.states[runner.index].take_spikes(&mut trains.fired[runner.index], runner.heard);
                }
                number += 1;
                if end >= duration {
                    break;
                }
                if number.is_multiple_of(1024) && !watch(before + share * end / duration) {
                    reached = end;
                    break;
                }
            }
            for runner in runners {
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
        for (state, population) in self.states.iter().zip(self.network.populations()) {
            let redraws = population.currents().iter().filter_map(|current| current.source.interval());
            let redraws = redraws.map(|interval| ("a noise interval", interval));
            let pace = ("a step (a fraction of the shortest time constant or delay)", state.pace());
            for (what, interval) in redraws.chain([pace]) {
                if duration > MOST_STEPS * interval {
                    return Err(NetworkError::TooManySteps { duration, what, interval, most: MOST_STEPS });
                }
            }
        }
        Ok(())
    }
}

/// All spikes so far: of the sources, complete, and of the populations.
struct Trains {
    emitted: Vec<Vec<Spike>>,
    fired: Vec<Vec<Spike>>,
}

impl Trains {
    #[inline]
    fn of(&self, pre: Pre) -> &[Spike] {
        match pre {
            Pre::Source(source) => &self.emitted[source],
            Pre::Population(population) => &self.fired[population],
        }
    }
}

/// A synaptic event to come, of synapses with delays of their own.
#[derive(Debug, Clone, Copy)]
struct Pending {
    time: f64,
    /// Number among all events of the projection: the order of events of equal time.
    order: u64,
    pre: u32,
    synapse: u32,
    /// When the spike was fired (ms).
    fired: f64,
}

impl PartialEq for Pending {
    fn eq(&self, other: &Pending) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Pending {}

impl PartialOrd for Pending {
    fn partial_cmp(&self, other: &Pending) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pending {
    fn cmp(&self, other: &Pending) -> std::cmp::Ordering {
        self.time.total_cmp(&other.time).then(self.order.cmp(&other.order))
    }
}

/// The spikes that a projection brings, read from the front.
struct Input<'a> {
    number: usize,
    projection: &'a Projection,
    next: usize,
    /// The events under way, where synapses have delays of their own.
    pending: Option<BinaryHeap<Reverse<Pending>>>,
    shortest: f64,
    order: u64,
    learning: Option<Learning<'a>>,
}

impl<'a> Input<'a> {
    fn new(number: usize, projection: &'a Projection) -> Input<'a> {
        let own_delays = match &projection.synapses {
            Synapses::Sparse(sparse) => matches!(sparse.delays(), PerSynapse::Each(_)),
            _ => false,
        };
        let learning = match (&projection.plasticity, &projection.synapses) {
            (Some(rule), Synapses::Sparse(sparse)) => Some(Learning::new(*rule, sparse, projection.delay)),
            _ => None,
        };
        Input {
            number,
            projection,
            next: 0,
            pending: own_delays.then(BinaryHeap::new),
            shortest: projection.delays().0,
            order: 0,
            learning,
        }
    }

    /// Arrival time of the next event (ms); infinite at the end.
    #[inline]
    fn arrival(&mut self, spikes: &[Spike]) -> f64 {
        let mut arrival = spikes.get(self.next).map_or(f64::INFINITY, |spike| spike.time + self.shortest);
        let (Some(pending), Synapses::Sparse(sparse)) = (&mut self.pending, &self.projection.synapses) else {
            return arrival;
        };
        // Spikes are spread over their synapses as soon as one of these may be next.
        while arrival < f64::INFINITY && pending.peek().is_none_or(|Reverse(first)| arrival <= first.time) {
            let Spike { time: fired, neuron: pre } = spikes[self.next];
            for synapse in sparse.range(pre as usize) {
                let time = fired + self.projection.delay + sparse.delays().at(synapse);
                pending.push(Reverse(Pending { time, order: self.order, pre, synapse: synapse as u32, fired }));
                self.order += 1;
            }
            self.next += 1;
            arrival = spikes.get(self.next).map_or(f64::INFINITY, |spike| spike.time + self.shortest);
        }
        pending.peek().map_or(f64::INFINITY, |Reverse(first)| first.time)
    }

    /// Delivers the next event, which arrives at t; returns the number of synaptic events.
    fn deliver(&mut self, state: &mut State, spikes: &[Spike], t: f64) -> u64 {
        if let (Some(pending), Synapses::Sparse(sparse)) = (&mut self.pending, &self.projection.synapses) {
            let Some(Reverse(event)) = pending.pop() else { return 0 };
            let synapse = event.synapse as usize;
            let target = sparse.targets()[synapse] as usize;
            let weight = match &mut self.learning {
                None => sparse.weights().at(synapse),
                Some(learning) => {
                    state.settle_one(target, t);
                    learning.note(state.fresh_spikes());
                    learning.pass(event.pre as usize, synapse, event.fired)
                }
            };
            state.arrive(target, weight, t);
            return 1;
        }
        let Spike { time, neuron } = spikes[self.next];
        self.next += 1;
        let pre = neuron as usize;
        let (Some(learning), Synapses::Sparse(sparse)) = (&mut self.learning, &self.projection.synapses) else {
            return state.deliver(&self.projection.synapses, pre, t);
        };
        for synapse in sparse.range(pre) {
            let target = sparse.targets()[synapse] as usize;
            state.settle_one(target, t);
            learning.note(state.fresh_spikes());
            state.arrive(target, learning.pass(pre, synapse, time), t);
        }
        learning.passed(pre, time);
        sparse.range(pre).len() as u64
    }
}

/// One population in one run.
struct Runner<'a> {
    index: usize,
    population: &'a Population,
    inputs: Vec<Input<'a>>,
    currents: Currents<'a>,
    backgrounds: Vec<BackgroundTrain>,
    /// Whether its spikes are recorded or reach another population.
    heard: bool,
    /// Number of potentials recorded so far.
    probed: usize,
    observed: Vec<u32>,
    seen: PopulationRecord,
    events: u64,
}

impl<'a> Runner<'a> {
    fn new(network: &'a Network, index: usize, key: StreamKey, injects_itself: bool) -> Runner<'a> {
        let population = &network.populations()[index];
        let inputs = network.projections().iter().enumerate();
        let inputs = inputs.filter(|(_, projection)| projection.post == index);
        let address = network.address(index);
        let backgrounds = population.background().iter().enumerate();
        Runner {
            index,
            population,
            inputs: inputs.map(|(number, projection)| Input::new(number, projection)).collect(),
            currents: if injects_itself { Currents::default() } else { Currents::new(population, key, address) },
            backgrounds: backgrounds
                .map(|(i, background)| BackgroundTrain::new(background, population.size(), key, address, i as u32))
                .collect(),
            heard: population.recording().spikes
                || network.projections().iter().any(|p| p.pre == Pre::Population(index)),
            probed: 0,
            observed: population.observed(),
            seen: PopulationRecord::default(),
            events: 0,
        }
    }

    /// Everything that reaches the population from `start` until before `end`.
    fn advance(&mut self, state: &mut State, trains: &Trains, start: f64, end: f64, duration: f64) {
        let recording = self.population.recording();
        loop {
            // Equal times: potentials are read, then currents change, then spikes arrive in the order of the
            // projections. V is continuous, so this order decides nothing but the rounding.
            let mut arrival = f64::INFINITY;
            let mut first = None;
            for (index, input) in self.inputs.iter_mut().enumerate() {
                let t = input.arrival(trains.of(input.projection.pre));
                if t < arrival {
                    (arrival, first) = (t, Some(Event::Spike(index)));
                }
            }
            for (index, background) in self.backgrounds.iter().enumerate() {
                if background.next < arrival {
                    (arrival, first) = (background.next, Some(Event::Background(index)));
                }
            }
            let change = self.currents.next();
            if change <= arrival {
                (arrival, first) = (change, Some(Event::Current));
            }
            let probe = recording.v_at.get(self.probed).copied().unwrap_or(f64::INFINITY);
            // A potential at the very end of the run is still recorded.
            if probe <= arrival && (probe < end || probe == duration && end == duration) {
                self.probe(state, probe);
                continue;
            }
            if !(arrival < end) {
                return;
            }
            debug_assert!(arrival >= start, "an arrival at {arrival} ms before its window at {start} ms");
            let t = arrival;
            match first {
                Some(Event::Spike(index)) => {
                    let input = &mut self.inputs[index];
                    self.events += input.deliver(state, trains.of(input.projection.pre), t);
                }
                Some(Event::Background(index)) => {
                    let background = &mut self.backgrounds[index];
                    state.arrive(background.pop(), background.weight, t);
                    self.events += 1;
                }
                Some(Event::Current) => {
                    self.currents.change(arrival, |levels, wave| state.inject(levels, wave, arrival));
                }
                None => return,
            }
        }
    }

    fn probe(&mut self, state: &mut State, t: f64) {
        let observed = state.observe(&self.observed, t);
        self.seen.v.push(observed.iter().map(|(v, _)| *v).collect());
        if self.population.recording().synaptic_currents {
            self.seen.i_syn_e.push(observed.iter().map(|(_, i)| i[0]).collect());
            self.seen.i_syn_i.push(observed.iter().map(|(_, i)| i[1]).collect());
        }
        self.probed += 1;
    }

    /// Lets the learning synapses know of the spikes of a window that is over.
    fn note(&mut self, state: &State) {
        for input in &mut self.inputs {
            if let Some(learning) = &mut input.learning {
                learning.note(state.fresh_spikes());
                learning.turn_page();
            }
        }
    }

    fn finish(self, trains: &Trains, duration: f64, record: &mut Record) {
        let spikes = &trains.fired[self.index];
        let mut seen = self.seen;
        seen.fill(spikes, self.population);
        seen.duration = duration;
        record.populations[self.index] = seen;
        record.synaptic_events += self.events;
        for input in self.inputs {
            record.weights[input.number] = input.learning.map(|learning| learning.finish(duration));
        }
    }
}

/// What comes next.
#[derive(Clone, Copy)]
enum Event {
    Spike(usize),
    Background(usize),
    Current,
}
