//! The theories of the rate, to choose from, and their derivatives.

use super::noise::{Noise, ResetShift};
use super::siegert::{noise_free, noise_free_slope, siegert, siegert_gradient};
use super::{coloured, redrawn};
use crate::error::{ParameterError, TheoryError, finite, not_negative, positive};
use crate::neuron::IfCurrExp;

/// Relative agreement of two refinements that the numerical theories go on to; the finer one is better by far.
const TOLERANCE: f64 = 1e-8;

/// The same where derivatives are taken.
const TOLERANCE_OF_GRADIENTS: f64 = 1e-10;

/// Steps of numerical derivatives, over the distance in which the rate changes.
const STEP: f64 = 0.04;

/// A theory of the stationary rate of a LIF neuron under a fluctuating current.
///
/// [`Theory::ALL`] lists them from the crudest to the exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theory {
    /// The mean current alone: [`noise_free`].
    NoiseFree,
    /// White noise of equal intensity: [`siegert`].
    #[doc(alias = "Siegert")]
    White,
    /// Siegert corrected to first order for the steps or the memory of the noise: [`Noise::shifted_siegert`].
    #[doc(alias = "Fourcaud-Brunel")]
    Corrected(ResetShift),
    /// The given noise as it is, by numerical solution of an integral equation.
    ///
    /// * Redrawn: a renewal chain over the phase at which the neuron is released. Needs tau_refrac of at least the interval.
    /// * Synaptic: the flux of the two-dimensional process (potential, current) through threshold, in the diffusion limit of many
    ///   small inputs. The current goes on during the refractory period.
    Exact,
    /// A redrawn current and a neuron that can only fire at the redraws, as on a grid of time; exact. Needs tau_refrac on the grid.
    OnGrid,
}

/// A rate and how far it may be off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateEstimate {
    /// Stationary firing rate (Hz).
    pub rate: f64,
    /// Bound on the error made in solving the theory's equations (Hz); that of the theory itself is not in it.
    pub error: f64,
}

/// Derivatives of a rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gradient {
    /// With respect to the mean current (Hz/nA).
    pub d_mu: f64,
    /// With respect to [`Noise::sigma`], in its own meaning (Hz/nA).
    pub d_sigma: f64,
}

impl Theory {
    /// All theories.
    pub const ALL: [Theory; 6] = [
        Theory::NoiseFree,
        Theory::White,
        Theory::Corrected(ResetShift::Whole),
        Theory::Corrected(ResetShift::Decayed),
        Theory::OnGrid,
        Theory::Exact,
    ];

