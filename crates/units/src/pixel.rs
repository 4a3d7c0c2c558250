//! Units of a map's pixels, as types: maps of different unit do not mix.

/// The unit of a map's pixels.
pub trait PixelUnit: Copy + Send + Sync + std::fmt::Debug + 'static {
    /// Name as written to and read from a FITS `BUNIT` card.
    const BUNIT: &'static str;
}

/// Thermodynamic temperature difference in uK_CMB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MicroKelvinCmb;

/// Compton y, dimensionless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComptonY;

impl PixelUnit for MicroKelvinCmb {
    const BUNIT: &'static str = "uK_CMB";
}

impl PixelUnit for ComptonY {
    const BUNIT: &'static str = "compton-y";
}
