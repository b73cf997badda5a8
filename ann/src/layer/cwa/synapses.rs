//! The synapses of a kernel towards either side of its averages.

use std::ops::Range;

use crate::layer::cwa::Weighting;
use crate::matrix::Matrix;
use crate::real::Real;

/// The side to which a conductance pulls.
#[derive(Clone, Copy)]
pub(super) enum Side {
    /// Towards +1.
    Excitatory,
    /// Towards -1.
    Inhibitory,
}

/// All synapses of a kernel `[cells, channels, outputs]` towards one side. Conductances towards the two sides come from different channels,
/// so that both sums of an average take no more products than one over all channels; absolute weights are on both sides of every channel.
pub(super) struct Synapses {
    weighting: Weighting,
    side: Side,
    /// Channels that have such synapses.
    channels: Range<usize>,
    cells: usize,
    all_channels: usize,
    outputs: usize,
}

impl Synapses {
    /// The excitatory and the inhibitory synapses of a kernel `[cells, channels, outputs]`.
    pub(super) fn both(weighting: Weighting, [cells, channels, outputs]: [usize; 3]) -> [Self; 2] {
        let [excitatory, inhibitory] = match weighting {
            Weighting::Conductance { excitatory } => [0..excitatory, excitatory..channels],
            Weighting::Absolute => [0..channels, 0..channels],
        };
        [(Side::Excitatory, excitatory), (Side::Inhibitory, inhibitory)].map(|(side, own)| Self {
            weighting,
            side,
            channels: own,
            cells,
            all_channels: channels,
            outputs,
        })
    }

    /// Number of channels that have such synapses.
    pub(super) fn channels(&self) -> usize {
        self.channels.len()
    }

    /// Number of these synapses that drive one unit.
    pub(super) fn fan_in(&self) -> usize {
        self.cells * self.channels.len()
    }

    /// Rows of the kernel that hold these synapses.
    fn rows(&self) -> impl Iterator<Item = usize> {
        let (channels, all) = (self.channels.clone(), self.all_channels);
        (0..self.cells).flat_map(move |cell| channels.clone().map(move |channel| cell * all + channel))
    }

    /// Appends their conductances, `[cells, channels, outputs]`.
    pub(super) fn prepare<T: Real>(&self, kernel: &[T], prepared: &mut Vec<T>) {
        for row in self.rows() {
            let weights = &kernel[row * self.outputs..(row + 1) * self.outputs];
            prepared.extend(weights.iter().map(|&w| self.weighting.conductance(self.side, w)));
        }
    }

    /// These conductances as a matrix: first in `prepared` if they are excitatory, last if they are inhibitory.
    pub(super) fn matrix<'a, T: Real>(&self, prepared: &'a [T]) -> Matrix<'a, T> {
        let length = self.fan_in() * self.outputs;
        let own = match self.side {
            Side::Excitatory => &prepared[..length],
            Side::Inhibitory => &prepared[prepared.len() - length..],
        };
        Matrix::new(own, self.fan_in(), self.outputs)
    }

    /// Adds to the kernel's gradient that of the conductances.
    pub(super) fn add_kernel_gradient<T: Real>(&self, conductance_gradient: &[T], kernel: &[T], gradient: &mut [T]) {
        for (row, own) in self.rows().zip(conductance_gradient.chunks_exact(self.outputs)) {
            let row = row * self.outputs..(row + 1) * self.outputs;
            for ((sum, &w), &own) in gradient[row.clone()].iter_mut().zip(&kernel[row]).zip(own) {
                *sum += self.weighting.slope(self.side, w) * own;
            }
        }
    }

    /// The inputs with such synapses: all of them, or copies in `memory`.
    pub(super) fn select<'a, T: Real>(&self, inputs: &'a [T], memory: &'a mut Vec<T>) -> &'a [T] {
        if self.channels.len() == self.all_channels {
            return inputs;
        }
        memory.clear();
        for cell in inputs.chunks_exact(self.all_channels) {
            memory.extend_from_slice(&cell[self.channels.clone()]);
        }
        memory
    }

    /// The transpose of [`Self::select`]: adds to the gradient of all inputs that of those with such synapses.
    pub(super) fn add_input_gradient<T: Real>(&self, selected: &[T], gradient: &mut [T]) {
        if self.channels.is_empty() {
            return;
        }
        let cells = gradient.chunks_exact_mut(self.all_channels).zip(selected.chunks_exact(self.channels.len()));
        for (cell, own) in cells {
            for (sum, &own) in cell[self.channels.clone()].iter_mut().zip(own) {
                *sum += own;
            }
        }
    }
}
