//! The simulated response of one neuron to a fluctuating current: the experiment behind a response curve.

use crate::current::{CurrentSource, NoisyCurrent};
use crate::error::{NetworkError, ParameterError, positive};
use crate::network::Network;
use crate::neuron::IfCurrExp;
use crate::population::Population;
use crate::projection::{Dense, Projection, Synapses};
use crate::random::StreamKey;
use crate::simulation::Simulation;
use crate::source::{Source, poisson_rates_for_moments};
use crate::theory::Noise;

/// How the fluctuating current is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Drive {
    /// PyNN's noisy current, injected; `stdev` is the standard deviation of its amplitude (nA).
    Noise {
        /// Standard deviation of the amplitude (nA).
        stdev: f64,
        /// Interval between redraws (ms).
        dt: f64,
    },
    /// Excitatory and inhibitory Poisson sources; `sigma` is the standard deviation of the synaptic current (nA), eq. (4) of
    /// Liu & Furber (2016). However many sources of a kind share the rate, their superposition is one Poisson process.
    Poisson {
        /// Standard deviation of the stationary synaptic current (nA).
        sigma: f64,
        /// Weight of an excitatory synapse (nA); inhibitory ones have its negative.
        weight: f64,
    },
}

impl Drive {
    /// The same fluctuation for the theory.
    pub fn noise(&self, neuron: &IfCurrExp) -> Noise {
        match *self {
            Drive::Noise { stdev, dt } => Noise::Redrawn { stdev, dt },
            Drive::Poisson { sigma, .. } => Noise::Synaptic { sigma, tau_syn: neuron.tau_syn_e },
        }
    }
}

/// Repeated measurements of a firing rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ResponseTrials {
    /// The neuron; its i_offset adds to the driven mean.
    pub neuron: IfCurrExp,
    /// The fluctuating current.
    pub drive: Drive,
    /// Number of independent trials.
    pub trials: usize,
    /// Length of a trial (ms), from the resting state; no transient is left out.
    pub duration: f64,
}

/// A mean rate and its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeasuredRate {
    /// Mean over the trials (Hz).
    pub rate: f64,
    /// Standard error of the mean (Hz); NaN for a single trial.
    pub sem: f64,
}

