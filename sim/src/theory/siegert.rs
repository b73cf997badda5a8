//! The firing rate of the LIF neuron in white noise, and without noise.

use super::quadrature::{dawson, erfc, erfcx, erfcx_remainder, integral, integral_of_erfcx};
use crate::MS_PER_S;
use crate::neuron::IfCurrExp;

/// Ratio of drive to noise beyond which the noise-free formula is used; the relative error made is its inverse square.
const NOISE_FREE: f64 = 1e5;

/// Square of the threshold's y beyond which exp(-y^2) is zero in a double.
const UNDERFLOW: f64 = 745.2;

/// Potentials (mV) beyond which products of two would overflow; rates have reached their limits long before.
const FAR: f64 = 1e150;

/// How far coloured or discrete noise raises the barriers, in units of the free membrane's standard deviation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shift {
    /// Of the threshold.
    pub(super) thresh: f64,
    /// Of the reset.
    pub(super) reset: f64,
}

impl Shift {
    /// White noise: the barriers stay where they are.
    pub(super) const NONE: Shift = Shift { thresh: 0.0, reset: 0.0 };
}

/// Stationary firing rate (Hz) of a LIF neuron in a constant current.
///
/// ```text
/// rate = 1 / (tau_refrac + tau_m ln((R mu - (v_reset - v_rest)) / (R mu - (v_thresh - v_rest))))     R mu above threshold
/// ```
///
/// * `mu`: total current (nA), i_offset included; the neuron's own `i_offset` is not added
#[doc(alias = "f-I curve")]
pub fn noise_free(neuron: &IfCurrExp, mu: f64) -> f64 {
    let u = neuron.resistance() * mu;
    let (theta, reset) = (neuron.v_thresh - neuron.v_rest, neuron.v_reset - neuron.v_rest);
    if u <= theta {
        return 0.0;
    }
    // ln(1 + (theta - reset)/(u - theta)), exact for large u too.
    MS_PER_S / (neuron.tau_refrac + neuron.tau_m * ((theta - reset) / (u - theta)).ln_1p())
}

/// Constant current (nA, i_offset included) at which a neuron without noise fires at `rate` (Hz).
///
/// The inverse of [`noise_free`] on 0 < rate < 1000/tau_refrac; NaN outside. The curve is infinitely steep at
/// rheobase, so rates of a few Hz say little about the current.
pub fn current_for_rate(neuron: &IfCurrExp, rate: f64) -> f64 {
    let interval = MS_PER_S / rate - neuron.tau_refrac;
    if !(rate > 0.0 && interval > 0.0) {
        return f64::NAN;
    }
    let (theta, reset) = (neuron.v_thresh - neuron.v_rest, neuron.v_reset - neuron.v_rest);
    (theta + (theta - reset) / (interval / neuron.tau_m).exp_m1()) / neuron.resistance()
}

/// Stationary firing rate (Hz) of a LIF neuron in Gaussian white-noise current.
///
/// The inverse of the mean first-passage time (Siegert 1951; Liu & Furber 2016, eq. 3):
///
/// ```text
/// rate = 1 / (tau_refrac + tau_m sqrt(pi) int_{y_r}^{y_th} exp(u^2) (1 + erf(u)) du)
/// y_th = (v_thresh - v_rest - R mu) / (sqrt(2) sigma_V),   y_r = (v_reset - v_rest - R mu) / (sqrt(2) sigma_V)
/// sigma_V = (sigma / cm) sqrt(tau_m / 2)
/// ```
///
/// * `mu`: total mean current (nA), i_offset included; the neuron's own `i_offset` is not added
/// * `sigma`: white-noise amplitude (nA sqrt(ms)): the current is mu + sigma eta(t) with
///   `<eta(t) eta(t')> = delta(t - t')`, and the free membrane has the standard deviation sigma_V.
///   This is neither the standard deviation of a redrawn current nor that of a synaptic current, see [`super::Noise`]
///
/// Relative error below 1e-10, checked against mpmath; rates below 1e-300 Hz come out as zero.
pub fn siegert(neuron: &IfCurrExp, mu: f64, sigma: f64) -> f64 {
    shifted_siegert(neuron, mu, white_membrane_deviation(neuron, sigma), Shift::NONE)
}

