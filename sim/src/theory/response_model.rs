//! Closed-form models of the response, by their parameters.

use super::fast_slow::{FastSlow, LEAST_SLOW, MOST_SLOW};
use super::noisy_softplus::bend;
use super::surface::Fluctuation;
use crate::neuron::IfCurrExp;

/// A model of the rate as a function of mean input x (nA, i_offset not counted) and noise sigma (in the meaning of a [`Fluctuation`]).
///
/// ```text
/// NoisySoftplus          S k sigma ln(1 + exp(x / (k sigma)))               k, S
/// ShiftedNoisySoftplus   S k sigma ln(1 + exp((x - b) / (k sigma)))         k, b, S
/// Softplus               S c ln(1 + exp(x / c))                             c, S
/// Relu                   S max(x, 0)                                        S
/// ShiftedRelu            S max(x - b, 0)                                    b, S
/// FastSlowSiegert        < siegert of the rest of the noise >               p, a
/// ```
///
/// In the last, a share p of the variance of the free membrane is taken as frozen during an interval between spikes and averaged over,
/// the rest as white, and the threshold is raised by a times the membrane's standard deviation sigma_V. It knows the neuron: its noise-free curve is
/// the limit without noise, and Siegert's that of p = a = 0. An evaluation costs 24 of Siegert. At tau_syn = 1, 5 and 10 ms it
/// stays within 0.8 Hz (RMSE) of the event-driven neuron of Liu & Furber (2016), where Noisy Softplus stays within 3 to 4 Hz.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseModel {
    /// Noisy Softplus (Liu & Furber 2016).
    NoisySoftplus,
    /// Noisy Softplus of a shifted mean.
    ShiftedNoisySoftplus,
    /// Softplus of one width, whatever the noise.
    Softplus,
    /// Rectified line through x = 0.
    Relu,
    /// Rectified line.
    ShiftedRelu,
    /// Siegert rates averaged over the slow part of the noise.
    FastSlowSiegert,
}

/// A parameter of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelParameter {
    /// Its letter.
    pub name: &'static str,
    /// Its unit; empty for a pure number.
    pub unit: &'static str,
}

const K: ModelParameter = ModelParameter { name: "k", unit: "" };
const B: ModelParameter = ModelParameter { name: "b", unit: "nA" };
const C: ModelParameter = ModelParameter { name: "c", unit: "nA" };
const S: ModelParameter = ModelParameter { name: "S", unit: "Hz/nA" };
const SHARE: ModelParameter = ModelParameter { name: "p", unit: "" };
const SHIFT: ModelParameter = ModelParameter { name: "a", unit: "" };

impl ResponseModel {
    /// All models, the published ones first.
    pub const ALL: [ResponseModel; 6] = [
        ResponseModel::NoisySoftplus,
        ResponseModel::ShiftedNoisySoftplus,
        ResponseModel::Softplus,
        ResponseModel::Relu,
        ResponseModel::ShiftedRelu,
        ResponseModel::FastSlowSiegert,
    ];

