//! What can be wrong with a size.

/// Why a plan or a set of wavenumbers cannot be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The map has no pixels.
    #[error("a map of {ny} x {nx} pixels (y x) cannot be transformed: it is empty")]
    NoPixels {
        /// Number of rows.
        ny: usize,
        /// Number of columns.
        nx: usize,
    },
    /// The pixel size is not a positive number.
    #[error("pixel size {pixel_y_rad} x {pixel_x_rad} radian (y x) must be positive and finite")]
    PixelSize {
        /// Height of a pixel in radians.
        pixel_y_rad: f64,
        /// Width of a pixel in radians.
        pixel_x_rad: f64,
    },
}

/// Checks that a map has pixels.
pub(crate) fn check_shape(ny: usize, nx: usize) -> Result<(), Error> {
    if ny == 0 || nx == 0 { Err(Error::NoPixels { ny, nx }) } else { Ok(()) }
}
