//! What is measured of a run, and how sure it is.

use super::runner::{Epoch, Run};
use crate::records::student_95;
use convert::{quantile, wilson};

/// A number that a run has in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// Mean loss over the training images of the last epoch.
    TrainLoss,
    /// Mean loss over the test images after the last epoch.
    TestLoss,
    /// Share of the training images that were wrong in the last epoch (%).
    TrainError,
    /// Share of the test images that are wrong after the last epoch (%).
    TestError,
    /// Share of the training images that were right in the last epoch (%).
    TrainAccuracy,
    /// Share of the test images that are right after the last epoch (%).
    TestAccuracy,
    /// The highest of these after any epoch.
    BestAccuracy,
    /// The lowest.
    LowestAccuracy,
    /// Mean squared error per output on the test images after the last epoch.
    SquareError,
}

/// Images that shares are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) training: usize,
    pub(super) test: usize,
}

/// A value and the ends of its interval, which are not finite where nothing is known of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Within {
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Within {
    pub(super) fn holds(self, x: f64) -> bool {
        self.low <= x && x <= self.high
    }

    pub(super) fn ends(self) -> [f64; 3] {
        [self.value, self.low, self.high]
    }
}

impl Measure {
    /// Name in files.
    pub(super) fn key(self) -> &'static str {
        match self {
            Measure::TrainLoss => "train_loss",
            Measure::TestLoss => "test_loss",
            Measure::TrainError => "train_error_percent",
            Measure::TestError => "test_error_percent",
            Measure::TrainAccuracy => "train_accuracy_percent",
            Measure::TestAccuracy => "test_accuracy_percent",
            Measure::BestAccuracy => "best_test_accuracy_percent",
            Measure::LowestAccuracy => "lowest_test_accuracy_percent",
            Measure::SquareError => "square_error",
        }
    }

    /// Name in tables and sentences.
    pub(super) fn heading(self) -> &'static str {
        match self {
            Measure::TrainLoss => "training loss",
            Measure::TestLoss => "test loss",
            Measure::TrainError => "training error (%)",
            Measure::TestError => "test error (%)",
            Measure::TrainAccuracy => "training accuracy (%)",
            Measure::TestAccuracy => "test accuracy (%)",
            Measure::BestAccuracy => "best test accuracy of any epoch (%)",
            Measure::LowestAccuracy => "lowest test accuracy of any epoch (%)",
            Measure::SquareError => "mean squared error of the reconstruction",
        }
    }

    /// Decimals on the terminal.
    pub(super) fn decimals(self) -> usize {
        if self.is_share() { 2 } else { 4 }
    }

    /// Whether it is a share of images, in percent.
    pub(super) fn is_share(self) -> bool {
        !matches!(self, Measure::TrainLoss | Measure::TestLoss | Measure::SquareError)
    }

    /// Its value for a run; not a number where the task has none, infinite for the loss of a run that diverged.
    pub(super) fn of(self, run: &Run) -> f64 {
        if run.diverged && !self.is_share() {
            return f64::INFINITY;
        }
        let last = |value: &dyn Fn(&Epoch) -> f64| run.epochs.last().map_or(f64::NAN, value);
        let accuracies = || run.epochs.iter().map(|epoch| 100.0 * (1.0 - epoch.test_error));
        match self {
            Measure::TrainLoss => last(&|epoch| epoch.train_loss),
            Measure::TestLoss => last(&|epoch| epoch.test_loss),
            Measure::TrainError => last(&|epoch| 100.0 * epoch.train_error),
            Measure::TestError => last(&|epoch| 100.0 * epoch.test_error),
            Measure::TrainAccuracy => last(&|epoch| 100.0 * (1.0 - epoch.train_error)),
            Measure::TestAccuracy => last(&|epoch| 100.0 * (1.0 - epoch.test_error)),
            Measure::BestAccuracy => accuracies().fold(f64::NAN, f64::max),
            Measure::LowestAccuracy => accuracies().fold(f64::NAN, f64::min),
            Measure::SquareError => last(&|epoch| epoch.square_error),
        }
    }

    /// Images that it is a share of.
    fn images(self, counts: Counts) -> usize {
        match self {
            Measure::TrainError | Measure::TrainAccuracy => counts.training,
            _ => counts.test,
        }
    }

    /// Of one run a share has Wilson's interval of 95 %; of several runs the median stands between the quartiles.
    pub(super) fn summary(self, runs: &[Run], counts: Counts) -> Within {
        let values: Vec<f64> = runs.iter().map(|run| self.of(run)).filter(|value| !value.is_nan()).collect();
        match values[..] {
            [value] if self.is_share() => {
                let images = self.images(counts) as f64;
                let interval = wilson((value / 100.0 * images).round() as u64, images as u64);
                Within { value, low: 100.0 * interval.low, high: 100.0 * interval.high }
            }
            [value] => Within { value, low: f64::NAN, high: f64::NAN },
            _ => {
                let [low, value, high] = [0.25, 0.5, 0.75].map(|share| quantile(values.clone(), share));
                Within { value, low, high }
            }
        }
    }

    /// How much more it is in the first of two conditions, seed by seed: of several runs the mean difference with Student's interval of
    /// 95 %, of one run a difference of two shares with that of two binomials. Not finite where a run diverged.
    pub(super) fn difference(self, first: &[Run], second: &[Run], counts: Counts) -> Within {
        let pair = |run: &Run| {
            let other = second.iter().find(|other| other.seed == run.seed)?;
            Some([self.of(run), self.of(other)])
        };
        let pairs: Vec<[f64; 2]> = first.iter().filter_map(pair).collect();
        let n = pairs.len() as f64;
        let value = pairs.iter().map(|[a, b]| a - b).sum::<f64>() / n;
        let half = match pairs[..] {
            [pair] if self.is_share() => {
                let variance = |percent: f64| percent * (100.0 - percent) / self.images(counts) as f64;
                student_95(usize::MAX) * (variance(pair[0]) + variance(pair[1])).sqrt()
            }
            [] | [_] => f64::NAN,
            _ => {
                let squares: f64 = pairs.iter().map(|[a, b]| (a - b - value).powi(2)).sum();
                student_95(pairs.len()) * (squares / (n - 1.0) / n).sqrt()
            }
        };
        Within { value, low: value - half, high: value + half }
    }

    /// How much more our median is than a published value of one run, with the interval of 95 % of the difference of two shares of as many
    /// images.
    pub(super) fn beyond(self, ours: f64, published: f64, counts: Counts) -> Within {
        let variance = |percent: f64| percent * (100.0 - percent) / self.images(counts) as f64;
        let half = match self.is_share() {
            true => student_95(usize::MAX) * (variance(ours) + variance(published)).sqrt(),
            false => f64::NAN,
        };
        let value = ours - published;
        Within { value, low: value - half, high: value + half }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(seed: u64, errors: &[f64]) -> Run {
        let epoch = |&test_error: &f64| Epoch {
            train_loss: test_error,
            train_error: test_error,
            test_loss: test_error,
            test_error,
            square_error: f64::NAN,
        };
        Run { seed, epochs: errors.iter().map(epoch).collect(), diverged: false, seconds: 0.0 }
    }

    const COUNTS: Counts = Counts { training: 50_000, test: 10_000 };

    /// Liu and Furber's 97.03 % of 10,000 has Wilson's interval 96.68 to 97.35 by an independent program; quartiles and Student's
    /// interval by hand: differences 1, 2, 3 points have the mean 2, the standard error 1/sqrt(3) and t = 4.303 (4.25 by the series).
    #[test]
    fn intervals_of_one_run_and_of_several() {
        let one = Measure::TestAccuracy.summary(&[run(1, &[0.5, 0.0297])], COUNTS);
        assert!((one.low - 96.68).abs() < 0.005 && (one.high - 97.35).abs() < 0.005, "{one:?}");
        let first = [run(1, &[0.03]), run(2, &[0.05]), run(3, &[0.07])];
        let second = [run(3, &[0.04]), run(1, &[0.02]), run(2, &[0.03])];
        let several = Measure::TestError.summary(&first, COUNTS);
        assert!((several.value - 5.0).abs() < 1e-12 && (several.low - 4.0).abs() < 1e-12, "{several:?}");
        let difference = Measure::TestError.difference(&first, &second, COUNTS);
        assert!((difference.value - 2.0).abs() < 1e-12);
        assert!((difference.high - 2.0 - 4.303 / 3.0_f64.sqrt()).abs() < 0.05, "{difference:?}");
        assert!(Measure::TestLoss.difference(&first[..1], &second, COUNTS).low.is_nan());
        // A run that diverged is the worst of three, not left out: the median is the higher one of the others.
        let mut diverged = first.clone();
        diverged[0].diverged = true;
        let loss = Measure::TestLoss.summary(&diverged, COUNTS);
        assert_eq!(loss.value, 0.07);
        assert!(!Measure::TestLoss.difference(&diverged, &second, COUNTS).value.is_finite());
    }

    #[test]
    fn best_and_lowest_are_of_any_epoch() {
        let run = run(1, &[0.3, 0.1, 0.2]);
        let values =
            [Measure::BestAccuracy, Measure::LowestAccuracy, Measure::TestAccuracy].map(|m| m.of(&run).round());
        assert_eq!(values, [90.0, 70.0, 80.0]);
    }
}
