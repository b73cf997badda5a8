//! Neurons whose receptors share one time constant below tau_m, driven by rows of synapses in vectors.
//!
//! Crossings are detected in retrospect. After each arrival a closed-form test says whether the neuron would
//! reach threshold if nothing else came ("armed"). When the next event reaches an armed neuron, its potential
//! and slope tell whether the crossing has happened meanwhile; only then is its time computed. A neuron that its constant current
//! alone drives above threshold is always armed, and remembers its last event, before which nothing can have happened.

mod coordinates;
mod kernel;

use crate::crossing::{first_crossing, rising_root, steep_root, whole_power};
use crate::membrane::Trajectory;
use crate::neuron::IfCurrExp;
use crate::population::Population;
use crate::record::Spike;
use coordinates::{Decay, Instant};

/// Gate of a neuron that cannot reach threshold without further input.
const QUIET: f64 = f64::INFINITY;
/// Gate of a neuron that has to be examined at every event.
const EXAMINE: f64 = f64::MIN;

/// Slack of the arming test: a few more candidates, never one too few. Its rounding error is below 1e-14.
const SLACK: f64 = 1.0 - 1e-12;

/// The arrays of a population. One entry per neuron in each.
#[derive(Debug, Clone)]
pub(crate) struct VectorState {
    neuron: IfCurrExp,
    decay: Decay,
    origin: f64,
    /// Membrane coordinate A (mV).
    a: Vec<f64>,
    /// Synaptic coordinate B (nA).
    b: Vec<f64>,
    /// The level of V - V_inf (mV) at which a neuron needs attention: `QUIET`, its brink (of a refractory one too) or `EXAMINE`.
    gate: Vec<f64>,
    /// v_thresh - V_inf (mV).
    theta: Vec<f64>,
    /// Gate of an armed neuron: theta, less a rounding error where it is positive; `EXAMINE` where a huge V_inf leaves nothing of the
    /// distance from v_reset to it.
    brink: Vec<f64>,
    /// Whether there are neurons with a theta that is not positive.
    is_driven: bool,
    /// g^(n-1), g = r theta / (r - 1), n = ceil(r): the arming test is p^n >= r q bound.
    bound: Vec<f64>,
    /// Examined up to this time (ms); the end of the refractory period while that is in the future.
    since: Vec<f64>,
    /// What a unit of B adds to A at the end of a refractory period (MOhm). Later only its sign counts: positive where `since` is the end
    /// of such a period, else zero.
    carry: Vec<f64>,
    /// V_inf (mV).
    v_inf: Vec<f64>,
    /// Spikes emitted since they were last taken, in order of detection.
    spikes: Vec<Spike>,
    /// The targets of a row that need attention, with their weights.
    attention: Vec<(u32, f64)>,
    arch: pulp::Arch,
}

impl VectorState {
    /// State of a population, if its neurons fit these coordinates.
    pub(crate) fn new(population: &Population) -> Option<VectorState> {
        let neuron = *population.neuron();
        let decay = Decay::new(&neuron)?;
        let resistance = neuron.resistance();
        let v_inf: Vec<f64> = population.i_offset().iter().map(|i| neuron.v_rest + resistance * i).collect();
        let theta: Vec<f64> = population.v_thresh().iter().zip(&v_inf).map(|(thresh, inf)| thresh - inf).collect();
        let r = decay.ratio.value;
        let brink = theta.iter().zip(&v_inf).map(|(&theta, &v_inf)| {
            if theta > 0.0 {
                theta * SLACK
            } else if neuron.v_reset < theta + v_inf {
                theta
            } else {
                EXAMINE
            }
        });
        let bound = theta.iter().map(|theta| {
            let bound = SLACK * whole_power(theta * r / (r - 1.0), decay.ratio.ceiling - 1);
            // Where the power overflows (tau_syn below tau_m/250), every rising neuron is a candidate.
            if bound.is_finite() { bound } else { 0.0 }
        });
        let zeros = vec![0.0; population.size()];
        Some(VectorState {
            neuron,
            decay,
            origin: 0.0,
            a: zeros.clone(),
            b: zeros.clone(),
            gate: zeros.clone(),
            brink: brink.collect(),
            is_driven: theta.iter().any(|&theta| theta <= 0.0),
            bound: bound.collect(),
            theta,
            since: zeros.clone(),
            carry: zeros,
            v_inf,
            spikes: Vec::new(),
            attention: Vec::new(),
            arch: pulp::Arch::new(),
        })
    }

