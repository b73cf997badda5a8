//! The three meanings of sigma in the literature, and what each does to the membrane and to the rate.

use super::siegert::{Shift, shifted_siegert, shifted_siegert_gradient, white_membrane_deviation};
use crate::neuron::IfCurrExp;

/// Mean overshoot of a Gaussian random walk beyond a barrier, in units of its step: -zeta(1/2) / sqrt(2 pi),
/// 0.58259715793901067020 by mpmath.
const OVERSHOOT: f64 = 0.582_597_157_939_010_7;

/// sqrt(2) |zeta(1/2)|, 2.0652531522312171831 by mpmath (Fourcaud & Brunel 2002, "Dynamics of the firing probability of
/// noisy integrate-and-fire neurons").
const COLOUR: f64 = 2.065_253_152_231_217;

/// What the memory of a synaptic current does to the reset in the first-order correction.
///
/// Threshold and reset act as if raised, because the current that led to a spike outlasts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetShift {
    /// The reset is raised as much as the threshold (Fourcaud & Brunel 2002); exact for tau_syn far below tau_m without refractory period.
    Whole,
    /// The reset is raised by what is left of the current after tau_refrac, a fraction exp(-tau_refrac / tau_syn), because V is
    /// clamped meanwhile; exact for tau_syn far below tau_m.
    Decayed,
}

/// A fluctuating current, with the meaning of its sigma.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Noise {
    /// PyNN's noisy current: a Gaussian amplitude of standard deviation `stdev` (nA), redrawn every `dt` (ms).
    Redrawn {
        /// Standard deviation of the amplitude (nA).
        stdev: f64,
        /// Interval between redraws (ms).
        dt: f64,
    },
    /// A synaptic current of many small Poisson inputs: stationary standard deviation `sigma` (nA), correlation time `tau_syn` (ms).
    Synaptic {
        /// Standard deviation of the current (nA), as in eq. (4) of Liu & Furber (2016).
        sigma: f64,
        /// Synaptic time constant (ms).
        tau_syn: f64,
    },
}

impl Noise {
    /// The value that the literature would call sigma (nA): `stdev` or `sigma`.
    pub fn sigma(self) -> f64 {
        match self {
            Noise::Redrawn { stdev, .. } => stdev,
            Noise::Synaptic { sigma, .. } => sigma,
        }
    }

    /// Amplitude (nA sqrt(ms)) of the white noise of equal intensity: stdev sqrt(dt), or sigma sqrt(2 tau_syn).
    pub fn white_amplitude(self) -> f64 {
        match self {
            Noise::Redrawn { stdev, dt } => stdev * dt.sqrt(),
            Noise::Synaptic { sigma, tau_syn } => sigma * (2.0 * tau_syn).sqrt(),
        }
    }

    /// Standard deviation (mV) of the membrane that never fires.
    ///
    /// Exact: R stdev sqrt(tanh(dt / (2 tau_m))) at the redraws, where it is largest; R sigma sqrt(tau_syn/(tau_syn + tau_m)).
    pub fn membrane_deviation(self, neuron: &IfCurrExp) -> f64 {
        let r = neuron.resistance();
        match self {
            Noise::Redrawn { stdev, dt } => r * stdev * (0.5 * dt / neuron.tau_m).tanh().sqrt(),
            Noise::Synaptic { sigma, tau_syn } => r * sigma * (tau_syn / (tau_syn + neuron.tau_m)).sqrt(),
        }
    }

    /// Siegert rate (Hz) corrected for what this noise has and white noise has not, to first order, with the whole shift of the reset:
    /// see [`Self::shifted_siegert`].
    ///
    /// `mu`: total mean current (nA), i_offset included.
    pub fn corrected_siegert(self, neuron: &IfCurrExp, mu: f64) -> f64 {
        self.shifted_siegert(neuron, mu, ResetShift::Whole)
    }

    /// Siegert rate (Hz) corrected for what this noise has and white noise has not, to first order.
    ///
    /// * Redrawn: at the redraws the membrane is a random walk of finite steps, which overshoots the threshold;
    ///   it acts as if raised by 0.5826 (1 - exp(-dt/tau_m)) R stdev, and the reset stays. The membrane's deviation is the exact one.
    /// * Synaptic: the current's memory raises the threshold by
    ///   (sqrt(2) |zeta(1/2)| / 2) sqrt(tau_syn/tau_m) sqrt(2) sigma_V, with the sigma_V of the equivalent white noise
    ///   (Fourcaud & Brunel 2002), and the reset as `reset` says. Meant for tau_syn far below tau_m.
    ///
    /// `mu`: total mean current (nA), i_offset included.
    pub fn shifted_siegert(self, neuron: &IfCurrExp, mu: f64, reset: ResetShift) -> f64 {
        let (sigma_v, shift) = self.deviation_and_shift(neuron, reset);
        shifted_siegert(neuron, mu, sigma_v, shift)
    }

