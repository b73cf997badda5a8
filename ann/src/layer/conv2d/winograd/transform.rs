//! The five transforms of F(2x2, 3x3), each along one axis of a tile; along both they make or read 4x4 cells.

use crate::real::Real;

/// A matrix of the algorithm, which makes `TO` values of `FROM`.
pub(super) trait Transform<const FROM: usize, const TO: usize>: Copy {
    fn line<T: Real>(self, values: [T; FROM]) -> [T; TO];

    /// The transform of the columns, then of the rows.
    #[inline(always)]
    fn square<T: Real>(self, cells: [[T; FROM]; FROM]) -> [[T; TO]; TO] {
        let mut lines = [[T::ZERO; FROM]; TO];
        for x in 0..FROM {
            let mut column = [T::ZERO; FROM];
            for y in 0..FROM {
                column[y] = cells[y][x];
            }
            let column = self.line(column);
            for y in 0..TO {
                lines[y][x] = column[y];
            }
        }
        let mut square = [[T::ZERO; TO]; TO];
        for y in 0..TO {
            square[y] = self.line(lines[y]);
        }
        square
    }

    /// The same for several channels.
    #[inline(always)]
    fn squares<T: Real, const N: usize>(self, cells: [[[T; N]; FROM]; FROM]) -> [[[T; N]; TO]; TO] {
        let mut squares = [[[T::ZERO; N]; TO]; TO];
        for lane in 0..N {
            let mut own = [[T::ZERO; FROM]; FROM];
            for y in 0..FROM {
                for x in 0..FROM {
                    own[y][x] = cells[y][x][lane];
                }
            }
            let own = self.square(own);
            for y in 0..TO {
                for x in 0..TO {
                    squares[y][x][lane] = own[y][x];
                }
            }
        }
        squares
    }
}

/// `B^T` of the inputs.
#[derive(Clone, Copy)]
pub(super) struct Inputs;

impl Transform<4, 4> for Inputs {
    #[inline(always)]
    fn line<T: Real>(self, [a, b, c, d]: [T; 4]) -> [T; 4] {
        [a - c, b + c, c - b, b - d]
    }
}

/// `G` of the weights.
#[derive(Clone, Copy)]
pub(super) struct Weights;

impl Transform<3, 4> for Weights {
    #[inline(always)]
    fn line<T: Real>(self, [a, b, c]: [T; 3]) -> [T; 4] {
        let half = T::from_f64(0.5);
        let (even, odd) = (half * (a + c), half * b);
        [a, even + odd, even - odd, c]
    }
}

/// `A^T`, which makes the outputs.
#[derive(Clone, Copy)]
pub(super) struct Outputs;

impl Transform<4, 2> for Outputs {
    #[inline(always)]
    fn line<T: Real>(self, [a, b, c, d]: [T; 4]) -> [T; 2] {
        [a + b + c, b - c - d]
    }
}

/// `A` of the outputs' gradient.
#[derive(Clone, Copy)]
pub(super) struct OutputGradient;

impl Transform<2, 4> for OutputGradient {
    #[inline(always)]
    fn line<T: Real>(self, [a, b]: [T; 2]) -> [T; 4] {
        [a, a + b, a - b, -b]
    }
}

/// `G^T`, which makes the weights' gradient.
#[derive(Clone, Copy)]
pub(super) struct WeightGradient;

impl Transform<4, 3> for WeightGradient {
    #[inline(always)]
    fn line<T: Real>(self, [a, b, c, d]: [T; 4]) -> [T; 3] {
        let half = T::from_f64(0.5);
        let (even, odd) = (half * (b + c), half * (b - c));
        [a + even, odd, even + d]
    }
}
