//! The padded pixel grid of one transform, and the quarter plane of its multipoles.
//!
//! Everything isotropic, and the transform of every template, is even in `kx` and in `ky`: it is kept for
//! `kx` in `0..=nx/2` and `ky` in `0..=ny/2` only, at `kx (ny/2 + 1) + ky`, a quarter of a map's worth of numbers.

use arcmin_fft::{RealFft2, Wavenumbers};

/// Shape and pixel of a periodic grid.
#[derive(Clone, Debug)]
pub struct Grid {
    ny: usize,
    nx: usize,
    pixel_rad: f64,
    wavenumbers: Wavenumbers,
}

impl Grid {
    /// A grid of `ny` rows and `nx` columns of square pixels.
    ///
    /// # Errors
    /// A zero side, or a pixel size that is not positive.
    pub fn new(ny: usize, nx: usize, pixel_rad: f64) -> Result<Self, arcmin_fft::Error> {
        Ok(Self { ny, nx, pixel_rad, wavenumbers: Wavenumbers::new(ny, nx, pixel_rad)? })
    }

    /// Number of rows.
    pub fn ny(&self) -> usize {
        self.ny
    }

    /// Number of columns.
    pub fn nx(&self) -> usize {
        self.nx
    }

    /// Number of pixels.
    pub fn n_pixels(&self) -> usize {
        self.ny * self.nx
    }

    /// Side of a pixel in radians.
    pub fn pixel_rad(&self) -> f64 {
        self.pixel_rad
    }

    /// Solid angle of the grid in steradian.
    pub fn area_sr(&self) -> f64 {
        self.n_pixels() as f64 * self.pixel_rad * self.pixel_rad
    }

    /// Multipole of element `(kx, ky)`.
    pub fn ell(&self, kx: usize, ky: usize) -> f64 {
        self.wavenumbers.ell(kx, ky)
    }

    /// The highest multipole.
    pub fn ell_max(&self) -> f64 {
        self.wavenumbers.ell_max()
    }

    /// Number of `ky` in a column of the quarter plane, `ny / 2 + 1`.
    pub fn n_quarter(&self) -> usize {
        self.ny / 2 + 1
    }

    /// Number of elements of the quarter plane.
    pub fn quadrant_len(&self) -> usize {
        (self.nx / 2 + 1) * self.n_quarter()
    }

    /// How many modes of the full plane an element of the quarter plane stands for.
    pub fn multiplicity(&self, kx: usize, ky: usize) -> f64 {
        let along_y = if ky == 0 || 2 * ky == self.ny { 1.0 } else { 2.0 };
        self.wavenumbers.multiplicity(kx) * along_y
    }

    /// Plans the transform of this grid.
    ///
    /// # Errors
    /// None for a grid that could be made; the error is the plan's.
    pub fn plan<T: arcmin_fft::Real>(&self) -> Result<RealFft2<T>, arcmin_fft::Error> {
        RealFft2::new(self.ny, self.nx)
    }
}
