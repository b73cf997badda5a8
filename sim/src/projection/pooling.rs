//! Windows of a map gathered by one neuron each, all with the same weight.

use super::check_weights;
use crate::error::NetworkError;

/// Non-overlapping windows over maps laid out as `[row][column][channel]`.
///
/// Rows and columns that do not fill a window are left out, as "valid" pooling does.
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "AveragePooling2D")]
#[doc(alias = "SumPool2d")]
pub struct Pooling {
    /// Height and width of the presynaptic maps.
    map: [usize; 2],
    channels: usize,
    /// Height and width of a window.
    window: [usize; 2],
    weight: [f64; 1],
}

impl Pooling {
    /// Pools `map` (height, width) in windows of `window` (height, width); every synapse has the weight `weight` (nA).
    ///
    /// # Errors
    ///
    /// The window must not be empty and must fit into the map; the weight must be finite.
    pub fn new(map: [usize; 2], channels: usize, window: [usize; 2], weight: f64) -> Result<Pooling, NetworkError> {
        check_weights(&[weight], 1)?;
        for axis in 0..2 {
            if !(1..=map[axis]).contains(&window[axis]) {
                return Err(NetworkError::Length {
                    what: "pooling window (must be at least 1 and fit into the map)",
                    expected: map[axis],
                    found: window[axis],
                });
            }
        }
        Ok(Pooling { map, channels, window, weight: [weight] })
    }

    pub(super) fn pre_size(&self) -> usize {
        self.map[0] * self.map[1] * self.channels
    }

    pub(super) fn post_size(&self) -> usize {
        (self.map[0] / self.window[0]) * (self.map[1] / self.window[1]) * self.channels
    }

    #[inline]
    pub(super) fn rows(&self, pre: usize, mut deliver: impl FnMut(usize, &[f64])) {
        let channel = pre % self.channels;
        let cell = pre / self.channels;
        let [row, column] = [cell / self.map[1] / self.window[0], cell % self.map[1] / self.window[1]];
        let columns = self.map[1] / self.window[1];
        if row < self.map[0] / self.window[0] && column < columns {
            deliver((row * columns + column) * self.channels + channel, &self.weight);
        }
    }
}
