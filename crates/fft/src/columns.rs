//! Columns: a block of the half spectrum to finished columns and back.

use crate::Real;
use crate::batch::BatchFft;
use crate::transpose::{RowStarts, Tiler, evenly};
use num_complex::Complex;
use pulp::{Simd, WithSimd, bytemuck};

/// Transforms a block, layout `[y, part, kx]`, into a batch and from there into columns.
pub(crate) struct BlockToBatch<'a, T: Real> {
    pub(crate) fft: &'a BatchFft<T>,
    pub(crate) block: &'a mut [T],
    pub(crate) batch: &'a mut [T],
    pub(crate) scratch: &'a mut [Complex<T>],
}

impl<T: Real> WithSimd for BlockToBatch<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { fft, block, batch, scratch } = self;
        if block.len() == batch.len() {
            fft.forward_into(simd, block, batch, scratch);
        } else {
            widen(block, fft.len(), batch);
            fft.forward(simd, batch, scratch);
        }
    }
}

/// Empties a transformed batch into columns.
pub(crate) struct BatchToColumns<'a, T: Real> {
    pub(crate) fft: &'a BatchFft<T>,
    pub(crate) batch: &'a [T],
    pub(crate) columns: &'a mut [Complex<T>],
}

impl<T: Real> WithSimd for BatchToColumns<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { fft, batch, columns } = self;
        let (width, ny) = (T::WIDTH, fft.len());
        let mut y_done = 0;
        if columns.len() == width * ny {
            let floats = bytemuck::cast_slice_mut(columns);
            let tiler = Tiler::new::<S, T>(simd);
            for places in fft.places().chunks_exact(width / 2) {
                let from = (batch, &element_parts::<T>(places, 0));
                tiler.transpose(simd, from, (&mut *floats, &evenly(2 * y_done, 2 * ny)));
                y_done += width / 2;
            }
        }
        for (lane, column) in columns.chunks_exact_mut(ny).enumerate() {
            for (z, &place) in column.iter_mut().zip(fft.places()).skip(y_done) {
                let element = &batch[place as usize * 2 * width..][..2 * width];
                *z = Complex::new(element[lane], element[width + lane]);
            }
        }
    }
}

/// Where the parts of some elements of a batch lie: the real, or `1`, the imaginary part of each first.
#[inline(always)]
fn element_parts<T: Real>(places: &[u32], first_part: usize) -> RowStarts {
    let mut starts = evenly(0, 0);
    for (pair, &place) in starts.chunks_exact_mut(2).zip(places) {
        pair[first_part] = place as usize * 2 * T::WIDTH;
        pair[1 - first_part] = pair[first_part] + T::WIDTH;
    }
    starts
}

/// Transforms columns back into a block, layout `[y, part, kx]`, real and imaginary parts exchanged and no factor.
pub(crate) struct ColumnsToBlock<'a, T: Real> {
    pub(crate) fft: &'a BatchFft<T>,
    pub(crate) columns: &'a [Complex<T>],
    pub(crate) block: &'a mut [T],
    pub(crate) batch: &'a mut [T],
    pub(crate) scratch: &'a mut [Complex<T>],
}

impl<T: Real> WithSimd for ColumnsToBlock<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { fft, columns, block, batch, scratch } = self;
        let (width, ny) = (T::WIDTH, fft.len());
        let is_whole = block.len() == batch.len();
        let mut y_done = 0;
        if is_whole {
            let floats = bytemuck::cast_slice(columns);
            let tiler = Tiler::new::<S, T>(simd);
            for places in fft.places().chunks_exact(width / 2) {
                let to = (&mut *batch, &element_parts::<T>(places, 1));
                tiler.transpose(simd, (floats, &evenly(2 * y_done, 2 * ny)), to);
                y_done += width / 2;
            }
        } else {
            batch.fill(T::zero());
        }
        for (lane, column) in columns.chunks_exact(ny).enumerate() {
            for (z, &place) in column.iter().zip(fft.places()).skip(y_done) {
                let element = &mut batch[place as usize * 2 * width..][..2 * width];
                (element[lane], element[width + lane]) = (z.im, z.re);
            }
        }
        if is_whole {
            fft.forward_from_places_into(simd, batch, block, scratch);
        } else {
            fft.forward_from_places(simd, batch, scratch);
            narrow(batch, ny, block);
        }
    }
}

/// Copies a block of fewer than `WIDTH` columns into a batch; the other lanes are zero.
#[inline(always)]
fn widen<T: Real>(block: &[T], ny: usize, batch: &mut [T]) {
    let width = block.len() / (2 * ny);
    batch.fill(T::zero());
    for (parts, element) in block.chunks_exact(2 * width).zip(batch.chunks_exact_mut(2 * T::WIDTH)) {
        element[..width].copy_from_slice(&parts[..width]);
        element[T::WIDTH..][..width].copy_from_slice(&parts[width..]);
    }
}

/// Copies the first lanes of a batch into a block of fewer than `WIDTH` columns.
#[inline(always)]
fn narrow<T: Real>(batch: &[T], ny: usize, block: &mut [T]) {
    let width = block.len() / (2 * ny);
    for (parts, element) in block.chunks_exact_mut(2 * width).zip(batch.chunks_exact(2 * T::WIDTH)) {
        parts[..width].copy_from_slice(&element[..width]);
        parts[width..].copy_from_slice(&element[T::WIDTH..][..width]);
    }
}
