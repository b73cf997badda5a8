//! Neurons that receive nothing but a noisy current: several at a time, redraw by redraw.
//!
//! Between redraws a membrane relaxes towards one level, so it is monotone: it crosses threshold if and only if it is above at the end.

use super::Population;
use crate::current::{CurrentSource, NoisyCurrent};
use crate::lanes::{LANES, Lanes, lanes_of, ln};
use crate::neuron::IfCurrExp;
use crate::noise::Noise;
use crate::record::Spike;
use std::ops::Range;

/// Blocks of the noise that are drawn together.
const BLOCKS: usize = 4;

/// Longest interval and refractory period together, in time constants of the membrane: their exponentials, and the product of these, are numbers.
const LONGEST: f64 = 500.0;

/// Neurons of a population under a noisy current.
#[derive(Debug, Clone)]
pub(crate) struct NoisyState {
    neuron: IfCurrExp,
    current: NoisyCurrent,
    noise: Noise,
    groups: Vec<Group>,
    /// Number of redraws that are over.
    done: u64,
    spikes: Vec<Spike>,
    arch: pulp::Arch,
}

/// As many neurons as there are lanes; the last group is filled up with neurons that nobody sees.
#[derive(Debug, Clone)]
struct Group {
    /// Their numbers, ready for the random streams: what is put together anew for each block of these makes it wait.
    neurons: Lanes<u64>,
    /// v_rest + R (i_offset + mean) (mV), threshold and initial potential (mV).
    level: Lanes,
    v_thresh: Lanes,
    v_init: Lanes,
    v: Lanes,
    /// exp(t / tau_m) of the time t until which a neuron is refractory, from the last redraw on; 1 if it is not.
    held: Lanes,
}

impl NoisyState {
    /// State of a population that receives one noisy current, for good, into all its neurons.
    pub(crate) fn new(population: &Population) -> Option<NoisyState> {
        let [current] = population.currents() else { return None };
        let CurrentSource::Noisy(noise) = current.source else { return None };
        let neuron = *population.neuron();
        let plain = current.neurons.is_none()
            && noise.start == 0.0
            && noise.stop == f64::INFINITY
            && population.time_constants().is_none()
            && population.background().is_empty()
            && population.recording().v_at.is_empty()
            && neuron.tau_refrac + noise.dt < LONGEST * neuron.tau_m;
        if !plain {
            return None;
        }
        Some(NoisyState {
            neuron,
            current: noise,
            noise: Noise::new(crate::random::StreamKey { seed: 0, sample: 0 }, 0, 0),
            groups: (0..population.size())
                .step_by(LANES)
                .map(|first| Group::new(population, noise.mean, first))
                .collect(),
            done: 0,
            spikes: Vec::new(),
            arch: pulp::Arch::new(),
        })
    }

    /// Back to the initial state, with noise of its own.
    pub(crate) fn reset(&mut self, noise: Noise) {
        self.noise = noise;
        self.done = 0;
        self.spikes.clear();
        let IfCurrExp { v_reset, tau_refrac, tau_m, .. } = self.neuron;
        for Group { neurons, v_thresh, v_init, v, held, .. } in &mut self.groups {
            (*v, *held) = (*v_init, NOT_HELD);
            for l in 0..LANES {
                if v[l] >= v_thresh[l] {
                    self.spikes.push(Spike { time: 0.0, neuron: neurons[l] as u32 });
                    (v[l], held[l]) = (v_reset, (tau_refrac / tau_m).exp());
                }
            }
        }
    }

    /// Simulates the redraws that are over at t (ms).
    pub(crate) fn run(&mut self, t: f64) {
        let mut end = (t / self.current.dt) as u64;
        // The quotient is rounded.
        end -= u64::from(end as f64 * self.current.dt > t);
        self.advance(self.done..end, self.current.dt);
        self.done = end;
    }

    /// Emits the spikes between the last redraw and t (ms), the end of the run, up to which the state has been run.
    pub(crate) fn close(&mut self, t: f64) {
        let rest = t - self.done as f64 * self.current.dt;
        if rest > 0.0 {
            self.advance(self.done..self.done + 1, rest);
        }
    }

    /// Some intervals between redraws, of this length (ms).
    fn advance(&mut self, intervals: Range<u64>, length: f64) {
        let arch = self.arch;
        let NoisyState { neuron, current, noise, groups, spikes, .. } = self;
        let whole = (-length / neuron.tau_m).exp();
        for group in groups {
            arch.dispatch(Stretch {
                neuron,
                current,
                noise,
                group,
                spikes,
                intervals: intervals.clone(),
                length,
                whole,
            });
        }
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

/// No refractory period.
const NOT_HELD: Lanes = Lanes([1.0; LANES]);

impl Group {
    fn new(population: &Population, mean: f64, first: usize) -> Group {
        let neuron = population.neuron();
        let lanes = |padding: f64, value: &dyn Fn(usize) -> f64| Lanes::of(first, population.size(), padding, value);
        Group {
            neurons: Lanes::counted(first),
            level: lanes(neuron.v_rest, &|j| neuron.v_rest + neuron.resistance() * (population.i_offset()[j] + mean)),
            v_thresh: lanes(f64::INFINITY, &|j| population.v_thresh()[j]),
            v_init: lanes(neuron.v_rest, &|j| population.v_init()[j]),
            v: Lanes::ZERO,
            held: NOT_HELD,
        }
    }
}

/// A group of lanes over some intervals between redraws.
struct Stretch<'a> {
    neuron: &'a IfCurrExp,
    current: &'a NoisyCurrent,
    noise: &'a Noise,
    group: &'a mut Group,
    spikes: &'a mut Vec<Spike>,
    intervals: Range<u64>,
    /// Length of an interval (ms), and its exp(-t / tau_m).
    length: f64,
    whole: f64,
}

impl pulp::WithSimd for Stretch<'_> {
    type Output = ();

