//! Columns: a batch to finished columns and back, or through a filter without ever leaving the batch.
//!
//! Towards the rows, real and imaginary parts are exchanged: the inverse transform is the forward one between two
//! exchanges.

use super::batch::BatchFft;
use super::transpose::{RowStarts, Tiler, evenly};
use super::{ELEMENT, WIDTH, vectors, vectors_mut};
use crate::ColumnValues;
use num_complex::Complex;
use pulp::{Simd, WithSimd};

/// Transforms a block, layout `[y, part, kx]`, into the columns that take its place.
pub(super) struct BlockToColumns<'a> {
    pub(super) fft: &'a BatchFft,
    pub(super) block: &'a mut [f64],
    pub(super) batch: &'a mut [f64],
}

impl WithSimd for BlockToColumns<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { fft, block, batch } = self;
        fft.forward_into(simd, block, batch);
        batch_to_columns(simd, fft, batch, block);
    }
}

/// Transforms a batch in place and copies it to columns, unless there are none.
pub(super) struct BatchToColumns<'a> {
    pub(super) fft: &'a BatchFft,
    pub(super) batch: &'a mut [f64],
    pub(super) columns: Option<&'a mut [f64]>,
}

impl WithSimd for BatchToColumns<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { fft, batch, columns } = self;
        fft.forward(simd, batch);
        if let Some(columns) = columns {
            batch_to_columns(simd, fft, batch, columns);
        }
    }
}

/// Columns back into a batch, transformed, without a factor and with parts exchanged.
pub(super) struct ColumnsToBatch<'a> {
    pub(super) fft: &'a BatchFft,
    pub(super) columns: &'a [f64],
    pub(super) batch: &'a mut [f64],
}

impl WithSimd for ColumnsToBatch<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { fft, columns, batch } = self;
        let tiler = Tiler::new(simd);
        for (tile, places) in fft.places().chunks_exact(WIDTH / 2).enumerate() {
            let from = (columns, &evenly(tile * WIDTH, 2 * fft.len()));
            tiler.transpose(simd, from, (&mut *batch, &part_rows(places, 1)));
        }
        fft.forward_from_places(simd, batch);
    }
}

/// A transformed batch times a real filter and transformed back, without a factor and with parts exchanged.
pub(super) struct FilterBatch<'a> {
    pub(super) fft: &'a BatchFft,
    pub(super) values: ColumnValues<'a, f64>,
    pub(super) batch: &'a mut [f64],
}

impl WithSimd for FilterBatch<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { fft, values, batch } = self;
        let tiler = Tiler::new(simd);
        let ny = fft.len();
        let mut tile = [0.0; WIDTH * WIDTH];
        match values {
            ColumnValues::Whole(values) => {
                for first in (0..ny).step_by(WIDTH) {
                    tiler.transpose(simd, (values, &evenly(first, ny)), (&mut tile, &evenly(0, WIDTH)));
                    for (i, factors) in tile.chunks_exact(WIDTH).enumerate() {
                        multiply(simd, fft, first + i, factors, batch);
                    }
                }
            }
            ColumnValues::Mirrored(values) => {
                let n_half = ny / 2 + 1;
                for first in (0..ny / 2).step_by(WIDTH) {
                    tiler.transpose(simd, (values, &evenly(first, n_half)), (&mut tile, &evenly(0, WIDTH)));
                    for (i, factors) in tile.chunks_exact(WIDTH).enumerate() {
                        multiply(simd, fft, first + i, factors, batch);
                        if first + i > 0 {
                            multiply(simd, fft, ny - first - i, factors, batch);
                        }
                    }
                }
                for (factor, column) in tile.iter_mut().zip(values.chunks_exact(n_half)) {
                    *factor = column[ny / 2];
                }
                multiply(simd, fft, ny / 2, &tile[..WIDTH], batch);
            }
        }
        fft.forward_from_places(simd, batch);
    }
}

/// Multiplies the element `ky` of each lane by a real factor, parts exchanged.
#[inline(always)]
fn multiply<S: Simd>(simd: S, fft: &BatchFft, ky: usize, factors: &[f64], batch: &mut [f64]) {
    let (re, im) = batch[fft.places()[ky] as usize * ELEMENT..][..ELEMENT].split_at_mut(WIDTH);
    for ((re, im), &factor) in
        vectors_mut::<S>(re).iter_mut().zip(vectors_mut::<S>(im)).zip(vectors::<S>(&factors[..WIDTH]))
    {
        (*re, *im) = (simd.mul_f64s(factor, *im), simd.mul_f64s(factor, *re));
    }
}

#[inline(always)]
fn batch_to_columns<S: Simd>(simd: S, fft: &BatchFft, batch: &[f64], columns: &mut [f64]) {
    let tiler = Tiler::new(simd);
    for (tile, places) in fft.places().chunks_exact(WIDTH / 2).enumerate() {
        let to = (&mut *columns, &evenly(tile * WIDTH, 2 * fft.len()));
        tiler.transpose(simd, (batch, &part_rows(places, 0)), to);
    }
}

/// Where the parts of some elements of a batch lie: the real, or `1`, the imaginary part of each first.
#[inline(always)]
fn part_rows(places: &[u32], first_part: usize) -> RowStarts {
    let mut starts = evenly(0, 0);
    for (pair, &place) in starts.chunks_exact_mut(2).zip(places) {
        pair[first_part] = place as usize * ELEMENT;
        pair[1 - first_part] = pair[first_part] + WIDTH;
    }
    starts
}

/// Takes the transform of `f(0) + i f(nx / 2)`, both real, apart into those of both.
pub(super) fn separate_nyquist(first: &mut [Complex<f64>], nyquist: &mut [Complex<f64>]) {
    let ny = first.len();
    for ky in 0..=ny / 2 {
        let minus_ky = if ky == 0 { 0 } else { ny - ky };
        let (z, minus_z) = (first[ky], first[minus_ky].conj());
        let (a, b) = ((z + minus_z).scale(0.5), (z - minus_z).scale(0.5));
        let b = Complex::new(b.im, -b.re);
        (first[ky], first[minus_ky]) = (a, a.conj());
        (nyquist[ky], nyquist[minus_ky]) = (b, b.conj());
    }
}

/// Undoes [`separate_nyquist`]. Of both columns the part alone is taken that a real map has: rounding, or a filter without
/// symmetry, may leave more there.
pub(super) fn join_nyquist(first: &mut [Complex<f64>], nyquist: &[Complex<f64>]) {
    let ny = first.len();
    for ky in 0..=ny / 2 {
        let minus_ky = if ky == 0 { 0 } else { ny - ky };
        let a = (first[ky] + first[minus_ky].conj()).scale(0.5);
        let b = (nyquist[ky] + nyquist[minus_ky].conj()).scale(0.5);
        first[ky] = Complex::new(a.re - b.im, a.im + b.re);
        first[minus_ky] = Complex::new(a.re + b.im, b.re - a.im);
    }
}
