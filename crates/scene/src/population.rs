//! The haloes of one tile.

mod clustered;

use crate::clustering::{LargeScale, velocity_per_displacement_km_s_mpc};
use crate::conversion::ConversionTable;
use crate::lightcone::LightCone;
use crate::setup::Setup;
use crate::stream::Draw;
use crate::window::{Window, sky_position};
use crate::{Error, Halo, TileKey};
use arcmin_maps::{Geometry, PixelPosition};
use arcmin_sky::LinearPower;
use arcmin_units::{M200m, Mpc, Redshift};
use clustered::ShellBias;
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
    shells: Vec<ShellMotion>,
    /// How haloes follow the density, one a shell; empty without clustering.
    bias: Vec<ShellBias>,
    y_ln_scatter: f64,
    concentration_ln_scatter: f64,
    abundance_factor: f64,
}

/// The motion of haloes in one shell.
#[derive(Clone, Copy, Debug)]
struct ShellMotion {
    /// Velocity in km/s of a displacement of 1 Mpc today.
    km_s_per_mpc: f64,
    /// Rms of the velocity along the line of sight, in linear theory without smoothing.
    rms_km_s: f64,
}

/// A halo before its properties are looked up.
#[derive(Clone, Copy, Debug)]
struct Seed {
    m200m: M200m,
    redshift: Redshift,
    pixel: PixelPosition,
    /// Normal deviate of ln y.
    y_normal: f64,
    /// Cell of the density field, zero without one.
    cell: usize,
}

impl Population {
    /// Tabulates the light cone and the conversions of a survey.
    pub(crate) fn new(setup: &Setup, power: &LinearPower) -> Result<Self, Error> {
        let (range, cosmology) = (&setup.haloes, &setup.cosmology);
        let light_cone = LightCone::new(range, cosmology, power);
        let shells = 0..light_cone.n_shells();
        let bias = |shell| ShellBias::new(&light_cone, shell, power);
        Ok(Self {
            shells: shells.clone().map(|shell| ShellMotion::new(light_cone.redshifts(shell), power)).collect(),
            bias: if setup.optional.clustering.is_some() {
                shells.into_par_iter().map(bias).collect()
            } else {
                Vec::new()
            },
            light_cone,
            conversion: ConversionTable::new(range, setup.concentration, cosmology, power)?,
            y_ln_scatter: range.y_ln_scatter,
            concentration_ln_scatter: range.concentration_ln_scatter,
            abundance_factor: range.abundance_factor,
        })
    }

    /// Draws the haloes of a tile and its rim: Poisson numbers in each shell of redshift, at uniform positions or in
    /// proportion to the density of their kind.
    ///
    /// Each shell has its own streams. The haloes come in the order of the shells, not yet numbered.
    pub(crate) fn draw(
        &self,
        key: TileKey,
        window: &Window,
        geometry: &Geometry,
        structure: Option<&LargeScale>,
    ) -> Vec<PlacedHalo> {
        let shells = 0..self.light_cone.n_shells();
        let draw = |shell| {
            let seeds = match structure {
                None => self.draw_uniform(shell, key, window),
                Some(structure) => self.draw_clustered(shell, key, window, structure),
            };
            self.grow(shell, key, geometry, structure, &seeds)
        };
        let shells: Vec<Vec<PlacedHalo>> = shells.into_par_iter().map(draw).collect();
        shells.concat()
    }

    fn draw_uniform(&self, shell: usize, key: TileKey, window: &Window) -> Vec<Seed> {
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
            Seed { m200m, redshift, pixel, y_normal: StandardNormal.sample(&mut rng), cell: 0 }
        };
        (0..count).map(|_| draw()).collect()
    }

    /// Gives the haloes of a shell all else that they have.
    fn grow(
        &self,
        shell: usize,
        key: TileKey,
        geometry: &Geometry,
        structure: Option<&LargeScale>,
        seeds: &[Seed],
    ) -> Vec<PlacedHalo> {
        let mut concentrations = key.stream(Draw::Concentrations { shell });
        let mut velocities = key.stream(Draw::Velocities { shell });
        let mut grow = |seed: &Seed| {
            let c_normal: f64 = StandardNormal.sample(&mut concentrations);
            let v_normal: f64 = StandardNormal.sample(&mut velocities);
            let ln_c_offset = self.concentration_ln_scatter * c_normal;
            let typical = self.conversion.at(seed.m200m, seed.redshift, ln_c_offset);
            let y_factor = (self.y_ln_scatter * seed.y_normal).exp();
            let halo = Halo {
                id: 0,
                position: sky_position(geometry, seed.pixel),
                redshift: seed.redshift,
                m200m: seed.m200m,
                m200c: typical.m200c,
                m500c: typical.m500c,
                mvir: typical.mvir,
                y0: typical.y0 * y_factor,
                theta500: typical.theta500,
                c200c: typical.c200c,
                y500_mpc2: typical.y500_mpc2 * y_factor,
                velocity_km_s: self.shells[shell].velocity_km_s(structure, seed.cell, v_normal),
            };
            PlacedHalo { halo, pixel: seed.pixel }
        };
        seeds.iter().map(&mut grow).collect()
    }
}

impl ShellMotion {
    fn new([z_near, z_far]: [f64; 2], power: &LinearPower) -> Self {
        let z = Redshift::new(0.5 * (z_near + z_far));
        Self {
            km_s_per_mpc: velocity_per_displacement_km_s_mpc(power, z),
            rms_km_s: power.velocity_rms_1d_km_s(Mpc::new(0.0), z),
        }
    }

    fn velocity_km_s(&self, structure: Option<&LargeScale>, cell: usize, normal: f64) -> f64 {
        match structure {
            None => self.rms_km_s * normal,
            Some(structure) => {
                let missing_mpc = structure.missing_displacement_mpc * normal;
                self.km_s_per_mpc * (structure.displacement_mpc(cell) + missing_mpc)
            }
        }
    }
}