    /// Back to the initial state at time zero.
    pub(crate) fn reset(&mut self, population: &Population) {
        self.origin = 0.0;
        self.spikes.clear();
        self.b.fill(0.0);
        self.since.fill(0.0);
        self.carry.fill(0.0);
        self.gate.fill(EXAMINE);
        for ((a, v), v_inf) in self.a.iter_mut().zip(population.v_init()).zip(&self.v_inf) {
            *a = v - v_inf;
        }
        // Neurons that start at or above threshold fire now; the others learn whether they are armed.
        let start = self.decay.instant(0.0, 0.0);
        self.settle(&start);
    }

    /// How often the origin has to move (ms).
    pub(crate) fn horizon(&self) -> f64 {
        self.decay.horizon()
    }

    /// Moves the origin so that time t can be expressed, and returns the factors at t.
    #[inline]
    pub(crate) fn at(&mut self, t: f64) -> Instant {
        while t > self.origin + self.decay.horizon() {
            self.move_origin();
        }
        self.decay.instant(self.origin, t)
    }

    #[cold]
    fn move_origin(&mut self) {
        let t = self.origin + self.decay.horizon();
        let here = self.decay.instant(self.origin, t);
        self.settle(&here);
        self.a.iter_mut().for_each(|a| *a *= here.membrane);
        self.b.iter_mut().for_each(|b| *b *= here.current);
        let carry = here.membrane / here.current;
        self.carry.iter_mut().for_each(|c| *c *= carry);
        self.origin = t;
    }

    /// Emits every crossing that has happened up to an instant.
    pub(crate) fn settle(&mut self, now: &Instant) {
        for j in 0..self.a.len() {
            if self.gate[j] < QUIET {
                self.resolve(j, now);
            }
        }
    }

    /// Spikes not yet taken, in order of detection.
    pub(crate) fn fresh_spikes(&self) -> &[Spike] {
        &self.spikes
    }

    /// Spikes since they were last taken, to be emptied.
    pub(crate) fn spikes(&mut self) -> &mut Vec<Spike> {
        &mut self.spikes
    }

    /// Emits what neuron j has to emit up to an instant, and returns its potential (mV) and its synaptic current (nA).
    pub(crate) fn observe(&mut self, j: usize, now: &Instant) -> (f64, f64) {
        if self.gate[j] < QUIET {
            self.resolve(j, now);
        }
        let held = self.since[j] > now.t;
        let v = if held { self.neuron.v_reset } else { self.v_inf[j] + self.deviation(j, now) };
        (v, self.b[j] * now.current)
    }

    /// Delivers one row of synapses: `weights[i]` (nA) to neuron `start + i`.
    #[inline]
    pub(crate) fn deliver(&mut self, start: usize, weights: &[f64], now: &Instant) {
        if let &[w] = weights {
            return self.receive(start, w, now);
        }
        let arch = self.arch;
        if self.is_driven {
            arch.dispatch(kernel::DeliverRow::<true> { state: self, start, weights, now });
        } else {
            arch.dispatch(kernel::DeliverRow::<false> { state: self, start, weights, now });
        }
        if !self.attention.is_empty() {
            self.attend(now);
        }
    }

    /// Delivers to the targets that the vector kernel has left aside.
    fn attend(&mut self, now: &Instant) {
        let mut attention = std::mem::take(&mut self.attention);
        attention.drain(..).for_each(|(j, w)| self.receive(j as usize, w, now));
        self.attention = attention;
    }

    /// One arrival of weight w (nA) at neuron j: the scalar twin of the vector kernel, and the path of all
    /// neurons that need examination.
    #[inline]
    pub(crate) fn receive(&mut self, j: usize, w: f64, now: &Instant) {
        if self.gate[j] < QUIET {
            self.resolve(j, now);
        }
        let current = w * now.b_gain;
        self.b[j] += current;
        if self.since[j] <= now.t {
            self.a[j] += w * now.a_gain;
            self.arm(j, now);
        } else {
            self.a[j] += current * self.carry[j];
        }
    }

    /// V - V_inf of neuron j (mV).
    #[inline]
    fn deviation(&self, j: usize, now: &Instant) -> f64 {
        self.a[j] * now.membrane - self.b[j] * now.synapse
    }

