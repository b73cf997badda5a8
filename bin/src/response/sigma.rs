//! What a sigma means, in words and in JSON: the literature has three meanings.

use serde_json::{Value, json};
use sim::IfCurrExp;
use sim::theory::Fluctuation;

/// Words about the sigmas of a fluctuation.
pub(crate) struct SigmaText(pub(crate) Fluctuation);

impl SigmaText {
    /// Unit of sigma.
    pub(crate) fn unit(&self) -> &'static str {
        match self.0 {
            Fluctuation::Redrawn { .. } | Fluctuation::Synaptic { .. } => "nA",
            Fluctuation::White { .. } => "nA sqrt(ms)",
        }
    }

    /// Column of sigma in a CSV file and its field in JSON.
    pub(crate) fn column(&self) -> &'static str {
        match self.0 {
            Fluctuation::Redrawn { .. } | Fluctuation::Synaptic { .. } => "sigma_na",
            Fluctuation::White { .. } => "sigma_na_sqrt_ms",
        }
    }

    /// Name of the source on the command line.
    pub(crate) fn source(&self) -> &'static str {
        match self.0 {
            Fluctuation::Redrawn { .. } => "noise",
            Fluctuation::Synaptic { .. } => "poisson",
            Fluctuation::White { .. } => "white",
        }
    }

    /// Interval between redraws (ms).
    pub(crate) fn interval(&self) -> Option<f64> {
        match self.0 {
            Fluctuation::Redrawn { dt } | Fluctuation::White { dt } => Some(dt),
            Fluctuation::Synaptic { .. } => None,
        }
    }

    /// Synaptic time constant (ms) that the noise passes.
    pub(crate) fn tau_syn(&self) -> Option<f64> {
        match self.0 {
            Fluctuation::Synaptic { tau_syn } => Some(tau_syn),
            Fluctuation::Redrawn { .. } | Fluctuation::White { .. } => None,
        }
    }

    /// What a sigma is, and what the same noise is called elsewhere: two lines.
    pub(crate) fn describe(&self, neuron: &IfCurrExp, sigma: f64) -> String {
        let noise = self.0.noise(sigma);
        let white = noise.white_amplitude();
        let tau_syn = neuron.tau_syn_e;
        let synaptic = format!("synaptic current of {:.4} nA at tau_syn {tau_syn} ms", white / (2.0 * tau_syn).sqrt());
        let redrawn = format!("current of {white:.4} nA redrawn every 1 ms");
        let white_noise = format!("white noise of {white:.4} nA sqrt(ms)");
        let (own, others) = match self.0 {
            Fluctuation::Redrawn { dt } => {
                (format!("standard deviation of a current redrawn every {dt} ms"), [white_noise, synaptic])
            }
            Fluctuation::Synaptic { tau_syn } => {
                (format!("standard deviation of the synaptic current at tau_syn {tau_syn} ms"), [white_noise, redrawn])
            }
            Fluctuation::White { dt } => (
                format!(
                    "amplitude of white noise, approached by a current of {:.4} nA redrawn every {dt} ms",
                    noise.sigma()
                ),
                [redrawn, synaptic],
            ),
        };
        format!(
            "sigma: {own} (sigma {sigma} {})\n       same intensity: {}; free membrane: {:.3} mV\n",
            self.unit(),
            others.join("; "),
            noise.membrane_deviation(neuron)
        )
    }

    /// The same as a JSON object.
    pub(crate) fn document(&self, neuron: &IfCurrExp, sigma: f64) -> Value {
        let noise = self.0.noise(sigma);
        json!({
            self.column(): sigma,
            "source": self.source(),
            "interval_ms": self.interval(),
            "tau_syn_ms": self.tau_syn(),
            "white_noise_na_sqrt_ms": noise.white_amplitude(),
            "membrane_deviation_mv": noise.membrane_deviation(neuron),
        })
    }
}

/// What the sigmas of a surface mean: source, interval between redraws and synaptic time constant.
pub(crate) fn fluctuation_document(fluctuation: Fluctuation) -> Value {
    let text = SigmaText(fluctuation);
    json!({ "source": text.source(), "interval_ms": text.interval(), "tau_syn_ms": text.tau_syn() })
}

/// A neuron as a JSON object, with PyNN's names.
pub(crate) fn neuron_document(n: &IfCurrExp) -> Value {
    json!({
        "cm": n.cm, "tau_m": n.tau_m, "tau_refrac": n.tau_refrac, "tau_syn_E": n.tau_syn_e, "tau_syn_I": n.tau_syn_i,
        "v_rest": n.v_rest, "v_reset": n.v_reset, "v_thresh": n.v_thresh, "i_offset": n.i_offset,
    })
}
