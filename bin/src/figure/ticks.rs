//! Ticks: round numbers along an axis and their labels.

/// Ticks of one axis, each inside the range.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ticks {
    /// Values with their labels.
    pub(super) major: Vec<(f64, String)>,
    /// Values between them, without labels.
    pub(super) minor: Vec<f64>,
}

/// The distance `mantissa * 10^exponent` between ticks, with mantissa 1, 2 or 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    mantissa: i64,
    exponent: i32,
}

impl Step {
    /// The smallest step that divides `width` into at most `intervals` pieces.
    fn for_width(width: f64, intervals: usize) -> Self {
        let least = width / intervals.max(1) as f64;
        let exponent = least.log10().floor() as i32;
        // The first two decades hold a fitting step; the second is needed when the logarithm was rounded down.
        let candidates = [(1, 0), (2, 0), (5, 0), (1, 1), (2, 1)];
        let fitting = candidates
            .map(|(mantissa, up)| Self { mantissa, exponent: exponent + up })
            .into_iter()
            .find(|step| step.times(1) >= least * (1.0 - 1e-9));
        fitting.unwrap_or(Self { mantissa: 5, exponent: exponent + 1 })
    }

    /// The step that divides this one into four or five.
    fn minor(self) -> Self {
        match self.mantissa {
            1 => Self { mantissa: 2, exponent: self.exponent - 1 },
            2 => Self { mantissa: 5, exponent: self.exponent - 1 },
            _ => Self { mantissa: 1, exponent: self.exponent },
        }
    }

    /// `count` steps, correctly rounded: 3 steps of 0.1 are 0.3.
    fn times(self, count: i64) -> f64 {
        scaled((count * self.mantissa) as f64, self.exponent)
    }

    /// The numbers of steps from zero whose multiples lie between `low` and `high`.
    fn counts(self, low: f64, high: f64) -> std::ops::RangeInclusive<i64> {
        let step = self.times(1);
        (low / step - 1e-6).ceil() as i64..=(high / step + 1e-6).floor() as i64
    }
}

/// `value * 10^exponent`, by division where the power is below one, because 0.1 is no binary number but 10 is.
fn scaled(value: f64, exponent: i32) -> f64 {
    if exponent < 0 { value / 10_f64.powi(-exponent) } else { value * 10_f64.powi(exponent) }
}

/// Ticks of a linear axis, with at most `intervals` intervals between labels.
pub(super) fn linear(low: f64, high: f64, intervals: usize) -> Ticks {
    let step = Step::for_width(high - low, intervals);
    let size = low.abs().max(high.abs());
    let major = step.counts(low, high).map(|count| (step.times(count), step_label(step, count, size))).collect();
    let minor = step.minor();
    let per_major = step.times(1) / minor.times(1);
    let is_major = |count: i64| count % per_major.round() as i64 == 0;
    Ticks { major, minor: minor.counts(low, high).filter(|&n| !is_major(n)).map(|n| minor.times(n)).collect() }
}

/// The range from the minor tick below `low` to the one above `high`.
pub(super) fn rounded_outwards(low: f64, high: f64) -> (f64, f64) {
    // Six intervals are what a column's width shows.
    let minor = Step::for_width(high - low, 6).minor();
    let step = minor.times(1);
    (minor.times((low / step + 1e-6).floor() as i64), minor.times((high / step - 1e-6).ceil() as i64))
}

/// Ticks of a logarithmic axis: powers of ten, or 1, 2 and 5 times a power of ten where labels have room for them.
pub(super) fn log(low: f64, high: f64, intervals: usize) -> Ticks {
    let intervals = intervals.max(1);
    let inside = |value: f64| low * (1.0 - 1e-9) <= value && value <= high * (1.0 + 1e-9);
    let exponents = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let multiples = |mantissas: &'static [i64]| {
        exponents
            .clone()
            .flat_map(move |e| mantissas.iter().map(move |&m| (m, e)))
            .filter(|&(m, e)| inside(scaled(m as f64, e)))
    };
    let fine: Vec<_> = multiples(&[1, 2, 5]).collect();
    if fine.len() < 2 {
        return linear(low, high, intervals);
    }
    if fine.len() <= intervals + 2 {
        let major = fine.iter().map(|&(m, e)| (scaled(m as f64, e), multiple_label(m, e))).collect();
        return Ticks { major, minor: multiples(&[3, 4, 6, 7, 8, 9]).map(|(m, e)| scaled(m as f64, e)).collect() };
    }
    let decades: Vec<i32> = multiples(&[1]).map(|(_, e)| e).collect();
    let every = decades.len().saturating_sub(1).div_ceil(intervals).max(1) as i32;
    let (labelled, skipped): (Vec<i32>, Vec<i32>) = decades.iter().partition(|&&e| e % every == 0);
    let minor = if every == 1 {
        multiples(&[2, 3, 4, 5, 6, 7, 8, 9]).map(|(m, e)| scaled(m as f64, e)).collect()
    } else {
        skipped.into_iter().map(|e| scaled(1.0, e)).collect()
    };
    Ticks { major: labelled.into_iter().map(|e| (scaled(1.0, e), power_label(e))).collect(), minor }
}

