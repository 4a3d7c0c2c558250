//! Gas with the beta profile, for its optical depth.

use std::f64::consts::PI;

use arcmin_units::constants::{M_P_KG, MPC_M, MSUN_KG, SIGMA_T_M2};
use arcmin_units::{M500c, Radian, Redshift};

use crate::cosmology::Cosmology;
use crate::error::{Error, require_positive};
use crate::mass_definition::radius;

/// Core radius over R500c: that of clusters without a cool core, and with a gas fraction of 0.125 the optical depth of
/// 7.5e-3 that M200c = 5e14 Msun has at z = 0.7.
pub const CORE_RADIUS: f64 = 0.2;
/// Radius in units of R500c at which the gas ends. Its mass grows as r and that of the halo more slowly: from here on a
/// halo with 0.125 of gas within R500c would hold more than its share of baryons.
pub const X_MAX: f64 = 2.0;
/// Mass of gas per electron in protons, for fully ionised gas with 0.24 of helium.
const MU_E: f64 = 1.14;

/// The gas of a halo with a beta profile of beta = 2/3 that follows a share of its mass.
///
/// `n_e(r) = n_0 / (1 + r^2 / r_c^2)`, `r_c = 0.2 R500c`, up to `2 R500c`   (CavaliereFusco76, Eq. 3 for beta = 2/3),
/// with `n_0` such that the mass within R500c is `gas_fraction M500c`.
#[derive(Clone, Copy, Debug)]
pub struct BetaGas {
    tau0: f64,
}

impl BetaGas {
    /// The gas of a halo.
    ///
    /// ```
    /// use arcmin_sky::{BetaGas, Cosmology};
    /// use arcmin_units::{M500c, Redshift};
    /// let gas = BetaGas::new(M500c::new(3.4e14), Redshift::new(0.7), 0.125, &Cosmology::planck18())?;
    /// assert!((gas.tau0() / 7.5e-3 - 1.0).abs() < 0.12);
    /// # Ok::<(), arcmin_sky::Error>(())
    /// ```
    ///
    /// # Errors
    /// A mass or gas fraction that is not above zero.
    pub fn new(mass: M500c, z: Redshift, gas_fraction: f64, cosmology: &Cosmology) -> Result<Self, Error> {
        require_positive("M500c in Msun", mass.value())?;
        require_positive("the gas fraction", gas_fraction)?;
        let r500_mpc = radius(mass, z, cosmology).value();
        let core_mpc = CORE_RADIUS * r500_mpc;
        let enclosed = r500_mpc - core_mpc * (r500_mpc / core_mpc).atan();
        let density_msun_mpc3 = gas_fraction * mass.value() / (4.0 * PI * core_mpc * core_mpc * enclosed);
        let electrons_per_m2 = density_msun_mpc3 * core_mpc * MSUN_KG / (MU_E * M_P_KG * MPC_M * MPC_M);
        Ok(Self { tau0: 2.0 * SIGMA_T_M2 * electrons_per_m2 * (X_MAX / CORE_RADIUS).atan() })
    }

    /// Thomson optical depth through the centre.
    pub fn tau0(&self) -> f64 {
        self.tau0
    }

    /// Optical depth at an angle from the centre, for a halo whose R500c is seen under `theta500`.
    pub fn tau(&self, theta: Radian, theta500: Radian) -> f64 {
        self.tau0 * Self::shape(theta.value() / theta500.value())
    }

    /// `tau(x) / tau(0)` at `x = theta / theta500`, zero from [`X_MAX`] on.
    ///
    /// `atan(l / s) / s`, `s^2 = x_c^2 + x^2`, `l^2 = x_max^2 - x^2`, over its value at the centre.
    pub fn shape(x: f64) -> f64 {
        if x >= X_MAX {
            return 0.0;
        }
        let s = CORE_RADIUS.hypot(x);
        let half_chord = (X_MAX * X_MAX - x * x).sqrt();
        CORE_RADIUS * (half_chord / s).atan() / (s * (X_MAX / CORE_RADIUS).atan())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quadrature::simpson;

    /// The obvious twin: electrons counted along chords and in the sphere.
    #[test]
    fn optical_depth_is_the_integral_of_the_electrons() {
        let cosmology = Cosmology::sehgal_wmap5();
        let (mass, z, gas_fraction) = (M500c::new(2e14), Redshift::new(0.4), 0.12);
        let gas = BetaGas::new(mass, z, gas_fraction, &cosmology).unwrap();
        let r500 = radius(mass, z, &cosmology).value();
        let shape = |r: f64| 1.0 / (1.0 + (r / (CORE_RADIUS * r500)).powi(2));
        let volume = simpson(0.0, r500, 2000, |r| 4.0 * PI * r * r * shape(r));
        let electrons_per_mpc3 = gas_fraction * mass.value() * MSUN_KG / (MU_E * M_P_KG * volume);
        for x in [0.0, 0.1, 0.5, 1.0, 1.9] {
            let half_chord = r500 * (X_MAX * X_MAX - x * x).sqrt();
            let chord = 2.0 * simpson(0.0, half_chord, 4000, |l| shape(l.hypot(x * r500)));
            let tau = SIGMA_T_M2 * electrons_per_mpc3 * chord / (MPC_M * MPC_M);
            let ours = gas.tau(Radian::new(x * 1e-3), Radian::new(1e-3));
            assert!((ours / tau - 1.0).abs() < 1e-8, "{x}: {ours:e} {tau:e}");
        }
        assert_eq!(BetaGas::shape(2.0), 0.0);
    }

    /// The optical depth that belongs to the kinetic effect of M200c = 5e14 Msun at z = 0.7 (M500c = 3.44e14): 7.5e-3.
    #[test]
    fn a_cluster_has_the_optical_depth_of_its_gas() {
        let gas = BetaGas::new(M500c::new(3.44e14), Redshift::new(0.7), 0.125, &Cosmology::planck18()).unwrap();
        assert!((gas.tau0() / 7.5e-3 - 1.0).abs() < 0.12, "{}", gas.tau0());
    }
}
