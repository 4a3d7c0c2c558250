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
