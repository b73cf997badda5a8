//! Fits of response models against other programs, closed forms, and the curves that they were made from.

#![allow(clippy::unwrap_used)] // A failure is a failed test.

use sim::theory::{Fit, Fluctuation, Response, ResponseModel, ResponsePoint, ResponseSurface, fit, noise_free};
use sim::{FitError, IfCurrExp};

const SYNAPTIC: Fluctuation = Fluctuation::Synaptic { tau_syn: 5.0 };

fn surface(points: impl IntoIterator<Item = (f64, f64, f64)>) -> ResponseSurface {
    let points = points.into_iter().map(|(x, sigma, rate)| ResponsePoint { x, sigma, rate }).collect();
    ResponseSurface { neuron: IfCurrExp::liu_furber_2016(), fluctuation: SYNAPTIC, points }
}

/// Means of -0.5 to 0.6 nA at three sigmas (nA), without rates.
fn inputs() -> impl Iterator<Item = (f64, f64)> {
    [0.2, 0.5, 1.0].into_iter().flat_map(|sigma| (0..12).map(move |i| (-0.5 + 0.1 * f64::from(i), sigma)))
}

/// The neuron of Liu & Furber (2016) under an Ornstein-Uhlenbeck current, tau_syn 5 ms: Monte Carlo over 4000 s per point by a program of
/// its own; mean -0.5 to 0.5 nA in steps of 0.2, sigma 0.2, 0.5 and 1 nA.
const MONTE_CARLO: [[f64; 6]; 3] = [
    [0.0, 0.0015, 1.5235, 25.947, 70.995, 115.49175],
    [0.54, 4.0085, 16.013, 40.399, 73.82325, 111.177],
    [11.366, 22.40025, 38.23325, 59.979, 84.80325, 113.19625],
];

fn monte_carlo() -> ResponseSurface {
    let rows = MONTE_CARLO.iter().zip([0.2, 0.5, 1.0]);
    surface(rows.flat_map(|(row, sigma)| (0..6).map(move |i| (-0.5 + 0.2 * i as f64, sigma, row[i]))))
}

fn assert_near(found: f64, wanted: f64, relative: f64, what: &str) {
    assert!((found - wanted).abs() <= relative * wanted.abs(), "{what}: {found} instead of {wanted}");
}

/// scipy 1.x `curve_fit` on the same points: parameters, standard errors, R2 and RMSE, printed with 5 to 7 digits. Its derivatives are
/// differences, which costs it some 1e-6 of the parameters and 1e-4 of the standard errors.
#[test]
fn parameters_and_errors_are_those_of_scipy() {
    /// Model, parameters, standard errors, R2 and RMSE.
    type Row = (ResponseModel, &'static [f64], &'static [f64], f64, f64);
    let wanted: [Row; 6] = [
        (ResponseModel::NoisySoftplus, &[0.302_142_8, 221.447_9], &[0.012_448, 3.646_2], 0.993_947, 3.165_63),
        (
            ResponseModel::ShiftedNoisySoftplus,
            &[0.296_338_1, -0.042_827_28, 203.453_4],
            &[0.010_728, 0.013_931, 6.057_2],
            0.996_467,
            2.418_38,
        ),
        (ResponseModel::Softplus, &[0.193_057_6, 222.102_3], &[0.029_52, 12.045], 0.940_576, 9.918_89),
        (ResponseModel::Relu, &[239.477_6], &[15.426], 0.857_473, 15.361_34),
        (ResponseModel::ShiftedRelu, &[-0.193_258_3, 159.263_7], &[0.042_732, 15.044], 0.927_096, 10.986_44),
        (ResponseModel::FastSlowSiegert, &[0.709_49, 0.082_220_26], &[0.015_577, 0.003_988_6], 0.999_837, 0.518_99),
    ];
    assert_eq!(wanted.map(|row| row.0), ResponseModel::ALL);
    for (model, parameters, errors, r2, rmse) in wanted {
        let fit = fit(model, &monte_carlo()).unwrap();
        let name = model.name();
        for ((found, &value), &error) in fit.estimates.iter().zip(parameters).zip(errors) {
            assert_near(found.value, value, 1e-5, name);
            assert_near(found.standard_error, error, 1e-3, name);
        }
        assert!((fit.r2 - r2).abs() < 1e-6 && (fit.rmse - rmse).abs() < 1e-4, "{name}: {} {}", fit.r2, fit.rmse);
        assert_eq!(fit.residuals.len(), 18);
        let squares: f64 = fit.residuals.iter().map(|r| r * r).sum();
        assert_near((squares / 18.0).sqrt(), fit.rmse, 1e-12, name);
    }
}

