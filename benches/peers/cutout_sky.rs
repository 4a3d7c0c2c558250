//! Cutouts of a HEALPix map, as `cutouts.py` makes them with reproject.

use anyhow::{Result, bail};
use arcmin_maps::cutouts::{CutoutGrid, CutoutProjection, Cutter};
use arcmin_maps::healpix::{HealpixBand, HealpixBandMap, HealpixMap, HealpixObservation, HealpixPixels};
use arcmin_maps::{Beam, Catalogue, Interpolation};
use arcmin_sphere::healpix::{Healpix, Nside};
use arcmin_units::{Arcmin, Frame, SkyPosition};

const SIDE: usize = 32;

/// A map of the given resolution, in ring order as files have it.
pub(crate) fn map(nside: u64) -> Result<HealpixObservation> {
    let grid = Healpix::ring(Nside::new(nside)?);
    let values = (0..grid.n_pixels()).map(|i| (i % 9973) as f32 / 9973.0).collect();
    let map = HealpixBandMap::ComptonY(HealpixMap::new(Frame::Equatorial, HealpixPixels::full(grid, values)?));
    let band = HealpixBand { name: "y".into(), beam: Beam::Delta, noise_arcmin: None, map };
    Ok(HealpixObservation::new(vec![band])?)
}

/// Positions spread evenly over the sphere on a spiral.
pub(crate) fn centres(n: usize) -> Catalogue {
    let centre = |k: usize| {
        let sin_lat = 2.0 * (k as f64 + 0.5) / n as f64 - 1.0;
        SkyPosition::from_deg(k as f64 * 137.507_764, sin_lat.asin().to_degrees()).expect("a position")
    };
    Catalogue::new(&(0..n).map(centre).collect::<Vec<_>>(), Frame::Equatorial)
}

/// Cuts around every centre, a chunk at a time; the answer weighs the first pixel of each cutout by its number.
pub(crate) fn cut(maps: &HealpixObservation, how: &str, catalogue: &Catalogue) -> Result<f64> {
    let how = match how {
        "nearest" => Interpolation::Nearest,
        "bilinear" => Interpolation::Bilinear,
        _ => bail!("interpolation {how} is neither nearest nor bilinear"),
    };
    let grid = CutoutGrid::new(CutoutProjection::Zea, SIDE, Arcmin::new(0.25))?;
    let cutter = Cutter::of_healpix(maps, grid, how);
    let mut sum = 0.0;
    let mut number = 0.0;
    for chunk in cutter.chunks(catalogue, 1024)? {
        for idx in 0..chunk.len() {
            number += 1.0;
            sum += number * f64::from(chunk.cutout(idx)[0]);
        }
    }
    Ok(sum)
}
