//! The layout between the row pass and the column pass.
//!
//! The rows of a half spectrum are cut into slabs of [`SLAB_ROWS`]; within a slab the layout is `[kx, row]`. A row task
//! owns a whole slab and transposes inside its cache; a column task then finds, for its block of neighbouring `kx`, one
//! contiguous piece in each slab. So both passes read and write whole cache lines, and slabs and pieces are disjoint
//! slices, which is what lets safe code run them in parallel.

use crate::Real;
use num_complex::Complex;

/// Rows in a slab.
pub(crate) const SLAB_ROWS: usize = 8;
/// Columns that one task transforms together.
pub(crate) const BLOCK_COLUMNS: usize = 8;

/// Cuts the slabs into pieces of [`BLOCK_COLUMNS`] columns: all pieces of the first block, then of the second, ...
///
/// Each block has as many pieces as there are slabs.
pub(crate) fn pieces_by_block<T: Real>(slabs: &mut [Complex<T>], ny: usize, nc: usize) -> Vec<&mut [Complex<T>]> {
    let n_blocks = nc.div_ceil(BLOCK_COLUMNS);
    let mut slabs: Vec<_> = slabs
        .chunks_mut(nc * SLAB_ROWS)
        .map(|slab| {
            let n_rows = slab.len() / nc;
            slab.chunks_mut(BLOCK_COLUMNS * n_rows)
        })
        .collect();
    let mut pieces = Vec::with_capacity(n_blocks * ny.div_ceil(SLAB_ROWS));
    for _ in 0..n_blocks {
        pieces.extend(slabs.iter_mut().map(|slab| slab.next().expect("every slab has all blocks")));
    }
    pieces
}

/// Copies the pieces of a block into contiguous columns of length `ny`.
// PERF: piece by piece, so that each is read in one go; column by column took 1.4 times as long.
pub(crate) fn pieces_to_columns<T: Real>(pieces: &[&mut [Complex<T>]], ny: usize, columns: &mut [Complex<T>]) {
    for (slab_idx, piece) in pieces.iter().enumerate() {
        let y = slab_idx * SLAB_ROWS;
        if ny - y >= SLAB_ROWS {
            for (j, lane) in piece.as_chunks::<SLAB_ROWS>().0.iter().enumerate() {
                columns[j * ny + y..][..SLAB_ROWS].copy_from_slice(lane);
            }
        } else {
            for (lane, column) in piece.chunks_exact(ny - y).zip(columns.chunks_exact_mut(ny)) {
                column[y..].copy_from_slice(lane);
            }
        }
    }
}

/// Copies contiguous columns of length `ny` into the pieces of a block.
pub(crate) fn columns_to_pieces<T: Real>(columns: &[Complex<T>], ny: usize, pieces: &mut [&mut [Complex<T>]]) {
    for (slab_idx, piece) in pieces.iter_mut().enumerate() {
        let y = slab_idx * SLAB_ROWS;
        if ny - y >= SLAB_ROWS {
            for (j, lane) in piece.as_chunks_mut::<SLAB_ROWS>().0.iter_mut().enumerate() {
                lane.copy_from_slice(&columns[j * ny + y..][..SLAB_ROWS]);
            }
        } else {
            for (lane, column) in piece.chunks_exact_mut(ny - y).zip(columns.chunks_exact(ny)) {
                lane.copy_from_slice(&column[y..]);
            }
        }
    }
}
