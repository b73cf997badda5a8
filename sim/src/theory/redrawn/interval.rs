//! The membrane over one interval of a current redrawn at regular times.

use crate::neuron::IfCurrExp;
use crate::theory::quadrature::{normal_density, normal_hazard, normal_tail};

/// A neuron under a Gaussian current redrawn at regular times. Potentials are relative to rest (mV), times are phases: fractions of
/// the interval.
#[derive(Debug, Clone, Copy)]
pub(super) struct Interval {
    /// Threshold.
    pub(super) theta: f64,
    /// Reset.
    pub(super) reset: f64,
    /// Mean of the potential that a current aims at: R mu.
    target: f64,
    /// Its standard deviation: R stdev.
    spread: f64,
    /// Length of the interval over tau_m.
    length: f64,
}

/// A normal distribution.
#[derive(Debug, Clone, Copy)]
pub(super) struct Normal {
    pub(super) mean: f64,
    pub(super) deviation: f64,
}

impl Normal {
    pub(super) fn density(self, v: f64) -> f64 {
        normal_density((v - self.mean) / self.deviation) / self.deviation
    }

    /// Probability to lie above `v`.
    pub(super) fn above(self, v: f64) -> f64 {
        normal_tail((v - self.mean) / self.deviation)
    }
}

impl Interval {
    pub(super) fn new(neuron: &IfCurrExp, mu: f64, stdev: f64, dt: f64) -> Interval {
        Interval {
            theta: neuron.v_thresh - neuron.v_rest,
            reset: neuron.v_reset - neuron.v_rest,
            target: neuron.resistance() * mu,
            spread: neuron.resistance() * stdev,
            length: dt / neuron.tau_m,
        }
    }

    /// The potential at the end of a stretch of `phase` under one current, if the threshold were not there.
    ///
    /// It moves straight towards its target, so the threshold is crossed exactly if this lies above it.
    pub(super) fn after(&self, from: f64, phase: f64) -> Normal {
        let moved = -(-phase * self.length).exp_m1();
        Normal { mean: from + moved * (self.target - from), deviation: moved * self.spread }
    }

    /// Standard deviation that one whole interval adds.
    pub(super) fn step(&self) -> f64 {
        self.after(0.0, 1.0).deviation
    }

    /// Standard deviation of the free potential at the redraws.
    pub(super) fn stationary_deviation(&self) -> f64 {
        self.spread * (0.5 * self.length).tanh().sqrt()
    }

    /// Lowest potential that matters: what lies below is visited with a probability below 1e-14.
    pub(super) fn lowest(&self) -> f64 {
        self.reset.min(self.target) - 7.8 * self.stationary_deviation()
    }

    /// Standard deviations by which the threshold lies above the mean.
    pub(super) fn distance(&self) -> f64 {
        (self.theta - self.target) / self.stationary_deviation()
    }

    /// Density, per unit of phase, of crossing the threshold a stretch of `phase` after a start at `from`.
    ///
    /// The target z for which the crossing falls there is theta + (theta - from)/(exp(phase length) - 1); this is its density times
    /// |dz/dphase|.
    pub(super) fn crossing(&self, from: f64, phase: f64) -> f64 {
        let growth = (phase * self.length).exp_m1();
        let ahead = (self.theta - from) / growth;
        let target = Normal { mean: self.target, deviation: self.spread };
        target.density(self.theta + ahead) * ahead * self.length * (growth + 1.0) / growth
    }

    /// Density of crossing the threshold at `phase` of an interval whose first potential is normal, below threshold.
    ///
    /// With z - theta = x the start was theta - b x, b = exp(phase length) - 1. The density is the integral over x > 0 of two normal
    /// densities, of z and of the start, times x length (b + 1): in closed form the mean of the positive part of another normal.
    pub(super) fn crossing_from(&self, start: Normal, phase: f64) -> f64 {
        let b = (phase * self.length).exp_m1();
        let (ahead, below) = (self.target - self.theta, self.theta - start.mean);
        let both = start.deviation.hypot(b * self.spread);
        let match_of_both = normal_density((below - b * ahead) / both) / both;
        let deviation = self.spread * start.deviation / both;
        let (u, v) = (start.deviation / both, self.spread / both);
        let mean = u * u * ahead + b * v * v * below;
        match_of_both * positive_part(Normal { mean, deviation }) * self.length * (b + 1.0)
    }

    /// Density to be at `to` one interval after a start that is normal and below threshold.
    pub(super) fn two_steps(&self, start: Normal, to: f64) -> f64 {
        let decay = (-self.length).exp();
        let step = self.after(start.mean, 1.0);
        let both = step.deviation.hypot(decay * start.deviation);
        let off = (to - step.mean) / both;
        // The start, given where it led.
        let gain = decay * start.deviation / both;
        let given = Normal {
            mean: start.mean + gain * start.deviation * off,
            deviation: start.deviation * step.deviation / both,
        };
        normal_density(off) / both * (1.0 - given.above(self.theta))
    }
}

/// Mean of the positive part of a normal number.
fn positive_part(x: Normal) -> f64 {
    let t = x.mean / x.deviation;
    if t >= 0.0 {
        return x.deviation * normal_density(t) + x.mean * normal_tail(-t);
    }
    // density + t tail, with the tail as density over hazard.
    (x.deviation * normal_density(t) * (1.0 + t / normal_hazard(-t))).max(0.0)
}
