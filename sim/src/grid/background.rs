//! Poisson inputs of the neurons' own on the grid: spike by spike, or as numbers of spikes where they are dense.

use super::arrivals::Arrivals;
use super::steps::Steps;
use crate::random::{Purpose, Stream, StreamKey};
use crate::source::{Background, BackgroundTrain};

/// Spikes per neuron and step above which their number is drawn: a draw costs as much as some ten single spikes.
const DENSE: f64 = 10.0;

/// A background of a population in one run.
pub(super) enum GridBackground {
    /// Spikes one by one, those of the exact engine.
    Sparse(BackgroundTrain),
    /// The number of spikes of each neuron in each step.
    Dense { background: Background, size: usize, stream: Stream },
}

impl GridBackground {
    /// The background of a population of `size` neurons; `address` is that of its random streams, `index` its number among them.
    pub(super) fn new(
        background: &Background,
        size: usize,
        key: StreamKey,
        address: u32,
        index: u32,
        steps: &Steps,
    ) -> GridBackground {
        if background.rate * steps.dt() > DENSE * crate::MS_PER_S {
            let stream = key.stream(address, index, Purpose::Background);
            GridBackground::Dense { background: *background, size, stream }
        } else {
            GridBackground::Sparse(BackgroundTrain::new(background, size, key, address, index))
        }
    }

    /// Adds the weights that arrive at the end of `step`; returns the number of spikes.
    pub(super) fn arrive(&mut self, step: u64, steps: &Steps, arrivals: &mut Arrivals) -> u64 {
        let mut events = 0;
        match self {
            GridBackground::Sparse(train) => {
                while steps.at_or_after(train.next) <= step {
                    arrivals.add(step, train.pop(), train.weight);
                    events += 1;
                }
            }
            GridBackground::Dense { background, size, stream } => {
                let Background { rate, weight, start, duration } = *background;
                let active = steps.time(step).min(start + duration) - steps.time(step - 1).max(start);
                if active > 0.0 {
                    for neuron in 0..*size {
                        let count = stream.count(rate / crate::MS_PER_S * active);
                        arrivals.add(step, neuron, weight * count);
                        events += count as u64;
                    }
                }
            }
        }
        events
    }
}
