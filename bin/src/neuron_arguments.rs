//! The neuron's parameters as flags and in a file, with PyNN's names and units.

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;
use sim::IfCurrExp;
use std::path::{Path, PathBuf};

/// Parameters of the neuron (IF_curr_exp); the defaults are Table 1 of Liu & Furber (2016).
#[derive(Debug, Clone, PartialEq, Default, Args)]
#[command(next_help_heading = "Neuron (IF_curr_exp; defaults: Table 1 of Liu & Furber 2016)")]
pub struct NeuronArguments {
    /// File of parameters (TOML) with PyNN's names, such as tau_syn_E = 5.0; flags override it, and what neither names has its default
    #[arg(long, value_name = "FILE")]
    params: Option<PathBuf>,
    /// Membrane capacitance (nF) [default: 0.25]
    #[arg(long, value_name = "NF", allow_negative_numbers = true)]
    cm: Option<f64>,
    /// Membrane time constant (ms) [default: 20]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    tau_m: Option<f64>,
    /// Refractory period (ms) [default: 1]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    tau_refrac: Option<f64>,
    /// Both synaptic time constants (ms); may be repeated [default: 5]
    #[arg(long, value_name = "MS", allow_negative_numbers = true, conflicts_with_all = ["tau_syn_e", "tau_syn_i"])]
    tau_syn: Vec<f64>,
    /// Excitatory synaptic time constant (ms) [default: 5]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    tau_syn_e: Option<f64>,
    /// Inhibitory synaptic time constant (ms) [default: 5]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    tau_syn_i: Option<f64>,
    /// Resting potential (mV) [default: -65]
    #[arg(long, value_name = "MV", allow_negative_numbers = true)]
    v_rest: Option<f64>,
    /// Reset potential (mV) [default: -65]
    #[arg(long, value_name = "MV", allow_negative_numbers = true)]
    v_reset: Option<f64>,
    /// Threshold (mV) [default: -50]
    #[arg(long, value_name = "MV", allow_negative_numbers = true)]
    v_thresh: Option<f64>,
    /// Constant current (nA), added to the mean current [default: 0.1]
    #[arg(long, value_name = "NA", allow_negative_numbers = true)]
    i_offset: Option<f64>,
}

/// A file of parameters; PyNN's names at the top level.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    cm: Option<f64>,
    tau_m: Option<f64>,
    tau_refrac: Option<f64>,
    #[serde(rename = "tau_syn_E")]
    tau_syn_e: Option<f64>,
    #[serde(rename = "tau_syn_I")]
    tau_syn_i: Option<f64>,
    v_rest: Option<f64>,
    v_reset: Option<f64>,
    v_thresh: Option<f64>,
    i_offset: Option<f64>,
}

impl Params {
    fn read(path: &Path) -> Result<Params> {
        let context = || format!("cannot read the parameters {}", path.display());
        let text = std::fs::read_to_string(path).with_context(context)?;
        toml::from_str(&text).with_context(context)
    }
}

impl NeuronArguments {
    /// Whether nothing is said.
    pub fn is_default(&self) -> bool {
        *self == NeuronArguments::default()
    }

    /// Whether nothing but the synaptic time constant is said.
    pub fn is_only_tau_syn(&self) -> bool {
        *self == NeuronArguments { tau_syn: self.tau_syn.clone(), ..NeuronArguments::default() }
    }

    /// The synaptic time constant (ms) that flags name for both receptors, if they do.
    pub fn tau_syn(&self) -> Option<f64> {
        self.tau_syn.first().copied()
    }

