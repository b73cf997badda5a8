//! Times as whole numbers of steps.

use crate::error::{NetworkError, ParameterError, positive};

/// Times this close to a grid point (in steps) lie on it: more than the rounding error of a quotient of 1e9, far less than
/// anybody means.
const ROUNDING: f64 = 1e-6;

/// A grid of time: point k lies at k dt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Steps {
    dt: f64,
    /// Number of steps in a millisecond, where that is whole.
    per_ms: Option<f64>,
}

impl Steps {
    pub(super) fn new(dt: f64) -> Result<Steps, ParameterError> {
        positive("dt", "ms", dt)?;
        let per_ms = (1.0 / dt).round();
        Ok(Steps { dt, per_ms: (1.0 / per_ms == dt).then_some(per_ms) })
    }

    /// Length of a step (ms).
    pub(super) fn dt(&self) -> f64 {
        self.dt
    }

    /// Time of a grid point (ms).
    pub(super) fn time(&self, step: u64) -> f64 {
        // 0.1 is no binary number, but ten steps per ms are: 3 / 10 is 0.3, and 3 * 0.1 is not.
        self.per_ms.map_or(step as f64 * self.dt, |per_ms| step as f64 / per_ms)
    }

    fn count(&self, time: f64) -> f64 {
        self.per_ms.map_or(time / self.dt, |per_ms| time * per_ms)
    }

    /// The first grid point at or after a time of zero or more; the largest number for an infinite one.
    pub(super) fn at_or_after(&self, time: f64) -> u64 {
        (self.count(time) - ROUNDING).ceil() as u64
    }

    /// The grid point nearest to a time of zero or more; the later one from the middle between two.
    pub(super) fn nearest(&self, time: f64) -> u64 {
        (self.count(time) + 0.5 + ROUNDING).floor() as u64
    }

    /// The grid point of a time that lies on one.
    ///
    /// # Errors
    ///
    /// Refuses all others.
    pub(super) fn whole(&self, what: &'static str, time: f64) -> Result<u64, NetworkError> {
        let nearest = self.count(time).round();
        if (self.count(time) - nearest).abs() <= ROUNDING {
            Ok(nearest as u64)
        } else {
            Err(NetworkError::OffGrid { what, found: time, dt: self.dt })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_times_lie_on_decimal_grids() {
        let steps = Steps::new(0.1).unwrap();
        for k in 0..100_000 {
            let time: f64 = format!("{}.{}", k / 10, k % 10).parse().unwrap();
            assert_eq!(steps.time(k), time);
            assert_eq!(steps.whole("time", time), Ok(k));
            // Sums and products miss the decimal number by some ulp.
            assert_eq!(steps.at_or_after(k as f64 * 0.1), k);
            assert_eq!(steps.nearest(k as f64 * 0.1), k);
        }
        assert_eq!(steps.at_or_after(0.300_01), 4);
        assert_eq!([0.04, 0.05, 0.15, 0.149].map(|time| steps.nearest(time)), [0, 1, 2, 1]);
        assert_eq!(steps.at_or_after(f64::INFINITY), u64::MAX);
        assert!(steps.whole("time", 0.25).is_err());
        assert!(Steps::new(0.0).is_err() && Steps::new(f64::NAN).is_err());
        let odd = Steps::new(0.3).unwrap();
        assert_eq!((odd.time(10), odd.whole("time", 3.3)), (3.0, Ok(11)));
    }
}
