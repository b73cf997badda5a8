//! What can go wrong when a figure is drawn.

use std::error::Error;
use std::fmt;

/// Why a figure could not be drawn.
#[derive(Debug)]
pub enum FigureError {
    /// The figure is too small for its labels or too large for a page.
    Size {
        /// Requested width (mm).
        width_mm: f64,
        /// Requested height (mm).
        height_mm: f64,
    },
    /// The range of an axis is empty, reversed, not finite or, on a logarithmic axis, not positive.
    Range {
        /// Label of the axis.
        axis: String,
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// The values of a heat map do not fill its columns and rows, or these are not ascending and finite.
    HeatMap {
        /// Number of columns.
        columns: usize,
        /// Number of rows.
        rows: usize,
        /// Number of values.
        values: usize,
    },
    /// The drawing library refused the embedded font or a drawing step.
    Drawing(Box<dyn Error + Send + Sync>),
    /// The PNG encoder failed.
    Png(png::EncodingError),
}

impl fmt::Display for FigureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size { width_mm, height_mm } => write!(
                f,
                "a figure must be 30 to 200 mm wide and high and leave room for its axes beside labels and legend, found {width_mm} mm by {height_mm} mm"
            ),
            Self::Range { axis, low, high } => write!(
                f,
                "axis \"{axis}\": expected a finite range with lower end below upper end (both positive on a logarithmic axis), found {low} to {high}"
            ),
            Self::HeatMap { columns, rows, values } => write!(
                f,
                "a heat map needs one value for each column and row, and both in ascending order, found {columns} columns, {rows} rows and {values} values"
            ),
            Self::Drawing(_) => write!(f, "the figure could not be drawn"),
            Self::Png(_) => write!(f, "the figure could not be written as PNG"),
        }
    }
}

impl Error for FigureError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Size { .. } | Self::Range { .. } | Self::HeatMap { .. } => None,
            Self::Drawing(source) => Some(source.as_ref()),
            Self::Png(source) => Some(source),
        }
    }
}
