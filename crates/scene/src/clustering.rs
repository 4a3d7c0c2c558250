//! How haloes follow the large-scale structure.
//!
//! One Gaussian field `g` on a comoving grid around the tile's light cone holds the density today. Haloes of bias `b`
//! at redshift z are a Poisson sample of the log-normal density `exp(a g - a^2 <g^2> / 2)` with `a = b D(z)`, whose
//! mean is one, so that clustering changes no mean count. The spectrum of `g` is that for which haloes with `a` of
//! 1.5 have exactly `xi = a^2 xi_linear` (Coles & Jones 1991); others have it on large scales.
//!
//! The line-of-sight velocity comes from the same modes, `v = i a H f k_z / k^2 delta_k`. What the grid cannot hold of
//! its variance, in waves shorter than two cells or longer than the box, is an independent normal deviate a halo.
//!
//! The tile's cone stands in the box as it does in space: a halo at comoving distance r in direction n lies at r n.
//! The box is a plane-parallel universe in which "along the line of sight" is the box's long axis, 5 degrees off at most.

mod density;
mod grid;
mod lognormal;

pub(crate) use density::DensityField;

use crate::setup::{HaloRange, require};
use crate::window::Window;
use crate::{Error, TileKey};
use arcmin_sky::LinearPower;
use arcmin_units::{Mpc, Redshift};
use grid::{Amplitude, FieldGrid};
use serde::{Deserialize, Serialize};

/// Least side of the box across the line of sight: opposite sides are neighbours.
const LEAST_WIDTH_MPC: f64 = 400.0;
/// Length of the box beyond the farthest halo: its ends are neighbours.
const EXTRA_LENGTH_MPC: f64 = 150.0;
/// Most cells, 1.5 GB of them.
const MAX_CELLS: f64 = 2e8;

/// The density field that haloes follow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusteringConfig {
    /// Side of a cell of the density field, comoving. Haloes know nothing of structure within a cell.
    ///
    /// It must not be much smaller than the region that the heaviest haloes collapsed from, 20 to 25 Mpc for clusters:
    /// with a bias of 4 to 10 the log-normal density of smaller cells has rare peaks with more haloes than matter.
    /// Cells of 25 Mpc serve clusters; of 10 Mpc, haloes below some 1e14 Msun alone.
    pub cell_mpc: f64,
}

impl ClusteringConfig {
    pub(crate) fn check(&self) -> Result<(), Error> {
        let fits = (4.0..=40.0).contains(&self.cell_mpc);
        require("clustering.cell_mpc", self.cell_mpc, fits, "from 4 to 40")
    }
}

/// What density and velocity fields are drawn from.
#[derive(Clone, Debug)]
pub(crate) struct StructureModel {
    grid: FieldGrid,
    window: Window,
    /// Modes of `g` today.
    density: Amplitude,
    /// Modes of the displacement along the line of sight today, over `i k_z / k^2`.
    displacement: Amplitude,
    /// `<g^2>` in a cell.
    density_variance: f64,
    /// Rms displacement along the line of sight that the grid lacks.
    missing_displacement_mpc: f64,
}

/// The large-scale structure of one tile.
#[derive(Clone, Debug)]
pub(crate) struct LargeScale {
    pub(crate) density: DensityField,
    /// Displacement along the line of sight today in each cell, in Mpc.
    displacement_mpc: Vec<f32>,
    /// Rms displacement that the field lacks.
    pub(crate) missing_displacement_mpc: f64,
}

impl StructureModel {
    /// Lays the grid around the window's light cone and tabulates the spectra.
    pub(crate) fn new(
        config: &ClusteringConfig,
        range: &HaloRange,
        window: Window,
        power: &LinearPower,
    ) -> Result<Self, Error> {
        let farthest = power.cosmology().comoving_distance(range.z_max).value();
        let width = (farthest * window.padded.nx as f64 * window.pixel_rad()).max(LEAST_WIDTH_MPC);
        let length = farthest + EXTRA_LENGTH_MPC;
        let n_cells = width * width * length / config.cell_mpc.powi(3);
        require("clustering.cell_mpc", config.cell_mpc, n_cells < MAX_CELLS, "larger: the density field is too fine")?;
        let grid = FieldGrid::new(width, length, config.cell_mpc)?;
        let today = Redshift::new(0.0);
        let spectrum = lognormal::spectrum(|k| power.power(k, today), 0.5 * config.cell_mpc, grid.k_max());
        let density = grid.amplitude(|k| spectrum.at(k));
        let displacement = grid.amplitude(|k| power.power(k, today));
        let per_km_s = 1.0 / velocity_per_displacement_km_s_mpc(power, today);
        let total = (power.velocity_rms_1d_km_s(Mpc::new(0.0), today) * per_km_s).powi(2);
        let missing = (total - grid.displacement_variance(&displacement)).max(0.0);
        Ok(Self {
            density_variance: grid.variance(&density),
            missing_displacement_mpc: missing.sqrt(),
            grid,
            window,
            density,
            displacement,
        })
    }

