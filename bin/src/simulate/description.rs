//! The description of a simulation as it stands in a TOML file: PyNN's names and units, nothing checked yet but the form.

use super::value::Value;
use anyhow::{Context, Result, anyhow};
use serde::Deserialize;
use std::path::Path;

/// Letters of a line that an error quotes.
const QUOTED: usize = 60;

/// A whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Description {
    pub(super) simulation: Run,
    #[serde(default)]
    pub(super) sources: Vec<SourceTable>,
    pub(super) populations: Vec<PopulationTable>,
    #[serde(default)]
    pub(super) projections: Vec<ProjectionTable>,
}

/// `[simulation]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Run {
    pub(super) duration: f64,
    pub(super) seed: Option<u64>,
}

/// `[[sources]]`.
#[derive(Debug, Deserialize)]
#[serde(tag = "cellclass", deny_unknown_fields)]
pub(super) enum SourceTable {
    #[serde(rename = "SpikeSourcePoisson")]
    Poisson { name: String, size: usize, rate: Value, start: Option<f64>, duration: Option<f64> },
    #[serde(rename = "SpikeSourcePoissonSteps")]
    PoissonSteps { name: String, size: usize, times: Vec<f64>, rates: Vec<Value> },
    #[serde(rename = "SpikeSourceArray")]
    Array { name: String, size: usize, spike_times: Vec<Vec<f64>> },
}

/// `[[populations]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PopulationTable {
    pub(super) name: String,
    pub(super) cellclass: CellClass,
    pub(super) size: usize,
    #[serde(default)]
    pub(super) cellparams: CellParameters,
    #[serde(default)]
    pub(super) initial_values: InitialValues,
    #[serde(default)]
    pub(super) currents: Vec<CurrentTable>,
    #[serde(default)]
    pub(super) background: Vec<BackgroundTable>,
    #[serde(default)]
    pub(super) record: RecordTable,
}

/// PyNN's names of the cell classes that can be simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum CellClass {
    #[serde(rename = "IF_curr_exp")]
    Exponential,
    #[serde(rename = "IF_curr_alpha")]
    Alpha,
    #[serde(rename = "IF_curr_delta")]
    Delta,
}

/// `[populations.cellparams]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CellParameters {
    pub(super) cm: Option<f64>,
    pub(super) tau_m: Option<Value>,
    pub(super) tau_refrac: Option<f64>,
    #[serde(rename = "tau_syn_E")]
    pub(super) tau_syn_e: Option<Value>,
    #[serde(rename = "tau_syn_I")]
    pub(super) tau_syn_i: Option<Value>,
    pub(super) v_rest: Option<f64>,
    pub(super) v_reset: Option<f64>,
    pub(super) v_thresh: Option<Value>,
    pub(super) i_offset: Option<Value>,
}

/// `[populations.initial_values]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InitialValues {
    pub(super) v: Option<Value>,
}

/// `[[populations.currents]]`.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub(super) enum CurrentTable {
    #[serde(rename = "DCSource")]
    Dc { amplitude: Option<f64>, start: Option<f64>, stop: Option<f64>, neurons: Option<Vec<u32>> },
    #[serde(rename = "StepCurrentSource")]
    Step { times: Vec<f64>, amplitudes: Vec<f64>, neurons: Option<Vec<u32>> },
    #[serde(rename = "ACSource")]
    Ac {
        amplitude: Option<f64>,
        offset: Option<f64>,
        frequency: Option<f64>,
        phase: Option<f64>,
        start: Option<f64>,
        stop: Option<f64>,
        neurons: Option<Vec<u32>>,
    },
    #[serde(rename = "NoisyCurrentSource")]
    Noisy {
        mean: Option<f64>,
        stdev: Option<f64>,
        dt: Option<f64>,
        start: Option<f64>,
        stop: Option<f64>,
        neurons: Option<Vec<u32>>,
    },
}

/// `[[populations.background]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BackgroundTable {
    pub(super) rate: f64,
    pub(super) weight: f64,
    pub(super) start: Option<f64>,
    pub(super) duration: Option<f64>,
}

