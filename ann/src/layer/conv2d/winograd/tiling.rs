//! Maps cut into tiles, whose cells are transformed into 16 matrices and back.

use std::ops::Range;

use crate::layer::conv2d::winograd::CELLS;
use crate::layer::conv2d::winograd::transform::Transform;
use crate::layer::stretches::stretches;
use crate::real::Real;
use crate::shape::{Extent, Shape};

/// Channels that are transformed at once; maps have as many or more.
pub(super) const CHANNELS: usize = 16;

/// Tiles over maps of one shape, two cells from one to the next.
#[derive(Clone, Copy)]
pub(super) struct Tiling {
    pub(super) map: Shape,
    /// Rows and columns of tiles on one map.
    pub(super) tiles: Extent,
    /// Rows above and columns left of the map under the first tile.
    pub(super) before: (usize, usize),
}

impl Tiling {
    /// Index of the first channel of each cell of a tile, or none outside the map; tiles are counted over all maps.
    #[inline(always)]
    fn cells<const SIZE: usize>(self, tile: usize) -> [[Option<usize>; SIZE]; SIZE] {
        let Shape { height, width, channels } = self.map;
        let (line, column) = (tile / self.tiles.width, tile % self.tiles.width);
        let (map, row) = (line / self.tiles.height, line % self.tiles.height);
        let mut cells = [[None; SIZE]; SIZE];
        for (y, cells) in cells.iter_mut().enumerate() {
            for (x, cell) in cells.iter_mut().enumerate() {
                // Beyond all maps where it lies before the first row or column.
                let row = (2 * row + y).wrapping_sub(self.before.0);
                let column = (2 * column + x).wrapping_sub(self.before.1);
                if row < height && column < width {
                    *cell = Some(((map * height + row) * width + column) * channels);
                }
            }
        }
        cells
    }

    /// Transforms the tiles `tiles` of maps into 16 matrices (tiles x channels); cells outside the map are zero. `zeros` is memory.
    pub(super) fn spread<T: Real, const SIZE: usize>(
        self,
        transform: impl Transform<SIZE, 4>,
        tiles: Range<usize>,
        maps: &[T],
        matrices: &mut [T],
        zeros: &mut Vec<T>,
    ) {
        zeros.resize(self.map.channels.max(zeros.len()), T::ZERO);
        pulp::Arch::new().dispatch(Spread { tiling: self, transform, tiles, maps, matrices, zeros });
    }

    /// The way back, into the cells that lie on the map.
    pub(super) fn gather<T: Real, const SIZE: usize>(
        self,
        transform: impl Transform<4, SIZE>,
        tiles: Range<usize>,
        matrices: &[T],
        maps: &mut [T],
    ) {
        pulp::Arch::new().dispatch(Gather { tiling: self, transform, tiles, matrices, maps });
    }
}

/// Values from one matrix of so many rows and columns to the next: some more than they have, as equal places of neighbouring matrices get
/// into each other's way in the first cache where they are a multiple of 4 KB apart, and sizes often are.
pub(super) fn plane(rows: usize, columns: usize) -> usize {
    (rows * columns).next_multiple_of(CHANNELS) + CHANNELS
}

struct Spread<'a, T, L, const SIZE: usize> {
    tiling: Tiling,
    transform: L,
    tiles: Range<usize>,
    maps: &'a [T],
    matrices: &'a mut [T],
    zeros: &'a [T],
}

impl<T: Real, L: Transform<SIZE, 4>, const SIZE: usize> pulp::WithSimd for Spread<'_, T, L, SIZE> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { tiling, transform, tiles, maps, matrices, zeros } = self;
        let channels = tiling.map.channels;
        let plane = plane(tiles.len(), channels);
        for (index, tile) in tiles.enumerate() {
            let places = tiling.cells::<SIZE>(tile);
            let mut cells = [[zeros; SIZE]; SIZE];
            for y in 0..SIZE {
                for x in 0..SIZE {
                    cells[y][x] = places[y][x].map_or(&zeros[..channels], |first| &maps[first..first + channels]);
                }
            }
            // There are as many matrices as cells; an array that is filled later costs a few percent.
            let mut rows = matrices.chunks_exact_mut(plane);
            let mut rows: [&mut [T]; CELLS] = std::array::from_fn(|_| match rows.next() {
                Some(matrix) => &mut matrix[index * channels..][..channels],
                None => &mut [],
            });
            for channel in stretches(channels, CHANNELS) {
                spread_channels(transform, cells, channel, &mut rows);
            }
        }
    }
}

#[inline(always)]
fn spread_channels<T: Real, L: Transform<SIZE, 4>, const SIZE: usize>(
    transform: L,
    cells: [[&[T]; SIZE]; SIZE],
    channel: usize,
    rows: &mut [&mut [T]; CELLS],
) {
    let mut values = [[[T::ZERO; CHANNELS]; SIZE]; SIZE];
    for y in 0..SIZE {
        for x in 0..SIZE {
            values[y][x].copy_from_slice(&cells[y][x][channel..channel + CHANNELS]);
        }
    }
    let values = transform.squares(values);
    for y in 0..4 {
        for x in 0..4 {
            rows[4 * y + x][channel..channel + CHANNELS].copy_from_slice(&values[y][x]);
        }
    }
}

struct Gather<'a, T, L, const SIZE: usize> {
    tiling: Tiling,
    transform: L,
    tiles: Range<usize>,
    matrices: &'a [T],
    maps: &'a mut [T],
}

impl<T: Real, L: Transform<4, SIZE>, const SIZE: usize> pulp::WithSimd for Gather<'_, T, L, SIZE> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { tiling, transform, tiles, matrices, maps } = self;
        let channels = tiling.map.channels;
        let plane = plane(tiles.len(), channels);
        for (index, tile) in tiles.enumerate() {
            let places = tiling.cells::<SIZE>(tile);
            let mut rows = [matrices; CELLS];
            for (row, matrix) in rows.iter_mut().zip(matrices.chunks_exact(plane)) {
                *row = &matrix[index * channels..][..channels];
            }
            for channel in stretches(channels, CHANNELS) {
                gather_channels(transform, rows, channel, places, maps);
            }
        }
    }
}

#[inline(always)]
fn gather_channels<T: Real, L: Transform<4, SIZE>, const SIZE: usize>(
    transform: L,
    rows: [&[T]; CELLS],
    channel: usize,
    places: [[Option<usize>; SIZE]; SIZE],
    maps: &mut [T],
) {
    let mut values = [[[T::ZERO; CHANNELS]; 4]; 4];
    for y in 0..4 {
        for x in 0..4 {
            values[y][x].copy_from_slice(&rows[4 * y + x][channel..channel + CHANNELS]);
        }
    }
    let values = transform.squares(values);
    for y in 0..SIZE {
        for x in 0..SIZE {
            let Some(first) = places[y][x] else { continue };
            maps[first + channel..first + channel + CHANNELS].copy_from_slice(&values[y][x]);
        }
    }
}
