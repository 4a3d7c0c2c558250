//! Rows: real pixels to half-spectrum rows and back, two real rows in one complex transform.
//!
//! With `z = a + i b` for two real rows `a` and `b`, `Z(k) = A(k) + i B(k)`, and as `A` and `B` are Hermitian,
//! `A(k) = (Z(k) + conj Z(-k)) / 2` and `B(k) = (Z(k) - conj Z(-k)) / 2i`. Unlike packing one row into half the length
//! this needs no twiddle factors and serves odd lengths too. A task takes `2 WIDTH` rows: the first half are the real
//! parts of the lanes, the second half their imaginary parts.
//!
//! The way back uses that the inverse transform is the forward one with real and imaginary parts exchanged before and
//! after.

use crate::Real;
use crate::batch::{BatchFft, vectors, vectors_mut};
use crate::blocks::group_rows;
use crate::scratch::Worker;
use crate::transpose::{Tiler, evenly};
use pulp::{Simd, WithSimd};

/// Transforms a group of rows into its pieces of the blocks.
pub(crate) struct RowsForward<'a, 'p, T: Real> {
    pub(crate) fft: &'a BatchFft<T>,
    pub(crate) rows: &'a [T],
    pub(crate) pieces: &'a mut [&'p mut [T]],
    pub(crate) worker: &'a mut Worker<T>,
}

impl<T: Real> WithSimd for RowsForward<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { fft, rows, pieces, worker } = self;
        let batch = worker.batch.first(fft.batch_len());
        let tiler = Tiler::new::<S, T>(simd);
        rows_to_batch(simd, tiler, rows, fft.len(), batch);
        fft.forward(simd, batch, &mut worker.fft);
        let tile = worker.tile.first(4 * T::WIDTH * T::WIDTH);
        let n_rows = rows.len() / fft.len();
        for (block_idx, piece) in pieces.iter_mut().enumerate() {
            let first_kx = block_idx * T::WIDTH;
            let width = piece.len() / (2 * n_rows);
            separate(simd, fft, batch, first_kx..first_kx + width, tile);
            tile_to_piece(simd, tiler, tile, width, n_rows, piece);
        }
    }
}

/// Transforms a group of rows of the blocks, real and imaginary parts exchanged, back into pixels.
pub(crate) struct RowsInverse<'a, T: Real> {
    pub(crate) fft: &'a BatchFft<T>,
    /// All blocks.
    pub(crate) blocks: &'a [T],
    pub(crate) ny: usize,
    pub(crate) first_row: usize,
    pub(crate) scale: T,
    pub(crate) rows: &'a mut [T],
    pub(crate) worker: &'a mut Worker<T>,
}

impl<T: Real> WithSimd for RowsInverse<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { fft, blocks, ny, first_row, scale, rows, worker } = self;
        let batch = worker.batch.first(fft.batch_len());
        let tile = worker.tile.first(4 * T::WIDTH * T::WIDTH);
        let n_rows = rows.len() / fft.len();
        let tiler = Tiler::new::<S, T>(simd);
        let n_blocks = blocks.len().div_ceil(2 * T::WIDTH * ny);
        for block_idx in 0..n_blocks {
            if block_idx + 1 < n_blocks {
                touch(piece_of(blocks, ny, block_idx + 1, first_row, n_rows));
            }
            let piece = piece_of(blocks, ny, block_idx, first_row, n_rows);
            let width = piece.len() / (2 * n_rows);
            let first_kx = block_idx * T::WIDTH;
            piece_to_tile(simd, tiler, piece, width, n_rows, tile);
            combine(simd, fft, tile, first_kx..first_kx + width, scale, batch);
        }
        fft.forward_from_places(simd, batch, &mut worker.fft);
        batch_to_rows(simd, tiler, batch, fft.len(), rows);
    }
}

/// What some rows own of a block.
#[inline(always)]
fn piece_of<T: Real>(blocks: &[T], ny: usize, block_idx: usize, first_row: usize, n_rows: usize) -> &[T] {
    let rest = &blocks[block_idx * 2 * T::WIDTH * ny..];
    let per_row = 2 * T::WIDTH.min(rest.len() / (2 * ny));
    &rest[first_row * per_row..][..n_rows * per_row]
}

