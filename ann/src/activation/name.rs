//! Activations by name, for the command line and for messages.

use std::fmt;
use std::str::FromStr;

use sim::IfCurrExp;

use crate::activation::Activation;
use crate::activation::fixed_noise::FixedNoise;
use crate::activation::lif_rate::LifRate;
use crate::activation::root_unit::{RootFamily, RootUnit};
use crate::error::ActivationError;

/// White-noise amplitude (nA sqrt(ms)) of the activation `siegert`.
const SIEGERT_SIGMA: f64 = 1.0;

/// Begins with two parts, unlike the other names with a number.
const LEAKY_RELU: &str = "leaky-relu";

/// Before the two numbers of Noisy Softplus at a fixed noise.
const FIXED_NOISE: &str = "noisy-softplus-";

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linear => f.write_str("linear"),
            Self::Relu => f.write_str("relu"),
            Self::LeakyRelu { slope } => write!(f, "leaky-relu(slope {slope})"),
            Self::Elu { alpha } => write!(f, "elu(alpha {alpha})"),
            Self::NegLu => f.write_str("neglu"),
            Self::RootUnit(unit) => write!(f, "{unit}"),
            Self::Sigmoid => f.write_str("sigmoid"),
            Self::Tanh => f.write_str("tanh"),
            Self::Softplus => f.write_str("softplus"),
            Self::FixedNoise(constants) => write!(f, "{FIXED_NOISE}{constants}"),
            Self::LifRate(rate) => write!(f, "{rate}"),
            Self::NoisySoftplus(constants) => write!(f, "noisy-softplus({constants})"),
            Self::Softmax => f.write_str("softmax"),
        }
    }
}

/// `linear`, `relu`, `leaky-relu-0.1` with its slope, `elu` (alpha 1) or `elu-0.5`, `neglu`, `sigmoid`, `tanh`, `softplus`, `softmax`; `noisy-softplus-0.3,0.45` with `k` and a fixed
/// sigma (standard deviation of the synaptic current, in the unit of the activation); `rrru-3`, `eru-2`, `orru-2.5` with any radix from 1 on; `lif`, `siegert` (1 nA sqrt(ms)) or `siegert-0.5`, of the default neuron.
impl FromStr for Activation {
    type Err = ActivationError;

    fn from_str(name: &str) -> Result<Self, ActivationError> {
        let unknown = || ActivationError::Name { found: name.to_owned() };
        let lif = |sigma| Self::LifRate(LifRate { neuron: IfCurrExp::default(), sigma });
        let activation = match name {
            "linear" => Self::Linear,
            "relu" => Self::Relu,
            "elu" => Self::Elu { alpha: 1.0 },
            "neglu" => Self::NegLu,
            "sigmoid" => Self::Sigmoid,
            "tanh" => Self::Tanh,
            "softplus" => Self::Softplus,
            "softmax" => Self::Softmax,
            "lif" => lif(0.0),
            "siegert" => lif(SIEGERT_SIGMA),
            _ => {
                if let Some(constants) = name.strip_prefix(FIXED_NOISE) {
                    return constants.parse::<FixedNoise>().map(Self::FixedNoise);
                }
                let leaky = name.strip_prefix(LEAKY_RELU).and_then(|rest| rest.strip_prefix('-'));
                let parts = leaky.map(|slope| (LEAKY_RELU, slope)).or_else(|| name.split_once('-'));
                let (stem, number) = parts.ok_or_else(unknown)?;
                let number: f64 = number.parse().map_err(|_| unknown())?;
                match RootFamily::ALL.into_iter().find(|family| family.name() == stem) {
                    Some(family) => Self::RootUnit(RootUnit::new(family, number)),
                    None if stem == "siegert" => lif(number),
                    None if stem == "elu" => Self::Elu { alpha: number },
                    None if stem == LEAKY_RELU => Self::LeakyRelu { slope: number },
                    None => return Err(unknown()),
                }
            }
        };
        activation.check()?;
        Ok(activation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for name in [
            "linear",
            "relu",
            "neglu",
            "softplus",
            "noisy-softplus-0.3,0.45",
            "rrru-3",
            "eru-2",
            "orru-2.5",
            "lif",
            "siegert-0.5",
        ] {
            let activation: Activation = name.parse().expect("a name");
            assert_eq!(activation.to_string(), name);
        }
        for (name, activation) in [
            ("elu", Activation::Elu { alpha: 1.0 }),
            ("elu-0.5", Activation::Elu { alpha: 0.5 }),
            ("leaky-relu-0.1", Activation::LeakyRelu { slope: 0.1 }),
        ] {
            assert_eq!(name.parse(), Ok(activation));
        }
        assert_eq!("siegert".parse::<Activation>().expect("a name").to_string(), "siegert-1");
        for (name, expected) in [
            ("rrru-0.5", "rrru needs a finite radix of 1 or more, found 0.5"),
            ("orru-NaN", "orru needs a finite radix of 1 or more, found NaN"),
            ("siegert-inf", "a white-noise amplitude of 0 or more (nA sqrt(ms)) was expected, found inf"),
            ("leaky-relu", "no activation is called 'leaky-relu'"),
            ("elu-inf", "ELU needs a finite alpha, found inf"),
            ("noisy-softplus-0.3", "k and sigma of Noisy Softplus were expected, as in 0.3,0.45, found '0.3'"),
            ("noisy-softplus-0.3,-1", "Noisy Softplus needs a positive, finite sigma, found -1"),
            ("rrru", "no activation is called 'rrru'"),
            ("rrru-three", "no activation is called 'rrru-three'"),
        ] {
            let message = name.parse::<Activation>().expect_err("impossible").to_string();
            assert!(message.starts_with(expected), "{message}");
        }
    }
}
