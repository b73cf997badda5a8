//! Least-squares fits of the models of the response.

use super::noisy_softplus::NoisySoftplus;
use super::response_model::ResponseModel;
use super::surface::{Response, ResponseSurface};
use crate::error::FitError;
use nalgebra::{DMatrix, DVector};

/// Starting points of the scan along k or c, from 1e-3 to 1e2 of its scale in equal ratios.
const WIDTHS: usize = 120;

/// Starting points along a shift b, from one range of x below the lowest to the highest.
const SHIFTS: usize = 60;

/// The best starting points of the scan, which are all refined: the lowest of the refined residues is the fit. Residues of fast-slow
/// Siegert have one minimum, and cost more.
const REFINED: usize = 4;

/// Most steps of a refinement; it takes some ten.
const STEPS: usize = 200;

/// A fitted parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Its value.
    pub value: f64,
    /// Standard error, from the Jacobian and the residues; NaN where the points do not determine it.
    pub standard_error: f64,
}

/// A fitted model and how far it stays from the points.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The model with its parameters.
    pub response: Response,
    /// The parameters with their errors, in the order of [`ResponseModel::parameters`].
    pub estimates: Vec<Estimate>,
    /// 1 - residual sum of squares / sum of squares about the mean rate.
    pub r2: f64,
    /// Root of the mean squared residual (Hz).
    pub rmse: f64,
    /// Model minus rate (Hz) of every point, in the order of the points.
    pub residuals: Vec<f64>,
}

impl Fit {
    /// The largest residual by size (Hz).
    pub fn largest_residual(&self) -> f64 {
        self.residuals.iter().map(|residual| residual.abs()).fold(0.0, f64::max)
    }
}

impl Response {
    /// The constants k and S, if the model is Noisy Softplus without shift.
    pub fn noisy_softplus(&self) -> Option<NoisySoftplus> {
        match (self.model, &self.parameters[..]) {
            (ResponseModel::NoisySoftplus, &[k, s_hz_per_na]) => Some(NoisySoftplus { k, s_hz_per_na }),
            _ => None,
        }
    }
}

/// Least-squares fit of a model to a response surface, all points weighted equally.
///
/// The slope S is linear: for given other parameters the best one is known. These are scanned coarsely, and the best points of the scan
/// refined by Levenberg-Marquardt steps over all parameters. Standard errors are those of the linearised model,
///
/// ```text
/// covariance = RSS / (n - p) (J' J)^-1        n points, p parameters, J: derivatives of the rates by the parameters
/// ```
///
/// which take the misfit of the model as if it were noise of the points, independent and of one size.
///
/// # Errors
///
/// More points than parameters are needed, all finite, with sigmas and rates of zero or more; one of them must fire and, for models of the
/// noise, one must have noise.
pub fn fit(model: ResponseModel, surface: &ResponseSurface) -> Result<Fit, FitError> {
    check(model, surface)?;
    let mut starts: Vec<(f64, Vec<f64>)> = starts(model, surface)
        .into_iter()
        .map(|shape| with_slope(model, surface, shape))
        .map(|parameters| (squares(model, surface, &parameters), parameters))
        .filter(|(squares, _)| squares.is_finite())
        .collect();
    starts.sort_by(|p, q| p.0.total_cmp(&q.0));
    starts.truncate(if model.is_sloped() { REFINED } else { 1 });
    let refined = starts.into_iter().map(|(squares, parameters)| refine(model, surface, parameters, squares));
    let Some((parameters, rss)) = refined.min_by(|p, q| p.1.total_cmp(&q.1)) else {
        return Err(FitError::Undetermined { model: model.name() });
    };
    let n = surface.points.len() as f64;
    let mean = surface.points.iter().map(|point| point.rate).sum::<f64>() / n;
    let total: f64 = surface.points.iter().map(|point| (point.rate - mean).powi(2)).sum();
    let errors = standard_errors(&jacobian(model, surface, &parameters), rss);
    let estimates = parameters.iter().zip(errors);
    Ok(Fit {
        estimates: estimates.map(|(&value, standard_error)| Estimate { value, standard_error }).collect(),
        r2: 1.0 - rss / total,
        rmse: (rss / n).sqrt(),
        residuals: residuals(model, surface, &parameters).as_slice().to_vec(),
        response: Response { model, parameters, neuron: surface.neuron, fluctuation: surface.fluctuation },
    })
}

fn check(model: ResponseModel, surface: &ResponseSurface) -> Result<(), FitError> {
    for (index, point) in surface.points.iter().enumerate() {
        for (name, found, signed) in
            [("mean", point.x, true), ("sigma", point.sigma, false), ("rate", point.rate, false)]
        {
            if !found.is_finite() {
                return Err(FitError::NotFinite { point: index + 1, name, found });
            }
            if !(signed || found >= 0.0) {
                return Err(FitError::Negative { point: index + 1, name, found });
            }
        }
    }
    let (expected, found) = (model.parameters().len() + 1, surface.points.len());
    if found < expected {
        return Err(FitError::TooFewPoints { model: model.name(), expected, found });
    }
    if surface.points.iter().all(|point| point.rate == 0.0) {
        return Err(FitError::Silent);
    }
    if model.needs_noise() && surface.points.iter().all(|point| point.sigma == 0.0) {
        return Err(FitError::NoNoise { model: model.name() });
    }
    Ok(())
}