    /// Its name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            ResponseModel::NoisySoftplus => "noisy-softplus",
            ResponseModel::ShiftedNoisySoftplus => "shifted-noisy-softplus",
            ResponseModel::Softplus => "softplus",
            ResponseModel::Relu => "relu",
            ResponseModel::ShiftedRelu => "shifted-relu",
            ResponseModel::FastSlowSiegert => "fast-slow-siegert",
        }
    }

    /// Its parameters; the slope S comes last in all that have one.
    pub fn parameters(self) -> &'static [ModelParameter] {
        match self {
            ResponseModel::NoisySoftplus => &[K, S],
            ResponseModel::ShiftedNoisySoftplus => &[K, B, S],
            ResponseModel::Softplus => &[C, S],
            ResponseModel::Relu => &[S],
            ResponseModel::ShiftedRelu => &[B, S],
            ResponseModel::FastSlowSiegert => &[SHARE, SHIFT],
        }
    }

    /// Whether the last parameter is a slope, in which the rate is linear.
    pub(super) fn is_sloped(self) -> bool {
        self != ResponseModel::FastSlowSiegert
    }

    /// Whether points without noise tell nothing about its parameters but the slope.
    pub(super) fn needs_noise(self) -> bool {
        match self {
            ResponseModel::NoisySoftplus | ResponseModel::ShiftedNoisySoftplus | ResponseModel::FastSlowSiegert => true,
            ResponseModel::Softplus | ResponseModel::Relu | ResponseModel::ShiftedRelu => false,
        }
    }

    /// Whether parameters other than the slope are possible.
    pub(super) fn allows(self, parameters: &[f64]) -> bool {
        match self {
            ResponseModel::NoisySoftplus | ResponseModel::ShiftedNoisySoftplus | ResponseModel::Softplus => {
                parameters[0] > 0.0
            }
            ResponseModel::Relu | ResponseModel::ShiftedRelu => true,
            ResponseModel::FastSlowSiegert => (LEAST_SLOW..=MOST_SLOW).contains(&parameters[0]),
        }
    }

    /// Shift and width of the bend of the models that have a slope (nA).
    fn shape(self, parameters: &[f64], sigma: f64) -> (f64, f64) {
        match self {
            ResponseModel::NoisySoftplus => (0.0, parameters[0] * sigma),
            ResponseModel::ShiftedNoisySoftplus => (parameters[1], parameters[0] * sigma),
            ResponseModel::Softplus => (0.0, parameters[0]),
            ResponseModel::ShiftedRelu => (parameters[0], 0.0),
            ResponseModel::Relu | ResponseModel::FastSlowSiegert => (0.0, 0.0),
        }
    }

    /// Rate (Hz); `sigma` in the meaning of `fluctuation`.
    pub(super) fn rate(
        self,
        neuron: &IfCurrExp,
        fluctuation: Fluctuation,
        parameters: &[f64],
        x: f64,
        sigma: f64,
    ) -> f64 {
        if self == ResponseModel::FastSlowSiegert {
            let sigma_v = fluctuation.noise(sigma).membrane_deviation(neuron);
            return fast_slow(parameters).rate(neuron, x + neuron.i_offset, sigma_v);
        }
        let (shift, width) = self.shape(parameters, sigma);
        parameters[parameters.len() - 1] * bend(x - shift, width).value
    }

    /// Derivatives of the rate with respect to each parameter.
    pub(super) fn slopes(
        self,
        neuron: &IfCurrExp,
        fluctuation: Fluctuation,
        parameters: &[f64],
        x: f64,
        sigma: f64,
    ) -> Vec<f64> {
        if self == ResponseModel::FastSlowSiegert {
            let sigma_v = fluctuation.noise(sigma).membrane_deviation(neuron);
            let slopes = fast_slow(parameters).slopes(neuron, x + neuron.i_offset, sigma_v);
            return vec![slopes.by_share, slopes.by_shift];
        }
        let s = parameters[parameters.len() - 1];
        let (shift, width) = self.shape(parameters, sigma);
        let bend = bend(x - shift, width);
        match self {
            ResponseModel::NoisySoftplus => vec![s * sigma * bend.by_width, bend.value],
            ResponseModel::ShiftedNoisySoftplus => vec![s * sigma * bend.by_width, -s * bend.by_x, bend.value],
            ResponseModel::Softplus => vec![s * bend.by_width, bend.value],
            ResponseModel::ShiftedRelu => vec![-s * bend.by_x, bend.value],
            ResponseModel::Relu | ResponseModel::FastSlowSiegert => vec![bend.value],
        }
    }

    /// Derivatives of the rate with respect to x (Hz/nA) and sigma (Hz per unit of sigma).
    pub(super) fn gradient(
        self,
        neuron: &IfCurrExp,
        fluctuation: Fluctuation,
        parameters: &[f64],
        x: f64,
        sigma: f64,
    ) -> (f64, f64) {
        if self == ResponseModel::FastSlowSiegert {
            let per_sigma = fluctuation.noise(1.0).membrane_deviation(neuron);
            let slopes = fast_slow(parameters).slopes(neuron, x + neuron.i_offset, per_sigma * sigma);
            return (slopes.by_mu, per_sigma * slopes.by_sigma_v);
        }
        let s = parameters[parameters.len() - 1];
        let (shift, width) = self.shape(parameters, sigma);
        let bend = bend(x - shift, width);
        let by_sigma = if self.needs_noise() { s * parameters[0] * bend.by_width } else { 0.0 };
        (s * bend.by_x, by_sigma)
    }
}

fn fast_slow(parameters: &[f64]) -> FastSlow {
    FastSlow { share: parameters[0], shift: parameters[1] }
}
