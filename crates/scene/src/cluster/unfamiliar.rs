//! A test set of clusters that a mass estimator has not been trained for.
//!
//! They stand for the clusters of a hydrodynamical simulation: triaxial, clumpy, some of them merging, stirred; off the relation
//! of mass and Compton y by a stated factor and with a stated scatter; among other haloes on the line of sight, with the
//! kinetic effect of their motion. There is no CMB, foreground, beam or noise in them: one cluster serves many skies.
//!
//! Images hold pixel means of the model itself. A simulation's own pixels would be interpolated to these, which smooths by
//! some 0.2'; after a beam of 1' that is 2% in width and is left out.

mod config;
mod neighbours;

use super::model::Y_SLOPE;
use super::{ClusterModel, Direction, DynamicalState, ViewGrid};
use crate::stream::Draw;
use crate::{Error, Split, TileKey};
use arcmin_sky::sz::tsz_uk_per_y;
use arcmin_sky::{Cosmology, Tinker08};
use arcmin_units::constants::T_CMB_UK;
use arcmin_units::{Arcmin, Ghz, M200c, Redshift};
pub use config::{NeighboursConfig, UnfamiliarConfig};
use neighbours::Neighbours;
use rand::RngExt;

/// Numbers of the draws that the cluster model does not make; they must never change.
const DRAW_MASS: u8 = 3;
const DRAW_NEIGHBOURS: u8 = 4;
/// Nodes in ln M of the distribution of masses.
const MASS_NODES: usize = 257;

/// The test set: clusters by number, each drawn when it is asked for.
///
/// ```
/// use arcmin_scene::cluster::{UnfamiliarClusters, UnfamiliarConfig};
/// use arcmin_units::Ghz;
/// let config = UnfamiliarConfig { n_clusters: 2, ..UnfamiliarConfig::default() };
/// let clusters = UnfamiliarClusters::new(&config, 7)?;
/// let cluster = clusters.cluster(1)?;
/// assert_eq!((cluster.n_pixels_side, cluster.redshift.value()), (80, 0.73));
/// let coldest_uk = cluster.temperature_uk(Ghz::new(150.0)).into_iter().fold(0.0, f32::min);
/// assert!((-500.0..-20.0).contains(&coldest_uk));
/// # Ok::<(), arcmin_scene::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct UnfamiliarClusters {
    model: ClusterModel,
    grid: ViewGrid,
    n_clusters: usize,
    seed: u64,
    /// Redshifts, taken in turn, and the distribution of masses at each.
    masses: Vec<(Redshift, MassDistribution)>,
    neighbours: Option<Neighbours>,
}

/// One cluster of the test set and what lies on its line of sight; images of `n x n` pixels, row by row, the centre of
/// the cluster's main halo on pixel `(n / 2, n / 2)`.
#[derive(Clone, Debug, PartialEq)]
pub struct UnfamiliarCluster {
    /// The mass to be found.
    pub m200c: M200c,
    /// Redshift.
    pub redshift: Redshift,
    /// Dynamical state.
    pub state: DynamicalState,
    /// Compton y of the cluster alone in the cylinder of R500c, in Mpc^2.
    pub y500_cyl_mpc2: f64,
    /// Compton y of the cluster and of its neighbours, less the mean of such neighbours.
    pub compton_y: Vec<f32>,
    /// Kinetic effect of the cluster in uK_CMB.
    pub kinetic_uk: Vec<f32>,
    /// Pixels along a side.
    pub n_pixels_side: usize,
    /// Size of a pixel.
    pub pixel: Arcmin,
}

impl UnfamiliarClusters {
    /// Checks a configuration and makes its tables; about a second.
    ///
    /// # Errors
    /// The first value that cannot be: its key, and what it must be.
    pub fn new(config: &UnfamiliarConfig, seed: u64) -> Result<Self, Error> {
        config.check()?;
        let cosmology = Cosmology::named(&config.cosmology)?;
        let mut model_config = config.model.clone();
        model_config.gas.pressure_factor *= config.mass_offset.powf(-Y_SLOPE);
        let model = ClusterModel::new(&model_config, &cosmology)?;
        let distribution = |&z: &f64| {
            let z = Redshift::new(z);
            (z, MassDistribution::new(&model, config.m200c_msun, z))
        };
        Ok(Self {
            masses: config.redshifts.iter().map(distribution).collect(),
            neighbours: config.neighbours.as_ref().map(|raw| Neighbours::new(raw, &model)).transpose()?,
            grid: ViewGrid::new(config.n_pixels_side, Arcmin::new(config.pixel_arcmin))?,
            n_clusters: config.n_clusters,
            seed,
            model,
        })
    }

    /// Number of clusters.
    pub fn len(&self) -> usize {
        self.n_clusters
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.n_clusters == 0
    }

