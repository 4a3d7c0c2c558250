//! One cluster: its geometry and its parts.

use super::config::TurbulenceConfig;
use super::gas::X_MAX;
use super::model::SharedTables;
use super::parts::{GasPart, NfwPart, SubhaloPart};
use super::shape::dot;
use super::state::DynamicalState;
use super::turbulence::TurbulentField;
use super::view::{ClusterView, ViewGrid};
use super::{Direction, stirred};
use arcmin_units::{M200c, M500c, Mpc, Radian, Redshift};
use std::sync::Arc;

/// A galaxy cluster in three dimensions; made by [`ClusterModel::draw`](super::ClusterModel::draw).
#[derive(Clone, Debug)]
pub struct Cluster {
    pub(super) m200c: M200c,
    pub(super) m500c: M500c,
    pub(super) redshift: Redshift,
    pub(super) c200c: f64,
    pub(super) r200_mpc: f64,
    pub(super) r500_mpc: f64,
    pub(super) state: DynamicalState,
    pub(super) axis_ratios: [f64; 2],
    pub(super) velocity_km_s: [f64; 3],
    pub(super) subhalo_frac: f64,
    pub(super) haloes: Vec<NfwPart>,
    pub(super) subhaloes: Vec<SubhaloPart>,
    pub(super) gas: Vec<GasPart>,
    pub(super) turbulence: Option<TurbulentField>,
    pub(super) turbulence_config: TurbulenceConfig,
    pub(super) mpc_per_rad: f64,
    pub(super) shared: Arc<SharedTables>,
}

impl Cluster {
    /// Mass within the sphere of R200c about the centre of the main halo, all parts together.
    pub fn m200c(&self) -> M200c {
        self.m200c
    }

    /// M500c of the round NFW halo with the cluster's M200c and concentration; the pressure follows it.
    pub fn m500c(&self) -> M500c {
        self.m500c
    }

    /// Redshift.
    pub fn redshift(&self) -> Redshift {
        self.redshift
    }

    /// Concentration `R200c / r_s` of the main halo.
    pub fn c200c(&self) -> f64 {
        self.c200c
    }

    /// Dynamical state.
    pub fn state(&self) -> DynamicalState {
        self.state
    }

    /// Ratios of the middle and of the shortest axis of the main halo to the longest.
    pub fn axis_ratios(&self) -> [f64; 2] {
        self.axis_ratios
    }

    /// Physical radius R200c.
    pub fn r200c(&self) -> Mpc {
        Mpc::new(self.r200_mpc)
    }

    /// Physical radius R500c.
    pub fn r500c(&self) -> Mpc {
        Mpc::new(self.r500_mpc)
    }

    /// Angle under which R500c is seen.
    pub fn theta500(&self) -> Radian {
        Radian::new(self.r500_mpc / self.mpc_per_rad)
    }

    /// Number of subhaloes.
    pub fn n_subhaloes(&self) -> usize {
        self.subhaloes.len()
    }

    /// Share of M200c that is in subhaloes.
    pub fn subhalo_frac(&self) -> f64 {
        self.subhalo_frac
    }

    /// Distance of the centre of the main halo's gas from that of its dark matter, in R200c.
    pub fn gas_offset_r200(&self) -> f64 {
        let centre = self.gas[0].ellipsoid.centre;
        dot(centre, centre).sqrt() / self.r200_mpc
    }

    /// Velocity of the whole cluster along a line of sight in km/s, positive away from us.
    pub fn velocity_km_s(&self, direction: &Direction) -> f64 {
        dot(self.velocity_km_s, direction.axes()[2])
    }

    /// The view along a direction, with the centre of the main halo on pixel `(n / 2, n / 2)`.
    ///
    /// Pixels hold means over their area. The smooth parts are projected in closed form; what the turbulence adds to them is
    /// summed along lines of sight, one in each of its cells or more.
    pub fn project(&self, direction: &Direction, grid: &ViewGrid) -> ClusterView {
        let mut view = ClusterView::smooth(self, direction, grid);
        if let Some(field) = &self.turbulence {
            stirred::add(self, field, direction, grid, &mut view);
        }
        view
    }

    /// Size of a pixel at the cluster's distance.
    pub(super) fn pixel_mpc(&self, grid: &ViewGrid) -> f64 {
        grid.pixel().to_rad().value() * self.mpc_per_rad
    }

    /// Distance from the centre beyond which there is no gas.
    pub(super) fn gas_extent_mpc(&self) -> f64 {
        let reach = |part: &GasPart| {
            let centre = part.ellipsoid.centre;
            dot(centre, centre).sqrt() + X_MAX * part.r500_mpc * part.ellipsoid.longest_axis()
        };
        self.gas.iter().map(reach).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::shape::{Vector, draw_direction};
    use crate::cluster::{ClusterConfig, ClusterModel};
    use crate::{Split, TileKey};
    use arcmin_sky::Cosmology;
    use arcmin_units::constants::{M_P_KG, MPC_M, MSUN_KG, SIGMA_T_M2};
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    /// Gas over total mass in the sphere of R500c, counted at random points, is 0.10 to 0.14 on average over 150 clusters
    /// near M500c = 3e14 Msun (The300 and X-ray clusters); its scatter of 0.1 makes that mean to 0.001.
    #[test]
    fn clusters_hold_an_eighth_of_gas() {
        let mut config = ClusterConfig::default();
        config.turbulence.ln_rms_centre = 0.0;
        config.turbulence.ln_rms_r200 = 0.0;
        config.turbulence.velocity_rms_km_s = 0.0;
        let model = ClusterModel::new(&config, &Cosmology::wmap7()).unwrap();
        let msun_per_tau_mpc2 = 1.14 * M_P_KG * MPC_M * MPC_M / (SIGMA_T_M2 * MSUN_KG);
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut sum = 0.0;
        for tile in 0..150 {
            let key = TileKey { seed: 1, split: Split::Test, tile };
            let cluster = model.draw(M200c::new(4.3e14), Redshift::new(0.2), key).unwrap();
            let n = 2000;
            let mut tau_volume = 0.0;
            for _ in 0..n {
                // Uniform in radius: weighted by r^2.
                let r = cluster.r500_mpc * rng.random::<f64>();
                let point: Vector = draw_direction(&mut rng).map(|component| component * r);
                let density = |part: &GasPart| {
                    let square = part.ellipsoid.radius_square(point) / part.r500_mpc.powi(2);
                    let profile = &cluster.shared.gas.density.of(part.core).profile;
                    part.tau_per_mpc * f64::from(profile.space.at_square(square as f32))
                };
                let weight = 4.0 * std::f64::consts::PI * r * r * cluster.r500_mpc / f64::from(n);
                tau_volume += weight * cluster.gas.iter().map(density).sum::<f64>();
            }
            sum += tau_volume * msun_per_tau_mpc2 / cluster.m500c.value() / 150.0;
        }
        assert!((0.10..0.14).contains(&sum), "{sum}");
    }
}