/// The largest of ..., 0.5, 1, 2, 5, 10, ... that is not above `value`.
pub(super) fn one_two_five_below(value: f64) -> f64 {
    let exponent = value.log10().floor() as i32;
    let candidates = [(5, 0), (2, 0), (1, 0), (5, -1)].map(|(m, down)| scaled(f64::from(m), exponent + down));
    candidates.into_iter().find(|&c| c <= value * (1.0 + 1e-9)).unwrap_or(value)
}

/// The smallest of ..., 0.5, 1, 2, 5, 10, ... that is not below `value`.
pub(super) fn one_two_five_above(value: f64) -> f64 {
    let exponent = value.log10().floor() as i32;
    let candidates = [(1, 0), (2, 0), (5, 0), (1, 1), (2, 1)].map(|(m, up)| scaled(f64::from(m), exponent + up));
    candidates.into_iter().find(|&c| c >= value * (1.0 - 1e-9)).unwrap_or(value)
}

/// Label of `count` steps on an axis whose largest value is `size`: plain digits, or a power of ten behind them.
fn step_label(step: Step, count: i64, size: f64) -> String {
    let digits = count * step.mantissa;
    if count == 0 {
        return "0".into();
    }
    if size < 99_999.5 && step.exponent >= -4 {
        return number(scaled(digits as f64, step.exponent), (-step.exponent).max(0));
    }
    let power = (size * (1.0 + 1e-9)).log10().floor() as i32;
    let decimals = (power - step.exponent).max(0);
    format!("{}×{}", number(scaled(digits as f64, step.exponent - power), decimals), power_label(power))
}

/// Label of `mantissa * 10^exponent` on a logarithmic axis.
fn multiple_label(mantissa: i64, exponent: i32) -> String {
    match exponent {
        -3..=3 => number(scaled(mantissa as f64, exponent), (-exponent).max(0)),
        _ if mantissa == 1 => power_label(exponent),
        _ => format!("{mantissa}×{}", power_label(exponent)),
    }
}

/// A number with a true minus sign.
fn number(value: f64, decimals: i32) -> String {
    format!("{value:.*}", decimals as usize).replace('-', "\u{2212}")
}

/// Ten with a raised exponent.
fn power_label(exponent: i32) -> String {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let raised =
        exponent.to_string().chars().map(|c| c.to_digit(10).map_or('⁻', |d| RAISED[d as usize])).collect::<String>();
    format!("10{raised}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &Ticks) -> Vec<&str> {
        ticks.major.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn linear_ticks_are_round() {
        let ticks = linear(0.0, 150.0, 6);
        assert_eq!(labels(&ticks), ["0", "50", "100", "150"]);
        assert_eq!(ticks.minor, [10.0, 20.0, 30.0, 40.0, 60.0, 70.0, 80.0, 90.0, 110.0, 120.0, 130.0, 140.0]);
        let ticks = linear(-0.1, 0.3, 5);
        assert_eq!(labels(&ticks), ["−0.1", "0", "0.1", "0.2", "0.3"]);
        assert_eq!(ticks.major[4].0, 0.3);
    }

    #[test]
    fn steps_are_one_two_or_five() {
        for (width, intervals, expected) in
            [(1.0, 5, 0.2), (1.0, 4, 0.5), (1.0, 2, 0.5), (1.0, 1, 1.0), (70.0, 7, 10.0)]
        {
            assert_eq!(Step::for_width(width, intervals).times(1), expected, "{width} in {intervals}");
        }
    }

    #[test]
    fn large_and_small_numbers_carry_their_power() {
        assert_eq!(labels(&linear(0.0, 2e6, 4)), ["0", "0.5×10⁶", "1.0×10⁶", "1.5×10⁶", "2.0×10⁶"]);
        assert_eq!(labels(&linear(0.0, 1e-5, 2)), ["0", "0.5×10⁻⁵", "1.0×10⁻⁵"]);
    }

    #[test]
    fn two_decades_show_one_two_five() {
        let ticks = log(5.0, 500.0, 7);
        assert_eq!(labels(&ticks), ["5", "10", "20", "50", "100", "200", "500"]);
        assert_eq!(ticks.minor, [6.0, 7.0, 8.0, 9.0, 30.0, 40.0, 60.0, 70.0, 80.0, 90.0, 300.0, 400.0]);
    }

    #[test]
    fn many_decades_show_powers() {
        let ticks = log(1e-3, 1e3, 6);
        assert_eq!(labels(&ticks), ["10⁻³", "10⁻²", "10⁻¹", "10⁰", "10¹", "10²", "10³"]);
        assert_eq!(ticks.minor.len(), 48);
        assert_eq!(labels(&log(1e-12, 1e12, 6)), ["10⁻¹²", "10⁻⁸", "10⁻⁴", "10⁰", "10⁴", "10⁸", "10¹²"]);
    }

    #[test]
    fn narrow_log_range_has_linear_ticks() {
        assert_eq!(labels(&log(30.0, 40.0, 5)), ["30", "32", "34", "36", "38", "40"]);
    }
}
