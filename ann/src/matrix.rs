//! Matrix products; the only file that names the `gemm` crate.

use crate::real::Real;

/// A row-major matrix, or the transpose of one.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a, T> {
    values: &'a [T],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a, T: Real> Matrix<'a, T> {
    /// `values` as `rows x columns`, row-major.
    ///
    /// # Panics
    /// If `values` has another length.
    pub(crate) fn new(values: &'a [T], rows: usize, columns: usize) -> Self {
        assert_eq!(values.len(), rows * columns, "a matrix of {rows} x {columns}");
        Self { values, rows, columns, row_stride: columns, column_stride: 1 }
    }

    pub(crate) fn transposed(self) -> Self {
        Self {
            values: self.values,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }
}

/// What a product does to what its destination held.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Destination {
    Overwrite,
    AddTo,
}

/// `product = left * right`, row-major, or `product += left * right`; where the inner dimension is 0, the product is 0.
///
/// One thread: the batch is what runs in parallel, so that the order of summation does not depend on threads.
///
/// # Panics
/// If the sizes disagree.
#[allow(unsafe_code)]
pub(crate) fn multiply<T: Real>(
    left: Matrix<'_, T>,
    right: Matrix<'_, T>,
    product: &mut [T],
    destination: Destination,
) {
    assert_eq!(left.columns, right.rows, "inner dimension");
    assert_eq!(product.len(), left.rows * right.columns, "size of the product");
    // SAFETY: `Matrix::new` checked that every index below rows * columns lies in the slice, and both stride pairs
    // address exactly these; `product` was checked above and is borrowed mutably, so nothing overlaps it.
    unsafe {
        gemm::gemm(
            left.rows,
            right.columns,
            left.columns,
            product.as_mut_ptr(),
            1,
            right.columns as isize,
            destination == Destination::AddTo,
            left.values.as_ptr(),
            left.column_stride as isize,
            left.row_stride as isize,
            right.values.as_ptr(),
            right.column_stride as isize,
            right.row_stride as isize,
            T::ONE,
            T::ONE,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_of_nothing_is_zero() {
        let mut product = [7.0; 6];
        multiply(Matrix::new(&[], 2, 0), Matrix::new(&[], 0, 3), &mut product, Destination::AddTo);
        assert_eq!(product, [7.0; 6]);
        multiply(Matrix::new(&[], 2, 0), Matrix::new(&[], 0, 3), &mut product, Destination::Overwrite);
        assert_eq!(product, [0.0; 6]);
    }

    #[test]
    fn two_by_three_times_three_by_two_by_hand() {
        let left = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let right = [1.0, 0.0, 2.0, 1.0, 0.0, 3.0];
        let mut product = [1.0; 4];
        multiply(Matrix::new(&left, 2, 3), Matrix::new(&right, 3, 2), &mut product, Destination::Overwrite);
        assert_eq!(product, [5.0, 11.0, 14.0, 23.0]);
        // The transposes of both, in the other order, give the transpose.
        multiply(
            Matrix::new(&right, 3, 2).transposed(),
            Matrix::new(&left, 2, 3).transposed(),
            &mut product,
            Destination::AddTo,
        );
        assert_eq!(product, [10.0, 25.0, 25.0, 46.0]);
    }
}