/// Reads a float of every cache line.
// PERF: pieces lie far apart, so that no prefetcher sees the next one coming. Asked for ahead and all at once, their
// lines arrive together: the inverse transform of 2048^2 f64 spent 0.4 of its time waiting for them one by one.
#[inline(always)]
fn touch<T: Real>(piece: &[T]) {
    let mut sum = T::zero();
    for line in piece.chunks(64 / size_of::<T>()) {
        sum = sum + line[0];
    }
    std::hint::black_box(sum);
}

/// Fills a batch with rows of `nx` pixels; rows that are missing at the end of the map are zero.
#[inline(always)]
fn rows_to_batch<S: Simd, T: Real>(simd: S, tiler: Tiler, rows: &[T], nx: usize, batch: &mut [T]) {
    let width = T::WIDTH;
    let n_rows = rows.len() / nx;
    let mut x_done = 0;
    if n_rows == group_rows::<T>() {
        let (first, second) = rows.split_at(width * nx);
        x_done = nx - nx % width;
        for x in (0..x_done).step_by(width) {
            for (half, rows) in [first, second].into_iter().enumerate() {
                let to = (&mut *batch, &evenly((2 * x + half) * width, 2 * width));
                tiler.transpose(simd, (rows, &evenly(x, nx)), to);
            }
        }
    }
    for (x, element) in batch.chunks_exact_mut(2 * width).enumerate().skip(x_done) {
        for (row, value) in element.iter_mut().enumerate() {
            *value = if row < n_rows { rows[row * nx + x] } else { T::zero() };
        }
    }
}

/// Empties a batch, real and imaginary parts exchanged, into rows of `nx` pixels.
#[inline(always)]
fn batch_to_rows<S: Simd, T: Real>(simd: S, tiler: Tiler, batch: &[T], nx: usize, rows: &mut [T]) {
    let width = T::WIDTH;
    let n_rows = rows.len() / nx;
    let mut x_done = 0;
    if n_rows == group_rows::<T>() {
        x_done = nx - nx % width;
        for x in (0..x_done).step_by(width) {
            for (half, rows) in rows.chunks_exact_mut(width * nx).enumerate() {
                let from = (batch, &evenly((2 * x + 1 - half) * width, 2 * width));
                tiler.transpose(simd, from, (rows, &evenly(x, nx)));
            }
        }
    }
    for (x, element) in batch.chunks_exact(2 * width).enumerate().skip(x_done) {
        let (second, first) = element.split_at(width);
        for (row, &value) in first.iter().chain(second).enumerate().take(n_rows) {
            rows[row * nx + x] = value;
        }
    }
}

/// Writes `A` and `B` for some `kx`, layout `[row half and part, kx, lane]` with the parts of `A` first.
#[inline(always)]
fn separate<S: Simd, T: Real>(simd: S, fft: &BatchFft<T>, batch: &[T], kx: std::ops::Range<usize>, tile: &mut [T]) {
    let width = T::WIDTH;
    let half = T::splat(simd, T::from_f64_lossy(0.5));
    let [a_re, a_im, b_re, b_im] = quarters(tile);
    for (i, kx) in kx.enumerate() {
        let plus = vectors::<S, T>(element(fft, batch, kx));
        let mirrored = vectors::<S, T>(element(fft, batch, minus(kx, fft.len())));
        let at = i * width..(i + 1) * width;
        let (a_re, a_im) = (vectors_mut::<S, T>(&mut a_re[at.clone()]), vectors_mut::<S, T>(&mut a_im[at.clone()]));
        let (b_re, b_im) = (vectors_mut::<S, T>(&mut b_re[at.clone()]), vectors_mut::<S, T>(&mut b_im[at]));
        let n = a_re.len();
        for v in 0..n {
            let (re, im, minus_re, minus_im) = (plus[v], plus[n + v], mirrored[v], mirrored[n + v]);
            a_re[v] = T::times(simd, half, T::plus(simd, re, minus_re));
            a_im[v] = T::times(simd, half, T::minus(simd, im, minus_im));
            b_re[v] = T::times(simd, half, T::plus(simd, im, minus_im));
            b_im[v] = T::times(simd, half, T::minus(simd, minus_re, re));
        }
    }
}

