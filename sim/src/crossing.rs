//! When does the membrane first reach threshold? Decided exactly, without stepping.

use crate::membrane::Trajectory;
use crate::neuron::IfCurrExp;

/// First time t in [0, horizon] (ms) at which a trajectory reaches `theta`, if it does.
///
/// * `start`: the state now, relative to V_inf
/// * `theta`: v_thresh - V_inf (mV); zero or less when the constant current alone drives the neuron above threshold
/// * `horizon`: time to the next event (ms)
///
/// The slope has at most two zeros, so the potential is monotone on at most three intervals; each is bracketed
/// by its end points, and a crossing cannot be missed between them, not even one that is undone before the horizon.
/// The zeros of the slope are separated by the single zero of the derivative of `exp(t/tau_m) dV/dt`,
/// which exists only where the two currents have opposite signs. The time's error is that of the
/// potential, about 1e-14 mV, divided by the slope.
pub fn first_crossing(neuron: &IfCurrExp, start: Trajectory, theta: f64, horizon: f64) -> Option<f64> {
    if start.d >= theta {
        return Some(0.0);
    }
    let r = neuron.resistance();
    if start.d.max(0.0) + r * (start.i_e.max(0.0) + start.i_i.max(0.0)) < theta {
        return None;
    }
    let mut previous = 0.0;
    for end in break_points(neuron, start, horizon) {
        if start.potential(neuron, end) >= theta {
            let f = |t: f64| {
                let (d, slope) = start.potential_and_slope(neuron, t);
                (d - theta, slope)
            };
            return Some(bracketed_root(f, previous, end));
        }
        previous = end;
    }
    None
}

/// Ends of the intervals on which the potential is monotone, ascending; the last is the horizon.
fn break_points(neuron: &IfCurrExp, start: Trajectory, horizon: f64) -> impl Iterator<Item = f64> {
    let (tau_e, tau_i) = (neuron.tau_syn_e, neuron.tau_syn_i);
    let mut extrema = [f64::INFINITY; 2];
    let single = if tau_e == tau_i {
        Some((start.i_e + start.i_i, tau_e))
    } else if start.i_i == 0.0 {
        Some((start.i_e, tau_e))
    } else if start.i_e == 0.0 {
        Some((start.i_i, tau_i))
    } else {
        None
    };
    if let Some((i, tau)) = single {
        extrema[0] = single_extremum(neuron, start.d, i, tau);
    } else {
        let slope = |t: f64| start.potential_and_slope(neuron, t).1;
        let turn = (-(start.i_i * tau_e) / (start.i_e * tau_i)).ln() / (1.0 / tau_i - 1.0 / tau_e);
        let cut = if 0.0 < turn && turn < horizon { turn } else { horizon };
        for (k, (lo, mut hi)) in [(0.0, cut), (cut, horizon)].into_iter().enumerate() {
            // Far out all terms underflow; the sign is that of the slowest one, which can be seen earlier.
            while slope(hi) == 0.0 && hi - lo > neuron.tau_m {
                hi = 0.5 * (lo + hi);
            }
            if lo < hi && (slope(lo) < 0.0) != (slope(hi) < 0.0) {
                extrema[k] = slope_zero(neuron, start, lo, hi);
            }
        }
    }
    extrema.into_iter().filter(move |&t| 0.0 < t && t < horizon).chain(std::iter::once(horizon))
}

/// The zero of the slope when one synaptic current of time constant `tau` flows; infinite if there is none ahead.
fn single_extremum(neuron: &IfCurrExp, d: f64, i: f64, tau: f64) -> f64 {
    if i == 0.0 {
        return f64::INFINITY;
    }
    let slope = -d / neuron.tau_m + i / neuron.cm;
    let q = slope * neuron.cm * tau / i;
    let a = (tau - neuron.tau_m) / (neuron.tau_m * tau);
    if !(q > 0.0 && a * q > -1.0) {
        return f64::INFINITY;
    }
    if a == 0.0 { q } else { (a * q).ln_1p() / a }
}

