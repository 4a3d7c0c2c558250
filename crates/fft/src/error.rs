//! What can be wrong with a size.

/// Why a plan or a set of wavenumbers cannot be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The number of columns is odd or zero.
    #[error(
        "a map of {ny} x {nx} pixels (y x) cannot be transformed: the number of columns must be even and positive"
    )]
    OddColumns {
        /// Number of rows.
        ny: usize,
        /// Number of columns.
        nx: usize,
    },
    /// The map has no rows.
    #[error("a map of {ny} x {nx} pixels (y x) cannot be transformed: it has no rows")]
    NoRows {
        /// Number of rows, zero.
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

/// Checks that a map has rows, and an even number of columns.
pub(crate) fn check_shape(ny: usize, nx: usize) -> Result<(), Error> {
    if nx == 0 || !nx.is_multiple_of(2) {
        return Err(Error::OddColumns { ny, nx });
    }
    if ny == 0 {
        return Err(Error::NoRows { ny, nx });
    }
    Ok(())
}
