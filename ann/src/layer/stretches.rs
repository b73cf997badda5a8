//! A row cut into stretches of one length, which a compiler can make vectors of.

/// Where the stretches begin, `size` of `count` values each; the last overlaps the one before, so that none is shorter. A row that is
/// shorter than a stretch is one.
#[inline(always)]
pub(in crate::layer) fn stretches(count: usize, size: usize) -> impl Iterator<Item = usize> {
    (0..count).step_by(size).map(move |first| first.min(count.saturating_sub(size)))
}
