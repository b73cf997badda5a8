//! Shapes of tensors, channels last.

use std::fmt;

/// Shape of one sample between two layers; a flat vector of `n` units is `1 x 1 x n`.
///
/// Memory order is row, column, channel (Keras `channels_last`), the channel running fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Channels, or units of a flat vector.
    pub channels: usize,
}

impl Shape {
    /// A map of `height` rows, `width` columns and `channels` channels.
    pub const fn new(height: usize, width: usize, channels: usize) -> Self {
        Self { height, width, channels }
    }

    /// A flat vector.
    pub const fn flat(units: usize) -> Self {
        Self::new(1, 1, units)
    }

    /// Number of units.
    pub const fn units(self) -> usize {
        self.height * self.width * self.channels
    }

    /// False if one of the dimensions is 0, or if there are more than 2^28 units, which no network of this field needs
    /// and a damaged file may well ask for.
    pub const fn is_sensible(self) -> bool {
        const MOST_UNITS: usize = 1 << 28;
        let Some(positions) = self.height.checked_mul(self.width) else {
            return false;
        };
        match positions.checked_mul(self.channels) {
            Some(units) => 0 < units && units <= MOST_UNITS,
            None => false,
        }
    }

    /// Number of positions, `height * width`.
    pub const fn positions(self) -> usize {
        self.height * self.width
    }

    /// True for `1 x 1 x n`.
    pub const fn is_flat(self) -> bool {
        self.height == 1 && self.width == 1
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}", self.height, self.width, self.channels)
    }
}

/// Rows and columns of a window: a kernel, a pool or a stride.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Extent {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Extent {
    /// A window of `height` rows and `width` columns.
    pub const fn new(height: usize, width: usize) -> Self {
        Self { height, width }
    }

    /// As many rows as columns.
    pub const fn square(side: usize) -> Self {
        Self::new(side, side)
    }

    /// True if there are no rows or no columns.
    pub const fn is_empty(self) -> bool {
        self.height == 0 || self.width == 0
    }

    /// Number of cells.
    pub const fn cells(self) -> usize {
        self.height * self.width
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.height, self.width)
    }
}
