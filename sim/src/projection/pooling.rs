//! Windows of a map gathered by one neuron each, all with the same weight.

use super::{MapLayout, check_weights};
use crate::error::NetworkError;

/// Non-overlapping windows over maps: average pooling where the weight is that of one input over their number, else sum pooling.
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
    layout: MapLayout,
    /// Target of each presynaptic neuron; `OUTSIDE` where it lies in no window.
    targets: Vec<u32>,
}

/// Target of a neuron that nobody gathers.
const OUTSIDE: u32 = u32::MAX;

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
        let pooling =
            Pooling { map, channels, window, weight: [weight], layout: MapLayout::default(), targets: Vec::new() };
        Ok(pooling.with_layout(MapLayout::default()))
    }

    /// Chooses how the neurons of both sides are numbered; channels last is the default.
    pub fn with_layout(mut self, layout: MapLayout) -> Pooling {
        self.layout = layout;
        let pooled = [self.map[0] / self.window[0], self.map[1] / self.window[1]];
        let target = |pre: usize| {
            let [y, x, channel] = layout.place(self.map, self.channels, pre);
            let [row, column] = [y / self.window[0], x / self.window[1]];
            let inside = row < pooled[0] && column < pooled[1];
            if inside { layout.index(pooled, self.channels, [row, column, channel]) as u32 } else { OUTSIDE }
        };
        self.targets = (0..self.pre_size()).map(target).collect();
        self
    }

    /// Height and width of a window.
    pub fn window(&self) -> [usize; 2] {
        self.window
    }

    /// Weight of every synapse (nA).
    pub fn weight(&self) -> f64 {
        self.weight[0]
    }

    /// How the neurons are numbered.
    pub fn layout(&self) -> MapLayout {
        self.layout
    }

    pub(super) fn pre_size(&self) -> usize {
        self.map[0] * self.map[1] * self.channels
    }

    pub(super) fn post_size(&self) -> usize {
        (self.map[0] / self.window[0]) * (self.map[1] / self.window[1]) * self.channels
    }

    #[inline]
    pub(super) fn rows(&self, pre: usize, mut deliver: impl FnMut(usize, &[f64])) {
        let target = self.targets[pre];
        if target != OUTSIDE {
            deliver(target as usize, &self.weight);
        }
    }
}