/// The zero of the slope in a bracket on which `exp(t/tau_m) slope` is monotone.
fn slope_zero(neuron: &IfCurrExp, start: Trajectory, lo: f64, hi: f64) -> f64 {
    let f = |t: f64| {
        let slope = start.potential_and_slope(neuron, t).1;
        let i_e = start.i_e * (-t / neuron.tau_syn_e).exp();
        let i_i = start.i_i * (-t / neuron.tau_syn_i).exp();
        (slope, -slope / neuron.tau_m - (i_e / neuron.tau_syn_e + i_i / neuron.tau_syn_i) / neuron.cm)
    };
    bracketed_root(f, lo, hi)
}

/// Root of a function (value and slope) that changes sign in [lo, hi]: Newton's method, kept inside the bracket by bisection.
///
/// Stops when the bracket or the step has shrunk to a few ulp. Returns the end at which the sign of `hi` holds
/// whenever the bracket closes, so that a crossing is never reported before it has happened by more than rounding.
fn bracketed_root(f: impl Fn(f64) -> (f64, f64), mut lo: f64, mut hi: f64) -> f64 {
    let rising = f(hi).0 >= 0.0;
    let mut t = hi;
    let (mut value, mut slope) = f(t);
    for _ in 0..200 {
        if (value >= 0.0) == rising {
            hi = t;
        } else {
            lo = t;
        }
        let tolerance = 4.0 * f64::EPSILON * hi.max(1e-3);
        if hi - lo <= tolerance {
            break;
        }
        let newton = t - value / slope;
        let next = if lo < newton && newton < hi { newton } else { 0.5 * (lo + hi) };
        if (next - t).abs() <= 0.25 * tolerance {
            return next;
        }
        t = next;
        (value, slope) = f(t);
    }
    hi
}

/// Where the rising branch of `p s - q s^r` reaches theta, as the decay factor s = exp(-t/tau_m) of the membrane.
///
/// This is the fast path of a population whose receptors share one time constant: p and q are the membrane
/// and the synaptic part of `V - V_inf = p - q` at the present instant, r = tau_m / tau_syn > 1, and theta > 0.
/// The root may lie on either side of s = 1: in the past (s > 1) or in the future.
///
/// None if the maximum stays below theta.
#[inline]
pub(crate) fn rising_root(p: f64, q: f64, ratio: Ratio, theta: f64) -> Option<f64> {
    if !(q > 0.0 && p > 0.0) {
        return None;
    }
    match steep_root(p, q, ratio, theta) {
        None => graze_root(p, q, ratio, theta),
        found => found,
    }
}

/// Where `p s - q s^r` falls to any theta as s grows or shrinks from 1, by Halley's method; None where the potential is not clearly rising on
/// the way.
///
/// `product / square` is the curvature met within one Newton step, relative to the slope. The error of Halley's step has a part of its
/// cube and one of the square of that curvature, so that with both at 3e-6 it is the last one needed. Below a positive theta the second
/// is the greater; a neuron driven above threshold may hardly be curved over a long way.
#[inline(always)]
pub(crate) fn steep_root(p: f64, q: f64, ratio: Ratio, theta: f64) -> Option<f64> {
    let r = ratio.value;
    let mut s = 1.0;
    for _ in 0..8 {
        let power = q * ratio.power_less_two(s);
        let value = s * (p - power * s) - theta;
        let slope = p - r * power * s;
        let square = slope * slope;
        let product = -value * (r * (r - 1.0) * power);
        if !(slope < 0.0 && product.abs() < 4.0 * square) {
            return None;
        }
        let step = 2.0 * value * slope / (2.0 * square - product);
        s -= step;
        if product.abs() <= 3e-6 * square && step.abs() <= 3e-6 * s {
            return Some(s);
        }
    }
    None
}

/// The root by Newton's method from beyond it; None if the maximum stays below theta.
///
/// In s the function is concave, so the iteration converges monotonically from the side of falling values (s too
/// large), even where slope and value vanish together. The parabola through the maximum gives such a start.
fn graze_root(p: f64, q: f64, ratio: Ratio, theta: f64) -> Option<f64> {
    let r = ratio.value;
    let peak = ratio.root_less_one(p / (r * q));
    let excess = peak * (p - q * peak * ratio.power_less_two(peak)) - theta;
    if excess < 0.0 {
        return None;
    }
    let curvature = r * (r - 1.0) * q * ratio.power_less_two(peak);
    let mut s = peak + (2.0 * excess / curvature).sqrt();
    for _ in 0..60 {
        let power = q * s * ratio.power_less_two(s);
        let step = (s * (p - power) - theta) / (p - r * power);
        // 0/0 means that s is the root.
        if !step.is_finite() {
            break;
        }
        let next = (s - step).max(peak);
        let done = (next - s).abs() <= 2.0 * f64::EPSILON * s;
        s = next;
        if done {
            break;
        }
    }
    Some(s)
}

