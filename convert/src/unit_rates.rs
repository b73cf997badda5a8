//! What rates stand for: the scale between activations and spikes, train by train.

use crate::encoding::{Encoder, Encoding};
use crate::error::ConversionError;
use crate::plan::{Link, Plan, TrainId, TrainOrigin};
use ann::Shape;
use sim::MS_PER_S;

/// What spikes of each train of a plan stand for.
#[derive(Debug, Clone)]
pub(crate) struct UnitRates {
    /// Rate (Hz) that stands for an activation of one; NaN for trains that never carry a spike.
    pub(crate) rates: Vec<f64>,
    /// Factors by which that of each unit is lower, where units differ; else empty.
    factors: Vec<Vec<f32>>,
    /// Whether the images are told by constant currents, which have no noise.
    constant_images: bool,
}

impl UnitRates {
    /// Only that of the images known yet.
    pub(crate) fn new(plan: &Plan, encoder: &Encoder) -> UnitRates {
        let (mut rates, factors) = (vec![f64::NAN; plan.trains.len()], vec![Vec::new(); plan.trains.len()]);
        rates[0] = encoder.max_rate / encoder.full_scale;
        UnitRates { rates, factors, constant_images: encoder.encoding == Encoding::Constant }
    }

    /// Finds the unit rate of a train without neurons of its own.
    pub(crate) fn settle(&mut self, plan: &Plan, train: TrainId) {
        if !self.rates[train].is_nan() {
            return;
        }
        let units = plan.trains[train].shape.units();
        match &plan.trains[train].origin {
            TrainOrigin::Input | TrainOrigin::Neurons { .. } => {}
            &TrainOrigin::Greatest { of, .. } => {
                self.settle(plan, of);
                self.rates[train] = self.rates[of];
                // Factors are alike in all cells of a map, of which a maximum has fewer.
                self.factors[train] = self.factors[of].iter().copied().take(units).collect();
            }
            TrainOrigin::Together(parts) => {
                parts.iter().for_each(|&(part, _)| self.settle(plan, part));
                let highest = parts.iter().map(|&(part, _)| self.rates[part]).fold(f64::NAN, f64::max);
                let mut cell = Vec::new();
                for &(part, Shape { channels, .. }) in parts {
                    // A part that never carries a spike has no say.
                    let rate = self.rates[part];
                    let factor = if rate.is_nan() { 0.0 } else { (highest / rate) as f32 };
                    let own = |channel: usize| factor * self.factors[part].get(channel).copied().unwrap_or(1.0);
                    cell.extend((0..channels).map(own));
                }
                self.rates[train] = highest;
                self.factors[train] = cell.iter().copied().cycle().take(units).collect();
            }
        }
    }

    /// Factors by which the unit rates of a train's units are lower; empty where they do not differ.
    pub(crate) fn factors(&self, train: TrainId) -> &[f32] {
        &self.factors[train]
    }

    /// What rates (Hz) of a train stand for, image by image; nothing for one that never carries a spike.
    pub(crate) fn activity(&self, train: TrainId, rates: &[f64]) -> Vec<f32> {
        let (unit, factors) = (self.rates[train], &self.factors[train]);
        let lower = |index: usize| factors.get(index % factors.len().max(1)).copied().unwrap_or(1.0);
        let each = rates.iter().enumerate();
        each.map(|(index, rate)| if unit.is_nan() { 0.0 } else { (rate / unit) as f32 * lower(index) }).collect()
    }

    /// Links from trains that carry spikes.
    pub(crate) fn heard<'a>(&'a self, links: &'a [Link]) -> impl Iterator<Item = &'a Link> {
        links.iter().filter(|link| !self.rates[link.train].is_nan())
    }

    /// Variance of the synaptic current (nA^2) of each image and unit, where the mean current is one nA per unit of weighted sum: with
    /// the weights `w = W 1000 / (tau_syn u)`, `u` being the unit rate of what is heard, that is
    /// `(tau_syn/2) sum w^2 u a = (1000 / (2 tau_syn)) sum W^2 a / u`.
    pub(crate) fn noise<'a>(
        &self,
        links: &[Link],
        tau_syn: f64,
        activity: impl Fn(TrainId) -> &'a [f32],
        images: usize,
        length: usize,
    ) -> Result<Vec<f64>, ConversionError> {
        let mut noise = vec![0.0; length];
        for Link { train, map, .. } in self.heard(links).filter(|link| !(self.constant_images && link.train == 0)) {
            let squared = map.squared()?;
            let evened = if self.factors[*train].is_empty() {
                None
            } else {
                squared.with_inputs_times(&self.factors[*train])?
            };
            let squares = evened.unwrap_or(squared).apply(activity(*train), images)?;
            let factor = 0.5 * MS_PER_S / (tau_syn * self.rates[*train]);
            noise.iter_mut().zip(squares).for_each(|(sum, square)| *sum += factor * f64::from(square).max(0.0));
        }
        Ok(noise)
    }
}
