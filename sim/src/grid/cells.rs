//! The neurons of a population, moved by one step at a time.
//!
//! One array per variable and one loop over all neurons, which the compiler turns into vector instructions. Multiplications and
//! additions are kept apart (no fused operations), so that every vector width gives the same bits.

use super::steps::Steps;
use crate::membrane::{psp, ramp};
use crate::neuron::{IfCurrExp, Psc};
use crate::population::Population;
use std::ops::Range;

/// Neurons that are moved before anybody looks which of them have fired: the few that have are found soon, in the first cache.
const BLOCK: usize = 128;

/// How one step moves a neuron (exact integration, Rotter & Diesmann 1999, doi:10.1007/s004220050570).
#[derive(Debug, Clone, Copy)]
struct Propagator {
    /// Decay of V - v_rest.
    membrane: f64,
    /// V gained per constant current (mV/nA).
    constant: f64,
    /// V gained per synaptic current at the step's start (mV/nA).
    synapse: [f64; 2],
    /// V gained per rise of an alpha-shaped current (mV ms/nA).
    rise: [f64; 2],
    /// Decay of the synaptic currents.
    decay: [f64; 2],
    /// Rise of an alpha-shaped current (1/ms) per weight.
    onset: [f64; 2],
    /// Length of the step (ms).
    h: f64,
}

impl Propagator {
    fn new(neuron: &IfCurrExp, h: f64) -> Propagator {
        let tau = [neuron.tau_syn_e, neuron.tau_syn_i];
        Propagator {
            membrane: (-h / neuron.tau_m).exp(),
            constant: -neuron.resistance() * (-h / neuron.tau_m).exp_m1(),
            synapse: tau.map(|tau| psp(h, neuron.tau_m, tau) / neuron.cm),
            rise: tau.map(|tau| ramp(h, neuron.tau_m, tau) / neuron.cm),
            decay: tau.map(|tau| (-h / tau).exp()),
            onset: tau.map(|tau| std::f64::consts::E / tau),
            h,
        }
    }
}

/// State of the neurons of a population.
#[derive(Debug, Clone)]
pub(super) struct Cells {
    psc: Psc,
    arch: pulp::Arch,
    /// One for all neurons, or one for each.
    propagators: Vec<Propagator>,
    v_rest: f64,
    /// v_reset - v_rest (mV).
    reset: f64,
    /// Refractory period (steps).
    refractory: u64,
    /// v_thresh - v_rest (mV).
    threshold: Vec<f64>,
    /// V - v_rest (mV).
    u: Vec<f64>,
    /// Excitatory and inhibitory synaptic currents (nA).
    currents: [Vec<f64>; 2],
    /// Their rises (nA/ms), of alpha-shaped ones.
    rises: [Vec<f64>; 2],
    /// The last step of the refractory period.
    held_until: Vec<u64>,
}

