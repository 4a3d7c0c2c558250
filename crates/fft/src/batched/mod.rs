//! The core for `f64` maps of good sizes: eight numbers at a time in the processor's registers.
//!
//! Columns are transformed in batches of [`WIDTH`], one in each lane of a register, so that no number ever moves between
//! lanes. Element `i` of a batch is [`ELEMENT`] floats: the real parts of all lanes, then the imaginary parts. That is one
//! 512-bit register each, two of 256 bits, or what the processor has: `pulp` picks the instructions at run time. Rows
//! are transformed two at a time as they lie in memory ([`lines`]), within the first cache.
//!
//! Between rows and columns the half spectrum is cut into pieces of [`PIECE`] floats, layout `[row, part, kx]`, for a
//! group of [`GROUP_ROWS`] rows and a block of [`WIDTH`] columns. They take no memory of their own. For a forward
//! transform they lie where the block's columns will, otherwise where the group's pixels will: each pass reads long runs
//! of memory and scatters pieces, or stays in place.

mod batch;
mod butterfly;
mod columns;
mod lines;
mod pieces;
mod rows;
mod transpose;

use crate::Filter;
use crate::core::{Columns, Core};
use crate::scratch::{Loan, WorkerPool};
use batch::BatchFft;
use columns::{BatchToColumns, BlockToColumns, ColumnsToBatch, FilterBatch, join_nyquist, separate_nyquist};
use lines::LineFft;
use num_complex::Complex;
use pieces::{gather, pieces_by_block, pieces_by_group, scatter};
use pulp::{Arch, Simd, bytemuck};
use rayon::prelude::*;
use rows::{RowsForward, RowsInverse, room_len};

/// Sequences in a batch.
const WIDTH: usize = 8;
/// Floats of an element of a batch.
const ELEMENT: usize = 2 * WIDTH;
/// Rows that one task transforms together.
const GROUP_ROWS: usize = 2 * WIDTH;
/// Floats of a group of rows in a block of columns.
const PIECE: usize = GROUP_ROWS * ELEMENT;
/// Floats of a cache line, where a batch begins.
// PERF: the heap aligns to 16 bytes, and then every 64-byte register straddles two lines.
const LINE: usize = 8;

/// A planned transform of maps of `ny` rows and `nx` columns, multiples of 16 and of 64 without a prime factor above 5.
pub(crate) struct BatchedFft2 {
    row_fft: LineFft,
    column_fft: BatchFft,
    arch: Arch,
}

impl BatchedFft2 {
    /// Plans, unless the size is none for this core.
    pub(crate) fn new(ny: usize, nx: usize) -> Option<Self> {
        if !ny.is_multiple_of(GROUP_ROWS) {
            return None;
        }
        Some(Self { row_fft: LineFft::new(nx)?, column_fft: BatchFft::new(ny)?, arch: Arch::new() })
    }

    fn ny(&self) -> usize {
        self.column_fft.len()
    }

    fn nx(&self) -> usize {
        self.row_fft.len()
    }

    fn n_blocks(&self) -> usize {
        self.nx() / GROUP_ROWS
    }

    fn n_groups(&self) -> usize {
        self.ny() / GROUP_ROWS
    }

    /// Transforms a batch of columns, filters it and transforms it back.
    fn filter_block(&self, filter: &dyn Filter<f64>, block: usize, batch: &mut [f64], room: &mut [Complex<f64>]) {
        let (fft, ny) = (&self.column_fft, self.ny());
        let kx = block * WIDTH..(block + 1) * WIDTH;
        let values = if block > 0 { filter.values(kx.clone(), ny) } else { None };
        if let Some(values) = values {
            self.arch.dispatch(BatchToColumns { fft, batch, columns: None });
            return self.arch.dispatch(FilterBatch { fft, values, batch });
        }
        let (columns, nyquist) = room[..(WIDTH + 1) * ny].split_at_mut(WIDTH * ny);
        self.arch.dispatch(BatchToColumns { fft, batch, columns: Some(bytemuck::cast_slice_mut(columns)) });
        if block == 0 {
            separate_nyquist(&mut columns[..ny], nyquist);
            filter.apply(self.nx() / 2, nyquist);
        }
        for (kx, column) in kx.zip(columns.chunks_exact_mut(ny)) {
            filter.apply(kx, column);
        }
        if block == 0 {
            join_nyquist(&mut columns[..ny], nyquist);
        }
        self.columns_to_batch(columns, batch);
    }

