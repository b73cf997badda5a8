//! Alpha-shaped synaptic currents (`IF_curr_alpha`): state (d, I_E, J_E, I_I, J_I).
//!
//! ```text
//! I(t) = (i + j t) exp(-t/tau)             an arrival of weight w adds w e/tau to j: the current peaks at w after tau
//! d    = d_0 exp(-t/tau_m) + (i psp(t) + j ramp(t)) / cm
//! ```

use super::model::{Factors, Model};
use crate::membrane::{psp, ramp};
use crate::neuron::IfCurrExp;
use std::f64::consts::E;

/// A membrane with two alpha-shaped receptors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alpha {
    neuron: IfCurrExp,
}

/// One receptor at an instant.
struct Response {
    decay: f64,
    /// Deviation per unit of i and per unit of j (MOhm, MOhm ms).
    potential: [f64; 2],
    /// What an arrival of unit weight adds to d, i and j at the origin.
    arrival: [f64; 3],
}

impl Alpha {
    pub(super) fn new(neuron: IfCurrExp) -> Alpha {
        Alpha { neuron }
    }

    fn response(&self, t: f64, tau: f64, membrane: f64) -> Response {
        let IfCurrExp { cm, tau_m, .. } = self.neuron;
        let decay = (-t / tau).exp();
        let potential = [psp(t, tau_m, tau) / cm, ramp(t, tau_m, tau) / cm];
        // At the instant i is zero and j is e/tau; carried back to the origin:
        let j = E / tau / decay;
        let i = -j * t;
        Response { decay, potential, arrival: [-(i * potential[0] + j * potential[1]) / membrane, i, j] }
    }
}

impl Model<5> for Alpha {
    fn resistance(&self) -> f64 {
        self.neuron.resistance()
    }

    fn time_constants(&self) -> (f64, f64) {
        let neuron = &self.neuron;
        (neuron.tau_m, neuron.tau_m.min(neuron.tau_syn_e).min(neuron.tau_syn_i))
    }

    fn factors(&self, t: f64) -> Factors<5> {
        let membrane = (-t / self.neuron.tau_m).exp();
        let e = self.response(t, self.neuron.tau_syn_e, membrane);
        let i = self.response(t, self.neuron.tau_syn_i, membrane);
        Factors {
            t,
            potential: [membrane, e.potential[0], e.potential[1], i.potential[0], i.potential[1]],
            decay: [e.decay, i.decay],
            excitatory: [e.arrival[0], e.arrival[1], e.arrival[2], 0.0, 0.0],
            inhibitory: [i.arrival[0], 0.0, 0.0, i.arrival[1], i.arrival[2]],
        }
    }

    fn state(&self, x: &[f64; 5], at: &Factors<5>) -> [f64; 5] {
        let [e, i] = at.decay;
        [at.deviation(x), (x[1] + x[2] * at.t) * e, x[2] * e, (x[3] + x[4] * at.t) * i, x[4] * i]
    }

    fn advance(&self, state: &[f64; 5], t: f64) -> [f64; 5] {
        self.state(state, &self.factors(t))
    }

    fn currents(&self, state: &[f64; 5]) -> [f64; 2] {
        [state[1], state[3]]
    }

    fn slope(&self, state: &[f64; 5]) -> f64 {
        -state[0] / self.neuron.tau_m + (state[1] + state[3]) / self.neuron.cm
    }

    /// d'' = -d'/tau_m + I'/cm with I' = (j - (i + j t)/tau) exp(-t/tau), of which the last part is at most i/tau + j/e.
    fn curvature(&self, state: &[f64; 5], h: f64) -> f64 {
        let neuron = &self.neuron;
        let [_, i_e, j_e, i_i, j_i] = state.map(f64::abs);
        let rise = (j_e + i_i / neuron.tau_syn_i + j_i / E) / neuron.cm;
        let fall = (i_e / neuron.tau_syn_e + j_e / E + j_i) / neuron.cm;
        ((-self.slope(state)).max(0.0) + fall * h.min(neuron.tau_m)) / neuron.tau_m + rise
    }

    /// A time t into the step, (i + j t) exp(-t/tau) is at most i + j min(t, tau/e) of its start; of the inhibition, at least what its i of
    /// the start decays to is left.
    fn ceiling(&self, start: f64, end: f64) -> [f64; 5] {
        let (tau_e, tau_i) = (self.neuron.tau_syn_e, self.neuron.tau_syn_i);
        let excitation = self.resistance() * (-start / tau_e).exp();
        let inhibition = self.resistance() * (-end / tau_i).exp();
        [0.0, excitation, excitation * (start + (end - start).min(tau_e / E)), inhibition, inhibition * start]
    }

    /// The current never exceeds the weight.
    fn per_weight(&self, end: f64) -> f64 {
        -1.0 / (self.resistance() * (-end / self.neuron.tau_m).exp_m1())
    }

    fn expected<const L: usize>(&self, states: &[[f64; L]; 5]) -> [f64; L] {
        states[1].map(|i_e| i_e / (E * self.neuron.tau_syn_e))
    }
}
