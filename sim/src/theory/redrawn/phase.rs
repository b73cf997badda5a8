//! The neuron that fires between the redraws: a renewal chain over the phase at which it is released.

use super::interval::{Interval, Normal};
use super::{NEVER, Potentials, WHOLE, converged};
use crate::MS_PER_S;
use crate::error::TheoryError;
use crate::neuron::IfCurrExp;
use crate::theory::RateEstimate;
use crate::theory::quadrature::gauss_legendre;
use crate::theory::stationary::stationary_density;

/// Phases per panel, at each refinement.
const PHASES: [usize; 5] = [16, 22, 32, 46, 64];

/// Potentials at which a narrow normal distribution is read, and how many deviations to each side.
const READINGS: usize = 40;
const WIDTH: f64 = 8.5;

/// A phase of release, the phase of the crossing that leads to it, and the weight of both.
struct Phase {
    release: f64,
    crossing: f64,
    weight: f64,
}

/// The phases, in panels that end where the crossings change from one interval to the next.
fn phases(remainder: f64, nodes: usize) -> Vec<Phase> {
    let rule = gauss_legendre(nodes);
    let panels = if remainder > 0.0 { vec![(0.0, remainder), (remainder, 1.0)] } else { vec![(0.0, 1.0)] };
    let panel = |(a, b): (f64, f64)| {
        let node = move |&(x, w): &(f64, f64)| {
            let release = 0.5 * (a + b + (b - a) * x);
            let crossing = if release < remainder { release + (1.0 - remainder) } else { release - remainder };
            Phase { release, crossing, weight: 0.5 * (b - a) * w }
        };
        rule.iter().map(node).collect::<Vec<_>>()
    };
    panels.into_iter().flat_map(panel).collect()
}

/// Rate (Hz) of a neuron that fires the moment it reaches threshold.
///
/// Between redraws the potential moves straight towards the target of its current. A neuron released from reset at phase p of an
/// interval meets a current that it has not met before, if tau_refrac is at least as long as the interval; so the phases of
/// successive crossings form a Markov chain. With c(phi | p) the density of the phase of the next crossing, pi its stationary density and
/// n(v) the mean number of redraws that a neuron at v sees before it fires, v being the potential at one of them,
///
/// ```text
/// pi(p) = int c(p - tau_refrac/dt mod 1 | p') pi(p') dp' ,
/// 1/rate = tau_refrac + dt (int pi(p) n_p dp + <phi> - <p>)
/// ```
///
/// c has three parts: crossings in the interval of the release, in the next, and later. The first two are closed forms; the last needs
/// E(v, phi), which solves E = D + K E with the density D of crossing in the second interval from v. All are smooth.
///
/// * `mu`: total mean current (nA); `stdev`: PyNN's, of the redrawn current (nA), positive; `dt`: interval (ms)
///
/// # Errors
///
/// `tau_refrac` must not be shorter than `dt`; the noise must not be so weak that the walk takes hundreds of steps to cross its range.
pub(in crate::theory) fn rate_event_driven(
    neuron: &IfCurrExp,
    mu: f64,
    stdev: f64,
    dt: f64,
    tolerance: f64,
) -> Result<RateEstimate, TheoryError> {
    let tau_refrac = neuron.tau_refrac;
    let periods = tau_refrac / dt;
    if !(1.0 - WHOLE <= periods) {
        return Err(TheoryError::RefractoryInsideInterval { tau_refrac, dt });
    }
    let remainder = if (periods - periods.round()).abs() <= WHOLE * periods { 0.0 } else { periods.fract() };
    let interval = Interval::new(neuron, mu, stdev, dt);
    if interval.distance() > NEVER {
        return Ok(RateEstimate { rate: 0.0, error: 0.0 });
    }
    let panels = Potentials::panels(&interval)?;
    converged("exact", tolerance, panels, |panels, level| {
        let phases = phases(remainder, PHASES[level]);
        MS_PER_S / (tau_refrac + dt * mean_intervals(&interval, &phases, panels))
    })
}

/// Mean time between release and crossing, in intervals; NaN if the equations are singular.
fn mean_intervals(interval: &Interval, phases: &[Phase], panels: usize) -> f64 {
    let potentials = Potentials::new(interval, panels);
    let kinds = phases.len() + 1;
    // Of each potential: the densities of crossing in the second interval at each phase, and one for the redraw itself.
    let mut reward = Vec::with_capacity(potentials.nodes.len() * kinds);
    for &(v, _) in &potentials.nodes {
        let next = interval.after(v, 1.0);
        reward.extend(phases.iter().map(|phase| interval.crossing_from(next, phase.crossing)));
        reward.push(1.0);
    }
    let totals = potentials.chain(interval).expected_totals(reward, kinds);
    let rule = gauss_legendre(READINGS);

    let n = phases.len();
    let mut operator = vec![0.0; n * n];
    let mut redraws = 0.0;
    let mut seen = Vec::with_capacity(n);
    for (j, from) in phases.iter().enumerate() {
        let first = interval.after(interval.reset, 1.0 - from.release);
        let mut later = vec![0.0; kinds];
        for (&(v, weight), total) in potentials.nodes.iter().zip(totals.chunks_exact(kinds)) {
            let reached = weight * interval.two_steps(first, v);
            later.iter_mut().zip(total).for_each(|(sum, x)| *sum += reached * x);
        }
        seen.push(1.0 - first.above(interval.theta) + later[n]);
        for (i, to) in phases.iter().enumerate() {
            let mut density = later[i] + interval.crossing_from(first, to.crossing);
            if to.crossing > from.release {
                density += interval.crossing(interval.reset, to.crossing - from.release);
            }
            density += read(interval, first, &rule, |v| interval.crossing_from(interval.after(v, 1.0), to.crossing));
            operator[i * n + j] = density * from.weight;
        }
    }
    let weights: Vec<f64> = phases.iter().map(|phase| phase.weight).collect();
    let Some(density) = stationary_density(&operator, &weights, &vec![1.0; n]) else { return f64::NAN };
    for ((phase, density), seen) in phases.iter().zip(density).zip(seen) {
        redraws += phase.weight * density * (seen + phase.crossing - phase.release);
    }
    redraws
}

/// Mean of a smooth function over the part of a normal distribution that lies below threshold.
fn read(interval: &Interval, normal: Normal, rule: &[(f64, f64)], f: impl Fn(f64) -> f64) -> f64 {
    let low = normal.mean - WIDTH * normal.deviation;
    let high = (normal.mean + WIDTH * normal.deviation).min(interval.theta);
    if !(low < high) {
        return 0.0;
    }
    let half = 0.5 * (high - low);
    rule.iter()
        .map(|&(x, w)| {
            let v = low + half * (1.0 + x);
            half * w * normal.density(v) * f(v)
        })
        .sum()
}
