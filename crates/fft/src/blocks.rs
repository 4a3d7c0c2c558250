//! The layout between the row pass and the column pass.
//!
//! The half spectrum is cut into blocks of `WIDTH` neighbouring `kx`, the last one narrower. Within a block
//! the layout is `[y, part, kx]`, real parts before imaginary parts: a batch of columns, as [`lanes`](crate::lanes) want it.
//! A block takes as much memory as its columns do in the finished spectrum, so that a column task turns the one
//! into the other in place. A row task owns the rows of a group of `2 WIDTH` in every block: one contiguous piece in each.
//! Blocks and pieces are disjoint slices, which is what lets safe code run them in parallel.

use crate::Real;

/// Rows that one task transforms together.
pub(crate) const fn group_rows<T: Real>() -> usize {
    2 * T::WIDTH
}

/// Cuts the blocks into the pieces of each group of rows: all pieces of the first group, then of the second, ...
///
/// `floats_per_column` is how many floats a row has in each column.
pub(crate) fn pieces_by_group<T: Real>(
    blocks: &mut [T],
    ny: usize,
    n_columns: usize,
    block_columns: usize,
    floats_per_column: usize,
) -> Vec<&mut [T]> {
    let n_groups = ny.div_ceil(group_rows::<T>());
    let mut blocks: Vec<_> = blocks
        .chunks_mut(block_columns * floats_per_column * ny)
        .map(|block| {
            let per_row = block.len() / ny;
            block.chunks_mut(group_rows::<T>() * per_row)
        })
        .collect();
    debug_assert_eq!(blocks.len(), n_columns.div_ceil(block_columns));
    let mut pieces = Vec::with_capacity(n_groups * blocks.len());
    for _ in 0..n_groups {
        pieces.extend(blocks.iter_mut().map(|block| block.next().expect("every block has all groups")));
    }
    pieces
}
