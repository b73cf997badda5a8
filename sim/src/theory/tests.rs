//! The theories against tables and against each other.

use super::*;
use crate::IfCurrExp;
use crate::TheoryError;
use proptest::prelude::*;

fn neuron(cm: f64, tau_m: f64, tau_refrac: f64, v_rest: f64, v_reset: f64, v_thresh: f64) -> IfCurrExp {
    IfCurrExp { cm, tau_m, tau_refrac, v_rest, v_reset, v_thresh, ..IfCurrExp::default() }
}

/// The neurons of the reference table.
fn set(name: &str) -> IfCurrExp {
    match name {
        "T1" => neuron(0.25, 20.0, 1.0, -65.0, -65.0, -50.0),
        "P2" => neuron(0.25, 10.0, 2.0, -70.0, -70.0, -55.0),
        "P3" => neuron(1.0, 20.0, 0.1, -65.0, -65.0, -50.0),
        _ => neuron(0.5, 30.0, 3.0, -60.0, -68.0, -45.0),
    }
}

#[test]
fn redrawn_current_against_integral_equations() {
    // Solved apart from this code, to 5e-10 and printed with 11 digits: theory, set, mu (nA), stdev (nA), dt (ms), rate (Hz).
    let rows = [
        (Theory::Exact, "T1", 0.1, 0.5, 1.0, 11.254_671_717),
        (Theory::Exact, "T1", 0.7, 0.2, 1.0, 137.108_114_92),
        (Theory::Exact, "T1", 0.15, 2.0, 0.25, 35.921_564_373),
        (Theory::Exact, "P2", 0.3, 1.5, 0.5, 48.935_208_07),
        (Theory::Exact, "P3", 1.2, 5.0, 0.1, 54.490_792_008),
        (Theory::Exact, "P4", 0.3, 0.8, 1.0, 18.308_698_112),
        (Theory::OnGrid, "T1", 0.2, 0.2, 1.0, 21.640_221_066),
        (Theory::OnGrid, "T1", 0.7, 1.0, 1.0, 121.726_489_51),
        (Theory::OnGrid, "T1", 0.15, 2.0, 0.25, 35.805_128_63),
        (Theory::OnGrid, "P2", 0.6, 0.5, 1.0, 80.424_711_935),
        (Theory::OnGrid, "P3", 0.8, 3.0, 0.1, 24.736_233_706),
    ];
    for (theory, name, mu, stdev, dt, want) in rows {
        let got = theory.estimate(&set(name), Noise::Redrawn { stdev, dt }, mu).unwrap();
        // The table's own error, and nothing to speak of from here.
        assert!((got.rate / want - 1.0).abs() < 5e-10, "{theory:?} {name} {mu}: {got:?} instead of {want}");
        assert!(got.error <= 1e-8 * got.rate);
    }
}

#[test]
fn refractory_periods_of_any_length_against_monte_carlo() {
    // Simulated apart from this code, 40,000 neurons for 2 to 4 s, v_reset -70 mV: dt (ms), tau_refrac (ms), mu (nA), stdev (nA), rate (Hz), standard error.
    let rows = [
        (1.0, 1.0, 0.3, 1.0, 48.2225, 0.0167),
        (1.0, 1.6, 0.3, 1.0, 46.8575, 0.0159),
        (1.0, 2.3, 0.5, 0.5, 69.6174, 0.0084),
        (0.7, 1.0, 0.2, 1.5, 39.6553, 0.0187),
        (4.0, 5.5, 0.3, 0.5, 35.5908, 0.0121),
        (10.0, 14.0, 0.3, 0.3, 25.0409, 0.0057),
        (10.0, 16.0, 0.6, 0.2, 38.1092, 0.0021),
    ];
    for (dt, tau_refrac, mu, stdev, want, se) in rows {
        let neuron = neuron(0.25, 20.0, tau_refrac, -65.0, -70.0, -50.0);
        let got = Theory::Exact.rate(&neuron, Noise::Redrawn { stdev, dt }, mu).unwrap();
        // Seven draws: one in 2,000 would fail at four standard errors.
        assert!((got - want).abs() < 4.0 * se, "{dt} {tau_refrac}: {got} instead of {want} +- {se}");
    }
}

