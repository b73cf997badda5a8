//! The delays of a projection in steps, and the way of a spike into the ring of its targets.

use super::arrivals::Arrivals;
use super::steps::Steps;
use crate::error::NetworkError;
use crate::projection::{PerSynapse, Projection, Synapses};

/// Delays of one projection, in steps.
#[derive(Debug, Clone)]
pub(super) enum Delays {
    /// The same for all synapses.
    Same(u64),
    /// One for each listed synapse.
    Each(Vec<u64>),
}

impl Delays {
    /// Rounds to the nearest step; half a step is rounded up.
    ///
    /// # Errors
    ///
    /// Refuses delays that would be rounded to zero.
    pub(super) fn new(projection: &Projection, steps: &Steps) -> Result<Delays, NetworkError> {
        let count = |delay: f64| match steps.nearest(delay) {
            0 => Err(NetworkError::DelayBelowStep { post: projection.post(), delay, dt: steps.dt() }),
            count => Ok(count),
        };
        match &projection.synapses {
            Synapses::Sparse(sparse) => match sparse.delays() {
                PerSynapse::Same(own) => count(projection.delay + own).map(Delays::Same),
                PerSynapse::Each(own) => {
                    own.iter().map(|own| count(projection.delay + own)).collect::<Result<_, _>>().map(Delays::Each)
                }
            },
            _ => count(projection.delay).map(Delays::Same),
        }
    }

    /// The longest.
    pub(super) fn longest(&self) -> u64 {
        match self {
            Delays::Same(delay) => *delay,
            Delays::Each(delays) => delays.iter().copied().max().unwrap_or(1),
        }
    }

    /// Sends a spike of `pre`, fired at the grid point `step`, on its way; returns the number of synaptic events before `end`.
    pub(super) fn send(&self, synapses: &Synapses, pre: usize, step: u64, end: u64, arrivals: &mut Arrivals) -> u64 {
        let mut events = 0;
        match (self, synapses) {
            (Delays::Each(delays), Synapses::Sparse(sparse)) => {
                for synapse in sparse.range(pre) {
                    let arrival = step + delays[synapse];
                    arrivals.add(arrival, sparse.targets()[synapse] as usize, sparse.weights().at(synapse));
                    events += u64::from(arrival < end);
                }
            }
            (Delays::Same(delay), _) => {
                let arrival = step + delay;
                synapses.rows(pre, |row| {
                    events += row.len() as u64;
                    arrivals.add_row(arrival, row);
                });
                if arrival >= end {
                    events = 0;
                }
            }
            (Delays::Each(_), _) => unreachable!("only listed synapses have delays of their own"),
        }
        events
    }
}
