//! The response of a neuron that layers are fitted by.

use crate::error::ConversionError;
use sim::IfCurrExp;
use sim::theory::{Fluctuation, NoisySoftplus, ResponseModel, ResponsePoint, ResponseSurface, Theory, fit};

/// i_offset in units of the rheobase current: that of Liu & Furber (2016), at which rates begin to rise at a mean input of zero under
/// everyday noise.
const OFFSET: f64 = 8.0 / 15.0;

/// Standard deviations of the synaptic current that are fitted over, in units of the rheobase current: those of Liu & Furber (2016).
const SIGMAS: [f64; 3] = [16.0 / 15.0, 8.0 / 3.0, 16.0 / 3.0];

/// Mean currents, in the same units, i_offset not counted: from the first to the last in twelve points.
const MEANS: [f64; 2] = [-8.0 / 3.0, 3.2];

/// A neuron with the i_offset that suits layers, and its Noisy Softplus response.
///
/// For the neuron of Liu & Furber (2016) at a synaptic time constant of 1, 5 or 10 ms these are [`NoisySoftplus::event_driven`]; any other is
/// given the same i_offset in units of its rheobase current, and the constants that fit its exact rates best, over the same means and
/// noise in the same units.
pub(crate) fn response_of(neuron: IfCurrExp) -> Result<(IfCurrExp, NoisySoftplus), ConversionError> {
    let tau_syn = neuron.tau_syn_e;
    let paper = IfCurrExp { tau_syn_e: tau_syn, tau_syn_i: tau_syn, ..IfCurrExp::liu_furber_2016() };
    if let (true, Some(known)) = (neuron == paper, NoisySoftplus::event_driven(tau_syn)) {
        return Ok((neuron, known));
    }
    let unit = neuron.rheobase();
    let neuron = IfCurrExp { i_offset: OFFSET * unit, ..neuron };
    let fluctuation = Fluctuation::Synaptic { tau_syn };
    let mut points = Vec::new();
    for sigma in SIGMAS.map(|sigma| sigma * unit) {
        for step in 0..12 {
            let x = unit * (MEANS[0] + (MEANS[1] - MEANS[0]) * f64::from(step) / 11.0);
            let rate = Theory::Exact.rate(&neuron, fluctuation.noise(sigma), neuron.i_offset + x)?;
            points.push(ResponsePoint { x, sigma, rate });
        }
    }
    let fitted = fit(ResponseModel::NoisySoftplus, &ResponseSurface { neuron, fluctuation, points })?;
    fitted.response.noisy_softplus().map(|response| (neuron, response)).ok_or(ConversionError::NoResponse)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In units of its own rheobase current and membrane time, a neuron is the same whatever its capacitance and voltages.
    #[test]
    fn responses_scale_with_the_neuron() {
        let paper = IfCurrExp { tau_syn_e: 3.0, tau_syn_i: 3.0, ..IfCurrExp::liu_furber_2016() };
        let (one, response) = response_of(paper).unwrap();
        // 8/15 of 0.1875 nA, but for rounding.
        assert!((one.i_offset - 0.1).abs() < 1e-15);
        let other = IfCurrExp { cm: 1.0, v_rest: -70.0, v_reset: -70.0, v_thresh: -62.5, ..paper };
        let (_, scaled) = response_of(other).unwrap();
        // Twice the rheobase current: 4 times the capacitance, half the way to threshold.
        assert!((scaled.s_hz_per_na * 2.0 / response.s_hz_per_na - 1.0).abs() < 1e-6, "{scaled:?} {response:?}");
        assert!((scaled.k / response.k - 1.0).abs() < 1e-6, "{scaled:?} {response:?}");
        // Between the constants known at 1 and 5 ms.
        assert!((0.1833..0.3043).contains(&response.k) && (219.2..223.8).contains(&response.s_hz_per_na));
    }

    /// What is known of 5 ms is what would be fitted: the exact theory has 0.3040 and 219.3 there.
    #[test]
    fn known_constants_are_those_of_the_fit() {
        let near = IfCurrExp { tau_syn_e: 5.0, tau_syn_i: 5.0, cm: 0.25 + 1e-9, ..IfCurrExp::liu_furber_2016() };
        let (_, response) = response_of(near).unwrap();
        assert!((response.k - 0.3040).abs() < 1e-4 && (response.s_hz_per_na - 219.3).abs() < 0.1, "{response:?}");
    }
}
