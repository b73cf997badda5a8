//! The synaptic-event kernel: one row of synapses onto neighbouring neurons, in vectors of the machine's width.
//!
//! Multiplications and additions are kept apart (no fused operations), so that every width, and the scalar twin
//! [`VectorState::receive`], give the same bits.

use super::coordinates::Instant;
use super::{QUIET, VectorState};
use pulp::{Simd, WithSimd};

/// Delivers `weights[i]` (nA) to neuron `start + i`; `DRIVEN` if there are neurons that their constant current drives above threshold.
pub(super) struct DeliverRow<'a, const DRIVEN: bool> {
    pub(super) state: &'a mut VectorState,
    pub(super) start: usize,
    pub(super) weights: &'a [f64],
    pub(super) now: &'a Instant,
}

impl<const DRIVEN: bool> WithSimd for DeliverRow<'_, DRIVEN> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let DeliverRow { state, start, weights, now } = self;
        let VectorState { decay, a, b, gate, brink, bound, since, carry, attention, .. } = state;
        let lanes = start..start + weights.len();
        let step = Step {
            simd,
            power: decay.ratio.ceiling,
            t: simd.splat_f64s(now.t),
            membrane: simd.splat_f64s(now.membrane),
            synapse: simd.splat_f64s(now.synapse),
            turn: simd.splat_f64s(now.turn),
            a_gain: simd.splat_f64s(now.a_gain),
            b_gain: simd.splat_f64s(now.b_gain),
        };
        let (w, w_end) = S::as_simd_f64s(weights);
        let (a, a_end) = S::as_mut_simd_f64s(&mut a[lanes.clone()]);
        let (b, b_end) = S::as_mut_simd_f64s(&mut b[lanes.clone()]);
        let (gate, gate_end) = S::as_mut_simd_f64s(&mut gate[lanes.clone()]);
        let (brink, brink_end) = S::as_simd_f64s(&brink[lanes.clone()]);
        let (bound, bound_end) = S::as_simd_f64s(&bound[lanes.clone()]);
        let (since, since_end) = S::as_mut_simd_f64s(&mut since[lanes.clone()]);
        let (carry, carry_end) = S::as_simd_f64s(&carry[lanes]);
        let width = width::<S>();
        let variable = a.iter_mut().zip(b).zip(gate).zip(since);
        let fixed = brink.iter().zip(bound).zip(carry);
        for (index, (((((a, b), gate), since), ((&brink, &bound), &carry)), &w)) in
            variable.zip(fixed).zip(w).enumerate()
        {
            let before = [*a, *b, *gate, *since];
            let mut moved = step.advance::<DRIVEN>(before, [brink, bound, carry], w);
            if simd.first_true_m64s(moved.attention) < width {
                moved.hold_back(simd, before);
                note(attention, start + index * width, moved.bits(simd), &weights[index * width..]);
            }
            [*a, *b, *gate] = [moved.state[0], moved.state[1], moved.state[2]];
            if DRIVEN {
                *since = moved.state[3];
            }
        }
        if !w_end.is_empty() {
            let load = |values: &[f64]| simd.partial_load_f64s(values);
            let before = [load(a_end), load(b_end), load(gate_end), load(since_end)];
            let fixed = [load(brink_end), load(bound_end), load(carry_end)];
            let mut moved = step.advance::<DRIVEN>(before, fixed, load(w_end));
            // Lanes beyond the end load as zeros, which look like attention, but come last.
            if simd.first_true_m64s(moved.attention) < w_end.len() {
                moved.hold_back(simd, before);
                let done = weights.len() - w_end.len();
                note(attention, start + done, moved.bits(simd) & ((1 << w_end.len()) - 1), w_end);
            }
            simd.partial_store_f64s(a_end, moved.state[0]);
            simd.partial_store_f64s(b_end, moved.state[1]);
            simd.partial_store_f64s(gate_end, moved.state[2]);
            if DRIVEN {
                simd.partial_store_f64s(since_end, moved.state[3]);
            }
        }
    }
}

/// Numbers in a vector.
const fn width<S: Simd>() -> usize {
    size_of::<S::f64s>() / size_of::<f64>()
}

/// Lists the targets that need attention.
#[inline(always)]
fn note(attention: &mut Vec<(u32, f64)>, start: usize, mut bits: u32, weights: &[f64]) {
    while bits != 0 {
        let i = bits.trailing_zeros() as usize;
        attention.push(((start + i) as u32, weights[i]));
        bits &= bits - 1;
    }
}

/// What one instant does to vectors of neurons.
#[derive(Clone, Copy)]
struct Step<S: Simd> {
    simd: S,
    power: u32,
    t: S::f64s,
    membrane: S::f64s,
    synapse: S::f64s,
    turn: S::f64s,
    a_gain: S::f64s,
    b_gain: S::f64s,
}

/// A vector of neurons after an arrival.
struct Moved<S: Simd> {
    state: [S::f64s; 4],
    /// Those that need attention, of which the state is not right.
    attention: S::m64s,
}

impl<S: Simd> Moved<S> {
    /// Leaves those that need attention as they were.
    #[inline(always)]
    fn hold_back(&mut self, simd: S, before: [S::f64s; 4]) {
        for (moved, before) in self.state.iter_mut().zip(before) {
            *moved = simd.select_f64s(self.attention, before, *moved);
        }
    }