/// `[populations.record]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordTable {
    pub(super) spikes: Option<bool>,
    pub(super) v: Option<ProbeTable>,
    pub(super) synaptic_currents: Option<bool>,
    pub(super) neurons: Option<Vec<u32>>,
    pub(super) count_window: Option<f64>,
}

/// When potentials are recorded: `{ interval = 1.0 }` or `{ times = [..] }`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProbeTable {
    pub(super) interval: Option<f64>,
    pub(super) times: Option<Vec<f64>>,
}

/// `[[projections]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProjectionTable {
    pub(super) presynaptic: String,
    pub(super) postsynaptic: String,
    pub(super) connector: ConnectorName,
    pub(super) p_connect: Option<f64>,
    pub(super) n: Option<usize>,
    pub(super) list: Option<Vec<(u32, u32, f64, f64)>>,
    pub(super) allow_self_connections: Option<bool>,
    pub(super) weight: Option<Value>,
    pub(super) delay: Option<Value>,
    pub(super) stdp: Option<StdpTable>,
}

/// PyNN's names of the connectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum ConnectorName {
    #[serde(rename = "AllToAllConnector", alias = "AllToAll")]
    AllToAll,
    #[serde(rename = "OneToOneConnector", alias = "OneToOne")]
    OneToOne,
    #[serde(rename = "FixedProbabilityConnector", alias = "FixedProbability")]
    FixedProbability,
    #[serde(rename = "FixedNumberPreConnector", alias = "FixedNumberPre")]
    FixedNumberPre,
    #[serde(rename = "FixedNumberPostConnector", alias = "FixedNumberPost")]
    FixedNumberPost,
    #[serde(rename = "FromListConnector", alias = "FromList")]
    FromList,
}

/// `stdp = { .. }` of a projection.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StdpTable {
    pub(super) tau_plus: Option<f64>,
    pub(super) tau_minus: Option<f64>,
    #[serde(rename = "A_plus")]
    pub(super) a_plus: Option<f64>,
    #[serde(rename = "A_minus")]
    pub(super) a_minus: Option<f64>,
    pub(super) w_min: Option<f64>,
    pub(super) w_max: Option<f64>,
    pub(super) dendritic_delay_fraction: Option<f64>,
}

impl Description {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be read, is no TOML, or has keys that are missing, unknown or of the wrong kind; the message names the line.
    pub(super) fn read(path: &Path) -> Result<Description> {
        let text = std::fs::read_to_string(path).context("cannot read the file")?;
        Description::parse(&text)
    }

    fn parse(text: &str) -> Result<Description> {
        toml::from_str(text).map_err(|error| {
            let message = error.message().trim_end().replace('\n', ", ");
            match error.span() {
                Some(span) => {
                    let number = text[..span.start].matches('\n').count();
                    let line: String = text.lines().nth(number).unwrap_or("").trim().chars().take(QUOTED).collect();
                    anyhow!("line {} ({line}): {message}", number + 1)
                }
                None => anyhow!("{message}"),
            }
        })
    }
}

impl SourceTable {
    pub(super) fn name(&self) -> &str {
        let (SourceTable::Poisson { name, .. }
        | SourceTable::PoissonSteps { name, .. }
        | SourceTable::Array { name, .. }) = self;
        name
    }

    pub(super) fn size(&self) -> usize {
        let (SourceTable::Poisson { size, .. }
        | SourceTable::PoissonSteps { size, .. }
        | SourceTable::Array { size, .. }) = self;
        *size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_line() {
        let message = |text: &str| Description::parse(text).unwrap_err().to_string();
        let unknown = message("[simulation]\nduration = 10\nsteps = 3\n");
        assert!(unknown.starts_with("line 3 (steps = 3): unknown field `steps`, expected"), "{unknown}");
        let population =
            "[simulation]\nduration = 1\n[[populations]]\nname = \"a\"\nsize = 1\ncellclass = \"IF_cond_exp\"\n";
        let class = message(population);
        assert!(
            class.contains("IF_cond_exp\"): unknown variant `IF_cond_exp`, expected one of `IF_curr_exp`"),
            "{class}"
        );
        assert!(message("[simulation\n").starts_with("line 1 "));
        assert!(message("").contains("missing field `simulation`"));
    }
}
