//! Gaussian skies on the sphere: the full sky or an octant of it, on HEALPix pixels.
//!
//! The Gaussian components of a [`Setup`] are drawn as coefficients of spherical harmonics, `a_lm = sqrt(C_l) g_lm` with
//! complex normal deviates of unit mean square (real ones for m = 0), seen by each band through its factor and beam, and
//! made into a map by harmonic synthesis. White noise comes on top, pixel by pixel. There is no monopole and no dipole,
//! and no pixel window: pixels are samples of the sky at their centres.
//!
//! Components that are painted halo by halo or source by source are refused: they live on tiles. Where a component's
//! power differs from tile to tile (galactic dust), the sphere has the median power everywhere.

use crate::foreground::field_model;
use crate::stream::Draw;
use crate::{Component, Error, Setup, Split, TileKey};
use arcmin_maps::healpix::{HealpixBand, HealpixBandMap, HealpixPixels, OrderedPixels};
use arcmin_maps::{Beam, HealpixMap};
use arcmin_sphere::harmonics::{Alm, HarmonicTransform, Progress, RingRegion};
use arcmin_sphere::healpix::{Healpix, PixelSet};
use arcmin_units::Frame;
use num_complex::Complex64;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use std::ops::ControlFlow;

/// Lowest degree that has power.
const ELL_MIN: usize = 2;

/// A simulated sky on the sphere, made band by band.
#[derive(Debug)]
pub struct FullSky {
    setup: Setup,
    transform: HarmonicTransform,
    fields: Vec<SphereField>,
}

/// One Gaussian component.
#[derive(Debug)]
struct SphereField {
    component: Component,
    /// `sqrt(C_l)` in uK at each degree.
    amplitude_uk: Vec<f64>,
    band_factors: Vec<f64>,
}

impl FullSky {
    /// The sky of a description on a region of a HEALPix grid, up to degree `lmax`.
    ///
    /// The description's tiles are not looked at. Skies of one seed share their large scales whatever their `lmax`, and
    /// an octant is what the full sky has there.
    ///
    /// # Errors
    /// [`Error::NotOnSphere`] for a painted component or 1/f noise, and an `lmax` that the grid does not resolve.
    pub fn new(setup: Setup, region: RingRegion, lmax: usize) -> Result<Self, Error> {
        if let Some(&component) = setup.components.iter().find(|component| is_painted(**component)) {
            return Err(Error::NotOnSphere { what: component.name().to_owned() });
        }
        if let Some(band) = setup.bands.iter().find(|band| band.one_over_f.is_some()) {
            return Err(Error::NotOnSphere { what: format!("1/f noise (band {})", band.name) });
        }
        let transform = HarmonicTransform::new(region, lmax)?;
        let fields =
            setup.components.iter().filter_map(|&component| SphereField::new(&setup, component, lmax)).collect();
        Ok(Self { setup, transform, fields })
    }

    /// The pixels.
    pub fn region(&self) -> &RingRegion {
        self.transform.region()
    }

    /// Blocks of rings that each band is made in: `watch` of [`band`](Self::band) is called so often.
    pub fn n_blocks(&self) -> usize {
        self.transform.n_blocks()
    }

