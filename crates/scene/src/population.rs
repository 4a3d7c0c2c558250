//! The haloes of one tile.

use crate::conversion::ConversionTable;
use crate::lightcone::LightCone;
use crate::setup::Setup;
use crate::stream::Draw;
use crate::window::{Window, sky_position};
use crate::{Error, Halo, TileKey};
use arcmin_maps::{Geometry, PixelPosition};
use arcmin_sky::LinearPower;
use rand_distr::{Distribution, Poisson, StandardNormal};
use rayon::prelude::*;

/// A halo and where it lies in pixels of the tile, perhaps on the rim.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlacedHalo {
    pub(crate) halo: Halo,
    pub(crate) pixel: PixelPosition,
}

/// What haloes are drawn from.
#[derive(Clone, Debug)]
pub(crate) struct Population {
    light_cone: LightCone,
    conversion: ConversionTable,
    y_ln_scatter: f64,
    abundance_factor: f64,
}

impl Population {
    /// Tabulates the light cone and the conversions of a survey.
    pub(crate) fn new(setup: &Setup, power: &LinearPower) -> Result<Self, Error> {
        let (range, cosmology) = (&setup.haloes, &setup.cosmology);
        Ok(Self {
            light_cone: LightCone::new(range, cosmology, power),
            conversion: ConversionTable::new(range, setup.concentration, cosmology, power)?,
            y_ln_scatter: range.y_ln_scatter,
            abundance_factor: range.abundance_factor,
        })
    }

    /// Draws the haloes of a tile and its rim: Poisson numbers in each shell of redshift, uniform positions.
    ///
    /// Each shell has its own stream. The haloes come in the order of the shells, not yet numbered.
    pub(crate) fn draw(&self, key: TileKey, window: &Window, geometry: &Geometry) -> Vec<PlacedHalo> {
        let shells = 0..self.light_cone.n_shells();
        let draw = |shell| self.draw_shell(shell, key, window, geometry);
        let shells: Vec<Vec<PlacedHalo>> = shells.into_par_iter().map(draw).collect();
        shells.concat()
    }

    fn draw_shell(&self, shell: usize, key: TileKey, window: &Window, geometry: &Geometry) -> Vec<PlacedHalo> {
        let mut rng = key.stream(Draw::Haloes { shell });
        let expected = self.light_cone.per_sr(shell) * window.solid_angle_sr() * self.abundance_factor;
        // Only a mean that is not above zero is refused: a shell in which the mass function underflows.
        let Ok(poisson) = Poisson::new(expected) else {
            return Vec::new();
        };
        let count = poisson.sample(&mut rng) as usize;
        let mut draw = || {
            let (m200m, redshift) = self.light_cone.draw(shell, &mut rng);
            let pixel = window.draw_position(&mut rng);
            let normal: f64 = StandardNormal.sample(&mut rng);
            let median = self.conversion.at(m200m, redshift);
            let y_factor = (self.y_ln_scatter * normal).exp();
            let halo = Halo {
                id: 0,
                position: sky_position(geometry, pixel),
                redshift,
                m200m,
                m200c: median.m200c,
                m500c: median.m500c,
                mvir: median.mvir,
                y0: median.y0 * y_factor,
                theta500: median.theta500,
                c200c: median.c200c,
                y500_mpc2: median.y500_mpc2 * y_factor,
                velocity_km_s: 0.0,
            };
            PlacedHalo { halo, pixel }
        };
        (0..count).map(|_| draw()).collect()
    }
}
