//! Maps that are even in x and in y: their spectrum is real and even, and a quarter of everything is enough.

use crate::rows::SLAB_PAIRS;
use crate::scratch::Worker;
use crate::slabs::BLOCK_COLUMNS;
use crate::{Real, RealFft2, Scratch};
use num_complex::Complex;
use rayon::prelude::*;

impl<T: Real> RealFft2<T> {
    /// Number of elements of a quarter plane, `(ny / 2 + 1) (nx / 2 + 1)`.
    pub fn quarter_len(&self) -> usize {
        self.n_kx() * (self.ny() / 2 + 1)
    }

    /// Spectrum of a map with `f(-y, x) = f(y, -x) = f(y, x)`, such as a circular profile centred on pixel (0, 0).
    ///
    /// `quarter` holds pixel `(y, x)` at `y (nx / 2 + 1) + x` for `y` in `0..=ny / 2` and `x` in `0..=nx / 2`;
    /// `spectrum` gets the real element `(kx, ky)` at `kx (ny / 2 + 1) + ky`. The spectrum of an even row is real, so
    /// that two rows, and then two columns, share one complex transform with nothing to separate: half the work of
    /// [`RealFft2::forward`] and an eighth of its memory traffic.
    ///
    /// # Panics
    /// When a slice or the scratch has the wrong length.
    pub fn forward_even(&self, quarter: &[T], spectrum: &mut [T], scratch: &mut Scratch<T>) {
        let (n_x, n_y) = (self.n_kx(), self.ny() / 2 + 1);
        assert_eq!(quarter.len(), n_x * n_y, "the quarter of an even map has another length");
        assert_eq!(spectrum.len(), n_x * n_y, "the quarter of an even map's spectrum has another length");
        self.check(self.map_len(), self.spectrum_len(), scratch);
        let Scratch { slabs, workers } = scratch;
        let slabs = &mut slabs[..n_x * n_y.div_ceil(2)];
        slabs.par_chunks_mut(n_x * SLAB_PAIRS).zip(quarter.par_chunks(2 * n_x * SLAB_PAIRS)).for_each_init(
            || self.lend(workers),
            |loan, (slab, rows)| {
                let Worker { block, fft } = &mut **loan;
                let n_pairs = slab.len() / n_x;
                let pairs = &mut block[..n_pairs * self.nx()];
                pack_even_pairs(rows, n_x, self.nx(), pairs);
                self.row_forward.process_with_scratch(pairs, fft);
                for (kx, lane) in slab.chunks_exact_mut(n_pairs).enumerate() {
                    lane.iter_mut().zip(pairs.chunks_exact(self.nx())).for_each(|(z, pair)| *z = pair[kx]);
                }
            },
        );
        let slabs = &*slabs;
        spectrum.par_chunks_mut(n_y * BLOCK_COLUMNS).enumerate().for_each_init(
            || self.lend(workers),
            |loan, (b, out)| {
                let Worker { block, fft } = &mut **loan;
                let n_columns = out.len() / n_y;
                let pairs = &mut block[..n_columns.div_ceil(2) * self.ny()];
                gather_even_columns(slabs, n_x, b * BLOCK_COLUMNS, n_columns, self.ny(), pairs);
                self.column_forward.process_with_scratch(pairs, fft);
                for (columns, pair) in out.chunks_mut(2 * n_y).zip(pairs.chunks_exact(self.ny())) {
                    let (a, b) = columns.split_at_mut(n_y);
                    a.iter_mut().zip(pair).for_each(|(a, z)| *a = z.re);
                    b.iter_mut().zip(pair).for_each(|(b, z)| *b = z.im);
                }
            },
        );
    }
}

/// Packs half rows of `n_x` pixels by twos and mirrors them to `nx`; a last single row is paired with zeros.
fn pack_even_pairs<T: Real>(rows: &[T], n_x: usize, nx: usize, pairs: &mut [Complex<T>]) {
    for (rows, pair) in rows.chunks(2 * n_x).zip(pairs.chunks_exact_mut(nx)) {
        let (a, b) = rows.split_at(n_x);
        pair[..n_x].iter_mut().zip(a).for_each(|(z, &a)| *z = Complex::new(a, T::zero()));
        pair[..n_x].iter_mut().zip(b).for_each(|(z, &b)| z.im = b);
        mirror(pair, n_x);
    }
}

/// Columns `first..first + n_columns` of the transformed rows, by twos, mirrored to `ny`.
fn gather_even_columns<T: Real>(
    slabs: &[Complex<T>],
    n_x: usize,
    first: usize,
    n_columns: usize,
    ny: usize,
    pairs: &mut [Complex<T>],
) {
    let n_y = ny / 2 + 1;
    if n_columns % 2 == 1 {
        let last = pairs.len() - ny;
        pairs[last..].fill(Complex::default());
    }
    for (slab_idx, slab) in slabs.chunks(n_x * SLAB_PAIRS).enumerate() {
        let n_pairs = slab.len() / n_x;
        let y = 2 * SLAB_PAIRS * slab_idx;
        let n_rows = (2 * n_pairs).min(n_y - y);
        for (column, lane) in slab[first * n_pairs..][..n_columns * n_pairs].chunks_exact(n_pairs).enumerate() {
            let place = &mut pairs[column / 2 * ny + y..][..n_rows];
            for (rows, z) in place.chunks_mut(2).zip(lane) {
                for (row, value) in rows.iter_mut().zip([z.re, z.im]) {
                    *(if column % 2 == 0 { &mut row.re } else { &mut row.im }) = value;
                }
            }
        }
    }
    pairs.chunks_exact_mut(ny).for_each(|pair| mirror(pair, n_y));
}

/// Completes a sequence whose first half, zero and the middle included, is given.
fn mirror<T: Copy>(values: &mut [T], n_half: usize) {
    let (given, rest) = values.split_at_mut(n_half);
    rest.iter_mut().rev().zip(&given[1..]).for_each(|(mirrored, &value)| *mirrored = value);
}
