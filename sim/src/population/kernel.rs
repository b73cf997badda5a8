//! The synaptic-event kernel: one row of synapses onto neighbouring neurons, in vectors of the machine's width.
//!
//! Multiplications and additions are kept apart (no fused operations), so that every width, and the scalar twin
//! [`PopulationState::receive`], give the same bits.

use super::coordinates::Instant;
use super::state::{PopulationState, QUIET, SharedDecay};
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
            let attention = simd.or_m64s(above, simd.and_m64s(falling, armed));
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
            let high = simd.greater_than_or_equal_f64s(simd.mul_f64s(p, rise), theta);
            let rising = simd.less_than_f64s(p, simd.mul_f64s(ratio, q));
            let reaches =
                simd.greater_than_or_equal_f64s(power(simd, p, shared.ratio.ceiling), simd.mul_f64s(q, bound));
            let candidate = simd.and_m64s(high, simd.and_m64s(rising, reaches));
            let mut new_gate = simd.select_f64s(candidate, theta, quiet);
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
