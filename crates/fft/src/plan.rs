//! The plan: rows, then columns in blocks, and back.

use crate::core::{Columns, Core};
use crate::error::check_shape;
use crate::filter::ByRef;
use crate::rows::{SLAB_PAIRS, pack_pairs, pairs_to_slab, slab_to_pairs, unpack_pairs};
use crate::scratch::{Loan, Worker, WorkerPool};
use crate::slabs::{BLOCK_COLUMNS, SLAB_ROWS, columns_to_pieces, pieces_by_block, pieces_to_columns};
use crate::{Error, Filter, Real, Scratch};
use num_complex::Complex;
use rayon::prelude::*;
use rustfft::{Fft, FftPlanner};
use std::sync::Arc;

/// A planned two-dimensional FFT of real maps with `ny` rows and `nx` columns, any numbers from 1 up.
///
/// Cheap to clone, and shared between threads as it is. Sizes from [`good_size`](crate::good_size) are fast; any other
/// works, large primes at some four times the cost of a pixel. Layout and normalisation are told on the [crate](crate)'s page.
///
/// Large transforms are bound by memory. `f64` maps take a core that needs no second half spectrum where `nx` is a
/// multiple of 64, `ny` one of 16, and neither has a prime factor above 5. Huge pages may help (with glibc:
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
    pub(crate) row_forward: Arc<dyn Fft<T>>,
    row_inverse: Arc<dyn Fft<T>>,
    pub(crate) column_forward: Arc<dyn Fft<T>>,
    column_inverse: Arc<dyn Fft<T>>,
    core: Option<Arc<dyn Core<T>>>,
}

impl<T: Real> RealFft2<T> {
    /// Plans for maps of `ny` rows and `nx` columns.
    ///
    /// # Errors
    /// [`Error::NoPixels`] when `nx` or `ny` is zero.
    pub fn new(ny: usize, nx: usize) -> Result<Self, Error> {
        check_shape(ny, nx)?;
        let mut planner = FftPlanner::new();
        Ok(Self {
            ny,
            nx,
            row_forward: planner.plan_fft_forward(nx),
            row_inverse: planner.plan_fft_inverse(nx),
            column_forward: planner.plan_fft_forward(ny),
            column_inverse: planner.plan_fft_inverse(ny),
            core: T::core(ny, nx),
        })
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
        Scratch::new(self.scratch_len())
    }

    /// Length of the slabs: a core needs none, so that those of [`RealFft2::forward_even`] are left.
    fn scratch_len(&self) -> usize {
        if self.core.is_some() { self.n_kx() * (self.ny / 2 + 1).div_ceil(2) } else { self.spectrum_len() }
    }

    /// Half spectrum of a map.
    ///
    /// # Panics
    /// When a slice or the scratch has the wrong length.
    pub fn forward(&self, map: &[T], spectrum: &mut [Complex<T>], scratch: &mut Scratch<T>) {
        self.check(map.len(), spectrum.len(), scratch);
        if let Some(core) = &self.core {
            return core.forward(map, spectrum, &scratch.workers);
        }
        self.rows_forward(map, scratch);
        let Scratch { slabs, workers } = scratch;
        let pieces = pieces_by_block(slabs, self.ny, self.n_kx());
        spectrum.par_chunks_mut(self.ny * BLOCK_COLUMNS).zip(pieces.par_chunks(self.n_slabs())).for_each_init(
            || self.lend(workers),
            |worker, (block, pieces)| {
                pieces_to_columns(pieces, self.ny, block);
                self.column_forward.process_with_scratch(block, &mut worker.fft);
            },
        );
    }