    /// Writes the columns of a block, the last column of the half spectrum with the first.
    fn fill(&self, columns: &Columns<'_, f64>, block: usize, room: &mut [Complex<f64>]) {
        let ny = self.ny();
        let fill = |kx: usize, column: &mut [Complex<f64>]| match columns {
            Columns::Spectrum(spectrum) => column.copy_from_slice(&spectrum[kx * ny..][..ny]),
            Columns::Fill(fill) => fill(kx, column),
        };
        let (columns, nyquist) = room[..(WIDTH + 1) * ny].split_at_mut(WIDTH * ny);
        for (lane, column) in columns.chunks_exact_mut(ny).enumerate() {
            fill(block * WIDTH + lane, column);
        }
        if block == 0 {
            fill(self.nx() / 2, nyquist);
            join_nyquist(&mut columns[..ny], nyquist);
        }
    }

    fn columns_to_batch(&self, columns: &[Complex<f64>], batch: &mut [f64]) {
        let columns = bytemuck::cast_slice(columns);
        self.arch.dispatch(ColumnsToBatch { fft: &self.column_fft, columns, batch });
    }

    /// Transforms all rows of a map into the blocks of columns.
    fn rows_to_blocks(&self, map: &[f64], blocks: &mut [f64], workers: &WorkerPool<f64>) {
        let mut pieces = pieces_by_group(blocks, self.n_groups(), self.n_blocks());
        map.par_chunks_exact(GROUP_ROWS * self.nx()).zip(pieces.par_chunks_exact_mut(self.n_blocks())).for_each_init(
            || self.lend(workers),
            |loan, (rows, pieces)| scatter(self.rows_forward(rows, loan), pieces),
        );
    }

    /// Transforms all rows of a map into slabs, one for each group.
    fn rows_to_slabs(&self, map: &[f64], slabs: &mut [f64], workers: &WorkerPool<f64>) {
        let len = GROUP_ROWS * self.nx();
        map.par_chunks_exact(len).zip(slabs.par_chunks_exact_mut(len)).for_each_init(
            || self.lend(workers),
            |loan, (rows, slab)| slab.copy_from_slice(self.rows_forward(rows, loan)),
        );
    }

    fn rows_forward<'a>(&self, rows: &[f64], loan: &'a mut Loan<'_, f64>) -> &'a [f64] {
        let (slab, room) = self.buffers(loan);
        let slab = &mut slab[..rows.len()];
        let room = from_line_on(bytemuck::cast_slice_mut(room));
        self.arch.dispatch(RowsForward { fft: &self.row_fft, rows, slab, room });
        slab
    }

    /// Transforms slabs back into the rows of a map, with the normalisation.
    fn rows_inverse(&self, map: &mut [f64], workers: &WorkerPool<f64>) {
        let fft = &self.row_fft;
        let scale = 1.0 / map.len() as f64;
        map.par_chunks_exact_mut(GROUP_ROWS * self.nx()).for_each_init(
            || self.lend(workers),
            |loan, rows| {
                let (slab, room) = self.buffers(loan);
                let slab = &mut slab[..rows.len()];
                slab.copy_from_slice(rows);
                let room = from_line_on(bytemuck::cast_slice_mut(room));
                self.arch.dispatch(RowsInverse { fft, slab, scale, rows, room });
            },
        );
    }

    fn lend<'a>(&self, workers: &'a WorkerPool<f64>) -> Loan<'a, f64> {
        let n_batch = ELEMENT * self.nx().max(self.ny()) + LINE;
        let mut loan = workers.lend();
        loan.reserve(n_batch / 2, self.n_room());
        loan
    }

    /// Complex numbers beside a batch: one column more than a block has, or what the rows need.
    fn n_room(&self) -> usize {
        ((WIDTH + 1) * self.ny()).max((room_len(&self.row_fft) + LINE).div_ceil(2))
    }

    /// A batch, which begins with a cache line, and room beside it.
    fn buffers<'a>(&self, loan: &'a mut Loan<'_, f64>) -> (&'a mut [f64], &'a mut [Complex<f64>]) {
        let worker = &mut **loan;
        let batch: &mut [f64] = bytemuck::cast_slice_mut(&mut worker.block);
        (from_line_on(batch), &mut worker.fft[..self.n_room()])
    }
}

impl Core<f64> for BatchedFft2 {
    fn forward(&self, map: &[f64], spectrum: &mut [Complex<f64>], workers: &WorkerPool<f64>) {
        let (columns, nyquist) = spectrum.split_at_mut(self.ny() * self.nx() / 2);
        let blocks: &mut [f64] = bytemuck::cast_slice_mut(columns);
        self.rows_to_blocks(map, blocks, workers);
        blocks.par_chunks_exact_mut(ELEMENT * self.ny()).for_each_init(
            || self.lend(workers),
            |loan, block| {
                let (batch, _) = self.buffers(loan);
                self.arch.dispatch(BlockToColumns {
                    fft: &self.column_fft,
                    block,
                    batch: &mut batch[..self.column_fft.batch_len()],
                });
            },
        );
        separate_nyquist(&mut columns[..self.ny()], nyquist);
    }

