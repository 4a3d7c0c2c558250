//! The CMB of a tile as its massive haloes deflect it.

use super::interpolate::add_lensed;
use super::{Deflection, PlacedLens, Taper};
use crate::field::{Column, Field};
use crate::foreground::cmb_c_ell;
use crate::population::PlacedHalo;
use crate::tile::TileContext;
use crate::window::Window;
use crate::{Component, Error, Setup};
use arcmin_fft::{RealFft2, Scratch, Wavenumbers};
use arcmin_maps::PixelPosition;
use arcmin_sky::{Cosmology, NfwHalo};
use arcmin_units::{Arcmin, M200m, Redshift};
use num_complex::Complex;
use rayon::prelude::*;

/// Draws the CMB and deflects it.
#[derive(Debug)]
pub(crate) struct LensedCmb {
    field: Field,
    wavenumbers: Wavenumbers,
    cosmology: Cosmology,
    m200m_min: M200m,
    z_source: Redshift,
    taper: Taper,
}

impl LensedCmb {
    /// Tables of a survey; `None` without the components `cmb` and `halo_lensing`.
    ///
    /// With it the CMB is no Gaussian field of the renderer any more.
    pub(crate) fn new(setup: &Setup, window: Window, wavenumbers: &Wavenumbers) -> Result<Option<Self>, Error> {
        let is_kept = setup.has(Component::Cmb) && setup.has(Component::HaloLensing);
        let Some(config) = setup.optional.halo_lensing.as_ref().filter(|_| is_kept) else { return Ok(None) };
        Ok(Some(Self {
            field: Field::new(Component::Cmb, cmb_c_ell(setup), &[1.0], wavenumbers, window.pixel_rad().powi(2)),
            wavenumbers: wavenumbers.clone(),
            cosmology: setup.cosmology,
            m200m_min: config.m200m_min(),
            z_source: config.z_source(),
            taper: config.taper()?,
        }))
    }

    /// Adds the lensed CMB in uK to an image of the padded window.
    ///
    /// The unlensed field is that of the same tile without the component `halo_lensing`: it has the lensed spectrum, so that
    /// what the large-scale structure does is in its power and what the haloes do comes on top.
    pub(crate) fn add(
        &self,
        tile: &TileContext,
        fft: &RealFft2<f32>,
        scratch: &mut Scratch<f32>,
        image: &mut [f32],
    ) -> Result<(), Error> {
        let deflection = self.deflection(tile)?;
        let mut unlensed = vec![0f32; fft.map_len()];
        fft.inverse_with(&mut unlensed, scratch, |kx, modes: &mut [Complex<f32>]| {
            modes.fill(Complex::default());
            self.field.add_column(0, tile.key, 1.0, &Column::new(&self.wavenumbers, kx), modes);
        });
        add_lensed(&unlensed, &deflection, image);
        Ok(())
    }

    /// The deflection by the massive haloes of a tile and its rim, on the padded window.
    fn deflection(&self, tile: &TileContext) -> Result<Deflection, Error> {
        let massive = tile.placed.par_iter().filter(|placed| placed.halo.m200m >= self.m200m_min);
        let lenses = massive.map(|placed| self.lens(placed, &tile.window)).collect::<Result<Vec<_>, _>>()?;
        Ok(Deflection::of_haloes(tile.window.padded, &lenses, &self.taper))
    }

    fn lens(&self, placed: &PlacedHalo, window: &Window) -> Result<PlacedLens, Error> {
        let halo = &placed.halo;
        let nfw = NfwHalo::from_concentration(halo.m200c, halo.c200c, halo.redshift, &self.cosmology)?;
        let rim = window.rim() as f64;
        let centre = PixelPosition { x: placed.pixel.x + rim, y: placed.pixel.y + rim };
        let rad2_per_arcmin2 = Arcmin::new(1.0).to_rad().value().powi(2);
        let metric_rad2 = window.metric_arcmin2(placed.pixel).map(|m| m * rad2_per_arcmin2);
        Ok(PlacedLens::with_metric(nfw.lens(self.z_source)?, centre, metric_rad2))
    }
}
