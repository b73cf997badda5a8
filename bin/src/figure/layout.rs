//! Where the parts of a figure lie: data area, ticks, labels of reference lines and legend.

use super::colour_bar::ColourBar;
use super::error::FigureError;
use super::geometry::{Position, Rect, Segment};
use super::legend::Legend;
use super::marks::{self, ErrorBar};
use super::ticks::Ticks;
use super::{Axis, Figure, LegendPosition, Marking, ReferenceLine, axis::Span, font, style};

/// A figure with all places decided, in drawing units.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// Dots of the bitmap.
    pub(super) dots: (u32, u32),
    /// The data area.
    pub(super) frame: Rect,
    pub(super) x_ticks: Ticks,
    pub(super) y_ticks: Ticks,
    /// Baseline's left end of each reference line's label, and the height of its line.
    pub(super) reference_lines: Vec<PlacedReference>,
    pub(super) legend: Option<Legend>,
    pub(super) colour_bar: Option<ColourBar>,
    x: Span,
    y: Span,
    sides: Sides,
}

/// The rectangle that a data area must not leave: figures that stand together have sides in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sides {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Sides {
    /// No bounds.
    pub(super) const FREE: Sides = Sides { left: 0.0, right: f64::INFINITY, top: 0.0, bottom: f64::INFINITY };

    /// Left and right sides that the data areas of all these layouts can have.
    pub(super) fn common_across<'a>(layouts: impl Iterator<Item = &'a Layout>) -> Sides {
        layouts.fold(Sides::FREE, |sides, layout| Sides {
            left: layout.frame.left.max(sides.left),
            right: layout.frame.right.min(sides.right),
            ..sides
        })
    }

    /// The same with upper and lower sides that the data areas of all these layouts can have.
    pub(super) fn with_common_levels<'a>(self, layouts: impl Iterator<Item = &'a Layout>) -> Sides {
        layouts.fold(self, |sides, layout| Sides {
            top: layout.frame.top.max(sides.top),
            bottom: layout.frame.bottom.min(sides.bottom),
            ..sides
        })
    }
}

/// A reference line that lies inside the data area.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PlacedReference {
    /// Index in the figure's list.
    pub(super) index: usize,
    /// Height of the line.
    pub(super) y: f64,
    /// Left end of the label's baseline.
    pub(super) label: Position,
}

impl Layout {
    /// Decides all places.
    pub(super) fn new(figure: &Figure) -> Result<Self, FigureError> {
        Self::within(figure, Sides::FREE)
    }

    /// Decides all places between these sides.
    pub(super) fn within(figure: &Figure, sides: Sides) -> Result<Self, FigureError> {
        let (width_mm, height_mm) = (figure.width_mm, figure.height_mm);
        let fits_a_page = |length: f64| (30.0..=200.0).contains(&length);
        if !(fits_a_page(width_mm) && fits_a_page(height_mm)) {
            return Err(FigureError::Size { width_mm, height_mm });
        }
        let (x_axis, y_axis) = axes(figure)?;
        let points = || figure.series.iter().flat_map(|series| &series.points);
        let x = x_axis.span(points().map(|point| point.x))?;
        let intervals = figure.series.iter().filter(|series| series.mark.shows_intervals());
        let ends = intervals.flat_map(|series| &series.points).filter_map(|point| point.interval);
        let lines = figure.reference_lines.iter().map(|line| line.y);
        let y = y_axis.span(points().map(|p| p.y).chain(ends.flat_map(|(low, high)| [low, high])).chain(lines))?;

        let dots = |length: f64| (style::mm(length) / f64::from(style::OVERSAMPLING)).round() as u32;
        let mut layout = Self {
            dots: (dots(width_mm), dots(height_mm)),
            frame: Rect { left: 0.0, top: 0.0, right: 0.0, bottom: 0.0 },
            x_ticks: Ticks { major: Vec::new(), minor: Vec::new() },
            y_ticks: Ticks { major: Vec::new(), minor: Vec::new() },
            reference_lines: Vec::new(),
            legend: None,
            colour_bar: None,
            x,
            y,
            sides,
        };
        layout.place_frame(figure, 0.0)?;
        layout.place_legend(figure)?;
        Ok(layout)
    }

