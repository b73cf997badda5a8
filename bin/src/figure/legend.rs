//! The legend: a sample of each series' mark with its text, without border or background.

use super::geometry::{Position, Rect};
use super::{Figure, LegendPosition, font, style};

/// The listed series and the place of their lines.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Legend {
    /// Indices of the series that have a label.
    pub(super) series: Vec<usize>,
    /// Width of the widest text.
    text_width: f64,
    columns: usize,
    /// Upper edge of a legend above the axes.
    top: f64,
    origin: Position,
}

impl Legend {
    /// The legend of a figure, in one column and not yet placed; `None` if nothing is listed.
    pub(super) fn new(figure: &Figure) -> Option<Self> {
        let series: Vec<usize> = (0..figure.series.len()).filter(|&i| !figure.series[i].label.is_empty()).collect();
        let widths = series.iter().map(|&i| font::width(&figure.series[i].label) * style::SMALL_LABEL);
        let text_width = widths.fold(0.0, f64::max);
        let is_listed = !series.is_empty() && figure.legend != LegendPosition::Hidden;
        let top = style::BORDER + figure.title_height();
        is_listed.then_some(Self { series, text_width, columns: 1, top, origin: (0.0, 0.0) })
    }

    /// Takes as many columns as the width holds.
    pub(super) fn spread(&mut self, width: f64) {
        let gap = 2.0 * style::SAMPLE_GAP;
        let fitting = ((width + gap) / (self.entry_width() + gap)) as usize;
        self.columns = fitting.clamp(1, self.series.len());
    }

    pub(super) fn height(&self) -> f64 {
        self.series.len().div_ceil(self.columns) as f64 * style::SMALL_LABEL * style::LINE_HEIGHT
    }

    /// Extent in a corner of the data area, or above it.
    pub(super) fn rect_in(&self, frame: &Rect, position: LegendPosition) -> Rect {
        use LegendPosition::{Above, BottomLeft, BottomRight, Free, Hidden, TopLeft, TopRight};
        let gap = 2.0 * style::SAMPLE_GAP;
        let width = self.columns as f64 * (self.entry_width() + gap) - gap;
        let left = match position {
            TopRight | BottomRight => frame.right - style::LEGEND_INSET - width,
            Above => frame.left,
            TopLeft | BottomLeft | Free | Hidden => frame.left + style::LEGEND_INSET,
        };
        let top = match position {
            BottomLeft | BottomRight => frame.bottom - style::LEGEND_INSET - self.height(),
            Above => self.top,
            TopLeft | TopRight | Free | Hidden => frame.top + style::LEGEND_INSET / 2.0,
        };
        Rect { left, top, right: left + width, bottom: top + self.height() }
    }

    /// Fixes the legend at its place.
    pub(super) fn settle(&mut self, frame: &Rect, position: LegendPosition) {
        let rect = self.rect_in(frame, position);
        self.origin = (rect.left, rect.top);
    }

    /// The middle of the left end of the sample of the `n`-th listed series.
    pub(super) fn sample(&self, n: usize) -> Position {
        let (column, row) = (n % self.columns, n / self.columns);
        let line = style::SMALL_LABEL * style::LINE_HEIGHT;
        let column_width = self.entry_width() + 2.0 * style::SAMPLE_GAP;
        (self.origin.0 + column as f64 * column_width, self.origin.1 + (row as f64 + 0.5) * line)
    }

    fn entry_width(&self) -> f64 {
        style::SAMPLE_LENGTH + style::SAMPLE_GAP + self.text_width
    }
}
