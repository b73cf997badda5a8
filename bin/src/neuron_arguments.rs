//! The neuron's parameters as flags, with PyNN's names and units.

use clap::Args;
use sim::IfCurrExp;

/// Parameters of the neuron (IF_curr_exp); the defaults are Table 1 of Liu & Furber (2016).
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Neuron (IF_curr_exp; defaults: Table 1 of Liu & Furber 2016)")]
pub struct NeuronArguments {
    /// Membrane capacitance (nF) [default: 0.25]
    #[arg(long, value_name = "NF", allow_negative_numbers = true)]
    cm: Option<f64>,
    /// Membrane time constant (ms) [default: 20]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    tau_m: Option<f64>,
    /// Refractory period (ms) [default: 1]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    tau_refrac: Option<f64>,
    /// Both synaptic time constants (ms) [default: 5]
    #[arg(long, value_name = "MS", allow_negative_numbers = true, conflicts_with_all = ["tau_syn_e", "tau_syn_i"])]
    tau_syn: Option<f64>,
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

impl NeuronArguments {
    /// The neuron that the flags describe.
    pub fn neuron(&self) -> IfCurrExp {
        let paper = IfCurrExp::liu_furber_2016();
        IfCurrExp {
            cm: self.cm.unwrap_or(paper.cm),
            tau_m: self.tau_m.unwrap_or(paper.tau_m),
            tau_refrac: self.tau_refrac.unwrap_or(paper.tau_refrac),
            tau_syn_e: self.tau_syn_e.or(self.tau_syn).unwrap_or(paper.tau_syn_e),
            tau_syn_i: self.tau_syn_i.or(self.tau_syn).unwrap_or(paper.tau_syn_i),
            v_rest: self.v_rest.unwrap_or(paper.v_rest),
            v_reset: self.v_reset.unwrap_or(paper.v_reset),
            v_thresh: self.v_thresh.unwrap_or(paper.v_thresh),
            i_offset: self.i_offset.unwrap_or(paper.i_offset),
        }
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
        assert_eq!(Program::parse_from(["p", "--tau-syn", "2"]).neuron.neuron().tau_syn_i, 2.0);
    }
}
