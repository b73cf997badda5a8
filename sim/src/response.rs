//! The simulated response of one neuron to a fluctuating current: the experiment behind a response curve.

use crate::background::Background;
use crate::current::{CurrentSource, NoisyCurrent};
use crate::error::{NetworkError, ParameterError, positive};
use crate::grid::GridSimulation;
use crate::network::Network;
use crate::neuron::IfCurrExp;
use crate::population::Population;
use crate::random::StreamKey;
use crate::simulation::Simulation;
use crate::source::poisson_rates_for_moments;
use crate::theory::Noise;

/// Most Poisson spikes of all trials of a point that the exact engine takes, one by one: some minutes.
const MOST_SPIKES: f64 = 1e10;

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

/// How time goes on.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Engine {
    /// From event to event, with exact spike times.
    #[default]
    Exact,
    /// By steps of `dt` (ms), with spikes at grid points only, as NEST's `iaf_psc_exp` ([`GridSimulation`]).
    Grid {
        /// Length of a step (ms).
        dt: f64,
    },
}

/// Repeated measurements of a firing rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ResponseTrials {
    /// The neuron; its i_offset adds to the driven mean.
    pub neuron: IfCurrExp,
    /// The fluctuating current.
    pub drive: Drive,
    /// What simulates it.
    pub engine: Engine,
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
    /// # Errors
    ///
    /// As [`ResponseTrials::rates`].
    pub fn measure(&self, mu: f64, seed: u64) -> Result<MeasuredRate, NetworkError> {
        let rates = self.rates(mu, seed)?;
        let n = rates.len() as f64;
        let rate = rates.iter().sum::<f64>() / n;
        let variance = rates.iter().map(|trial| (trial - rate).powi(2)).sum::<f64>() / (n - 1.0);
        Ok(MeasuredRate { rate, sem: (variance / n).sqrt() })
    }

    /// Rate (Hz) of each trial at a mean current `mu` (nA, without the neuron's i_offset).
    ///
    /// The trials are the neurons of one population. The random numbers are a function of the seed, `mu`, sigma and the trial: a point has
    /// the same value in every curve.
    ///
    /// # Errors
    ///
    /// Refuses impossible parameters; with [`Drive::Poisson`] also means that the weight cannot produce, see
    /// [`poisson_rates_for_moments`], receptors of different time constants, and more than 1e10 spikes unless they are counted on a grid;
    /// on a grid, durations and noise intervals that are no whole number of steps.
    pub fn rates(&self, mu: f64, seed: u64) -> Result<Vec<f64>, NetworkError> {
        positive("duration", "ms", self.duration)?;
        let mut network = Network::new();
        network.add_population(self.population(mu)?);
        let sigma = match self.drive {
            Drive::Noise { stdev, .. } => stdev,
            Drive::Poisson { sigma, .. } => sigma,
        };
        let key = StreamKey { seed, sample: point_address(mu, sigma) };
        let record = match self.engine {
            Engine::Exact => Simulation::new(&network)?.run(&[], key, self.duration)?,
            Engine::Grid { dt } => GridSimulation::new(&network, dt)?.run(&[], key, self.duration)?,
        };
        let seconds = self.duration / crate::MS_PER_S;
        Ok(record.populations[0].counts.iter().map(|&count| f64::from(count) / seconds).collect())
    }

    /// The neurons of all trials, with their inputs.
    fn population(&self, mu: f64) -> Result<Population, NetworkError> {
        let population = Population::new(self.trials, self.neuron)?;
        match self.drive {
            Drive::Noise { stdev, dt } => {
                population.with_current(CurrentSource::Noisy(NoisyCurrent::new(mu, stdev, dt)), None)
            }
            Drive::Poisson { sigma, weight } => {
                let IfCurrExp { tau_syn_e, tau_syn_i, .. } = self.neuron;
                if tau_syn_e != tau_syn_i {
                    return Err(ParameterError::UnequalReceptors { tau_syn_e, tau_syn_i }.into());
                }
                let (excitatory, inhibitory) = poisson_rates_for_moments(mu, sigma, tau_syn_e, weight)?;
                let expected = (excitatory + inhibitory) * self.trials as f64 * self.duration / crate::MS_PER_S;
                if expected > MOST_SPIKES && self.engine == Engine::Exact {
                    return Err(NetworkError::TooManySpikes { expected, most: MOST_SPIKES });
                }
                population
                    .with_background(Background::new(excitatory, weight))?
                    .with_background(Background::new(inhibitory, -weight))
            }
        }
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
            let trials = ResponseTrials {
                neuron,
                drive: Drive::Noise { stdev, dt },
                engine: Engine::Exact,
                trials: 20,
                duration: 20_000.0,
            };
            let got = trials.measure(mu, 1).unwrap();
            assert!((got.rate - want).abs() < 4.0 * got.sem + 0.02, "{mu} {stdev} {dt}: {got:?} instead of {want}");
        }
    }

    /// Poisson input against Monte Carlo of an independent program (OU current, tau_syn 5 ms, mu 0.3 total, sigma 0.5: 56.1(1) Hz).
    #[test]
    fn rates_under_poisson_input() {
        let neuron = IfCurrExp::liu_furber_2016();
        let drive = Drive::Poisson { sigma: 0.5, weight: 0.01 };
        let trials = ResponseTrials { neuron, drive, engine: Engine::Exact, trials: 10, duration: 4_000.0 };
        let got = trials.measure(0.2, 1).unwrap();
        // Four standard errors of both, and 0.5 Hz for the start from rest and the finite weight.
        assert!((got.rate - 56.1).abs() < 4.0 * (got.sem + 0.1) + 0.5, "{got:?}");
    }

    /// Mean without i_offset (nA), sigma (nA) and rate (Hz) behind figure 2 of Liu & Furber (2016), from the authors' public data.
    const PUBLISHED: [(f64, f64, f64); 5] =
        [(-0.3, 0.5, 3.76), (0.1, 0.5, 38.68), (0.6, 0.5, 117.52), (-0.2, 1.0, 26.13), (0.4, 1.0, 88.48)];

    /// On a grid of 1 ms: the renewal equation of the neuron that can fire at grid points only, converged to 1e-9 (total mean nA, stdev nA, rate
    /// Hz); and the rates that the authors of Liu & Furber (2016) recorded with NEST on that grid under Poisson input at tau_syn 5 ms (mean
    /// without i_offset nA, sigma nA, rate Hz), ten trials of 10 s each: four standard errors of the difference, sqrt(2) of ours.
    #[test]
    fn rates_on_a_grid() {
        let neuron = IfCurrExp::liu_furber_2016();
        let measure = |drive, mu| {
            ResponseTrials { neuron, drive, engine: Engine::Grid { dt: 1.0 }, trials: 10, duration: 10_000.0 }
                .measure(mu, 1)
                .unwrap()
        };
        for (total, stdev, want) in [(0.1, 0.5, 11.209_012_089), (0.3, 1.0, 55.745_297_165), (0.7, 1.0, 121.726_489_51)]
        {
            let got = measure(Drive::Noise { stdev, dt: 1.0 }, total - neuron.i_offset);
            assert!((got.rate - want).abs() < 4.0 * got.sem, "{total} {stdev}: {got:?} instead of {want}");
        }
        for (mu, sigma, want) in PUBLISHED {
            let got = measure(Drive::Poisson { sigma, weight: 0.05 }, mu);
            assert!((got.rate - want).abs() < 4.0 * 1.42 * got.sem, "{mu} {sigma}: {got:?} instead of {want}");
        }
    }

    #[test]
    fn impossible_drives_are_refused() {
        let neuron = IfCurrExp::liu_furber_2016();
        let trials = |drive| ResponseTrials { neuron, drive, engine: Engine::Exact, trials: 2, duration: 10.0 };
        assert!(trials(Drive::Noise { stdev: f64::NAN, dt: 1.0 }).measure(0.0, 1).is_err());
        assert!(trials(Drive::Noise { stdev: 1.0, dt: 0.0 }).measure(0.0, 1).is_err());
        assert!(trials(Drive::Noise { stdev: 1.0, dt: 1.0 }).measure(f64::NAN, 1).is_err());
        assert!(trials(Drive::Poisson { sigma: 0.1, weight: 0.05 }).measure(0.6, 1).is_err());
        // 2 sigma^2 / (tau_syn w^2) = 4e11 spikes per ms.
        let many = trials(Drive::Poisson { sigma: 1.0, weight: 1e-6 });
        assert!(matches!(many.measure(0.0, 1), Err(NetworkError::TooManySpikes { .. })));
        // A noise interval of half a step.
        let grid = ResponseTrials { engine: Engine::Grid { dt: 1.0 }, ..trials(Drive::Noise { stdev: 1.0, dt: 0.5 }) };
        assert!(matches!(grid.measure(0.0, 1), Err(NetworkError::OffGrid { .. })));
    }
}