/// The textbook's regressions: through the origin, and with an intercept (the error of b = -intercept / S from the covariances).
#[test]
fn errors_of_straight_lines_are_the_textbooks() {
    let rates = [11.0, 19.0, 32.0, 38.0, 52.0];
    let points: Vec<(f64, f64)> = (1..=5).map(f64::from).zip(rates).collect();
    let surface = surface(points.iter().map(|&(x, y)| (x, 0.0, y)));

    let xx: f64 = points.iter().map(|(x, _)| x * x).sum();
    let slope = points.iter().map(|(x, y)| x * y).sum::<f64>() / xx;
    let rss: f64 = points.iter().map(|(x, y)| (y - slope * x).powi(2)).sum();
    let found = fit(ResponseModel::Relu, &surface).unwrap().estimates[0];
    assert_near(found.value, slope, 1e-12, "slope");
    assert_near(found.standard_error, (rss / 4.0 / xx).sqrt(), 1e-9, "its error");

    let (mx, my) = (3.0, rates.iter().sum::<f64>() / 5.0);
    let sxx: f64 = points.iter().map(|(x, _)| (x - mx).powi(2)).sum();
    let slope = points.iter().map(|(x, y)| (x - mx) * (y - my)).sum::<f64>() / sxx;
    let zero = mx - my / slope;
    let rss: f64 = points.iter().map(|(x, y)| (y - slope * (x - zero)).powi(2)).sum();
    let fit = fit(ResponseModel::ShiftedRelu, &surface).unwrap();
    let variance = rss / 3.0;
    for (found, value, error) in [
        (fit.estimates[0], zero, (variance * (1.0 / 5.0 + (mx - zero).powi(2) / sxx)).sqrt() / slope),
        (fit.estimates[1], slope, (variance / sxx).sqrt()),
    ] {
        assert_near(found.value, value, 1e-9, "line");
        assert_near(found.standard_error, error, 1e-6, "its error");
    }
}

#[test]
fn fits_recover_their_own_curves() {
    let truths: [(ResponseModel, &[f64]); 8] = [
        (ResponseModel::NoisySoftplus, &[0.1833, 223.8]),
        (ResponseModel::NoisySoftplus, &[2.5, 90.0]),
        (ResponseModel::ShiftedNoisySoftplus, &[0.05, 0.21, 223.8]),
        (ResponseModel::ShiftedNoisySoftplus, &[0.4, -0.3, 150.0]),
        (ResponseModel::Softplus, &[0.02, 200.0]),
        (ResponseModel::ShiftedRelu, &[0.123, 200.0]),
        (ResponseModel::FastSlowSiegert, &[0.35, 0.14]),
        (ResponseModel::FastSlowSiegert, &[0.8, 0.02]),
    ];
    for (model, parameters) in truths {
        let neuron = IfCurrExp::liu_furber_2016();
        let truth = Response { model, parameters: parameters.to_vec(), neuron, fluctuation: SYNAPTIC };
        let fit = fit(model, &surface(inputs().map(|(x, sigma)| (x, sigma, truth.rate(x, sigma))))).unwrap();
        for (found, &wanted) in fit.estimates.iter().zip(parameters) {
            assert_near(found.value, wanted, 1e-6, model.name());
        }
        assert!(fit.rmse < 1e-5 && (fit.r2 - 1.0).abs() < 1e-12);
        assert_eq!(fit.response.noisy_softplus().is_some(), model == ResponseModel::NoisySoftplus);
    }
}

/// No other parameters are better: a dense search over k (and b) with the best slope for each.
#[test]
fn no_other_parameters_fit_better() {
    let surface = monte_carlo();
    let rss = |k: f64, b: f64| {
        let f = |p: &ResponsePoint| sim::theory::noisy_softplus(p.x - b, k * p.sigma);
        let (ff, fy) = surface.points.iter().fold((0.0, 0.0), |(ff, fy), p| (ff + f(p) * f(p), fy + f(p) * p.rate));
        surface.points.iter().map(|p| (p.rate - fy / ff * f(p)).powi(2)).sum::<f64>()
    };
    let of = |fit: Fit| fit.residuals.iter().map(|r| r * r).sum::<f64>();
    let two = of(fit(ResponseModel::NoisySoftplus, &surface).unwrap());
    let three = of(fit(ResponseModel::ShiftedNoisySoftplus, &surface).unwrap());
    assert!(three < two);
    for i in 0..200 {
        let k = 1e-3 * 1.08f64.powi(i);
        assert!(rss(k, 0.0) >= two);
        assert!((0..100).all(|j| rss(k, -1.0 + 0.015 * f64::from(j)) >= three));
    }
}

