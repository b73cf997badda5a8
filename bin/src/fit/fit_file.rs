//! Fitted responses in a file (JSON): what `lif-sim fit` writes, and training and conversion take their constants from.

use crate::response::{fluctuation_document, neuron_document};
use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sim::IfCurrExp;
use sim::theory::{Fit, Fluctuation, NoisySoftplus};
use std::collections::BTreeMap;
use std::path::Path;

/// The part of the file that tells a neuron and its noise, with the fitted models.
pub(super) fn surface_document(neuron: &IfCurrExp, fluctuation: Fluctuation, fits: &[&Fit]) -> Map<String, Value> {
    let mut document = Map::new();
    document.insert("neuron".to_owned(), neuron_document(neuron));
    document.insert("noise".to_owned(), fluctuation_document(fluctuation));
    document.insert("fits".to_owned(), fits.iter().map(|fit| fit_document(fit)).collect());
    document
}

fn fit_document(fit: &Fit) -> Value {
    let names = || fit.response.model.parameters().iter().map(|parameter| parameter.name);
    let values: BTreeMap<_, _> = names().zip(fit.estimates.iter().map(|estimate| estimate.value)).collect();
    let errors: BTreeMap<_, _> = names().zip(fit.estimates.iter().map(|estimate| estimate.standard_error)).collect();
    json!({
        "model": fit.response.model.name(),
        "parameters": values,
        "standard_errors": errors,
        "r2": fit.r2,
        "rmse_hz": fit.rmse,
        "largest_residual_hz": fit.largest_residual(),
    })
}

/// The file, as far as it is read.
#[derive(Debug, Deserialize)]
struct Document {
    surfaces: Vec<Surface>,
}

#[derive(Debug, Deserialize)]
struct Surface {
    neuron: Neuron,
    noise: Noise,
    fits: Vec<Fitted>,
}

#[derive(Debug, Deserialize)]
struct Neuron {
    cm: f64,
    tau_m: f64,
    tau_refrac: f64,
    #[serde(rename = "tau_syn_E")]
    tau_syn_e: f64,
    #[serde(rename = "tau_syn_I")]
    tau_syn_i: f64,
    v_rest: f64,
    v_reset: f64,
    v_thresh: f64,
    i_offset: f64,
}

#[derive(Debug, Deserialize)]
struct Noise {
    tau_syn_ms: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Fitted {
    model: String,
    parameters: BTreeMap<String, f64>,
}

/// The response of a neuron under synaptic noise: Noisy Softplus constants from a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SynapticResponse {
    /// k and S.
    pub constants: NoisySoftplus,
    /// The neuron, with one synaptic time constant.
    pub neuron: IfCurrExp,
}

impl SynapticResponse {
    /// Reads the constants of a synaptic time constant (ms); without one, the file must hold a single surface under synaptic noise.
    ///
    /// # Errors
    ///
    /// Refuses files that `lif-sim fit` has not written, and those that have no such surface or several.
    pub fn read(path: &Path, tau_syn: Option<f64>) -> Result<SynapticResponse> {
        let context = || format!("cannot read the response fit {}", path.display());
        let text = std::fs::read_to_string(path).with_context(context)?;
        SynapticResponse::parse(&text, tau_syn).with_context(context)
    }

