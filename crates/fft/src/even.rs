//! Maps that are even in x and in y: their spectrum is real and even, and a quarter of everything is enough.
//!
//! The spectrum of an even row is real, so that two rows, and then two columns, share one complex transform with nothing
//! to separate. Blocks are as in [`blocks`](crate::blocks), with `2 WIDTH` real columns each.

use crate::batch::BatchFft;
use crate::blocks::{group_rows, pieces_by_group};
use crate::scratch::Worker;
use crate::transpose::{RowStarts, Tiler, evenly};
use crate::{Real, RealFft2, Scratch};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

impl<T: Real> RealFft2<T> {
    /// Number of elements of a quarter plane, `(ny / 2 + 1) (nx / 2 + 1)`.
    pub fn quarter_len(&self) -> usize {
        self.n_kx() * (self.ny() / 2 + 1)
    }

    /// Spectrum of a map with `f(-y, x) = f(y, -x) = f(y, x)`, such as a circular profile centred on pixel (0, 0).
    ///
    /// `quarter` holds pixel `(y, x)` at `y (nx / 2 + 1) + x` for `y` in `0..=ny / 2` and `x` in `0..=nx / 2`;
    /// `spectrum` gets the real element `(kx, ky)` at `kx (ny / 2 + 1) + ky`. Half the work of [`RealFft2::forward`] and
    /// an eighth of its memory traffic.
    ///
    /// # Panics
    /// When a slice or the scratch has the wrong length.
    pub fn forward_even(&self, quarter: &[T], spectrum: &mut [T], scratch: &mut Scratch<T>) {
        let (n_x, n_y) = (self.n_kx(), self.ny() / 2 + 1);
        assert_eq!(quarter.len(), n_x * n_y, "the quarter of an even map has another length");
        assert_eq!(spectrum.len(), n_x * n_y, "the quarter of an even map's spectrum has another length");
        self.check(self.map_len(), self.spectrum_len(), scratch);
        let Scratch { blocks, workers } = scratch;
        let blocks = &mut blocks[..n_x * n_y];
        let group = group_rows::<T>();
        let mut pieces = pieces_by_group(blocks, n_y, n_x, group, 1);
        quarter.par_chunks(n_x * group).zip(pieces.par_chunks_mut(n_x.div_ceil(group))).for_each_init(
            || self.lend(workers),
            |loan, (rows, pieces)| {
                T::even_rows(EvenRows { fft: &self.row_fft, rows, n_x, pieces, worker: &mut *loan });
            },
        );
        blocks.par_chunks(n_y * group).zip(spectrum.par_chunks_mut(n_y * group)).for_each_init(
            || self.lend(workers),
            |loan, (block, columns)| {
                T::even_columns(EvenColumns { fft: &self.column_fft, block, n_y, columns, worker: &mut *loan });
            },
        );
    }
}

/// Transforms a group of half rows into its pieces of the blocks.
pub(crate) struct EvenRows<'a, 'p, T: Real> {
    fft: &'a BatchFft<T>,
    rows: &'a [T],
    n_x: usize,
    pieces: &'a mut [&'p mut [T]],
    worker: &'a mut Worker<T>,
}

impl<T: Real> WithSimd for EvenRows<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { fft, rows, n_x, pieces, worker } = self;
        let tiler = Tiler::new::<S, T>(simd);
        let batch = worker.batch.first(fft.batch_len());
        let n_rows = rows.len() / n_x;
        half_rows_to_batch(simd, tiler, rows, n_x, batch);
        mirror(batch, n_x);
        fft.forward(simd, batch, &mut worker.fft);
        let mut first_kx = 0;
        for piece in pieces.iter_mut() {
            let width = piece.len() / n_rows;
            let places = &fft.places()[first_kx..][..width];
            batch_to_rows(simd, tiler, batch, places, (n_rows, width), piece);
            first_kx += width;
        }
    }
}

/// Transforms a block into columns of half the length.
pub(crate) struct EvenColumns<'a, T: Real> {
    fft: &'a BatchFft<T>,
    block: &'a [T],
    n_y: usize,
    columns: &'a mut [T],
    worker: &'a mut Worker<T>,
}

impl<T: Real> WithSimd for EvenColumns<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { fft, block, n_y, columns, worker } = self;
        let batch = worker.batch.first(fft.batch_len());
        let width = block.len() / n_y;
        for (values, element) in block.chunks_exact(width).zip(batch.chunks_exact_mut(group_rows::<T>())) {
            element[..width].copy_from_slice(values);
            element[width..].fill(T::zero());
        }
        mirror(batch, n_y);
        fft.forward(simd, batch, &mut worker.fft);
        let tiler = Tiler::new::<S, T>(simd);
        batch_to_rows(simd, tiler, batch, &fft.places()[..n_y], (width, n_y), columns);
    }
}

/// Fills the first `n_x` elements of a batch; rows that are missing at the end of the map are zero.
#[inline(always)]
fn half_rows_to_batch<S: Simd, T: Real>(simd: S, tiler: Tiler, rows: &[T], n_x: usize, batch: &mut [T]) {
    let (width, n_rows) = (T::WIDTH, rows.len() / n_x);
    let mut x_done = 0;
    if n_rows == group_rows::<T>() {
        x_done = n_x - n_x % width;
        for x in (0..x_done).step_by(width) {
            for (half, rows) in rows.chunks_exact(width * n_x).enumerate() {
                let to = (&mut *batch, &evenly((2 * x + half) * width, 2 * width));
                tiler.transpose(simd, (rows, &evenly(x, n_x)), to);
            }
        }
    }
    for (x, element) in batch.chunks_exact_mut(2 * width).enumerate().take(n_x).skip(x_done) {
        for (row, value) in element.iter_mut().enumerate() {
            *value = if row < n_rows { rows[row * n_x + x] } else { T::zero() };
        }
    }
}

/// Empties the elements of a batch at the given places into rows, one a lane, real parts first.
#[inline(always)]
fn batch_to_rows<S: Simd, T: Real>(
    simd: S,
    tiler: Tiler,
    batch: &[T],
    places: &[u32],
    (n_rows, row_len): (usize, usize),
    rows: &mut [T],
) {
    let width = T::WIDTH;
    let mut x_done = 0;
    if n_rows == group_rows::<T>() {
        for places in places.chunks_exact(width) {
            for half in 0..2 {
                let to = (&mut *rows, &evenly(half * width * row_len + x_done, row_len));
                tiler.transpose(simd, (batch, &at_places::<T>(places, half)), to);
            }
            x_done += width;
        }
    }
    for (x, &place) in places.iter().enumerate().skip(x_done) {
        for (row, &value) in batch[place as usize * 2 * width..].iter().enumerate().take(n_rows) {
            rows[row * row_len + x] = value;
        }
    }
}

/// Where the real parts, or the imaginary ones for `part` 1, of some elements lie.
#[inline(always)]
fn at_places<T: Real>(places: &[u32], part: usize) -> RowStarts {
    let mut starts = evenly(0, 0);
    for (start, &place) in starts.iter_mut().zip(places) {
        *start = (place as usize * 2 + part) * T::WIDTH;
    }
    starts
}

/// Completes a batch of sequences whose first half, zero and the middle included, is given.
#[inline(always)]
fn mirror<T: Real>(batch: &mut [T], n_half: usize) {
    let element = group_rows::<T>();
    let (given, rest) = batch.split_at_mut(n_half * element);
    for (mirrored, value) in rest.chunks_exact_mut(element).rev().zip(given[element..].chunks_exact(element)) {
        mirrored.copy_from_slice(value);
    }
}
