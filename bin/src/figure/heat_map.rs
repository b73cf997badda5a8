//! Values over the plane, shown as colours with lines of equal value.

use super::error::FigureError;
use super::geometry::{Position, Rect};
use super::layout::Layout;
use super::{colour_map, contour};

/// Values at the crossings of columns and rows, each shown as a coloured rectangle around its crossing.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMap {
    /// Abscissas of the columns, ascending, in the unit of the x axis.
    pub x: Vec<f64>,
    /// Ordinates of the rows, ascending, in the unit of the y axis.
    pub y: Vec<f64>,
    /// The values, row by row from the lowest ordinate on; those that are not finite stay white.
    pub values: Vec<f64>,
    /// Values at the ends of the colours; without it the extremes of the values.
    pub range: Option<(f64, f64)>,
    /// Label of the colour bar, the quantity with its unit; it may be empty. No bar for None.
    pub bar: Option<String>,
    /// Values of the lines; each line carries its value.
    pub contours: Vec<f64>,
}

/// A coloured rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cell {
    pub(super) rect: Rect,
    pub(super) rgb: [u8; 3],
}

impl HeatMap {
    /// A map without colour bar and lines, whose range follows the values.
    ///
    /// * `values`: row by row from the lowest ordinate on
    pub fn new(x: Vec<f64>, y: Vec<f64>, values: Vec<f64>) -> Self {
        Self { x, y, values, range: None, bar: None, contours: Vec::new() }
    }

    /// An image whose first row is the uppermost; its pixels have sides of 1, its lower left corner lies at (0, 0).
    pub fn image(columns: usize, pixels: &[f64]) -> Self {
        let rows: Vec<&[f64]> = pixels.chunks(columns.max(1)).collect();
        let centres = |n: usize| (0..n).map(|i| i as f64 + 0.5).collect();
        Self::new(centres(columns), centres(rows.len()), rows.iter().rev().copied().flatten().copied().collect())
    }

    /// Refuses what cannot be drawn.
    pub(super) fn check(&self) -> Result<(), FigureError> {
        let (columns, rows, values) = (self.x.len(), self.y.len(), self.values.len());
        let ascending = |values: &[f64]| values.iter().all(|v| v.is_finite()) && values.windows(2).all(|p| p[0] < p[1]);
        if columns * rows == values && values > 0 && ascending(&self.x) && ascending(&self.y) {
            Ok(())
        } else {
            Err(FigureError::HeatMap { columns, rows, values })
        }
    }

    /// Values at the ends of the colours.
    pub(super) fn ends(&self) -> (f64, f64) {
        self.range.unwrap_or_else(|| {
            let finite = self.values.iter().filter(|value| value.is_finite());
            let (low, high) =
                finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)));
            // Equal values, or none, still need a range.
            if low < high {
                (low, high)
            } else if low == high {
                (low - 1.0, low + 1.0)
            } else {
                (0.0, 1.0)
            }
        })
    }

    /// Left and right side of all columns, lower and upper side of all rows.
    pub(super) fn sides(&self) -> [(f64, f64); 2] {
        [&self.x, &self.y].map(|centres| {
            let edges = edges(centres);
            (edges[0], edges[edges.len() - 1])
        })
    }

    /// The visible rectangles; neighbours in a row with the same colour are one.
    pub(super) fn cells(&self, layout: &Layout) -> Vec<Cell> {
        let (low, high) = self.ends();
        let colour = |value: f64| value.is_finite().then(|| colour_map::colour((value - low) / (high - low)));
        let (x, y) = (edges(&self.x), edges(&self.y));
        let mut cells = Vec::new();
        for (row, values) in self.values.chunks_exact(self.x.len()).enumerate().rev() {
            let mut column = 0;
            while column < values.len() {
                let first = colour(values[column]);
                let alike = values[column..].iter().take_while(|&&value| colour(value) == first).count();
                let corners = (layout.place(x[column], y[row + 1]), layout.place(x[column + alike], y[row]));
                if let (Some(rgb), (Some((left, top)), Some((right, bottom)))) = (first, corners) {
                    let rect = Rect { left, top, right, bottom };
                    cells.extend(rect.within(&layout.frame).map(|rect| Cell { rect, rgb }));
                }
                column += alike;
            }
        }
        cells
    }

    /// The visible pieces of the lines of one value.
    pub(super) fn contour(&self, level: f64, layout: &Layout) -> Vec<Vec<Position>> {
        let lines = contour::lines(&self.x, &self.y, &self.values, level);
        let placed = lines.iter().map(|line| line.iter().filter_map(|&(x, y)| layout.place(x, y)).collect::<Vec<_>>());
        placed.flat_map(|line| layout.frame.clip_polyline(&line)).collect()
    }
}

/// The sides of the rectangles: in the middle between centres, and as far beyond the outermost.
fn edges(centres: &[f64]) -> Vec<f64> {
    let (first, last) = (centres[0], centres[centres.len() - 1]);
    let half = |pair: Option<&[f64]>| pair.map_or(0.5, |pair| (pair[1] - pair[0]) / 2.0);
    let between = centres.windows(2).map(|pair| (pair[0] + pair[1]) / 2.0);
    let lowest = first - half(centres.get(..2));
    let highest = last + half(centres.len().checked_sub(2).map(|from| &centres[from..]));
    std::iter::once(lowest).chain(between).chain(std::iter::once(highest)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rectangles_meet_in_the_middle() {
        assert_eq!(edges(&[1.0, 2.0, 4.0]), [0.5, 1.5, 3.0, 5.0]);
        assert_eq!(edges(&[3.0]), [2.5, 3.5]);
    }

    #[test]
    fn images_stand_upright() {
        let image = HeatMap::image(2, &[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(image.values, [3.0, 4.0, 1.0, 2.0]);
        assert_eq!(image.sides(), [(0.0, 2.0), (0.0, 2.0)]);
        assert!(image.check().is_ok());
    }

    #[test]
    fn impossible_maps_are_refused() {
        for map in [
            HeatMap::new(vec![], vec![], vec![]),
            HeatMap::new(vec![0.0, 1.0], vec![0.0], vec![1.0]),
            HeatMap::new(vec![1.0, 0.0], vec![0.0], vec![1.0, 2.0]),
            HeatMap::new(vec![f64::NAN], vec![0.0], vec![1.0]),
        ] {
            assert!(map.check().is_err(), "{map:?}");
        }
    }
}
