//! The data of a figure: points, the marks that show them, and their colours.

use super::style::BAND_OPACITY;

/// Data that share one mark, one colour and one line of the legend.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Text in the legend; a series without text is not listed there.
    pub label: String,
    /// Colour of all marks.
    pub colour: Colour,
    /// How the points are shown.
    pub mark: Mark,
    /// The points, in the order in which lines connect them.
    pub points: Vec<Point>,
}

/// One datum, with the lower and upper end of its error bar or band if it has one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Abscissa, in the unit of the x axis.
    pub x: f64,
    /// Ordinate, in the unit of the y axis.
    pub y: f64,
    /// Lower and upper end of the error bar or band, in the unit of the y axis.
    pub interval: Option<(f64, f64)>,
}

impl Point {
    /// A point without error bar.
    pub fn new(x: f64, y: f64) -> Self {
        Self { x, y, interval: None }
    }

    /// A point with the symmetric error bar `y - error` to `y + error`.
    pub fn with_error(x: f64, y: f64, error: f64) -> Self {
        Self::with_interval(x, y, (y - error, y + error))
    }

    /// A point with an asymmetric error bar, such as a confidence interval.
    pub fn with_interval(x: f64, y: f64, interval: (f64, f64)) -> Self {
        Self { x, y, interval: Some(interval) }
    }
}

/// How the points of a series are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A line through the points; intervals are not shown.
    Line(Stroke),
    /// A line over the band that the intervals span.
    LineWithBand(Stroke),
    /// A symbol at each point, with an error bar where the point has an interval.
    Points(Shape),
    /// Symbols with error bars, connected by a line.
    LineWithPoints(Stroke, Shape),
    /// Only the band that the intervals span.
    Band,
    /// The same in full colour, for parts of a whole.
    Area,
    /// A short upright stroke at each point, as high as one unit of the y axis if that is more than a dot: a spike raster.
    Spikes,
}

impl Mark {
    /// The stroke of the connecting line, if there is one.
    pub(super) fn stroke(self) -> Option<Stroke> {
        match self {
            Self::Line(stroke) | Self::LineWithBand(stroke) | Self::LineWithPoints(stroke, _) => Some(stroke),
            Self::Points(_) | Self::Band | Self::Area | Self::Spikes => None,
        }
    }

    /// The symbol, if points have one.
    pub(super) fn shape(self) -> Option<Shape> {
        match self {
            Self::Points(shape) | Self::LineWithPoints(_, shape) => Some(shape),
            Self::Line(_) | Self::LineWithBand(_) | Self::Band | Self::Area | Self::Spikes => None,
        }
    }

    /// How opaque intervals are filled, if they are.
    pub(super) fn fill(self) -> Option<f64> {
        match self {
            Self::LineWithBand(_) | Self::Band => Some(BAND_OPACITY),
            Self::Area => Some(1.0),
            Self::Line(_) | Self::Points(_) | Self::LineWithPoints(..) | Self::Spikes => None,
        }
    }

    /// Whether intervals take part in the figure at all.
    pub(super) fn shows_intervals(self) -> bool {
        !matches!(self, Self::Line(_) | Self::Spikes)
    }
}

/// Pattern and weight of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stroke {
    /// Continuous, 1.1 pt.
    Solid,
    /// Continuous, 0.6 pt, for theory under many points.
    Thin,
    /// Dashes of four line widths.
    Dashed,
    /// Round dots.
    Dotted,
    /// Dash and dot in turn.
    DashDotted,
    /// Dashes of eight line widths.
    LongDashed,
}

/// Symbol at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Filled circle.
    Circle,
    /// Small filled circle, for hundreds of points and inside rings.
    Dot,
    /// Filled square.
    Square,
    /// Filled triangle, tip upwards.
    Triangle,
    /// Filled square on its corner.
    Diamond,
    /// Ring around white.
    Ring,
}

/// The colours of Okabe and Ito, "Color Universal Design" (2008), and a grey for what stands in the background.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// #000000
    Black,
    /// #0072B2
    Blue,
    /// #D55E00
    Vermillion,
    /// #009E73
    BluishGreen,
    /// #CC79A7
    ReddishPurple,
    /// #E69F00
    Orange,
    /// #56B4E9
    SkyBlue,
    /// #F0E442, too light for thin lines
    Yellow,
    /// #6E6E6E, not of the palette
    Grey,
}

impl Colour {
    /// The colours of series, which stay legible as thin lines.
    pub const CYCLE: [Self; 6] =
        [Self::Blue, Self::Vermillion, Self::BluishGreen, Self::ReddishPurple, Self::Orange, Self::SkyBlue];

    /// The colour of the series with this index: those of [`Self::CYCLE`], then again from the first.
    pub fn nth(index: usize) -> Self {
        Self::CYCLE[index % Self::CYCLE.len()]
    }
}
