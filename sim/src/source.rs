//! Spike sources: what drives a network from outside.

use crate::error::{NetworkError, ParameterError, finite, not_negative, positive};
use crate::random::{Purpose, Stream, StreamKey};
use crate::record::Spike;

/// Most spikes that a source may send in one run: 1.6 GB.
const MOST_SPIKES: f64 = 1e8;

/// Spike source of several neurons, as given to one run.
///
/// A network declares how many neurons a source has; what they emit is an argument of the run, so that one
/// network serves many stimuli.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// Independent Poisson processes between `start` and `start + duration`, one per neuron.
    #[doc(alias = "SpikeSourcePoisson")]
    Poisson {
        /// Rates (Hz), one per neuron.
        rates: Vec<f64>,
        /// When they begin (ms).
        start: f64,
        /// How long they last (ms); may be infinite.
        duration: f64,
    },
    /// Independent Poisson processes whose rates change in steps.
    #[doc(alias = "inhomogeneous_poisson_generator")]
    PoissonSteps {
        /// Times of change (ms, ascending); silent before the first, and the last rates hold.
        times: Vec<f64>,
        /// Rates (Hz) from each time on, one per neuron.
        rates: Vec<Vec<f64>>,
    },
    /// Given spikes, in order of time.
    #[doc(alias = "SpikeSourceArray")]
    Spikes(Vec<Spike>),
}

impl Source {
    /// Poisson processes over the whole run, with these rates (Hz).
    pub fn poisson(rates: Vec<f64>) -> Source {
        Source::Poisson { rates, start: 0.0, duration: f64::INFINITY }
    }

    /// The spikes that `size` neurons of this source send in [0, duration) ms, in order of time, then neuron: those of a run under this key in
    /// which it is the first source.
    ///
    /// # Errors
    ///
    /// As a run: a wrong number of rates, and numbers and times that make no sense.
    pub fn spikes(&self, size: usize, key: StreamKey, duration: f64) -> Result<Vec<Spike>, NetworkError> {
        self.emit(size, 0, false, key, duration)
    }

