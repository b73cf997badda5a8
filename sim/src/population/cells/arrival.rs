//! Arrivals of spikes: they move the coordinates of their targets and spend their budgets.

use super::model::{Factors, Model};
use super::{Cells, Mode, Now};

/// What one arrival does to the coordinates of its target.
struct Arrival<const N: usize> {
    adds: [f64; N],
    spends: f64,
}

impl<const N: usize> Arrival<N> {
    #[inline]
    fn new(w: f64, factors: &Factors<N>) -> Arrival<N> {
        let gains = if w < 0.0 { &factors.inhibitory } else { &factors.excitatory };
        Arrival { adds: gains.map(|gain| gain * w), spends: w.max(0.0) }
    }
}

impl<M: Model<N>, const N: usize> Cells<M, N> {
    /// One arrival of weight w (nA, mV for delta synapses) at neuron j.
    #[inline]
    pub(crate) fn arrive(&mut self, j: usize, w: f64, now: &Now<N>) {
        if self.models.len() == 1 {
            self.receive(j, &Arrival::new(w, &now.shared), now);
        } else {
            self.receive(j, &Arrival::new(w, &self.models[j].factors(now.t - self.origin)), now);
        }
    }

    /// The same arrival at many neurons.
    pub(crate) fn arrive_at_all(&mut self, targets: &[u32], w: f64, now: &Now<N>) {
        if self.models.len() == 1 {
            let arrival = Arrival::new(w, &now.shared);
            targets.iter().for_each(|&j| self.receive(j as usize, &arrival, now));
        } else {
            targets.iter().for_each(|&j| self.arrive(j as usize, w, now));
        }
    }

    #[inline(always)]
    fn receive(&mut self, j: usize, arrival: &Arrival<N>, now: &Now<N>) {
        let cell = &mut self.cells[j];
        let budget = cell.budget - arrival.spends;
        if budget < 0.0 {
            return self.receive_closely(j, arrival, now);
        }
        cell.budget = budget;
        cell.x.iter_mut().zip(&arrival.adds).for_each(|(x, a)| *x += a);
    }

    /// An arrival that exhausts the budget.
    #[cold]
    #[inline(never)]
    fn receive_closely(&mut self, j: usize, arrival: &Arrival<N>, now: &Now<N>) {
        self.resolve(j, now);
        self.cells[j].x.iter_mut().zip(&arrival.adds).for_each(|(x, a)| *x += a);
        if self.cells[j].mode == Mode::Calm {
            self.look::<1>(&[j], now);
        }
    }
}
