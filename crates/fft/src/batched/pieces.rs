//! Pieces: what a group of rows and a block of columns share.

use super::PIECE;

/// Cuts blocks, each a run of groups, into pieces: all of the first group, then of the second, ...
pub(super) fn pieces_by_group(blocks: &mut [f64], n_groups: usize, n_blocks: usize) -> Vec<&mut [f64]> {
    transposed(blocks, n_blocks, n_groups)
}

/// Cuts slabs, each a run of blocks, into pieces: all of the first block, then of the second, ...
pub(super) fn pieces_by_block(slabs: &mut [f64], n_groups: usize, n_blocks: usize) -> Vec<&mut [f64]> {
    transposed(slabs, n_groups, n_blocks)
}

/// The pieces of `n_runs` runs of `run_len` pieces each: the first of every run, then the second, ...
fn transposed(floats: &mut [f64], n_runs: usize, run_len: usize) -> Vec<&mut [f64]> {
    let mut runs: Vec<_> = floats.chunks_exact_mut(run_len * PIECE).map(|run| run.chunks_exact_mut(PIECE)).collect();
    debug_assert_eq!(runs.len(), n_runs);
    let mut pieces = Vec::with_capacity(n_runs * run_len);
    for _ in 0..run_len {
        pieces.extend(runs.iter_mut().map(|run| run.next().expect("all runs have the same length")));
    }
    pieces
}

/// Copies the pieces of a block into a batch.
pub(super) fn gather(pieces: &[&mut [f64]], batch: &mut [f64]) {
    for (piece, elements) in pieces.iter().zip(batch.as_chunks_mut::<PIECE>().0) {
        elements.copy_from_slice(piece);
    }
}

/// Copies a batch into the pieces of a block.
pub(super) fn scatter(batch: &[f64], pieces: &mut [&mut [f64]]) {
    for (piece, elements) in pieces.iter_mut().zip(batch.as_chunks::<PIECE>().0) {
        piece.copy_from_slice(elements);
    }
}
