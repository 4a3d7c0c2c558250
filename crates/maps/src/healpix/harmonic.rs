//! Smoothing and power spectra of maps on the sphere, by spherical harmonics.

use super::{HealpixMap, HealpixPixels, OrderedPixels};
use crate::{Beam, Error};
use arcmin_sphere::harmonics::{Alm, HarmonicTransform, RingRegion};
use arcmin_sphere::healpix::{Ordering, PixelIndex};
use arcmin_units::PixelUnit;
use rayon::prelude::*;

/// Iterations of the harmonic analysis unless told otherwise: the quadrature on HEALPix pixels is not exact.
const ITERATIONS: usize = 3;
/// Where less than this share of a beam falls on valid pixels, the weighted mean under it is not given.
const WEIGHT_MIN: f64 = 1e-3;

/// What missing pixels count as while a map is smoothed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingPixels {
    /// As zero: flux is kept, and the map fades towards its edges.
    Zero,
    /// Not at all: the smoothed map is divided by the smoothed footprint, which gives the weighted mean of the valid pixels
    /// under the beam. Meant for positive beams; the result is missing where the footprint's share is below 0.001.
    WeightedMean,
}

impl<U: PixelUnit> HealpixMap<U> {
    /// The map smoothed with a beam, up to degree `3 nside - 1` and with three iterations of analysis.
    ///
    /// The result is full where the map is: pixels that are missing stay so. It is what healpy's `smoothing` gives, with
    /// missing pixels as zero.
    ///
    /// # Errors
    /// None is known for a map that could be made.
    pub fn smoothed(&self, beam: &Beam, missing: MissingPixels) -> Result<Self, Error> {
        let lmax = 3 * self.nside().value() as usize - 1;
        let transform = HarmonicTransform::new(RingRegion::full_sky(self.nside()), lmax)?;
        let (values, footprint) = self.ring_values();
        let mut smooth = smooth(&transform, &values, beam)?;
        if missing == MissingPixels::WeightedMean && footprint.contains(&0.0) {
            let weights = self::smooth(&transform, &footprint, beam)?;
            smooth.par_iter_mut().zip(weights).for_each(|(value, weight)| {
                *value = if f64::from(weight) < WEIGHT_MIN { f32::NAN } else { *value / weight };
            });
        }
        Ok(Self::new(self.frame(), self.with_ring_values(&smooth)?))
    }

    /// Coefficients of the map up to `lmax`, missing pixels counting as zero; three iterations.
    ///
    /// # Errors
    /// When the grid does not resolve `lmax`: more than `4 nside`.
    pub fn harmonics(&self, lmax: usize) -> Result<Alm, Error> {
        let transform = HarmonicTransform::new(RingRegion::full_sky(self.nside()), lmax)?;
        Ok(transform.analyse(&self.ring_values().0, ITERATIONS)?)
    }

    /// Power spectrum `C_l`, l = 0 to `lmax`, in the square of the map's unit times steradian: that of the map with its
    /// missing pixels as zero, over the share of the sky that is valid.
    ///
    /// This undoes the loss of power, and not the coupling of neighbouring degrees by the footprint, some `180 deg` over
    /// its size wide. Beam and pixel window are not divided out; neither is a monopole or dipole taken off, which leak
    /// into other degrees on a part of the sky.
    ///
    /// # Errors
    /// [`Error::NoWeight`] when every pixel is missing, and as [`harmonics`](Self::harmonics).
    pub fn power_spectrum(&self, lmax: usize) -> Result<Vec<f64>, Error> {
        let sky_frac = self.sky_frac();
        if sky_frac == 0.0 {
            return Err(Error::NoWeight);
        }
        let mut power = self.harmonics(lmax)?.power();
        power.iter_mut().for_each(|c| *c /= sky_frac);
        Ok(power)
    }

    /// The full sky in ring order, zero where missing, and one where there is a value.
    fn ring_values(&self) -> (Vec<f32>, Vec<f32>) {
        let n = self.nside().n_pixels() as usize;
        let (mut values, mut valid) = (vec![0.0; n], vec![0.0; n]);
        let mut set = |ring: u64, value: Option<f32>| {
            if let Some(value) = value {
                values[ring as usize] = value;
                valid[ring as usize] = 1.0;
            }
        };
        match self.pixels() {
            OrderedPixels::Ring(pixels) => pixels.iter().for_each(|(pixel, value)| set(pixel.number(), value)),
            OrderedPixels::Nested(pixels) => {
                let grid = pixels.grid();
                pixels.iter().for_each(|(pixel, value)| set(grid.to_ring(pixel).number(), value));
            }
        }
        (values, valid)
    }

    /// Pixels like those of this map, with values from the full sky in ring order; missing ones stay missing.
    fn with_ring_values(&self, ring: &[f32]) -> Result<OrderedPixels, Error> {
        Ok(match self.pixels() {
            OrderedPixels::Ring(pixels) => with_values(pixels, |pixel| ring[pixel.number() as usize])?.into(),
            OrderedPixels::Nested(pixels) => {
                let grid = pixels.grid();
                with_values(pixels, |pixel| ring[grid.to_ring(pixel).number() as usize])?.into()
            }
        })
    }
}

fn with_values<O: Ordering>(
    pixels: &HealpixPixels<O>,
    value_of: impl Fn(PixelIndex<O>) -> f32,
) -> Result<HealpixPixels<O>, Error> {
    let values = pixels.iter().map(|(pixel, value)| value.map_or(f32::NAN, |_| value_of(pixel))).collect();
    match pixels.covered() {
        None => HealpixPixels::full(pixels.grid(), values),
        Some(covered) => HealpixPixels::partial(covered.clone(), values),
    }
}

fn smooth(transform: &HarmonicTransform, values: &[f32], beam: &Beam) -> Result<Vec<f32>, Error> {
    let mut alm = transform.analyse(values, ITERATIONS)?;
    alm.filter(|ell| beam.transfer(ell as f64));
    let mut smooth = vec![0.0; values.len()];
    transform.synthesise(&alm, &mut smooth);
    Ok(smooth)
}
