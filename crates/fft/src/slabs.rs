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

/// Writes rows of length `nc` into a slab.
pub(crate) fn rows_to_slab<T: Real>(rows: &[Complex<T>], nc: usize, slab: &mut [Complex<T>]) {
    let n_rows = slab.len() / nc;
    if n_rows == SLAB_ROWS {
        let (slab, _) = slab.as_chunks_mut::<SLAB_ROWS>();
        let rows: [&[Complex<T>]; SLAB_ROWS] =
            std::array::from_fn(|r| &rows[r * nc..][..slab.len()]);
        for (kx, lane) in slab.iter_mut().enumerate() {
            *lane = std::array::from_fn(|r| rows[r][kx]);
        }
    } else {
        for (r, row) in rows.chunks_exact(nc).take(n_rows).enumerate() {
            for (kx, value) in row.iter().enumerate() {
                slab[kx * n_rows + r] = *value;
            }
        }
    }
}

/// Reads row `r` out of a slab.
pub(crate) fn slab_to_row<T: Real>(
    slab: &[Complex<T>],
    nc: usize,
    r: usize,
    scale: T,
    row: &mut [Complex<T>],
) {
    let n_rows = slab.len() / nc;
    for (value, lane) in row.iter_mut().zip(slab.chunks_exact(n_rows)) {
        *value = lane[r].scale(scale);
    }
}

/// Cuts the slabs into pieces of [`BLOCK_COLUMNS`] columns: all pieces of the first block, then of the second, ...
///
/// Each block has as many pieces as there are slabs.
pub(crate) fn pieces_by_block<T: Real>(
    slabs: &mut [Complex<T>],
    ny: usize,
    nc: usize,
) -> Vec<&mut [Complex<T>]> {
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
        pieces.extend(
            slabs
                .iter_mut()
                .map(|slab| slab.next().expect("every slab has all blocks")),
        );
    }
    pieces
}

/// Copies column `j` of a block from its pieces into one contiguous column.
pub(crate) fn pieces_to_column<T: Real>(
    pieces: &[&mut [Complex<T>]],
    j: usize,
    column: &mut [Complex<T>],
) {
    let (full, rest) = column.as_chunks_mut::<SLAB_ROWS>();
    for (lane, piece) in full.iter_mut().zip(pieces) {
        *lane = piece.as_chunks().0[j];
    }
    if let (false, Some(piece)) = (rest.is_empty(), pieces.last()) {
        rest.copy_from_slice(&piece[j * rest.len()..][..rest.len()]);
    }
}

/// Copies a contiguous column into column `j` of a block's pieces.
pub(crate) fn column_to_pieces<T: Real>(
    column: &[Complex<T>],
    j: usize,
    pieces: &mut [&mut [Complex<T>]],
) {
    let (full, rest) = column.as_chunks::<SLAB_ROWS>();
    for (lane, piece) in full.iter().zip(pieces.iter_mut()) {
        piece.as_chunks_mut().0[j] = *lane;
    }
    if let (false, Some(piece)) = (rest.is_empty(), pieces.last_mut()) {
        piece[j * rest.len()..][..rest.len()].copy_from_slice(rest);
    }
}
