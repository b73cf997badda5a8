//! Accuracy as a function of presentation time.

use crate::presentation::{Decision, Outcome};
use crate::statistics::{Interval, wilson};

/// Latencies (ms) at which decisions are read: 10, 20, ... 100, 200, ... up to the duration, and the duration itself.
pub fn standard_latencies(duration: f64) -> Vec<f64> {
    let mut latencies: Vec<f64> = (1..10)
        .map(|i| 10.0 * f64::from(i))
        .chain((1..=u32::MAX).map(|i| 100.0 * f64::from(i)))
        .take_while(|&t| t < duration)
        .collect();
    latencies.push(duration);
    latencies
}

/// Accuracy at each latency.
#[derive(Debug, Clone, PartialEq)]
pub struct LatencyAccuracy {
    /// Presentation times (ms), ascending.
    pub latencies: Vec<f64>,
    /// Number of images.
    pub images: u64,
    /// Correct decisions at each latency; a tie or silence counts as wrong.
    pub correct: Vec<u64>,
    /// Images at each latency on which two or more classes share the largest count, or no output has fired.
    pub undecided: Vec<u64>,
}

impl LatencyAccuracy {
    /// Tallies outcomes with their labels.
    pub fn of<'a>(latencies: &[f64], outcomes: impl IntoIterator<Item = (&'a Outcome, u8)>) -> LatencyAccuracy {
        let n = latencies.len();
        let mut tally =
            LatencyAccuracy { latencies: latencies.to_vec(), images: 0, correct: vec![0; n], undecided: vec![0; n] };
        for (outcome, label) in outcomes {
            tally.images += 1;
            for (i, &decision) in outcome.decisions.iter().enumerate() {
                tally.correct[i] += u64::from(decision == Decision::Class(label));
                tally.undecided[i] += u64::from(!matches!(decision, Decision::Class(_)));
            }
        }
        tally
    }

    /// Accuracy at latency number i, between 0 and 1.
    pub fn accuracy(&self, i: usize) -> f64 {
        self.correct[i] as f64 / self.images as f64
    }

    /// Wilson's 95 % interval of the accuracy at latency number i.
    pub fn interval(&self, i: usize) -> Interval {
        wilson(self.correct[i], self.images)
    }

    /// The first latency (ms) whose accuracy is within one percentage point of the last.
    pub fn within_one_point(&self) -> Option<f64> {
        let last = self.accuracy(self.latencies.len().checked_sub(1)?);
        (0..self.latencies.len()).find(|&i| self.accuracy(i) >= last - 0.01).map(|i| self.latencies[i])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_of_the_paper() {
        let latencies = standard_latencies(1000.0);
        assert_eq!(latencies[..11], [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0, 200.0]);
        assert_eq!(*latencies.last().unwrap(), 1000.0);
        assert_eq!(latencies.len(), 19);
        assert_eq!(standard_latencies(25.0), [10.0, 20.0, 25.0]);
        assert_eq!(standard_latencies(5.0), [5.0]);
    }

    #[test]
    fn ties_and_silence_are_wrong() {
        let outcome = |decisions: [Decision; 2]| Outcome { decisions: decisions.to_vec(), ..Outcome::default() };
        let outcomes = [
            outcome([Decision::Silent, Decision::Class(3)]),
            outcome([Decision::Tie, Decision::Class(1)]),
            outcome([Decision::Class(3), Decision::Class(3)]),
        ];
        let tally = LatencyAccuracy::of(&[10.0, 20.0], outcomes.iter().map(|o| (o, 3)));
        assert_eq!((tally.correct.as_slice(), tally.undecided.as_slice()), ([1, 2].as_slice(), [2, 0].as_slice()));
        assert_eq!(tally.within_one_point(), Some(20.0));
    }
}
