//! The synaptic-event kernel: one row of synapses onto neighbouring neurons, in vectors of the machine's width.
//!
//! Multiplications and additions are kept apart (no fused operations), so that every width, and the scalar twin
//! [`VectorState::receive`], give the same bits.

use super::coordinates::Instant;
use super::{HELD, QUIET, SLACK, VectorState};
use pulp::{Simd, WithSimd};

/// Delivers `weights[i]` (nA) to neuron `start + i`.
pub(super) struct DeliverRow<'a> {
    pub(super) state: &'a mut VectorState,
    pub(super) start: usize,
    pub(super) weights: &'a [f64],
    pub(super) now: &'a Instant,
}

impl WithSimd for DeliverRow<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let DeliverRow { state, start, weights, now } = self;
        let decay = state.decay;
        let width = size_of::<S::f64s>() / size_of::<f64>();
        let end = start + weights.len();
        let membrane = simd.splat_f64s(now.membrane);
        let synapse = simd.splat_f64s(now.synapse);
        let a_gain = simd.splat_f64s(now.a_gain);
        let b_gain = simd.splat_f64s(now.b_gain);
        let ratio = simd.splat_f64s(decay.ratio.value);
        let rise = simd.splat_f64s(decay.rise);
        let [zero, held_gate, quiet, slack, t] = [0.0, HELD, QUIET, SLACK, now.t].map(|x| simd.splat_f64s(x));

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
            let a = load(&state.a[lanes.clone()]);
            let b = load(&state.b[lanes.clone()]);
            let gate = load(&state.gate[lanes.clone()]);
            let since = load(&state.since[lanes.clone()]);
            let theta = load(&state.theta[lanes.clone()]);
            let w = load(weights);

            // Refractory neurons only gather current; those whose refractory period is over are released.
            let free = simd.less_than_or_equal_f64s(since, t);
            let held = simd.equal_f64s(gate, held_gate);
            let carry = load(&state.carry[lanes.clone()]);
            let released = simd.add_f64s(a, simd.mul_f64s(b, carry));
            let from = simd.select_f64s(held, released, a);

            let p = simd.mul_f64s(from, membrane);
            let q = simd.mul_f64s(b, synapse);
            let d = simd.sub_f64s(p, q);
            let falling = simd.greater_than_or_equal_f64s(p, simd.mul_f64s(ratio, q));
            // A neuron just released may have crossed if it is above threshold, driven above it by its constant current, or past a
            // peak.
            let crossed = simd.less_than_or_equal_f64s(theta, simd.max_f64s(d, zero));
            let of_released = simd.or_m64s(crossed, simd.and_m64s(falling, simd.greater_than_f64s(p, zero)));
            let above = simd.greater_than_or_equal_f64s(d, gate);
            let armed = simd.less_than_f64s(gate, quiet);
            let of_armed = simd.or_m64s(above, simd.and_m64s(falling, armed));
            let attention = simd.or_m64s(
                simd.and_m64s(held, of_released),
                // Not of the held ones, whose gate lets everything pass.
                simd.and_m64s(simd.greater_than_f64s(gate, held_gate), of_armed),
            );
            let attention = simd.and_m64s(free, attention);

            let low = simd.mul_f64s(theta, slack);
            let bound = load(&state.bound[lanes.clone()]);
            let moved_a = simd.add_f64s(from, simd.mul_f64s(w, a_gain));
            let moved_b = simd.add_f64s(b, simd.mul_f64s(w, b_gain));
            let p = simd.mul_f64s(moved_a, membrane);
            let q = simd.mul_f64s(moved_b, synapse);
            let high = simd.greater_than_or_equal_f64s(simd.mul_f64s(p, rise), low);
            let rising = simd.less_than_f64s(p, simd.mul_f64s(ratio, q));
            let reaches = simd.greater_than_or_equal_f64s(power(simd, p, decay.ratio.ceiling), simd.mul_f64s(q, bound));
            let candidate = simd.and_m64s(high, simd.and_m64s(rising, reaches));
            let new_gate = simd.select_f64s(free, simd.select_f64s(candidate, theta, quiet), gate);
            let new_a = simd.select_f64s(free, moved_a, a);
            // Lanes beyond the end of a row load as zeros, which look like attention, but come last.
            if simd.first_true_m64s(attention) >= weights.len() {
                store(&mut state.a[lanes.clone()], new_a);
                store(&mut state.b[lanes.clone()], moved_b);
                store(&mut state.gate[lanes], new_gate);
                continue;
            }
            store(&mut state.a[lanes.clone()], simd.select_f64s(attention, a, new_a));
            store(&mut state.b[lanes.clone()], simd.select_f64s(attention, b, moved_b));
            store(&mut state.gate[lanes], simd.select_f64s(attention, gate, new_gate));
            let ones = simd.select_f64s(attention, simd.splat_f64s(1.0), zero);
            let mut flags = [0.0; 8];
            simd.partial_store_f64s(&mut flags[..width], ones);
            for (i, (&w, flag)) in weights.iter().zip(flags).enumerate() {
                if flag != 0.0 {
                    state.receive(offset + i, w, now);
                }
            }
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
    type Deliver = fn(&mut VectorState, usize, &[f64], &Instant);

    /// Everything that can be seen of a population after 4,000 rows of all lengths at uneven times, with refractory,
    /// armed, quiet and supra-threshold neurons among the targets.
    fn trace(tau_syn: f64, deliver: Deliver) -> (Vec<Spike>, Vec<u64>) {
        let neuron = IfCurrExp { tau_syn_e: tau_syn, tau_syn_i: tau_syn, ..IfCurrExp::liu_furber_2016() };
        let currents: Vec<f64> = (0..53).map(|j| if j % 11 == 5 { 0.25 } else { 0.002 * f64::from(j) }).collect();
        let population = Population::new(53, neuron).unwrap().with_i_offset(currents).unwrap();
        let mut state = VectorState::new(&population).unwrap();
        state.reset(&population);
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
        let mut spikes = Vec::new();
        state.take_spikes(&mut spikes);
        (spikes, bits)
    }

    fn row<'a>(state: &'a mut VectorState, start: usize, weights: &'a [f64], now: &'a Instant) -> DeliverRow<'a> {
        DeliverRow { state, start, weights, now }
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
