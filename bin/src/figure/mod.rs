//! Figures for papers: plain data in, SVG text or PNG bytes out.
//!
//! A [`Figure`] holds two [`Axis`] descriptions, the [`Series`] and the horizontal [`ReferenceLine`]s; [`Figure::svg`]
//! and [`Figure::png`] draw it with the same code, at the width of one column (88 mm) unless told otherwise, with
//! labels of 7-8 pt, colours that colour-blind readers can tell apart (Okabe and Ito 2008) and axes only at the left
//! and at the bottom. Both files show the same geometry; the PNG carries its resolution (300 dpi).
//!
//! [`Panels`] stacks figures that share their horizontal axis, [`Plate`] sets figures in rows. A figure may have a [`HeatMap`] behind
//! its series.
//!
//! Points that cannot be shown (a coordinate that is not finite, or not positive on a logarithmic axis) are left out,
//! and lines are interrupted there. Reading order: `series`, `axis`, `ticks`, then `layout` and `render`.

mod axis;
mod canvas;
mod colour_bar;
mod colour_map;
mod contour;
mod error;
mod font;
mod geometry;
mod heat_map;
mod layout;
mod legend;
mod marks;
mod panels;
mod plate;
mod png_file;
mod render;
mod series;
mod style;
mod ticks;

#[cfg(test)]
mod tests;

pub use axis::{Axis, Marking, Scale};
pub use error::FigureError;
pub use heat_map::HeatMap;
pub use panels::Panels;
pub use plate::Plate;
pub use series::{Colour, Mark, Point, Series, Shape, Stroke};

use canvas::Canvas;
use layout::Layout;

/// A two-dimensional plot with its axes, data, legend and size.
///
/// ```
/// use bin::figure::{Axis, Colour, Figure, Mark, Point, Series, Stroke};
///
/// let mut figure = Figure::new(Axis::linear("Mean current (nA)"), Axis::linear("Rate (Hz)"));
/// figure.series.push(Series {
///     label: "theory".into(),
///     colour: Colour::Blue,
///     mark: Mark::Line(Stroke::Dashed),
///     points: vec![Point::new(0.0, 0.0), Point::new(1.0, 80.0)],
/// });
/// assert!(figure.svg()?.contains("Mean current (nA)"));
/// # Ok::<(), bin::figure::FigureError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Text above the left end, such as the letter of a panel; may be empty.
    pub title: String,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// Values as colours, behind the series; without ranges of their own, the axes end with it.
    pub heat_map: Option<HeatMap>,
    /// The data; later series lie above earlier ones of the same kind, points above lines above bands.
    pub series: Vec<Series>,
    /// Horizontal lines such as the accuracy of the trained network.
    pub reference_lines: Vec<ReferenceLine>,
    /// Where the legend stands.
    pub legend: LegendPosition,
    /// Width of the whole figure (mm).
    pub width_mm: f64,
    /// Height of the whole figure (mm).
    pub height_mm: f64,
}

/// A dashed horizontal line across the whole plot, with its label beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReferenceLine {
    /// Height of the line, in the unit of the y axis.
    pub y: f64,
    /// Text written next to the line; may be empty.
    pub label: String,
    /// Colour of line and label.
    pub colour: Colour,
}

/// Place of the legend; series with an empty label are not listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegendPosition {
    /// The first corner that no data touches, else above the axes.
    Free,
    /// Upper left corner inside the axes.
    TopLeft,
    /// Upper right corner inside the axes.
    TopRight,
    /// Lower left corner inside the axes.
    BottomLeft,
    /// Lower right corner inside the axes.
    BottomRight,
    /// Above the axes, in as many columns as fit.
    Above,
    /// No legend.
    Hidden,
}

impl Figure {
    /// An empty figure of one column's width (88 mm by 62 mm) whose legend looks for a free place.
    pub fn new(x: Axis, y: Axis) -> Self {
        Self {
            title: String::new(),
            x,
            y,
            heat_map: None,
            series: Vec::new(),
            reference_lines: Vec::new(),
            legend: LegendPosition::Free,
            width_mm: 88.0,
            height_mm: 62.0,
        }
    }

    /// Height that the title takes.
    fn title_height(&self) -> f64 {
        if self.title.is_empty() { 0.0 } else { style::AXIS_LABEL * style::LINE_HEIGHT }
    }

    /// The figure as the text of an SVG file; text stays text, set in a sans-serif font of the reader's system.
    ///
    /// # Errors
    ///
    /// [`FigureError`] when the size or the range of an axis cannot be drawn.
    pub fn svg(&self) -> Result<String, FigureError> {
        let layout = Layout::new(self)?;
        Canvas::svg(layout.size(), |canvas| render::draw(self, &layout, canvas))
    }

    /// The figure as the bytes of a PNG file with 300 dpi.
    ///
    /// # Errors
    ///
    /// [`FigureError`] when the size or the range of an axis cannot be drawn.
    pub fn png(&self) -> Result<Vec<u8>, FigureError> {
        let layout = Layout::new(self)?;
        let pixels = Canvas::bitmap(layout.size(), |canvas| render::draw(self, &layout, canvas))?;
        png_file::encode(&pixels)
    }
}
