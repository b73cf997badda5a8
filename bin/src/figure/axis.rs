//! Axes: their labels, scales and ranges, and the way from a value to a place on the axis.

use super::error::FigureError;
use super::ticks::{self, Ticks};

/// Description of one axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Name of the quantity with its unit, such as "Mean current (nA)".
    pub label: String,
    /// Linear or logarithmic.
    pub scale: Scale,
    /// Lower and upper end; without it the range follows the data.
    pub range: Option<(f64, f64)>,
    /// Numbers, or names.
    pub marking: Marking,
}

/// What stands along an axis.
#[derive(Debug, Clone, PartialEq)]
pub enum Marking {
    /// Round numbers.
    Numbers,
    /// Names in the middle of neighbouring stretches, whose ends have the ticks.
    Names {
        /// Ends of the stretches, one more than there are names.
        ends: Vec<f64>,
        /// The names; an empty one leaves its stretch without.
        names: Vec<String>,
    },
    /// Nothing, not even a line: the panel below has the axis.
    None,
}

/// How values are spread over an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equally far apart.
    Linear,
    /// Equal ratios are equally far apart; only positive values have a place.
    Log,
}

impl Axis {
    /// A linear axis whose range follows the data.
    pub fn linear(label: impl Into<String>) -> Self {
        Self { label: label.into(), scale: Scale::Linear, range: None, marking: Marking::Numbers }
    }

    /// A logarithmic axis whose range follows the data.
    pub fn log(label: impl Into<String>) -> Self {
        Self { label: label.into(), scale: Scale::Log, range: None, marking: Marking::Numbers }
    }

    /// The same axis from `low` to `high`; data outside are cut off.
    pub fn with_range(self, low: f64, high: f64) -> Self {
        Self { range: Some((low, high)), ..self }
    }

    /// The ticks of a span, with at most `intervals` intervals between numbers.
    pub(super) fn ticks(&self, span: &Span, intervals: usize) -> Ticks {
        match &self.marking {
            Marking::Numbers => span.ticks(intervals),
            Marking::Names { ends, names } => {
                let middle = |pair: &[f64]| (pair[0] + pair[1]) / 2.0;
                let named = ends.windows(2).map(middle).zip(names.iter().cloned());
                Ticks { major: named.collect(), minor: ends.clone() }
            }
            Marking::None => Ticks { major: Vec::new(), minor: Vec::new() },
        }
    }

    /// The range that is drawn: the given one, or a rounded one that holds all `values`.
    pub(super) fn span(&self, values: impl Iterator<Item = f64>) -> Result<Span, FigureError> {
        let (low, high) = match self.range {
            Some(range) => range,
            None => match self.scale {
                Scale::Linear => {
                    let found = extremes(values);
                    if let Some((low, high)) = found.filter(|(low, high)| !(high - low).is_finite()) {
                        return Err(FigureError::Range { axis: self.label.clone(), low, high });
                    }
                    linear_range(found)
                }
                Scale::Log => log_range(extremes(values.filter(|&v| v > 0.0))),
            },
        };
        let span = Span { scale: self.scale, low, high };
        if span.is_drawable() { Ok(span) } else { Err(FigureError::Range { axis: self.label.clone(), low, high }) }
    }
}

/// The range of an axis that is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    scale: Scale,
    low: f64,
    high: f64,
}

impl Span {
    /// Place of a value: 0 at the lower end, 1 at the upper; `None` where the axis has no place for it.
    pub(super) fn fraction(&self, value: f64) -> Option<f64> {
        let fraction = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log if value > 0.0 => (value / self.low).ln() / (self.high / self.low).ln(),
            Scale::Log => return None,
        };
        // What lies beyond an end by no more than rounding lies at the end.
        let end = [0.0, 1.0].into_iter().find(|end: &f64| (fraction - end).abs() < 1e-12);
        // Far outside, only the direction matters; huge coordinates would lose the part of the line that is seen.
        value.is_finite().then(|| end.unwrap_or(fraction).clamp(-1e6, 1e6))
    }

    /// Place of the end of an interval, which may lie beyond the axis: then at its end.
    pub(super) fn fraction_of_end(&self, value: f64) -> f64 {
        self.fraction(value).unwrap_or(if value > 0.0 { 1.0 } else { 0.0 }).clamp(0.0, 1.0)
    }

    /// Ticks with at most `intervals` intervals between labelled ones.
    pub(super) fn ticks(&self, intervals: usize) -> Ticks {
        match self.scale {
            Scale::Linear => ticks::linear(self.low, self.high, intervals),
            Scale::Log => ticks::log(self.low, self.high, intervals),
        }
    }

    /// Whether ticks of this range are distinct numbers far from overflow.
    fn is_drawable(&self) -> bool {
        let (size, width) = (self.low.abs().max(self.high.abs()), self.high - self.low);
        let linear = 1e-250 < width && size < 1e250 && width > 1e-11 * size;
        linear && (self.scale == Scale::Linear || (1e-250 < self.low && self.high / self.low < 1e250))
    }
}

