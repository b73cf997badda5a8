//! Plane geometry in drawing units: rectangles, clipped segments and polylines, dashes.

/// A position; y grows downwards.
pub(super) type Position = (f64, f64);
/// A straight piece from one position to another.
pub(super) type Segment = (Position, Position);

/// An upright rectangle with `left <= right` and `top <= bottom`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rect {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Rect {
    pub(super) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(super) fn height(&self) -> f64 {
        self.bottom - self.top
    }

    pub(super) fn contains(&self, (x, y): Position) -> bool {
        self.left <= x && x <= self.right && self.top <= y && y <= self.bottom
    }

    pub(super) fn grown(&self, by: f64) -> Self {
        Self { left: self.left - by, top: self.top - by, right: self.right + by, bottom: self.bottom + by }
    }

    /// The part that lies inside another.
    pub(super) fn within(&self, other: &Self) -> Option<Self> {
        let (left, top) = (self.left.max(other.left), self.top.max(other.top));
        let (right, bottom) = (self.right.min(other.right), self.bottom.min(other.bottom));
        (left < right && top < bottom).then_some(Self { left, top, right, bottom })
    }

    /// The part of a segment that lies inside (Liang and Barsky 1984).
    pub(super) fn clip(&self, (a, b): Segment) -> Option<Segment> {
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
        let sides = [(-dx, a.0 - self.left), (dx, self.right - a.0), (-dy, a.1 - self.top), (dy, self.bottom - a.1)];
        for (slope, distance) in sides {
            if slope == 0.0 {
                if distance < 0.0 {
                    return None;
                }
            } else if slope < 0.0 {
                enter = enter.max(distance / slope);
            } else {
                leave = leave.min(distance / slope);
            }
        }
        if enter > leave {
            return None;
        }
        let at = |t: f64| (a.0 + t * dx, a.1 + t * dy);
        // The ends themselves stay exact, so that neighbouring pieces join.
        Some((if enter == 0.0 { a } else { at(enter) }, if leave == 1.0 { b } else { at(leave) }))
    }

    /// The connected pieces of a polyline that lie inside.
    pub(super) fn clip_polyline(&self, line: &[Position]) -> Vec<Vec<Position>> {
        let mut pieces: Vec<Vec<Position>> = Vec::new();
        for pair in line.windows(2) {
            let Some((start, end)) = self.clip((pair[0], pair[1])) else { continue };
            match pieces.last_mut() {
                Some(piece) if piece.last() == Some(&start) => piece.push(end),
                _ => pieces.push(vec![start, end]),
            }
        }
        pieces
    }

    /// The connected pieces of a polyline that lie outside.
    pub(super) fn cut_polyline(&self, line: &[Position]) -> Vec<Vec<Position>> {
        let mut pieces: Vec<Vec<Position>> = Vec::new();
        for pair in line.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let (before, after) = match self.clip((a, b)) {
                None => (Some((a, b)), None),
                Some((enter, leave)) => (Some((a, enter)), Some((leave, b))),
            };
            for (start, end) in [before, after].into_iter().flatten().filter(|(start, end)| start != end) {
                match pieces.last_mut() {
                    Some(piece) if piece.last() == Some(&start) => piece.push(end),
                    _ => pieces.push(vec![start, end]),
                }
            }
        }
        pieces
    }

    /// The part of a polygon that lies inside (Sutherland and Hodgman 1974).
    pub(super) fn clip_polygon(&self, polygon: Vec<Position>) -> Vec<Position> {
        // Each side as the signed depth inside of it.
        let sides: [&dyn Fn(Position) -> f64; 4] =
            [&|p| p.0 - self.left, &|p| self.right - p.0, &|p| p.1 - self.top, &|p| self.bottom - p.1];
        sides.into_iter().fold(polygon, |polygon, depth| {
            let mut clipped = Vec::with_capacity(polygon.len() + 2);
            for (index, &to) in polygon.iter().enumerate() {
                let from = polygon[(index + polygon.len() - 1) % polygon.len()];
                let (before, after) = (depth(from), depth(to));
                if (before < 0.0) != (after < 0.0) {
                    let t = before / (before - after);
                    clipped.push((from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1)));
                }
                if after >= 0.0 {
                    clipped.push(to);
                }
            }
            clipped
        })
    }
}

