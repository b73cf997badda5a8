//! What is said of the spikes of a population: rates and irregularity.

use sim::{MS_PER_S, Population, PopulationRecord, Spike};

/// Fewest spikes of a neuron whose intervals have a coefficient of variation.
const FEWEST_SPIKES: usize = 3;

/// Firing of one population.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Firing {
    /// Number of spikes of all neurons.
    pub(super) spikes: u64,
    /// Mean rate of a neuron (Hz); NaN if no time was simulated.
    pub(super) rate: f64,
    /// Coefficient of variation of the inter-spike intervals, mean over the neurons that have one; NaN if none has.
    pub(super) cv: f64,
    /// How many neurons that are.
    pub(super) cv_neurons: usize,
}

impl Firing {
    pub(super) fn of(population: &Population, record: &PopulationRecord) -> Firing {
        let cvs = interval_cvs(&record.spikes, population.size());
        Firing {
            spikes: record.total(),
            rate: record.total() as f64 * MS_PER_S / (population.size() as f64 * record.duration),
            cv: cvs.iter().sum::<f64>() / cvs.len() as f64,
            cv_neurons: cvs.len(),
        }
    }
}

/// The coefficient of variation of the inter-spike intervals of each neuron with at least three spikes: their standard deviation
/// (divided by their number, not by one less, as in Elephant) over their mean.
///
/// Spikes are in order of time.
fn interval_cvs(spikes: &[Spike], size: usize) -> Vec<f64> {
    let mut times = vec![Vec::new(); size];
    spikes.iter().for_each(|spike| times[spike.neuron as usize].push(spike.time));
    let enough = times.iter().filter(|times| times.len() >= FEWEST_SPIKES);
    enough
        .map(|times| {
            let intervals = || times.windows(2).map(|pair| pair[1] - pair[0]);
            let n = (times.len() - 1) as f64;
            let mean = intervals().sum::<f64>() / n;
            (intervals().map(|interval| (interval - mean).powi(2)).sum::<f64>() / n).sqrt() / mean
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spikes(trains: &[&[f64]]) -> Vec<Spike> {
        let train = |(neuron, times): (usize, &&[f64])| {
            times.iter().map(|&time| Spike { time, neuron: neuron as u32 }).collect::<Vec<_>>()
        };
        let mut spikes: Vec<Spike> = trains.iter().enumerate().flat_map(train).collect();
        spikes.sort_by(|a, b| a.time.total_cmp(&b.time));
        spikes
    }

    #[test]
    fn irregularity_of_known_trains() {
        // By hand: a clock has none; intervals of 1 and 3 ms have mean 2 and standard deviation 1; two spikes and none do not count.
        let trains: [&[f64]; 4] = [&[5.0, 10.0, 15.0, 20.0], &[1.0, 2.0, 5.0], &[3.0, 4.0], &[]];
        assert_eq!(interval_cvs(&spikes(&trains), 4), [0.0, 0.5]);
    }

    #[test]
    fn irregularity_of_a_poisson_process_is_one() {
        // Exponential intervals have a coefficient of variation of 1. Of 10,000 intervals its standard error is 0.01 (sqrt of
        // (mu4 - sigma^4) / 4 sigma^4 + 1 - mu3 / sigma^3 for mu4 = 9, mu3 = 2: 1, over n); five of them, false alarm 6e-7.
        let key = sim::StreamKey { seed: 2, sample: 0 };
        let mut stream = key.stream(0, 0, sim::Purpose::SpikeTimes);
        let mut now = 0.0;
        let mut train: Vec<Spike> = Vec::new();
        for _ in 0..10_001 {
            now += stream.exponential();
            train.push(Spike { time: now, neuron: 0 });
        }
        assert!((interval_cvs(&train, 1)[0] - 1.0).abs() < 0.05);
    }
}