    /// Extent of the figure.
    pub(super) fn size(&self) -> (f64, f64) {
        let units = |dots: u32| f64::from(dots * style::OVERSAMPLING);
        (units(self.dots.0), units(self.dots.1))
    }

    /// Place of a datum, which may lie outside the data area; `None` if the axes have no place for it.
    pub(super) fn place(&self, x: f64, y: f64) -> Option<Position> {
        Some((self.across(self.x.fraction(x)?), self.up(self.y.fraction(y)?)))
    }

    /// Horizontal place of a value that is inside the range.
    pub(super) fn x_of(&self, value: f64) -> Option<f64> {
        self.x.fraction(value).map(|fraction| self.across(fraction))
    }

    /// Vertical place of a value that is inside the range.
    pub(super) fn y_of(&self, value: f64) -> Option<f64> {
        self.y.fraction(value).map(|fraction| self.up(fraction))
    }

    /// Error bar from `low` to `high`, cut at the data area.
    pub(super) fn error_bar(&self, x: f64, low: f64, high: f64) -> ErrorBar {
        let inside = |value| self.y.fraction(value).is_some_and(|f| (0.0..=1.0).contains(&f));
        let at = |value| (x, self.up(self.y.fraction_of_end(value)));
        ErrorBar { ends: (at(low), at(high)), caps: (inside(low), inside(high)) }
    }

    /// Height of one unit of a linear y axis at its lower end.
    pub(super) fn unit_height(&self) -> f64 {
        match (self.y_of(0.0), self.y_of(1.0)) {
            (Some(zero), Some(one)) => (zero - one).abs(),
            _ => 0.0,
        }
    }

    fn across(&self, fraction: f64) -> f64 {
        self.frame.left + fraction * self.frame.width()
    }

    fn up(&self, fraction: f64) -> f64 {
        self.frame.bottom - fraction * self.frame.height()
    }

    /// Fits the data area between the labels, below a legend of height `above`, and chooses the ticks.
    fn place_frame(&mut self, figure: &Figure, above: f64) -> Result<(), FigureError> {
        let (width, height) = self.size();
        let outside = style::AXIS_GAP + style::MAJOR_TICK + style::TICK_LABEL_GAP;
        let label = style::BORDER + style::AXIS_LABEL * (style::CAP_HEIGHT + style::DESCENT) + style::AXIS_LABEL_GAP;
        let above = above + figure.title_height();
        // A label above a line at the very top needs a line of text more.
        let crowded = |line: &ReferenceLine| self.y.fraction(line.y).is_some_and(|f| (0.92..=1.0).contains(&f));
        let line_at_top = figure.reference_lines.iter().any(crowded);
        let line_height = style::SMALL_LABEL * style::LINE_HEIGHT;
        let top = style::BORDER + above + if line_at_top { line_height } else { style::SMALL_LABEL / 2.0 };
        let below = match figure.x.marking {
            Marking::None => style::BORDER,
            Marking::Numbers | Marking::Names { .. } => outside + style::SMALL_LABEL * style::CAP_HEIGHT + label,
        };
        let top = top.max(self.sides.top);
        let bottom = (height - below).min(self.sides.bottom);
        let room = |length: f64, distance: f64| ((length / distance) as usize).max(1);
        self.y_ticks = figure.y.ticks(&self.y, room(bottom - top, style::Y_TICK_DISTANCE));
        let label_width = |(_, text): &(f64, String)| font::width(text) * style::SMALL_LABEL;
        let widest = self.y_ticks.major.iter().map(label_width).fold(0.0, f64::max);
        let beside = match figure.y.marking {
            Marking::None => style::BORDER,
            Marking::Numbers | Marking::Names { .. } => outside + widest + label,
        };
        let left = beside.max(self.sides.left);
        let mut colour_bar = match &figure.heat_map {
            Some(map) => ColourBar::new(map, room(bottom - top, style::Y_TICK_DISTANCE))?,
            None => None,
        };
        let right = width - style::BORDER - colour_bar.as_ref().map_or(0.0, ColourBar::room);
        self.x_ticks = figure.x.ticks(&self.x, room(right - left, style::X_TICK_DISTANCE));
        let overhang = self.x_ticks.major.last().map_or(0.0, |last| label_width(last) / 2.0);
        self.frame = Rect { left, top, right: (right - overhang).min(self.sides.right), bottom };
        if self.frame.width() < style::mm(10.0) || self.frame.height() < style::mm(10.0) {
            return Err(FigureError::Size { width_mm: figure.width_mm, height_mm: figure.height_mm });
        }
        if let Some(bar) = &mut colour_bar {
            bar.stand_beside(&self.frame);
        }
        self.colour_bar = colour_bar;
        self.place_reference_lines(figure);
        Ok(())
    }

