//! Statistics of the deflection by haloes.

use super::Statistic;
use crate::Error;
use crate::lensing::{Deflection, PlacedLens, Taper};
use arcmin_maps::{PixelPosition, Shape};
use arcmin_sky::{Cosmology, Duffy08, NfwHalo};
use arcmin_units::{Arcmin, M200c, Redshift};

/// Largest deflections in arcmin by M200c in 1e14 Msun, for Duffy08 haloes at z = 0.7 of the cosmology planck18 before
/// z = 1100; from the closed form over colossus 1.4.0.
const LARGEST: [(f64, f64); 5] =
    [(1.0, 0.105_824), (2.0, 0.166_629), (3.0, 0.217_426), (5.0, 0.304_192), (8.0, 0.414_544)];
const TOLERANCE: f64 = 1e-3;
const PIXEL: Arcmin = Arcmin::new(0.0625);
const SIDE: usize = 129;

/// Largest deflection of haloes that are painted as those of a tile are.
pub(super) fn statistics() -> Result<Vec<Statistic>, Error> {
    LARGEST.into_iter().map(|(mass, target)| largest_deflection(mass, target)).collect()
}

fn largest_deflection(mass_1e14_msun: f64, target: f64) -> Result<Statistic, Error> {
    let z = Redshift::new(0.7);
    let halo = NfwHalo::from_mass(M200c::new(mass_1e14_msun * 1e14), z, &Duffy08, &Cosmology::planck18())?;
    let middle = (SIDE / 2) as f64;
    let centre = PixelPosition { x: middle, y: middle };
    let placed = PlacedLens::new(halo.lens(Redshift::new(1100.0))?, centre, PIXEL.to_rad());
    let taper = Taper::new(Arcmin::new(20.0).to_rad())?;
    let deflection = Deflection::of_haloes(Shape { ny: SIDE, nx: SIDE }, &[placed], &taper);
    let sizes = deflection.x_pixels().iter().zip(deflection.y_pixels()).map(|(x, y)| x.hypot(*y));
    let value = PIXEL.value() * f64::from(sizes.fold(0.0, f32::max));
    let name = format!("largest deflection by {mass_1e14_msun}e14 Msun at z = 0.7, arcmin");
    Ok(Statistic { name, value, target, tolerance: target * TOLERANCE })
}