#[test]
fn shifted_barriers_against_mpmath() {
    // mpmath, printed with 12 digits: set, mu (nA), sigma (nA), tau_syn (ms), rates (Hz) with the whole and the decayed shift of the reset.
    let rows = [
        ("T1", 0.1, 0.2, 0.5, 0.566_443_270_402, 0.566_056_614_927),
        ("T1", 0.1, 0.2, 1.0, 2.643_631_710_67, 2.631_581_669_3),
        ("T1", 0.3, 0.5, 5.0, 53.064_319_991_4, 47.363_061_238_6),
        ("P2", 0.4, 0.5, 2.0, 48.665_266_095_2, 43.780_578_304_3),
        ("P4", 0.3, 0.4, 1.0, 16.378_856_629, 16.043_555_055_7),
    ];
    for (name, mu, sigma, tau_syn, whole, decayed) in rows {
        for (reset, want) in [(ResetShift::Whole, whole), (ResetShift::Decayed, decayed)] {
            let got = Theory::Corrected(reset).rate(&set(name), Noise::Synaptic { sigma, tau_syn }, mu).unwrap();
            assert!((got / want - 1.0).abs() < 1e-11, "{name} {mu} {reset:?}: {got} instead of {want}");
        }
    }
}

#[test]
fn synaptic_current_against_monte_carlo() {
    // Simulated apart from this code for 3,000 or 4,000 s, Liu & Furber's neuron: tau_syn (ms), sigma (nA), mu without offset (nA), rate (Hz),
    // standard error.
    let rows = [
        (1.0, 0.2, 0.1, 22.783_67, 0.044_37),
        (1.0, 0.5, -0.1, 4.858, 0.040_02),
        (1.0, 1.0, 0.3, 74.732_33, 0.137_06),
        (5.0, 0.2, -0.1, 1.523_5, 0.020_3),
        (5.0, 0.2, 0.5, 115.491_75, 0.054_69),
        (5.0, 0.5, 0.1, 40.399, 0.120_43),
        (5.0, 1.0, -0.5, 11.366, 0.086_97),
        (10.0, 0.5, 0.3, 75.673_75, 0.177_7),
        (10.0, 1.0, 0.5, 117.836_25, 0.285_47),
    ];
    let neuron = IfCurrExp::liu_furber_2016();
    for (tau_syn, sigma, mu, want, se) in rows {
        let noise = Noise::Synaptic { sigma, tau_syn };
        let got = Theory::Exact.estimate(&neuron, noise, mu + neuron.i_offset).unwrap();
        // Nine draws: one in 1,700 would fail at four standard errors. A tau_refrac in which the current stood still would be off by 10 %.
        assert!((got.rate - want).abs() < 4.0 * se, "{tau_syn} {sigma} {mu}: {got:?} instead of {want} +- {se}");
        assert!(got.error < 1e-6 * got.rate);
    }
}

#[test]
fn exact_theories_reach_white_noise() {
    // Of a redrawn current the step, of a synaptic one the square root of tau_syn, corrects white noise to first order. What is left
    // is of the next order: in proportion to tau_syn, and at least to the step for a redrawn current.
    let neuron = neuron(0.25, 20.0, 1.0, -65.0, -70.0, -50.0);
    let left = |noise: Noise, reset| {
        let exact = Theory::Exact.rate(&neuron, noise, 0.2).unwrap();
        exact / Theory::Corrected(reset).rate(&neuron, noise, 0.2).unwrap() - 1.0
    };
    let redrawn = |dt: f64| left(Noise::Redrawn { stdev: 1.5 / dt.sqrt(), dt }, ResetShift::Whole);
    let (coarse, fine) = (redrawn(0.25), redrawn(0.0625));
    assert!(fine.abs() < 4e-4 && fine / coarse < 0.5, "{coarse} {fine}");
    let synaptic =
        |tau_syn: f64| left(Noise::Synaptic { sigma: 1.5 / (2.0 * tau_syn).sqrt(), tau_syn }, ResetShift::Decayed);
    let (coarse, fine) = (synaptic(0.016), synaptic(0.004));
    assert!(fine.abs() < 2e-4 && (fine / coarse - 0.25).abs() < 0.01, "{coarse} {fine}");
}