    /// With h = exp(t / tau_m) for the time t until which a neuron is held, min(1, h exp(-dt / tau_m)) is left of its distance to the level at the end of an
    /// interval dt; a spike of a neuron at V comes when exp(t / tau_m) is h (level - V) / (level - v_thresh). The logarithm of that is needed
    /// for the record alone.
    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Stretch { neuron, current, noise, group, spikes, intervals, length, whole } = self;
        let Group { neurons, level, v_thresh, v, held, .. } = group;
        let gain = neuron.resistance() * current.stdev;
        let IfCurrExp { tau_m, v_reset, tau_refrac, .. } = *neuron;
        let (grown, refractory) = (1.0 / whole, (tau_refrac / tau_m).exp());
        let mut crossings = Crossings::new(tau_m, length, spikes);
        let mut n = intervals.start;
        while n < intervals.end {
            let pairs = noise.pairs::<BLOCKS>(neurons, n / 2);
            // Batches begin with even numbers, the stretch perhaps in the middle of a pair.
            for normal in pairs.as_flattened().iter().skip(n as usize % 2) {
                if n == intervals.end {
                    break;
                }
                let mut target = *level;
                let (mut end, mut after) = (Lanes::ZERO, Lanes::ZERO);
                let mut crosses = 0u32;
                for l in 0..LANES {
                    target[l] += gain * normal[l];
                    after[l] = held[l] * whole;
                    end[l] = target[l] + (v[l] - target[l]) * least(after[l], 1.0);
                    crosses |= u32::from(end[l] >= v_thresh[l]) << l;
                }
                if crosses != 0 {
                    let start = n as f64 * current.dt;
                    let mut at = Lanes::ZERO;
                    let mut again = 0u32;
                    for l in 0..LANES {
                        let crosses = end[l] >= v_thresh[l];
                        at[l] = spike(target[l], v[l], v_thresh[l], held[l], grown);
                        let next = at[l] * refractory * whole;
                        after[l] = if crosses { next } else { after[l] };
                        let reset = target[l] + (v_reset - target[l]) * least(next, 1.0);
                        end[l] = if crosses { reset } else { end[l] };
                        again |= u32::from(end[l] >= v_thresh[l]) << l;
                    }
                    for l in lanes_of(crosses) {
                        crossings.push(start, at[l], neurons[l] as u32);
                    }
                    for l in lanes_of(again) {
                        // The level is far above threshold: the neuron fires more than once.
                        while end[l] >= v_thresh[l] {
                            at[l] = spike(target[l], v_reset, v_thresh[l], at[l] * refractory, grown);
                            crossings.push(start, at[l], neurons[l] as u32);
                            after[l] = at[l] * refractory * whole;
                            end[l] = target[l] + (v_reset - target[l]) * least(after[l], 1.0);
                        }
                    }
                }
                *v = end;
                for l in 0..LANES {
                    held[l] = if after[l] > 1.0 { after[l] } else { 1.0 };
                }
                n += 1;
            }
        }
        crossings.flush();
    }
}

/// exp(t / tau_m) of the time t of a spike towards a level `target` (mV) above threshold, of a neuron that is held at v until `held`, in an interval at
/// whose end that is `grown`.
#[inline(always)]
fn spike(target: f64, v: f64, v_thresh: f64, held: f64, grown: f64) -> f64 {
    let at = held * ((target - v) / (target - v_thresh));
    // By rounding, a potential that only comes near threshold can reach it at the end.
    if at >= held && at <= grown { at } else { grown }
}

/// The lesser of two numbers.
#[inline(always)]
fn least(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// Spikes whose times are still to be computed, several at once.
struct Crossings<'a> {
    tau_m: f64,
    length: f64,
    spikes: &'a mut Vec<Spike>,
    count: usize,
    /// Start of the interval (ms), exp(t / tau_m) of the time since then, and the neuron.
    start: Lanes,
    at: Lanes,
    neuron: [u32; LANES],
}

impl<'a> Crossings<'a> {
    fn new(tau_m: f64, length: f64, spikes: &'a mut Vec<Spike>) -> Crossings<'a> {
        Crossings { tau_m, length, spikes, count: 0, start: Lanes::ZERO, at: NOT_HELD, neuron: [0; LANES] }
    }

    #[inline(always)]
    fn push(&mut self, start: f64, at: f64, neuron: u32) {
        // It is below LANES; this spares the check.
        let k = self.count % LANES;
        (self.start[k], self.at[k], self.neuron[k]) = (start, at, neuron);
        self.count += 1;
        if self.count == LANES {
            self.flush();
        }
    }

    #[inline(always)]
    fn flush(&mut self) {
        let logarithms = ln(&self.at);
        for k in 0..self.count {
            let time = self.start[k] + least(self.tau_m * logarithms[k], self.length);
            self.spikes.push(Spike { time, neuron: self.neuron[k] });
        }
        self.count = 0;
    }
}
