//! Spike-timing-dependent plasticity: the pair rule, additive, over all pairs.
//!
//! ```text
//! pre before post or together: w += a_plus  w_max exp(-d/tau_plus)        d = t_post - t_pre >= 0
//! post before pre:             w -= a_minus w_max exp(d/tau_minus)        d < 0
//! ```
//!
//! clipped to [w_min, w_max] after each update. The four cases of the taxonomy of Hebbian learning are the signs of
//! `a_plus` (pre-post potentiation or depression) and of `a_minus` (post-pre depression or potentiation).

use crate::error::{NetworkError, ParameterError, finite, not_negative, positive};
use crate::projection::{PerSynapse, Sparse};
use crate::record::Spike;

/// PyNN's `STDPMechanism` with `SpikePairRule` and `AdditiveWeightDependence`.
///
/// Inhibitory synapses learn by their absolute weight.
#[derive(Debug, Clone, Copy, PartialEq)]
#[doc(alias = "STDPMechanism")]
#[doc(alias = "SpikePairRule")]
#[doc(alias = "AdditiveWeightDependence")]
pub struct Stdp {
    /// Time constant of the pre-post branch (ms).
    pub tau_plus: f64,
    /// Time constant of the post-pre branch (ms).
    pub tau_minus: f64,
    /// Amplitude of the pre-post branch, as a fraction of `w_max`; negative for depression.
    pub a_plus: f64,
    /// Amplitude of the post-pre branch, as a fraction of `w_max`; positive for depression.
    pub a_minus: f64,
    /// Lower bound of the absolute weight (nA).
    pub w_min: f64,
    /// Upper bound of the absolute weight (nA).
    pub w_max: f64,
    /// The part of the delay that lies between the soma and the synapse of the postsynaptic neuron: the synapse sees a presynaptic
    /// spike after the rest of the delay, and a postsynaptic one after this part.
    pub dendritic_delay_fraction: f64,
}

impl Default for Stdp {
    /// PyNN's defaults.
    fn default() -> Stdp {
        Stdp {
            tau_plus: 20.0,
            tau_minus: 20.0,
            a_plus: 0.01,
            a_minus: 0.01,
            w_min: 0.0,
            w_max: 1.0,
            dendritic_delay_fraction: 1.0,
        }
    }
}

impl Stdp {
    /// Refuses a rule that cannot work, or initial weights outside its bounds or of both signs.
    pub(crate) fn check(&self, weights: &PerSynapse) -> Result<(), NetworkError> {
        positive("tau_plus", "ms", self.tau_plus)?;
        positive("tau_minus", "ms", self.tau_minus)?;
        finite("a_plus", "fraction of w_max", self.a_plus)?;
        finite("a_minus", "fraction of w_max", self.a_minus)?;
        not_negative("w_min", "nA", self.w_min)?;
        not_negative("w_max", "nA", self.w_max)?;
        if !(0.0..=1.0).contains(&self.dendritic_delay_fraction) {
            return Err(ParameterError::NotProbability { found: self.dendritic_delay_fraction }.into());
        }
        let each = match weights {
            PerSynapse::Same(weight) => std::slice::from_ref(weight),
            PerSynapse::Each(weights) => weights,
        };
        let inhibitory = each.iter().any(|&w| w < 0.0);
        let outside = |w: f64| {
            let size = if inhibitory { -w } else { w };
            !(self.w_min <= size && size <= self.w_max)
        };
        match each.iter().copied().find(|&w| outside(w)) {
            Some(found) => Err(NetworkError::WeightOutOfBounds { found, w_min: self.w_min, w_max: self.w_max }),
            None => Ok(()),
        }
    }
}

/// The spikes of one postsynaptic neuron, each with the trace of all so far, itself included.
#[derive(Debug, Clone, Default)]
struct History {
    spikes: Vec<(f64, f64)>,
}

/// What the last spike of a presynaptic neuron has left: its time, and the trace of all so far, itself included.
#[derive(Debug, Clone, Copy)]
struct Trace {
    time: f64,
    value: f64,
}

