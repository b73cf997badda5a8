//! The drawn heat map: its rectangles, its labelled lines, and the bar that tells values from colours.

use plotters::backend::DrawingBackend;

use super::axis::{Axis, Span};
use super::canvas::{Anchor, Direction, Text};
use super::error::FigureError;
use super::geometry::{Position, Rect};
use super::heat_map::HeatMap;
use super::render::{INK, PAPER, Pen};
use super::series::Stroke;
use super::ticks::Ticks;
use super::{Figure, colour_map, font, style};

/// A bar of all colours with the axis of their values, to the right of the data area.
#[derive(Debug, Clone)]
pub(super) struct ColourBar {
    label: String,
    span: Span,
    ticks: Ticks,
    rect: Rect,
}

impl ColourBar {
    /// The bar of a map, not yet placed; None if the map wants none.
    pub(super) fn new(map: &HeatMap, intervals: usize) -> Result<Option<Self>, FigureError> {
        let Some(label) = map.bar.clone() else { return Ok(None) };
        let (low, high) = map.ends();
        let span = Axis::linear(label.as_str()).with_range(low, high).span(std::iter::empty())?;
        let rect = Rect { left: 0.0, top: 0.0, right: 0.0, bottom: 0.0 };
        Ok(Some(Self { label, span, ticks: span.ticks(intervals), rect }))
    }

    /// Width that it needs beside the data area.
    pub(super) fn room(&self) -> f64 {
        let label = if self.label.is_empty() { 0.0 } else { style::AXIS_LABEL_GAP + style::AXIS_LABEL };
        style::BAR_GAP + style::BAR_WIDTH + self.outside() + label
    }

    /// Width of ticks and numbers.
    fn outside(&self) -> f64 {
        let widths = self.ticks.major.iter().map(|(_, text)| font::width(text) * style::SMALL_LABEL);
        style::MAJOR_TICK + style::TICK_LABEL_GAP + widths.fold(0.0, f64::max)
    }

    /// Takes its place.
    pub(super) fn stand_beside(&mut self, frame: &Rect) {
        let left = frame.right + style::BAR_GAP;
        self.rect = Rect { left, right: left + style::BAR_WIDTH, ..*frame };
    }
}

impl<B: DrawingBackend> Pen<'_, B>
where
    B::ErrorType: 'static,
{
    /// The figure's heat map, with lines and bar, if it has one.
    pub(super) fn heat_map(&mut self, figure: &Figure) -> Result<(), FigureError> {
        let Some(map) = &figure.heat_map else { return Ok(()) };
        let frame = self.layout.frame;
        for cell in map.cells(self.layout) {
            // A dot more to the right and below, under the neighbours drawn next: viewers leave a gap between mere neighbours.
            let dot = f64::from(style::OVERSAMPLING);
            let rect = Rect { right: cell.rect.right + dot, bottom: cell.rect.bottom + dot, ..cell.rect };
            self.rectangle(&rect.within(&frame).unwrap_or(cell.rect), cell.rgb)?;
        }
        self.contours(map)?;
        if let Some(bar) = self.layout.colour_bar.clone() {
            self.colour_bar(&bar)?;
        }
        Ok(())
    }

    /// The lines, black on light colours and white on dark ones, each interrupted by its value.
    fn contours(&mut self, map: &HeatMap) -> Result<(), FigureError> {
        let (low, high) = map.ends();
        let mut labels: Vec<Rect> = Vec::new();
        for &level in &map.contours {
            let background = colour_map::colour((level - low) / (high - low));
            let rgb = if colour_map::is_light(background) { INK } else { PAPER };
            let text = format!("{level}").replace('-', "\u{2212}");
            let pieces = map.contour(level, self.layout);
            let place = label_place(&pieces, &text, &self.layout.frame, &labels);
            for piece in &pieces {
                let visible = place.map_or_else(|| vec![piece.clone()], |rect| rect.cut_polyline(piece));
                for line in &visible {
                    self.canvas.line(line, style::weight(Stroke::Thin), rgb)?;
                }
            }
            if let Some(rect) = place {
                let at = ((rect.left + rect.right) / 2.0, rect.bottom - style::CONTOUR_GAP);
                self.small_label(&text, at, Anchor::Middle, rgb)?;
                labels.push(rect);
            }
        }
        Ok(())
    }

    fn colour_bar(&mut self, bar: &ColourBar) -> Result<(), FigureError> {
        let rect = bar.rect;
        let up = |fraction: f64| rect.bottom - fraction * rect.height();
        for step in (0..style::BAR_STEPS).rev() {
            let fraction = |step: f64| step / f64::from(style::BAR_STEPS);
            let (top, middle) = (fraction(f64::from(step) + 1.0), fraction(f64::from(step) + 0.5));
            // Down to the foot, under the steps drawn next.
            self.rectangle(&Rect { top: up(top), ..rect }, colour_map::colour(middle))?;
        }
        let (right, capital) = (rect.right, style::SMALL_LABEL * style::CAP_HEIGHT);
        for value in bar.ticks.minor.iter().filter_map(|&value| bar.span.fraction(value)) {
            self.axis_line(&[(right, up(value)), (right + style::MINOR_TICK, up(value))])?;
        }
        for (value, text) in &bar.ticks.major {
            let Some(y) = bar.span.fraction(*value).map(up) else { continue };
            self.axis_line(&[(right, y), (right + style::MAJOR_TICK, y)])?;
            let at = (right + style::MAJOR_TICK + style::TICK_LABEL_GAP, y + capital / 2.0);
            self.small_label(text, at, Anchor::Start, INK)?;
        }
        let beside = right + bar.outside() + style::AXIS_LABEL_GAP + style::CAP_HEIGHT * style::AXIS_LABEL;
        let at = (beside, (rect.top + rect.bottom) / 2.0);
        let (size, anchor, direction) = (style::AXIS_LABEL, Anchor::Middle, Direction::Upwards);
        self.canvas.text(&Text { text: &bar.label, at, size, anchor, direction, rgb: INK })
    }

    fn rectangle(&mut self, rect: &Rect, rgb: [u8; 3]) -> Result<(), FigureError> {
        let Rect { left, top, right, bottom } = *rect;
        self.canvas.area(&[(left, top), (right, top), (right, bottom), (left, bottom)], rgb, 1.0)
    }
}

/// Place of a line's label: on the line, inside the data area and clear of other labels, as near to the middle of the longest piece as
/// can be.
fn label_place(pieces: &[Vec<Position>], text: &str, frame: &Rect, others: &[Rect]) -> Option<Rect> {
    let longest = pieces.iter().max_by_key(|piece| piece.len())?;
    let half = font::width(text) * style::SMALL_LABEL / 2.0 + style::CONTOUR_GAP;
    let rise = style::SMALL_LABEL * style::CAP_HEIGHT / 2.0 + style::CONTOUR_GAP;
    let around = |&(x, y): &Position| Rect { left: x - half, top: y - rise, right: x + half, bottom: y + rise };
    let middle = longest.len() / 2;
    let mut candidates: Vec<(usize, Rect)> =
        longest.iter().enumerate().map(|(i, at)| (i.abs_diff(middle), around(at))).collect();
    candidates.sort_by_key(|(distance, _)| *distance);
    let corners = |rect: &Rect| [(rect.left, rect.top), (rect.right, rect.bottom)];
    let is_free = |rect: &Rect| {
        corners(rect).iter().all(|&corner| frame.contains(corner))
            && others.iter().all(|other| other.within(rect).is_none())
    };
    candidates.into_iter().map(|(_, rect)| rect).find(is_free)
}
