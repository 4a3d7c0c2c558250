//! The parts that a cluster is made of: ellipsoids of mass and of gas.

use super::mass_profile::truncated_nfw_line_integral;
use super::shape::Ellipsoid;
use super::state::DynamicalState;
use crate::paint::ProfileTable;
use std::sync::Arc;

/// NFW haloes end at this many of their own R200c, along each axis of the ellipsoid.
pub(crate) const HALO_EXTENT_R200: f64 = 2.0;

/// A halo with an NFW profile.
#[derive(Clone, Debug)]
pub(crate) struct NfwPart {
    pub(crate) ellipsoid: Ellipsoid,
    pub(crate) scale_radius_mpc: f64,
    /// `2 rho_s r_s` in Msun per Mpc^2, what multiplies the line integral.
    pub(crate) surface_msun_mpc2: f64,
    /// Line integral by the square of the radius in scale radii.
    pub(crate) projected: Arc<ProfileTable>,
}

impl NfwPart {
    /// A halo of the given mass within R200c = c200c scale radii, were it alone and round.
    pub(crate) fn new(ellipsoid: Ellipsoid, mass_msun: f64, scale_radius_mpc: f64, c200c: f64) -> Self {
        let enclosed = super::mass_profile::nfw_enclosed(c200c);
        let surface_msun_mpc2 = mass_msun / (2.0 * std::f64::consts::PI * scale_radius_mpc.powi(2) * enclosed);
        let x_max = HALO_EXTENT_R200 * c200c;
        let projected = ProfileTable::new(|x| truncated_nfw_line_integral(x, x_max), x_max);
        Self { ellipsoid, scale_radius_mpc, surface_msun_mpc2, projected: Arc::new(projected) }
    }
}

/// A subhalo.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SubhaloPart {
    pub(crate) ellipsoid: Ellipsoid,
    pub(crate) scale_radius_mpc: f64,
    pub(crate) mass_msun: f64,
}

/// Gas about one centre.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GasPart {
    pub(crate) ellipsoid: Ellipsoid,
    pub(crate) r500_mpc: f64,
    /// Compton y per Mpc of a dimensionless pressure of one.
    pub(crate) y_per_mpc: f64,
    /// Optical depth per Mpc inside the core.
    pub(crate) tau_per_mpc: f64,
    /// Whose core it has.
    pub(crate) core: DynamicalState,
}
