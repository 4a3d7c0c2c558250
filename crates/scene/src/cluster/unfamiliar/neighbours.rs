//! Haloes on the line of sight.

use super::config::NeighboursConfig;
use crate::cluster::{ClusterModel, ViewGrid};
use crate::conversion::{ConversionTable, HaloProperties};
use crate::lightcone::LightCone;
use crate::paint::{ProfileTable, Stamp, paint};
use crate::{ConcentrationModel, Error};
use arcmin_sky::pressure::{Arnaud10, ProjectedGnfw};
use arcmin_units::{Arcmin, M500c, Redshift};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, Poisson};
use std::f64::consts::{PI, TAU};

/// Poisson haloes from the mass function, with the gas of Arnaud10.
#[derive(Clone, Debug)]
pub(super) struct Neighbours {
    light_cone: LightCone,
    conversion: ConversionTable,
    shape: ProfileTable,
    radius: Arcmin,
    /// Mean Compton y of a sky of such haloes.
    mean_y: f64,
}

impl Neighbours {
    /// Tabulates the light cone of a model's cosmology.
    pub(super) fn new(raw: &NeighboursConfig, model: &ClusterModel) -> Result<Self, Error> {
        let (range, cosmology) = (raw.range(), model.cosmology());
        let light_cone = LightCone::new(&range, cosmology, model.power());
        let conversion = ConversionTable::new(&range, ConcentrationModel::Duffy08, cosmology, model.power())?;
        let shape = ProjectedGnfw::arnaud10();
        let mean_y = mean_y(&light_cone, &conversion, shape_integral(model)?);
        Ok(Self {
            light_cone,
            conversion,
            shape: ProfileTable::new(|x| shape.at(x), 5.0),
            radius: Arcmin::new(raw.radius_arcmin),
            mean_y,
        })
    }

    /// Adds the haloes about one cluster to an image of Compton y, less their mean. `stream` is that of a redshift shell.
    pub(super) fn add<R: Rng>(&self, stream: impl Fn(usize) -> R, grid: &ViewGrid, image: &mut [f32]) {
        let radius_rad = self.radius.to_rad().value();
        let mut stamps = Vec::new();
        for shell in 0..self.light_cone.n_shells() {
            let mut rng = stream(shell);
            let expected = self.light_cone.per_sr(shell) * PI * radius_rad * radius_rad;
            // Only a mean that is not above zero is refused: a shell in which the mass function underflows.
            let Ok(poisson) = Poisson::new(expected) else { continue };
            for _ in 0..poisson.sample(&mut rng) as usize {
                let (mass, z) = self.light_cone.draw(shell, &mut rng);
                let [share, turn]: [f64; 2] = rng.random();
                stamps.push(self.stamp(&self.conversion.at(mass, z, 0.0), [share, turn], grid));
            }
        }
        image.iter_mut().for_each(|pixel| *pixel -= self.mean_y as f32);
        paint(image, grid.n_pixels_side(), &stamps, std::slice::from_ref(&self.shape));
    }

    /// A halo at a place that is uniform on the disc.
    fn stamp(&self, halo: &HaloProperties, [share, turn]: [f64; 2], grid: &ViewGrid) -> Stamp {
        let pixel_arcmin = grid.pixel().value();
        let radius_pixels = self.radius.value() * share.sqrt() / pixel_arcmin;
        let (sin, cos) = (TAU * turn).sin_cos();
        let centre = grid.centre() as f64;
        let scale = pixel_arcmin * pixel_arcmin;
        Stamp {
            x: centre + radius_pixels * cos,
            y: centre + radius_pixels * sin,
            metric_arcmin2: [scale, 0.0, scale],
            unit_arcmin: halo.theta500.to_arcmin().value(),
            profile_idx: 0,
            central: halo.y0,
        }
    }
}

/// Whole Compton y of a halo over that at its centre, in theta500 squared: one number for all with the profile of Arnaud10.
fn shape_integral(model: &ClusterModel) -> Result<f64, Error> {
    let gas = Arnaud10::new(M500c::new(1e14), Redshift::new(0.5), model.cosmology())?;
    Ok(gas.y_total_mpc2() / (gas.y0() * gas.r500().value().powi(2)))
}

/// Mean Compton y over the sky: each cell of mass at its middle, each shell of redshift at its own.
fn mean_y(light_cone: &LightCone, conversion: &ConversionTable, shape_integral: f64) -> f64 {
    let of_shell = |shell: usize| -> f64 {
        let [near, far] = light_cone.redshifts(shell);
        let z = Redshift::new(0.5 * (near + far));
        let of_cell = |cell: usize| {
            let [low, high] = [cell, cell + 1].map(|node| light_cone.mass_at_node(node).value());
            let halo = conversion.at(arcmin_units::M200m::new((low * high).sqrt()), z, 0.0);
            let y_sr = halo.y0 * halo.theta500.value().powi(2) * shape_integral;
            light_cone.per_sr_in(shell, &(cell..cell + 1)) * y_sr
        };
        (0..light_cone.n_cells()).map(of_cell).sum()
    };
    (0..light_cone.n_shells()).map(of_shell).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::ClusterConfig;
    use arcmin_sky::Cosmology;
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    /// The mean over 150 images of 10' around the middle of a disc of 20', of haloes up to 2e14 Msun beyond z = 0.2, whose
    /// scatter from image to image allows 6%; false alarm 6e-5 (4 sigma).
    #[test]
    fn the_mean_of_neighbours_is_taken_off() {
        let model = ClusterModel::new(&ClusterConfig::smooth_spheres(), &Cosmology::wmap7()).unwrap();
        let raw = NeighboursConfig { m200m_msun: [1e13, 2e14], z: [0.2, 3.0], radius_arcmin: 20.0 };
        let neighbours = Neighbours::new(&raw, &model).unwrap();
        let grid = ViewGrid::new(20, Arcmin::new(0.5)).unwrap();
        let n = 150;
        let means: Vec<f64> = (0..n)
            .map(|seed| {
                let mut image = vec![0f32; 400];
                let stream = |shell: usize| Xoshiro256PlusPlus::seed_from_u64(1000 * seed + shell as u64);
                neighbours.add(stream, &grid, &mut image);
                image.iter().map(|&y| f64::from(y)).sum::<f64>() / 400.0
            })
            .collect();
        let mean = means.iter().sum::<f64>() / n as f64;
        let sigma = (means.iter().map(|m| (m - mean).powi(2)).sum::<f64>() / n as f64).sqrt() / (n as f64).sqrt();
        assert!(neighbours.mean_y > 2e-7 && neighbours.mean_y < 3e-6, "{:e}", neighbours.mean_y);
        assert!(sigma < 0.06 * neighbours.mean_y, "{sigma:e} {:e}", neighbours.mean_y);
        assert!(mean.abs() < 4.0 * sigma, "{mean:e} {sigma:e}");
    }
}