impl ResponseTrials {
    /// Measures the rate at a mean current `mu` (nA, without the neuron's i_offset).
    ///
    /// The random numbers are a function of the seed, `mu`, sigma and the trial: a point has the same value in every curve.
    ///
    /// # Errors
    ///
    /// Refuses impossible parameters; with [`Drive::Poisson`] also means that the weight cannot produce, see
    /// [`poisson_rates_for_moments`], and receptors of different time constants.
    pub fn measure(&self, mu: f64, seed: u64) -> Result<MeasuredRate, NetworkError> {
        positive("duration", "ms", self.duration)?;
        let spikes = match self.drive {
            Drive::Noise { stdev, dt } => self.noisy_counts(NoisyCurrent::new(mu, stdev, dt), seed)?,
            Drive::Poisson { sigma, weight } => self.poisson_counts(mu, sigma, weight, seed)?,
        };
        let seconds = self.duration / crate::MS_PER_S;
        let n = spikes.len() as f64;
        let mean = spikes.iter().map(|&count| f64::from(count)).sum::<f64>() / n;
        let variance = spikes.iter().map(|&count| (f64::from(count) - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Ok(MeasuredRate { rate: mean / seconds, sem: (variance / n).sqrt() / seconds })
    }

    /// Spike counts of the trials, which are the neurons of one population.
    fn noisy_counts(&self, current: NoisyCurrent, seed: u64) -> Result<Vec<u32>, NetworkError> {
        let mut network = Network::new();
        network.add_population(
            Population::new(self.trials, self.neuron)?.with_current(CurrentSource::Noisy(current), None)?,
        );
        let key = StreamKey { seed, sample: point_address(current.mean, current.stdev) };
        let mut record = Simulation::new(&network)?.run(&[], key, self.duration)?;
        Ok(std::mem::take(&mut record.populations[0].counts))
    }

    /// Spike counts of the trials, each a run of its own.
    fn poisson_counts(&self, mu: f64, sigma: f64, weight: f64, seed: u64) -> Result<Vec<u32>, NetworkError> {
        let IfCurrExp { tau_syn_e, tau_syn_i, .. } = self.neuron;
        if tau_syn_e != tau_syn_i {
            return Err(ParameterError::UnequalReceptors { tau_syn_e, tau_syn_i }.into());
        }
        let (excitatory, inhibitory) = poisson_rates_for_moments(mu, sigma, tau_syn_e, weight)?;
        let mut network = Network::new();
        let source = network.add_source(2);
        let post = network.add_population(Population::new(1, self.neuron)?);
        let synapses = Synapses::Dense(Dense::new(2, 1, vec![weight, -weight])?);
        network.add_projection(Projection::new(source, post, 0.0, synapses)?)?;
        let mut simulation = Simulation::new(&network)?;
        let source = [Source::poisson(vec![excitatory, inhibitory])];
        (0..self.trials as u64)
            .map(|trial| {
                let key = StreamKey { seed, sample: point_address(mu, sigma).wrapping_add(trial) };
                Ok(simulation.run(&source, key, self.duration)?.populations[0].counts[0])
            })
            .collect()
    }
}

/// A sample number for a point of the response surface, to a resolution of 1e-9 nA.
fn point_address(mu: f64, sigma: f64) -> u64 {
    let nano = |x: f64| (x * 1e9).round() as i64 as u64;
    nano(mu).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32) ^ nano(sigma).wrapping_mul(0xd1b5_4a32_d192_ed03)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Exact rates under a redrawn current: renewal integral equations of the event-driven neuron, converged to
    /// 1e-9 (set, total mean nA, stdev nA, dt ms, rate Hz). Tolerance: four standard errors of 20 trials of 20 s,
    /// plus 0.02 Hz for the start from rest; with 8 points a false alarm has a chance of about 1 in 200
    /// for another seed.
    #[test]
    fn rates_under_a_redrawn_current() {
        let t1 = IfCurrExp { i_offset: 0.0, ..IfCurrExp::liu_furber_2016() };
        let p2 = IfCurrExp { tau_m: 10.0, tau_refrac: 2.0, v_rest: -70.0, v_reset: -70.0, v_thresh: -55.0, ..t1 };
        let p4 =
            IfCurrExp { cm: 0.5, tau_m: 30.0, tau_refrac: 3.0, v_rest: -60.0, v_reset: -68.0, v_thresh: -45.0, ..t1 };
        for (neuron, mu, stdev, dt, want) in [
            (t1, 0.1, 0.5, 1.0, 11.254_671_717),
            (t1, 0.1, 1.0, 1.0, 25.062_147_597),
            (t1, 0.2, 1.0, 1.0, 40.136_073_082),
            (t1, 0.5, 0.5, 1.0, 92.933_347_691),
            (t1, 0.7, 0.2, 1.0, 137.108_114_92),
            (t1, 0.15, 2.0, 0.25, 35.921_564_373),
            (p2, 0.6, 0.5, 1.0, 83.516_589_713),
            (p4, 0.3, 0.8, 1.0, 18.308_698_112),
        ] {
            let trials = ResponseTrials { neuron, drive: Drive::Noise { stdev, dt }, trials: 20, duration: 20_000.0 };
            let got = trials.measure(mu, 1).unwrap();
            assert!((got.rate - want).abs() < 4.0 * got.sem + 0.02, "{mu} {stdev} {dt}: {got:?} instead of {want}");
        }
    }

    /// Poisson input against Monte Carlo of an independent program (OU current, tau_syn 5 ms, mu 0.3 total, sigma 0.5: 56.1(1) Hz).
    #[test]
    fn rates_under_poisson_input() {
        let neuron = IfCurrExp::liu_furber_2016();
        let drive = Drive::Poisson { sigma: 0.5, weight: 0.01 };
        let got = ResponseTrials { neuron, drive, trials: 10, duration: 4_000.0 }.measure(0.2, 1).unwrap();
        // Four standard errors of both, and 0.5 Hz for the start from rest and the finite weight.
        assert!((got.rate - 56.1).abs() < 4.0 * (got.sem + 0.1) + 0.5, "{got:?}");
    }

    #[test]
    fn impossible_drives_are_refused() {
        let neuron = IfCurrExp::liu_furber_2016();
        let trials = |drive| ResponseTrials { neuron, drive, trials: 2, duration: 10.0 };
        assert!(trials(Drive::Noise { stdev: f64::NAN, dt: 1.0 }).measure(0.0, 1).is_err());
        assert!(trials(Drive::Noise { stdev: 1.0, dt: 0.0 }).measure(0.0, 1).is_err());
        assert!(trials(Drive::Noise { stdev: 1.0, dt: 1.0 }).measure(f64::NAN, 1).is_err());
        assert!(trials(Drive::Poisson { sigma: 0.1, weight: 0.05 }).measure(0.6, 1).is_err());
    }
}