#[test]
fn slow_currents_average_the_noise_free_curve() {
    // A current that hardly changes between spikes: the mean of the noise-free rate over its normal distribution, here far above
    // rheobase where the curve is smooth.
    let neuron = set("T1");
    let (mu, sigma) = (0.6, 0.05);
    let mean: f64 = (-600..=600)
        .map(|i| f64::from(i) / 100.0)
        .map(|z| {
            noise_free(&neuron, mu + sigma * z) * (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt() * 0.01
        })
        .sum();
    let off = |tau_syn| Theory::Exact.rate(&neuron, Noise::Synaptic { sigma, tau_syn }, mu).unwrap() / mean - 1.0;
    // What is left falls at least like tau_m / tau_syn.
    let (quicker, slower) = (off(25.0), off(100.0));
    assert!(slower.abs() < 1e-5 && slower.abs() < 0.3 * quicker.abs(), "{quicker} {slower}");
}

#[test]
fn weak_and_strong_noise_end_well() {
    let neuron = IfCurrExp::liu_furber_2016();
    for noise in [Noise::Synaptic { sigma: 1e-9, tau_syn: 5.0 }, Noise::Synaptic { sigma: 0.0, tau_syn: 5.0 }] {
        assert_eq!(Theory::Exact.rate(&neuron, noise, 0.1).unwrap(), 0.0);
        let above = Theory::Exact.rate(&neuron, noise, 0.3).unwrap();
        assert!((above / noise_free(&neuron, 0.3) - 1.0).abs() < 1e-9, "{above}");
    }
    // Hundreds of deviations below threshold no rate is left.
    assert_eq!(Theory::OnGrid.rate(&neuron, Noise::Redrawn { stdev: 0.01, dt: 1.0 }, -1.0).unwrap(), 0.0);
    let weak = Theory::Exact.rate(&neuron, Noise::Redrawn { stdev: 1e-4, dt: 1.0 }, 0.3);
    assert!(matches!(weak, Err(TheoryError::NoiseTooFine { .. })), "{weak:?}");
    let quasi_static = Theory::Exact.rate(&neuron, Noise::Synaptic { sigma: 100.0, tau_syn: 1e5 }, 0.3);
    assert!(matches!(quasi_static, Err(TheoryError::NotConverged { .. })), "{quasi_static:?}");
    // On the grid without noise: 0.35 nA takes 15.34 steps of 1 ms, so 16 and one of refractoriness.
    let grid = Theory::OnGrid.rate(&neuron, Noise::Redrawn { stdev: 0.0, dt: 1.0 }, 0.35).unwrap();
    assert!((grid - 1000.0 / 17.0).abs() < 1e-12, "{grid}");
}

#[test]
fn what_a_theory_is_not_made_for_is_refused() {
    let neuron = IfCurrExp::liu_furber_2016();
    let redrawn = |dt| Noise::Redrawn { stdev: 1.0, dt };
    let refused = |theory: Theory, noise, mu| theory.rate(&neuron, noise, mu).unwrap_err().to_string();
    assert!(refused(Theory::OnGrid, redrawn(0.3), 0.2).contains("multiple of the 0.3 ms"));
    assert!(refused(Theory::Exact, redrawn(2.0), 0.2).contains("at least the 2.0 ms"));
    assert!(
        refused(Theory::OnGrid, Noise::Synaptic { sigma: 1.0, tau_syn: 5.0 }, 0.2).contains("found a synaptic current")
    );
    assert!(refused(Theory::White, redrawn(1.0), f64::NAN).contains("mu must be a finite number"));
    assert!(refused(Theory::White, redrawn(0.0), 0.2).contains("dt must be positive"));
    assert!(
        refused(Theory::Exact, Noise::Synaptic { sigma: -1.0, tau_syn: 5.0 }, 0.2)
            .contains("sigma must be zero or more")
    );
}

/// Richardson's extrapolation of central differences: right to about 1e-9 where the rate is smooth on the scale of `h`.
fn slope(h: f64, f: impl Fn(f64) -> f64) -> f64 {
    let central = |h: f64| (f(h) - f(-h)) / (2.0 * h);
    let first = |h: f64| (4.0 * central(0.5 * h) - central(h)) / 3.0;
    (16.0 * first(0.5 * h) - first(h)) / 15.0
}

#[test]
fn gradients_are_those_of_the_rates() {
    let noises = [
        Noise::Redrawn { stdev: 0.5, dt: 1.0 },
        Noise::Redrawn { stdev: 1.3, dt: 0.5 },
        Noise::Synaptic { sigma: 0.3, tau_syn: 1.0 },
        Noise::Synaptic { sigma: 0.7, tau_syn: 5.0 },
    ];
    for (name, noise, theory) in ["T1", "P4"].into_iter().flat_map(|name| {
        noises.into_iter().flat_map(move |noise| Theory::ALL.into_iter().map(move |theory| (name, noise, theory)))
    }) {
        let neuron = set(name);
        for mu in [-0.1, 0.3, 0.6] {
            // The numerical theories, which take longer, at one mean; and where they are made for the noise.
            if matches!(theory, Theory::OnGrid | Theory::Exact) && mu != 0.3 {
                continue;
            }
            let gradient = match theory.gradient(&neuron, noise, mu) {
                Err(TheoryError::OtherNoise { .. }) => continue,
                gradient => gradient.unwrap(),
            };
            let rate = |noise, mu| theory.rate(&neuron, noise, mu).unwrap();
            let sigma = noise.sigma();
            let d_mu = slope(0.004, |dx| rate(noise, mu + dx));
            let d_sigma = slope(0.015 * sigma, |dx| rate(noise.with_sigma(sigma + dx), mu));
            let size = d_mu.abs().max(d_sigma.abs());
            // Closed forms: what the extrapolation leaves. Differences: what they promise.
            let tolerance = if matches!(theory, Theory::OnGrid | Theory::Exact) { 1e-5 } else { 1e-6 };
            assert!(
                (gradient.d_mu - d_mu).abs() <= tolerance * size
                    && (gradient.d_sigma - d_sigma).abs() <= tolerance * size,
                "{theory:?} {name} {noise:?} {mu}: {gradient:?} instead of {d_mu} {d_sigma}"
            );
        }
    }
}

#[test]
fn siegert_gradients_against_mpmath() {
    // mpmath, 12 digits, T1: mu (nA), sigma_V (mV), d rate/d mu (Hz/nA), d rate/d sigma_V (Hz/mV).
    for (mu, sigma_v, d_mu, d_sigma_v) in [
        (0.3, 10.0, 204.754_066_302, 2.011_511_573_75),
        (-0.2, 12.65, 31.656_041_101_6, 1.021_734_819_39),
        (0.1875, 1.0, 411.809_909_508, 4.317_863_105_43),
        (0.15, 1.5, 275.103_907_777, 7.113_133_838_97),
    ] {
        let neuron = set("T1");
        // White noise as a current redrawn every 1 ms of the same amplitude; sigma_V is sqrt(tau_m / 2) / cm of it.
        let per_stdev = 10.0f64.sqrt() / neuron.cm;
        let noise = Noise::Redrawn { stdev: sigma_v / per_stdev, dt: 1.0 };
        let got = Theory::White.gradient(&neuron, noise, mu).unwrap();
        // Twelve digits printed, and a rounding of mu and sigma_V.
        assert!((got.d_mu / d_mu - 1.0).abs() < 1e-11, "{mu}: {got:?}");
        assert!((got.d_sigma / (d_sigma_v * per_stdev) - 1.0).abs() < 1e-11, "{mu}: {got:?}");
    }
}

#[test]
fn noise_that_drowns_the_distance_of_the_barriers() {
    // The raised threshold stands 27 deviations above the mean, and the 15 mV to the reset are lost beside 1e266 nA.
    let neuron = IfCurrExp { tau_m: 6.453e-5, ..set("P4") };
    let noise = Noise::Synaptic { sigma: 1e266, tau_syn: 0.04297 };
    let theory = Theory::Corrected(ResetShift::Whole);
    assert_eq!(theory.rate(&neuron, noise, 1.0).unwrap(), 1000.0 / neuron.tau_refrac);
    assert_eq!(theory.gradient(&neuron, noise, 1.0).unwrap(), Gradient { d_mu: 0.0, d_sigma: 0.0 });
}

/// The theories with a closed form that are made for a noise.
fn closed_forms(noise: Noise) -> impl Iterator<Item = Theory> {
    let redrawn = matches!(noise, Noise::Redrawn { .. });
    Theory::ALL.into_iter().filter(move |theory| match theory {
        Theory::OnGrid | Theory::Exact => false,
        Theory::Corrected(ResetShift::Decayed) => !redrawn,
        _ => true,
    })
}

proptest! {
    /// Closed forms over all magnitudes: a rate between zero and 1000/tau_refrac, and numbers for derivatives.
    #[test]
    fn closed_forms_are_numbers_everywhere(
        log_mu in -300.0..300.0, negative: bool, log_sigma in -300.0..300.0, log_time in -6.0..6.0, log_tau_m in -6.0..6.0,
        log_refrac in -9.0..3.0, synaptic: bool,
    ) {
        let power = |log: f64| 10f64.powf(log);
        let mu = power(log_mu) * if negative { -1.0 } else { 1.0 };
        let neuron = IfCurrExp { tau_m: power(log_tau_m), tau_refrac: power(log_refrac), ..set("P4") };
        let (sigma, time) = (power(log_sigma), power(log_time));
        let noise = if synaptic { Noise::Synaptic { sigma, tau_syn: time } } else { Noise::Redrawn { stdev: sigma, dt: time } };
        for theory in closed_forms(noise) {
            let rate = theory.rate(&neuron, noise, mu).unwrap();
            // Rounding of 1 / tau_refrac.
            prop_assert!((0.0..=1000.0 / neuron.tau_refrac * (1.0 + 1e-12)).contains(&rate), "{theory:?} {rate}");
            let gradient = theory.gradient(&neuron, noise, mu).unwrap();
            prop_assert!(!gradient.d_mu.is_nan() && !gradient.d_sigma.is_nan(), "{theory:?} {gradient:?}");
        }
    }

    /// Where the mean decides, or nearly: around rheobase and at everyday sizes.
    #[test]
    fn closed_forms_near_rheobase(log_off in -18.0..1.0, below: bool, log_sigma in -20.0..3.0, time in 0.01..100.0) {
        let neuron = set("P4");
        let mu = neuron.rheobase() + 10f64.powf(log_off) * if below { -1.0 } else { 1.0 };
        for noise in [
            Noise::Synaptic { sigma: 10f64.powf(log_sigma), tau_syn: time },
            Noise::Redrawn { stdev: 10f64.powf(log_sigma), dt: time },
        ] {
            for theory in closed_forms(noise) {
                let rate = theory.rate(&neuron, noise, mu).unwrap();
                prop_assert!((0.0..=1000.0 / neuron.tau_refrac).contains(&rate), "{theory:?} {rate}");
                let gradient = theory.gradient(&neuron, noise, mu).unwrap();
                prop_assert!(!gradient.d_mu.is_nan() && !gradient.d_sigma.is_nan(), "{theory:?} {gradient:?}");
            }
        }
    }
}
