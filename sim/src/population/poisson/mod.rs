//! Neurons that receive nothing but Poisson input of their own: several at a time, arrival by arrival.
//!
//! Every neuron is alone with its input, so each keeps a clock of its own: a step takes all lanes from one arrival to the next, however
//! long each of them waits for it.

mod arrivals;
mod cell;
#[cfg(test)]
mod tests;

use super::Population;
use crate::crossing::Ratio;
use crate::lanes::{LANES, Lanes, lanes_of};
use crate::neuron::{IfCurrExp, Psc};
use crate::random::{Purpose, StreamKey};
use crate::record::Spike;
use arrivals::{Arrivals, BATCH, Streams};
use cell::{Cell, Moment, Site};

/// How far below threshold (mV) a bound on the potential must stay to spare the search for a crossing: far above its rounding.
const SLACK: f64 = 1e-9;

/// Fewer neurons are done sooner one by one: a group takes as long as four arrivals elsewhere, however many of its lanes are used.
const FEWEST: usize = 4;

/// Smallest distance of tau_syn / tau_m from one: closer, the two exponentials cancel too many digits.
const SMALLEST_DISTANCE: f64 = 0.1;

/// Neurons of a population that hears nothing but its background.
#[derive(Debug, Clone)]
pub(crate) struct PoissonState {
    cell: Cell,
    streams: Streams,
    groups: Vec<Group>,
    spikes: Vec<Spike>,
    events: u64,
    arch: pulp::Arch,
}

/// As many neurons as there are lanes; the last group is filled up with neurons that receive nothing.
#[derive(Debug, Clone)]
struct Group {
    first: u32,
    /// V_inf = v_rest + R i_offset (mV), threshold above it (mV), and the initial potential (mV).
    level: Lanes,
    theta: Lanes,
    v_init: Lanes,
    now: Instant,
    arrivals: Arrivals,
}

/// Where the neurons of a group stand.
#[derive(Debug, Clone, Copy)]
struct Instant {
    /// Time of the last arrival (ms), and the membrane and the synaptic part of V - V_inf = p - q after it.
    t: Lanes,
    p: Lanes,
    q: Lanes,
    /// The part of q that comes from excitatory arrivals.
    excited: Lanes,
    /// Until when the neurons are refractory (ms).
    until: Lanes,
}

impl PoissonState {
    /// State of a population with exponential synapses that receives one or two backgrounds over the whole run, and nothing else.
    pub(crate) fn new(population: &Population) -> Option<PoissonState> {
        let neuron = *population.neuron();
        let backgrounds = population.background();
        let (mut excites, mut inhibits) = (false, false);
        for background in backgrounds {
            excites |= background.weight > 0.0;
            inhibits |= background.weight < 0.0;
        }
        let tau_syn = if excites { neuron.tau_syn_e } else { neuron.tau_syn_i };
        let plain = population.size() >= FEWEST
            && (1..=2).contains(&backgrounds.len())
            && backgrounds.iter().all(|background| background.start == 0.0 && background.duration == f64::INFINITY)
            && population.psc() == Psc::Exponential
            && population.time_constants().is_none()
            && population.currents().is_empty()
            && (neuron.tau_syn_e == neuron.tau_syn_i || !(excites && inhibits))
            && (tau_syn / neuron.tau_m - 1.0).abs() >= SMALLEST_DISTANCE;
        if !plain {
            return None;
        }
        let kappa = neuron.resistance() * tau_syn / (neuron.tau_m - tau_syn);
        let ratio = Ratio::new(neuron.tau_m, tau_syn);
        Some(PoissonState {
            cell: Cell { neuron: IfCurrExp { tau_syn_e: tau_syn, tau_syn_i: tau_syn, ..neuron }, ratio, kappa },
            streams: Streams {
                key: [0; 2],
                address: [0; 2],
                steps: [0, 1].map(|k| backgrounds.get(k).map_or(0.0, |background| kappa * background.weight)),
            },
            groups: (0..population.size()).step_by(LANES).map(|first| Group::new(population, first)).collect(),
            spikes: Vec::new(),
            events: 0,
            arch: pulp::Arch::new(),
        })
    }

    /// Back to the initial state, with the streams of a population with this address.
    pub(crate) fn reset(&mut self, key: StreamKey, address: u32) {
        let (key, counter) = key.philox(address, 0, Purpose::Background);
        self.streams.key = key;
        self.streams.address = [(counter >> 32) as u32, (counter >> 96) as u32];
        self.spikes.clear();
        self.events = 0;
        let IfCurrExp { v_reset, tau_refrac, .. } = self.cell.neuron;
        for Group { first, level, theta, v_init, now, arrivals } in &mut self.groups {
            *now = Instant::ZERO;
            arrivals.reset();
            for l in 0..LANES {
                now.p[l] = v_init[l] - level[l];
                if now.p[l] >= theta[l] {
                    self.spikes.push(Spike { time: 0.0, neuron: *first + l as u32 });
                    now.p[l] = v_reset - level[l];
                    now.until[l] = tau_refrac;
                }
            }
        }
    }

    /// Simulates up to t (ms).
    pub(crate) fn run(&mut self, t: f64) {
        let arch = self.arch;
        for index in 0..self.groups.len() {
            arch.dispatch(Stretch { state: self, index, end: t });
        }
    }

    /// Emits the crossings between the last arrivals and t (ms), the end of the run, up to which the state has been run.
    pub(crate) fn close(&mut self, t: f64) {
        for group in &self.groups {
            for l in 0..LANES {
                self.cell.follow(group.site(l), group.now.of(l), t, &mut self.spikes);
            }
        }
    }