/// Smallest and largest of the finite values.
fn extremes(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|v| v.is_finite()).fold(None, |range, v| match range {
        None => Some((v, v)),
        Some((low, high)) => Some((v.min(low), v.max(high))),
    })
}

/// The range between the minor ticks around the data, from zero where zero is near.
///
/// No more air than that: the axes stand off from the data area, and percentages should not pass 100.
fn linear_range(extremes: Option<(f64, f64)>) -> (f64, f64) {
    let Some((low, high)) = extremes else { return (0.0, 1.0) };
    let width = high - low;
    let flat = width <= 1e-9 * low.abs().max(high.abs());
    let (low, high) = match (flat, low) {
        (true, 0.0) => (-1.0, 1.0),
        (true, _) => (low - 0.05 * low.abs(), high + 0.05 * high.abs()),
        (false, _) => {
            let from_zero = 0.0 <= low && low < 0.3 * high;
            (if from_zero { 0.0 } else { low }, high)
        }
    };
    ticks::rounded_outwards(low, high)
}

/// The next 1, 2 or 5 times a power of ten outside the data.
fn log_range(extremes: Option<(f64, f64)>) -> (f64, f64) {
    let Some((low, high)) = extremes else { return (1.0, 10.0) };
    let (low, high) = if high / low < 1.0 + 1e-9 { (low / 2.0, high * 2.0) } else { (low, high) };
    (ticks::one_two_five_below(low), ticks::one_two_five_above(high))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shares of a hundred end with the axis, whatever rounding does to its last tick.
    #[test]
    fn what_is_at_the_end_is_seen() {
        for top in [100.0, 0.3, 7e-5] {
            let axis = Axis::linear("").span([0.0, 0.4 * top, top * (1.0 + f64::EPSILON)].into_iter()).unwrap();
            for value in [top * (1.0 - f64::EPSILON), top, top * (1.0 + f64::EPSILON)] {
                let place = axis.fraction(value).unwrap();
                assert!(place <= 1.0, "{top} {place}");
            }
        }
        let axis = Axis::linear("").with_range(0.0, 100.0 * (1.0 - f64::EPSILON)).span(std::iter::empty()).unwrap();
        assert_eq!(axis.fraction(100.0), Some(1.0));
    }

    #[test]
    fn range_starts_at_zero_only_when_zero_is_near() {
        assert_eq!(linear_range(Some((3.0, 143.0))), (0.0, 150.0));
        // Three units in six intervals make steps of 0.5 with minor ticks every 0.1.
        assert_eq!(linear_range(Some((96.23, 98.85))), (96.2, 98.9));
    }

    #[test]
    fn equal_values_get_a_range_around_them() {
        assert_eq!(linear_range(Some((0.0, 0.0))), (-1.0, 1.0));
        let (low, high) = linear_range(Some((40.0, 40.0)));
        assert!(low < 40.0 && 40.0 < high);
        assert_eq!(log_range(Some((10.0, 10.0))), (5.0, 20.0));
    }

    #[test]
    fn log_range_ends_on_one_two_five() {
        assert_eq!(log_range(Some((6.0, 430.0))), (5.0, 500.0));
        assert_eq!(log_range(Some((10.0, 1000.0))), (10.0, 1000.0));
    }

    #[test]
    fn values_without_a_place_are_refused() {
        let log = Span { scale: Scale::Log, low: 1.0, high: 100.0 };
        assert_eq!(log.fraction(0.0), None);
        assert!((log.fraction(10.0).expect("positive") - 0.5).abs() < 1e-12);
        let linear = Span { scale: Scale::Linear, low: 0.0, high: 2.0 };
        assert_eq!(linear.fraction(f64::NAN), None);
        assert_eq!(linear.fraction(0.5), Some(0.25));
    }

    #[test]
    fn impossible_ranges_are_errors() {
        for range in [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY), (1.0, 1.0 + 1e-15)] {
            let axis = Axis { range: Some(range), ..Axis::linear("x") };
            assert!(matches!(axis.span(std::iter::empty()), Err(FigureError::Range { .. })), "{range:?}");
        }
        assert!(Axis::log("x").with_range(0.0, 1.0).span(std::iter::empty()).is_err());
    }
}
