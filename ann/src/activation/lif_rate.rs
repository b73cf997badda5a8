//! The firing rate of a LIF neuron as an activation.

use std::fmt;

use sim::IfCurrExp;
use sim::theory;

use crate::activation::respond_each;
use crate::activation::siegert_table::SiegertTable;
use crate::error::ActivationError;
use crate::real::Real;

/// Expected spikes per synaptic time constant of a LIF neuron with noise of one strength:
///
/// ```text
/// y = tau_syn rate(m + i_offset)
/// ```
///
/// with the rate of [`theory::siegert`], or of [`theory::noise_free`] where `sigma` is 0, and its exact slope. The drive
/// `m` is the mean synaptic current (nA), so that weights are nA and inputs expected spikes per `tau_syn`, as under Noisy
/// Softplus; but the noise does not grow with the inputs. Relative error of rate and slope below 1e-10 in `f64`, where with noise a
/// unit takes some tens of microseconds; in `f32` cubics between exact points take some tens of nanoseconds, with errors, before
/// they are rounded, below 1e-7 of the value and 1e-5 of the slope (or of 0.001 and of 0.001 per width of the noise where there
/// is less). Without noise the slope is infinite at rheobase; there and below, value and slope are 0.
///
/// Siegert (1951), doi:10.1103/PhysRev.81.617.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LifRate {
    /// The neuron; its `tau_syn_e` (ms) is the synaptic time constant.
    pub neuron: IfCurrExp,
    /// White-noise amplitude (nA sqrt(ms)), 0 or more: neither the standard deviation of a redrawn current nor that of a
    /// synaptic current. A synaptic current of standard deviation `s` (nA) has the amplitude `s sqrt(2 tau_syn)` in the
    /// limit of short `tau_syn`.
    pub sigma: f64,
}

impl LifRate {
    /// Checks neuron and noise.
    ///
    /// # Errors
    /// Names the first parameter out of its range.
    pub fn check(self) -> Result<(), ActivationError> {
        self.neuron.check()?;
        if 0.0 <= self.sigma && self.sigma.is_finite() {
            return Ok(());
        }
        Err(ActivationError::Noise { sigma: self.sigma })
    }

    pub(crate) fn respond<T: Real>(self, drive: &mut [T], outputs: &mut [T]) {
        let is_single = size_of::<T>() == size_of::<f32>();
        let table = (is_single && SiegertTable::suits(self.sigma)).then(|| SiegertTable::of(self));
        respond_each(drive, outputs, |m| {
            let m = m.to_f64();
            let near = table.as_ref().and_then(|table| table.respond(m));
            let (value, slope) = near.unwrap_or_else(|| self.exact(m));
            (T::from_f64(value), T::from_f64(slope))
        });
    }

    /// Value and slope at a drive m (nA), from the theory.
    pub(crate) fn exact(self, m: f64) -> (f64, f64) {
        let Self { neuron, sigma } = self;
        let spikes_per_hz = neuron.tau_syn_e / sim::MS_PER_S;
        let mu = m + neuron.i_offset;
        let (slope, _) = theory::siegert_gradient(&neuron, mu, sigma);
        (spikes_per_hz * theory::siegert(&neuron, mu, sigma), spikes_per_hz * slope)
    }
}

/// `lif`, or `siegert-1` with an amplitude of 1 nA sqrt(ms); the neuron is not told.
impl fmt::Display for LifRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.sigma == 0.0 { f.write_str("lif") } else { write!(f, "siegert-{}", self.sigma) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn respond<T: Real>(rate: LifRate, m: f64) -> (f64, f64) {
        let (mut drive, mut output) = ([T::from_f64(m)], [T::ZERO]);
        rate.respond(&mut drive, &mut output);
        (output[0].to_f64(), drive[0].to_f64())
    }

    /// mpmath, 40 digits: total mean current (nA), standard deviation of the free membrane (mV), rate (Hz) with 14 digits
    /// and its derivative (Hz/nA) with 12.
    const SIEGERT: [[f64; 4]; 5] = [
        [0.1, 5.0, 9.5377913683509, 164.339000795],
        [0.3, 10.0, 62.684306671223, 204.754066302],
        [-0.2, 12.65, 2.3552168916008, 31.6560411016],
        [0.1875, 1.0, 14.725635295199, 411.809909508],
        [0.15, 1.5, 3.7876863652038, 275.103907777],
    ];

    #[test]
    fn siegert_against_mpmath() {
        let neuron = IfCurrExp { i_offset: 0.1, ..IfCurrExp::default() };
        let table = IfCurrExp {
            cm: 0.25,
            tau_m: 20.0,
            tau_refrac: 1.0,
            tau_syn_e: 5.0,
            tau_syn_i: 5.0,
            v_rest: -65.0,
            v_reset: -65.0,
            v_thresh: -50.0,
            ..neuron
        };
        for [mu, deviation, rate, slope] in SIEGERT {
            let sigma = deviation * table.cm / (table.tau_m / 2.0).sqrt();
            let unit = LifRate { neuron: table, sigma };
            let (value, found) = respond::<f64>(unit, mu - 0.1);
            // The digits of the table; spikes per 5 ms are 1/200 of the rate.
            assert!((value * 200.0 / rate - 1.0).abs() < 1e-11, "{mu} {deviation}: {value}");
            assert!((found * 200.0 / slope - 1.0).abs() < 1e-10, "{mu} {deviation}: {found}");
            // The drive is rounded to f32, by 6e-8 of it.
            let (value, found) = respond::<f32>(unit, mu - 0.1);
            assert!((value * 200.0 / rate - 1.0).abs() < 1e-5 && (found * 200.0 / slope - 1.0).abs() < 1e-5);
        }
        // 1 / (1 + 20 ln 1.6) ms, from R mu = 40 mV and threshold 15 mV above rest.
        let (value, slope) = respond::<f64>(LifRate { neuron: table, sigma: 0.0 }, 0.4);
        let rate = 1.0 / (1.0 + 20.0 * 1.6_f64.ln());
        assert!((value - 5.0 * rate).abs() < 1e-14);
        // d ln(u / (u - 15)) / du = -15 / (u (u - 15)) = -0.015 per mV, 80 mV per nA.
        assert!((slope / (5.0 * rate * rate * 20.0 * 0.015 * 80.0) - 1.0).abs() < 1e-12);
        assert_eq!(respond::<f64>(LifRate { neuron: table, sigma: 0.0 }, 0.0875), (0.0, 0.0));
    }

    #[test]
    fn impossible_constants_are_refused() {
        let neuron = IfCurrExp::default();
        for sigma in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(LifRate { neuron, sigma }.check(), Err(ActivationError::Noise { .. })));
        }
        let neuron = IfCurrExp { tau_m: 0.0, ..neuron };
        assert!(matches!(LifRate { neuron, sigma: 1.0 }.check(), Err(ActivationError::Neuron(_))));
    }
}
