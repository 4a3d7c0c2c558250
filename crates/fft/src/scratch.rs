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
    pub(crate) slabs: Vec<Complex<T>>,
    pub(crate) workers: WorkerPool<T>,
}

impl<T: Real> Scratch<T> {
    pub(crate) fn new(n_complex: usize) -> Self {
        Self { slabs: vec![Complex::default(); n_complex], workers: WorkerPool(Mutex::default()) }
    }

    /// Fills every buffer with `value`, so that a test can show that nothing left over is ever read.
    #[doc(hidden)]
    pub fn fill_with_rubbish(&mut self, value: T) {
        let rubbish = Complex::new(value, value);
        self.slabs.fill(rubbish);
        for worker in self.workers.0.get_mut().unwrap_or_else(PoisonError::into_inner) {
            worker.block.fill(rubbish);
            worker.fft.fill(rubbish);
        }
    }
}

/// Buffers of one thread, lengthened on first use.
#[derive(Debug, Default)]
pub(crate) struct Worker<T: Real> {
    /// Some pairs of rows or some columns of the half spectrum.
    pub(crate) block: Vec<Complex<T>>,
    /// What the one-dimensional transform asks for.
    pub(crate) fft: Vec<Complex<T>>,
}

impl<T: Real> Worker<T> {
    /// Makes the buffers at least as long as asked.
    pub(crate) fn reserve(&mut self, n_block: usize, n_fft: usize) {
        self.block.resize(n_block.max(self.block.len()), Complex::default());
        self.fft.resize(n_fft.max(self.fft.len()), Complex::default());
    }
}

/// Workers that are idle. A stack rather than one worker a thread: it serves any thread pool, nested calls included.
#[derive(Debug)]
pub(crate) struct WorkerPool<T: Real>(Mutex<Vec<Worker<T>>>);

impl<T: Real> WorkerPool<T> {
    /// Lends a worker, which comes back when the loan is dropped.
    pub(crate) fn lend(&self) -> Loan<'_, T> {
        let worker = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Loan { pool: self, worker: worker.unwrap_or_default() }
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
