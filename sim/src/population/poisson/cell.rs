//! One neuron with Poisson input of its own, between two arrivals.

use crate::crossing::{Ratio, first_crossing, rising_root};
use crate::membrane::Trajectory;
use crate::neuron::IfCurrExp;
use crate::record::Spike;

/// What the neurons of a population have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub(super) neuron: IfCurrExp,
    pub(super) ratio: Ratio,
    /// R tau_syn / (tau_m - tau_syn) (MOhm).
    pub(super) kappa: f64,
}

/// What is a neuron's own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site {
    /// Its index within the population.
    pub(super) neuron: u32,
    /// V_inf (mV), and threshold above it (mV).
    pub(super) level: f64,
    pub(super) theta: f64,
}

/// A neuron between two arrivals.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// When (ms), and the membrane and the synaptic part of V - V_inf = p - q then.
    pub(super) t: f64,
    pub(super) p: f64,
    pub(super) q: f64,
    /// Until when it is refractory (ms).
    pub(super) until: f64,
}

impl Cell {
    /// Follows a neuron without an arrival up to `end` (ms): releases it, and finds its crossings.
    pub(super) fn follow(&self, site: Site, from: Moment, end: f64, spikes: &mut Vec<Spike>) -> Moment {
        let Cell { neuron, ratio, .. } = *self;
        let reset = neuron.v_reset - site.level;
        let Moment { mut t, mut p, mut q, mut until } = from;
        loop {
            if until > t {
                let release = until.min(end);
                q *= ((t - release) / neuron.tau_syn_e).exp();
                (t, p) = (release, q + reset);
            }
            let wait = if until > end { None } else { self.crossing(p, q, site.theta, end - t) };
            let s = ((t - wait.map_or(end, |wait| t + wait)) / neuron.tau_m).exp();
            q *= s * ratio.power_less_one(s);
            let Some(wait) = wait else {
                return Moment { t: end, p: p * s, q, until };
            };
            let time = t + wait;
            spikes.push(Spike { time, neuron: site.neuron });
            // Time goes on even where the interval is below its resolution.
            until = (time + neuron.tau_refrac).max(t.next_up());
            (t, p) = (time, q + reset);
        }
    }

    /// Time (ms) until V - V_inf = p - q first reaches theta within `horizon`.
    fn crossing(&self, p: f64, q: f64, theta: f64, horizon: f64) -> Option<f64> {
        if p - q >= theta {
            return Some(0.0);
        }
        let wait = if theta > 0.0 && self.ratio.value > 1.0 {
            // Only what rises now can cross later; a root in the past is one now, by rounding.
            let s = if p < self.ratio.value * q { rising_root(p, q, self.ratio, theta)? } else { return None };
            -self.neuron.tau_m * s.min(1.0).ln()
        } else {
            let start = Trajectory { d: p - q, i_e: q / self.kappa, i_i: 0.0 };
            first_crossing(&self.neuron, start, theta, horizon)?
        };
        (wait <= horizon).then_some(wait)
    }
}
