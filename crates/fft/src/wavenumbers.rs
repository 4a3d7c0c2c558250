//! Where the elements of a half spectrum lie on the flat sky.

use crate::Error;
use crate::error::check_shape;
use std::f64::consts::TAU;

/// Wavevectors of a half spectrum: `l = 2 pi k / (n pixel)`, in radian^-1, so that `|l|` is the multipole `ell`.
///
/// ```
/// # fn main() -> Result<(), arcmin_fft::Error> {
/// let pixel_rad = 0.5_f64.to_radians() / 60.0;
/// let k = arcmin_fft::Wavenumbers::new(720, 720, pixel_rad)?;
/// // A tile of 6 degrees: its first multipole is 360 / 6 = 60.
/// assert!((k.ell(1, 0) - 60.0).abs() < 1e-9);
/// assert_eq!(k.ell(0, 719), k.ell(1, 0));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Wavenumbers {
    nx: usize,
    ell_x: Vec<f64>,
    ell_y: Vec<f64>,
}

impl Wavenumbers {
    /// Wavenumbers of a map of square pixels with side `pixel_rad` in radians.
    ///
    /// # Errors
    /// As [`Wavenumbers::with_pixel_sizes`].
    pub fn new(ny: usize, nx: usize, pixel_rad: f64) -> Result<Self, Error> {
        Self::with_pixel_sizes(ny, nx, pixel_rad, pixel_rad)
    }

    /// Wavenumbers of a map of rectangular pixels, sides in radians.
    ///
    /// # Errors
    /// [`Error::NoPixels`] or [`Error::PixelSize`].
    pub fn with_pixel_sizes(ny: usize, nx: usize, pixel_y_rad: f64, pixel_x_rad: f64) -> Result<Self, Error> {
        check_shape(ny, nx)?;
        if ![pixel_y_rad, pixel_x_rad].iter().all(|p| p.is_finite() && *p > 0.0) {
            return Err(Error::PixelSize { pixel_y_rad, pixel_x_rad });
        }
        let unit_y = TAU / (ny as f64 * pixel_y_rad);
        let unit_x = TAU / (nx as f64 * pixel_x_rad);
        let signed = |ky: usize| {
            if 2 * ky <= ny { ky as f64 } else { ky as f64 - ny as f64 }
        };
        Ok(Self {
            nx,
            ell_x: (0..=nx / 2).map(|kx| kx as f64 * unit_x).collect(),
            ell_y: (0..ny).map(|ky| signed(ky) * unit_y).collect(),
        })
    }

    /// Component along x for `kx` in `0..=nx / 2`; the highest of an even `nx` is the Nyquist frequency.
    pub fn ell_x(&self) -> &[f64] {
        &self.ell_x
    }

    /// Component along y for `ky` in `0..ny`, FFT ordering; the Nyquist frequency of an even `ny` counts as positive.
    pub fn ell_y(&self) -> &[f64] {
        &self.ell_y
    }

    /// Multipole `ell = |l|` of element `(kx, ky)`.
    ///
    /// # Panics
    /// When `kx > nx / 2` or `ky >= ny`.
    pub fn ell(&self, kx: usize, ky: usize) -> f64 {
        self.ell_x[kx].hypot(self.ell_y[ky])
    }

    /// The highest multipole of the half plane, at its corner.
    pub fn ell_max(&self) -> f64 {
        self.ell(self.nx / 2, self.ell_y.len() / 2)
    }

    /// How often column `kx` stands in the full plane: once for `kx = 0` and the Nyquist column of an even `nx`,
    /// else twice.
    ///
    /// The full plane's sum of anything that is equal at `k` and `-k`, such as the power `|F|^2`, is the half plane's
    /// sum with these weights.
    pub fn multiplicity(&self, kx: usize) -> f64 {
        if kx == 0 || 2 * kx == self.nx { 1.0 } else { 2.0 }
    }
}
