//! Delta synapses (`IF_curr_delta`): the state is d alone, and a weight (mV) is a jump of it.

use super::model::{Factors, Model};
use crate::neuron::IfCurrExp;

/// A membrane without synaptic currents.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delta {
    tau_m: f64,
    resistance: f64,
}

impl Delta {
    pub(super) fn new(neuron: IfCurrExp) -> Delta {
        Delta { tau_m: neuron.tau_m, resistance: neuron.resistance() }
    }
}

impl Model<1> for Delta {
    fn resistance(&self) -> f64 {
        self.resistance
    }

    fn time_constants(&self) -> (f64, f64) {
        (self.tau_m, self.tau_m)
    }

    fn factors(&self, t: f64) -> Factors<1> {
        let membrane = (-t / self.tau_m).exp();
        let arrival = [1.0 / membrane];
        Factors { t, potential: [membrane], decay: [0.0; 2], excitatory: arrival, inhibitory: arrival }
    }

    fn state(&self, x: &[f64; 1], at: &Factors<1>) -> [f64; 1] {
        [at.deviation(x)]
    }

    fn advance(&self, state: &[f64; 1], t: f64) -> [f64; 1] {
        [state[0] * (-t / self.tau_m).exp()]
    }

    fn currents(&self, _: &[f64; 1]) -> [f64; 2] {
        [0.0; 2]
    }

    fn slope(&self, state: &[f64; 1]) -> f64 {
        -state[0] / self.tau_m
    }

    fn curvature(&self, state: &[f64; 1], _: f64) -> f64 {
        state[0].max(0.0) / (self.tau_m * self.tau_m)
    }

    fn ceiling(&self, _: f64, _: f64) -> [f64; 1] {
        [0.0]
    }

    fn per_weight(&self, _: f64) -> f64 {
        1.0
    }

    fn expected<const L: usize>(&self, _: &[[f64; L]; 1]) -> [f64; L] {
        [0.0; L]
    }
}