    /// The model that they are drawn from; its pressures are off by the mass offset.
    pub fn model(&self) -> &ClusterModel {
        &self.model
    }

    /// Draws one cluster: the same bits for the same configuration, seed and number.
    ///
    /// # Errors
    /// A number beyond the last.
    pub fn cluster(&self, index: usize) -> Result<UnfamiliarCluster, Error> {
        if index >= self.n_clusters {
            return Err(Error::NoSuchScene { index, len: self.n_clusters });
        }
        let key = TileKey { seed: self.seed, split: Split::Test, tile: index as u64 };
        let (redshift, masses) = &self.masses[index % self.masses.len()];
        let m200c = masses.at(key.stream(Draw::Cluster { what: DRAW_MASS, index: 0 }).random());
        let cluster = self.model.draw(m200c, *redshift, key)?;
        let view = cluster.project(&Direction::AXES[2], &self.grid);
        let y500_cyl_mpc2 = view.y_within_mpc2(cluster.r500c());
        let mut compton_y = view.compton_y;
        if let Some(neighbours) = &self.neighbours {
            neighbours.add(
                |shell| key.stream(Draw::Cluster { what: DRAW_NEIGHBOURS, index: shell }),
                &self.grid,
                &mut compton_y,
            );
        }
        Ok(UnfamiliarCluster {
            m200c,
            redshift: *redshift,
            state: cluster.state(),
            y500_cyl_mpc2,
            compton_y,
            kinetic_uk: view.kinetic.iter().map(|term| -(T_CMB_UK as f32) * term).collect(),
            n_pixels_side: self.grid.n_pixels_side(),
            pixel: self.grid.pixel(),
        })
    }
}

impl UnfamiliarCluster {
    /// Temperature in uK_CMB at a frequency, thermal and kinetic, before any beam.
    pub fn temperature_uk(&self, nu: Ghz) -> Vec<f32> {
        let uk_per_y = tsz_uk_per_y(nu) as f32;
        self.compton_y.iter().zip(&self.kinetic_uk).map(|(y, kinetic)| uk_per_y * y + kinetic).collect()
    }
}

/// Masses by the mass function between two limits.
#[derive(Clone, Debug)]
struct MassDistribution {
    ln_m_min: f64,
    step: f64,
    /// Share of haloes below each node.
    cumulative: Vec<f64>,
}

impl MassDistribution {
    fn new(model: &ClusterModel, [least, most]: [f64; 2], z: Redshift) -> Self {
        let mass_function = Tinker08::new(model.power());
        let ln_m_min = least.ln();
        let step = (most / least).ln() / (MASS_NODES - 1) as f64;
        let density = |node: usize| mass_function.dn_dlnm(M200c::new((ln_m_min + step * node as f64).exp()), z);
        let mut cumulative = vec![0.0];
        let mut before = density(0);
        for node in 1..MASS_NODES {
            let here = density(node);
            cumulative.push(cumulative[node - 1] + 0.5 * (before + here));
            before = here;
        }
        let total = cumulative[MASS_NODES - 1];
        cumulative.iter_mut().for_each(|sum| *sum /= total);
        Self { ln_m_min, step, cumulative }
    }

    /// The mass below which a share of haloes lies.
    fn at(&self, share: f64) -> M200c {
        let right = self.cumulative.partition_point(|&sum| sum <= share).clamp(1, MASS_NODES - 1);
        let [low, high] = [self.cumulative[right - 1], self.cumulative[right]];
        let part = if high > low { (share - low) / (high - low) } else { 0.0 };
        M200c::new((self.ln_m_min + self.step * ((right - 1) as f64 + part)).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::ClusterConfig;

    /// Shares above two masses against the integral by another rule.
    #[test]
    fn masses_follow_the_mass_function() {
        let model = ClusterModel::new(&ClusterConfig::smooth_spheres(), &Cosmology::wmap7()).unwrap();
        let z = Redshift::new(0.7);
        let masses = MassDistribution::new(&model, [2e14, 7e14], z);
        let mass_function = Tinker08::new(model.power());
        let number = |from: f64, to: f64| {
            let density = |ln_m: f64| mass_function.dn_dlnm(M200c::new(ln_m.exp()), z);
            crate::cluster::shape::simpson(from.ln(), to.ln(), 60, density)
        };
        for share in [0.0, 0.3, 0.7, 0.95, 1.0] {
            let mass = masses.at(share).value();
            assert!((2e14 * 0.999_999..=7e14 * 1.000_001).contains(&mass));
            let below = if share > 0.0 { number(2e14, mass) / number(2e14, 7e14) } else { 0.0 };
            assert!((below - share).abs() < 2e-4, "{share}: {below}");
        }
    }
}
