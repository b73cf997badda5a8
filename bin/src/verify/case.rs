//! The file formats of reference cases, and what they describe.

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use sim::{IfCurrExp, Psc};

/// One deterministic experiment on one neuron.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) neuron: IfCurrExp,
    pub(super) psc: Psc,
    /// Potential at time zero (mV).
    pub(super) v_init: f64,
    /// Arrival time (ms) and weight (nA, mV for delta synapses) of every input.
    pub(super) inputs: Vec<(f64, f64)>,
    /// End of the experiment (ms).
    pub(super) t_end: f64,
    /// Expected spike times (ms).
    pub(super) spikes: Vec<f64>,
    /// Expected potentials: time (ms), V (mV).
    pub(super) potentials: Vec<(f64, f64)>,
}

/// Two spike trains, a rule of plasticity, and what it makes of a weight.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct LearningExample {
    pub(super) name: String,
    pub(super) pre_ms: Vec<f64>,
    pub(super) post_ms: Vec<f64>,
    /// Change of the weight by a pair with pre first, or together, as a fraction of `w_max`.
    #[serde(rename = "A_prepost")]
    pub(super) a_prepost: f64,
    /// The same with post first.
    #[serde(rename = "A_postpre")]
    pub(super) a_postpre: f64,
    pub(super) tau_plus_ms: f64,
    pub(super) tau_minus_ms: f64,
    pub(super) w_min: f64,
    pub(super) w_max: f64,
    pub(super) w0: f64,
    pub(super) w_final: f64,
    /// Time (ms), which neuron fired, and the weight from then on.
    #[serde(default)]
    pub(super) trace: Vec<(f64, String, f64)>,
}

/// One entry of a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    Case(Case),
    Learning(LearningExample),
}

impl Item {
    pub(super) fn name(&self) -> &str {
        match self {
            Item::Case(case) => &case.name,
            Item::Learning(example) => &example.name,
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CaseFile {
    Conformance { cases: Vec<ConformanceCase> },
    Examples { items: Vec<Example> },
    Learning { items: Vec<LearningExample> },
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
    events: Vec<Event>,
    t_end_ms: f64,
    /// At rest, where it is not given.
    #[serde(default, rename = "v0_mV")]
    v0: Option<f64>,
    spikes_ms: Vec<String>,
    #[serde(default, rename = "final_v_mV")]
    final_v: Option<String>,
}

/// Time (ms) and weight (nA, mV for delta synapses), with or without the receptor between them.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Event {
    Named(f64, Receptor, f64),
    Signed(f64, f64),
}

impl Event {
    fn time_and_weight(self) -> (f64, f64) {
        match self {
            Event::Named(t, _, w) | Event::Signed(t, w) => (t, w),
        }
    }
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
            psc: Psc::Exponential,
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
        let psc = match self.model.as_deref() {
            None | Some("IF_curr_exp") => Psc::Exponential,
            Some("IF_curr_alpha") => Psc::Alpha,
            Some("IF_curr_delta") => Psc::Delta,
            Some(model) => bail!(
                "case {}: model {model} is not supported, only IF_curr_exp, IF_curr_alpha and IF_curr_delta are",
                self.name
            ),
        };
        let number = |text: &String| text.parse::<f64>().with_context(|| format!("'{text}' is no number"));
        for &event in &self.events {
            let Event::Named(t, receptor, w) = event else { continue };
            ensure!(
                (receptor == Receptor::E && w >= 0.0) || (receptor == Receptor::I && w <= 0.0),
                "case {}: the weight {w} at {t} ms does not fit receptor {receptor:?} (E needs w >= 0, I needs w <= 0)",
                self.name
            );
        }
        let inputs: Vec<(f64, f64)> = self.events.iter().map(|event| event.time_and_weight()).collect();
        // The experiment of this format goes on until its last event, if that comes after the stated end.
        let t_end = inputs.iter().fold(self.t_end_ms, |end, &(t, _)| end.max(t));
        Ok(Case {
            neuron: self.params.neuron(),
            name: self.name,
            psc,
            v_init: self.v0.unwrap_or(self.params.v_rest),
            inputs,
            t_end,
            spikes: self.spikes_ms.iter().map(number).collect::<Result<_>>()?,
            potentials: self.final_v.iter().map(|v| Ok((t_end, number(v)?))).collect::<Result<_>>()?,
        })
    }
}

/// Reads a file in any of the formats.
pub(super) fn read_items(text: &str) -> Result<Vec<Item>> {
    let value: serde_json::Value = serde_json::from_str(text).context("not a JSON document")?;
    let file: CaseFile = serde_json::from_value(value).context(
        "not a file of cases: expected \"cases\" (name, params, inputs, t_end, v_init, expected_spikes_ms) or \
         \"items\" (name, params, events, t_end_ms, v0_mV, spikes_ms; or name, pre_ms, post_ms, A_prepost, A_postpre, \
         tau_plus_ms, tau_minus_ms, w_min, w_max, w0, w_final)",
    )?;
    match file {
        CaseFile::Conformance { cases } => Ok(cases.into_iter().map(|case| Item::Case(case.case())).collect()),
        CaseFile::Examples { items } => items.into_iter().map(|example| example.case().map(Item::Case)).collect(),
        CaseFile::Learning { items } => Ok(items.into_iter().map(Item::Learning).collect()),
    }
}