    /// Decides whether neuron j, below threshold now, may reach it without further input.
    #[inline]
    fn arm(&mut self, j: usize, now: &Instant) {
        self.gate[j] = if self.brink[j] <= 0.0 {
            self.since[j] = now.t;
            self.carry[j] = 0.0;
            self.brink[j]
        } else {
            // With p, q the membrane's and the synapse's part of V - V_inf, the potential rises while p < r q, and its maximum is at
            // theta or above if p^r >= r q g^(r-1). Both together imply p > g, so the larger power n instead of r excludes no neuron.
            let p = self.a[j] * now.membrane;
            let turn = self.b[j] * now.turn;
            let candidate = p < turn && whole_power(p, self.decay.ratio.ceiling) >= turn * self.bound[j];
            if candidate { self.brink[j] } else { QUIET }
        };
    }

    /// Emits the crossings of neuron j up to an instant and leaves its gate right for that instant.
    fn resolve(&mut self, j: usize, now: &Instant) {
        while self.since[j] <= now.t {
            let theta = self.theta[j];
            let crossing = if self.gate[j] == EXAMINE || theta <= 0.0 {
                if self.has_not_crossed(j, now) { None } else { self.search(j, now) }
            } else {
                let p = self.a[j] * now.membrane;
                let q = self.b[j] * now.synapse;
                let falling = p >= self.b[j] * now.turn;
                let below = p - q < theta;
                if below && !falling {
                    return; // still rising towards threshold
                }
                let never = below && p <= 0.0;
                if never { None } else { rising_root(p, q, self.decay.ratio, theta) }
                    .map(|s| (now.t - self.decay.tau_m * s.ln(), now.membrane * s))
                    // A neuron is released below threshold: a rise to it before then has not happened.
                    .filter(|&(time, _)| !(self.carry[j] > 0.0 && below && time < self.since[j]))
            };
            let Some((time, membrane)) = crossing else {
                return self.arm(j, now);
            };
            let time = time.clamp(self.since[j], now.t);
            self.spikes.push(Spike { time, neuron: j as u32 });
            // Time goes on even where the interval is below its resolution.
            self.since[j] = (time + self.neuron.tau_refrac).max(time.next_up());
            self.gate[j] = self.brink[j];
            let end = membrane * self.decay.refractory;
            self.carry[j] = self.decay.kappa * self.decay.ratio.power_less_one(end);
            self.a[j] = (self.neuron.v_reset - self.v_inf[j]) / end + self.b[j] * self.carry[j];
        }
    }

    /// True only if neuron j, which was below threshold at `since`, is below it now and cannot have been above it in between: with
    /// excitatory current (q >= 0) the potential rises while p < r q, which, once it fails, stays so: it held all the time if it holds
    /// now. With inhibitory current and p < 0 the potential first falls and then rises, so that it is highest at one of the ends.
    #[inline]
    fn has_not_crossed(&self, j: usize, now: &Instant) -> bool {
        let (p, q) = (self.a[j] * now.membrane, self.b[j] * now.synapse);
        let is_below = p - q < self.theta[j];
        let starts_below = self.carry[j] == 0.0 || self.brink[j] != EXAMINE;
        is_below && if q < 0.0 { p < 0.0 && starts_below } else { p < self.b[j] * now.turn }
    }

    /// First crossing of neuron j between `since` and now: its time, and the membrane's factor then.
    fn search(&self, j: usize, now: &Instant) -> Option<(f64, f64)> {
        let (since, theta) = (self.since[j], self.theta[j]);
        if self.gate[j] != EXAMINE && self.brink[j] != EXAMINE {
            // Below threshold at `since`: if above now, p s - q s^r, which is concave or convex, has crossed it once.
            let (p, q) = (self.a[j] * now.membrane, self.b[j] * now.synapse);
            let root = if p - q >= theta { steep_root(p, q, self.decay.ratio, theta) } else { None };
            let crossing = root.map(|s| (now.t - self.decay.tau_m * s.ln(), now.membrane * s));
            if crossing.is_some_and(|(time, _)| since <= time && time <= now.t) {
                return crossing;
            }
        }
        let at = |time: f64| (time, (-(time - self.origin) / self.decay.tau_m).exp());
        if self.b[j] == 0.0 && theta < 0.0 {
            // Without synaptic current the potential is one exponential.
            let d = self.deviation(j, now);
            if d < theta {
                return None;
            }
            if d < 0.0 {
                return Some(at((now.t - self.decay.tau_m * (theta / d).ln()).max(since)));
            }
        }
        let then = self.decay.instant(self.origin, since);
        let start = Trajectory { d: self.deviation(j, &then), i_e: self.b[j] * then.current, i_i: 0.0 };
        first_crossing(&self.neuron, start, theta, now.t - since).map(|t| at(since + t))
    }
}