/// Standard deviation (mV) of the free membrane in white noise of amplitude `sigma` (nA sqrt(ms)).
pub(super) fn white_membrane_deviation(neuron: &IfCurrExp, sigma: f64) -> f64 {
    sigma / neuron.cm * (neuron.tau_m / 2.0).sqrt()
}

/// Reduced barriers of the first-passage problem.
enum Passage {
    /// Noise does not count: the neuron whose threshold and reset are the raised ones.
    NoiseFree(IfCurrExp),
    /// y = (barrier - R mu) / scale of threshold and reset, scale = sqrt(2) sigma_V.
    Noisy { y_th: f64, y_r: f64, scale: f64 },
}

fn passage(neuron: &IfCurrExp, mu: f64, sigma_v: f64, shift: Shift) -> Passage {
    let sigma_v = sigma_v.min(FAR);
    let (thresh, reset) = (neuron.v_thresh + shift.thresh * sigma_v, neuron.v_reset + shift.reset * sigma_v);
    let drive = (neuron.resistance() * mu).clamp(-FAR, FAR) - (thresh - neuron.v_rest);
    if sigma_v == 0.0 || drive > NOISE_FREE * sigma_v {
        return Passage::NoiseFree(IfCurrExp { v_thresh: thresh, v_reset: reset, ..*neuron });
    }
    let scale = std::f64::consts::SQRT_2 * sigma_v;
    let y_th = -drive / scale;
    Passage::Noisy { y_th, y_r: y_th - ((thresh - reset) / scale).min(FAR), scale }
}

/// [`siegert`] with raised barriers; `sigma_v` is the free membrane's standard deviation (mV).
pub(super) fn shifted_siegert(neuron: &IfCurrExp, mu: f64, sigma_v: f64, shift: Shift) -> f64 {
    match passage(neuron, mu, sigma_v, shift) {
        Passage::NoiseFree(raised) => noise_free(&raised, mu),
        Passage::Noisy { y_th, y_r, .. } => first_passage_rate(neuron, y_th, y_r),
    }
}

/// Rate (Hz) for reduced barriers.
fn first_passage_rate(neuron: &IfCurrExp, y_th: f64, y_r: f64) -> f64 {
    if y_th > 0.0 && y_th * y_th > UNDERFLOW {
        return 0.0;
    }
    // Noise in which the distance of the barriers is lost.
    if y_th == y_r {
        return MS_PER_S / neuron.tau_refrac;
    }
    // Mean first-passage time divided by tau_m sqrt(pi), as factor exp(y_th^2) times a moderate number where
    // y_th > 0; `e` is the inverse of the factor.
    let (e, passage) = if y_th <= 0.0 {
        (1.0, integral_of_erfcx(-y_th, -y_r))
    } else {
        let e = (-y_th * y_th).exp();
        let passage = if y_r >= 0.0 && y_th - y_r < 0.5 {
            // exp(u^2 - y_th^2) (1 + erf(u)), without the differences of the general case.
            integral(|u| ((u - y_th) * (u + y_th)).exp() * (2.0 - erfc(u)), y_r, y_th)
        } else if y_r < 0.0 {
            2.0 * dawson(y_th) + e * integral_of_erfcx(y_th, -y_r)
        } else {
            let from_reset = ((y_r - y_th) * (y_r + y_th)).exp() * dawson(y_r);
            2.0 * (dawson(y_th) - from_reset) - e * integral_of_erfcx(y_r, y_th)
        };
        (e, passage)
    };
    MS_PER_S * e / (e * neuron.tau_refrac + neuron.tau_m * std::f64::consts::PI.sqrt() * passage)
}

/// Derivatives of [`siegert`]: with respect to `mu` (Hz/nA), and to the standard deviation sigma_V of the free
/// membrane (Hz/mV).
///
/// * `mu`: total mean current (nA), i_offset included
/// * `sigma`: white-noise amplitude (nA sqrt(ms)), zero or more
///
/// Relative error below 1e-10, checked against mpmath. Where the noise-free formula stands in (see [`siegert`]), the derivative to
/// sigma_V is zero.
pub fn siegert_gradient(neuron: &IfCurrExp, mu: f64, sigma: f64) -> (f64, f64) {
    shifted_siegert_gradient(neuron, mu, white_membrane_deviation(neuron, sigma), Shift::NONE)
}

