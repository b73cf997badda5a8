//! The look of all figures: sizes, line weights, dash patterns and the values of the colours.

use super::series::{Colour, Shape, Stroke};

/// Resolution of PNG files (dots per inch).
pub(super) const DPI: u32 = 300;
/// Drawing units per dot. The bitmap is drawn this much finer and then averaged, which smooths every edge alike;
/// the SVG gains sub-dot coordinates, because plotters rounds them to whole numbers.
pub(super) const OVERSAMPLING: u32 = 4;
/// Drawing units per inch.
pub(super) const UNITS_PER_INCH: f64 = (DPI * OVERSAMPLING) as f64;

/// Drawing units of a length in points (1/72 inch).
pub(super) const fn pt(points: f64) -> f64 {
    points * UNITS_PER_INCH / 72.0
}

/// Drawing units of a length in mm.
pub(super) const fn mm(length: f64) -> f64 {
    length * UNITS_PER_INCH / 25.4
}

/// Type size of the axis labels.
pub(super) const AXIS_LABEL: f64 = pt(8.0);
/// Type size of tick labels, legend and labels of reference lines.
pub(super) const SMALL_LABEL: f64 = pt(7.0);
/// Height of a line of text as a multiple of its type size.
pub(super) const LINE_HEIGHT: f64 = 1.35;
/// Height of capitals as a multiple of the type size (1493/2048 in the embedded font).
pub(super) const CAP_HEIGHT: f64 = 0.729;
/// Depth of "g" below the baseline as a multiple of the type size.
pub(super) const DESCENT: f64 = 0.24;

/// Empty border around everything.
pub(super) const BORDER: f64 = pt(3.0);
/// Distance of the axes from the data area, so that marks on its edge do not touch them.
pub(super) const AXIS_GAP: f64 = pt(3.0);
/// Weight of axes and major ticks.
pub(super) const AXIS_WEIGHT: f64 = pt(0.6);
/// Length of a major tick, outwards.
pub(super) const MAJOR_TICK: f64 = pt(3.0);
/// Length of a minor tick, outwards.
pub(super) const MINOR_TICK: f64 = pt(1.8);
/// Distance between a tick and its label.
pub(super) const TICK_LABEL_GAP: f64 = pt(1.8);
/// Distance between tick labels and axis label.
pub(super) const AXIS_LABEL_GAP: f64 = pt(3.5);
/// Least distance between two ticks of the x axis.
pub(super) const X_TICK_DISTANCE: f64 = mm(9.5);
/// Least distance between two ticks of the y axis.
pub(super) const Y_TICK_DISTANCE: f64 = mm(7.0);

/// Width of a colour bar.
pub(super) const BAR_WIDTH: f64 = mm(2.4);
/// Distance of a colour bar from the data area.
pub(super) const BAR_GAP: f64 = mm(2.0);
/// Empty space around the label of a contour line.
pub(super) const CONTOUR_GAP: f64 = pt(1.2);
/// Rectangles of one colour in a colour bar.
pub(super) const BAR_STEPS: u32 = 128;

/// Half the extent of a symbol.
pub(super) const SYMBOL_RADIUS: f64 = pt(1.9);
/// Half the extent of a dot, which stands clear inside a ring.
pub(super) const DOT_RADIUS: f64 = pt(0.7);
/// White rim that parts a symbol from what lies below it.
pub(super) const SYMBOL_RIM: f64 = pt(0.45);
/// Width of a spike.
pub(super) const SPIKE_WEIGHT: f64 = pt(0.6);
/// Height of a spike as a fraction of a row.
pub(super) const SPIKE_FILL: f64 = 0.8;
/// Least height of a spike.
pub(super) const LEAST_SPIKE: f64 = pt(0.6);
/// Greatest height of a spike.
pub(super) const GREATEST_SPIKE: f64 = pt(8.0);
/// Weight of error bars.
pub(super) const ERROR_BAR_WEIGHT: f64 = pt(0.7);
/// Opacity of bands.
pub(super) const BAND_OPACITY: f64 = 0.22;

/// Length of the sample in the legend.
pub(super) const SAMPLE_LENGTH: f64 = pt(20.0);
/// Distance between the sample in the legend and its text, and between columns of a legend.
pub(super) const SAMPLE_GAP: f64 = pt(4.0);
/// Distance of the legend from the data area's edge.
pub(super) const LEGEND_INSET: f64 = pt(3.0);

/// Red, green and blue of a colour.
pub(super) const fn rgb(colour: Colour) -> [u8; 3] {
    match colour {
        Colour::Black => [0, 0, 0],
        Colour::Blue => [0, 114, 178],
        Colour::Vermillion => [213, 94, 0],
        Colour::BluishGreen => [0, 158, 115],
        Colour::ReddishPurple => [204, 121, 167],
        Colour::Orange => [230, 159, 0],
        Colour::SkyBlue => [86, 180, 233],
        Colour::Yellow => [240, 228, 66],
        Colour::Grey => [110, 110, 110],
    }
}

/// Half the width of the caps of error bars, which a symbol hides where the bar is shorter than it.
pub(super) const fn cap(shape: Shape) -> f64 {
    match shape {
        Shape::Dot => pt(0.7),
        Shape::Circle | Shape::Square | Shape::Triangle | Shape::Diamond | Shape::Ring => pt(1.7),
    }
}

/// Weight of a stroke.
pub(super) const fn weight(stroke: Stroke) -> f64 {
    match stroke {
        Stroke::Solid | Stroke::Dashed | Stroke::DashDotted | Stroke::LongDashed => pt(1.1),
        Stroke::Thin => pt(0.6),
        Stroke::Dotted => pt(1.3),
    }
}

/// Lengths of drawn and empty pieces in turn; empty for a continuous line.
pub(super) const fn pattern(stroke: Stroke) -> &'static [f64] {
    match stroke {
        Stroke::Solid | Stroke::Thin => &[],
        Stroke::Dashed => const { &[pt(4.4), pt(2.2)] },
        Stroke::Dotted => const { &[pt(1.3), pt(1.7)] },
        Stroke::DashDotted => const { &[pt(5.0), pt(1.7), pt(1.3), pt(1.7)] },
        Stroke::LongDashed => const { &[pt(8.8), pt(2.2)] },
    }
}
