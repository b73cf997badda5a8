//! Exponential synaptic currents (`IF_curr_exp`): state (d, I_E, I_I).

use super::model::{Factors, Model};
use crate::crossing::{Ratio, whole_power};
use crate::membrane::psp;
use crate::neuron::IfCurrExp;

/// Closer to each other (relative) than this, tau_syn and tau_m take the form of the PSP that holds at equality; further
/// apart, the difference of exponentials loses at most ten ulp of the synaptic term.
const NEAR: f64 = 0.1;

/// One receptor: its time constant and how its current moves the membrane.
#[derive(Debug, Clone, Copy)]
struct Receptor {
    tau: f64,
    /// tau_m / tau_syn, where it is a small whole number: its exponential is then that power of the membrane's.
    power: Option<u32>,
    /// R tau_syn / (tau_m - tau_syn) (MOhm), where the two are well apart.
    kappa: Option<f64>,
}

/// A membrane with two exponential receptors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exponential {
    neuron: IfCurrExp,
    resistance: f64,
    excitatory: Receptor,
    inhibitory: Receptor,
}

impl Receptor {
    fn new(neuron: &IfCurrExp, tau: f64) -> Receptor {
        let apart = (tau - neuron.tau_m).abs() >= NEAR * neuron.tau_m;
        let kappa = apart.then(|| neuron.resistance() * tau / (neuron.tau_m - tau));
        Receptor { tau, power: Ratio::new(neuron.tau_m, tau).whole(), kappa }
    }

    /// exp(-t/tau) and the deviation per unit of current after t ms (MOhm), where `membrane` is exp(-t/tau_m).
    #[inline]
    fn response(&self, neuron: &IfCurrExp, t: f64, membrane: f64) -> (f64, f64) {
        let decay = match self.power {
            Some(n) => whole_power(membrane, n),
            None => (-t / self.tau).exp(),
        };
        let potential = match self.kappa {
            Some(kappa) => kappa * (membrane - decay),
            None => psp(t, neuron.tau_m, self.tau) / neuron.cm,
        };
        (decay, potential)
    }
}

impl Exponential {
    pub(super) fn new(neuron: IfCurrExp) -> Exponential {
        Exponential {
            neuron,
            resistance: neuron.resistance(),
            excitatory: Receptor::new(&neuron, neuron.tau_syn_e),
            inhibitory: Receptor::new(&neuron, neuron.tau_syn_i),
        }
    }
}

impl Model<3> for Exponential {
    fn resistance(&self) -> f64 {
        self.resistance
    }

    fn time_constants(&self) -> (f64, f64) {
        let neuron = &self.neuron;
        (neuron.tau_m, neuron.tau_m.min(neuron.tau_syn_e).min(neuron.tau_syn_i))
    }

    #[inline]
    fn factors(&self, t: f64) -> Factors<3> {
        let membrane = (-t / self.neuron.tau_m).exp();
        let (decay_e, potential_e) = self.excitatory.response(&self.neuron, t, membrane);
        let (decay_i, potential_i) = self.inhibitory.response(&self.neuron, t, membrane);
        // An arrival leaves d alone: its current, carried back to the origin, is made up for in the first coordinate.
        Factors {
            t,
            potential: [membrane, potential_e, potential_i],
            decay: [decay_e, decay_i],
            excitatory: [-potential_e / (decay_e * membrane), 1.0 / decay_e, 0.0],
            inhibitory: [-potential_i / (decay_i * membrane), 0.0, 1.0 / decay_i],
        }
    }

    #[inline(always)]
    fn state(&self, x: &[f64; 3], at: &Factors<3>) -> [f64; 3] {
        [at.deviation(x), x[1] * at.decay[0], x[2] * at.decay[1]]
    }

    fn currents(&self, &[_, i_e, i_i]: &[f64; 3]) -> [f64; 2] {
        [i_e, i_i]
    }

    #[inline]
    fn advance(&self, state: &[f64; 3], t: f64) -> [f64; 3] {
        let membrane = (-t / self.neuron.tau_m).exp();
        let (decay_e, potential_e) = self.excitatory.response(&self.neuron, t, membrane);
        let (decay_i, potential_i) = self.inhibitory.response(&self.neuron, t, membrane);
        let [d, i_e, i_i] = *state;
        [d * membrane + i_e * potential_e + i_i * potential_i, i_e * decay_e, i_i * decay_i]
    }

    #[inline]
    fn slope(&self, &[d, i_e, i_i]: &[f64; 3]) -> f64 {
        -d / self.neuron.tau_m + (i_e + i_i) / self.neuron.cm
    }

    /// From the membrane equation, d'' = -d'/tau_m + I'/cm, where I' lies between -I_E/tau_E and -I_I/tau_I.
    fn curvature(&self, state: &[f64; 3], h: f64) -> f64 {
        let neuron = &self.neuron;
        let fall = (state[1] / neuron.tau_syn_e).max(0.0) / neuron.cm;
        let rise = (-state[2] / neuron.tau_syn_i).max(0.0) / neuron.cm;
        ((-self.slope(state)).max(0.0) + fall * h.min(neuron.tau_m)) / neuron.tau_m + rise
    }

    /// Excitation is never more than at the start, and inhibition never less than at the end.
    fn ceiling(&self, start: f64, end: f64) -> [f64; 3] {
        let (tau_e, tau_i) = (self.neuron.tau_syn_e, self.neuron.tau_syn_i);
        [0.0, self.resistance * (-start / tau_e).exp(), self.resistance * (-end / tau_i).exp()]
    }

    fn per_weight(&self, end: f64) -> f64 {
        let neuron = &self.neuron;
        // The PSP rises until ln(tau_m/tau_s) / (1/tau_s - 1/tau_m), which is tau_m at equality.
        let difference = (neuron.tau_m - neuron.tau_syn_e) / (neuron.tau_m * neuron.tau_syn_e);
        let peak = if difference.abs() * neuron.tau_m < 1e-6 {
            neuron.tau_m
        } else {
            (neuron.tau_m / neuron.tau_syn_e).ln() / difference
        };
        neuron.cm / psp(end.min(peak), neuron.tau_m, neuron.tau_syn_e)
    }

    #[inline(always)]
    fn expected<const L: usize>(&self, states: &[[f64; L]; 3]) -> [f64; L] {
        states[1].map(|i_e| i_e / self.neuron.tau_syn_e)
    }
}
