//! Whole maps brought to another geometry.
//!
//! Every pixel of the target takes the value that the source has in the direction of its centre. What the source does not
//! hold there is masked in the result, as is a pixel for which bilinear interpolation lacks a pixel that counts.
//! Sampling keeps brightness, not its sum: a coarser target leaves pixels out instead of averaging them.

use crate::healpix::{HealpixBand, HealpixBandMap, HealpixObservation};
use crate::sampling::{FlatGrid, Interpolation, Layers};
use crate::source::Source;
use crate::{Band, BandMap, Error, Geometry, Map, Mask, Observation, PixelPosition};
use arcmin_units::PixelUnit;
use rayon::prelude::*;

/// Brings all bands of an observation and its mask to a target geometry.
///
/// Beams and noise levels are kept as they are; bilinear interpolation smooths by about a pixel, which they do not tell.
///
/// # Errors
/// None that depends on the pixels; [`Error`] as [`Observation::new`] declares it.
pub fn reproject(observation: &Observation, target: &Geometry, how: Interpolation) -> Result<Observation, Error> {
    let (pixels, valid) = resample(&Source::of_flat(observation), target, how);
    let bands = observation.bands().iter().zip(pixels).map(|(band, pixels)| {
        let map = match &band.map {
            BandMap::Temperature { nu, .. } => BandMap::Temperature { nu: *nu, map: Map::new(target.clone(), pixels)? },
            BandMap::ComptonY(_) => BandMap::ComptonY(Map::new(target.clone(), pixels)?),
        };
        Ok(Band { map, ..band.clone() })
    });
    Observation::new(bands.collect::<Result<_, Error>>()?, Mask::new(target.clone(), valid)?)
}

/// Brings all bands of HEALPix maps to a target geometry; what they do not hold is masked.
///
/// # Errors
/// [`Error::MissingFrequency`] when a temperature map has no frequency, which an [`Observation`] needs.
pub fn reproject_healpix(
    observation: &HealpixObservation,
    target: &Geometry,
    how: Interpolation,
) -> Result<Observation, Error> {
    let (pixels, valid) = resample(&Source::of_healpix(observation), target, how);
    let bands = observation.bands().iter().zip(pixels).map(|(band, pixels)| {
        let HealpixBand { name, beam, noise_arcmin, map } = band;
        let map = match map {
            HealpixBandMap::ComptonY(_) => BandMap::ComptonY(Map::new(target.clone(), pixels)?),
            HealpixBandMap::Temperature { nu, .. } => {
                let nu = nu.ok_or_else(|| Error::MissingFrequency { band: name.clone() })?;
                BandMap::Temperature { nu, map: Map::new(target.clone(), pixels)? }
            }
        };
        Ok(Band { name: name.clone(), beam: beam.clone(), noise_arcmin: *noise_arcmin, map })
    });
    Observation::new(bands.collect::<Result<_, Error>>()?, Mask::new(target.clone(), valid)?)
}

/// Brings one map, of which the pixels in `mask` count, to a target geometry.
///
/// # Errors
/// [`Error::GeometryMismatch`] when the mask lies on another grid than the map.
pub fn reproject_map<U: PixelUnit>(
    map: &Map<U>,
    mask: &Mask,
    target: &Geometry,
    how: Interpolation,
) -> Result<(Map<U>, Mask), Error> {
    crate::observation::check_geometry("the mask", map.geometry(), mask.geometry())?;
    let layers = Layers { bands: vec![map.pixels()], valid: Some(mask.valid()) };
    let (mut pixels, valid) = resample(&Source::Flat(FlatGrid::new(map.geometry()), layers), target, how);
    let pixels = pixels.pop().expect("one band goes in and comes out");
    Ok((Map::new(target.clone(), pixels)?, Mask::new(target.clone(), valid)?))
}

/// Brings a mask to a target geometry: a pixel is valid where the source's pixel under its centre is.
pub fn reproject_mask(mask: &Mask, target: &Geometry) -> Mask {
    let layers = Layers { bands: Vec::new(), valid: Some(mask.valid()) };
    let (_, valid) = resample(&Source::Flat(FlatGrid::new(mask.geometry()), layers), target, Interpolation::Nearest);
    Mask::new(target.clone(), valid).expect("one flag for each pixel of the target")
}

/// Samples every pixel of a target, row by row in parallel: pixels `[band][y, x]` and flags `[y, x]`.
fn resample(source: &Source<'_>, target: &Geometry, how: Interpolation) -> (Vec<Vec<f32>>, Vec<bool>) {
    let (nx, n_bands) = (target.shape().nx, source.n_bands());
    let axes = target.native_axes();
    let row = |y: usize| {
        let native = |x: usize| target.pix_to_native(PixelPosition { x: x as f64, y: y as f64 }).map(|v| (x, v));
        let (columns, vectors): (Vec<_>, Vec<_>) = (0..nx).filter_map(native).unzip();
        let (mut pixels, mut valid) = (vec![0.0; n_bands * vectors.len()], vec![false; vectors.len()]);
        source.sample(how, (target.frame(), &axes), &vectors, (&mut pixels, &mut valid));
        (columns, pixels, valid)
    };
    let mut bands = vec![vec![0.0; target.shape().n_pixels()]; n_bands];
    let mut flags = vec![false; target.shape().n_pixels()];
    let rows: Vec<_> = (0..target.shape().ny).into_par_iter().map(row).collect();
    for (y, (columns, pixels, valid)) in rows.into_iter().enumerate() {
        let n = columns.len();
        for (i, x) in columns.into_iter().enumerate() {
            flags[y * nx + x] = valid[i];
            bands.iter_mut().enumerate().for_each(|(band, out)| out[y * nx + x] = pixels[band * n + i]);
        }
    }
    (bands, flags)
}
