//! Running state of a population, in the form that suits it.

use super::Population;
use super::cells::{AlphaCells, DeltaCells, ExponentialCells};
use super::noisy::NoisyState;
use super::poisson::PoissonState;
use super::vector::VectorState;
use crate::neuron::Psc;
use crate::projection::{Row, Synapses};
use crate::random::StreamKey;
use crate::record::Spike;

/// State of a population during a run.
#[derive(Debug, Clone)]
pub(crate) enum State {
    /// One synaptic time constant below tau_m, feed-forward input in rows.
    Vector(VectorState),
    /// No input but one noisy current.
    Noisy(NoisyState),
    /// No input but Poisson input of its own.
    Poisson(PoissonState),
    /// Any exponential synapses.
    Exponential(ExponentialCells),
    /// Alpha-shaped synapses.
    Alpha(AlphaCells),
    /// Delta synapses.
    Delta(DeltaCells),
}

/// Shortest time constants per window of a population that hears of no other in between.
const WINDOWS_PER_TIME_CONSTANT: f64 = 8.0;

/// Longest window (ms) of such a population.
const LONGEST_WINDOW: f64 = 1.0;

/// How far (ms) a population that needs no windows goes before anybody may stop the run.
const STRETCH: f64 = 1000.0;

/// Why some states are never asked for something: they are chosen for populations without it.
const ALONE: &str = "the state of this population was chosen because it has none of this";

/// Runs an expression with the cells of any kind; the other states have expressions of their own.
macro_rules! dispatch {
    ($state:expr, $vector:ident => $first:expr, $noisy:ident => $second:expr, $poisson:ident => $third:expr, $cells:ident => $rest:expr) => {
        match $state {
            State::Vector($vector) => $first,
            State::Noisy($noisy) => $second,
            State::Poisson($poisson) => $third,
            State::Exponential($cells) => $rest,
            State::Alpha($cells) => $rest,
            State::Delta($cells) => $rest,
        }
    };
}

impl State {
    /// State of a population; `shared` is the length of the windows (ms) of the loop that it belongs to, if any.
    ///
    /// `single` synapses come one by one, and gain nothing from vectors; `deaf` populations receive no projection.
    pub(crate) fn new(population: &Population, shared: Option<f64>, single: bool, deaf: bool) -> State {
        if let Some(state) = NoisyState::new(population).filter(|_| deaf) {
            return State::Noisy(state);
        }
        if let Some(state) = PoissonState::new(population).filter(|_| deaf) {
            return State::Poisson(state);
        }
        let simple = shared.is_none()
            && !single
            && population.psc() == Psc::Exponential
            && population.time_constants().is_none()
            && population.currents().is_empty()
            && !population.recording().synaptic_currents;
        if let Some(state) = VectorState::new(population).filter(|_| simple) {
            return State::Vector(state);
        }
        let window = shared.unwrap_or(State::longest_window(population));
        match population.psc() {
            Psc::Exponential => State::Exponential(ExponentialCells::exponential(population, window)),
            Psc::Alpha => State::Alpha(AlphaCells::alpha(population, window)),
            Psc::Delta => State::Delta(DeltaCells::delta(population, window)),
        }
    }

    /// The longest windows (ms) that suit a population.
    pub(crate) fn longest_window(population: &Population) -> f64 {
        (population.shortest_time_constant() / WINDOWS_PER_TIME_CONSTANT).min(LONGEST_WINDOW)
    }

    /// Back to the initial state at time zero, with the random streams of a population with this address.
    pub(crate) fn reset(&mut self, population: &Population, key: StreamKey, address: u32) {
        dispatch!(self,
            state => state.reset(population),
            noisy => noisy.reset(crate::current::noise(key, address, 0)),
            poisson => poisson.reset(key, address),
            cells => cells.reset(population)
        );
    }

    /// Whether the state makes the injected currents and the background itself.
    pub(crate) fn drives_itself(&self) -> bool {
        matches!(self, State::Noisy(_) | State::Poisson(_))
    }

    /// Arrivals of a background that the state makes itself.
    pub(crate) fn own_arrivals(&self) -> u64 {
        if let State::Poisson(poisson) = self { poisson.events() } else { 0 }
    }

    /// Length of its windows (ms).
    pub(crate) fn window(&self) -> f64 {
        dispatch!(self, _state => STRETCH, _noisy => STRETCH, _poisson => STRETCH, cells => cells.window())
    }

    /// The shortest interval of its clockwork (ms). What is recorded does not decide whether a run is too long.
    pub(crate) fn pace(&self, population: &Population) -> f64 {
        dispatch!(self,
            state => state.horizon(),
            _noisy => State::longest_window(population),
            _poisson => State::longest_window(population),
            cells => cells.window()
        )
    }

    /// Enters a window.
    pub(crate) fn begin(&mut self, window: u64) {
        dispatch!(self, _state => (), _noisy => (), _poisson => (), cells => cells.begin(window));
    }

    /// Leaves a window at t (ms): all crossings up to then that another population may hear of in the next are emitted.
    pub(crate) fn finish(&mut self, t: f64) {
        dispatch!(self,
            _state => (),
            noisy => noisy.run(t),
            poisson => poisson.run(t),
            cells => cells.finish(t)
        );
    }

