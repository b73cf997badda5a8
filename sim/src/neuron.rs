//! The parameters of a LIF neuron with exponentially decaying synaptic currents.

use crate::error::{ParameterError, finite, not_negative, positive};

/// PyNN's `IF_curr_exp`: a leaky integrate-and-fire neuron with exponential synaptic currents.
///
/// ```text
/// cm dV/dt  = -cm (V - v_rest) / tau_m + I_E + I_I + i_offset + I_injected
/// dI_E/dt   = -I_E / tau_syn_e       I_E += w  on arrival of a weight w >= 0 (nA)
/// dI_I/dt   = -I_I / tau_syn_i       I_I += w  on arrival of a weight w <  0 (nA)
/// ```
///
/// A spike is emitted when V first reaches `v_thresh`; V is then held at `v_reset` for `tau_refrac`
/// while the synaptic currents go on decaying and adding up.
///
/// Names and units are PyNN's, and so are the values of [`Default`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[doc(alias = "IF_curr_exp")]
#[doc(alias = "iaf_psc_exp")]
pub struct IfCurrExp {
    /// Membrane capacitance (nF).
    pub cm: f64,
    /// Membrane time constant (ms).
    pub tau_m: f64,
    /// Refractory period (ms).
    pub tau_refrac: f64,
    /// Time constant of excitatory synaptic currents (ms).
    pub tau_syn_e: f64,
    /// Time constant of inhibitory synaptic currents (ms).
    pub tau_syn_i: f64,
    /// Resting potential (mV).
    pub v_rest: f64,
    /// Potential after a spike (mV).
    pub v_reset: f64,
    /// Threshold (mV).
    pub v_thresh: f64,
    /// Constant input current (nA).
    pub i_offset: f64,
}

impl Default for IfCurrExp {
    /// PyNN's defaults.
    fn default() -> Self {
        IfCurrExp {
            cm: 1.0,
            tau_m: 20.0,
            tau_refrac: 0.1,
            tau_syn_e: 5.0,
            tau_syn_i: 5.0,
            v_rest: -65.0,
            v_reset: -65.0,
            v_thresh: -50.0,
            i_offset: 0.0,
        }
    }
}

impl IfCurrExp {
    /// The neuron of Table 1 of Liu & Furber (2016), "Noisy Softplus: A Biology Inspired Activation Function".
    ///
    /// The table leaves out `v_reset`; the authors' published code has -65 mV.
    pub fn liu_furber_2016() -> Self {
        IfCurrExp { cm: 0.25, tau_refrac: 1.0, i_offset: 0.1, ..IfCurrExp::default() }
    }

    /// Membrane resistance tau_m / cm (MOhm).
    pub fn resistance(&self) -> f64 {
        self.tau_m / self.cm
    }

    /// Smallest constant current (nA) above which the neuron fires without noise.
    pub fn rheobase(&self) -> f64 {
        (self.v_thresh - self.v_rest) / self.resistance()
    }

    /// Refuses parameters that no membrane can have.
    ///
    /// # Errors
    ///
    /// Time constants and the capacitance must be positive, the refractory period not negative, all
    /// numbers finite, and `v_reset` below `v_thresh`.
    pub fn check(&self) -> Result<(), ParameterError> {
        positive("cm", "nF", self.cm)?;
        positive("tau_m", "ms", self.tau_m)?;
        not_negative("tau_refrac", "ms", self.tau_refrac)?;
        positive("tau_syn_e", "ms", self.tau_syn_e)?;
        positive("tau_syn_i", "ms", self.tau_syn_i)?;
        finite("v_rest", "mV", self.v_rest)?;
        finite("v_reset", "mV", self.v_reset)?;
        finite("v_thresh", "mV", self.v_thresh)?;
        finite("i_offset", "nA", self.i_offset)?;
        if self.v_reset < self.v_thresh {
            Ok(())
        } else {
            Err(ParameterError::ResetAboveThreshold { v_reset: self.v_reset, v_thresh: self.v_thresh })
        }
    }
}

/// Shape of the postsynaptic current (PyNN's `IF_curr_exp`, `IF_curr_alpha`, `IF_curr_delta`; NEST's `iaf_psc_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Psc {
    /// Jumps by the weight (nA) and decays exponentially with tau_syn.
    #[default]
    #[doc(alias = "IF_curr_exp")]
    Exponential,
    /// w (t/tau_syn) exp(1 - t/tau_syn): peaks at the weight (nA) after tau_syn.
    #[doc(alias = "IF_curr_alpha")]
    Alpha,
    /// A jump of V by the weight (mV); lost during the refractory period. The synaptic time constants mean nothing.
    #[doc(alias = "IF_curr_delta")]
    Delta,
}

/// The time constants of one neuron of a population whose neurons differ in them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeConstants {
    /// Membrane time constant (ms).
    pub tau_m: f64,
    /// Time constant of excitatory synaptic currents (ms).
    pub tau_syn_e: f64,
    /// Time constant of inhibitory synaptic currents (ms).
    pub tau_syn_i: f64,
}

impl TimeConstants {
    /// A neuron with these time constants, and the rest from another.
    pub(crate) fn of(&self, neuron: &IfCurrExp) -> IfCurrExp {
        let TimeConstants { tau_m, tau_syn_e, tau_syn_i } = *self;
        IfCurrExp { tau_m, tau_syn_e, tau_syn_i, ..*neuron }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rheobase_of_the_paper() {
        // (v_thresh - v_rest) / R = 15 mV / 80 MOhm.
        assert_eq!(IfCurrExp::liu_furber_2016().rheobase(), 0.1875);
    }

    #[test]
    fn impossible_parameters_are_refused() {
        let neuron = IfCurrExp::default();
        for broken in [
            IfCurrExp { tau_m: -20.0, ..neuron },
            IfCurrExp { tau_m: f64::NAN, ..neuron },
            IfCurrExp { cm: 0.0, ..neuron },
            IfCurrExp { tau_syn_i: f64::INFINITY, ..neuron },
            IfCurrExp { tau_refrac: -1e-9, ..neuron },
            IfCurrExp { v_reset: -50.0, ..neuron },
            IfCurrExp { i_offset: f64::NAN, ..neuron },
        ] {
            assert!(broken.check().is_err(), "{broken:?}");
        }
        assert_eq!(IfCurrExp { tau_refrac: 0.0, ..neuron }.check(), Ok(()));
    }
}
