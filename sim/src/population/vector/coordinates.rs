//! Exponential coordinates of neurons whose receptors share one time constant below tau_m.
//!
//! With t counted from the origin and kappa = R tau_syn/(tau_m - tau_syn), between inputs
//!
//! ```text
//! I(t)       = B exp(-t/tau_syn)
//! V(t)-V_inf = A exp(-t/tau_m) - kappa B exp(-t/tau_syn)
//! ```
//!
//! An arrival of weight w at t adds `w exp(t/tau_syn)` to B and, since V is continuous, `kappa w exp(t/tau_m)` to A: no exponential
//! per target. The form loses about tau_syn/(tau_m - tau_syn) ulp to cancellation, hence at most ten where it is used.

use crate::crossing::Ratio;
use crate::neuron::IfCurrExp;

/// How far the origin may lag behind, in units of the synaptic time constant.
///
/// The rounding error of exp(t/tau) grows with t/tau, so the horizon is kept short; moving the origin costs two
/// multiplications per neuron.
const HORIZON: f64 = 16.0;

/// Largest tau_syn/tau_m with these coordinates.
const MOST_RATIO: f64 = 0.9;

/// The constants of a population's membranes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decay {
    pub(super) tau_m: f64,
    tau_syn: f64,
    /// R tau_syn / (tau_m - tau_syn) (MOhm).
    pub(super) kappa: f64,
    /// r = tau_m / tau_syn.
    pub(super) ratio: Ratio,
    /// exp(-tau_refrac/tau_m).
    pub(super) refractory: f64,
}

/// Everything about an instant that all neurons share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Instant {
    /// Absolute time (ms).
    pub(crate) t: f64,
    /// exp(-t/tau_m): potential per unit of A.
    pub(super) membrane: f64,
    /// exp(-t/tau_syn): current per unit of B.
    pub(super) current: f64,
    /// kappa exp(-t/tau_syn): minus potential per unit of B (MOhm).
    pub(super) synapse: f64,
    /// r times that: the potential falls where the membrane's part exceeds B times it.
    pub(super) turn: f64,
    /// Gain of A per unit of arriving weight (MOhm).
    pub(super) a_gain: f64,
    /// Gain of B per unit of arriving weight.
    pub(super) b_gain: f64,
}

impl Decay {
    /// The constants, if the receptors share one time constant that is clearly shorter than the membrane's, and no neuron is
    /// refractory for long.
    pub(super) fn new(neuron: &IfCurrExp) -> Option<Decay> {
        let (tau_m, tau_syn) = (neuron.tau_m, neuron.tau_syn_e);
        let apart = neuron.tau_syn_i == tau_syn && tau_syn <= MOST_RATIO * tau_m;
        // The coordinates of a refractory neuron are those of the end of its refractory period.
        if !apart || neuron.tau_refrac > HORIZON * tau_syn {
            return None;
        }
        let ratio = Ratio::new(tau_m, tau_syn);
        Some(Decay {
            tau_m,
            tau_syn,
            kappa: neuron.resistance() * tau_syn / (tau_m - tau_syn),
            ratio,
            refractory: (-neuron.tau_refrac / tau_m).exp(),
        })
    }

    /// How far the origin may lag behind (ms).
    pub(super) fn horizon(&self) -> f64 {
        HORIZON * self.tau_syn
    }

    /// Factors at an absolute time t (ms).
    #[inline]
    pub(super) fn instant(&self, origin: f64, t: f64) -> Instant {
        let since = t - origin;
        let membrane = (-since / self.tau_m).exp();
        let current = match self.ratio.whole() {
            Some(_) => membrane * self.ratio.power_less_one(membrane),
            None => (-since / self.tau_syn).exp(),
        };
        let synapse = self.kappa * current;
        Instant {
            t,
            membrane,
            current,
            synapse,
            turn: self.ratio.value * synapse,
            a_gain: self.kappa / membrane,
            b_gain: 1.0 / current,
        }
    }
}
