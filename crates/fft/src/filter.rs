//! Real filters in Fourier space.

use crate::Real;
use num_complex::Complex;
use std::ops::Range;

/// A real filter, applied to one column of the half spectrum at a time.
///
/// A filter is a function of `(kx, ky)`; it is asked for whole columns so that a bank of filters can be evaluated on
/// the fly, from a radial table say, and never needs the memory of a plane. Any closure
/// `Fn(kx, &mut [Complex<T>])` is a filter, and so are [`HalfPlane`] and [`Quadrant`].
///
/// The filtered map is that of a true convolution only if the filter has the symmetry of a real map's spectrum, which
/// for real values is `h(kx, ky) = h(-kx, -ky)`; on the half plane this binds `kx = 0` and, for an even `nx`, `kx = nx / 2` alone.
pub trait Filter<T: Real>: Sync {
    /// Multiplies column `kx` (`ky` in `0..ny`, FFT ordering) in place.
    fn apply(&self, kx: usize, column: &mut [Complex<T>]);

    /// The factors of neighbouring columns of `ny` elements, where the filter has them at hand in memory: they may then be
    /// multiplied in the order in which a transform keeps a column, instead of calling [`Filter::apply`].
    fn values(&self, _columns: Range<usize>, _ny: usize) -> Option<ColumnValues<'_, T>> {
        None
    }
}

/// Real factors of neighbouring columns, one column after the other.
#[derive(Clone, Copy, Debug)]
pub enum ColumnValues<'a, T> {
    /// For `ky` in `0..ny`, FFT ordering.
    Whole(&'a [T]),
    /// For `ky` in `0..=ny / 2`, the same for `-ky`.
    Mirrored(&'a [T]),
}

/// A filter by reference, which has a size whatever `F` is.
pub(crate) struct ByRef<'a, F: ?Sized>(pub(crate) &'a F);

impl<T: Real, F: Filter<T> + ?Sized> Filter<T> for ByRef<'_, F> {
    fn apply(&self, kx: usize, column: &mut [Complex<T>]) {
        self.0.apply(kx, column);
    }

    fn values(&self, columns: Range<usize>, ny: usize) -> Option<ColumnValues<'_, T>> {
        self.0.values(columns, ny)
    }
}

impl<T: Real, F: Fn(usize, &mut [Complex<T>]) + Sync> Filter<T> for F {
    fn apply(&self, kx: usize, column: &mut [Complex<T>]) {
        self(kx, column);
    }
}

/// A filter given at every point of the half plane: value of `(kx, ky)` at `kx * ny + ky`.
#[derive(Clone, Copy, Debug)]
pub struct HalfPlane<'a, T>(pub &'a [T]);

impl<T: Real> Filter<T> for HalfPlane<'_, T> {
    /// # Panics
    /// When the filter has fewer values than the half spectrum.
    fn apply(&self, kx: usize, column: &mut [Complex<T>]) {
        let values = &self.0[kx * column.len()..][..column.len()];
        for (z, &h) in column.iter_mut().zip(values) {
            *z = z.scale(h);
        }
    }

    fn values(&self, columns: Range<usize>, ny: usize) -> Option<ColumnValues<'_, T>> {
        Some(ColumnValues::Whole(&self.0[columns.start * ny..columns.end * ny]))
    }
}

/// A filter with `h(kx, -ky) = h(kx, ky)`, as every isotropic one: value of `(kx, ky)` at `kx * (ny / 2 + 1) + ky` for
/// `ky` in `0..=ny / 2`. Takes half the memory of a [`HalfPlane`].
#[derive(Clone, Copy, Debug)]
pub struct Quadrant<'a, T>(pub &'a [T]);

impl<T: Real> Filter<T> for Quadrant<'_, T> {
    /// # Panics
    /// When the filter has fewer values than the quarter plane.
    fn apply(&self, kx: usize, column: &mut [Complex<T>]) {
        let n = column.len() / 2 + 1;
        multiply_mirrored(column, &self.0[kx * n..][..n]);
    }

    fn values(&self, columns: Range<usize>, ny: usize) -> Option<ColumnValues<'_, T>> {
        let n = ny / 2 + 1;
        Some(ColumnValues::Mirrored(&self.0[columns.start * n..columns.end * n]))
    }
}

/// Multiplies a column by values given for `ky` in `0..=ny / 2`, the same for `-ky`.
///
/// # Panics
/// When there are not `ny / 2 + 1` values.
pub fn multiply_mirrored<T: Real>(column: &mut [Complex<T>], values: &[T]) {
    let n_half = column.len() / 2 + 1;
    assert_eq!(values.len(), n_half, "a mirrored column of {} needs {n_half} values", column.len());
    let (positive, negative) = column.split_at_mut(n_half);
    for (z, &h) in positive.iter_mut().zip(values) {
        *z = z.scale(h);
    }
    // Mirrored index of `ky = ny - i` is `i`: the last element takes `values[1]`.
    for (z, &h) in negative.iter_mut().rev().zip(&values[1..]) {
        *z = z.scale(h);
    }
}
