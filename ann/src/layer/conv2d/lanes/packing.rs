//! Values of several samples side by side.

use crate::layer::stretches::stretches;
use crate::real::Real;

/// Samples that run side by side.
pub(in crate::layer::conv2d) const LANES: usize = 16;

/// Units of a sample that are packed at once.
const STRETCH: usize = 32;

/// Values of four samples that are packed at once.
const FOUR: usize = 4 * STRETCH;

/// One unit of [`LANES`] samples.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(crate) struct Lanes<T>(pub(super) [T; LANES]);

impl<T: Real> Lanes<T> {
    pub(super) const ZERO: Self = Self([T::ZERO; LANES]);

    #[inline(always)]
    pub(super) fn add_product(&mut self, factor: &Self, other: &Self) {
        for lane in 0..LANES {
            self.0[lane] = factor.0[lane].mul_add(other.0[lane], self.0[lane]);
        }
    }

    #[inline(always)]
    pub(super) fn add_scaled(&mut self, factor: T, other: &Self) {
        for lane in 0..LANES {
            self.0[lane] = factor.mul_add(other.0[lane], self.0[lane]);
        }
    }

    #[inline(always)]
    pub(super) fn sum(&self) -> T {
        let mut sums = self.0;
        let mut half = LANES / 2;
        while half > 0 {
            for lane in 0..half {
                sums[lane] += sums[lane + half];
            }
            half /= 2;
        }
        sums[0]
    }
}

/// Puts up to [`LANES`] samples of `units` values side by side; lanes without a sample are zero.
#[inline(always)]
pub(super) fn pack<T: Real>(samples: &[T], units: usize, lanes: &mut Vec<Lanes<T>>) {
    lanes.resize(units, Lanes::ZERO);
    if units < STRETCH {
        lanes.fill(Lanes::ZERO);
        for (lane, sample) in samples.chunks(units).enumerate() {
            for (values, &value) in lanes.iter_mut().zip(sample) {
                values.0[lane] = value;
            }
        }
        return;
    }
    let none = [T::ZERO; STRETCH];
    let (mut fours, mut whole) = ([[T::ZERO; FOUR]; 4], [T::ZERO; 4 * FOUR]);
    for first in stretches(units, STRETCH) {
        for (lane, four) in fours.iter_mut().enumerate() {
            let starts = [0, 4, 8, 12].map(|other| (lane + other) * units + first);
            let rows = starts.map(|start| samples.get(start..).and_then(|row| row.first_chunk()).unwrap_or(&none));
            weave::<T, STRETCH>(rows, four);
        }
        weave(fours.each_ref(), &mut whole);
        for (lanes, values) in lanes[first..].iter_mut().zip(whole.chunks_exact(LANES)) {
            lanes.0.copy_from_slice(values);
        }
    }
}

/// The reverse.
#[inline(always)]
pub(super) fn unpack<T: Real>(lanes: &[Lanes<T>], samples: &mut [T]) {
    let units = lanes.len();
    if units < STRETCH {
        for (lane, sample) in samples.chunks_mut(units).enumerate() {
            for (values, value) in lanes.iter().zip(sample) {
                *value = values.0[lane];
            }
        }
        return;
    }
    let (mut rows, mut fours, mut whole) = ([[T::ZERO; STRETCH]; 4], [[T::ZERO; FOUR]; 4], [T::ZERO; 4 * FOUR]);
    for first in stretches(units, STRETCH) {
        for (lanes, values) in lanes[first..].iter().zip(whole.chunks_exact_mut(LANES)) {
            values.copy_from_slice(&lanes.0);
        }
        unweave(&whole, &mut fours);
        for (lane, four) in fours.iter().enumerate() {
            unweave(four, &mut rows);
            for (row, other) in rows.iter().zip([0, 4, 8, 12]) {
                let start = (lane + other) * units + first;
                // Not where a lane has no sample.
                if let Some(sample) = samples.get_mut(start..start + STRETCH) {
                    sample.copy_from_slice(row);
                }
            }
        }
    }
}

/// Alternately one value of each of four rows. Two such steps exchange the rows and columns of sixteen rows; the compiler makes long
/// vectors of them, which it does not of a transposition as it stands.
#[inline(always)]
fn weave<T: Real, const N: usize>([a, b, c, d]: [&[T; N]; 4], woven: &mut [T]) {
    for ((((woven, &a), &b), &c), &d) in woven.chunks_exact_mut(4).zip(a).zip(b).zip(c).zip(d) {
        woven[0] = a;
        woven[1] = b;
        woven[2] = c;
        woven[3] = d;
    }
}

/// The reverse.
#[inline(always)]
fn unweave<T: Real, const N: usize>(woven: &[T], [a, b, c, d]: &mut [[T; N]; 4]) {
    for ((((woven, a), b), c), d) in woven.chunks_exact(4).zip(a).zip(b).zip(c).zip(d) {
        *a = woven[0];
        *b = woven[1];
        *c = woven[2];
        *d = woven[3];
    }
}
