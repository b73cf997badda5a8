//! Siegert's rate for networks in single precision: cubics between points of the exact curve.

use std::sync::{Arc, Mutex, PoisonError};

use crate::activation::lif_rate::LifRate;

/// Points per octave of w, as a power of 2. Errors fall with the fourth power of their number.
const POINTS: u32 = 8;

/// Octaves above and below the rheobase: beyond 100,000 widths the exact curve goes without noise, and rates below e^-120 per tau_m are
/// none in single precision.
const OCTAVES: [u32; 2] = [18, 5];

/// Bits of the fraction of a number, and those of 1.
const FRACTION: u32 = f64::MANTISSA_DIGITS - 1;
const ONE: u64 = 1.0f64.to_bits();

/// The response of one neuron under one noise, as a function of
///
/// ```text
/// w = |x| + sqrt(x^2 + 1),   x = (m - m_rheobase) / s,   s = sigma / sqrt(2 tau_m)
/// ```
///
/// where `s` (nA) is the standard deviation of the free membrane, as a current. Points lie evenly in each octave of `w`, so that its
/// leading bits number them: the threshold is resolved, and what lies far from it takes few.
#[derive(Debug)]
pub(crate) struct SiegertTable {
    rheobase: f64,
    width: f64,
    /// Above and below the rheobase: values and slopes `dy/dw`.
    sides: [Vec<[f64; 2]>; 2],
}

/// Those made so far: few, as they belong to the activations of networks.
static TABLES: Mutex<Vec<(LifRate, Arc<SiegertTable>)>> = Mutex::new(Vec::new());

impl SiegertTable {
    /// The table of an activation with noise, made when it is first asked for, in some tenths of a second.
    pub(crate) fn of(rate: LifRate) -> Arc<SiegertTable> {
        let mut tables = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, table)) = tables.iter().find(|(known, _)| *known == rate) {
            return Arc::clone(table);
        }
        let table = Arc::new(SiegertTable::new(rate));
        tables.push((rate, Arc::clone(&table)));
        table
    }

    /// Whether there is one for a noise of this amplitude (nA sqrt(ms)): neither so weak that drives near the rheobase are too coarse for its
    /// points, nor so strong that it drowns the distance of threshold and reset.
    pub(crate) fn suits(sigma: f64) -> bool {
        (1e-6..1e6).contains(&sigma)
    }

    fn new(rate: LifRate) -> SiegertTable {
        let LifRate { neuron, sigma } = rate;
        let rheobase = (neuron.v_thresh - neuron.v_rest) / neuron.resistance() - neuron.i_offset;
        let width = sigma / (2.0 * neuron.tau_m).sqrt();
        let side = |octaves: u32, width: f64| {
            let point = |i: u32| {
                let w = f64::from_bits(ONE + (u64::from(i) << (FRACTION - POINTS)));
                let (value, slope) = rate.exact(rheobase + width * 0.5 * (w - 1.0 / w));
                [value, slope * width * 0.5 * (1.0 + 1.0 / (w * w))]
            };
            (0..=octaves << POINTS).map(point).collect()
        };
        SiegertTable { rheobase, width, sides: [side(OCTAVES[0], width), side(OCTAVES[1], -width)] }
    }

    /// Value and slope at a drive m (nA); none above the table or for NaN.
    #[inline]
    pub(crate) fn respond(&self, m: f64) -> Option<(f64, f64)> {
        let x = (m - self.rheobase) / self.width;
        let root = (1.0 + x * x).sqrt();
        let bits = (x.abs() + root).to_bits();
        let is_below = x < 0.0;
        let place = (bits - ONE) >> (FRACTION - POINTS);
        let ends = self.sides[usize::from(is_below)].get(place as usize..).and_then(<[_]>::first_chunk);
        let Some(&[[left, left_slope], [right, right_slope]]) = ends else {
            return is_below.then_some((0.0, 0.0));
        };
        // How far between the points, and how far these are apart.
        let t = f64::from_bits(ONE | bits << POINTS & ((1 << FRACTION) - 1)) - 1.0;
        let octave = f64::from_bits(bits >> FRACTION << FRACTION);
        let step = octave / f64::from(1 << POINTS);
        // Hermite's cubic and its derivative.
        let rise = right - left;
        let (start, end) = (step * left_slope, step * right_slope);
        let bend = start + end - 2.0 * rise;
        let middle = rise - start - bend;
        let value = left + t * (start + t * (middle + t * bend));
        let slope = (start + t * (2.0 * middle + 3.0 * t * bend)) / step;
        let stretch = f64::from_bits(bits) / (root * if is_below { -self.width } else { self.width });
        Some((if value < 0.0 { 0.0 } else { value }, slope * stretch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim::IfCurrExp;

    /// Against the exact curve, in weak noise and in strong: relative, or to a thousandth (of a spike, of a spike per width) where there
    /// is less. In the strongest the rate saturates below the rheobase already, where points are sparser.
    #[test]
    fn cubics_agree_with_the_exact_curve() {
        let shifted = IfCurrExp { i_offset: 0.3, v_reset: -70.0, tau_refrac: 0.0, ..IfCurrExp::default() };
        for neuron in [IfCurrExp::default(), shifted] {
            for sigma in [1e-3, 0.3, 1.0, 20.0, 100.0] {
                let rate = LifRate { neuron, sigma };
                let table = SiegertTable::of(rate);
                for i in 0..2000 {
                    // From 15 widths below the rheobase to 100,000 above.
                    let u = -3.4 + 15.6 * (f64::from(i) + 0.37) / 2000.0;
                    let m = table.rheobase + table.width * u.sinh();
                    let (value, slope) = table.respond(m).unwrap();
                    let (exact, exact_slope) = rate.exact(m);
                    assert!((value - exact).abs() < 3e-8 * (exact + 1e-3), "{sigma} {m}: {value} {exact}");
                    let tolerance = 2e-6 * (exact_slope + 1e-3 / table.width);
                    assert!((slope - exact_slope).abs() < tolerance, "{sigma} {m}: {slope} {exact_slope}");
                }
            }
        }
    }

    #[test]
    fn beyond_the_table() {
        let rate = LifRate { neuron: IfCurrExp::default(), sigma: 1.0 };
        let table = SiegertTable::of(rate);
        assert!(Arc::ptr_eq(&table, &SiegertTable::of(rate)));
        assert_eq!(table.respond(-1e30), Some((0.0, 0.0)));
        assert_eq!(table.respond(f64::NEG_INFINITY), Some((0.0, 0.0)));
        assert_eq!(table.respond(1e30), None);
        assert_eq!(table.respond(f64::INFINITY), None);
        assert_eq!(table.respond(f64::NAN), None);
        assert!(!SiegertTable::suits(0.0) && !SiegertTable::suits(1e-7) && !SiegertTable::suits(1e308));
    }
}
