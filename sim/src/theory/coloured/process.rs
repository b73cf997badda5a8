//! Potential and synaptic current as one Gaussian process, without threshold.

use crate::theory::quadrature::gauss_legendre;

/// Nodes of the integrals over short times; their integrands are polynomials but for small corrections.
const NODES: usize = 16;

/// The free process, in units of tau_m: x' = -x + y, y an Ornstein-Uhlenbeck process of unit variance and correlation time kappa.
///
/// x is (V - v_rest - R mu) / (R sigma), y the synaptic current over sigma without its mean.
#[derive(Debug, Clone)]
pub(super) struct FreeProcess {
    /// tau_syn / tau_m.
    pub(super) kappa: f64,
    rule: Vec<(f64, f64)>,
}

/// Where the process is a time t after a start at (x, y), given both: normal, with these factors and covariances.
#[derive(Debug, Clone, Copy)]
pub(super) struct Transition {
    /// Weight of x in the mean of x: exp(-t). That of y in the mean of y is `keep_y`.
    pub(super) keep_x: f64,
    /// Weight of y in the mean of y: exp(-t / kappa).
    pub(super) keep_y: f64,
    /// Weight of y in the mean of x.
    pub(super) pass: f64,
    pub(super) var_x: f64,
    pub(super) var_y: f64,
    pub(super) covariance: f64,
}

impl Transition {
    /// The same for a start whose y is itself normal, with variance `spread` around the given y.
    pub(super) fn starting_spread(self, spread: f64) -> Transition {
        Transition {
            var_x: self.var_x + spread * self.pass * self.pass,
            var_y: self.var_y + spread * self.keep_y * self.keep_y,
            covariance: self.covariance + spread * self.pass * self.keep_y,
            ..self
        }
    }

    /// Variance of x where y is known at the end too.
    pub(super) fn var_x_given_y(&self) -> f64 {
        self.var_x - self.covariance * self.covariance / self.var_y
    }
}

impl FreeProcess {
    pub(super) fn new(kappa: f64) -> FreeProcess {
        FreeProcess { kappa, rule: gauss_legendre(NODES) }
    }

    /// Stationary variance of x, and covariance of x and y.
    pub(super) fn var_x(&self) -> f64 {
        self.kappa / (1.0 + self.kappa)
    }

    /// Integral of exp(-(t - s)) exp(-s / kappa) over s from 0 to t.
    fn pass(&self, t: f64) -> f64 {
        let z = t * (1.0 - 1.0 / self.kappa);
        // t exp(-t) expm1(z) / z, arranged so that neither exponential overflows.
        if z.abs() < 1e-5 {
            t * (-t).exp() * (1.0 + z * (0.5 + z / 6.0))
        } else if z > 0.0 {
            t * (-t / self.kappa).exp() * -(-z).exp_m1() / z
        } else {
            t * (-t).exp() * z.exp_m1() / z
        }
    }

    /// The transition over a time t.
    pub(super) fn after(&self, t: f64) -> Transition {
        let (keep_x, keep_y, pass) = ((-t).exp(), (-t / self.kappa).exp(), self.pass(t));
        let (var_x, covariance) = if t < 0.5 * self.kappa.min(1.0) {
            // What the noise of the last s has made of x and y, summed over s: without the cancellation of the other branch.
            let (mut var_x, mut covariance) = (0.0, 0.0);
            for &(node, weight) in &self.rule {
                let s = 0.5 * t * (1.0 + node);
                let passed = self.pass(s);
                var_x += weight * passed * passed;
                covariance += weight * passed * (-s / self.kappa).exp();
            }
            (var_x * t / self.kappa, covariance * t / self.kappa)
        } else {
            let v = self.var_x();
            (v - (keep_x * keep_x + 2.0 * keep_x * pass) * v - pass * pass, v - keep_y * (keep_x * v + pass))
        };
        Transition { keep_x, keep_y, pass, var_x, var_y: -(-2.0 * t / self.kappa).exp_m1(), covariance }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// mpmath, 40 digits: kappa, t, weight of y in the mean of x, variance of x, covariance.
    const MOMENTS: [(f64, f64, f64, f64, f64); 8] = [
        (0.05, 0.001, 0.000_989_569_817_190_51, 1.312_532_358_417_354e-8, 1.959_809_378_547_336e-5),
        (0.25, 0.1, 0.078_172_457_333_440_1, 0.001_849_570_516_808_658_8, 0.026_293_302_859_002_703),
        (0.25, 0.13, 0.094_524_960_983_455_66, 0.003_653_940_051_356_25, 0.039_393_813_047_051_494),
        (0.5, 2.0, 0.117_019_644_347_878_51, 0.302_976_598_732_406_07, 0.330_363_793_059_014_03),
        (1.0, 0.3, 0.222_245_466_204_515_35, 0.011_557_643_876_316_475, 0.060_950_691_124_778_855),
        (1.0, 1e-5, 9.999_900_000_499_999e-6, 6.666_566_667_466_662e-16, 9.999_866_667_666_662e-11),
        (3.0, 5.0, 0.273_206_483_757_714_56, 0.672_562_891_074_374_8, 0.697_443_485_330_126_2),
        (0.001, 0.3, 0.000_741_559_780_462_18, 0.000_449_090_091_001_882_3, 0.000_999_000_999_000_999),
    ];

    #[test]
    fn moments() {
        // From the matrix exponential of the two equations.
        for (kappa, t, pass, var_x, covariance) in MOMENTS {
            let got = FreeProcess::new(kappa).after(t);
            for (got, want) in [(got.pass, pass), (got.var_x, var_x), (got.covariance, covariance)] {
                // Cancellation near the change of branches takes three digits.
                assert!((got / want - 1.0).abs() < 1e-12, "{kappa} {t}: {got} instead of {want}");
            }
        }
    }
}