    /// The spikes of the source in [0, duration) ms, in order of time, then neuron.
    ///
    /// `size` is the declared number of neurons, `index` the address of the source's random streams. With `merged`, nobody can tell its
    /// neurons apart, and Poisson processes are drawn as the single process that they add up to, all of it from neuron 0.
    ///
    /// # Errors
    ///
    /// Refuses a wrong number of rates, rates that are negative or not finite, and times that are not
    /// ascending, not finite, negative or of a neuron that does not exist.
    pub(crate) fn emit(
        &self,
        size: usize,
        index: u32,
        merged: bool,
        key: StreamKey,
        duration: f64,
    ) -> Result<Vec<Spike>, NetworkError> {
        match self {
            Source::Poisson { rates, start, duration: length } => {
                not_negative("start", "ms", *start)?;
                if !(*length >= 0.0) {
                    return Err(ParameterError::StopBeforeStart { start: *start, stop: start + length }.into());
                }
                let stop = duration.min(start + length);
                let (times, rates) = (std::slice::from_ref(start), std::slice::from_ref(rates));
                Ok(PoissonSteps::new(size, times, rates, stop)?.spikes(merged, index, key))
            }
            Source::PoissonSteps { times, rates } => {
                Ok(PoissonSteps::new(size, times, rates, duration)?.spikes(merged, index, key))
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

/// Checked Poisson processes with rates that change in steps.
struct PoissonSteps<'a> {
    times: &'a [f64],
    rates: &'a [Vec<f64>],
    size: usize,
    stop: f64,
}

impl<'a> PoissonSteps<'a> {
    fn new(size: usize, times: &'a [f64], rates: &'a [Vec<f64>], stop: f64) -> Result<PoissonSteps<'a>, NetworkError> {
        check_times("times of a source", times)?;
        if rates.len() != times.len() {
            let (expected, found) = (times.len(), rates.len());
            return Err(NetworkError::Length { what: "steps of a source", expected, found });
        }
        let steps = PoissonSteps { times, rates, size, stop };
        let mut expected = 0.0;
        for (step, rates) in rates.iter().enumerate() {
            if rates.len() != size {
                return Err(NetworkError::Length { what: "rates of a source", expected: size, found: rates.len() });
            }
            rates.iter().try_for_each(|&rate| not_negative("rate", "Hz", rate))?;
            expected += rates.iter().sum::<f64>() * steps.length(step) / crate::MS_PER_S;
        }
        if expected > MOST_SPIKES {
            return Err(NetworkError::TooManySpikes { expected, most: MOST_SPIKES });
        }
        Ok(steps)
    }

    /// Duration of a step (ms).
    fn length(&self, step: usize) -> f64 {
        let end = self.times.get(step + 1).copied().unwrap_or(f64::INFINITY).min(self.stop);
        (end - self.times[step]).max(0.0)
    }

    fn spikes(&self, merged: bool, index: u32, key: StreamKey) -> Vec<Spike> {
        let mut spikes = Vec::new();
        if merged {
            let mut stream = key.stream(index, 0, Purpose::SpikeTimes);
            self.process(0, |step| self.rates[step].iter().sum(), &mut stream, &mut spikes);
            return spikes;
        }
        for neuron in 0..self.size {
            if self.rates.iter().any(|rates| rates[neuron] > 0.0) {
                let mut stream = key.stream(index, neuron as u32, Purpose::SpikeTimes);
                self.process(neuron as u32, |step| self.rates[step][neuron], &mut stream, &mut spikes);
            }
        }
        crate::record::sort(&mut spikes);
        spikes
    }

    /// One process. A wait that outlives its step is cut there and goes on at the new rate (its expectation is in units of spikes).
    fn process(&self, neuron: u32, rate: impl Fn(usize) -> f64, stream: &mut Stream, spikes: &mut Vec<Spike>) {
        let mut wait = stream.exponential();
        for step in 0..self.times.len() {
            let interval = crate::MS_PER_S / rate(step);
            let (mut time, end) = (self.times[step], self.times[step] + self.length(step));
            while time + interval * wait < end {
                time += interval * wait;
                spikes.push(Spike { time, neuron });
                wait = stream.exponential();
            }
            wait = (wait - (end - time) / interval).max(0.0);
        }
    }
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
    // At the very bound a part in 1e12 is rounding of the arguments.
    if difference.abs() > sum * (1.0 + 1e-12) {
        let largest = 2.0 * sigma * sigma / mu.abs();
        return Err(ParameterError::InfeasibleMoments { weight, mu, sigma, largest });
    }
    let per_ms = |x: f64| x.max(0.0) / (2.0 * tau_syn) * crate::MS_PER_S;
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
        let key = StreamKey { seed: 3, sample: 0 };
        let spikes = Source::poisson(rates).emit(200, 0, false, key, 10_000.0).unwrap();
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

    /// Rates in steps, start and duration: the expected counts, within five standard deviations each (false alarm below 1e-5), drawn
    /// per neuron and as one merged process.
    #[test]
    fn poisson_in_stretches() {
        let key = StreamKey { seed: 4, sample: 0 };
        let near = |n: usize, want: f64| assert!((n as f64 - want).abs() < 5.0 * want.sqrt(), "{n} {want}");
        let source = Source::Poisson { rates: vec![40.0; 100], start: 500.0, duration: 2000.0 };
        let steps = Source::PoissonSteps {
            times: vec![100.0, 1100.0, 2100.0],
            rates: vec![vec![10.0; 100], vec![0.0; 100], vec![80.0; 100]],
        };
        for merged in [false, true] {
            let spikes = source.emit(100, 0, merged, key, 10_000.0).unwrap();
            near(spikes.len(), 8000.0);
            assert!(spikes.iter().all(|spike| (500.0..2500.0).contains(&spike.time)));
            let spikes = steps.emit(100, 0, merged, key, 3100.0).unwrap();
            let between = |lo: f64, hi: f64| spikes.iter().filter(|s| (lo..hi).contains(&s.time)).count();
            near(between(100.0, 1100.0), 1000.0);
            near(between(2100.0, 3100.0), 8000.0);
            assert_eq!(spikes.len(), between(100.0, 1100.0) + between(2100.0, 3100.0));
            assert!(spikes.is_sorted_by(|p, q| p.time <= q.time));
        }
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