    /// A bit for each neuron that needs attention.
    #[inline(always)]
    fn bits(&self, simd: S) -> u32 {
        let places = simd.partial_load_f64s(&[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0][..width::<S>()]);
        simd.reduce_sum_f64s(simd.select_f64s(self.attention, places, simd.splat_f64s(0.0))) as u32
    }
}

impl<S: Simd> Step<S> {
    /// One arrival of weight w at each neuron of a vector: [`VectorState::receive`] of those that need no attention.
    #[inline(always)]
    fn advance<const DRIVEN: bool>(
        &self,
        [a, b, gate, since]: [S::f64s; 4],
        [brink, bound, carry]: [S::f64s; 3],
        w: S::f64s,
    ) -> Moved<S> {
        let simd = self.simd;
        let [quiet, positive] = [QUIET, f64::MIN_POSITIVE].map(|x| simd.splat_f64s(x));
        let free = simd.less_than_or_equal_f64s(since, self.t);

        // A crossing may have happened at or above the gate, or of an armed neuron past a peak.
        let p = simd.mul_f64s(a, self.membrane);
        let above = simd.greater_than_or_equal_f64s(simd.sub_f64s(p, simd.mul_f64s(b, self.synapse)), gate);
        let turn = simd.max_f64s(simd.mul_f64s(b, self.turn), positive);
        let falling = simd.and_m64s(simd.greater_than_or_equal_f64s(p, turn), simd.less_than_f64s(gate, quiet));
        let attention = simd.and_m64s(free, simd.or_m64s(above, falling));

        // Refractory neurons only gather current, and with it what that will be worth when they are released.
        let current = simd.mul_f64s(w, self.b_gain);
        let jump = simd.select_f64s(free, simd.mul_f64s(w, self.a_gain), simd.mul_f64s(current, carry));
        let moved_a = simd.add_f64s(a, jump);
        let moved_b = simd.add_f64s(b, current);
        let p = simd.mul_f64s(moved_a, self.membrane);
        let turn = simd.mul_f64s(moved_b, self.turn);
        let rising = simd.less_than_f64s(p, turn);
        let reaches = simd.greater_than_or_equal_f64s(power(simd, p, self.power), simd.mul_f64s(turn, bound));
        let mut may_cross = simd.or_m64s(simd.and_m64s(rising, reaches), simd.not_m64s(free));
        let mut moved_since = since;
        if DRIVEN {
            let is_driven = simd.less_than_or_equal_f64s(brink, simd.splat_f64s(0.0));
            may_cross = simd.or_m64s(may_cross, is_driven);
            moved_since = simd.select_f64s(simd.and_m64s(is_driven, free), self.t, since);
        }
        let armed = simd.select_f64s(may_cross, brink, quiet);
        Moved { state: [moved_a, moved_b, armed, moved_since], attention }
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
    /// armed and quiet neurons among the targets, and on demand those that are driven above threshold.
    fn trace(tau_syn: f64, driven: bool, deliver: Deliver) -> (Vec<Spike>, Vec<u64>) {
        let neuron = IfCurrExp { tau_syn_e: tau_syn, tau_syn_i: tau_syn, ..IfCurrExp::liu_furber_2016() };
        let currents = (0..53).map(|j| match j % 11 {
            5 if driven => 0.25,
            // The rheobase current: theta is 0.
            7 if driven => 0.1875,
            _ => 0.002 * f64::from(j),
        });
        let currents: Vec<f64> = currents.collect();
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
        let bits = [&state.a, &state.b, &state.gate, &state.since]
            .iter()
            .flat_map(|array| array.iter().map(|x| x.to_bits()))
            .collect();
        let mut spikes = std::mem::take(state.spikes());
        crate::record::sort(&mut spikes);
        (spikes, bits)
    }

    /// The vector kernel of every width that this machine has, against one arrival at a time, to the last bit.
    #[test]
    fn all_widths_give_the_bits_of_the_scalar_twin() {
        compare::<false>();
        compare::<true>();
    }

    fn compare<const DRIVEN: bool>() {
        // r = 4, r = 20, and an r that is no whole number.
        for tau_syn in [5.0, 1.0, 7.3] {
            let scalar = trace(tau_syn, DRIVEN, |state, start, weights, now| {
                weights.iter().enumerate().for_each(|(i, &w)| state.receive(start + i, w, now));
            });
            assert!(scalar.0.len() > 500, "{}", scalar.0.len());
            let portable = trace(tau_syn, DRIVEN, |state, start, weights, now| {
                DeliverRow::<DRIVEN> { state, start, weights, now }.with_simd(pulp::Scalar);
                state.attend(now);
            });
            assert_eq!(scalar, portable);
            let native = trace(tau_syn, DRIVEN, |state, start, weights, now| {
                state.deliver(start, weights, now);
            });
            assert_eq!(scalar, native);
            #[cfg(target_arch = "x86_64")]
            if pulp::x86::V3::is_available() {
                let avx2 = trace(tau_syn, DRIVEN, |state, start, weights, now| {
                    let row = DeliverRow::<DRIVEN> { state, start, weights, now };
                    Simd::vectorize(pulp::x86::V3::try_new().unwrap(), row);
                    state.attend(now);
                });
                assert_eq!(scalar, avx2);
            }
        }
    }
}
