//! What a core that a plan may hand its work to has to do.

use crate::Filter;
use crate::scratch::WorkerPool;
use num_complex::Complex;

/// A two-dimensional transform that works without a second half spectrum. Its caller has checked all lengths.
pub(crate) trait Core<T>: Send + Sync {
    /// Half spectrum of a map.
    fn forward(&self, map: &[T], spectrum: &mut [Complex<T>], workers: &WorkerPool<T>)
    where
        T: crate::Real;

    /// Map of a half spectrum, with the normalisation.
    fn inverse(&self, columns: &Columns<'_, T>, map: &mut [T], workers: &WorkerPool<T>)
    where
        T: crate::Real;

    /// Filtered map.
    fn filter(&self, map: &[T], filter: &dyn Filter<T>, out: &mut [T], workers: &WorkerPool<T>)
    where
        T: crate::Real;
}

/// Where the columns of an inverse transform come from.
pub(crate) enum Columns<'a, T> {
    /// All columns, one after the other.
    Spectrum(&'a [Complex<T>]),
    /// Whoever writes the column of a `kx`.
    Fill(&'a (dyn Fn(usize, &mut [Complex<T>]) + Sync)),
}
