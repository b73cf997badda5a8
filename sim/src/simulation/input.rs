//! What projections bring to a population: spikes in order of arrival.

use crate::plasticity::Learning;
use crate::population::state::State;
use crate::projection::{PerSynapse, Pre, Projection, Synapses};
use crate::record::Spike;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// All spikes so far: of the sources, complete, and of the populations.
pub(super) struct Trains {
    pub(super) emitted: Vec<Vec<Spike>>,
    pub(super) fired: Vec<Vec<Spike>>,
}

impl Trains {
    #[inline]
    pub(super) fn of(&self, pre: Pre) -> &[Spike] {
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
pub(super) struct Input<'a> {
    pub(super) number: usize,
    pub(super) projection: &'a Projection,
    next: usize,
    /// The events under way, where synapses have delays of their own.
    pending: Option<BinaryHeap<Reverse<Pending>>>,
    shortest: f64,
    order: u64,
    pub(super) learning: Option<Learning<'a>>,
}

impl<'a> Input<'a> {
    pub(super) fn new(number: usize, projection: &'a Projection) -> Input<'a> {
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
    pub(super) fn arrival(&mut self, spikes: &[Spike]) -> f64 {
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
    pub(super) fn deliver(&mut self, state: &mut State, spikes: &[Spike], t: f64) -> u64 {
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
