//! What drives a network from outside: spike sources and injected currents.

use crate::error::{NetworkError, ParameterError, finite, not_negative, positive};
use crate::random::{Purpose, StreamKey};
use crate::record::Spike;

/// Most spikes that a source may send in one run: 1.6 GB.
const MOST_SPIKES: f64 = 1e8;

/// Spike source of several neurons, as given to one run.
///
/// A network declares how many neurons a source has; what they emit is an argument of the run, so that one
/// network serves many stimuli.
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "SpikeSourcePoisson")]
#[doc(alias = "SpikeSourceArray")]
pub enum Source {
    /// Independent Poisson processes with these rates (Hz), one per neuron, over the whole run.
    Poisson(Vec<f64>),
    /// Given spikes, in order of time.
    Spikes(Vec<Spike>),
}

impl Source {
    /// The spikes of the source in [0, duration) ms, in order of time, then neuron.
    ///
    /// `size` is the declared number of neurons, `index` the address of the source's random streams.
    ///
    /// # Errors
    ///
    /// Refuses a wrong number of rates, rates that are negative or not finite, and spike times that are not
    /// ascending, not finite, negative or of a neuron that does not exist.
    pub(crate) fn emit(
        &self,
        size: usize,
        index: u32,
        key: StreamKey,
        duration: f64,
    ) -> Result<Vec<Spike>, NetworkError> {
        match self {
            Source::Poisson(rates) => {
                if rates.len() != size {
                    return Err(NetworkError::Length { what: "rates of a source", expected: size, found: rates.len() });
                }
                rates.iter().try_for_each(|&rate| not_negative("rate", "Hz", rate))?;
                let expected = rates.iter().sum::<f64>() * duration / crate::MS_PER_S;
                if expected > MOST_SPIKES {
                    return Err(NetworkError::TooManySpikes { expected, most: MOST_SPIKES });
                }
                Ok(poisson_spikes(rates, index, key, duration))
            }
            Source::Spikes(spikes) => {
                let times: Vec<f64> = spikes.iter().map(|s| s.time).collect();
                check_times("spikes of a source", &times)?;
                if let Some(stray) = spikes.iter().find(|s| s.neuron as usize >= size) {
                    return Err(NetworkError::Missing {
                        what: "neuron of a spike source",
                        index: stray.neuron as usize,
                        count: size,
                    });
                }
                Ok(spikes.iter().copied().take_while(|s| s.time < duration).collect())
            }
        }
    }
}

fn poisson_spikes(rates: &[f64], index: u32, key: StreamKey, duration: f64) -> Vec<Spike> {
    let mut spikes = Vec::new();
    for (neuron, &rate) in rates.iter().enumerate() {
        if rate == 0.0 {
            continue;
        }
        let neuron = neuron as u32;
        let mut stream = key.stream(index, neuron, Purpose::SpikeTimes);
        let interval = crate::MS_PER_S / rate;
        let mut time = interval * stream.exponential();
        while time < duration {
            spikes.push(Spike { time, neuron });
            time += interval * stream.exponential();
        }
    }
    // Stable: it merges the ascending runs that the neurons left.
    spikes.sort_by(|p, q| p.time.total_cmp(&q.time));
    spikes
}

/// Refuses times that are not finite, not negative and ascending.
pub(crate) fn check_times(what: &'static str, times: &[f64]) -> Result<(), NetworkError> {
    let mut previous = 0.0;
    for (position, &time) in times.iter().enumerate() {
        if !(previous <= time && time.is_finite()) {
            return Err(NetworkError::Times { what, position, found: time });
        }
        previous = time;
    }
    Ok(())
}

/// PyNN's `NoisyCurrentSource`: a Gaussian current, redrawn at regular intervals, independent for each neuron.
///
/// `stdev` is the standard deviation of the piecewise-constant amplitude. The white noise of equal intensity has
/// the amplitude `stdev sqrt(dt)` (nA sqrt(ms)).
#[derive(Debug, Clone, Copy, PartialEq)]
#[doc(alias = "NoisyCurrentSource")]
pub struct NoisyCurrent {
    /// Mean of the current (nA).
    pub mean: f64,
    /// Standard deviation of the amplitude (nA).
    pub stdev: f64,
    /// Interval between redraws (ms); the first draw is at time zero.
    pub dt: f64,
}