/// Values of all parameters but the slope from which a refinement may start.
fn starts(model: ResponseModel, surface: &ResponseSurface) -> Vec<Vec<f64>> {
    let means = surface.points.iter().map(|point| point.x);
    let (low, high) = means.clone().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
    // Where all means are the same, their size or that of the noise is all there is to go by.
    let sigmas: Vec<f64> = surface.points.iter().map(|point| point.sigma).filter(|&sigma| sigma > 0.0).collect();
    let sigma = sigmas.iter().sum::<f64>() / sigmas.len().max(1) as f64;
    let range = [high - low, high.abs(), sigma].into_iter().find(|&range| range > 0.0).unwrap_or(1.0);
    let widths = |scale: f64| {
        let last = (WIDTHS - 1) as f64;
        (0..WIDTHS).map(move |i| scale * 10.0f64.powf(-3.0 + 5.0 * i as f64 / last)).collect::<Vec<f64>>()
    };
    let shifts = |count: usize| (0..=count).map(move |i| low - range + (high - low + range) * i as f64 / count as f64);
    let k = || widths(range / sigma);
    match model {
        ResponseModel::NoisySoftplus => k().into_iter().map(|k| vec![k]).collect(),
        ResponseModel::ShiftedNoisySoftplus => {
            k().into_iter().step_by(2).flat_map(|k| shifts(SHIFTS).map(move |b| vec![k, b])).collect()
        }
        ResponseModel::Softplus => widths(range).into_iter().map(|c| vec![c]).collect(),
        ResponseModel::Relu => vec![Vec::new()],
        // The residue has a kink where b passes a point: those are starting points too.
        ResponseModel::ShiftedRelu => shifts(10 * SHIFTS).chain(means).map(|b| vec![b]).collect(),
        ResponseModel::FastSlowSiegert => {
            let shares = [0.02, 0.1, 0.3, 0.5, 0.7, 0.85];
            shares.iter().flat_map(|&p| [-0.1, 0.0, 0.1, 0.25, 0.5].map(|a| vec![p, a])).collect()
        }
    }
}

/// Adds the best slope to the other parameters, in models that have one.
fn with_slope(model: ResponseModel, surface: &ResponseSurface, mut parameters: Vec<f64>) -> Vec<f64> {
    if model.is_sloped() {
        parameters.push(1.0);
        let (mut ff, mut fy) = (0.0, 0.0);
        for point in &surface.points {
            let f = model.rate(&surface.neuron, surface.fluctuation, &parameters, point.x, point.sigma);
            ff += f * f;
            fy += f * point.rate;
        }
        let last = parameters.len() - 1;
        parameters[last] = fy / ff;
    }
    parameters
}

/// Model minus rate (Hz).
fn residuals(model: ResponseModel, surface: &ResponseSurface, parameters: &[f64]) -> DVector<f64> {
    let residual = surface
        .points
        .iter()
        .map(|point| model.rate(&surface.neuron, surface.fluctuation, parameters, point.x, point.sigma) - point.rate);
    DVector::from_iterator(surface.points.len(), residual)
}

fn squares(model: ResponseModel, surface: &ResponseSurface, parameters: &[f64]) -> f64 {
    residuals(model, surface, parameters).norm_squared()
}

/// Derivatives of the rates by the parameters: a row for every point.
fn jacobian(model: ResponseModel, surface: &ResponseSurface, parameters: &[f64]) -> DMatrix<f64> {
    let rows = surface
        .points
        .iter()
        .flat_map(|point| model.slopes(&surface.neuron, surface.fluctuation, parameters, point.x, point.sigma));
    DMatrix::from_row_iterator(surface.points.len(), parameters.len(), rows)
}

/// Levenberg-Marquardt steps from a starting point; returns the parameters and their residual sum of squares.
fn refine(model: ResponseModel, surface: &ResponseSurface, mut parameters: Vec<f64>, mut rss: f64) -> (Vec<f64>, f64) {
    let mut damping = 1e-3;
    for _ in 0..STEPS {
        let jacobian = jacobian(model, surface, &parameters);
        let normal = jacobian.tr_mul(&jacobian);
        let slope = jacobian.tr_mul(&residuals(model, surface, &parameters));
        let mut improved = false;
        while damping < 1e8 && !improved {
            let damped = &normal + DMatrix::from_diagonal(&normal.diagonal()) * damping;
            if let Some(step) = damped.cholesky().map(|damped| damped.solve(&slope)) {
                let next: Vec<f64> = parameters.iter().zip(step.iter()).map(|(value, step)| value - step).collect();
                let found = if model.allows(&next) { squares(model, surface, &next) } else { f64::INFINITY };
                if found < rss {
                    let converged = rss - found <= 1e-14 * rss;
                    (parameters, rss) = (next, found);
                    damping *= 0.1;
                    improved = !converged;
                    if converged {
                        break;
                    }
                    continue;
                }
            }
            damping *= 10.0;
        }
        if !improved {
            break;
        }
    }
    (parameters, rss)
}

/// Standard errors of the parameters; NaN for all of them if the points do not determine them.
fn standard_errors(jacobian: &DMatrix<f64>, rss: f64) -> Vec<f64> {
    let (n, p) = jacobian.shape();
    // Columns of length one: parameters of different units would spoil the inverse.
    let lengths: Vec<f64> = jacobian.column_iter().map(|column| column.norm()).collect();
    let mut scaled = jacobian.clone();
    scaled.column_iter_mut().zip(&lengths).for_each(|(mut column, length)| column /= *length);
    let variance = rss / (n - p) as f64;
    match scaled.tr_mul(&scaled).cholesky() {
        Some(normal) => {
            let inverse = normal.inverse();
            lengths.iter().enumerate().map(|(i, length)| (variance * inverse[(i, i)]).sqrt() / length).collect()
        }
        None => vec![f64::NAN; p],
    }
}
