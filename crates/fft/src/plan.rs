//! The plan: rows, then columns in blocks, and back.

use crate::batch::BatchFft;
use crate::blocks::{group_rows, pieces_by_group};
use crate::columns::{BatchToColumns, BlockToBatch, ColumnsToBlock};
use crate::error::check_shape;
use crate::rows::{RowsForward, RowsInverse};
use crate::scratch::{Loan, Worker, WorkerLens, WorkerPool};
use crate::{Error, Filter, Real, Scratch};
use num_complex::Complex;
use pulp::bytemuck;
use rayon::prelude::*;

/// A planned two-dimensional FFT of real maps with `ny` rows and `nx` columns, any numbers from 1 up.
///
/// Cheap to clone, and shared between threads as it is. Sizes from [`good_size`](crate::good_size) are fast; any other
/// works, large primes at some four times the cost of a pixel. Layout and normalisation are told on the [crate](crate)'s page.
///
/// Large transforms are bound by memory: 2048^2 takes some 5% less where the allocator hands out huge pages (with glibc:
/// `GLIBC_TUNABLES=glibc.malloc.hugetlb=1`).
///
/// ```
/// # fn main() -> Result<(), arcmin_fft::Error> {
/// use arcmin_fft::{RealFft2, multiply_mirrored};
/// let fft = RealFft2::<f64>::new(4, 6)?;
/// let map: Vec<f64> = (0..24).map(|i| f64::from(i * i % 7)).collect();
/// let mut smooth = vec![0.0; 24];
/// // Keep the mean alone: a filter is a function of the wavenumber, asked for a column at a time.
/// let mean_only = |kx: usize, column: &mut [_]| multiply_mirrored(column, &[if kx == 0 { 1.0 } else { 0.0 }, 0.0, 0.0]);
/// fft.filter(&map, &mean_only, &mut smooth, &mut fft.make_scratch());
/// let mean = map.iter().sum::<f64>() / 24.0;
/// assert!(smooth.iter().all(|v| (v - mean).abs() < 1e-12));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RealFft2<T: Real> {
    ny: usize,
    nx: usize,
    pub(crate) row_fft: BatchFft<T>,
    pub(crate) column_fft: BatchFft<T>,
}

impl<T: Real> RealFft2<T> {
    /// Plans for maps of `ny` rows and `nx` columns.
    ///
    /// # Errors
    /// [`Error::NoPixels`] when `nx` or `ny` is zero.
    pub fn new(ny: usize, nx: usize) -> Result<Self, Error> {
        check_shape(ny, nx)?;
        Ok(Self { ny, nx, row_fft: BatchFft::new(nx), column_fft: BatchFft::new(ny) })
    }

    /// Number of rows of a map.
    pub fn ny(&self) -> usize {
        self.ny
    }

    /// Number of columns of a map.
    pub fn nx(&self) -> usize {
        self.nx
    }

    /// Number of pixels of a map, `ny nx`.
    pub fn map_len(&self) -> usize {
        self.ny * self.nx
    }

    /// Number of elements of a half spectrum, `ny (nx / 2 + 1)`.
    pub fn spectrum_len(&self) -> usize {
        self.ny * self.n_kx()
    }

    /// Number of columns of a half spectrum, `nx / 2 + 1` (rounded down).
    pub fn n_kx(&self) -> usize {
        self.nx / 2 + 1
    }

    /// Buffers for this plan, to be kept and given to each call.
    pub fn make_scratch(&self) -> Scratch<T> {
        Scratch::new(2 * self.spectrum_len())
    }

    /// Half spectrum of a map.
    ///
    /// # Panics
    /// When a slice or the scratch has the wrong length.
    pub fn forward(&self, map: &[T], spectrum: &mut [Complex<T>], scratch: &mut Scratch<T>) {
        self.check(map.len(), spectrum.len(), scratch);
        let workers = &scratch.workers;
        self.rows_forward(map, bytemuck::cast_slice_mut(spectrum), workers);
        spectrum.par_chunks_mut(self.ny * T::WIDTH).for_each_init(
            || self.lend(workers),
            |loan, block| {
                let Worker { batch, fft, .. } = &mut **loan;
                let batch = batch.first(self.column_fft.batch_len());
                self.block_to_batch(bytemuck::cast_slice_mut(block), batch, fft);
                self.batch_to_columns(batch, block);
            },
        );
    }

    /// Map of a half spectrum, divided by `nx ny`.
    ///
    /// # Panics
    /// When a slice or the scratch has the wrong length.
    pub fn inverse(&self, spectrum: &[Complex<T>], map: &mut [T], scratch: &mut Scratch<T>) {
        self.inverse_filtered(spectrum, &|_: usize, _: &mut [Complex<T>]| (), map, scratch);
    }

    /// Map of a half spectrum times a real filter; the spectrum is kept, so that the next filter can follow.
    ///
    /// # Panics
    /// When a slice or the scratch has the wrong length.
    pub fn inverse_filtered<F: Filter<T> + ?Sized>(
        &self,
        spectrum: &[Complex<T>],
        filter: &F,
        map: &mut [T],
        scratch: &mut Scratch<T>,
    ) {
        self.check(map.len(), spectrum.len(), scratch);
        self.inverse_with(map, scratch, |kx, column| {
            column.copy_from_slice(&spectrum[kx * self.ny..][..self.ny]);
            filter.apply(kx, column);
        });
    }