/// tau_m / tau_syn, with a fast power where it is a small whole number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ratio {
    /// r = tau_m / tau_syn.
    pub(crate) value: f64,
    /// The smallest integer that is not below r.
    pub(crate) ceiling: u32,
    /// Whether r is that integer.
    whole: bool,
}

impl Ratio {
    pub(crate) fn new(tau_m: f64, tau_syn: f64) -> Ratio {
        let value = tau_m / tau_syn;
        let ceiling = value.ceil();
        Ratio { value, ceiling: ceiling as u32, whole: value == ceiling && ceiling <= 64.0 }
    }

    /// r, if it is a small whole number.
    pub(crate) fn whole(self) -> Option<u32> {
        self.whole.then_some(self.ceiling)
    }

    /// s^(r-1).
    #[inline]
    pub(crate) fn power_less_one(self, s: f64) -> f64 {
        match self.ceiling {
            4 if self.whole => s * s * s,
            n if self.whole && n >= 1 => whole_power(s, n - 1),
            _ => s.powf(self.value - 1.0),
        }
    }

    /// x^(1/(r-1)).
    #[inline]
    fn root_less_one(self, x: f64) -> f64 {
        if self.whole && self.ceiling == 4 { x.cbrt() } else { x.powf(1.0 / (self.value - 1.0)) }
    }

    /// s^(r-2).
    #[inline]
    fn power_less_two(self, s: f64) -> f64 {
        match self.ceiling {
            4 if self.whole => s * s,
            n if self.whole && n >= 2 => whole_power(s, n - 2),
            _ => s.powf(self.value - 2.0),
        }
    }
}

