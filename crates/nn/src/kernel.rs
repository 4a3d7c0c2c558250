//! Passes over slices of f32: vectorised with what the processor has, parallel in pieces of a fixed size.
//!
//! The pieces depend on the shape alone and partial sums are added in their order, so that results have the same bits
//! for any number of threads.

use rayon::prelude::*;

/// Floats a piece of a parallel pass: small enough for the second-level cache, large enough to outweigh its dispatch.
pub(crate) const PIECE: usize = 1 << 14;

/// Runs `work` compiled for the widest vectors of this processor.
///
/// What `work` calls must be `#[inline(always)]` to profit.
#[inline(always)]
pub(crate) fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}

/// Rows of `n_channels` floats in one piece.
pub(crate) fn rows_per_piece(n_channels: usize) -> usize {
    (PIECE / n_channels.max(1)).max(1)
}

/// `f(x)` for each element.
pub(crate) fn map(x: &[f32], f: impl Fn(f32) -> f32 + Sync) -> Vec<f32> {
    let mut out = vec![0.0; x.len()];
    out.par_chunks_mut(PIECE).zip(x.par_chunks(PIECE)).for_each(|(out, x)| {
        vectorised(
            #[inline(always)]
            || out.iter_mut().zip(x).for_each(|(out, &x)| *out = f(x)),
        );
    });
    out
}

/// `f(x, y)` for each pair of elements.
pub(crate) fn map2(x: &[f32], y: &[f32], f: impl Fn(f32, f32) -> f32 + Sync) -> Vec<f32> {
    debug_assert_eq!(x.len(), y.len());
    let mut out = vec![0.0; x.len()];
    out.par_chunks_mut(PIECE).zip(x.par_chunks(PIECE)).zip(y.par_chunks(PIECE)).for_each(|((out, x), y)| {
        vectorised(
            #[inline(always)]
            || out.iter_mut().zip(x).zip(y).for_each(|((out, &x), &y)| *out = f(x, y)),
        );
    });
    out
}

/// Adds vectors of equal length into the first, in their order.
pub(crate) fn sum_in_order(parts: Vec<Vec<f64>>, len: usize) -> Vec<f64> {
    let mut total = vec![0.0; len];
    for part in parts {
        total.iter_mut().zip(part).for_each(|(total, part)| *total += part);
    }
    total
}
