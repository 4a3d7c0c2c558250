//! Units of the maps that a search returns.

use arcmin_units::PixelUnit;

/// Signal-to-noise ratio, dimensionless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignalToNoise;

impl PixelUnit for SignalToNoise {
    const BUNIT: &'static str = "snr";
}

/// The scale of a template in arcmin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScaleArcmin;

impl PixelUnit for ScaleArcmin {
    const BUNIT: &'static str = "arcmin";
}