    fn parse(text: &str, wanted: Option<f64>) -> Result<SynapticResponse> {
        let document: Document = serde_json::from_str(text).context("expected the fit.json of lif-sim fit")?;
        let synaptic: Vec<(f64, &Surface)> =
            document.surfaces.iter().filter_map(|surface| surface.noise.tau_syn_ms.map(|tau| (tau, surface))).collect();
        let found: Vec<String> = synaptic.iter().map(|(tau, _)| format!("{tau}")).collect();
        let fitting: Vec<&(f64, &Surface)> =
            synaptic.iter().filter(|(tau, _)| wanted.is_none_or(|wanted| wanted == *tau)).collect();
        let &[&(tau_syn, surface)] = &fitting[..] else {
            match (wanted, fitting.len()) {
                (_, 0) if synaptic.is_empty() => bail!("it has no surface under synaptic noise (--source poisson)"),
                (Some(wanted), 0) => {
                    bail!("it has no surface for tau_syn = {wanted} ms, only for {} ms", found.join(", "))
                }
                _ => bail!("it has several surfaces, for tau_syn = {} ms: choose one with --tau-syn", found.join(", ")),
            }
        };
        let n = &surface.neuron;
        let neuron = IfCurrExp {
            cm: n.cm,
            tau_m: n.tau_m,
            tau_refrac: n.tau_refrac,
            tau_syn_e: n.tau_syn_e,
            tau_syn_i: n.tau_syn_i,
            v_rest: n.v_rest,
            v_reset: n.v_reset,
            v_thresh: n.v_thresh,
            i_offset: n.i_offset,
        };
        neuron.check().context("its neuron is impossible")?;
        if neuron.tau_syn_e != tau_syn || neuron.tau_syn_i != tau_syn {
            bail!(
                "its neuron has other synaptic time constants than its noise: expected {tau_syn} ms for both receptors"
            );
        }
        let model = surface.fits.iter().find(|fit| fit.model == "noisy-softplus");
        let model = model.ok_or_else(|| anyhow!("it has no fit of noisy-softplus for tau_syn = {tau_syn} ms"))?;
        let constant = |name: &str| match model.parameters.get(name) {
            Some(&value) if value > 0.0 && value.is_finite() => Ok(value),
            found => bail!("{name} of noisy-softplus must be positive and finite, found {found:?}"),
        };
        let constants = NoisySoftplus { k: constant("k")?, s_hz_per_na: constant("S")? };
        Ok(SynapticResponse { constants, neuron })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim::theory::{Response, ResponseModel, ResponsePoint, ResponseSurface, fit};

    fn written(tau_syn: f64, neuron: IfCurrExp) -> Value {
        let neuron = IfCurrExp { tau_syn_e: tau_syn, tau_syn_i: tau_syn, ..neuron };
        let fluctuation = Fluctuation::Synaptic { tau_syn };
        let model = ResponseModel::NoisySoftplus;
        let truth = Response { model, parameters: vec![0.25, 210.0], neuron, fluctuation };
        let point = |x: f64| ResponsePoint { x, sigma: 0.5, rate: truth.rate(x, 0.5) };
        let points = [-0.2, 0.0, 0.2, 0.4].map(point).to_vec();
        let fit = fit(model, &ResponseSurface { neuron, fluctuation, points }).unwrap();
        Value::Object(surface_document(&neuron, fluctuation, &[&fit]))
    }

    #[test]
    fn what_is_written_can_be_read() {
        let paper = IfCurrExp::liu_furber_2016();
        let file = |surfaces: &[Value]| json!({ "surfaces": surfaces }).to_string();
        let (two, five) = (written(2.0, paper), written(5.0, paper));
        let read = SynapticResponse::parse(&file(&[two.clone(), five.clone()]), Some(2.0)).unwrap();
        assert_eq!(read.neuron.tau_syn_e, 2.0);
        assert!((read.constants.k - 0.25).abs() < 1e-8 && (read.constants.s_hz_per_na - 210.0).abs() < 1e-5);
        assert!(SynapticResponse::parse(&file(std::slice::from_ref(&two)), None).is_ok());
        let other = IfCurrExp { tau_m: 10.0, ..paper };
        let read = SynapticResponse::parse(&file(&[written(5.0, other)]), None).unwrap();
        assert_eq!(read.neuron, other);
        let mut unequal = written(5.0, other);
        unequal["neuron"]["tau_syn_I"] = json!(2.0);
        let mut negative = two.clone();
        negative["fits"][0]["parameters"]["k"] = json!(-1.0);
        for (text, tau_syn, word) in [
            (file(&[two.clone(), five]), None, "several surfaces"),
            (file(std::slice::from_ref(&two)), Some(10.0), "only for 2 ms"),
            (file(&[]), None, "no surface"),
            (file(&[unequal]), None, "other synaptic time constants"),
            (file(&[negative]), None, "k of noisy-softplus"),
            ("{}".to_owned(), None, "expected the fit.json"),
        ] {
            let message = format!("{:#}", SynapticResponse::parse(&text, tau_syn).unwrap_err());
            assert!(message.contains(word), "{message}");
        }
    }
}