/// Derivatives of [`noise_free`] with respect to `mu` (Hz/nA); zero at rheobase and below, where there is none.
pub(super) fn noise_free_slope(neuron: &IfCurrExp, mu: f64) -> f64 {
    noise_free_slopes(neuron, mu).0
}

/// Derivatives of [`noise_free`] with respect to `mu` (Hz/nA), threshold and reset (Hz/mV).
fn noise_free_slopes(neuron: &IfCurrExp, mu: f64) -> (f64, f64, f64) {
    let u = neuron.resistance() * mu;
    let (theta, reset) = (neuron.v_thresh - neuron.v_rest, neuron.v_reset - neuron.v_rest);
    let rate = noise_free(neuron, mu);
    if !(u > theta && u.is_finite() && rate > 0.0) {
        return (0.0, 0.0, 0.0);
    }
    // rate^2 tau_m / MS_PER_S in an order that does not overflow.
    let common = (rate / MS_PER_S * neuron.tau_m) * rate;
    let (to_theta, to_reset) = (common / (u - theta), common / (u - reset));
    (neuron.resistance() * (to_theta * ((theta - reset) / (u - reset))), -to_theta, to_reset)
}

/// Derivatives of [`shifted_siegert`]: with respect to `mu` (Hz/nA), and to `sigma_v` (Hz/mV), with which the barriers move.
pub(super) fn shifted_siegert_gradient(neuron: &IfCurrExp, mu: f64, sigma_v: f64, shift: Shift) -> (f64, f64) {
    let (y_th, y_r, scale) = match passage(neuron, mu, sigma_v, shift) {
        Passage::NoiseFree(raised) => {
            let (d_mu, d_thresh, d_reset) = noise_free_slopes(&raised, mu);
            return (d_mu, shift.thresh * d_thresh + shift.reset * d_reset);
        }
        Passage::Noisy { y_th, y_r, scale } => (y_th, y_r, scale),
    };
    let rate = first_passage_rate(neuron, y_th, y_r) / MS_PER_S;
    // Where the distance of the barriers is lost, the rate is 1000/tau_refrac whatever the current.
    if rate == 0.0 || y_th == y_r {
        return (0.0, 0.0);
    }
    // rate erfcx(-y) as a whole, so that it stays finite where erfcx(-y) overflows.
    let grown = |y: f64| (rate.ln() + erfcx_log(-y)).exp();
    let (g_th, g_r) = (grown(y_th), grown(y_r));
    // rate (y erfcx(-y) + 1/sqrt(pi)); the constant drops out of the difference, and without it nothing is left of it far below zero.
    let weighted = |y: f64, g: f64| {
        if y < 0.0 { rate * erfcx_remainder(-y) } else { y * g + rate / std::f64::consts::PI.sqrt() }
    };
    let common = rate * neuron.tau_m * std::f64::consts::PI.sqrt() * MS_PER_S;
    // y - shift / sqrt(2) is what the barrier's own place contributes, which alone scales with 1 / sigma_v.
    let own = weighted(y_th, g_th) - weighted(y_r, g_r);
    let moved = std::f64::consts::FRAC_1_SQRT_2 * (shift.thresh * g_th - shift.reset * g_r);
    let per_scale = common / scale;
    (per_scale * (neuron.resistance() * (g_th - g_r)), per_scale * (std::f64::consts::SQRT_2 * (own - moved)))
}