    /// Ends a run at t (ms): hands over the spikes that the state has kept until then, in order of time, then neuron, if anybody is to hear
    /// of them.
    ///
    /// Feed-forward neurons are found to have fired when their next input arrives, which may be after a window that is over.
    pub(crate) fn close(&mut self, t: f64, into: &mut Vec<Spike>, heard: bool) {
        let spikes = match self {
            State::Vector(state) => {
                let now = state.at(t);
                state.settle(&now);
                state.spikes()
            }
            State::Poisson(poisson) => {
                poisson.close(t);
                poisson.spikes()
            }
            State::Noisy(noisy) => {
                noisy.close(t);
                noisy.spikes()
            }
            State::Exponential(_) | State::Alpha(_) | State::Delta(_) => return,
        };
        if heard {
            crate::record::sort(spikes);
        }
        into.append(spikes);
    }

    /// Delivers a spike of presynaptic neuron `pre` to all its targets; returns how many they are.
    #[inline]
    pub(crate) fn deliver(&mut self, synapses: &Synapses, pre: usize, t: f64) -> u64 {
        let mut events = 0;
        dispatch!(self,
            state => {
                let now = state.at(t);
                synapses.rows(pre, |row| {
                    events += row.len() as u64;
                    match row {
                        Row::Neighbours { start, weights } => state.deliver(start, weights, &now),
                        Row::Range { start, end, weight } => (start..end).for_each(|j| state.receive(j, weight, &now)),
                        Row::Alike { targets, weight } => {
                            targets.iter().for_each(|&j| state.receive(j as usize, weight, &now));
                        }
                        Row::Each { targets, weights } => {
                            targets.iter().zip(weights).for_each(|(&j, &w)| state.receive(j as usize, w, &now));
                        }
                    }
                });
            },
            _noisy => unreachable!("{ALONE}"),
            _poisson => unreachable!("{ALONE}"),
            cells => {
                // An instant takes as long as twenty arrivals, and many rows are empty.
                let mut now = None;
                synapses.rows(pre, |row| {
                    let now = *now.get_or_insert_with(|| cells.at(t));
                    events += row.len() as u64;
                    match row {
                        Row::Neighbours { start, weights } => {
                            weights.iter().enumerate().for_each(|(i, &w)| cells.arrive(start + i, w, &now));
                        }
                        Row::Range { start, end, weight } => (start..end).for_each(|j| cells.arrive(j, weight, &now)),
                        Row::Alike { targets, weight } => cells.arrive_at_all(targets, weight, &now),
                        Row::Each { targets, weights } => {
                            targets.iter().zip(weights).for_each(|(&j, &w)| cells.arrive(j as usize, w, &now));
                        }
                    }
                });
            }
        );
        events
    }

    /// Delivers one synaptic event.
    pub(crate) fn arrive(&mut self, j: usize, weight: f64, t: f64) {
        dispatch!(self,
            state => { let now = state.at(t); state.receive(j, weight, &now); },
            _noisy => unreachable!("{ALONE}"),
            _poisson => unreachable!("{ALONE}"),
            cells => { let now = cells.at(t); cells.arrive(j, weight, &now); }
        );
    }

    /// Emits the crossings of one neuron up to t.
    pub(crate) fn settle_one(&mut self, j: usize, t: f64) {
        dispatch!(self,
            state => { let now = state.at(t); state.observe(j, &now); },
            _noisy => unreachable!("{ALONE}"),
            _poisson => unreachable!("{ALONE}"),
            cells => { let now = cells.at(t); cells.observe(j, &now); }
        );
    }

    /// Changes the constant currents (nA, i_offset included) of some neurons, and turns a sinusoidal one on or off for them.
    ///
    /// A population with currents never has the vector state.
    pub(crate) fn inject(&mut self, levels: &[(usize, f64)], wave: Option<(usize, bool)>, t: f64) {
        dispatch!(self, _state => unreachable!("{ALONE}"), _noisy => unreachable!("{ALONE}"), _poisson => unreachable!("{ALONE}"), cells => {
            let now = cells.at(t);
            for &(j, current) in levels {
                cells.inject(j, current, &now);
                if let Some((wave, on)) = wave {
                    cells.wave_onto(j, wave, on, &now);
                }
            }
        });
    }

    /// Potential (mV) and synaptic currents (nA, excitatory and inhibitory) of some neurons at t.
    ///
    /// The vector state does not keep the currents apart: it gives their sum as the first.
    pub(crate) fn observe(&mut self, neurons: &[u32], t: f64) -> Vec<(f64, [f64; 2])> {
        dispatch!(self,
            state => {
                let now = state.at(t);
                neurons.iter().map(|&j| { let (v, i) = state.observe(j as usize, &now); (v, [i, 0.0]) }).collect()
            },
            _noisy => unreachable!("{ALONE}"),
            poisson => { poisson.run(t); neurons.iter().map(|&j| poisson.observe(j as usize, t)).collect() },
            cells => { let now = cells.at(t); neurons.iter().map(|&j| cells.observe(j as usize, &now)).collect() }
        )
    }

    /// Appends the spikes since they were last taken to a train; in order of time, then neuron, if anybody is to hear of them.
    /// Feed-forward states keep theirs until [`State::close`].
    pub(crate) fn take_spikes(&mut self, into: &mut Vec<Spike>, heard: bool) {
        let spikes =
            dispatch!(self, _state => return, noisy => noisy.spikes(), _poisson => return, cells => cells.spikes());
        if heard {
            crate::record::sort(spikes);
        }
        into.append(spikes);
    }

    /// Spikes not yet taken, in order of detection; those of one neuron are in order of time.
    pub(crate) fn fresh_spikes(&self) -> &[Spike] {
        dispatch!(self, state => state.fresh_spikes(), noisy => noisy.fresh_spikes(), poisson => poisson.fresh_spikes(), cells => cells.fresh_spikes())
    }
}