    /// Potential (mV) and excitatory and inhibitory synaptic current (nA) of a neuron at t, up to which the state has been run.
    pub(crate) fn observe(&self, j: usize, t: f64) -> (f64, [f64; 2]) {
        let Cell { neuron, kappa, .. } = self.cell;
        let (group, l) = (&self.groups[j / LANES], j % LANES);
        let Moment { p, q, until, .. } = self.cell.follow(group.site(l), group.now.of(l), t, &mut Vec::new());
        let v = if t < until { neuron.v_reset } else { group.level[l] + (p - q) };
        let excited = group.now.excited[l] * ((group.now.t[l] - t) / neuron.tau_syn_e).exp();
        (v, [excited / kappa, (q - excited) / kappa])
    }

    /// Arrivals so far.
    pub(crate) fn events(&self) -> u64 {
        self.events
    }

    /// Spikes not yet taken.
    pub(crate) fn fresh_spikes(&self) -> &[Spike] {
        &self.spikes
    }

    /// Spikes since they were last taken, to be emptied.
    pub(crate) fn spikes(&mut self) -> &mut Vec<Spike> {
        &mut self.spikes
    }
}

impl Instant {
    const ZERO: Instant =
        Instant { t: Lanes::ZERO, p: Lanes::ZERO, q: Lanes::ZERO, excited: Lanes::ZERO, until: Lanes::ZERO };

    /// One neuron.
    fn of(&self, l: usize) -> Moment {
        Moment { t: self.t[l], p: self.p[l], q: self.q[l], until: self.until[l] }
    }
}

impl Group {
    fn new(population: &Population, first: usize) -> Group {
        let neuron = population.neuron();
        let lanes = |padding: f64, value: &dyn Fn(usize) -> f64| Lanes::of(first, population.size(), padding, value);
        let level = lanes(neuron.v_rest, &|j| neuron.v_rest + neuron.resistance() * population.i_offset()[j]);
        let mut theta = lanes(f64::INFINITY, &|j| population.v_thresh()[j]);
        theta.iter_mut().zip(level.iter()).for_each(|(theta, level)| *theta -= level);
        let rate = |k: usize, j: usize| population.background().get(k).map_or(0.0, |background| background.rate_of(j));
        let total = lanes(0.0, &|j| rate(0, j) + rate(1, j));
        let share = |j: usize| if rate(1, j) > 0.0 { rate(0, j) / total[j - first] } else { 1.0 };
        Group {
            first: first as u32,
            level,
            theta,
            v_init: lanes(neuron.v_rest, &|j| population.v_init()[j]),
            now: Instant::ZERO,
            arrivals: Arrivals::new(
                Lanes::counted(first),
                Lanes(total.map(|rate| crate::MS_PER_S / rate)),
                lanes(1.0, &share),
            ),
        }
    }

    fn site(&self, l: usize) -> Site {
        Site { neuron: self.first + l as u32, level: self.level[l], theta: self.theta[l] }
    }
}

/// A group of lanes until the next arrival of every one is beyond `end` (ms).
struct Stretch<'a> {
    state: &'a mut PoissonState,
    index: usize,
    end: f64,
}

impl pulp::WithSimd for Stretch<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Stretch { state, index, end } = self;
        let PoissonState { cell, streams, groups, spikes, events, .. } = state;
        let group = &mut groups[index];
        loop {
            for k in 0..BATCH {
                *events += advance(group, cell, k, end, spikes);
            }
            if !group.arrivals.draw(streams, cell) {
                // All have arrivals left, beyond the end.
                return;
            }
        }
    }
}

/// Takes those lanes that are due for it to arrival k of their batch, unless it is beyond `end`; returns how many they are.
#[inline(always)]
fn advance(group: &mut Group, cell: &Cell, k: usize, end: f64, spikes: &mut Vec<Spike>) -> u64 {
    let Group { theta, now, arrivals, .. } = group;
    let (time, membrane, synapse) = (arrivals.time[k], arrivals.membrane[k], arrivals.synapse[k]);
    let Instant { t, mut p, mut q, mut until, .. } = *now;
    let mut due = Lanes([0; LANES]);
    let mut count = 0;
    let mut attention = 0u32;
    for l in 0..LANES {
        due[l] = u64::from(time[l] <= end) & u64::from(arrivals.taken[l] == k as u64);
        count += due[l];
        let (before, rise) = (p[l] - q[l], cell.ratio.value * q[l] - p[l]);
        p[l] *= membrane[l];
        q[l] *= synapse[l];
        // As a function of exp(-t/tau_m) the potential is convex, and highest at an end, or concave, and below its tangent.
        let tangent = before + rise * (1.0 - membrane[l]);
        let after = p[l] - q[l];
        let highest = if tangent > after { tangent } else { after };
        let near = u64::from(highest >= theta[l] - SLACK) | u64::from(until[l] > t[l]);
        let attend = near & due[l] & u64::from(until[l] < time[l]);
        attention |= (attend as u32) << l;
    }
    for l in lanes_of(attention) {
        let after = cell.follow(group.site(l), group.now.of(l), time[l], spikes);
        (p[l], q[l], until[l]) = (after.p, after.q, after.until);
    }
    let Group { now, arrivals, .. } = group;
    let step = &arrivals.step[k];
    let old = *now;
    for l in 0..LANES {
        let excites = if step[l] * cell.kappa > 0.0 { step[l] } else { 0.0 };
        let excited = old.excited[l] * synapse[l] + excites;
        let came = due[l] != 0;
        now.t[l] = if came { time[l] } else { old.t[l] };
        now.p[l] = if came { p[l] + step[l] } else { old.p[l] };
        now.q[l] = if came { q[l] + step[l] } else { old.q[l] };
        now.excited[l] = if came { excited } else { old.excited[l] };
        arrivals.taken[l] += due[l];
    }
    now.until = until;
    count
}
