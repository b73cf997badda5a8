//! Weights on their way to a population: a ring of the grid points to come.

use crate::projection::Row;

/// What arrives at each of the next grid points, summed per neuron.
#[derive(Debug, Clone)]
pub(super) struct Arrivals {
    ring: Vec<Slot>,
}

/// What arrives at one grid point.
#[derive(Debug, Clone)]
struct Slot {
    /// Excitatory and inhibitory weights (nA; mV for delta synapses), one per neuron.
    weights: [Vec<f64>; 2],
    /// Whether anything arrives at all.
    used: bool,
}

impl Arrivals {
    /// Nothing on its way to `size` neurons, over delays of up to `longest` steps.
    pub(super) fn new(size: usize, longest: u64) -> Arrivals {
        let slot = Slot { weights: [vec![0.0; size], vec![0.0; size]], used: false };
        Arrivals { ring: vec![slot; longest.max(1) as usize] }
    }

    /// Forgets everything.
    pub(super) fn reset(&mut self) {
        (0..self.ring.len() as u64).for_each(|step| self.clear(step));
    }

    fn slot(&mut self, step: u64) -> &mut Slot {
        let length = self.ring.len() as u64;
        &mut self.ring[(step % length) as usize]
    }

    /// Excitatory and inhibitory weights that arrive at a grid point.
    pub(super) fn at(&self, step: u64) -> [&[f64]; 2] {
        let [excitatory, inhibitory] = &self.ring[(step % self.ring.len() as u64) as usize].weights;
        [excitatory, inhibitory]
    }

    /// Makes room for the grid point that comes one round of the ring after this one.
    pub(super) fn clear(&mut self, step: u64) {
        let slot = self.slot(step);
        if slot.used {
            slot.weights.iter_mut().for_each(|weights| weights.fill(0.0));
            slot.used = false;
        }
    }

    /// Adds one weight.
    pub(super) fn add(&mut self, step: u64, target: usize, weight: f64) {
        let slot = self.slot(step);
        slot.used = true;
        slot.weights[usize::from(weight < 0.0)][target] += weight;
    }

    /// Adds a row of weights.
    #[inline]
    pub(super) fn add_row(&mut self, step: u64, row: Row<'_>) {
        let slot = self.slot(step);
        slot.used = true;
        let [excitatory, inhibitory] = &mut slot.weights;
        match row {
            Row::Neighbours { start, weights } => {
                let targets = start..start + weights.len();
                let sums = excitatory[targets.clone()].iter_mut().zip(&mut inhibitory[targets]);
                // Both sums of each neuron, one with a zero: no branch.
                for ((excitatory, inhibitory), &weight) in sums.zip(weights) {
                    *excitatory += if weight > 0.0 { weight } else { 0.0 };
                    *inhibitory += if weight < 0.0 { weight } else { 0.0 };
                }
            }
            Row::Range { start, end, weight } => {
                let sums = if weight < 0.0 { inhibitory } else { excitatory };
                sums[start..end].iter_mut().for_each(|sum| *sum += weight);
            }
            Row::Alike { targets, weight } => {
                let sums = if weight < 0.0 { inhibitory } else { excitatory };
                targets.iter().for_each(|&target| sums[target as usize] += weight);
            }
            Row::Each { targets, weights } => {
                for (&target, &weight) in targets.iter().zip(weights) {
                    let sums = if weight < 0.0 { &mut *inhibitory } else { &mut *excitatory };
                    sums[target as usize] += weight;
                }
            }
        }
    }
}
