//! The two file formats of reference cases, and the case that both describe.

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use sim::IfCurrExp;

/// One deterministic experiment on one neuron.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) neuron: IfCurrExp,
    /// Potential at time zero (mV).
    pub(super) v_init: f64,
    /// Arrival time (ms) and weight (nA) of every input.
    pub(super) inputs: Vec<(f64, f64)>,
    /// End of the experiment (ms).
    pub(super) t_end: f64,
    /// Expected spike times (ms).
    pub(super) spikes: Vec<f64>,
    /// Expected potentials: time (ms), V (mV).
    pub(super) potentials: Vec<(f64, f64)>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CaseFile {
    Conformance { cases: Vec<ConformanceCase> },
    Examples { items: Vec<Example> },
}

#[derive(Deserialize)]
struct Parameters {
    #[serde(rename = "cm")]
    cm: f64,
    #[serde(rename = "tau_m")]
    tau_m: f64,
    #[serde(rename = "tau_refrac")]
    tau_refrac: f64,
    #[serde(rename = "tau_syn_E")]
    tau_syn_e: f64,
    #[serde(rename = "tau_syn_I")]
    tau_syn_i: f64,
    #[serde(rename = "v_rest")]
    v_rest: f64,
    #[serde(rename = "v_reset")]
    v_reset: f64,
    #[serde(rename = "v_thresh")]
    v_thresh: f64,
    #[serde(rename = "i_offset")]
    i_offset: f64,
}

/// Inputs carry a signed weight; potentials are sampled at given times.
#[derive(Deserialize)]
struct ConformanceCase {
    name: String,
    params: Parameters,
    inputs: Vec<SignedInput>,
    t_end: f64,
    v_init: f64,
    expected_spikes_ms: Vec<f64>,
    #[serde(default)]
    v_samples: Vec<Sample>,
}

#[derive(Deserialize)]
struct SignedInput {
    t: f64,
    w: f64,
}

#[derive(Deserialize)]
struct Sample {
    t: f64,
    v: f64,
}

/// Inputs name their receptor; numbers of many digits are strings.
#[derive(Deserialize)]
struct Example {
    name: String,
    #[serde(default)]
    model: Option<String>,
    params: Parameters,
    events: Vec<(f64, Receptor, f64)>,
    t_end_ms: f64,
    #[serde(rename = "v0_mV")]
    v0: f64,
    spikes_ms: Vec<String>,
    #[serde(default, rename = "final_v_mV")]
    final_v: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
enum Receptor {
    E,
    I,
}

impl Parameters {
    fn neuron(&self) -> IfCurrExp {
        IfCurrExp {
            cm: self.cm,
            tau_m: self.tau_m,
            tau_refrac: self.tau_refrac,
            tau_syn_e: self.tau_syn_e,
            tau_syn_i: self.tau_syn_i,
            v_rest: self.v_rest,
            v_reset: self.v_reset,
            v_thresh: self.v_thresh,
            i_offset: self.i_offset,
        }
    }
}

impl ConformanceCase {
    fn case(self) -> Case {
        Case {
            neuron: self.params.neuron(),
            name: self.name,
            v_init: self.v_init,
            inputs: self.inputs.iter().map(|input| (input.t, input.w)).collect(),
            t_end: self.t_end,
            spikes: self.expected_spikes_ms,
            potentials: self.v_samples.iter().map(|sample| (sample.t, sample.v)).collect(),
        }
    }
}

impl Example {
    fn case(self) -> Result<Case> {
        if let Some(model) = self.model.filter(|model| model != "IF_curr_exp") {
            bail!("case {}: model {model} is not supported, only IF_curr_exp is", self.name);
        }
        let number = |text: &String| text.parse::<f64>().with_context(|| format!("'{text}' is no number"));
        for &(t, receptor, w) in &self.events {
            ensure!(
                (receptor == Receptor::E && w >= 0.0) || (receptor == Receptor::I && w <= 0.0),
                "case {}: the weight {w} nA at {t} ms does not fit receptor {receptor:?} (E needs w >= 0, I needs w <= 0)",
                self.name
            );
        }
        // The experiment of this format goes on until its last event, if that comes after the stated end.
        let t_end = self.events.iter().fold(self.t_end_ms, |end, &(t, ..)| end.max(t));
        Ok(Case {
            neuron: self.params.neuron(),
            name: self.name,
            v_init: self.v0,
            inputs: self.events.iter().map(|&(t, _, w)| (t, w)).collect(),
            t_end,
            spikes: self.spikes_ms.iter().map(number).collect::<Result<_>>()?,
            potentials: self.final_v.iter().map(|v| Ok((t_end, number(v)?))).collect::<Result<_>>()?,
        })
    }
}

/// Reads a file of cases in either format.
pub(super) fn read_cases(text: &str) -> Result<Vec<Case>> {
    let value: serde_json::Value = serde_json::from_str(text).context("not a JSON document")?;
    let file: CaseFile = serde_json::from_value(value).context(
        "not a file of cases: expected \"cases\" (name, params, inputs, t_end, v_init, expected_spikes_ms) or \
         \"items\" (name, params, events, t_end_ms, v0_mV, spikes_ms)",
    )?;
    match file {
        CaseFile::Conformance { cases } => Ok(cases.into_iter().map(ConformanceCase::case).collect()),
        CaseFile::Examples { items } => items.into_iter().map(Example::case).collect(),
    }
}