/// The plastic synapses of a projection in one run.
#[derive(Debug, Clone)]
pub(crate) struct Learning<'a> {
    rule: Stdp,
    synapses: &'a Sparse,
    delay: f64,
    /// 1, or -1 for inhibitory synapses.
    sign: f64,
    /// Absolute weights (nA).
    weights: Vec<f64>,
    /// Of each presynaptic neuron; of each synapse, where these have delays of their own and pass spikes at different times.
    pre: Vec<Trace>,
    own_delays: bool,
    post: Vec<History>,
    /// How many of the fresh spikes of the postsynaptic population have been noted.
    noted: usize,
}

impl<'a> Learning<'a> {
    pub(crate) fn new(rule: Stdp, synapses: &'a Sparse, delay: f64) -> Learning<'a> {
        let weights: Vec<f64> = (0..synapses.len()).map(|index| synapses.weights().at(index)).collect();
        let sign = if weights.iter().any(|&w| w < 0.0) { -1.0 } else { 1.0 };
        let own_delays = matches!(synapses.delays(), PerSynapse::Each(_));
        let traces = if own_delays { synapses.len() } else { synapses.pre_size() };
        Learning {
            rule,
            synapses,
            delay,
            sign,
            weights: weights.iter().map(|w| w.abs()).collect(),
            pre: vec![Trace { time: f64::NEG_INFINITY, value: 0.0 }; traces],
            own_delays,
            post: vec![History::default(); synapses.post_size()],
            noted: 0,
        }
    }

    /// Notes the postsynaptic spikes that have been found since the last time.
    pub(crate) fn note(&mut self, fresh: &[Spike]) {
        for spike in &fresh[self.noted..] {
            let history = &mut self.post[spike.neuron as usize].spikes;
            let trace =
                history.last().map_or(0.0, |&(time, trace)| trace * (-(spike.time - time) / self.rule.tau_minus).exp());
            history.push((spike.time, trace + 1.0));
        }
        self.noted = fresh.len();
    }

    /// The list of fresh spikes begins anew.
    pub(crate) fn turn_page(&mut self) {
        self.noted = 0;
    }

    /// Delay of a synapse (ms).
    pub(crate) fn delay(&self, synapse: usize) -> f64 {
        self.delay + self.synapses.delays().at(synapse)
    }

    /// A spike of `pre` at `time` passes a synapse: returns the weight (nA) that it meets. Postsynaptic spikes have been noted until
    /// the arrival.
    pub(crate) fn pass(&mut self, pre: usize, synapse: usize, time: f64) -> f64 {
        let dendritic = self.rule.dendritic_delay_fraction * self.delay(synapse);
        let axonal = self.delay(synapse) - dendritic;
        self.potentiate(pre, synapse, time + axonal);
        // The postsynaptic spikes that the synapse has seen before now.
        let history = &self.post[self.synapses.targets()[synapse] as usize].spikes;
        let seen = history.partition_point(|&(t, _)| t + dendritic < time + axonal);
        if let Some(&(last, trace)) = history[..seen].last() {
            let trace = trace * (-(time + axonal - last - dendritic) / self.rule.tau_minus).exp();
            self.change(synapse, -self.rule.a_minus * trace);
        }
        if self.own_delays {
            self.remember(synapse, time);
        }
        self.sign * self.weights[synapse]
    }

    /// The presynaptic spike at `time` has passed all its synapses.
    pub(crate) fn passed(&mut self, pre: usize, time: f64) {
        if !self.own_delays {
            self.remember(pre, time);
        }
    }

    fn remember(&mut self, slot: usize, time: f64) {
        let Trace { time: last, value } = self.pre[slot];
        self.pre[slot] = Trace { time, value: value * (-(time - last) / self.rule.tau_plus).exp() + 1.0 };
    }

    /// Pairs the postsynaptic spikes that a synapse has seen since the last presynaptic one, and before `until`, with all presynaptic ones.
    fn potentiate(&mut self, pre: usize, synapse: usize, until: f64) {
        let Trace { time, value } = self.pre[if self.own_delays { synapse } else { pre }];
        if value == 0.0 {
            return;
        }
        let dendritic = self.rule.dendritic_delay_fraction * self.delay(synapse);
        let last = time + self.delay(synapse) - dendritic;
        let target = self.synapses.targets()[synapse] as usize;
        let from = self.post[target].spikes.partition_point(|&(t, _)| t + dendritic < last);
        for index in from.. {
            match self.post[target].spikes.get(index) {
                Some(&(t, _)) if t + dendritic < until => {
                    let pair = value * (-(t + dendritic - last) / self.rule.tau_plus).exp();
                    self.change(synapse, self.rule.a_plus * pair);
                }
                _ => break,
            }
        }
    }

    fn change(&mut self, synapse: usize, amount: f64) {
        let Stdp { w_min, w_max, .. } = self.rule;
        let w = &mut self.weights[synapse];
        *w = (*w + amount * w_max).clamp(w_min, w_max);
    }

    /// The weights (nA) at the end of a run, in order of presynaptic, then postsynaptic neuron; all spikes have been noted.
    pub(crate) fn finish(mut self, end: f64) -> Vec<f64> {
        for pre in 0..self.synapses.pre_size() {
            for synapse in self.synapses.range(pre) {
                self.potentiate(pre, synapse, end.next_up());
            }
        }
        self.weights.iter().map(|w| self.sign * w).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of three rules: both spike trains, without delay, and the final weight of a pair sum in float64 made by
    /// an independent script.
    #[test]
    fn worked_examples() {
        let pre = [2.0, 10.0, 15.5, 30.0, 47.25];
        let post = [5.0, 10.0, 18.0, 29.0, 60.0];
        for (a_plus, a_minus, want) in [
            (0.01, 0.0, 0.566_852_297_416_356_6),
            (0.0, -0.012, 0.570_526_948_615_889_2),
            (0.01, 0.012, 0.496_325_348_800_467_4),
        ] {
            let rule = Stdp { tau_minus: 25.0, a_plus, a_minus, ..Stdp::default() };
            assert!((final_weight(rule, 0.0, &pre, &post) - want).abs() < 1e-12);
        }
    }

    /// Runs the rule on given trains; spikes are noted as the engine would: those before an arrival are known, later ones may be.
    fn final_weight(rule: Stdp, delay: f64, pre: &[f64], post: &[f64]) -> f64 {
        let synapses = Sparse::new(1, &[vec![0]], PerSynapse::Same(0.5), PerSynapse::Same(0.0)).unwrap();
        let mut learning = Learning::new(rule, &synapses, delay);
        let fresh: Vec<Spike> = post.iter().map(|&time| Spike { time, neuron: 0 }).collect();
        for &time in pre {
            let known = fresh.iter().filter(|spike| spike.time <= time + delay).count();
            learning.note(&fresh[..known]);
            learning.pass(0, 0, time);
            learning.passed(0, time);
        }
        learning.note(&fresh);
        learning.finish(100.0)[0]
    }

    /// A delay shifts the trains against each other: the synapse sees pre at t + (1 - f) d and post at t + f d.
    #[test]
    fn delays_shift_the_trains() {
        let pre = [2.0, 10.0, 15.5, 30.0, 47.25];
        let post = [5.0, 10.0, 18.0, 29.0, 60.0];
        for fraction in [0.0, 0.25, 1.0] {
            let rule = Stdp { tau_minus: 25.0, a_minus: 0.012, dendritic_delay_fraction: fraction, ..Stdp::default() };
            let delay = 4.0;
            let mut want = 0.5;
            for p in pre {
                for q in post {
                    let d = q + fraction * delay - (p + (1.0 - fraction) * delay);
                    want += if d >= 0.0 { 0.01 * (-d / 20.0).exp() } else { -0.012 * (d / 25.0).exp() };
                }
            }
            // No weight is clipped on the way, so the order of the pairs does not matter.
            assert!((final_weight(rule, delay, &pre, &post) - want).abs() < 1e-12, "{fraction}");
        }
    }

    #[test]
    fn weights_stay_in_bounds() {
        let rule = Stdp { a_plus: 5.0, a_minus: 0.0, w_max: 0.8, ..Stdp::default() };
        assert_eq!(final_weight(rule, 0.0, &[1.0], &[2.0]), 0.8);
        let rule = Stdp { a_plus: 0.0, a_minus: 5.0, w_min: 0.3, ..Stdp::default() };
        assert_eq!(final_weight(rule, 0.0, &[2.0], &[1.0]), 0.3);
        assert!(rule.check(&PerSynapse::Each(vec![0.5, -0.5])).is_err());
        assert!(rule.check(&PerSynapse::Same(1.5)).is_err());
        assert!(rule.check(&PerSynapse::Same(-0.5)).is_ok());
        assert!(Stdp { tau_plus: 0.0, ..rule }.check(&PerSynapse::Same(0.5)).is_err());
    }
}