    /// Map of a half spectrum, divided by `nx ny`.
    ///
    /// # Panics
    /// When a slice or the scratch has the wrong length.
    pub fn inverse(&self, spectrum: &[Complex<T>], map: &mut [T], scratch: &mut Scratch<T>) {
        self.check(map.len(), spectrum.len(), scratch);
        match &self.core {
            Some(core) => core.inverse(&Columns::Spectrum(spectrum), map, &scratch.workers),
            None => self.inverse_filtered(spectrum, &|_: usize, _: &mut [Complex<T>]| (), map, scratch),
        }
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
        if let Some(core) = &self.core {
            return core.inverse(&Columns::Fill(&fill), map, &scratch.workers);
        }
        self.for_each_column_block(scratch, |kx, block, pieces, fft| {
            for (j, column) in block.chunks_mut(self.ny).enumerate() {
                fill(kx + j, column);
            }
            self.column_inverse.process_with_scratch(block, fft);
            columns_to_pieces(block, self.ny, pieces);
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
        if let Some(core) = &self.core {
            return core.filter(map, &ByRef(filter), out, &scratch.workers);
        }
        self.rows_forward(map, scratch);
        self.for_each_column_block(scratch, |kx, block, pieces, fft| {
            pieces_to_columns(pieces, self.ny, block);
            self.column_forward.process_with_scratch(block, fft);
            for (j, column) in block.chunks_mut(self.ny).enumerate() {
                filter.apply(kx + j, column);
            }
            self.column_inverse.process_with_scratch(block, fft);
            columns_to_pieces(block, self.ny, pieces);
        });
        self.rows_inverse(out, scratch);
    }

    /// Transforms all rows of a map into the slabs.
    fn rows_forward(&self, map: &[T], scratch: &mut Scratch<T>) {
        let nx = self.nx;
        let Scratch { slabs, workers } = scratch;
        slabs.par_chunks_mut(self.n_kx() * SLAB_ROWS).zip(map.par_chunks(nx * SLAB_ROWS)).for_each_init(
            || self.lend(workers),
            |loan, (slab, rows)| {
                let Worker { block, fft } = &mut **loan;
                let pairs = &mut block[..rows.len().div_ceil(2 * nx) * nx];
                pack_pairs(rows, nx, pairs);
                self.row_forward.process_with_scratch(pairs, fft);
                pairs_to_slab(pairs, nx, slab);
            },
        );
    }

    /// Transforms the slabs back into the rows of a map, with the normalisation.
    fn rows_inverse(&self, map: &mut [T], scratch: &mut Scratch<T>) {
        let nx = self.nx;
        let scale = T::from_f64_lossy(1.0 / self.map_len() as f64);
        let Scratch { slabs, workers } = scratch;
        map.par_chunks_mut(nx * SLAB_ROWS).zip(slabs.par_chunks(self.n_kx() * SLAB_ROWS)).for_each_init(
            || self.lend(workers),
            |loan, (rows, slab)| {
                let Worker { block, fft } = &mut **loan;
                let pairs = &mut block[..rows.len().div_ceil(2 * nx) * nx];
                slab_to_pairs(slab, nx, pairs);
                self.row_inverse.process_with_scratch(pairs, fft);
                unpack_pairs(pairs, nx, scale, rows);
            },
        );
    }

    /// Runs `task` on the first `kx`, room for the columns, the pieces of the slabs and the FFT's scratch of each block.
    fn for_each_column_block<F>(&self, scratch: &mut Scratch<T>, task: F)
    where
        F: Fn(usize, &mut [Complex<T>], &mut [&mut [Complex<T>]], &mut [Complex<T>]) + Sync,
    {
        let Scratch { slabs, workers } = scratch;
        let mut pieces = pieces_by_block(slabs, self.ny, self.n_kx());
        pieces.par_chunks_mut(self.n_slabs()).enumerate().for_each_init(
            || self.lend(workers),
            |loan, (b, pieces)| {
                let kx = b * BLOCK_COLUMNS;
                let width = BLOCK_COLUMNS.min(self.n_kx() - kx);
                let Worker { block, fft } = &mut **loan;
                task(kx, &mut block[..width * self.ny], pieces, fft);
            },
        );
    }

    fn n_slabs(&self) -> usize {
        self.ny.div_ceil(SLAB_ROWS)
    }

    pub(crate) fn lend<'a>(&self, workers: &'a WorkerPool<T>) -> Loan<'a, T> {
        let n_block = (self.nx * SLAB_PAIRS).max(self.ny * BLOCK_COLUMNS);
        let plans = [&self.row_forward, &self.row_inverse, &self.column_forward, &self.column_inverse];
        let mut loan = workers.lend();
        loan.reserve(n_block, plans.map(|plan| plan.get_inplace_scratch_len()).into_iter().max().unwrap_or(0));
        loan
    }

    pub(crate) fn check(&self, map_len: usize, spectrum_len: usize, scratch: &Scratch<T>) {
        let (ny, nx) = (self.ny, self.nx);
        assert_eq!(map_len, self.map_len(), "a map of {ny} x {nx} pixels (y x) has another length");
        assert_eq!(spectrum_len, self.spectrum_len(), "the half spectrum of {ny} x {nx} pixels has another length");
        assert_eq!(scratch.slabs.len(), self.scratch_len(), "this scratch is for another size");
    }
}

impl<T: Real> std::fmt::Debug for RealFft2<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RealFft2").field("ny", &self.ny).field("nx", &self.nx).finish_non_exhaustive()
    }
}
