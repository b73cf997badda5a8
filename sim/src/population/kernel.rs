//! The synaptic-event kernel: one row of synapses onto neighbouring neurons, in vectors of the machine's width.
//!
//! Multiplications and additions are kept apart (no fused operations), so that every width, and the scalar twin
//! [`PopulationState::receive`], give the same bits.

use super::coordinates::Instant;
use super::state::{PopulationState, QUIET, SLACK, SharedDecay};
use pulp::{Simd, WithSimd};

/// Delivers `weights[i]` (nA) to neuron `start + i` of a population whose receptors share one time constant.
pub(super) struct DeliverRow<'a> {
    pub(super) state: &'a mut PopulationState,
    pub(super) shared: SharedDecay,
    pub(super) start: usize,
    pub(super) weights: &'a [f64],
    pub(super) now: &'a Instant,
}

impl WithSimd for DeliverRow<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let DeliverRow { state, shared, start, weights, now } = self;
        let width = size_of::<S::f64s>() / size_of::<f64>();
        let end = start + weights.len();
        let membrane = simd.splat_f64s(now.membrane);
        let synapse = simd.splat_f64s(shared.kappa * now.excitatory.current);
        let a_gain = simd.splat_f64s(now.excitatory.a_gain);
        let b_gain = simd.splat_f64s(now.excitatory.b_gain);
        let ratio = simd.splat_f64s(shared.ratio.value);
        let rise = simd.splat_f64s(shared.rise);
        let quiet = simd.splat_f64s(QUIET);
        let slack = simd.splat_f64s(SLACK);
        let t = simd.splat_f64s(now.t);

        for (offset, weights) in (start..end).step_by(width).zip(weights.chunks(width)) {
            let lanes = offset..offset + weights.len();
            let full = weights.len() == width;
            let load = |values: &[f64]| {
                // A whole vector by a plain load, the end of a row by a masked one.
                if full { S::as_simd_f64s(values).0[0] } else { simd.partial_load_f64s(values) }
            };
            let store = |values: &mut [f64], vector| {
                if full { S::as_mut_simd_f64s(values).0[0] = vector } else { simd.partial_store_f64s(values, vector) }
            };
            let mut a = load(&state.a[lanes.clone()]);
            let mut b = load(&state.b[lanes.clone()]);
            let mut gate = load(&state.gate[lanes.clone()]);
            let w = load(weights);

            let p = simd.mul_f64s(a, membrane);
            let q = simd.mul_f64s(b, synapse);
            let above = simd.greater_than_or_equal_f64s(simd.sub_f64s(p, q), gate);
            let falling = simd.greater_than_or_equal_f64s(p, simd.mul_f64s(ratio, q));
            let armed = simd.less_than_f64s(gate, quiet);
            // Refractory neurons only gather current.
            let since = load(&state.since[lanes.clone()]);
            let free = simd.less_than_or_equal_f64s(since, t);
            let attention = simd.and_m64s(free, simd.or_m64s(above, simd.and_m64s(falling, armed)));
            // Lanes beyond the end of a row load as zeros, which look like attention, but come last.
            let any = simd.first_true_m64s(attention) < weights.len();
            if any {
                let ones = simd.select_f64s(attention, simd.splat_f64s(1.0), simd.splat_f64s(0.0));
                let mut flags = [0.0; 8];
                simd.partial_store_f64s(&mut flags[..width], ones);
                for (i, &w) in weights.iter().enumerate() {
                    if flags[i] != 0.0 {
                        state.receive(offset + i, w, now);
                    }
                }
                a = load(&state.a[lanes.clone()]);
                b = load(&state.b[lanes.clone()]);
                gate = load(&state.gate[lanes.clone()]);
            }

            let theta = load(&state.theta[lanes.clone()]);
            let bound = load(&state.bound[lanes.clone()]);
            let mut new_a = simd.add_f64s(a, simd.mul_f64s(w, a_gain));
            let mut new_b = simd.add_f64s(b, simd.mul_f64s(w, b_gain));
            let p = simd.mul_f64s(new_a, membrane);
            let q = simd.mul_f64s(new_b, synapse);
            let high = simd.greater_than_or_equal_f64s(simd.mul_f64s(p, rise), simd.mul_f64s(theta, slack));
            let rising = simd.less_than_f64s(p, simd.mul_f64s(ratio, q));
            let reaches =
                simd.greater_than_or_equal_f64s(power(simd, p, shared.ratio.ceiling), simd.mul_f64s(q, bound));
            let candidate = simd.and_m64s(high, simd.and_m64s(rising, reaches));
            let mut new_gate = simd.select_f64s(free, simd.select_f64s(candidate, theta, quiet), gate);
            new_a = simd.select_f64s(free, new_a, a);
            if any {
                new_a = simd.select_f64s(attention, a, new_a);
                new_b = simd.select_f64s(attention, b, new_b);
                new_gate = simd.select_f64s(attention, gate, new_gate);
            }
            store(&mut state.a[lanes.clone()], new_a);
            store(&mut state.b[lanes.clone()], new_b);
            store(&mut state.gate[lanes], new_gate);
        }
    }
}

