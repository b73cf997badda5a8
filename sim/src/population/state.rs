//! Running state of a population: what arrives moves it, and what crosses threshold leaves it.
//!
//! Crossings are detected in retrospect. After each arrival a closed-form test says whether the neuron would
//! reach threshold if nothing else came ("armed"). When the next event reaches an armed neuron, its potential
//! and slope tell whether the crossing has happened meanwhile; only then is its time computed. A neuron that
//! cannot be judged this way (refractory, driven above threshold by its constant current, or with receptors of
//! different time constants) is examined by the general search over the time since its last event.

use crate::crossing::{Ratio, first_crossing, rising_root, whole_power};
use crate::membrane::Trajectory;
use crate::neuron::IfCurrExp;
use crate::population::Population;
use crate::population::coordinates::{Coordinates, Instant};
use crate::record::Spike;

/// Gate of a neuron that cannot reach threshold without further input.
pub(super) const QUIET: f64 = f64::INFINITY;
/// Gate of a neuron that has to be examined at every event.
const EXAMINE: f64 = f64::MIN;
/// Gate of a refractory neuron; its membrane coordinate means nothing until it is released.
const HELD: f64 = f64::NEG_INFINITY;

/// Slack of the arming test: a few more candidates, never one too few. Its rounding error is below 1e-14.
pub(super) const SLACK: f64 = 1.0 - 1e-12;

/// Constants of the closed-form test of a population whose receptors share one time constant below tau_m.
#[derive(Debug, Clone, Copy)]
pub(super) struct SharedDecay {
    /// R tau_syn / (tau_m - tau_syn) (MOhm).
    pub(super) kappa: f64,
    /// tau_m / tau_syn.
    pub(super) ratio: Ratio,
    /// (r - 1) / r.
    pub(super) rise: f64,
}

/// The arrays of a population. One entry per neuron in each.
#[derive(Debug, Clone)]
pub(crate) struct PopulationState {
    pub(super) coordinates: Coordinates,
    pub(super) neuron: IfCurrExp,
    pub(super) shared: Option<SharedDecay>,
    /// Membrane coordinate A (mV).
    pub(super) a: Vec<f64>,
    /// Synaptic coordinate B (nA): all of it where the receptors share a time constant, else the excitatory part.
    pub(super) b: Vec<f64>,
    /// Inhibitory part of B (nA) where the time constants differ, else empty.
    pub(super) b_i: Vec<f64>,
    /// The level of V - V_inf (mV) at which a neuron needs attention: `QUIET`, its threshold, `EXAMINE` or `HELD`.
    pub(super) gate: Vec<f64>,
    /// v_thresh - V_inf (mV).
    pub(super) theta: Vec<f64>,
    /// r g^(n-1), g = theta / rise, n = ceil(r): the arming test is p^n >= q bound.
    pub(super) bound: Vec<f64>,
    /// No crossing happened before this time (ms); in the future while the neuron is refractory.
    pub(super) since: Vec<f64>,
    /// V_inf (mV).
    v_inf: Vec<f64>,
    /// Spikes emitted since they were last taken, in order of detection.
    spikes: Vec<Spike>,
    arch: pulp::Arch,
}

impl PopulationState {
    pub(crate) fn new(population: &Population) -> PopulationState {
        let neuron = *population.neuron();
        let coordinates = Coordinates::new(&neuron);
        let shared = coordinates.shared_kappa().map(|kappa| {
            let ratio = Ratio::new(neuron.tau_m, neuron.tau_syn_e);
            SharedDecay { kappa, ratio, rise: (ratio.value - 1.0) / ratio.value }
        });
        let size = population.size();
        let zeros = vec![0.0; size];
        let mut state = PopulationState {
            coordinates,
            neuron,
            shared,
            a: zeros.clone(),
            b: zeros.clone(),
            b_i: if shared.is_some() { Vec::new() } else { zeros.clone() },
            gate: vec![EXAMINE; size],
            theta: zeros.clone(),
            bound: zeros.clone(),
            since: zeros.clone(),
            v_inf: zeros,
            spikes: Vec::new(),
            arch: pulp::Arch::new(),
        };
        state.reset(population);
        state
    }

