//! Neurons that receive nothing but a noisy current: several at a time, redraw by redraw.
//!
//! Between redraws a membrane relaxes towards one level, so it is monotone: it crosses threshold if and only if it is above at the end.

use super::Population;
use crate::current::{CurrentSource, NoisyCurrent};
use crate::lanes::{LANES, Lanes};
use crate::neuron::IfCurrExp;
use crate::noise::Noise;
use crate::record::Spike;

/// Blocks of the noise that are drawn together.
const BLOCKS: usize = 4;

/// Neurons of a population under a noisy current.
#[derive(Debug, Clone)]
pub(crate) struct NoisyState {
    neuron: IfCurrExp,
    current: NoisyCurrent,
    /// v_rest + R i_offset (mV), of whole groups of lanes.
    level: Vec<f64>,
    v_thresh: Vec<f64>,
    v_init: Vec<f64>,
    size: usize,
    noise: Noise,
    spikes: Vec<Spike>,
    arch: pulp::Arch,
}

impl NoisyState {
    /// State of a population that receives one noisy current, for good, into all its neurons.
    pub(crate) fn new(population: &Population) -> Option<NoisyState> {
        let [current] = population.currents() else { return None };
        let CurrentSource::Noisy(noise) = current.source else { return None };
        let plain = current.neurons.is_none()
            && noise.start == 0.0
            && noise.stop == f64::INFINITY
            && population.time_constants().is_none()
            && population.background().is_empty()
            && population.recording().v_at.is_empty();
        if !plain {
            return None;
        }
        let neuron = *population.neuron();
        let resistance = neuron.resistance();
        // The last group is filled up with neurons that nobody sees.
        let padded = population.size().next_multiple_of(LANES);
        let pad = |values: Vec<f64>, value: f64| {
            let mut values = values;
            values.resize(padded, value);
            values
        };
        Some(NoisyState {
            neuron,
            current: noise,
            level: pad(population.i_offset().iter().map(|i| neuron.v_rest + resistance * i).collect(), neuron.v_rest),
            v_thresh: pad(population.v_thresh().to_vec(), f64::INFINITY),
            v_init: pad(population.v_init().to_vec(), neuron.v_rest),
            size: population.size(),
            noise: Noise::new(crate::random::StreamKey { seed: 0, sample: 0 }, 0, 0),
            spikes: Vec::new(),
            arch: pulp::Arch::new(),
        })
    }

    /// Back to the initial state, with noise of its own.
    pub(crate) fn reset(&mut self, noise: Noise) {
        self.noise = noise;
        self.spikes.clear();
    }

    /// Simulates [0, duration] ms.
    pub(crate) fn run(&mut self, duration: f64) {
        let arch = self.arch;
        for first in (0..self.size).step_by(LANES) {
            arch.dispatch(Group { state: self, first, duration });
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

/// A group of lanes over the whole run.
struct Group<'a> {
    state: &'a mut NoisyState,
    first: usize,
    duration: f64,
}

impl pulp::WithSimd for Group<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Group { state, first, duration } = self;
        let NoisyState { neuron, current, noise, spikes, size, .. } = state;
        let lanes = |values: &[f64]| Lanes(std::array::from_fn(|l| values[first + l]));
        let (level, theta, mut v) = (lanes(&state.level), lanes(&state.v_thresh), lanes(&state.v_init));
        let resistance = neuron.resistance();
        let whole = (-current.dt / neuron.tau_m).exp();
        // Of a step, what is left of the distance to the level: less of the way is done by a neuron that is refractory at its start.
        let mut left = Lanes([whole; LANES]);
        // Until when each neuron is refractory, counted from the start of the step; and which are.
        let mut until = Lanes::ZERO;
        let mut late = 0u32;
        let beyond = ((neuron.tau_refrac - current.dt) / neuron.tau_m).exp();
        let rest_of = |until: f64| (((until - current.dt) / neuron.tau_m).min(0.0)).exp();
        for l in 0..LANES {
            if v[l] >= theta[l] {
                spikes.push(Spike { time: 0.0, neuron: (first + l) as u32 });
                v[l] = neuron.v_reset;
                until[l] = neuron.tau_refrac;
                left[l] = rest_of(until[l]);
                late |= 1 << l;
            }
        }
        let steps = (duration / current.dt).ceil() as u64;
        let mut pairs = [[Lanes::ZERO; 2]; BLOCKS];
        for n in 0..steps {
            let in_batch = n as usize % (2 * BLOCKS);
            if in_batch == 0 {
                pairs = noise.pairs(first as u32, n / 2);
            }
            let normal = &pairs[in_batch / 2][in_batch % 2];
            let start = n as f64 * current.dt;
            // The last step may be cut short; nothing is asked of the potentials at its end.
            let dt = current.dt.min(duration - start);
            let mut target = level;
            let mut end = Lanes::ZERO;
            let mut crosses = 0u32;
            for l in 0..LANES {
                target[l] += resistance * (current.mean + current.stdev * normal[l]);
                end[l] = target[l] + (v[l] - target[l]) * left[l];
                crosses |= u32::from(end[l] >= theta[l]) << l;
            }
            for l in lanes_of(crosses) {
                // The level is above threshold: the neuron fires until the step, or its end, is too short for the next interval.
                let (theta, target) = (theta[l], target[l]);
                let mut from = v[l];
                loop {
                    let ratio = (target - from) / (target - theta);
                    let at = until[l] + neuron.tau_m * ratio.ln();
                    if !(at <= dt) {
                        // The cut last step ends before, or the next spike falls into a later one.
                        end[l] = target + (from - target) * left[l];
                        until[l] = current.dt;
                        break;
                    }
                    let time = start + at;
                    if first + l < *size {
                        spikes.push(Spike { time, neuron: (first + l) as u32 });
                    }
                    // Time goes on even where the interval is below its resolution.
                    until[l] = (at + neuron.tau_refrac).max(time.next_up() - start);
                    from = neuron.v_reset;
                    end[l] = from;
                    if until[l] >= current.dt {
                        // exp((at - dt) / tau_m) is at hand.
                        left[l] *= ratio * beyond;
                        break;
                    }
                    left[l] = rest_of(until[l]);
                }
            }
            v = end;
            let mut held = 0u32;
            for l in lanes_of(late | crosses) {
                // A neuron whose refractory period ended in this step is free from the start of the next.
                let over = until[l] - current.dt;
                if over > 0.0 {
                    until[l] = over;
                    if late >> l & 1 == 1 || over >= current.dt {
                        left[l] = rest_of(over);
                    }
                    held |= 1 << l;
                } else {
                    (until[l], left[l]) = (0.0, whole);
                }
            }
            late = held;
        }
    }
}

/// The lanes of a mask.
#[inline(always)]
fn lanes_of(mask: u32) -> impl Iterator<Item = usize> {
    let mut left = mask;
    std::iter::from_fn(move || {
        let lane = left.trailing_zeros() as usize;
        left &= left.wrapping_sub(1);
        (lane < LANES).then_some(lane)
    })
}
