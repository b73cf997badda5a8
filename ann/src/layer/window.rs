//! A window that slides over a map: the geometry that convolutions and pools share.

use crate::error::NetworkError;
use crate::shape::{Extent, Shape};

/// Rows and columns of zeros around a map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Margins {
    /// Above.
    pub top: usize,
    /// Below.
    pub bottom: usize,
    /// Left.
    pub left: usize,
    /// Right.
    pub right: usize,
}

impl Margins {
    /// Equal on all sides.
    pub const fn square(side: usize) -> Self {
        Self { top: side, bottom: side, left: side, right: side }
    }
}

/// What surrounds a map that a window slides over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Padding {
    /// Nothing: the window stays inside the map.
    #[default]
    Valid,
    /// As much as gives `ceil(size / stride)` positions; an odd row or column comes after the map (as in Keras).
    Same,
    /// This much.
    Explicit(Margins),
}

/// A window with its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) size: Extent,
    pub(crate) stride: Extent,
    pub(crate) dilation: Extent,
    pub(crate) padding: Padding,
}

/// Greatest size, stride, dilation or margin; keeps products of two of them within a word.
const MOST: usize = 1 << 28;

impl Window {
    pub(crate) const fn new(size: Extent, stride: Extent) -> Self {
        Self { size, stride, dilation: Extent::square(1), padding: Padding::Valid }
    }

    /// Rows and columns that it covers, gaps of the dilation included.
    fn reach(self) -> Extent {
        Extent::new((self.size.height - 1) * self.dilation.height + 1, (self.size.width - 1) * self.dilation.width + 1)
    }

    /// Rows and columns that so many positions cover.
    pub(crate) fn covered(self, positions: Extent) -> Extent {
        let reach = self.reach();
        let covered = |positions: usize, stride: usize, reach: usize| positions.saturating_sub(1) * stride + reach;
        Extent::new(
            covered(positions.height, self.stride.height, reach.height),
            covered(positions.width, self.stride.width, reach.width),
        )
    }

    /// Number of positions over a map.
    pub(crate) fn positions(self, layer: usize, input: Shape) -> Result<Extent, NetworkError> {
        if self.size.is_empty() || self.stride.is_empty() || self.dilation.is_empty() {
            return Err(NetworkError::ZeroDimension { layer });
        }
        let margins = match self.padding {
            Padding::Explicit(margins) => margins,
            Padding::Valid | Padding::Same => Margins::default(),
        };
        let numbers = [
            self.size.height,
            self.size.width,
            self.stride.height,
            self.stride.width,
            self.dilation.height,
            self.dilation.width,
            margins.top,
            margins.bottom,
            margins.left,
            margins.right,
        ];
        let misfit = NetworkError::Window { layer, window: self.size, input };
        if numbers.iter().any(|&number| number > MOST) {
            return Err(misfit);
        }
        let reach = self.reach();
        let (positions, padded) = if self.padding == Padding::Same {
            let positions =
                Extent::new(input.height.div_ceil(self.stride.height), input.width.div_ceil(self.stride.width));
            (positions, self.covered(positions))
        } else {
            let height = input.height + margins.top + margins.bottom;
            let width = input.width + margins.left + margins.right;
            if height < reach.height || width < reach.width {
                return Err(misfit);
            }
            let positions = Extent::new(
                (height - reach.height) / self.stride.height + 1,
                (width - reach.width) / self.stride.width + 1,
            );
            (positions, Extent::new(height, width))
        };
        // Padded maps are held in memory.
        let is_sensible = Shape::new(padded.height, padded.width, input.channels).is_sensible();
        if is_sensible { Ok(positions) } else { Err(misfit) }
    }

    /// What surrounds a map that [`Self::positions`] accepted.
    pub(crate) fn margins(self, input: Shape) -> Margins {
        match self.padding {
            Padding::Valid => Margins::default(),
            Padding::Explicit(margins) => margins,
            Padding::Same => {
                let reach = self.reach();
                let around = |size: usize, stride: usize, reach: usize| {
                    let both = ((size.div_ceil(stride) - 1) * stride + reach).saturating_sub(size);
                    (both / 2, both - both / 2)
                };
                let (top, bottom) = around(input.height, self.stride.height, reach.height);
                let (left, right) = around(input.width, self.stride.width, reach.width);
                Margins { top, bottom, left, right }
            }
        }
    }

    /// Rows above and columns left of a map that [`Self::positions`] accepted.
    pub(crate) fn before(self, input: Shape) -> (usize, usize) {
        let Margins { top, left, .. } = self.margins(input);
        (top, left)
    }

    /// Calls `visit` with the cells of the map under each position, sample after sample; for windows without dilation.
    #[inline(always)]
    pub(crate) fn each(self, input: Shape, output: Shape, batch: usize, mut visit: impl FnMut(Cells)) {
        let (top, left) = self.before(input);
        let clip = |start: usize, before: usize, length: usize, size: usize| {
            start.saturating_sub(before).min(size)..(start + length).saturating_sub(before).min(size)
        };
        for image in 0..batch {
            for row in 0..output.height {
                let rows = clip(row * self.stride.height, top, self.size.height, input.height);
                for column in 0..output.width {
                    let columns = clip(column * self.stride.width, left, self.size.width, input.width);
                    visit(Cells {
                        first: ((image * input.height + rows.start) * input.width + columns.start) * input.channels,
                        channels: input.channels,
                        line: input.width * input.channels,
                        rows: rows.len(),
                        columns: columns.len(),
                    });
                }
            }
        }
    }
}

/// The cells of a map that lie under a window.
#[derive(Clone, Copy)]
pub(crate) struct Cells {
    first: usize,
    channels: usize,
    line: usize,
    rows: usize,
    columns: usize,
}

impl Cells {
    /// How many there are.
    pub(crate) fn count(self) -> usize {
        self.rows * self.columns
    }

    /// Calls `visit` with the index of the first value of each cell, row by row.
    #[inline(always)]
    pub(crate) fn each(self, mut visit: impl FnMut(usize)) {
        for row in 0..self.rows {
            for column in 0..self.columns {
                visit(self.first + row * self.line + column * self.channels);
            }
        }
    }
}
