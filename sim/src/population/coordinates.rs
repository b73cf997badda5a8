//! Exponential coordinates: one reference time for a population, no exponential per target.
//!
//! Between inputs, with s running over the receptors and t counted from the origin,
//!
//! ```text
//! I_s(t)     = B_s exp(-t/tau_s)
//! V(t)-V_inf = A exp(-t/tau_m) + sum_s B_s c_s(t)
//!
//! c_s(t) = -kappa_s exp(-t/tau_s),   kappa_s = R tau_s/(tau_m - tau_s)      tau_s away from tau_m
//! c_s(t) = psp(t)/cm                                                        tau_s close to tau_m
//! ```
//!
//! An arrival of weight w at t adds `w exp(t/tau_s)` to B_s and, since V is continuous,
//! `-w exp(t/tau_s) c_s(t) / exp(-t/tau_m)` to A. Both factors are the same for all targets.
//!
//! The first form loses about tau_s/|tau_m - tau_s| ulp to cancellation, the second up to
//! exp(horizon |1/tau_m - 1/tau_s|) ulp, where the horizon is how far the origin may lag behind. They are
//! exchanged at |tau_s - tau_m| = tau_m/10, where neither costs more than 20 ulp of the synaptic term.

use crate::crossing::{Ratio, whole_power};
use crate::membrane::psp;
use crate::neuron::IfCurrExp;

/// How far the origin may lag behind, in units of the shortest synaptic time constant.
///
/// The rounding error of exp(t/tau) grows with t/tau, so the horizon is kept short; moving the origin costs
/// two multiplications per neuron.
const HORIZON: f64 = 16.0;

/// Relative distance of tau_s from tau_m below which the difference of exponentials is given up.
const NEAR: f64 = 0.1;

/// Which function of time multiplies B in V.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Basis {
    /// `-kappa exp(-t/tau_s)`.
    Exponential { kappa: f64 },
    /// `psp(t)/cm`, for tau_s close to tau_m.
    Degenerate,
}

/// One receptor: its time constant and how its current moves the membrane.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Receptor {
    tau: f64,
    /// tau_m / tau_s, where it is a small whole number: its exponential is then that power of the membrane's.
    power: Option<u32>,
    basis: Basis,
}

/// The time-dependent factors of one receptor at one instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ReceptorFactors {
    /// exp(-t/tau_s): current per unit of B.
    pub(crate) current: f64,
    /// c_s(t): potential per unit of B (MOhm).
    pub(crate) potential: f64,
    /// Gain of B per unit of arriving weight.
    pub(crate) b_gain: f64,
    /// Gain of A per unit of arriving weight (MOhm).
    pub(crate) a_gain: f64,
}

/// Everything about an instant that all neurons of a population share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Instant {
    /// Absolute time (ms).
    pub(crate) t: f64,
    /// exp(-t/tau_m).
    pub(crate) membrane: f64,
    pub(crate) excitatory: ReceptorFactors,
    pub(crate) inhibitory: ReceptorFactors,
}

/// The coordinate system of a population: its time constants and its origin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Coordinates {
    origin: f64,
    horizon: f64,
    neuron: IfCurrExp,
    excitatory: Receptor,
    inhibitory: Receptor,
}

impl Receptor {
    fn new(neuron: &IfCurrExp, tau: f64) -> Receptor {
        let basis = if (tau - neuron.tau_m).abs() < NEAR * neuron.tau_m {
            Basis::Degenerate
        } else {
            Basis::Exponential { kappa: neuron.resistance() * tau / (neuron.tau_m - tau) }
        };
        Receptor { tau, power: Ratio::new(neuron.tau_m, tau).whole(), basis }
    }

    #[inline]
    fn factors(&self, neuron: &IfCurrExp, t: f64, membrane: f64) -> ReceptorFactors {
        let current = match self.power {
            Some(n) => whole_power(membrane, n),
            None => (-t / self.tau).exp(),
        };
        let b_gain = 1.0 / current;
        let (potential, a_gain) = match self.basis {
            Basis::Exponential { kappa } => (-kappa * current, kappa / membrane),
            Basis::Degenerate => {
                let potential = psp(t, neuron.tau_m, self.tau) / neuron.cm;
                (potential, -potential * b_gain / membrane)
            }
        };
        ReceptorFactors { current, potential, b_gain, a_gain }
    }

    /// What moving the origin to an instant adds to A per unit of B (MOhm): c_s(t) - exp(-t/tau_s) c_s(0).
    fn carry(&self, factors: &ReceptorFactors) -> f64 {
        match self.basis {
            Basis::Exponential { .. } => 0.0,
            Basis::Degenerate => factors.potential,
        }
    }
}

impl Coordinates {
    pub(crate) fn new(neuron: &IfCurrExp) -> Coordinates {
        let horizon = HORIZON * neuron.tau_syn_e.min(neuron.tau_syn_i).min(neuron.tau_m);
        Coordinates {
            origin: 0.0,
            horizon,
            neuron: *neuron,
            excitatory: Receptor::new(neuron, neuron.tau_syn_e),
            inhibitory: Receptor::new(neuron, neuron.tau_syn_i),
        }
    }

    /// kappa of the receptors, if both share one time constant that is clearly shorter than the membrane's.
    pub(crate) fn shared_kappa(&self) -> Option<f64> {
        match self.excitatory.basis {
            Basis::Exponential { kappa } if kappa > 0.0 && self.excitatory == self.inhibitory => Some(kappa),
            _ => None,
        }
    }

    /// Factors at an absolute time t (ms).
    #[inline]
    pub(crate) fn instant(&self, t: f64) -> Instant {
        let since = t - self.origin;
        let membrane = (-since / self.neuron.tau_m).exp();
        let excitatory = self.excitatory.factors(&self.neuron, since, membrane);
        let inhibitory = if self.inhibitory == self.excitatory {
            excitatory
        } else {
            self.inhibitory.factors(&self.neuron, since, membrane)
        };
        Instant { t, membrane, excitatory, inhibitory }
    }

    /// How far the origin may lag behind (ms).
    pub(crate) fn horizon(&self) -> f64 {
        self.horizon
    }

    /// The latest time (ms) that may be reached before the origin has to move there.
    #[inline]
    pub(crate) fn reach(&self) -> f64 {
        self.origin + self.horizon
    }

    /// Moves the origin to t, at most one reach ahead, and re-expresses the state there.
    pub(crate) fn move_origin(&mut self, t: f64, a: &mut [f64], b_e: &mut [f64], b_i: &mut [f64]) {
        let at = self.instant(t);
        for (receptor, factors, b) in
            [(self.excitatory, at.excitatory, &mut *b_e), (self.inhibitory, at.inhibitory, &mut *b_i)]
        {
            // Divided by the membrane's factor because the last loop multiplies all of A by it.
            let carry = receptor.carry(&factors) / at.membrane;
            if carry != 0.0 {
                a.iter_mut().zip(b.iter()).for_each(|(a, b)| *a += b * carry);
            }
            b.iter_mut().for_each(|b| *b *= factors.current);
        }
        a.iter_mut().for_each(|a| *a *= at.membrane);
        self.origin = t;
    }

    /// Back to time zero.
    pub(crate) fn reset(&mut self) {
        self.origin = 0.0;
    }
}
