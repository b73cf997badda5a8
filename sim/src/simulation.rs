//! Runs a network: populations in topological order, each over the whole stretch of time.
//!
//! The input of a population is complete once those before it have run, so there is no event queue: the spikes
//! that reach it are merged by time and delivered one after the other.

use crate::error::{NetworkError, not_negative};
use crate::network::Network;
use crate::population::Population;
use crate::population::state::PopulationState;
use crate::projection::{Pre, Projection};
use crate::random::{Purpose, Stream, StreamKey};
use crate::record::{PopulationRecord, Record, Spike};
use crate::source::{NoisyCurrent, Source};

/// Most steps of the clockwork (redraws, moves of the origin) in one run; so many take hours.
const MOST_STEPS: f64 = 1e10;

/// The running state of a network, reusable from run to run; one per thread.
#[derive(Debug)]
pub struct Simulation<'a> {
    network: &'a Network,
    states: Vec<PopulationState>,
}

impl<'a> Simulation<'a> {
    /// Allocates the state of a network.
    pub fn new(network: &'a Network) -> Simulation<'a> {
        Simulation { network, states: network.populations().iter().map(PopulationState::new).collect() }
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
        not_negative("duration", "ms", duration)?;
        for (state, population) in self.states.iter().zip(self.network.populations()) {
            let redraws = population.noise().map(|noise| ("a noise interval", noise.dt));
            for (what, interval) in
                [("a horizon (16 of the shortest time constant)", state.horizon())].into_iter().chain(redraws)
            {
                if duration > MOST_STEPS * interval {
                    return Err(NetworkError::TooManySteps { duration, what, interval, most: MOST_STEPS });
                }
            }
        }
        let sizes = self.network.sources();
        if sources.len() != sizes.len() {
            return Err(NetworkError::Length {
                what: "sources of the run",
                expected: sizes.len(),
                found: sources.len(),
            });
        }
        let mut emitted = Vec::with_capacity(sources.len());
        for (index, (source, &size)) in sources.iter().zip(sizes).enumerate() {
            emitted.push(source.emit(size, index as u32, key, duration)?);
        }
        let mut record =
            Record { source_spikes: emitted.iter().map(|spikes| spikes.len() as u64).collect(), ..Record::default() };
        let mut trains: Vec<Vec<Spike>> = Vec::with_capacity(self.states.len());
        for (index, population) in self.network.populations().iter().enumerate() {
            let inputs: Vec<Input> = self
                .network
                .projections()
                .iter()
                .filter(|projection| projection.post == index)
                .map(|projection| {
                    let spikes = match projection.pre {
                        Pre::Source(source) => &emitted[source],
                        Pre::Population(pre) => &trains[pre],
                    };
                    Input { projection, spikes, next: 0 }
                })
                .collect();
            // Streams of currents follow those of the sources.
            let noise =
                population.noise().map(|noise| Noise::new(noise, population, key, (sizes.len() + index) as u32));
            let mut seen = PopulationRecord::default();
            record.synaptic_events +=
                run_population(population, &mut self.states[index], inputs, noise, duration, &mut seen);
            let spikes = self.states[index].take_spikes();
            seen.counts = vec![0; population.size()];
            spikes.iter().for_each(|spike| seen.counts[spike.neuron as usize] += 1);
            if population.recording().spikes {
                seen.spikes.clone_from(&spikes);
            }
            record.populations.push(seen);
            trains.push(spikes);
        }
        Ok(record)
    }
}

/// The spikes that a projection brings, read from the front.
struct Input<'a> {
    projection: &'a Projection,
    spikes: &'a [Spike],
    next: usize,
}

impl Input<'_> {
    /// Arrival time of the next spike (ms); infinite at the end.
    #[inline]
    fn arrival(&self) -> f64 {
        self.spikes.get(self.next).map_or(f64::INFINITY, |spike| spike.time + self.projection.delay)
    }
}

/// A noisy current with one stream per neuron.
struct Noise<'a> {
    current: &'a NoisyCurrent,
    i_offset: &'a [f64],
    streams: Vec<Stream>,
    drawn: u64,
}

impl<'a> Noise<'a> {
    fn new(current: &'a NoisyCurrent, population: &'a Population, key: StreamKey, address: u32) -> Noise<'a> {
        let streams =
            (0..population.size() as u32).map(|neuron| key.stream(address, neuron, Purpose::Current)).collect();
        Noise { current, i_offset: population.i_offset(), streams, drawn: 0 }
    }

    /// Time of the next redraw (ms).
    #[inline]
    fn next(&self) -> f64 {
        self.drawn as f64 * self.current.dt
    }

    fn redraw(&mut self, state: &mut PopulationState) {
        let now = state.at(self.next());
        for (j, (stream, offset)) in self.streams.iter_mut().zip(self.i_offset).enumerate() {
            state.inject(j, offset + self.current.mean + self.current.stdev * stream.normal(), &now);
        }
        self.drawn += 1;
    }
}

/// Runs one population to the end and returns the number of synaptic events that it received.
fn run_population(
    population: &Population,
    state: &mut PopulationState,
    mut inputs: Vec<Input<'_>>,
    mut noise: Option<Noise<'_>>,
    duration: f64,
    seen: &mut PopulationRecord,
) -> u64 {
    state.reset(population);
    let mut events = 0;
    let mut probes = population.recording().v_at.iter().copied().filter(|&t| t <= duration).peekable();
    loop {
        // Equal times: potentials are read, then currents change, then spikes arrive in the order of the
        // projections. V is continuous, so this order decides nothing but the rounding.
        let mut arrival = f64::INFINITY;
        let mut first = None;
        for (index, input) in inputs.iter().enumerate() {
            let t = input.arrival();
            if t < arrival {
                (arrival, first) = (t, Some(index));
            }
        }
        let redraw = noise.as_ref().map_or(f64::INFINITY, Noise::next);
        let probe = probes.peek().copied().unwrap_or(f64::INFINITY);
        let t = arrival.min(redraw);
        if t >= duration && probe == f64::INFINITY {
            break;
        }
        if probe <= t {
            let now = state.at(probe);
            state.settle(&now);
            seen.v.push((0..population.size()).map(|j| state.potential(j, &now)).collect());
            probes.next();
        } else if let (Some(noise), true) = (noise.as_mut(), redraw <= arrival) {
            noise.redraw(state);
        } else if let Some(index) = first {
            let input = &mut inputs[index];
            let now = state.at(arrival);
            input.projection.synapses.rows(input.spikes[input.next].neuron as usize, |start, weights| {
                events += weights.len() as u64;
                state.deliver(start, weights, &now);
            });
            input.next += 1;
        }
    }
    let end = state.at(duration);
    state.settle(&end);
    events
}