    /// The neurons that the file and the flags describe: one for every `--tau-syn`, or one.
    ///
    /// # Errors
    ///
    /// Refuses impossible parameters, a time constant that is given twice, and a file that cannot be read or has other keys.
    pub fn neurons(&self) -> Result<Vec<IfCurrExp>> {
        let file = self.params.as_deref().map_or_else(|| Ok(Params::default()), Params::read)?;
        let paper = IfCurrExp::liu_furber_2016();
        let neuron = IfCurrExp {
            cm: self.cm.or(file.cm).unwrap_or(paper.cm),
            tau_m: self.tau_m.or(file.tau_m).unwrap_or(paper.tau_m),
            tau_refrac: self.tau_refrac.or(file.tau_refrac).unwrap_or(paper.tau_refrac),
            tau_syn_e: self.tau_syn_e.or(file.tau_syn_e).unwrap_or(paper.tau_syn_e),
            tau_syn_i: self.tau_syn_i.or(file.tau_syn_i).unwrap_or(paper.tau_syn_i),
            v_rest: self.v_rest.or(file.v_rest).unwrap_or(paper.v_rest),
            v_reset: self.v_reset.or(file.v_reset).unwrap_or(paper.v_reset),
            v_thresh: self.v_thresh.or(file.v_thresh).unwrap_or(paper.v_thresh),
            i_offset: self.i_offset.or(file.i_offset).unwrap_or(paper.i_offset),
        };
        let both = |tau: &f64| IfCurrExp { tau_syn_e: *tau, tau_syn_i: *tau, ..neuron };
        let neurons: Vec<IfCurrExp> =
            if self.tau_syn.is_empty() { vec![neuron] } else { self.tau_syn.iter().map(both).collect() };
        neurons.iter().try_for_each(IfCurrExp::check)?;
        if let Some(i) = (1..self.tau_syn.len()).find(|&i| self.tau_syn[..i].contains(&self.tau_syn[i])) {
            bail!("--tau-syn {} is given twice (number {})", self.tau_syn[i], i + 1);
        }
        Ok(neurons)
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        neuron: super::NeuronArguments,
    }

    #[test]
    fn help_states_the_defaults_of_the_library() {
        let paper = sim::IfCurrExp::liu_furber_2016();
        let help = Program::command().render_long_help().to_string();
        for (flag, default) in [
            ("--cm", paper.cm),
            ("--tau-m", paper.tau_m),
            ("--tau-refrac", paper.tau_refrac),
            ("--tau-syn-e", paper.tau_syn_e),
            ("--v-reset", paper.v_reset),
            ("--v-thresh", paper.v_thresh),
            ("--i-offset", paper.i_offset),
        ] {
            let at = help.find(&format!("{flag} ")).unwrap();
            let stated = help[at..].split("[default: ").nth(1).unwrap().split(']').next().unwrap();
            assert_eq!(stated.parse::<f64>().unwrap(), default, "{flag}");
        }
    }

    #[test]
    fn flags_override_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("neuron.toml");
        std::fs::write(&file, "tau_m = 10.0\nv_thresh = -55.0\ntau_syn_E = 3\n").unwrap();
        let of = |flags: &[&str]| {
            let arguments = ["p", "--params", file.to_str().unwrap()];
            Program::parse_from(arguments.iter().chain(flags)).neuron.neurons()
        };
        let paper = sim::IfCurrExp::liu_furber_2016();
        let named = sim::IfCurrExp { tau_m: 10.0, v_thresh: -55.0, tau_syn_e: 3.0, ..paper };
        assert_eq!(of(&[]).unwrap(), [named]);
        let both = |tau| sim::IfCurrExp { tau_m: 30.0, tau_syn_e: tau, tau_syn_i: tau, ..named };
        let found = of(&["--tau-m", "30", "--tau-syn", "1", "--tau-syn", "10"]).unwrap();
        assert_eq!(found, [both(1.0), both(10.0)]);
        assert!(of(&["--tau-syn", "1", "--tau-syn", "1"]).unwrap_err().to_string().contains("given twice"));
        assert!(of(&["--v-reset", "-50"]).is_err());
        std::fs::write(&file, "tau_mem = 10.0\n").unwrap();
        assert!(format!("{:#}", of(&[]).unwrap_err()).contains("tau_mem"));
    }
}