/// Cuts a polyline into the drawn pieces of a dash pattern; an empty pattern leaves it whole.
pub(super) fn dashes(line: &[Position], pattern: &[f64]) -> Vec<Vec<Position>> {
    if pattern.is_empty() || line.len() < 2 {
        return vec![line.to_vec()];
    }
    let mut pieces = Vec::new();
    let mut piece = vec![line[0]];
    let (mut index, mut left) = (0, pattern[0]);
    for pair in line.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            if length <= left {
                left -= length;
                if index % 2 == 0 {
                    piece.push(to);
                }
                break;
            }
            let t = left / length;
            from = (from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1));
            if index % 2 == 0 {
                piece.push(from);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece = vec![from];
            }
            index = (index + 1) % pattern.len();
            left = pattern[index];
        }
    }
    if piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

/// Cuts a polyline at turns sharper than 45 degrees and drops positions closer than `least` to their predecessor.
///
/// plotters outlines a thick path as one polygon, whose edges cross at sharp or very short turns and leave holes there.
pub(super) fn gentle_pieces(line: &[Position], least: f64) -> Vec<Vec<Position>> {
    let mut kept: Vec<Position> = Vec::new();
    for &position in line {
        if kept.last().is_none_or(|&(x, y)| (position.0 - x).hypot(position.1 - y) >= least) {
            kept.push(position);
        }
    }
    let mut pieces: Vec<Vec<Position>> = Vec::new();
    for pair in kept.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        match pieces.last_mut() {
            Some(piece) if turns_gently(piece[piece.len() - 2], a, b) => piece.push(b),
            _ => pieces.push(vec![a, b]),
        }
    }
    pieces
}

/// Whether the way from `a` over `b` to `c` turns by less than 45 degrees.
fn turns_gently(a: Position, b: Position, c: Position) -> bool {
    let (u, v) = ((b.0 - a.0, b.1 - a.1), (c.0 - b.0, c.1 - b.1));
    let dot = u.0 * v.0 + u.1 * v.1;
    dot > std::f64::consts::FRAC_1_SQRT_2 * u.0.hypot(u.1) * v.0.hypot(v.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: Rect = Rect { left: 0.0, top: 0.0, right: 10.0, bottom: 10.0 };

    #[test]
    fn segment_is_cut_at_the_edges() {
        assert_eq!(SQUARE.clip(((-5.0, 5.0), (15.0, 5.0))), Some(((0.0, 5.0), (10.0, 5.0))));
        assert_eq!(SQUARE.clip(((-5.0, 11.0), (15.0, 11.0))), None);
        assert_eq!(SQUARE.clip(((3.0, 3.0), (3.0, 3.0))), Some(((3.0, 3.0), (3.0, 3.0))));
    }

    #[test]
    fn line_that_leaves_and_returns_has_two_pieces() {
        let pieces = SQUARE.clip_polyline(&[(1.0, 5.0), (1.0, -5.0), (9.0, -5.0), (9.0, 5.0)]);
        assert_eq!(pieces, vec![vec![(1.0, 5.0), (1.0, 0.0)], vec![(9.0, 0.0), (9.0, 5.0)]]);
    }

    #[test]
    fn line_is_cut_where_it_passes_through() {
        let pieces = SQUARE.cut_polyline(&[(-5.0, 5.0), (-1.0, 5.0), (5.0, 5.0), (15.0, 5.0)]);
        assert_eq!(pieces, vec![vec![(-5.0, 5.0), (-1.0, 5.0), (0.0, 5.0)], vec![(10.0, 5.0), (15.0, 5.0)]]);
        let other = Rect { left: 8.0, right: 20.0, ..SQUARE };
        assert_eq!(SQUARE.within(&other), Some(Rect { left: 8.0, ..SQUARE }));
        assert_eq!(SQUARE.within(&Rect { left: 11.0, ..other }), None);
    }

    #[test]
    fn polygon_is_cut_at_the_edges() {
        let triangle = vec![(5.0, 5.0), (15.0, 5.0), (15.0, 6.0)];
        assert_eq!(SQUARE.clip_polygon(triangle), vec![(10.0, 5.5), (5.0, 5.0), (10.0, 5.0)]);
        assert!(SQUARE.clip_polygon(vec![(11.0, 1.0), (12.0, 1.0), (12.0, 2.0)]).is_empty());
    }

    #[test]
    fn dashes_go_around_corners() {
        let pieces = dashes(&[(0.0, 0.0), (3.0, 0.0), (3.0, 4.0)], &[4.0, 2.0]);
        assert_eq!(pieces, vec![vec![(0.0, 0.0), (3.0, 0.0), (3.0, 1.0)], vec![(3.0, 3.0), (3.0, 4.0)]]);
    }

    #[test]
    fn sharp_turns_part_a_line() {
        let pieces = gentle_pieces(&[(0.0, 0.0), (5.0, 0.0), (10.0, 1.0), (5.0, 2.0)], 1.0);
        assert_eq!(pieces.len(), 2);
        assert_eq!(pieces[0].len(), 3);
    }
}
