//! Profiles of the gas: pressure of Arnaud10, density with a core, as tables in space and in projection.

use super::ByState;
use super::shape::simpson;
use crate::paint::ProfileTable;
use arcmin_sky::pressure::{Gnfw, ProjectedGnfw};
use arcmin_units::constants::{M_P_KG, MPC_M, MSUN_KG, SIGMA_T_M2};
use std::f64::consts::PI;

/// Radius in R500c at which the gas ends: that of the pressure profile.
pub(crate) const X_MAX: f64 = 5.0;
/// Mass of gas per electron in protons, for fully ionised gas with 0.24 of helium.
const MU_E: f64 = 1.14;
/// Thomson optical depth of one Msun of gas per Mpc^2.
const TAU_PER_MSUN_MPC2: f64 = SIGMA_T_M2 * MSUN_KG / (MU_E * M_P_KG * MPC_M * MPC_M);
/// Radius in R500c at which the density turns to its outer slope, and by how much it steepens: from -2 to -3.5, so that
/// the gas follows the halo's mass out to R200c (Vikhlinin06 find 0.3 to 1 and 1 to 5).
const TURN_R500: f64 = 1.0;
const STEEPENING: f64 = 3.0;

/// Profiles of one kind of gas, by the radius in R500c.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    /// In space, by the square of the radius.
    pub(crate) space: ProfileTable,
    /// Integral along the line of sight in R500c, over that at the centre.
    pub(crate) projected: ProfileTable,
    /// The integral through the centre.
    pub(crate) central: f64,
}

/// The profiles that all clusters share.
#[derive(Clone, Debug)]
pub(crate) struct GasProfiles {
    /// The dimensionless pressure of Arnaud10.
    pub(crate) pressure: Profile,
    /// The density, one inside the core, by dynamical state.
    pub(crate) density: ByState<Density>,
}

/// The density of gas with one core radius.
#[derive(Clone, Debug)]
pub(crate) struct Density {
    pub(crate) profile: Profile,
    /// Optical depth in Mpc^-1 of a density that is one inside the core, per Msun of gas within R500c, times R500c^3.
    tau_volume: f64,
}

impl Density {
    /// `n(x) = (1 + x^2 / x_c^2)^-1 (1 + x^3 / x_t^3)^(-steepening / 6)`, `x = r / R500c`   (Vikhlinin06, Eq. 3, its root,
    /// without the cusp, for beta = 2/3).
    fn new(core_r500: f64) -> Self {
        let shape = |x: f64| shape(x, core_r500);
        let line_integral = |x: f64| {
            let scale = core_r500.hypot(x);
            // With l = scale sinh(t) the core is resolved as well as the outskirts.
            let end = ((X_MAX * X_MAX - x * x).max(0.0).sqrt() / scale).asinh();
            2.0 * simpson(0.0, end, 96, |t| shape(x.hypot(scale * t.sinh())) * scale * t.cosh())
        };
        let central = line_integral(0.0);
        let volume = 4.0 * PI * simpson(0.0, 1.0, 1000, |x| x * x * shape(x));
        Self {
            profile: Profile {
                space: ProfileTable::new(shape, X_MAX),
                projected: ProfileTable::new(|x| line_integral(x) / central, X_MAX),
                central,
            },
            tau_volume: TAU_PER_MSUN_MPC2 / volume,
        }
    }

    /// Optical depth in Mpc^-1 inside the core of gas that has a mass within R500c.
    pub(crate) fn tau_per_mpc(&self, gas_mass_msun: f64, r500_mpc: f64) -> f64 {
        self.tau_volume * gas_mass_msun / r500_mpc.powi(3)
    }
}

fn shape(x: f64, core_r500: f64) -> f64 {
    (1.0 + (x / TURN_R500).powi(3)).powf(-STEEPENING / 6.0) / (1.0 + (x / core_r500).powi(2))
}

impl GasProfiles {
    /// Tabulates the profiles for the core radii of the three states.
    pub(crate) fn new(core_r500: &ByState<f64>) -> Self {
        let projected = ProjectedGnfw::arnaud10();
        let pressure = Profile {
            space: ProfileTable::new(|x| Gnfw::ARNAUD10.pressure(x), X_MAX),
            projected: ProfileTable::new(|x| projected.at(x), X_MAX),
            central: Gnfw::ARNAUD10.line_integral(0.0),
        };
        Self { pressure, density: core_r500.map(|&core| Density::new(core)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn optical_depth_is_that_of_the_mass_within_r500() {
        let (density, r500) = (Density::new(0.15), 0.9);
        let tau_per_mpc = density.tau_per_mpc(3e13, r500);
        // Electrons in the sphere, counted through the tables.
        let shell = |x: f64| 4.0 * PI * x * x * f64::from(density.profile.space.at_square((x * x) as f32));
        let tau_mpc2 = tau_per_mpc * r500.powi(3) * simpson(0.0, 1.0, 2000, shell);
        assert!((tau_mpc2 / (3e13 * TAU_PER_MSUN_MPC2) - 1.0).abs() < 1e-4);
        // The projection has the electrons of the sphere that the density fills.
        let volume = simpson(0.0, X_MAX, 4000, shell);
        let ring = |x: f64| 2.0 * PI * x * f64::from(density.profile.projected.at_square((x * x) as f32));
        let projected = density.profile.central * simpson(0.0, X_MAX, 4000, ring);
        assert!((projected / volume - 1.0).abs() < 1e-3, "{projected} {volume}");
    }

    /// With the gas fraction of 0.125 a cluster of M500c = 3.44e14 Msun has the optical depth of a beta profile of the same
    /// core to the share of its gas that lies beyond R500c.
    #[test]
    fn optical_depth_through_the_centre_is_that_of_a_cluster() {
        let density = Density::new(0.15);
        let tau0 = density.tau_per_mpc(0.125 * 3.44e14, 0.78) * density.profile.central * 0.78;
        assert!((5e-3..1.2e-2).contains(&tau0), "{tau0}");
    }
}