/// `s^n`, with the order of multiplications of [`crate::crossing::whole_power`].
#[inline(always)]
fn power<S: Simd>(simd: S, s: S::f64s, n: u32) -> S::f64s {
    if n == 4 {
        let square = simd.mul_f64s(s, s);
        return simd.mul_f64s(square, square);
    }
    let (mut result, mut base, mut n) = (simd.splat_f64s(1.0), s, n);
    while n > 0 {
        if n & 1 == 1 {
            result = simd.mul_f64s(result, base);
        }
        base = simd.mul_f64s(base, base);
        n >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::IfCurrExp;
    use crate::population::Population;
    use crate::record::Spike;

    /// How a test delivers a row.
    type Deliver = fn(&mut PopulationState, usize, &[f64], &Instant);

    /// Everything that can be seen of a population after 4,000 rows of all lengths at uneven times, with refractory,
    /// armed, quiet and supra-threshold neurons among the targets.
    fn trace(tau_syn: f64, deliver: Deliver) -> (Vec<Spike>, Vec<u64>) {
        let neuron = IfCurrExp { tau_syn_e: tau_syn, tau_syn_i: tau_syn, ..IfCurrExp::liu_furber_2016() };
        let currents = (0..53).map(|j| if j % 11 == 5 { 0.25 } else { 0.002 * f64::from(j) }).collect();
        let population = Population::new(53, neuron).unwrap().with_i_offset(currents).unwrap();
        let mut state = PopulationState::new(&population);
        let weights: Vec<f64> = (0..211u32).map(|i| 0.01 * (f64::from(i * 7919 % 211) - 80.0)).collect();
        let mut t = 0.0;
        for i in 0..4000usize {
            t += 0.001 * (i * 31 % 97) as f64;
            let now = state.at(t);
            let (start, length) = (i * 17 % 53, 1 + i * 13 % 37);
            let length = length.min(53 - start);
            deliver(&mut state, start, &weights[i % 150..i % 150 + length], &now);
        }
        let bits =
            [&state.a, &state.b, &state.gate].iter().flat_map(|array| array.iter().map(|x| x.to_bits())).collect();
        (state.take_spikes(), bits)
    }

    fn row<'a>(state: &'a mut PopulationState, start: usize, weights: &'a [f64], now: &'a Instant) -> DeliverRow<'a> {
        let shared = state.shared.unwrap();
        DeliverRow { state, shared, start, weights, now }
    }

    /// The vector kernel of every width that this machine has, against one arrival at a time, to the last bit.
    #[test]
    fn all_widths_give_the_bits_of_the_scalar_twin() {
        // r = 4, r = 20, and an r that is no whole number.
        for tau_syn in [5.0, 1.0, 7.3] {
            let scalar = trace(tau_syn, |state, start, weights, now| {
                weights.iter().enumerate().for_each(|(i, &w)| state.receive(start + i, w, now));
            });
            assert!(scalar.0.len() > 500, "{}", scalar.0.len());
            let portable = trace(tau_syn, |state, start, weights, now| {
                row(state, start, weights, now).with_simd(pulp::Scalar);
            });
            assert_eq!(scalar, portable);
            let native = trace(tau_syn, |state, start, weights, now| {
                pulp::Arch::new().dispatch(row(state, start, weights, now));
            });
            assert_eq!(scalar, native);
            #[cfg(target_arch = "x86_64")]
            if pulp::x86::V3::is_available() {
                let avx2 = trace(tau_syn, |state, start, weights, now| {
                    Simd::vectorize(pulp::x86::V3::try_new().unwrap(), row(state, start, weights, now));
                });
                assert_eq!(scalar, avx2);
            }
        }
    }
}
