//! A map as a flat vector.

/// Copies maps to flat vectors: the memory order (row, column, channel) is the order of the vector already.
pub(crate) fn flatten<T: Copy>(maps: &[T], vectors: &mut [T]) {
    vectors.copy_from_slice(maps);
}
