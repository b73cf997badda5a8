//! Closed-form motion of the membrane between two events.
//!
//! Potentials are deviations from the level that the constant currents would reach,
//! `V_inf = v_rest + R (i_offset + i_injected)`; that saves the leading digits near threshold.

use crate::neuron::IfCurrExp;

/// State of one membrane at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trajectory {
    /// V - V_inf (mV).
    pub d: f64,
    /// Excitatory synaptic current (nA).
    pub i_e: f64,
    /// Inhibitory synaptic current (nA).
    pub i_i: f64,
}

/// `expm1(z) / z`, continued to 1 at zero.
#[inline]
fn phi(z: f64) -> f64 {
    if z.abs() < 1e-5 { 1.0 + z * (0.5 + z * (1.0 / 6.0 + z / 24.0)) } else { z.exp_m1() / z }
}

/// Deviation of the membrane per unit of charge rate (ms), after a synaptic current has started t ms ago.
///
/// ```text
/// psp(t) = exp(-t/tau_m) t phi(t (1/tau_m - 1/tau_s)),   phi(z) = expm1(z)/z
/// ```
///
/// A current that is I (nA) at t = 0 has raised the membrane by (I / cm) psp(t) mV. The form holds for
/// every pair of time constants, equal ones included, and loses no digits near equality.
#[inline]
pub fn psp(t: f64, tau_m: f64, tau_s: f64) -> f64 {
    // 1/tau_m - 1/tau_s by its difference: nothing cancels when the two are close.
    let z = t * ((tau_s - tau_m) / (tau_m * tau_s));
    if z > 50.0 {
        // exp(z) would overflow later on; here the two exponentials no longer cancel.
        t * ((-t / tau_s).exp() - (-t / tau_m).exp()) / z
    } else {
        (-t / tau_m).exp() * t * phi(z)
    }
}

/// `(exp(z) (z - 1) + 1) / z^2`, continued to 1/2 at zero: the integral of u exp(z u) over u in [0, 1].
fn psi(z: f64) -> f64 {
    // The series sum z^k / (k! (k + 2)); its first omitted term is below 1e-17 of the sum.
    const TERMS: [f64; 9] = [
        1.0 / 2.0,
        1.0 / 3.0,
        1.0 / 8.0,
        1.0 / 30.0,
        1.0 / 144.0,
        1.0 / 840.0,
        1.0 / 5760.0,
        1.0 / 45360.0,
        1.0 / 403_200.0,
    ];
    if z.abs() < 0.1 {
        TERMS.iter().rev().fold(0.0, |sum, term| sum * z + term)
    } else {
        (z.exp() * (z - 1.0) + 1.0) / (z * z)
    }
}

/// Deviation of the membrane (ms^2) per unit of a rate of charge that grows as t exp(-t/tau_s), after t ms.
///
/// ```text
/// ramp(t) = exp(-t/tau_m) t^2 psi(t (1/tau_m - 1/tau_s)),   psi(z) = (exp(z) (z - 1) + 1) / z^2
/// ```
///
/// With [`psp`] it moves a membrane under alpha-shaped currents: a current (i + j t) exp(-t/tau_s) has raised it by
/// (i psp(t) + j ramp(t)) / cm mV.
#[inline]
pub fn ramp(t: f64, tau_m: f64, tau_s: f64) -> f64 {
    let z = t * ((tau_s - tau_m) / (tau_m * tau_s));
    if z > 50.0 {
        // exp(z) would overflow later on.
        t * t * ((-t / tau_s).exp() * (z - 1.0) + (-t / tau_m).exp()) / (z * z)
    } else {
        (-t / tau_m).exp() * t * t * psi(z)
    }
}

impl Trajectory {
    /// V - V_inf after t ms without an event (mV).
    #[inline]
    pub fn potential(&self, neuron: &IfCurrExp, t: f64) -> f64 {
        let mut d = self.d * (-t / neuron.tau_m).exp();
        if self.i_e != 0.0 {
            d += self.i_e / neuron.cm * psp(t, neuron.tau_m, neuron.tau_syn_e);
        }
        if self.i_i != 0.0 {
            d += self.i_i / neuron.cm * psp(t, neuron.tau_m, neuron.tau_syn_i);
        }
        d
    }

    /// Potential (mV, relative to V_inf) and its slope (mV/ms) after t ms without an event.
    #[inline]
    pub fn potential_and_slope(&self, neuron: &IfCurrExp, t: f64) -> (f64, f64) {
        let d = self.potential(neuron, t);
        let current = self.i_e * (-t / neuron.tau_syn_e).exp() + self.i_i * (-t / neuron.tau_syn_i).exp();
        (d, -d / neuron.tau_m + current / neuron.cm)
    }

    /// The state after t ms without an event.
    pub fn after(&self, neuron: &IfCurrExp, t: f64) -> Trajectory {
        Trajectory {
            d: self.potential(neuron, t),
            i_e: self.i_e * (-t / neuron.tau_syn_e).exp(),
            i_i: self.i_i * (-t / neuron.tau_syn_i).exp(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn peak_of_a_single_psp() {
        // mpmath, 50 digits: w = 1 nA on the neuron of Liu & Furber peaks at this time and height.
        let neuron = IfCurrExp::liu_furber_2016();
        let start = Trajectory { d: 0.0, i_e: 1.0, i_i: 0.0 };
        let (d, slope) = start.potential_and_slope(&neuron, 9.241_962_407_465_937);
        assert!((d - 12.599_210_498_948_732).abs() < 1e-14 * 13.0);
        assert!(slope.abs() < 1e-14);
    }

    #[test]
    fn equal_time_constants() {
        // The limit: (I / cm) t exp(-t/tau). Checked on both sides of equality too, where the
        // difference of exponentials would have lost nine digits.
        for tau_s in [20.0, 20.000_000_02, 19.999_999_98] {
            let got = psp(20.0, 20.0, tau_s);
            let want = 20.0 * (-1.0f64).exp();
            assert!((got - want).abs() < 2e-8, "{tau_s}: {got}");
        }
        assert_eq!(psp(20.0, 20.0, 20.0), 20.0 * (-1.0f64).exp());
    }

    proptest! {
        /// Motion over t1 + t2 is motion over t1, then over t2.
        #[test]
        fn motion_composes(
            d in -30.0..30.0, i_e in 0.0..5.0, i_i in -5.0..0.0, t1 in 0.0..50.0, t2 in 0.0..50.0,
            tau_m in 1.0..50.0, tau_syn_e in 0.2..50.0, tau_syn_i in 0.2..50.0,
        ) {
            let neuron = IfCurrExp { tau_m, tau_syn_e, tau_syn_i, ..IfCurrExp::liu_furber_2016() };
            let start = Trajectory { d, i_e, i_i };
            let whole = start.after(&neuron, t1 + t2);
            let parts = start.after(&neuron, t1).after(&neuron, t2);
            // A few ulp of the largest term that enters the sums.
            let scale = d.abs() + (i_e - i_i) * neuron.resistance();
            prop_assert!((whole.d - parts.d).abs() <= 4e-14 * (1.0 + scale));
            prop_assert!((whole.i_e - parts.i_e).abs() <= 4e-14 * (1.0 + i_e));
            prop_assert!((whole.i_i - parts.i_i).abs() <= 4e-14 * (1.0 - i_i));
        }
    }
}