impl NoisyCurrent {
    /// Refuses what cannot be drawn.
    ///
    /// # Errors
    ///
    /// The mean must be finite, the standard deviation zero or more, the interval positive.
    pub fn check(&self) -> Result<(), ParameterError> {
        finite("mean", "nA", self.mean)?;
        not_negative("stdev", "nA", self.stdev)?;
        positive("dt", "ms", self.dt)
    }
}

/// Rates (Hz) of one excitatory and one inhibitory Poisson input that together have a given mean and noise.
///
/// ```text
/// mean I = tau_syn w (l_e - l_i),   Var I = (tau_syn / 2) w^2 (l_e + l_i)        rates in 1/ms
/// ```
///
/// * `mu`: mean synaptic current (nA)
/// * `sigma`: standard deviation of the stationary synaptic current (nA), as in eq. (4) of Liu & Furber (2016);
///   not the amplitude of a redrawn current and not a white-noise amplitude
/// * `tau_syn`: synaptic time constant (ms)
/// * `weight`: weight of the excitatory synapses (nA, positive); the inhibitory ones have `-weight`
///
/// # Errors
///
/// No rates of zero or more exist unless `weight <= 2 sigma^2 / |mu|`.
pub fn poisson_rates_for_moments(mu: f64, sigma: f64, tau_syn: f64, weight: f64) -> Result<(f64, f64), ParameterError> {
    finite("mu", "nA", mu)?;
    not_negative("sigma", "nA", sigma)?;
    positive("tau_syn", "ms", tau_syn)?;
    positive("weight", "nA", weight)?;
    if sigma == 0.0 && mu != 0.0 {
        return Err(ParameterError::MeanWithoutNoise { mu });
    }
    let sum = 2.0 * sigma * sigma / (weight * weight);
    let difference = mu / weight;
    if difference.abs() > sum {
        let largest = 2.0 * sigma * sigma / mu.abs();
        return Err(ParameterError::InfeasibleMoments { weight, mu, sigma, largest });
    }
    let per_ms = |x: f64| x / (2.0 * tau_syn) * crate::MS_PER_S;
    Ok((per_ms(sum + difference), per_ms(sum - difference)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poisson_counts_and_intervals() {
        // 200 processes of 50 Hz over 10 s: 1e5 spikes expected. The count is Poisson (4.5 standard
        // deviations, false alarm 7e-6); the dispersion of the counts of single neurons is chi-square with 199
        // degrees of freedom (5 standard deviations); the intervals pass a Kolmogorov-Smirnov test
        // against the exponential distribution at 1e-5 (critical value 2.4 / sqrt(n)).
        let rates = vec![50.0; 200];
        let spikes = poisson_spikes(&rates, 0, StreamKey { seed: 3, sample: 0 }, 10_000.0);
        let n = spikes.len() as f64;
        assert!((n - 1e5).abs() < 4.5 * 1e5f64.sqrt());
        assert!(spikes.is_sorted_by(|p, q| p.time <= q.time));

        let mut counts = vec![0.0; 200];
        let mut last = vec![0.0; 200];
        let mut waits = Vec::new();
        for s in &spikes {
            counts[s.neuron as usize] += 1.0;
            waits.push(s.time - last[s.neuron as usize]);
            last[s.neuron as usize] = s.time;
        }
        let chi_square: f64 = counts.iter().map(|c| (c - 500.0f64).powi(2) / 500.0).sum();
        assert!((chi_square - 199.0).abs() < 5.0 * (2.0 * 199.0f64).sqrt());

        waits.sort_by(f64::total_cmp);
        let distance = waits
            .iter()
            .enumerate()
            .map(|(i, w)| ((1.0 - (-w / 20.0).exp()) - (i as f64 + 0.5) / n).abs())
            .fold(0.0, f64::max);
        // Intervals are cut off at 10 s, which shortens them by far less than the critical value.
        assert!(distance < 2.4 / n.sqrt() + 1.0 / 500.0, "{distance}");
    }

    #[test]
    fn moments_of_the_paper() {
        // mu 0.1 nA, sigma 0.5 nA, tau 5 ms, w 0.05 nA: l_e + l_i = 2 sigma^2/(tau w^2) = 40 /ms,
        // l_e - l_i = mu/(tau w) = 0.4 /ms.
        let (excitatory, inhibitory) = poisson_rates_for_moments(0.1, 0.5, 5.0, 0.05).unwrap();
        assert!((excitatory - 20_200.0).abs() < 1e-9);
        assert!((inhibitory - 19_800.0).abs() < 1e-9);
        assert!(poisson_rates_for_moments(1.0, 0.1, 5.0, 0.05).is_err());
    }
}