    /// Puts each reference line's label where it covers no data: above the line, as far right as possible, or below.
    fn place_reference_lines(&mut self, figure: &Figure) {
        let obstacles = self.data_obstacles(figure);
        self.reference_lines.clear();
        for (index, line) in figure.reference_lines.iter().enumerate() {
            let Some(y) = self.y_of(line.y).filter(|y| self.frame.contains((self.frame.left, *y))) else { continue };
            let width = font::width(&line.label) * style::SMALL_LABEL;
            let (gap, capital) = (style::pt(2.2), style::SMALL_LABEL * style::CAP_HEIGHT);
            let (above, below) = (y - gap, y + gap + capital);
            let (right, left) = (self.frame.right - width, self.frame.left + style::LEGEND_INSET);
            let candidates = [above, below]
                .map(|baseline| (0..=8).map(move |n| (right + (left - right) * f64::from(n) / 8.0, baseline)));
            let free = candidates.into_iter().flatten().find(|&(x, baseline)| {
                let rect = Rect { left: x, top: baseline - capital, right: x + width, bottom: baseline };
                baseline < self.frame.bottom && marks::is_free(&rect.grown(style::pt(1.0)), &obstacles)
            });
            self.reference_lines.push(PlacedReference { index, y, label: free.unwrap_or((right, above)) });
        }
    }

    /// Puts the legend where the figure wants it, or where it covers nothing.
    fn place_legend(&mut self, figure: &Figure) -> Result<(), FigureError> {
        const CORNERS: [LegendPosition; 4] = [
            LegendPosition::TopLeft,
            LegendPosition::BottomRight,
            LegendPosition::TopRight,
            LegendPosition::BottomLeft,
        ];
        let Some(mut legend) = Legend::new(figure) else { return Ok(()) };
        let mut position = figure.legend;
        if position == LegendPosition::Free {
            let obstacles = self.obstacles(figure);
            let is_free = |corner: &LegendPosition| {
                let rect = legend.rect_in(&self.frame, *corner);
                rect.width() <= self.frame.width() && marks::is_free(&rect.grown(style::LEGEND_INSET / 2.0), &obstacles)
            };
            position = CORNERS.into_iter().find(is_free).unwrap_or(LegendPosition::Above);
        }
        if position == LegendPosition::Above {
            legend.spread(self.frame.width());
            self.place_frame(figure, legend.height() + style::LEGEND_INSET)?;
        }
        legend.settle(&self.frame, position);
        self.legend = Some(legend);
        Ok(())
    }

    fn data_obstacles(&self, figure: &Figure) -> Vec<Segment> {
        figure.series.iter().flat_map(|series| marks::obstacles(series, self)).collect()
    }

    /// All that the legend must not cover.
    fn obstacles(&self, figure: &Figure) -> Vec<Segment> {
        let mut obstacles = self.data_obstacles(figure);
        for line in &self.reference_lines {
            let width = font::width(&figure.reference_lines[line.index].label) * style::SMALL_LABEL;
            let top = line.label.1 - style::SMALL_LABEL * style::CAP_HEIGHT;
            obstacles.push(((self.frame.left, line.y), (self.frame.right, line.y)));
            obstacles.push(((line.label.0, top), (line.label.0 + width, top)));
            obstacles.push((line.label, (line.label.0 + width, line.label.1)));
        }
        obstacles
    }
}

/// Both axes; those of a heat map end with it, unless they have ranges of their own.
fn axes(figure: &Figure) -> Result<(Axis, Axis), FigureError> {
    let (x, y) = (figure.x.clone(), figure.y.clone());
    let Some(map) = &figure.heat_map else { return Ok((x, y)) };
    map.check()?;
    let [columns, rows] = map.sides();
    let ending = |axis: Axis, sides| Axis { range: axis.range.or(Some(sides)), ..axis };
    Ok((ending(x, columns), ending(y, rows)))
}
