//! One population from window to window: its inputs, currents and recordings, merged by time.

use super::input::{Input, Trains};
use crate::background::BackgroundTrain;
use crate::current::Currents;
use crate::network::Network;
use crate::population::Population;
use crate::population::state::State;
use crate::projection::Pre;
use crate::random::StreamKey;
use crate::record::{PopulationRecord, Record, Spike};

/// One population in one run.
pub(super) struct Runner<'a> {
    pub(super) index: usize,
    pub(super) population: &'a Population,
    inputs: Vec<Input<'a>>,
    currents: Currents<'a>,
    backgrounds: Vec<BackgroundTrain>,
    /// Whether its spikes are recorded or reach another population.
    pub(super) heard: bool,
    /// Number of potentials recorded so far.
    probed: usize,
    observed: Vec<u32>,
    seen: PopulationRecord,
    events: u64,
}

impl<'a> Runner<'a> {
    /// Of a population, with its number in the network.
    pub(super) fn new(
        network: &'a Network,
        (index, population): (usize, &'a Population),
        key: StreamKey,
        drives_itself: bool,
    ) -> Runner<'a> {
        let inputs = network.projections().iter().enumerate();
        let inputs = inputs.filter(|(_, projection)| projection.post == index);
        let address = network.address(index);
        let backgrounds = population.background().iter().enumerate().filter(|_| !drives_itself);
        Runner {
            index,
            population,
            inputs: inputs.map(|(number, projection)| Input::new(number, projection)).collect(),
            currents: if drives_itself { Currents::default() } else { Currents::new(population, key, address) },
            backgrounds: backgrounds
                .map(|(i, background)| BackgroundTrain::new(background, population.size(), key, address, i as u32))
                .collect(),
            heard: population.recording().spikes
                || network.projections().iter().any(|p| p.pre == Pre::Population(index)),
            probed: 0,
            observed: population.observed(),
            seen: PopulationRecord::new(population),
            events: 0,
        }
    }

    /// Everything that reaches the population from `start` until before `end`.
    pub(super) fn advance(&mut self, state: &mut State, trains: &Trains, start: f64, end: f64, duration: f64) {
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
    pub(super) fn note(&mut self, state: &State) {
        for input in &mut self.inputs {
            if let Some(learning) = &mut input.learning {
                learning.note(state.fresh_spikes());
                learning.turn_page();
            }
        }
    }

    /// Counts the spikes of a window that is over, and adds them to a train if anybody is to hear of them.
    pub(super) fn take_spikes(&mut self, state: &mut State, train: &mut Vec<Spike>) {
        let known = train.len();
        state.take_spikes(train, self.heard);
        self.count(train, known);
    }

    /// The same, of all spikes until the end of the run at `t` (ms).
    pub(super) fn close(&mut self, state: &mut State, t: f64, train: &mut Vec<Spike>) {
        let known = train.len();
        state.close(t, train, self.heard);
        self.count(train, known);
        self.events += state.own_arrivals();
    }

    fn count(&mut self, train: &mut Vec<Spike>, known: usize) {
        self.seen.count(&train[known..], self.population.recording());
        if !self.heard {
            train.clear();
        }
    }

    pub(super) fn finish(self, trains: &Trains, duration: f64, record: &mut Record) {
        let mut seen = self.seen;
        seen.keep(&trains.fired[self.index], self.population.recording());
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
