//! First threshold crossing by certified steps: never beyond the first root, whatever the membrane.

use super::model::Model;

/// First t in [0, h] (ms) at which d reaches a threshold that may itself move.
///
/// `threshold(t)` returns the threshold (mV), its slope (mV/ms) and a lower bound of its second derivative from t on (mV/ms^2).
///
/// With f = d - threshold < 0 and f'' <= M over the time that is left, f cannot reach zero before the smallest root of
/// f + f' s + M s^2/2. Stepping there again and again approaches the first root from the left, quadratically where the slope is
/// positive, and walks over a maximum below zero, however close.
#[inline]
pub(super) fn first_crossing<const N: usize>(
    model: &impl Model<N>,
    start: &[f64; N],
    h: f64,
    threshold: impl Fn(f64) -> (f64, f64, f64),
) -> Option<f64> {
    let (mut t, mut state) = (0.0, *start);
    loop {
        let (theta, rise, bend) = threshold(t);
        let gap = theta - state[0];
        if gap <= 0.0 {
            return Some(t);
        }
        let slope = model.slope(&state) - rise;
        let curvature = (model.curvature(&state, h - t) - bend).max(0.0);
        let root = (slope * slope + 2.0 * curvature * gap).sqrt();
        // The root of the parabola, in the form that does not cancel.
        let step = if slope > 0.0 {
            2.0 * gap / (slope + root)
        } else if curvature > 0.0 {
            (root - slope) / curvature
        } else {
            return None;
        };
        if !(t + step <= h) {
            return None;
        }
        // Nearer than the rounding error of the potential, or than the resolution of time.
        if gap <= 1e-15 * (theta.abs() + state[0].abs()) || step <= 2.0 * f64::EPSILON * t {
            return Some(t + step);
        }
        t += step;
        state = model.advance(start, t);
    }
}