    /// Back to the initial state at time zero.
    pub(crate) fn reset(&mut self, population: &Population) {
        self.coordinates.reset();
        self.spikes.clear();
        self.b.fill(0.0);
        self.b_i.fill(0.0);
        self.since.fill(0.0);
        self.gate.fill(EXAMINE);
        for j in 0..self.a.len() {
            self.set_level(j, population.i_offset()[j]);
            self.a[j] = population.v_init() - self.v_inf[j];
        }
        // Neurons that start at or above threshold fire now; the others learn whether they are armed.
        let start = self.coordinates.instant(0.0);
        self.settle(&start);
    }

    /// How often the origin has to move (ms).
    pub(crate) fn horizon(&self) -> f64 {
        self.coordinates.horizon()
    }

    /// Moves the origin so that time t can be expressed, and returns the factors at t.
    #[inline]
    pub(crate) fn at(&mut self, t: f64) -> Instant {
        while t > self.coordinates.reach() {
            self.move_origin();
        }
        self.coordinates.instant(t)
    }

    #[cold]
    fn move_origin(&mut self) {
        let t = self.coordinates.reach();
        let here = self.coordinates.instant(t);
        self.settle(&here);
        self.coordinates.move_origin(t, &mut self.a, &mut self.b, &mut self.b_i);
    }

    /// Emits every crossing that has happened up to an instant.
    pub(crate) fn settle(&mut self, now: &Instant) {
        for j in 0..self.a.len() {
            if self.gate[j] < QUIET {
                self.resolve(j, now);
            }
        }
    }

    /// Spikes emitted so far, in order of time, then neuron; clears the list.
    pub(crate) fn take_spikes(&mut self) -> Vec<Spike> {
        let mut spikes = std::mem::take(&mut self.spikes);
        // Times are not negative, so their bits are in their order.
        spikes.sort_unstable_by_key(|spike| (spike.time.to_bits(), spike.neuron));
        spikes
    }

    /// Potential of neuron j (mV) at an instant up to which it has been settled.
    pub(crate) fn potential(&self, j: usize, now: &Instant) -> f64 {
        if self.since[j] > now.t { self.neuron.v_reset } else { self.v_inf[j] + self.deviation(j, now) }
    }

    /// Delivers one row of synapses: `weights[i]` (nA) to neuron `start + i`.
    #[inline]
    pub(crate) fn deliver(&mut self, start: usize, weights: &[f64], now: &Instant) {
        match self.shared {
            Some(shared) if weights.len() > 1 => {
                let arch = self.arch;
                arch.dispatch(super::kernel::DeliverRow { state: self, shared, start, weights, now });
            }
            _ => weights.iter().enumerate().for_each(|(i, &w)| self.receive(start + i, w, now)),
        }
    }

    /// One arrival of weight w (nA) at neuron j: the scalar twin of the vector kernel, and the path of all
    /// neurons that need examination.
    pub(super) fn receive(&mut self, j: usize, w: f64, now: &Instant) {
        if self.gate[j] < QUIET {
            self.resolve(j, now);
        }
        let receptor = if w < 0.0 { &now.inhibitory } else { &now.excitatory };
        let b = if w < 0.0 && self.shared.is_none() { &mut self.b_i } else { &mut self.b };
        b[j] += w * receptor.b_gain;
        if self.since[j] <= now.t {
            self.a[j] += w * receptor.a_gain;
            self.arm(j, now);
        }
    }

    /// Changes the current injected into neuron j (nA, i_offset included); V does not jump.
    pub(crate) fn inject(&mut self, j: usize, current: f64, now: &Instant) {
        if self.gate[j] < QUIET {
            self.resolve(j, now);
        }
        let before = self.v_inf[j];
        self.set_level(j, current);
        if self.since[j] <= now.t {
            self.a[j] += (before - self.v_inf[j]) / now.membrane;
            self.arm(j, now);
        }
    }

    fn set_level(&mut self, j: usize, current: f64) {
        self.v_inf[j] = self.neuron.v_rest + self.neuron.resistance() * current;
        self.theta[j] = self.neuron.v_thresh - self.v_inf[j];
        if let Some(shared) = self.shared {
            let g = self.theta[j] / shared.rise;
            let bound = SLACK * shared.ratio.value * whole_power(g, shared.ratio.ceiling - 1);
            // Where the power overflows (tau_syn below tau_m/250), every rising neuron is a candidate.
            self.bound[j] = if bound.is_finite() { bound } else { 0.0 };
        }
    }

