//! The order and manner in which the parts of a figure are drawn.

use plotters::backend::DrawingBackend;

use super::canvas::{Anchor, Canvas, Direction, Text};
use super::error::FigureError;
use super::geometry::{self, Position};
use super::layout::Layout;
use super::marks::{self, ErrorBar};
use super::series::{Mark, Series, Shape, Stroke};
use super::{Figure, Marking, style};

pub(super) const INK: [u8; 3] = [0, 0, 0];
pub(super) const PAPER: [u8; 3] = [255, 255, 255];

/// Draws a figure on a surface, from the back to the front.
pub(super) fn draw<B: DrawingBackend>(
    figure: &Figure,
    layout: &Layout,
    canvas: &mut Canvas<B>,
) -> Result<(), FigureError>
where
    B::ErrorType: 'static,
{
    let mut pen = Pen { canvas, layout };
    let (width, height) = layout.size();
    pen.canvas.area(&[(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)], PAPER, 1.0)?;
    pen.heat_map(figure)?;
    for series in &figure.series {
        let Some(opacity) = series.mark.fill() else { continue };
        for area in marks::bands(series, layout) {
            pen.canvas.area(&area, style::rgb(series.colour), opacity)?;
        }
    }
    pen.axes(figure)?;
    pen.reference_lines(figure)?;
    for series in &figure.series {
        let Some(stroke) = series.mark.stroke() else { continue };
        for line in marks::lines(series, layout) {
            pen.stroke(&line, stroke, style::rgb(series.colour))?;
        }
    }
    for series in &figure.series {
        pen.points(series)?;
    }
    pen.legend(figure)
}

/// A surface together with the places of all parts.
pub(super) struct Pen<'a, B> {
    pub(super) canvas: &'a mut Canvas<B>,
    pub(super) layout: &'a Layout,
}

