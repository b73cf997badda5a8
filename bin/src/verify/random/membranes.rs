//! Random membranes: parameters on all sides of every special case of the engine.

use super::trial::Dice;
use anyhow::Result;
use sim::{IfCurrExp, Population, Psc};

/// What the charge of one arrival of weight 1 would move V by without a leak (mV).
pub(super) fn charged(neuron: &IfCurrExp, psc: Psc) -> f64 {
    match psc {
        Psc::Exponential => neuron.tau_syn_e / neuron.cm,
        Psc::Alpha => std::f64::consts::E * neuron.tau_syn_e / neuron.cm,
        Psc::Delta => 1.0,
    }
}

/// Parameters on all sides of every special case.
pub(super) fn neuron(dice: &mut Dice) -> IfCurrExp {
    let tau_m = dice.pick(&[5.0, 10.0, 20.0, 20.0, 33.3]);
    let tau_syn = |dice: &mut Dice| match dice.whole(0, 7) {
        0 => tau_m,
        1 => tau_m * (1.0 + dice.pick(&[-1.0, 1.0]) * dice.scale(1e-12, 0.2)),
        2 => tau_m * dice.between(1.0, 4.0),
        3 => dice.scale(0.2, 1.0),
        4 => tau_m / dice.pick(&[2.0, 4.0, 5.0]),
        _ => dice.between(1.0, 10.0),
    };
    let tau_syn_e = tau_syn(dice);
    let tau_syn_i = if dice.chance(0.4) { tau_syn_e } else { tau_syn(dice) };
    let v_rest = -65.0;
    let v_thresh = dice.pick(&[-50.0, -55.0, -45.3]);
    let neuron = IfCurrExp {
        cm: dice.pick(&[0.25, 1.0, 0.1]),
        tau_m,
        // None but zero is a sum of delays: whether a jump at the very end of a refractory period is lost would be a matter of rounding.
        tau_refrac: dice.pick(&[0.0, 0.13, 1.03, 2.07, 3.33, 25.01]),
        tau_syn_e,
        tau_syn_i,
        v_rest,
        v_reset: dice.pick(&[v_rest, v_rest, v_rest - 12.0, v_rest + 4.0, v_thresh - 0.5]),
        v_thresh,
        i_offset: 0.0,
    };
    let drive = dice.pick(&[0.0, 0.0, 0.5, 0.97, 1.0, 1.01, 1.3, 3.0]);
    IfCurrExp { i_offset: neuron.rheobase() * drive, ..neuron }
}

/// Lets the neurons of a population differ in some of their parameters.
pub(super) fn differing(mut population: Population, dice: &mut Dice) -> Result<Population> {
    let (size, neuron) = (population.size(), *population.neuron());
    if dice.chance(0.4) {
        let each: Vec<f64> = (0..size).map(|_| neuron.v_thresh + dice.between(0.0, 6.0)).collect();
        population = population.with_v_thresh(each)?;
    }
    if dice.chance(0.5) {
        let high = if dice.chance(0.2) { neuron.v_thresh + 10.0 } else { neuron.v_thresh };
        let each: Vec<f64> = (0..size).map(|_| dice.between(neuron.v_rest - 15.0, high)).collect();
        population = population.with_v_init(each)?;
    }
    if dice.chance(0.3) {
        let rheobase = neuron.rheobase();
        let each: Vec<f64> = (0..size).map(|_| rheobase * dice.between(-0.5, 1.6)).collect();
        population = population.with_i_offset(each)?;
    }
    Ok(population)
}
