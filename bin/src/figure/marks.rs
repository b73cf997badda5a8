//! Where the data of a series lie in the figure: clipped lines, bands, points and what a label must not cover.

use super::geometry::{Position, Rect, Segment};
use super::layout::Layout;
use super::series::Series;
use super::style;

/// A point that is drawn, with its error bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PlacedPoint {
    pub(super) at: Position,
    pub(super) bar: Option<ErrorBar>,
}

/// Ends of an error bar, each with or without cap: an end that was cut off has none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ErrorBar {
    pub(super) ends: Segment,
    pub(super) caps: (bool, bool),
}

/// The visible pieces of the line through the points; interrupted where a point has no place.
pub(super) fn lines(series: &Series, layout: &Layout) -> Vec<Vec<Position>> {
    let places: Vec<_> = series.points.iter().map(|point| layout.place(point.x, point.y)).collect();
    let runs = places.split(Option::is_none).map(|run| run.iter().copied().flatten().collect::<Vec<_>>());
    runs.flat_map(|run| layout.frame.clip_polyline(&run)).collect()
}

/// The visible parts of the area that the intervals span.
pub(super) fn bands(series: &Series, layout: &Layout) -> Vec<Vec<Position>> {
    let ends: Vec<_> = series
        .points
        .iter()
        .map(|point| {
            let (low, high) = point.interval?;
            Some((layout.place(point.x, low)?, layout.place(point.x, high)?))
        })
        .collect();
    let runs = ends.split(Option::is_none).map(|run| run.iter().copied().flatten().collect::<Vec<Segment>>());
    runs.filter(|run| run.len() > 1)
        .map(|run| {
            let lower = run.iter().map(|ends| ends.0);
            let upper = run.iter().rev().map(|ends| ends.1);
            layout.frame.clip_polygon(lower.chain(upper).collect())
        })
        .filter(|area| area.len() > 2)
        .collect()
}

/// The visible points.
pub(super) fn points(series: &Series, layout: &Layout) -> Vec<PlacedPoint> {
    let mut placed = Vec::new();
    for point in &series.points {
        let Some(at) = layout.place(point.x, point.y).filter(|&at| layout.frame.contains(at)) else { continue };
        let bar = point.interval.and_then(|(low, high)| {
            let both_are_numbers = low.is_finite() && high.is_finite();
            both_are_numbers.then(|| layout.error_bar(at.0, low, high))
        });
        placed.push(PlacedPoint { at, bar });
    }
    placed
}

/// Everything of a series that labels and legend should leave free.
pub(super) fn obstacles(series: &Series, layout: &Layout) -> Vec<Segment> {
    let mut obstacles = Vec::new();
    if series.mark.stroke().is_some() {
        obstacles.extend(lines(series, layout).iter().flat_map(|line| edges(line)));
    }
    if series.mark.fill().is_some() {
        for area in bands(series, layout) {
            obstacles.extend(edges(&area));
            // Verticals through the area keep a small label from hiding inside it.
            obstacles.extend(area.iter().zip(area.iter().rev()).map(|(&a, &b)| (a, b)));
        }
    }
    if series.mark.shape().is_some() {
        for point in points(series, layout) {
            let r = style::SYMBOL_RADIUS;
            obstacles.push(((point.at.0 - r, point.at.1), (point.at.0 + r, point.at.1)));
            obstacles.push(((point.at.0, point.at.1 - r), (point.at.0, point.at.1 + r)));
            obstacles.extend(point.bar.map(|bar| bar.ends));
        }
    }
    obstacles
}

/// Whether none of the obstacles reaches into the rectangle.
pub(super) fn is_free(rect: &Rect, obstacles: &[Segment]) -> bool {
    obstacles.iter().all(|&segment| rect.clip(segment).is_none())
}

fn edges(line: &[Position]) -> impl Iterator<Item = Segment> {
    line.windows(2).map(|pair| (pair[0], pair[1]))
}
