//! Backgrounds on the grid: spike by spike, or, where there are many, as numbers of spikes per step.

use super::arrivals::Arrivals;
use super::steps::Steps;
use crate::background::{Background, BackgroundTrain};
use crate::population::Population;
use crate::random::{PoissonCount, Purpose, Stream, StreamKey};

/// Most spikes per neuron and step that are drawn one by one; the number of more takes less time to draw than they do.
const MOST_SINGLE: f64 = 8.0;

/// One background of a population in one run.
pub(super) enum Input {
    /// The spikes that the exact engine receives.
    Spikes(BackgroundTrain),
    /// Their numbers, as NEST's `poisson_generator` draws them.
    Counts(Counts),
}

/// Numbers of spikes per neuron and step.
pub(super) struct Counts {
    weight: f64,
    /// Spikes per ms of each neuron.
    rates: Vec<f64>,
    start: f64,
    stop: f64,
    /// Of a whole step; none where the rate is zero.
    whole: Vec<Option<PoissonCount>>,
    stream: Stream,
}

impl Input {
    /// The background number `index` of a population, whose random streams have this address.
    pub(super) fn new(
        background: &Background,
        population: &Population,
        key: StreamKey,
        address: u32,
        index: u32,
        steps: &Steps,
    ) -> Input {
        let size = population.size();
        let rates: Vec<f64> = (0..size).map(|j| background.rate_of(j) / crate::MS_PER_S).collect();
        let mean = rates.iter().sum::<f64>() / size as f64 * steps.dt();
        if !(mean > MOST_SINGLE) {
            return Input::Spikes(BackgroundTrain::new(background, size, key, address, index));
        }
        let Background { weight, start, duration, .. } = *background;
        Input::Counts(Counts {
            weight,
            start,
            stop: start + duration,
            whole: rates.iter().map(|rate| PoissonCount::new(rate * steps.dt())).collect(),
            rates,
            stream: key.stream(address, index, Purpose::Background),
        })
    }

    /// Delivers what falls into the step that ends at a grid point; returns the number of spikes.
    pub(super) fn arrive(&mut self, arrivals: &mut Arrivals, step: u64, steps: &Steps) -> u64 {
        match self {
            Input::Spikes(train) => {
                let mut events = 0;
                while steps.at_or_after(train.next) <= step {
                    arrivals.add(step, train.pop(), train.weight);
                    events += 1;
                }
                events
            }
            Input::Counts(counts) => counts.arrive(arrivals, step, steps),
        }
    }
}

impl Counts {
    fn arrive(&mut self, arrivals: &mut Arrivals, step: u64, steps: &Steps) -> u64 {
        let (begin, end) = (steps.time(step - 1), steps.time(step));
        let is_whole = self.start <= begin && end <= self.stop;
        let part = end.min(self.stop) - begin.max(self.start);
        let mut events = 0;
        for (neuron, (&whole, rate)) in self.whole.iter().zip(&self.rates).enumerate() {
            let count = if is_whole { whole } else { PoissonCount::new(rate * part) };
            let spikes = count.map_or(0.0, |count| count.draw(&mut self.stream));
            arrivals.add(step, neuron, spikes * self.weight);
            events += spikes as u64;
        }
        events
    }
}