    /// Map of the half spectrum whose columns `fill` writes; the spectrum as a whole never needs memory.
    ///
    /// # Panics
    /// When the map or the scratch has the wrong length.
    pub fn inverse_with<F>(&self, map: &mut [T], scratch: &mut Scratch<T>, fill: F)
    where
        F: Fn(usize, &mut [Complex<T>]) + Sync,
    {
        self.check(map.len(), self.spectrum_len(), scratch);
        self.for_each_block(scratch, |kx, block, Worker { batch, columns, fft, .. }| {
            let columns = &mut columns[..block.len() / 2];
            for (j, column) in columns.chunks_mut(self.ny).enumerate() {
                fill(kx + j, column);
            }
            self.columns_to_block(columns, block, batch.first(self.column_fft.batch_len()), fft);
        });
        self.rows_inverse(map, scratch);
    }

    /// Filtered map in one fused pass: rows, then for each block of columns FFT, filter and inverse FFT, then rows.
    ///
    /// # Panics
    /// When a slice or the scratch has the wrong length.
    pub fn filter<F: Filter<T> + ?Sized>(&self, map: &[T], filter: &F, out: &mut [T], scratch: &mut Scratch<T>) {
        self.check(map.len(), self.spectrum_len(), scratch);
        self.check(out.len(), self.spectrum_len(), scratch);
        self.rows_forward(map, &mut scratch.blocks, &scratch.workers);
        self.for_each_block(scratch, |kx, block, Worker { batch, columns, fft, .. }| {
            let columns = &mut columns[..block.len() / 2];
            let batch = batch.first(self.column_fft.batch_len());
            self.block_to_batch(block, batch, fft);
            self.batch_to_columns(batch, columns);
            for (j, column) in columns.chunks_mut(self.ny).enumerate() {
                filter.apply(kx + j, column);
            }
            self.columns_to_block(columns, block, batch, fft);
        });
        self.rows_inverse(out, scratch);
    }

    /// Transforms all rows of a map into blocks.
    fn rows_forward(&self, map: &[T], blocks: &mut [T], workers: &WorkerPool<T>) {
        let mut pieces = pieces_by_group(blocks, self.ny, self.n_kx(), T::WIDTH, 2);
        let n_blocks = self.n_kx().div_ceil(T::WIDTH);
        map.par_chunks(self.nx * group_rows::<T>()).zip(pieces.par_chunks_mut(n_blocks)).for_each_init(
            || self.lend(workers),
            |loan, (rows, pieces)| {
                T::rows_forward(RowsForward { fft: &self.row_fft, rows, pieces, worker: &mut *loan });
            },
        );
    }

    /// Transforms the blocks back into the rows of a map, with the normalisation.
    fn rows_inverse(&self, map: &mut [T], scratch: &Scratch<T>) {
        let scale = T::from_f64_lossy(1.0 / self.map_len() as f64);
        let Scratch { blocks, workers } = scratch;
        map.par_chunks_mut(self.nx * group_rows::<T>()).enumerate().for_each_init(
            || self.lend(workers),
            |loan, (group, rows)| {
                let first_row = group * group_rows::<T>();
                let (fft, ny, worker) = (&self.row_fft, self.ny, &mut **loan);
                T::rows_inverse(RowsInverse { fft, blocks, ny, first_row, scale, rows, worker });
            },
        );
    }

    fn block_to_batch(&self, block: &mut [T], batch: &mut [T], scratch: &mut [Complex<T>]) {
        T::block_to_batch(BlockToBatch { fft: &self.column_fft, block, batch, scratch });
    }

    fn batch_to_columns(&self, batch: &[T], columns: &mut [Complex<T>]) {
        T::batch_to_columns(BatchToColumns { fft: &self.column_fft, batch, columns });
    }

    fn columns_to_block(&self, columns: &[Complex<T>], block: &mut [T], batch: &mut [T], scratch: &mut [Complex<T>]) {
        T::columns_to_block(ColumnsToBlock { fft: &self.column_fft, columns, block, batch, scratch });
    }

    /// Runs `task` on each block with its first `kx` and a worker.
    fn for_each_block<F>(&self, scratch: &mut Scratch<T>, task: F)
    where
        F: Fn(usize, &mut [T], &mut Worker<T>) + Sync,
    {
        let Scratch { blocks, workers } = scratch;
        blocks
            .par_chunks_mut(2 * T::WIDTH * self.ny)
            .enumerate()
            .for_each_init(|| self.lend(workers), |loan, (b, block)| task(b * T::WIDTH, block, &mut *loan));
    }

    pub(crate) fn lend<'a>(&self, workers: &'a WorkerPool<T>) -> Loan<'a, T> {
        workers.lend(WorkerLens {
            batch: self.row_fft.batch_len().max(self.column_fft.batch_len()),
            columns: self.ny * T::WIDTH,
            fft: self.row_fft.scratch_len().max(self.column_fft.scratch_len()),
        })
    }

    pub(crate) fn check(&self, map_len: usize, spectrum_len: usize, scratch: &Scratch<T>) {
        let (ny, nx) = (self.ny, self.nx);
        assert_eq!(map_len, self.map_len(), "a map of {ny} x {nx} pixels (y x) has another length");
        assert_eq!(spectrum_len, self.spectrum_len(), "the half spectrum of {ny} x {nx} pixels has another length");
        assert_eq!(scratch.blocks.len(), 2 * self.spectrum_len(), "this scratch is for another size");
    }
}

impl<T: Real> std::fmt::Debug for RealFft2<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RealFft2").field("ny", &self.ny).field("nx", &self.nx).finish_non_exhaustive()
    }
}
