//! Lines of equal value through a grid of values (marching squares).

use super::geometry::Position;
use std::collections::BTreeMap;

/// A side of a square of the grid, named by its lower or left end: column, row, and whether it goes upwards.
type Side = (usize, usize, bool);

/// The lines of one value, in the coordinates of columns and rows.
///
/// A line crosses a side between two values where linear interpolation puts it. Where two opposite corners lie above and two below, the
/// mean of the four decides which are connected. Squares with a value that is not finite have no lines.
///
/// * `values`: row by row, `x.len()` in a row
pub(super) fn lines(x: &[f64], y: &[f64], values: &[f64], level: f64) -> Vec<Vec<Position>> {
    let columns = x.len();
    let value = |column: usize, row: usize| values[row * columns + column];
    let crossing = |(column, row, upwards): Side| {
        let (to_column, to_row) = if upwards { (column, row + 1) } else { (column + 1, row) };
        let (from, to) = (value(column, row), value(to_column, to_row));
        let t = (level - from) / (to - from);
        (x[column] + t * (x[to_column] - x[column]), y[row] + t * (y[to_row] - y[row]))
    };
    let mut neighbours: BTreeMap<Side, Vec<Side>> = BTreeMap::new();
    for row in 0..y.len().saturating_sub(1) {
        for column in 0..columns.saturating_sub(1) {
            let corners = [(0, 0), (1, 0), (1, 1), (0, 1)].map(|(right, up)| value(column + right, row + up));
            for (a, b) in pieces(corners, level) {
                let sides =
                    [(column, row, false), (column + 1, row, true), (column, row + 1, false), (column, row, true)];
                neighbours.entry(sides[a]).or_default().push(sides[b]);
                neighbours.entry(sides[b]).or_default().push(sides[a]);
            }
        }
    }
    chains(neighbours).iter().map(|chain| chain.iter().map(|&side| crossing(side)).collect()).collect()
}

/// Which sides of a square are connected; sides and corners are numbered anticlockwise, side n begins at corner n.
fn pieces(corners: [f64; 4], level: f64) -> Vec<(usize, usize)> {
    if corners.iter().any(|value| !value.is_finite()) {
        return Vec::new();
    }
    let above = corners.map(|value| value >= level);
    let crossed: Vec<usize> = (0..4).filter(|&side| above[side] != above[(side + 1) % 4]).collect();
    match *crossed {
        [a, b] => vec![(a, b)],
        [_, _, _, _] => {
            // Corners 0 and 2 against 1 and 3: those that are like the middle are connected, the others are cut off.
            let middle = corners.iter().sum::<f64>() / 4.0 >= level;
            if above[0] == middle { vec![(0, 1), (2, 3)] } else { vec![(3, 0), (1, 2)] }
        }
        _ => Vec::new(),
    }
}

/// Follows the connections: open lines from end to end first, then the closed ones.
fn chains(mut neighbours: BTreeMap<Side, Vec<Side>>) -> Vec<Vec<Side>> {
    let mut chains = Vec::new();
    loop {
        let open = neighbours.iter().find(|(_, next)| next.len() == 1);
        let Some(start) = open.or_else(|| neighbours.iter().next()).map(|(&side, _)| side) else { return chains };
        let mut chain = vec![start];
        let mut at = start;
        while let Some(next) = take(&mut neighbours, at) {
            chain.push(next);
            at = next;
        }
        chains.push(chain);
    }
}

/// Goes on from a side and forgets the connection.
fn take(neighbours: &mut BTreeMap<Side, Vec<Side>>, at: Side) -> Option<Side> {
    let next = neighbours.get_mut(&at)?.pop()?;
    for (from, to) in [(at, next), (next, at)] {
        if let Some(others) = neighbours.get_mut(&from) {
            if let Some(place) = others.iter().position(|&other| other == to) {
                others.swap_remove(place);
            }
            if others.is_empty() {
                neighbours.remove(&from);
            }
        }
    }
    Some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(n: usize, value: impl Fn(f64, f64) -> f64) -> (Vec<f64>, Vec<f64>) {
        let x: Vec<f64> = (0..n).map(|i| -2.0 + 4.0 * i as f64 / (n - 1) as f64).collect();
        let values = x.iter().flat_map(|&y| x.iter().map(move |&x| (x, y))).map(|(x, y)| value(x, y)).collect();
        (x, values)
    }

    #[test]
    fn level_lines_of_a_plane_are_straight_and_in_one_piece() {
        // Linear interpolation is exact for a plane.
        let (x, values) = grid(9, |x, y| x + 2.0 * y);
        let lines = lines(&x, &x, &values, 0.3);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].iter().all(|(x, y)| (x + 2.0 * y - 0.3).abs() < 1e-12));
        let (from, to) = (lines[0][0], lines[0][lines[0].len() - 1]);
        assert_eq!((from.0 - to.0).abs(), 4.0);
    }

    #[test]
    fn level_line_of_a_paraboloid_is_a_closed_circle() {
        let (x, values) = grid(81, |x, y| x * x + y * y);
        let lines = lines(&x, &x, &values, 2.0);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0][0], lines[0][lines[0].len() - 1]);
        // Interpolation of a parabola over 0.05 is off by at most 0.05^2/4.
        assert!(lines[0].iter().all(|(x, y)| (x * x + y * y - 2.0).abs() < 0.05 * 0.05 / 4.0 + 1e-12));
        let length: f64 = lines[0].windows(2).map(|p| (p[1].0 - p[0].0).hypot(p[1].1 - p[0].1)).sum();
        assert!((length / (std::f64::consts::TAU * 2f64.sqrt()) - 1.0).abs() < 1e-3);
    }

    #[test]
    fn saddles_and_holes() {
        let corners = [1.0, -1.0, 1.0, -1.0];
        assert_eq!(pieces(corners, 0.0), [(0, 1), (2, 3)]);
        assert_eq!(pieces(corners.map(|v| v - 0.1), 0.0), [(3, 0), (1, 2)]);
        assert!(pieces([1.0, f64::NAN, 0.0, 0.0], 0.5).is_empty());
        // The saddle x y at 0.01 has two branches; each is one line.
        let (x, values) = grid(10, |x, y| x * y);
        assert_eq!(lines(&x, &x, &values, 0.01).len(), 2);
    }
}