    /// Draws the structure of one tile.
    pub(crate) fn draw(&self, key: TileKey) -> LargeScale {
        let density = self.grid.draw(key, &self.density);
        let displacement_mpc = self.grid.draw_displacement(key, &self.displacement);
        let density = DensityField::new(self.grid.cells(), density, self.density_variance, self.window);
        LargeScale { density, displacement_mpc, missing_displacement_mpc: self.missing_displacement_mpc }
    }
}

impl LargeScale {
    /// Displacement along the line of sight in a cell today, in Mpc.
    pub(crate) fn displacement_mpc(&self, cell: usize) -> f64 {
        f64::from(self.displacement_mpc[cell])
    }
}

/// Velocity in km/s of a displacement of 1 Mpc today, at a redshift: `a H f D`.
pub(crate) fn velocity_per_displacement_km_s_mpc(power: &LinearPower, z: Redshift) -> f64 {
    let growth = power.growth();
    z.scale_factor() * power.cosmology().hubble_km_s_mpc(z) * growth.rate(z) * growth.factor(z)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Split;
    use arcmin_maps::Shape;
    use arcmin_sky::Cosmology;
    use arcmin_units::{Arcmin, M200m};

    pub(super) fn model(n_pixels: usize, z_max: f64) -> StructureModel {
        let power = LinearPower::eisenstein_hu98(&Cosmology::sehgal_wmap5());
        let range = HaloRange {
            m200m_min: M200m::new(1e13),
            m200m_max: M200m::new(5e15),
            z_min: Redshift::new(0.02),
            z_max: Redshift::new(z_max),
            y_ln_scatter: 0.0,
            concentration_ln_scatter: 0.0,
            pressure: crate::PressureModel::Arnaud10,
            abundance_factor: 1.0,
        };
        let square = |n| Shape { ny: n, nx: n };
        let window = Window::new(square(n_pixels), square(n_pixels), Arcmin::new(1.0).to_rad());
        StructureModel::new(&ClusteringConfig { cell_mpc: 9.0 }, &range, window, &power).unwrap()
    }

    fn key(tile: u64) -> TileKey {
        TileKey { seed: 9, split: Split::Test, tile }
    }

    /// The variance of displacements on the grid and off it, in km/s, against the entry velocity_rms_1d of the
    /// reference numbers (colossus 1.3: 306.9, 289.7 and 253.2 km/s at z = 0.2, 0.7 and 1.5 in the Planck 2018 cosmology)
    /// scaled to this one by linear theory; 3% of the variance for 12 boxes of some 50 independent waves each.
    #[test]
    fn velocities_have_the_rms_of_linear_theory() {
        let model = model(240, 1.0);
        let power = LinearPower::eisenstein_hu98(&Cosmology::sehgal_wmap5());
        let missing = model.missing_displacement_mpc.powi(2);
        let mean_square = |tile| {
            let structure = model.draw(key(tile));
            let n = structure.displacement_mpc.len() as f64;
            structure.displacement_mpc.iter().map(|&d| f64::from(d).powi(2)).sum::<f64>() / n
        };
        let on_grid = (0..12).map(mean_square).sum::<f64>() / 12.0;
        assert!((0.03..0.4).contains(&(missing / on_grid)), "{missing} {on_grid}");
        for z in [0.2, 0.7, 1.5] {
            let z = Redshift::new(z);
            let rms = velocity_per_displacement_km_s_mpc(&power, z) * (on_grid + missing).sqrt();
            let expected = power.velocity_rms_1d_km_s(Mpc::new(0.0), z);
            assert!((rms / expected - 1.0).abs() < 0.05, "{z}: {rms} {expected}");
        }
    }

    /// Mean of `exp(a g - a^2 <g^2> / 2)` over boxes is one, for the bias of groups and of clusters: clustering changes
    /// no mean count. The scatter of boxes gives the standard error; false alarm 1e-3.
    #[test]
    fn density_of_any_bias_has_mean_one() {
        let model = model(120, 0.5);
        for a in [1.3, 2.5] {
            let mean = |tile| {
                let density = model.draw(key(tile)).density;
                let n = density.cells().len();
                let favour = |cell| (a * density.at(cell) - 0.5 * a * a * density.variance()).exp();
                (0..n).map(favour).sum::<f64>() / n as f64
            };
            let means: Vec<f64> = (0..16).map(mean).collect();
            let average = means.iter().sum::<f64>() / 16.0;
            let error = (means.iter().map(|m| (m - average).powi(2)).sum::<f64>() / (16.0 * 15.0)).sqrt();
            assert!((average - 1.0).abs() < 4.5 * error && error < 0.03, "{a}: {average} +- {error}");
        }
    }
}
