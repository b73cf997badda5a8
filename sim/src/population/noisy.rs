//! Neurons that receive nothing but a noisy current: several at a time, redraw by redraw.
//!
//! Between redraws a membrane relaxes towards one level, so it is monotone: it crosses threshold if and only if it is above at the end.

use super::Population;
use crate::current::{CurrentSource, NoisyCurrent};
use crate::lanes::{LANES, Lanes, exp, ln};
use crate::neuron::IfCurrExp;
use crate::noise::Noise;
use crate::record::Spike;

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
            noise: Noise::new(crate::random::StreamKey { seed: 0, sample: 0 }, 0),
            spikes: Vec::new(),
            arch: pulp::Arch::new(),
        })
    }

    /// Back to the initial state, with noise of its own.
    pub(crate) fn reset(&mut self, noise: Noise) {
        self.noise = noise;
        self.spikes.clear();
    }

    /// Interval of the redraws (ms).
    pub(crate) fn interval(&self) -> f64 {
        self.current.dt
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
        let lanes = |values: &[f64]| -> Lanes { std::array::from_fn(|l| values[first + l]) };
        let (level, theta, mut v) = (lanes(&state.level), lanes(&state.v_thresh), lanes(&state.v_init));
        let resistance = neuron.resistance();
        // When each neuron is free to move, counted from the last redraw.
        let mut begin = [0.0; LANES];
        for l in 0..LANES {
            if v[l] >= theta[l] {
                spikes.push(Spike { time: 0.0, neuron: (first + l) as u32 });
                v[l] = neuron.v_reset;
                begin[l] = neuron.tau_refrac;
            }
        }
        let steps = (duration / current.dt).ceil() as u64;
        let decay = (-current.dt / neuron.tau_m).exp();
        let per_tau = 1.0 / neuron.tau_m;
        let mut pair = [[0.0; LANES]; 2];
        let mut late = true;
        for n in 0..steps {
            if n % 2 == 0 {
                pair = noise.pair(first as u32, n / 2);
            }
            let normal = &pair[(n % 2) as usize];
            let start = n as f64 * current.dt;
            let dt = current.dt.min(duration - start);
            let mut target = level;
            let mut end = [0.0; LANES];
            let mut crosses = false;
            for l in 0..LANES {
                target[l] += resistance * (current.mean + current.stdev * normal[l]);
                end[l] = target[l] + (v[l] - target[l]) * decay;
                crosses |= end[l] >= theta[l];
            }
            if !crosses && !late && dt == current.dt {
                v = end;
                continue;
            }
            // Pieces of the step: from where each neuron is free to the end, or to its next crossing.
            let mut left = true;
            while left {
                let mut remains = [decay; LANES];
                if late || dt != current.dt {
                    let mut exponent = [0.0; LANES];
                    for l in 0..LANES {
                        exponent[l] = (begin[l] - dt) * per_tau;
                    }
                    remains = exp(&exponent);
                }
                let mut ratio = [1.0; LANES];
                let mut crossed = [false; LANES];
                let mut any = false;
                for l in 0..LANES {
                    let end = target[l] + (v[l] - target[l]) * remains[l];
                    let free = begin[l] < dt;
                    let crosses = free & (end >= theta[l]);
                    // Where nothing is crossed the logarithm is of 1.
                    ratio[l] = if crosses { (target[l] - v[l]) / (target[l] - theta[l]) } else { 1.0 };
                    v[l] = if crosses {
                        neuron.v_reset
                    } else if free {
                        end
                    } else {
                        v[l]
                    };
                    crossed[l] = crosses;
                    any |= crosses;
                }
                left = false;
                if !any {
                    break;
                }
                let wait = ln(&ratio);
                for l in 0..LANES {
                    if crossed[l] {
                        let at = (begin[l] + neuron.tau_m * wait[l]).clamp(begin[l], dt);
                        let time = start + at;
                        if first + l < *size {
                            spikes.push(Spike { time, neuron: (first + l) as u32 });
                        }
                        // Time goes on even where the interval is below its resolution.
                        begin[l] = (at + neuron.tau_refrac).max(time.next_up() - start);
                        left |= begin[l] < dt;
                    } else if begin[l] < dt {
                        begin[l] = dt;
                    }
                }
                late = true;
            }
            late = false;
            for begin in &mut begin {
                *begin = (*begin - dt).max(0.0);
                late |= *begin > 0.0;
            }
        }
    }
}