    fn inverse(&self, columns: &Columns<'_, f64>, map: &mut [f64], workers: &WorkerPool<f64>) {
        let mut pieces = pieces_by_block(map, self.n_groups(), self.n_blocks());
        pieces.par_chunks_exact_mut(self.n_groups()).enumerate().for_each_init(
            || self.lend(workers),
            |loan, (block, pieces)| {
                let (batch, room) = self.buffers(loan);
                let batch = &mut batch[..self.column_fft.batch_len()];
                let own = &mut room[..ELEMENT / 2 * self.ny()];
                match columns {
                    Columns::Spectrum(spectrum) if block > 0 => {
                        let columns = &spectrum[block * own.len()..][..own.len()];
                        self.columns_to_batch(columns, batch);
                    }
                    _ => {
                        self.fill(columns, block, room);
                        self.columns_to_batch(&room[..ELEMENT / 2 * self.ny()], batch);
                    }
                }
                scatter(batch, pieces);
            },
        );
        self.rows_inverse(map, workers);
    }

    fn filter(&self, map: &[f64], filter: &dyn Filter<f64>, out: &mut [f64], workers: &WorkerPool<f64>) {
        self.rows_to_slabs(map, out, workers);
        let mut pieces = pieces_by_block(out, self.n_groups(), self.n_blocks());
        pieces.par_chunks_exact_mut(self.n_groups()).enumerate().for_each_init(
            || self.lend(workers),
            |loan, (block, pieces)| {
                let (batch, room) = self.buffers(loan);
                let batch = &mut batch[..self.column_fft.batch_len()];
                gather(pieces, batch);
                self.filter_block(filter, block, batch, room);
                scatter(batch, pieces);
            },
        );
        self.rows_inverse(out, workers);
    }
}

/// Floats from the first beginning of a cache line on.
fn from_line_on(floats: &mut [f64]) -> &mut [f64] {
    let start = floats.as_ptr().align_offset(LINE * size_of::<f64>());
    &mut floats[start..]
}

#[inline(always)]
fn vectors<S: Simd>(floats: &[f64]) -> &[S::f64s] {
    bytemuck::cast_slice(floats)
}

#[inline(always)]
fn vectors_mut<S: Simd>(floats: &mut [f64]) -> &mut [S::f64s] {
    bytemuck::cast_slice_mut(floats)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{HalfPlane, RealFft2};

    /// Forward, filtered and inverse with one set of instructions.
    fn results(arch: Arch, ny: usize, nx: usize) -> [Vec<f64>; 3] {
        let workers = RealFft2::<f64>::new(ny, nx).expect("the shape is valid").make_scratch().workers;
        let fft = BatchedFft2 { arch, ..BatchedFft2::new(ny, nx).expect("the size is a good one") };
        let map: Vec<f64> = (0..ny * nx).map(|i| (i * i % 1009) as f64 / 1009.0 - 0.5).collect();
        let filter: Vec<f64> = (0..ny * (nx / 2 + 1)).map(|i| (i * 7 % 13) as f64).collect();
        let mut spectrum = vec![Complex::default(); ny * (nx / 2 + 1)];
        let (mut filtered, mut back) = (vec![f64::NAN; ny * nx], vec![f64::NAN; ny * nx]);
        fft.forward(&map, &mut spectrum, &workers);
        fft.filter(&map, &HalfPlane(&filter), &mut filtered, &workers);
        fft.inverse(&Columns::Spectrum(&spectrum), &mut back, &workers);
        [spectrum.iter().flat_map(|z| [z.re, z.im]).collect(), filtered, back]
    }

    #[test]
    fn every_instruction_set_gives_the_same() {
        for (ny, nx) in [(16, 192), (80, 64)] {
            let expected = results(Arch::Scalar, ny, nx);
            let mut others = vec![results(Arch::new(), ny, nx)];
            #[cfg(target_arch = "x86_64")]
            others.extend(pulp::x86::V3::try_new().map(|simd| results(Arch::V3(simd), ny, nx)));
            for (a, b) in others.iter().flatten().flatten().zip(expected.iter().flatten().cycle()) {
                assert!((a - b).abs() < 1e-11, "{ny} x {nx}: {a} and {b}");
            }
        }
    }
}