    /// Derivatives of [`Self::shifted_siegert`] with respect to `mu` (Hz/nA) and to [`Self::sigma`] (Hz/nA), in closed form.
    pub(super) fn shifted_siegert_gradient(self, neuron: &IfCurrExp, mu: f64, reset: ResetShift) -> (f64, f64) {
        let (sigma_v, shift) = self.deviation_and_shift(neuron, reset);
        let (d_mu, d_sigma_v) = shifted_siegert_gradient(neuron, mu, sigma_v, shift);
        // sigma_V is proportional to sigma.
        (d_mu, d_sigma_v * self.with_sigma(1.0).deviation_and_shift(neuron, reset).0)
    }

    /// The same noise with another sigma (nA).
    pub(super) fn with_sigma(self, sigma: f64) -> Noise {
        match self {
            Noise::Redrawn { dt, .. } => Noise::Redrawn { stdev: sigma, dt },
            Noise::Synaptic { tau_syn, .. } => Noise::Synaptic { sigma, tau_syn },
        }
    }

    /// Standard deviation (mV) of the free membrane that the corrected theory starts from, and how it raises the barriers.
    fn deviation_and_shift(self, neuron: &IfCurrExp, reset: ResetShift) -> (f64, Shift) {
        match self {
            Noise::Redrawn { dt, .. } => {
                // (1 - a) R stdev over R stdev sqrt((1 - a) / (1 + a)) is sqrt(1 - a^2).
                let step = (-(-2.0 * dt / neuron.tau_m).exp_m1()).sqrt();
                (self.membrane_deviation(neuron), Shift { thresh: OVERSHOOT * step, reset: 0.0 })
            }
            Noise::Synaptic { tau_syn, .. } => {
                let thresh = std::f64::consts::FRAC_1_SQRT_2 * COLOUR * (tau_syn / neuron.tau_m).sqrt();
                let left = match reset {
                    ResetShift::Whole => 1.0,
                    ResetShift::Decayed => (-neuron.tau_refrac / tau_syn).exp(),
                };
                (white_membrane_deviation(neuron, self.white_amplitude()), Shift { thresh, reset: left * thresh })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::siegert;

    #[test]
    fn membrane_deviation_of_the_paper() {
        let neuron = IfCurrExp::liu_furber_2016();
        // mpmath: 12.647793285703731 mV at 1 nA redrawn every 1 ms (Monte Carlo 12.638), 39.591 mV at 10 ms.
        let at = |dt| Noise::Redrawn { stdev: 1.0, dt }.membrane_deviation(&neuron);
        assert!((at(1.0) - 12.647_793_285_703_731).abs() < 1e-12);
        assert!((at(10.0) - 39.591).abs() < 1e-3);
        // 80 MOhm sqrt(5/25).
        let synaptic = Noise::Synaptic { sigma: 1.0, tau_syn: 5.0 };
        assert!((synaptic.membrane_deviation(&neuron) - 35.777_087_639_996_63).abs() < 1e-12);
    }

    #[test]
    fn corrected_rates() {
        let neuron = IfCurrExp::liu_furber_2016();
        // Redrawn every 1 ms, stdev 1 nA, mu 0.3 nA: white 68.115, corrected 56.808 Hz (mpmath).
        let redrawn = Noise::Redrawn { stdev: 1.0, dt: 1.0 };
        assert!((siegert(&neuron, 0.3, redrawn.white_amplitude()) - 68.115).abs() < 1e-3);
        assert!((redrawn.corrected_siegert(&neuron, 0.3) - 56.808).abs() < 1e-3);
        // Synaptic, shift of threshold and reset (mpmath, 12 digits): mu 0.3, sigma 1.0, tau_syn 5 and mu 0.1, 0.2, 0.5.
        for (mu, sigma, tau_syn, want) in [(0.3, 1.0, 5.0, 74.377_497_554), (0.1, 0.2, 0.5, 0.566_443_270_402)] {
            let got = Noise::Synaptic { sigma, tau_syn }.corrected_siegert(&neuron, mu);
            assert!((got / want - 1.0).abs() < 1e-10, "{got} {want}");
        }
    }
}
