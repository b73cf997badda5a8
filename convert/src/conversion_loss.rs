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

    /// Its 95 % interval (percentage points), that of Bonett & Price (2012, doi:10.3102/1076998611411915): with one image more on either
    /// side, `p = (b + 1)/(n + 2)` and `q = (c + 1)/(n + 2)`, it is `p - q +- 1.96 sqrt((p + q - (p - q)^2)/(n + 2))`, so that few images
    /// without a difference do not prove that there is none.
    pub fn interval(self) -> Interval {
        let n = self.images as f64 + 2.0;
        let (p, q) = ((self.only_ann as f64 + 1.0) / n, (self.only_snn as f64 + 1.0) / n);
        let half = Z95 * ((p + q - (p - q) * (p - q)) / n).sqrt();
        let [low, high] = [p - q - half, p - q + half].map(|end| 100.0 * end.clamp(-1.0, 1.0));
        Interval { low, high }
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
        // b = 95, c = 40, n = 10,000 by hand: 55/10,002 +- 1.96 sqrt((137/10,002 - (55/10,002)^2)/10,002), that is 0.5499 +- 0.2291 points.
        let loss = ConversionLoss { images: 10_000, only_ann: 95, only_snn: 40 };
        assert!((loss.percentage_points() - 0.55).abs() < 1e-12);
        assert!((loss.interval().low - 0.3208).abs() < 1e-4 && (loss.interval().high - 0.7790).abs() < 1e-4);
    }

    /// Five images without a difference leave room for a loss of two fifths; it takes hundreds to exclude one point.
    #[test]
    fn few_images_prove_little() {
        let alike = |images| ConversionLoss { images, only_ann: 0, only_snn: 0 }.interval();
        assert!((alike(5).high - 39.6).abs() < 0.1, "{:?}", alike(5));
        assert!(alike(100).high > 2.5 && alike(300).high < 1.0);
    }

    #[test]
    fn counts_pairs() {
        let loss = ConversionLoss::of([(true, true), (true, false), (false, true), (true, false), (false, false)]);
        assert_eq!(loss, ConversionLoss { images: 5, only_ann: 2, only_snn: 1 });
    }
}