    /// Name for the command line and tables.
    pub fn name(self) -> &'static str {
        match self {
            Theory::NoiseFree => "noise-free",
            Theory::White => "white",
            Theory::Corrected(ResetShift::Whole) => "corrected",
            Theory::Corrected(ResetShift::Decayed) => "corrected-decayed",
            Theory::OnGrid => "on-grid",
            Theory::Exact => "exact",
        }
    }

    /// Stationary rate (Hz), see [`Self::estimate`].
    ///
    /// # Errors
    ///
    /// As [`Self::estimate`].
    pub fn rate(self, neuron: &IfCurrExp, noise: Noise, mu: f64) -> Result<f64, TheoryError> {
        Ok(self.estimate(neuron, noise, mu)?.rate)
    }

    /// Stationary rate (Hz) with the error made in solving the theory's equations.
    ///
    /// * `mu`: total mean current (nA), i_offset included; the neuron's own `i_offset` is not added. A neuron with Poisson input
    ///   has tau_syn in `noise`; its own `tau_syn_e` and `tau_syn_i` are not read
    ///
    /// Closed forms are right to 1e-10 (relative); the numerical theories go on until two refinements agree to 1e-8.
    ///
    /// # Errors
    ///
    /// Refuses impossible parameters and a noise that the theory is not made for; the numerical theories refuse noise too weak to be
    /// resolved, and fail where they do not converge.
    pub fn estimate(self, neuron: &IfCurrExp, noise: Noise, mu: f64) -> Result<RateEstimate, TheoryError> {
        self.check(neuron, noise, mu)?;
        self.solve(neuron, noise, mu, TOLERANCE)
    }

    fn solve(self, neuron: &IfCurrExp, noise: Noise, mu: f64, tolerance: f64) -> Result<RateEstimate, TheoryError> {
        let closed_form = |rate: f64| Ok(RateEstimate { rate, error: 1e-10 * rate });
        match (self, noise) {
            (Theory::NoiseFree, _) => closed_form(noise_free(neuron, mu)),
            (Theory::White, _) => closed_form(siegert(neuron, mu, noise.white_amplitude())),
            (Theory::Corrected(reset), _) => closed_form(noise.shifted_siegert(neuron, mu, reset)),
            (Theory::OnGrid, Noise::Synaptic { .. }) => Err(self.other_noise(noise)),
            (Theory::Exact, _) if noise.sigma() == 0.0 => closed_form(noise_free(neuron, mu)),
            (Theory::OnGrid, Noise::Redrawn { stdev, dt }) => redrawn::rate_on_grid(neuron, mu, stdev, dt, tolerance),
            (Theory::Exact, Noise::Redrawn { stdev, dt }) => {
                redrawn::rate_event_driven(neuron, mu, stdev, dt, tolerance)
            }
            (Theory::Exact, Noise::Synaptic { sigma, tau_syn }) => {
                coloured::rate(neuron, mu, sigma, tau_syn, tolerance)
            }
        }
    }

    /// Derivatives of the rate with respect to `mu` and to the sigma of `noise`; arguments as in [`Self::estimate`].
    ///
    /// Closed forms for the closed-form theories. For the numerical ones, central differences of fourth order over a small part of the
    /// distance in which the rate changes; their relative error is below 1e-5 of the larger of the two. Without noise the derivative to sigma
    /// is zero where the rate is smooth. At rheobase, where the noise-free slope is infinite, and below it is zero.
    ///
    /// # Errors
    ///
    /// As [`Self::estimate`].
    pub fn gradient(self, neuron: &IfCurrExp, noise: Noise, mu: f64) -> Result<Gradient, TheoryError> {
        self.check(neuron, noise, mu)?;
        match self {
            Theory::NoiseFree => Ok(Gradient { d_mu: noise_free_slope(neuron, mu), d_sigma: 0.0 }),
            Theory::White => {
                let (d_mu, d_sigma_v) = siegert_gradient(neuron, mu, noise.white_amplitude());
                let per_sigma = noise.with_sigma(1.0).white_amplitude() / neuron.cm * (neuron.tau_m / 2.0).sqrt();
                Ok(Gradient { d_mu, d_sigma: d_sigma_v * per_sigma })
            }
            Theory::Corrected(reset) => {
                let (d_mu, d_sigma) = noise.shifted_siegert_gradient(neuron, mu, reset);
                Ok(Gradient { d_mu, d_sigma })
            }
            Theory::OnGrid | Theory::Exact => self.differences(neuron, noise, mu),
        }
    }

    /// Refuses impossible parameters, and noise that the theory is not made for.
    fn check(self, neuron: &IfCurrExp, noise: Noise, mu: f64) -> Result<(), TheoryError> {
        check(neuron, noise, mu)?;
        match (self, noise) {
            (Theory::OnGrid, Noise::Synaptic { .. })
            | (Theory::Corrected(ResetShift::Decayed), Noise::Redrawn { .. }) => Err(self.other_noise(noise)),
            _ => Ok(()),
        }
    }

    fn other_noise(self, noise: Noise) -> TheoryError {
        let [redrawn, synaptic] = ["a current that is redrawn at regular times", "a synaptic current"];
        let (expected, found) = match noise {
            Noise::Redrawn { .. } => (synaptic, redrawn),
            Noise::Synaptic { .. } => (redrawn, synaptic),
        };
        TheoryError::OtherNoise { theory: self.name(), expected, found }
    }

    fn differences(self, neuron: &IfCurrExp, noise: Noise, mu: f64) -> Result<Gradient, TheoryError> {
        let sigma = noise.sigma();
        if sigma == 0.0 {
            // On a grid the rate without noise goes in steps.
            let d_mu = if self == Theory::Exact { noise_free_slope(neuron, mu) } else { 0.0 };
            return Ok(Gradient { d_mu, d_sigma: 0.0 });
        }
        // Below threshold the rate goes like exp(-z^2/2), z being the distance of the mean from threshold in deviations.
        let deviation = noise.membrane_deviation(neuron) / neuron.resistance();
        let z = ((neuron.rheobase() - mu) / deviation).max(0.0);
        let h_mu = STEP * deviation / (1.0 + z);
        let h_sigma = STEP * sigma / (1.0 + z * z);
        let rate = |noise, mu| Ok(self.solve(neuron, noise, mu, TOLERANCE_OF_GRADIENTS)?.rate);
        Ok(Gradient {
            d_mu: central(h_mu, |dx| rate(noise, mu + dx))?,
            d_sigma: central(h_sigma, |dx| rate(noise.with_sigma(sigma + dx), mu))?,
        })
    }
}

/// Central difference of fourth order.
fn central(h: f64, f: impl Fn(f64) -> Result<f64, TheoryError>) -> Result<f64, TheoryError> {
    let near = f(h)? - f(-h)?;
    let far = f(2.0 * h)? - f(-2.0 * h)?;
    Ok((8.0 * near - far) / (12.0 * h))
}

/// Refuses what no neuron or noise can have.
fn check(neuron: &IfCurrExp, noise: Noise, mu: f64) -> Result<(), ParameterError> {
    neuron.check()?;
    finite("mu", "nA", mu)?;
    match noise {
        Noise::Redrawn { stdev, dt } => {
            not_negative("stdev", "nA", stdev)?;
            positive("dt", "ms", dt)
        }
        Noise::Synaptic { sigma, tau_syn } => {
            not_negative("sigma", "nA", sigma)?;
            positive("tau_syn", "ms", tau_syn)
        }
    }
}
