//! Injected currents: a constant one moves the level that a membrane relaxes to, a sinusoidal one adds a known wave to its potential.

use super::model::Model;
use super::{Cells, Mode, Now};
use crate::current::Wave;

impl<M: Model<N>, const N: usize> Cells<M, N> {
    /// Changes the current injected into neuron j (nA, i_offset included); V does not jump.
    pub(crate) fn inject(&mut self, j: usize, current: f64, now: &Now<N>) {
        self.resolve(j, now);
        let level = self.neuron.v_rest + self.model(j).resistance() * current;
        let jump = self.level[j] - level;
        self.level[j] = level;
        self.cells[j].theta = self.v_thresh[j] - level;
        self.shift(j, jump, now);
    }

    /// Turns a sinusoidal current of neuron j on or off; V does not jump.
    pub(crate) fn wave_onto(&mut self, j: usize, wave: usize, on: bool, now: &Now<N>) {
        self.resolve(j, now);
        let before = self.wave(j, now.t);
        if on {
            self.waving[j] |= 1 << wave;
        } else {
            self.waving[j] &= !(1 << wave);
        }
        self.shift(j, before - self.wave(j, now.t), now);
    }

    /// Moves d of neuron j because the level from which it is counted has moved.
    fn shift(&mut self, j: usize, jump: f64, now: &Now<N>) {
        if self.cells[j].mode != Mode::Held {
            self.cells[j].x[0] += jump / self.factors(j, now).potential[0];
            self.look::<1>(&[j], now);
        }
    }

    /// What the sinusoidal currents add to V of neuron j at t (mV).
    pub(super) fn wave(&self, j: usize, t: f64) -> f64 {
        self.waves_of(j).map(|wave| wave.potential(self.tau_m(j), self.model(j).resistance(), t)[0]).sum()
    }

    /// The most that they can add (mV).
    pub(super) fn swing(&self, j: usize) -> f64 {
        self.waves_of(j).map(|wave| wave.swing(self.tau_m(j), self.model(j).resistance())).sum()
    }

    fn tau_m(&self, j: usize) -> f64 {
        self.model(j).time_constants().0
    }

    fn waves_of(&self, j: usize) -> impl Iterator<Item = &Wave> {
        let on = self.waving.get(j).copied().unwrap_or(0);
        self.waves.iter().enumerate().filter(move |(index, _)| on >> index & 1 == 1).map(|(_, wave)| wave)
    }

    /// Threshold of d at t, its slope, and a lower bound of its second derivative.
    pub(super) fn moving_threshold(&self, j: usize, t: f64) -> (f64, f64, f64) {
        let (tau_m, resistance) = (self.tau_m(j), self.model(j).resistance());
        self.waves_of(j).fold((self.cells[j].theta, 0.0, 0.0), |(theta, rise, bend), wave| {
            let [value, slope] = wave.potential(tau_m, resistance, t);
            (theta - value, rise - slope, bend - wave.swing(tau_m, resistance) * wave.omega * wave.omega)
        })
    }
}
