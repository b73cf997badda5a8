//! What the conversion cost: accuracy of the trained network minus accuracy of the spiking one, on the same images.

use crate::statistics::{Interval, Z95, mcnemar};

/// Paired comparison of two classifiers on the same images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConversionLoss {
    /// Number of images.
    pub images: u64,
    /// Images that only the trained network gets right.
    pub only_ann: u64,
    /// Images that only the spiking network gets right.
    pub only_snn: u64,
}

impl ConversionLoss {
    /// Counts the images, given for each whether the trained and whether the spiking network is right.
    pub fn of(right: impl IntoIterator<Item = (bool, bool)>) -> ConversionLoss {
        let mut loss = ConversionLoss { images: 0, only_ann: 0, only_snn: 0 };
        for (ann, snn) in right {
            loss.images += 1;
            loss.only_ann += u64::from(ann && !snn);
            loss.only_snn += u64::from(snn && !ann);
        }
        loss
    }

    /// The loss in percentage points; negative if the spiking network is better.
    pub fn percentage_points(self) -> f64 {
        100.0 * (self.only_ann as f64 - self.only_snn as f64) / self.images as f64
    }

    /// Its 95 % interval (percentage points), `(b - c)/n +- 1.96 sqrt(b + c - (b - c)^2/n)/n`.
    pub fn interval(self) -> Interval {
        let (n, b, c) = (self.images as f64, self.only_ann as f64, self.only_snn as f64);
        let half = 100.0 * Z95 * (b + c - (b - c) * (b - c) / n).max(0.0).sqrt() / n;
        let loss = self.percentage_points();
        Interval { low: loss - half, high: loss + half }
    }

    /// Probability of at least such a difference if both were equally good (exact McNemar test, two-sided).
    pub fn p_value(self) -> f64 {
        mcnemar(self.only_ann, self.only_snn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_example() {
        // b = 95, c = 40, n = 10,000 by hand: 0.55 +- 196 sqrt(135 - 55^2/10,000)/10,000 = 0.55 +- 0.23 points.
        let loss = ConversionLoss { images: 10_000, only_ann: 95, only_snn: 40 };
        assert!((loss.percentage_points() - 0.55).abs() < 1e-12);
        assert!((loss.interval().low - 0.32).abs() < 5e-3 && (loss.interval().high - 0.78).abs() < 5e-3);
    }

    #[test]
    fn counts_pairs() {
        let loss = ConversionLoss::of([(true, true), (true, false), (false, true), (true, false), (false, false)]);
        assert_eq!(loss, ConversionLoss { images: 5, only_ann: 2, only_snn: 1 });
    }
}