/// Writes `Z` for some `kx` and their negatives into a batch, all parts exchanged, times `scale`.
///
/// Where `kx = -kx` the imaginary parts of both rows are dropped: rounding, or a filter without symmetry, may leave
/// something there, and a real row has none.
#[inline(always)]
fn combine<S: Simd, T: Real>(
    simd: S,
    fft: &BatchFft<T>,
    tile: &mut [T],
    kx: std::ops::Range<usize>,
    scale: T,
    batch: &mut [T],
) {
    let width = T::WIDTH;
    let scale = T::splat(simd, scale);
    let [a_im, a_re, b_im, b_re] = quarters(tile);
    for (i, kx) in kx.enumerate() {
        let at = i * width..(i + 1) * width;
        let minus_kx = minus(kx, fft.len());
        if kx == minus_kx {
            a_im[at.clone()].fill(T::zero());
            b_im[at.clone()].fill(T::zero());
        }
        let plus = fft.places()[kx] as usize * 2 * width;
        let mirrored = fft.places()[minus_kx] as usize * 2 * width;
        let (a_re, a_im) = (vectors::<S, T>(&a_re[at.clone()]), vectors::<S, T>(&a_im[at.clone()]));
        let (b_re, b_im) = (vectors::<S, T>(&b_re[at.clone()]), vectors::<S, T>(&b_im[at]));
        let n = a_re.len();
        for v in 0..n {
            let (a_re, a_im) = (T::times(simd, scale, a_re[v]), T::times(simd, scale, a_im[v]));
            let (b_re, b_im) = (T::times(simd, scale, b_re[v]), T::times(simd, scale, b_im[v]));
            let minus_z = vectors_mut::<S, T>(&mut batch[mirrored..][..2 * width]);
            minus_z[v] = T::minus(simd, b_re, a_im);
            minus_z[n + v] = T::plus(simd, a_re, b_im);
            let z = vectors_mut::<S, T>(&mut batch[plus..][..2 * width]);
            z[v] = T::plus(simd, a_im, b_re);
            z[n + v] = T::minus(simd, a_re, b_im);
        }
    }
}

/// The index of `-kx`.
#[inline(always)]
fn minus(kx: usize, nx: usize) -> usize {
    if kx == 0 { 0 } else { nx - kx }
}

/// Real, then imaginary parts of an element of a transformed batch.
#[inline(always)]
fn element<'a, T: Real>(fft: &BatchFft<T>, batch: &'a [T], kx: usize) -> &'a [T] {
    &batch[fft.places()[kx] as usize * 2 * T::WIDTH..][..2 * T::WIDTH]
}

#[inline(always)]
fn quarters<T: Real>(tile: &mut [T]) -> [&mut [T]; 4] {
    let (a, b) = tile.split_at_mut(2 * T::WIDTH * T::WIDTH);
    let ((a0, a1), (b0, b1)) = (a.split_at_mut(T::WIDTH * T::WIDTH), b.split_at_mut(T::WIDTH * T::WIDTH));
    [a0, a1, b0, b1]
}

/// From `[row half and part, kx, lane]` to `[row, part, kx]`.
#[inline(always)]
fn tile_to_piece<S: Simd, T: Real>(simd: S, tiler: Tiler, tile: &[T], width: usize, n_rows: usize, piece: &mut [T]) {
    let w = T::WIDTH;
    if width == w && n_rows == 2 * w {
        for (quarter, tile) in tile.chunks_exact(w * w).enumerate() {
            let starts = evenly(quarter / 2 * 2 * w * w + quarter % 2 * w, 2 * w);
            tiler.transpose(simd, (tile, &evenly(0, w)), (&mut *piece, &starts));
        }
    } else {
        for (row, out) in piece.chunks_exact_mut(2 * width).enumerate() {
            for (i, value) in out.iter_mut().enumerate() {
                *value = tile[((row / w * 2 + i / width) * w + i % width) * w + row % w];
            }
        }
    }
}

/// From `[row, part, kx]` to `[row half and part, kx, lane]`; rows that are missing are zero.
#[inline(always)]
fn piece_to_tile<S: Simd, T: Real>(simd: S, tiler: Tiler, piece: &[T], width: usize, n_rows: usize, tile: &mut [T]) {
    let w = T::WIDTH;
    if width == w && n_rows == 2 * w {
        for (quarter, tile) in tile.chunks_exact_mut(w * w).enumerate() {
            let starts = evenly(quarter / 2 * 2 * w * w + quarter % 2 * w, 2 * w);
            tiler.transpose(simd, (piece, &starts), (tile, &evenly(0, w)));
        }
    } else {
        tile.fill(T::zero());
        for (row, values) in piece.chunks_exact(2 * width).enumerate() {
            for (i, &value) in values.iter().enumerate() {
                tile[((row / w * 2 + i / width) * w + i % width) * w + row % w] = value;
            }
        }
    }
}