impl<B: DrawingBackend> Pen<'_, B>
where
    B::ErrorType: 'static,
{
    fn axes(&mut self, figure: &Figure) -> Result<(), FigureError> {
        let (layout, frame) = (self.layout, self.layout.frame);
        let (left, bottom) = (frame.left - style::AXIS_GAP, frame.bottom + style::AXIS_GAP);
        // Half the weight more at the ends closes the corner with the outermost ticks.
        let half = style::AXIS_WEIGHT / 2.0;
        if figure.x.marking != Marking::None {
            self.axis_line(&[(frame.left - half, bottom), (frame.right + half, bottom)])?;
        }
        if figure.y.marking != Marking::None {
            self.axis_line(&[(left, frame.top - half), (left, frame.bottom + half)])?;
        }
        for x in layout.x_ticks.minor.iter().filter_map(|&value| layout.x_of(value)) {
            self.axis_line(&[(x, bottom), (x, bottom + style::MINOR_TICK)])?;
        }
        for y in layout.y_ticks.minor.iter().filter_map(|&value| layout.y_of(value)) {
            self.axis_line(&[(left - style::MINOR_TICK, y), (left, y)])?;
        }
        let capital = style::SMALL_LABEL * style::CAP_HEIGHT;
        for (value, text) in &layout.x_ticks.major {
            let Some(x) = layout.x_of(*value) else { continue };
            if figure.x.marking == Marking::Numbers {
                self.axis_line(&[(x, bottom), (x, bottom + style::MAJOR_TICK)])?;
            }
            let at = (x, bottom + style::MAJOR_TICK + style::TICK_LABEL_GAP + capital);
            self.small_label(text, at, Anchor::Middle, INK)?;
        }
        for (value, text) in &layout.y_ticks.major {
            let Some(y) = layout.y_of(*value) else { continue };
            if figure.y.marking == Marking::Numbers {
                self.axis_line(&[(left - style::MAJOR_TICK, y), (left, y)])?;
            }
            let at = (left - style::MAJOR_TICK - style::TICK_LABEL_GAP, y + capital / 2.0);
            self.small_label(text, at, Anchor::End, INK)?;
        }
        self.axis_labels(figure)
    }

    fn axis_labels(&mut self, figure: &Figure) -> Result<(), FigureError> {
        let (frame, (_, height)) = (self.layout.frame, self.layout.size());
        let label = |text, at, direction| Text {
            text,
            at,
            size: style::AXIS_LABEL,
            anchor: Anchor::Middle,
            direction,
            rgb: INK,
        };
        let below = height - style::BORDER - style::DESCENT * style::AXIS_LABEL;
        let beside = style::BORDER + style::CAP_HEIGHT * style::AXIS_LABEL;
        let (across, up) = ((frame.left + frame.right) / 2.0, (frame.top + frame.bottom) / 2.0);
        if figure.x.marking != Marking::None {
            self.canvas.text(&label(&figure.x.label, (across, below), Direction::Rightwards))?;
        }
        if figure.y.marking != Marking::None {
            self.canvas.text(&label(&figure.y.label, (beside, up), Direction::Upwards))?;
        }
        let corner = (style::BORDER, style::BORDER + style::CAP_HEIGHT * style::AXIS_LABEL);
        self.canvas.text(&Text { anchor: Anchor::Start, ..label(&figure.title, corner, Direction::Rightwards) })
    }

    fn reference_lines(&mut self, figure: &Figure) -> Result<(), FigureError> {
        let frame = self.layout.frame;
        for placed in &self.layout.reference_lines {
            let line = &figure.reference_lines[placed.index];
            let rgb = style::rgb(line.colour);
            for dash in
                geometry::dashes(&[(frame.left, placed.y), (frame.right, placed.y)], style::pattern(Stroke::Dashed))
            {
                self.canvas.line(&dash, style::weight(Stroke::Thin), rgb)?;
            }
            self.small_label(&line.label, placed.label, Anchor::Start, rgb)?;
        }
        Ok(())
    }

    /// Spikes as upright strokes, without the white rim that would hide their neighbours.
    fn spikes(&mut self, series: &Series) -> Result<(), FigureError> {
        let rgb = style::rgb(series.colour);
        let half =
            (style::SPIKE_FILL * self.layout.unit_height()).clamp(style::LEAST_SPIKE, style::GREATEST_SPIKE) / 2.0;
        let side = style::SPIKE_WEIGHT / 2.0;
        for point in marks::points(series, self.layout) {
            let (x, y) = point.at;
            let stroke = [(x - side, y - half), (x + side, y - half), (x + side, y + half), (x - side, y + half)];
            self.canvas.area(&stroke, rgb, 1.0)?;
        }
        Ok(())
    }

    fn points(&mut self, series: &Series) -> Result<(), FigureError> {
        if series.mark == Mark::Spikes {
            return self.spikes(series);
        }
        let Some(shape) = series.mark.shape() else { return Ok(()) };
        let rgb = style::rgb(series.colour);
        let points = marks::points(series, self.layout);
        for bar in points.iter().filter_map(|point| point.bar) {
            self.error_bar(&bar, style::cap(shape), rgb)?;
        }
        for point in points {
            self.symbol(shape, point.at, rgb)?;
        }
        Ok(())
    }

    fn legend(&mut self, figure: &Figure) -> Result<(), FigureError> {
        let Some(legend) = &self.layout.legend else { return Ok(()) };
        for (n, &index) in legend.series.iter().enumerate() {
            let series = &figure.series[index];
            let (rgb, (left, middle)) = (style::rgb(series.colour), legend.sample(n));
            let right = left + style::SAMPLE_LENGTH;
            if let Some(opacity) = series.mark.fill() {
                let (top, bottom) = (middle - style::pt(2.5), middle + style::pt(2.5));
                let swatch = [(left, top), (right, top), (right, bottom), (left, bottom)];
                self.canvas.area(&swatch, rgb, opacity)?;
            }
            if let Some(stroke) = series.mark.stroke() {
                self.stroke(&[(left, middle), (right, middle)], stroke, rgb)?;
            }
            if let Some(shape) = series.mark.shape() {
                self.symbol(shape, ((left + right) / 2.0, middle), rgb)?;
            }
            let baseline = middle + style::SMALL_LABEL * style::CAP_HEIGHT / 2.0;
            self.small_label(&series.label, (right + style::SAMPLE_GAP, baseline), Anchor::Start, INK)?;
        }
        Ok(())
    }

    fn stroke(&mut self, line: &[Position], stroke: Stroke, rgb: [u8; 3]) -> Result<(), FigureError> {
        for piece in geometry::dashes(line, style::pattern(stroke)) {
            self.canvas.line(&piece, style::weight(stroke), rgb)?;
        }
        Ok(())
    }

    fn error_bar(&mut self, bar: &ErrorBar, cap: f64, rgb: [u8; 3]) -> Result<(), FigureError> {
        let (low, high) = bar.ends;
        self.canvas.line(&[low, high], style::ERROR_BAR_WEIGHT, rgb)?;
        for ((x, y), _) in [(low, bar.caps.0), (high, bar.caps.1)].into_iter().filter(|(_, capped)| *capped) {
            let cap = [(x - cap, y), (x + cap, y)];
            self.canvas.line(&cap, style::ERROR_BAR_WEIGHT, rgb)?;
        }
        Ok(())
    }

    fn symbol(&mut self, shape: Shape, at: Position, rgb: [u8; 3]) -> Result<(), FigureError> {
        let radius = style::SYMBOL_RADIUS;
        if shape == Shape::Dot {
            return self.canvas.disc(at, style::DOT_RADIUS, rgb);
        }
        self.silhouette(shape, at, radius + style::SYMBOL_RIM, PAPER)?;
        self.silhouette(shape, at, radius, rgb)?;
        if shape == Shape::Ring {
            self.silhouette(shape, at, radius - style::AXIS_WEIGHT * 1.4, PAPER)?;
        }
        Ok(())
    }

    /// A filled symbol; the factors give all shapes about the area of the circle.
    fn silhouette(&mut self, shape: Shape, (x, y): Position, r: f64, rgb: [u8; 3]) -> Result<(), FigureError> {
        let corners = match shape {
            Shape::Circle | Shape::Dot | Shape::Ring => return self.canvas.disc((x, y), r, rgb),
            Shape::Square => {
                let a = 0.886 * r;
                vec![(x - a, y - a), (x + a, y - a), (x + a, y + a), (x - a, y + a)]
            }
            Shape::Diamond => {
                let a = 1.253 * r;
                vec![(x, y - a), (x + a, y), (x, y + a), (x - a, y)]
            }
            Shape::Triangle => {
                let (half, rise) = (1.25 * r, 0.75 * r);
                vec![(x, y - 1.55 * r), (x + half, y + rise), (x - half, y + rise)]
            }
        };
        self.canvas.area(&corners, rgb, 1.0)
    }

    pub(super) fn axis_line(&mut self, line: &[Position]) -> Result<(), FigureError> {
        self.canvas.line(line, style::AXIS_WEIGHT, INK)
    }

    pub(super) fn small_label(
        &mut self,
        text: &str,
        at: Position,
        anchor: Anchor,
        rgb: [u8; 3],
    ) -> Result<(), FigureError> {
        let direction = Direction::Rightwards;
        self.canvas.text(&Text { text, at, size: style::SMALL_LABEL, anchor, direction, rgb })
    }
}
