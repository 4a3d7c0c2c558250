//! Buffers that a plan works in, kept between calls.

use crate::Real;
use num_complex::Complex;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// Working memory of one call: a half spectrum, and the small buffers of each thread.
///
/// Made by [`RealFft2::make_scratch`](crate::RealFft2::make_scratch) and good for any plan of the same shape and float.
/// What it holds between calls has no meaning. Reusing it saves the time that the system needs to hand out fresh pages.
#[derive(Debug)]
pub struct Scratch<T: Real> {
    /// The blocks of the half spectrum, see [`blocks`](crate::blocks).
    pub(crate) blocks: Vec<T>,
    pub(crate) workers: WorkerPool<T>,
}

impl<T: Real> Scratch<T> {
    pub(crate) fn new(n_floats: usize) -> Self {
        Self { blocks: vec![T::zero(); n_floats], workers: WorkerPool(Mutex::default()) }
    }

    /// Fills every buffer with `value`, so that a test can show that nothing left over is ever read.
    #[doc(hidden)]
    pub fn fill_with_rubbish(&mut self, value: T) {
        let rubbish = Complex::new(value, value);
        self.blocks.fill(value);
        for worker in self.workers.0.get_mut().unwrap_or_else(PoisonError::into_inner) {
            worker.batch.0.fill(value);
            worker.tile.0.fill(value);
            worker.columns.fill(rubbish);
            worker.fft.fill(rubbish);
        }
    }
}

/// Buffers of one thread, lengthened on first use.
#[derive(Debug, Default)]
pub(crate) struct Worker<T: Real> {
    /// A batch of sequences.
    pub(crate) batch: Aligned<T>,
    /// Some columns of the half spectrum, one after the other.
    pub(crate) columns: Vec<Complex<T>>,
    /// Four tiles of `WIDTH` by `WIDTH` floats.
    pub(crate) tile: Aligned<T>,
    /// What a one-dimensional transform asks for.
    pub(crate) fft: Vec<Complex<T>>,
}

/// How long the buffers of a worker have to be.
#[derive(Clone, Copy)]
pub(crate) struct WorkerLens {
    pub(crate) batch: usize,
    pub(crate) columns: usize,
    pub(crate) fft: usize,
}

impl<T: Real> Worker<T> {
    fn reserve(&mut self, lens: WorkerLens) {
        self.batch.reserve(lens.batch);
        self.tile.reserve(4 * T::WIDTH * T::WIDTH);
        self.columns.resize(lens.columns.max(self.columns.len()), Complex::default());
        self.fft.resize(lens.fft.max(self.fft.len()), Complex::default());
    }
}

/// Floats that begin where a cache line does.
// PERF: the heap aligns to 16 bytes, and then every 64-byte register straddles two lines.
#[derive(Debug, Default)]
pub(crate) struct Aligned<T>(Vec<T>);

impl<T: Real> Aligned<T> {
    const LINE_BYTES: usize = 64;

    /// Makes room for at least `len` floats.
    fn reserve(&mut self, len: usize) {
        let n_spare = Self::LINE_BYTES / size_of::<T>();
        self.0.resize(self.0.len().max(len + n_spare), T::zero());
    }

    /// The first `len` floats.
    pub(crate) fn first(&mut self, len: usize) -> &mut [T] {
        let start = self.0.as_ptr().align_offset(Self::LINE_BYTES);
        &mut self.0[start..][..len]
    }
}

/// Workers that are idle. A stack rather than one worker a thread: it serves any thread pool, nested calls included.
#[derive(Debug)]
pub(crate) struct WorkerPool<T: Real>(Mutex<Vec<Worker<T>>>);

impl<T: Real> WorkerPool<T> {
    /// Lends a worker, which comes back when the loan is dropped.
    pub(crate) fn lend(&self, lens: WorkerLens) -> Loan<'_, T> {
        let worker = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut worker = worker.unwrap_or_default();
        worker.reserve(lens);
        Loan { pool: self, worker }
    }
}

/// A worker on loan.
pub(crate) struct Loan<'a, T: Real> {
    pool: &'a WorkerPool<T>,
    worker: Worker<T>,
}

impl<T: Real> Deref for Loan<'_, T> {
    type Target = Worker<T>;
    fn deref(&self) -> &Worker<T> {
        &self.worker
    }
}

impl<T: Real> DerefMut for Loan<'_, T> {
    fn deref_mut(&mut self) -> &mut Worker<T> {
        &mut self.worker
    }
}

impl<T: Real> Drop for Loan<'_, T> {
    fn drop(&mut self) {
        let worker = std::mem::take(&mut self.worker);
        self.pool.0.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
    }
}