/// Some neighbouring neurons.
struct Block<'a> {
    u: &'a mut [f64],
    currents: [&'a mut [f64]; 2],
    rises: [&'a mut [f64]; 2],
    constant: &'a [f64],
    arriving: [&'a [f64]; 2],
    threshold: &'a [f64],
    held_until: &'a [u64],
    step: u64,
}

impl Cells {
    pub(super) fn new(population: &Population, steps: &Steps) -> Cells {
        let neuron = population.neuron();
        let propagator = |neuron: &IfCurrExp| Propagator::new(neuron, steps.dt());
        let propagators = match population.time_constants() {
            None => vec![propagator(neuron)],
            Some(each) => each.iter().map(|tau| propagator(&tau.of(neuron))).collect(),
        };
        let size = population.size();
        let rises = if population.psc() == Psc::Alpha { size } else { 0 };
        Cells {
            psc: population.psc(),
            arch: pulp::Arch::new(),
            propagators,
            v_rest: neuron.v_rest,
            reset: neuron.v_reset - neuron.v_rest,
            refractory: steps.at_or_after(neuron.tau_refrac),
            threshold: population.v_thresh().iter().map(|v| v - neuron.v_rest).collect(),
            u: vec![0.0; size],
            currents: [vec![0.0; size], vec![0.0; size]],
            rises: [vec![0.0; rises], vec![0.0; rises]],
            held_until: vec![0; size],
        }
    }

    /// Back to the initial state at time zero.
    pub(super) fn reset(&mut self, population: &Population) {
        self.u.iter_mut().zip(population.v_init()).for_each(|(u, v)| *u = v - self.v_rest);
        self.currents.iter_mut().chain(&mut self.rises).for_each(|values| values.fill(0.0));
        self.held_until.fill(0);
    }

    /// Moves all neurons from the grid point before `step` to `step`, and lists those that fire there.
    ///
    /// * `constant`: currents during the step (nA)
    /// * `arriving`: excitatory and inhibitory weights that arrive at its end
    pub(super) fn advance(&mut self, step: u64, constant: &[f64], arriving: [&[f64]; 2], fired: &mut Vec<u32>) {
        let mut start = 0;
        while start < self.u.len() {
            let range = start..(start + BLOCK).min(self.u.len());
            if self.advance_block(step, range.clone(), constant, arriving) {
                for j in range.clone() {
                    if self.u[j] >= self.threshold[j] {
                        self.u[j] = self.reset;
                        self.held_until[j] = step.saturating_add(self.refractory);
                        fired.push(j as u32);
                    }
                }
            }
            start = range.end;
        }
    }

    /// Moves some neurons; tells whether any of them is at threshold then.
    fn advance_block(&mut self, step: u64, range: Range<usize>, constant: &[f64], arriving: [&[f64]; 2]) -> bool {
        let alpha = if self.psc == Psc::Alpha { range.clone() } else { 0..0 };
        let block = Block {
            u: &mut self.u[range.clone()],
            currents: self.currents.each_mut().map(|values| &mut values[range.clone()]),
            rises: self.rises.each_mut().map(|values| &mut values[alpha.clone()]),
            constant: &constant[range.clone()],
            arriving: arriving.map(|weights| &weights[range.clone()]),
            threshold: &self.threshold[range.clone()],
            held_until: &self.held_until[range.clone()],
            step,
        };
        let psc = self.psc;
        match *self.propagators {
            [one] => self.arch.dispatch(
                #[inline(always)]
                || block.advance(psc, |_| one),
            ),
            ref each => self.arch.dispatch(
                #[inline(always)]
                || block.advance(psc, |j| each[range.start + j]),
            ),
        }
    }

    /// Potential (mV) of a neuron.
    pub(super) fn v(&self, j: usize) -> f64 {
        self.v_rest + self.u[j]
    }

    /// Excitatory and inhibitory synaptic current (nA) of a neuron.
    pub(super) fn synaptic_currents(&self, j: usize) -> [f64; 2] {
        self.currents.each_ref().map(|currents| currents[j])
    }
}

impl Block<'_> {
    #[inline(always)]
    fn advance(self, psc: Psc, propagator: impl Fn(usize) -> Propagator) -> bool {
        match psc {
            Psc::Exponential => self.exponential(propagator),
            Psc::Alpha => self.alpha(propagator),
            Psc::Delta => self.delta(propagator),
        }
    }

    /// NEST's `iaf_psc_exp`.
    #[inline(always)]
    fn exponential(self, propagator: impl Fn(usize) -> Propagator) -> bool {
        let Block { u, currents: [i_e, i_i], constant, arriving: [w_e, w_i], threshold, held_until, step, .. } = self;
        let mut crossed = false;
        let currents = i_e.iter_mut().zip(i_i).zip(w_e.iter().zip(w_i));
        let fixed = constant.iter().zip(threshold).zip(held_until);
        for (j, ((u, ((i_e, i_i), (w_e, w_i))), ((constant, threshold), held_until))) in
            u.iter_mut().zip(currents).zip(fixed).enumerate()
        {
            let p = propagator(j);
            let moved = *u * p.membrane + *i_e * p.synapse[0] + *i_i * p.synapse[1] + constant * p.constant;
            let now = if step <= *held_until { *u } else { moved };
            *u = now;
            *i_e = *i_e * p.decay[0] + w_e;
            *i_i = *i_i * p.decay[1] + w_i;
            crossed |= now >= *threshold;
        }
        crossed
    }

    /// NEST's `iaf_psc_alpha`.
    #[inline(always)]
    fn alpha(self, propagator: impl Fn(usize) -> Propagator) -> bool {
        let Block { u, currents: [i_e, i_i], rises: [r_e, r_i], constant, arriving, threshold, held_until, step } =
            self;
        let mut crossed = false;
        for j in 0..u.len() {
            let p = propagator(j);
            let excitatory = r_e[j] * p.rise[0] + i_e[j] * p.synapse[0];
            let inhibitory = r_i[j] * p.rise[1] + i_i[j] * p.synapse[1];
            let moved = u[j] * p.membrane + excitatory + inhibitory + constant[j] * p.constant;
            let now = if step <= held_until[j] { u[j] } else { moved };
            u[j] = now;
            for (receptor, (i, r)) in [(&mut *i_e, &mut *r_e), (&mut *i_i, &mut *r_i)].into_iter().enumerate() {
                i[j] = (i[j] + p.h * r[j]) * p.decay[receptor];
                r[j] = r[j] * p.decay[receptor] + arriving[receptor][j] * p.onset[receptor];
            }
            crossed |= now >= threshold[j];
        }
        crossed
    }

    /// NEST's `iaf_psc_delta`: what arrives while V is held is lost.
    #[inline(always)]
    fn delta(self, propagator: impl Fn(usize) -> Propagator) -> bool {
        let Block { u, constant, arriving: [w_e, w_i], threshold, held_until, step, .. } = self;
        let mut crossed = false;
        for j in 0..u.len() {
            let p = propagator(j);
            let moved = u[j] * p.membrane + constant[j] * p.constant + (w_e[j] + w_i[j]);
            let now = if step <= held_until[j] { u[j] } else { moved };
            u[j] = now;
            crossed |= now >= threshold[j];
        }
        crossed
    }
}