    /// Names of the bands.
    pub fn band_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.setup.bands.iter().map(|band| band.name.as_str())
    }

    /// Coefficients in uK of the sky as one band sees it through its beam, without noise.
    pub fn coefficients(&self, band_idx: usize) -> Alm {
        let lmax = self.transform.lmax();
        let mut alm = Alm::zeros(lmax);
        for field in &self.fields {
            field.add(&mut alm, band_idx, self.key());
        }
        let beam = &self.setup.bands[band_idx].beam;
        if *beam != Beam::Delta {
            alm.filter(|ell| beam.transfer(ell as f64));
        }
        alm
    }

    /// The map of one band; `None` when told to stop.
    ///
    /// `watch` is called as the work goes on. Memory: `8 lmax^2` bytes of coefficients, the map in f32, and 256 MiB
    /// for a block of rings.
    ///
    /// # Errors
    /// None is known for a region made by [`RingRegion`].
    pub fn band(
        &self,
        band_idx: usize,
        watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Option<HealpixBand>, Error> {
        let band = &self.setup.bands[band_idx];
        let mut map = vec![0f32; self.region().n_pixels()];
        let alm = self.coefficients(band_idx);
        if self.transform.synthesise_watched(&alm, &mut map, watch).is_break() {
            return Ok(None);
        }
        drop(alm);
        let noise_uk_arcmin = self.setup.has(Component::Noise).then_some(band.noise_uk_arcmin);
        self.add_noise(band_idx, noise_uk_arcmin.unwrap_or(0.0), &mut map);
        let map = HealpixMap::new(Frame::Equatorial, pixels(self.region(), map)?);
        Ok(Some(HealpixBand {
            name: band.name.clone(),
            beam: band.beam.clone(),
            noise_arcmin: noise_uk_arcmin,
            map: HealpixBandMap::Temperature { nu: Some(band.nu), map },
        }))
    }

    /// White noise of a given depth, each ring with a stream of its own.
    fn add_noise(&self, band_idx: usize, noise_uk_arcmin: f64, mut map: &mut [f32]) {
        if noise_uk_arcmin == 0.0 {
            return;
        }
        let sigma_uk = (noise_uk_arcmin / self.region().nside().resolution().value()) as f32;
        let mut rings = Vec::new();
        for ring in self.region().iter() {
            let (pixels, rest) = map.split_at_mut(self.region().len_on(&ring));
            map = rest;
            rings.push((ring.ring, pixels));
        }
        rings.into_par_iter().for_each(|(ring, pixels)| {
            let mut rng = self.key().stream(Draw::RingNoise { band_idx, ring });
            pixels.iter_mut().for_each(|pixel| {
                let normal: f32 = StandardNormal.sample(&mut rng);
                *pixel += sigma_uk * normal;
            });
        });
    }

    /// Draws of full skies have names of their own, so that no tile shares their streams.
    fn key(&self) -> TileKey {
        TileKey { seed: self.setup.seed, split: Split::Test, tile: 0 }
    }
}

impl SphereField {
    fn new(setup: &Setup, component: Component, lmax: usize) -> Option<Self> {
        let model = field_model(setup, component)?;
        let amplitude = |ell: usize| if ell < ELL_MIN { 0.0 } else { (model.c_ell_uk2_sr)(ell as f64).sqrt() };
        let amplitude_uk = (0..=lmax).map(amplitude).collect();
        Some(Self { component, amplitude_uk, band_factors: model.band_factors })
    }

    /// Adds the component as a band sees it. Each order has its own stream: the same bits for any number of threads.
    fn add(&self, alm: &mut Alm, band_idx: usize, key: TileKey) {
        let factor = self.band_factors[band_idx];
        alm.orders_mut().into_par_iter().enumerate().for_each(|(m, row)| {
            let mut rng = key.stream(Draw::Harmonic { component: self.component, m });
            let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
            for (a, amplitude) in row.iter_mut().zip(&self.amplitude_uk[m..]) {
                let deviate = match m {
                    0 => Complex64::new(normal(), 0.0),
                    _ => Complex64::new(normal(), normal()) * std::f64::consts::FRAC_1_SQRT_2,
                };
                *a += deviate * (factor * amplitude);
            }
        });
    }
}

/// Whether a component is made of single haloes or sources.
pub fn is_painted(component: Component) -> bool {
    use Component::{DustySources, HaloLensing, KszHaloes, RadioSources, Tsz};
    matches!(component, Tsz | KszHaloes | RadioSources | DustySources | HaloLensing)
}

/// The pixels of a region in ring order.
fn pixels(region: &RingRegion, values: Vec<f32>) -> Result<OrderedPixels, Error> {
    let grid = Healpix::ring(region.nside());
    if values.len() as u64 == grid.n_pixels() {
        return Ok(HealpixPixels::full(grid, values)?.into());
    }
    let runs = region.iter().map(|ring| ring.first_pixel..ring.first_pixel + region.len_on(&ring) as u64);
    Ok(HealpixPixels::partial(PixelSet::from_ranges(grid, runs), values)?.into())
}