    /// V - V_inf of neuron j (mV).
    #[inline]
    fn deviation(&self, j: usize, now: &Instant) -> f64 {
        let mut d = self.a[j] * now.membrane + self.b[j] * now.excitatory.potential;
        if let Some(b_i) = self.b_i.get(j) {
            d += b_i * now.inhibitory.potential;
        }
        d
    }

    fn trajectory(&self, j: usize, now: &Instant) -> Trajectory {
        Trajectory {
            d: self.deviation(j, now),
            i_e: self.b[j] * now.excitatory.current,
            i_i: self.b_i.get(j).map_or(0.0, |b_i| b_i * now.inhibitory.current),
        }
    }

    /// Decides whether neuron j, below threshold now, may reach it without further input.
    #[inline]
    fn arm(&mut self, j: usize, now: &Instant) {
        let theta = self.theta[j];
        self.gate[j] = match self.shared {
            Some(shared) if theta > 0.0 => {
                let p = self.a[j] * now.membrane;
                let q = self.b[j] * (shared.kappa * now.excitatory.current);
                let candidate = p * shared.rise >= theta * SLACK
                    && p < shared.ratio.value * q
                    && whole_power(p, shared.ratio.ceiling) >= q * self.bound[j];
                if candidate { theta } else { QUIET }
            }
            _ => {
                self.since[j] = now.t;
                let t = self.trajectory(j, now);
                let reach = t.d.max(0.0) + self.neuron.resistance() * (t.i_e.max(0.0) + t.i_i.max(0.0));
                if reach >= theta * SLACK { EXAMINE } else { QUIET }
            }
        };
    }

    /// Emits the crossings of neuron j up to an instant and leaves its gate right for that instant.
    #[cold]
    #[inline(never)]
    fn resolve(&mut self, j: usize, now: &Instant) {
        loop {
            if self.since[j] > now.t {
                return; // refractory
            }
            if self.gate[j] == HELD {
                self.release(j);
                if self.gate[j] == QUIET {
                    return;
                }
            }
            let crossing = match self.shared {
                Some(shared) if self.gate[j] > EXAMINE => {
                    let p = self.a[j] * now.membrane;
                    let q = self.b[j] * (shared.kappa * now.excitatory.current);
                    if p - q < self.gate[j] && p < shared.ratio.value * q {
                        return; // still rising towards threshold
                    }
                    rising_root(p, q, shared.ratio, self.theta[j])
                        .map(|s| (now.t - self.neuron.tau_m * s.ln()).clamp(self.since[j], now.t))
                }
                _ => self.search(j, now),
            };
            let Some(time) = crossing else {
                return self.arm(j, now);
            };
            self.spikes.push(Spike { time, neuron: j as u32 });
            // Time goes on even where the interval is below its resolution.
            self.since[j] = (time + self.neuron.tau_refrac).max(time.next_up());
            self.gate[j] = HELD;
        }
    }

    /// First crossing of neuron j between `since` and now (absolute time, ms), by the general search.
    fn search(&mut self, j: usize, now: &Instant) -> Option<f64> {
        let (since, theta) = (self.since[j], self.theta[j]);
        if self.b[j] == 0.0 && self.b_i.get(j).is_none_or(|&b_i| b_i == 0.0) {
            // Without synaptic current the potential is one exponential.
            let d = self.deviation(j, now);
            if d < theta {
                return None;
            }
            if theta < 0.0 && d < 0.0 {
                return Some((now.t - self.neuron.tau_m * (theta / d).ln()).max(since));
            }
        }
        let then = self.coordinates.instant(since);
        let start = self.trajectory(j, &then);
        first_crossing(&self.neuron, start, theta, now.t - since).map(|t| since + t)
    }

    /// Lets neuron j start from v_reset at `since`, with the synaptic current that has gathered until then.
    fn release(&mut self, j: usize) {
        let then = self.coordinates.instant(self.since[j]);
        self.a[j] = 0.0;
        let synaptic = self.deviation(j, &then);
        self.a[j] = (self.neuron.v_reset - self.v_inf[j] - synaptic) / then.membrane;
        self.arm(j, &then);
    }
}