/// s^n by squaring, in the order of multiplications that the vector kernel uses.
#[inline]
pub(crate) fn whole_power(s: f64, n: u32) -> f64 {
    if n == 4 {
        let square = s * s;
        return square * square;
    }
    let (mut result, mut base, mut n) = (1.0, s, n);
    while n > 0 {
        if n & 1 == 1 {
            result *= base;
        }
        base *= base;
        n >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A scan that cannot be clever: 20,000 points.
    fn scan(neuron: &IfCurrExp, start: Trajectory, theta: f64, horizon: f64) -> (bool, f64) {
        let n = 20_000;
        let top = (0..=n)
            .map(|k| start.potential(neuron, horizon * f64::from(k) / f64::from(n)))
            .fold(f64::NEG_INFINITY, f64::max);
        (top >= theta, top)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn finds_what_a_scan_finds(
            d in -30.0f64..15.0, i_e in 0.0..3.0, i_i in -3.0..0.0, theta in -5.0..20.0, horizon in 0.1..200.0,
            tau_syn_e in 0.2..50.0, tau_syn_i in 0.2..50.0,
        ) {
            let neuron = IfCurrExp { tau_syn_e, tau_syn_i, ..IfCurrExp::liu_furber_2016() };
            let start = Trajectory { d: d.min(theta - 1e-6), i_e, i_i };
            let (crosses, top) = scan(&neuron, start, theta, horizon);
            match first_crossing(&neuron, start, theta, horizon) {
                Some(t) => {
                    prop_assert!((0.0..=horizon).contains(&t));
                    // A crossing between two scan points may exceed theta where the scan does not.
                    prop_assert!(crosses || theta - top < 1e-3);
                    let (at, slope) = start.potential_and_slope(&neuron, t);
                    prop_assert!((at - theta).abs() < 1e-11);
                    prop_assert!(slope > -1e-6);
                    // Nothing earlier.
                    prop_assert!(scan(&neuron, start, theta + 1e-9, t * (1.0 - 1e-9)).1 < theta + 1e-9);
                }
                None => prop_assert!(!crosses),
            }
        }

        #[test]
        fn fast_root_agrees_with_the_general_search(
            d in 0.0..14.9, i_e in 0.0..4.0, tau_syn in prop::sample::select(vec![1.0, 2.5, 5.0, 7.3, 10.0]),
        ) {
            let neuron = IfCurrExp { tau_syn_e: tau_syn, tau_syn_i: tau_syn, ..IfCurrExp::liu_furber_2016() };
            let theta = 15.0;
            let start = Trajectory { d, i_e, i_i: 0.0 };
            let general = first_crossing(&neuron, start, theta, 1e3);
            let q = neuron.resistance() * tau_syn / (neuron.tau_m - tau_syn) * i_e;
            let p = d + q;
            let fast = rising_root(p, q, Ratio::new(neuron.tau_m, tau_syn), theta)
                .map(|s| -neuron.tau_m * s.ln())
                .filter(|&t| t >= 0.0);
            match (general, fast) {
                (Some(a), Some(b)) => {
                    let slope = start.potential_and_slope(&neuron, a).1;
                    prop_assert!((a - b).abs() < 1e-12 + 1e-13 / slope.max(1e-9).powi(2), "{a} {b} slope {slope}");
                }
                (None, None) => {}
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }

    proptest! {
        /// From below a threshold that is not positive to above it, under currents of both signs.
        #[test]
        fn steep_root_of_driven_neurons_agrees_with_the_general_search(
            below in 1e-3f64..15.0, i in -4.0f64..4.0, theta in -17.0f64..0.0, horizon in 0.01f64..60.0,
            tau_syn in prop::sample::select(vec![1.0, 2.5, 5.0, 7.3, 10.0]), is_even in prop::bool::ANY,
        ) {
            let neuron = IfCurrExp { tau_syn_e: tau_syn, tau_syn_i: tau_syn, ..IfCurrExp::liu_furber_2016() };
            let theta = if is_even { 0.0 } else { theta };
            let start = Trajectory { d: theta - below, i_e: i, i_i: 0.0 };
            let now = start.after(&neuron, horizon);
            if now.d < theta {
                return Ok(());
            }
            let q = neuron.resistance() * tau_syn / (neuron.tau_m - tau_syn) * now.i_e;
            let Some(s) = steep_root(now.d + q, q, Ratio::new(neuron.tau_m, tau_syn), theta) else { return Ok(()) };
            let fast = horizon - neuron.tau_m * s.ln();
            // A root before the start belongs to a past that has not been: whoever asks has to look.
            if fast < 0.0 {
                return Ok(());
            }
            let general = first_crossing(&neuron, start, theta, horizon).unwrap_or(f64::NAN);
            let slope = start.potential_and_slope(&neuron, general).1;
            // Rounding of some 30 mV, carried over the horizon, over the slope, and a graze where that vanishes.
            prop_assert!((fast - general).abs() < 1e-12 + 1e-12 / slope.max(1e-9).powi(2), "{fast} {general} {slope}");
        }
    }

    /// Over a horizon at whose end every exponential has underflowed, with currents of both signs.
    #[test]
    fn long_horizons_hide_nothing() {
        let neuron = IfCurrExp { tau_syn_i: 1.0, ..IfCurrExp::liu_furber_2016() };
        let start = Trajectory { d: 0.0, i_e: 3.0, i_i: -0.1 };
        let near = first_crossing(&neuron, start, 15.0, 100.0).unwrap();
        let far = first_crossing(&neuron, start, 15.0, 1e5).unwrap();
        assert!((near - far).abs() < 1e-12, "{near} {far}");
    }

    #[test]
    fn smallest_weight_that_fires() {
        // mpmath: 1.190550788976149606 nA is the smallest weight that fires the resting neuron with i_offset = 0.
        let neuron = IfCurrExp { i_offset: 0.0, ..IfCurrExp::liu_furber_2016() };
        let fires = |w: f64| first_crossing(&neuron, Trajectory { d: 0.0, i_e: w, i_i: 0.0 }, 15.0, 100.0).is_some();
        assert!(fires(1.190_550_788_976_15 + 1e-14));
        assert!(!fires(1.190_550_788_976_15 - 1e-14));
    }
}