#[test]
fn derivatives_by_input_are_those_of_the_rate() {
    for model in ResponseModel::ALL {
        let response = fit(model, &monte_carlo()).unwrap().response;
        for (x, sigma) in [(0.2, 0.5), (-0.15, 1.0), (0.55, 0.2)] {
            let (by_x, by_sigma) = response.gradient(x, sigma);
            let h = 1e-5;
            // Central differences: right to h^2 times the third derivative, some 1e-4.
            let across = (response.rate(x + h, sigma) - response.rate(x - h, sigma)) / (2.0 * h);
            let along = (response.rate(x, sigma + h) - response.rate(x, sigma - h)) / (2.0 * h);
            let near = |found: f64, wanted: f64| (found - wanted).abs() < 1e-5 * (1.0 + wanted.abs());
            assert!(near(by_x, across) && near(by_sigma, along), "{model:?}: {by_x} {across}, {by_sigma} {along}");
        }
    }
}

#[test]
fn points_without_noise_are_rectified() {
    // The same curve with the points of sigma zero among them, where Noisy Softplus is S max(x, 0) and fast-slow Siegert the noise-free curve.
    let neuron = IfCurrExp::liu_furber_2016();
    let noisy =
        Response { model: ResponseModel::NoisySoftplus, parameters: vec![0.3, 210.0], neuron, fluctuation: SYNAPTIC };
    let all = inputs().chain((0..12).map(|i| (-0.5 + 0.1 * f64::from(i), 0.0)));
    let fit = fit(ResponseModel::NoisySoftplus, &surface(all.map(|(x, s)| (x, s, noisy.rate(x, s))))).unwrap();
    assert_near(fit.estimates[0].value, 0.3, 1e-8, "k");
    assert_eq!((noisy.rate(0.5, 0.0), noisy.rate(-0.5, 0.0)), (105.0, 0.0));
    // Much noise: S (k sigma ln 2 + x / 2), to x^2 / (8 k sigma).
    assert_near(noisy.rate(0.4, 1e4), 210.0 * (0.3 * 1e4 * std::f64::consts::LN_2 + 0.2), 1e-8, "much noise");
    let fast_slow = Response { model: ResponseModel::FastSlowSiegert, parameters: vec![0.7, 0.08], ..noisy };
    assert_near(fast_slow.rate(0.4, 0.0), noise_free(&neuron, 0.5), 1e-12, "no noise");
}

#[test]
fn impossible_points_are_refused() {
    let of = |points: &[(f64, f64, f64)], model| fit(model, &surface(points.iter().copied())).unwrap_err();
    let good = [(0.0, 0.5, 10.0), (0.2, 0.5, 30.0), (0.4, 0.5, 60.0)];
    let with = |point| [good[0], good[1], point];
    let noisy = ResponseModel::NoisySoftplus;
    assert_eq!(of(&good[..2], noisy), FitError::TooFewPoints { model: "noisy-softplus", expected: 3, found: 2 });
    assert_eq!(of(&[], ResponseModel::Relu), FitError::TooFewPoints { model: "relu", expected: 2, found: 0 });
    let FitError::NotFinite { point: 3, name: "rate", .. } = of(&with((0.4, 0.5, f64::NAN)), noisy) else { panic!() };
    let infinite = of(&with((f64::INFINITY, 0.5, 1.0)), noisy);
    assert_eq!(infinite, FitError::NotFinite { point: 3, name: "mean", found: f64::INFINITY });
    assert_eq!(of(&with((0.4, -0.5, 1.0)), noisy), FitError::Negative { point: 3, name: "sigma", found: -0.5 });
    assert_eq!(of(&good.map(|(x, s, _)| (x, s, 0.0)), noisy), FitError::Silent);
    assert_eq!(of(&good.map(|(x, _, y)| (x, 0.0, y)), noisy), FitError::NoNoise { model: "noisy-softplus" });
    assert!(fit(ResponseModel::ShiftedRelu, &surface(good.map(|(x, _, y)| (x, 0.0, y)))).is_ok());
    let huge = of(&good.map(|(x, s, y)| (1e200 * x, s, 1e200 * y)), ResponseModel::Relu);
    assert_eq!(huge, FitError::Undetermined { model: "relu" });
}