/// ln erfcx(x), without overflow for x far below zero.
fn erfcx_log(x: f64) -> f64 {
    if x < -5.0 { x * x + (2.0 - erfcx(-x) * (-x * x).exp()).ln() } else { erfcx(x).ln() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// (v_thresh of the set, cm, tau_m, tau_refrac, v_rest, v_reset) of the reference table.
    fn set(name: &str) -> IfCurrExp {
        let neuron = |cm, tau_m, tau_refrac, v_rest, v_reset, v_thresh| IfCurrExp {
            cm,
            tau_m,
            tau_refrac,
            v_rest,
            v_reset,
            v_thresh,
            ..IfCurrExp::default()
        };
        match name {
            "T1" => neuron(0.25, 20.0, 1.0, -65.0, -65.0, -50.0),
            "P2" => neuron(0.25, 10.0, 2.0, -70.0, -70.0, -55.0),
            "P3" => neuron(1.0, 20.0, 0.1, -65.0, -65.0, -50.0),
            _ => neuron(0.5, 30.0, 3.0, -60.0, -68.0, -45.0),
        }
    }

    /// mpmath, 40 digits, printed with 12: (set, mu nA, sigma nA sqrt(ms), rate Hz).
    const WHITE: [(&str, f64, f64, f64); 12] = [
        ("T1", -0.3, 0.2, 7.578_943_455_56e-50),
        ("T1", -0.3, 1.0, 0.502_202_246_478),
        ("T1", 0.0, 0.2, 2.663_227_861_56e-6),
        ("T1", 0.2, 0.2, 23.660_079_486_4),
        ("T1", 0.3, 1.0, 68.115_221_422),
        ("T1", 0.7, 1.0, 145.637_934_894),
        ("T1", 0.05, 0.05, 7.108_117_924_06e-64),
        ("T1", -0.5, 2.0, 5.528_329_559_37),
        ("P2", 0.4, 2.0, 103.931_890_105),
        ("P3", 0.5, 6.0, 54.279_570_738_5),
        ("P4", 0.1, 0.2, 3.509_160_597_95e-6),
        ("P4", 0.5, 0.2, 32.516_707_218_2),
    ];

    #[test]
    fn siegert_against_mpmath() {
        for (name, mu, sigma, want) in WHITE {
            let got = siegert(&set(name), mu, sigma);
            // The reference is printed with 12 digits.
            assert!((got / want - 1.0).abs() < 1e-10, "{name} {mu} {sigma}: {got} instead of {want}");
        }
    }

    #[test]
    fn noise_free_against_mpmath() {
        for (name, mu, want) in
            [("T1", 0.25, 34.811_805_541_7), ("T1", 2.0, 336.836_267_003), ("P4", 0.3, 14.752_629_208_6)]
        {
            assert!((noise_free(&set(name), mu) / want - 1.0).abs() < 1e-11);
        }
        // 0.1875 nA is rheobase exactly.
        assert_eq!(noise_free(&set("T1"), 0.1875), 0.0);
        for (rate, mu) in [(10.0, 0.188_837_614_041_442_06), (400.0, 2.594_921_765_151_431)] {
            assert!((current_for_rate(&set("T1"), rate) / mu - 1.0).abs() < 1e-13);
        }
        assert!(current_for_rate(&set("T1"), 1000.0).is_nan());
    }

    #[test]
    fn gradient_against_mpmath() {
        // T1, mu 0.1 nA, sigma_V = 5 mV: rate 9.5377913683509 Hz.
        let neuron = set("T1");
        let sigma = 5.0 * neuron.cm / 10.0f64.sqrt();
        assert!((siegert(&neuron, 0.1, sigma) / 9.537_791_368_350_9 - 1.0).abs() < 1e-12);
        let (d_mu, d_sigma_v) = siegert_gradient(&neuron, 0.1, sigma);
        assert!((d_mu / 164.339_000_795 - 1.0).abs() < 1e-11);
        assert!((d_sigma_v / 3.415_242_794_23 - 1.0).abs() < 1e-11);
    }

    proptest! {
        /// Finite, between zero and 1000/tau_refrac, and not falling with mu, over the whole range.
        #[test]
        fn defined_everywhere(mu in -100.0..100.0, log_sigma in -12.0..4.0, step in 1e-6..10.0) {
            let neuron = set("T1");
            let sigma = 10.0f64.powf(log_sigma);
            let (low, high) = (siegert(&neuron, mu, sigma), siegert(&neuron, mu + step, sigma));
            prop_assert!((0.0..=1000.0).contains(&low), "{low}");
            prop_assert!(high >= low * (1.0 - 1e-9), "{low} {high}");
        }
    }
}
