//! Battaglia et al. 2012: the pressure profile of simulated clusters with feedback, which changes with mass and redshift.

use std::f64::consts::PI;

use arcmin_units::constants::{G_MPC_KM2_S2_MSUN, KEV_J, MPC_M, MSUN_KG};
use arcmin_units::{M200c, Mpc, Radian, Redshift};

use super::Gnfw;
use super::arnaud10::Y_PER_KEV_CM3_MPC;
use super::gnfw::X_MAX;
use crate::cosmology::Cosmology;
use crate::error::{Error, require_positive};
use crate::mass_definition::{radius, threshold_density_msun_mpc3};
use crate::quadrature::{integrate, integrate_panels};
use arcmin_units::HaloMass;

/// Radius in units of R200c that is one in the profile's own units: the profile, which ends at 5, ends at 4 R200c.
const UNIT_R200C: f64 = 0.8;
/// Electron pressure over thermal pressure of ionised gas with a hydrogen fraction of 0.76, `2 (X + 1) / (5 X + 3)`.
const ELECTRON_SHARE: f64 = 2.0 * (0.76 + 1.0) / (5.0 * 0.76 + 3.0);
/// Pressure in keV/cm^3 of 1 Msun km^2/s^2 in 1 Mpc^3.
const KEV_CM3_PER_MSUN_KM2_S2_MPC3: f64 = MSUN_KG * 1e6 / (MPC_M * MPC_M * MPC_M) / KEV_J * 1e-6;

/// The gas of a cluster with the pressure profile of Battaglia12, the fit to simulations with feedback by active nuclei.
///
/// `P(r) = P200 P0 (x / xc)^-0.3 (1 + x / xc)^-beta` with `x = r / R200c` and
/// `P200 = 100 G M200c rho_c(z) (omega_b / omega_m) / R200c` (Battaglia12, Eqs. 8-10), 0.518 of it by electrons, where
/// each of P0, xc and beta is `A (M200c / 1e14 Msun)^a (1 + z)^b` (Table 1, Eq. 11).
///
/// Differs: the sphere ends at 4 R200c, about as far out as that of [`super::Arnaud10`] (5 R500c).
#[derive(Clone, Copy, Debug)]
pub struct Battaglia12 {
    /// Electron pressure that multiplies the dimensionless profile.
    pressure_kev_cm3: f64,
    profile: Gnfw,
    unit_mpc: f64,
    theta_unit_rad: f64,
}

impl Battaglia12 {
    /// The gas of a cluster of mass M200c at redshift z.
    ///
    /// ```
    /// use arcmin_sky::{Cosmology, pressure::Battaglia12};
    /// use arcmin_units::{M200c, Redshift};
    /// let gas = Battaglia12::new(M200c::new(3e14), Redshift::new(0.7), &Cosmology::planck18())?;
    /// assert!(gas.y0() > 3e-5 && gas.y0() < 3e-4);
    /// # Ok::<(), arcmin_sky::Error>(())
    /// ```
    ///
    /// # Errors
    /// A mass or redshift that is not above zero.
    pub fn new(mass: M200c, z: Redshift, cosmology: &Cosmology) -> Result<Self, Error> {
        require_positive("M200c in Msun", mass.value())?;
        require_positive("a cluster's redshift", z.value())?;
        let r200c_mpc = radius(mass, z, cosmology).value();
        let density_msun_mpc3 = threshold_density_msun_mpc3(M200c::DEFINITION, z, cosmology);
        let gas_share = cosmology.omega_b() / cosmology.omega_m();
        let p200 = G_MPC_KM2_S2_MSUN * mass.value() * density_msun_mpc3 * gas_share / (2.0 * r200c_mpc);
        let unit_mpc = UNIT_R200C * r200c_mpc;
        Ok(Self {
            pressure_kev_cm3: ELECTRON_SHARE * p200 * KEV_CM3_PER_MSUN_KM2_S2_MPC3,
            profile: Self::profile_of(mass, z),
            unit_mpc,
            theta_unit_rad: unit_mpc / cosmology.angular_diameter_distance(z).value(),
        })
    }

    /// The dimensionless profile of a mass and redshift (Battaglia12, Eq. 10), `x` in units of 0.8 R200c.
    fn profile_of(mass: M200c, z: Redshift) -> Gnfw {
        let law = |at_1e14: f64, mass_slope: f64, z_slope: f64| {
            at_1e14 * (mass.value() / 1e14).powf(mass_slope) * (1.0 + z.value()).powf(z_slope)
        };
        let xc = law(0.497, -0.00865, 0.731);
        Gnfw {
            p0: law(18.1, 0.154, -0.758),
            c500: UNIT_R200C / xc,
            gamma: 0.3,
            alpha: 1.0,
            // The exponent of Battaglia12 is the outer slope less the inner.
            beta: law(4.35, 0.0393, 0.415) + 0.3,
        }
    }

    /// The dimensionless profile; its unit of length is [`Self::unit_radius`], and it ends at 5 of them.
    pub fn profile(&self) -> &Gnfw {
        &self.profile
    }

    /// Physical radius that is one for [`Self::profile`]: 0.8 R200c.
    pub fn unit_radius(&self) -> Mpc {
        Mpc::new(self.unit_mpc)
    }

    /// Angle of [`Self::unit_radius`].
    pub fn unit_angle(&self) -> Radian {
        Radian::new(self.theta_unit_rad)
    }

    /// Physical radius R200c.
    pub fn r200(&self) -> Mpc {
        Mpc::new(self.unit_mpc / UNIT_R200C)
    }

    /// Electron pressure in keV/cm^3 at a physical radius above zero.
    pub fn pressure_kev_cm3(&self, radius: Mpc) -> f64 {
        self.pressure_kev_cm3 * self.profile.pressure(radius.value() / self.unit_mpc)
    }

    /// Compton y at an angle from the centre, `sigma_T / (m_e c^2) int P dl`, by quadrature.
    pub fn y(&self, theta: Radian) -> f64 {
        self.y_scale() * self.profile.line_integral(theta.value() / self.theta_unit_rad)
    }

    /// Compton y at the centre.
    pub fn y0(&self) -> f64 {
        // With t = c x / (1 + c x) the line integral is that of t^-0.3 (1 - t)^(beta - 2), and t ~ s^10 takes the cusp
        // away. (`beta` is that of Gnfw.)
        let Gnfw { p0, c500, beta, .. } = self.profile;
        let t_max = c500 * X_MAX / (1.0 + c500 * X_MAX);
        let integral = integrate(0.0, 1.0, |s| s.powi(6) * (1.0 - t_max * s.powi(10)).powf(beta - 2.0));
        self.y_scale() * 2.0 * p0 / c500 * 10.0 * t_max.powf(0.7) * integral
    }

    /// Integrated y in a sphere in Mpc^2, `sigma_T / (m_e c^2) int P dV`; no more is in spheres larger than 4 R200c.
    pub fn y_sph_mpc2(&self, radius: Mpc) -> f64 {
        // The same substitution: t^1.7 (1 - t)^(beta - 4), t ~ s^2.
        let Gnfw { p0, c500, beta, .. } = self.profile;
        let u_max = c500 * (radius.value() / self.unit_mpc).min(X_MAX);
        let t_max = u_max / (1.0 + u_max);
        let integrand = |s: f64| s.powf(4.4) * (1.0 - t_max * s * s).powf(beta - 4.0);
        let integral = 2.0 * t_max.powf(2.7) * integrate_panels(0.0, 1.0, 1, integrand);
        self.y_scale() * 4.0 * PI * self.unit_mpc * self.unit_mpc * p0 / c500.powi(3) * integral
    }

    /// Integrated y in the sphere of 4 R200c in Mpc^2: all that the profile has.
    pub fn y_total_mpc2(&self) -> f64 {
        self.y_sph_mpc2(Mpc::new(X_MAX * self.unit_mpc))
    }

    fn y_scale(&self) -> f64 {
        Y_PER_KEV_CM3_MPC * self.pressure_kev_cm3 * self.unit_mpc
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = Battaglia12> {
        let masses = [1e13, 1e14, 6e15];
        let at = |z: f64, m: f64| Battaglia12::new(M200c::new(m), Redshift::new(z), &Cosmology::planck18()).unwrap();
        [0.02, 0.7, 3.0].into_iter().flat_map(move |z| masses.map(|m| at(z, m)))
    }

    #[test]
    fn closed_forms_are_the_quadratures_of_the_profile() {
        for gas in all() {
            let central = gas.y_scale() * gas.profile.line_integral(0.0);
            assert!((gas.y0() / central - 1.0).abs() < 1e-9, "{:e}", gas.y0() / central - 1.0);
            for x in [0.3, 0.7, 1.25, 5.0] {
                let sphere = gas.y_scale() * 4.0 * PI * gas.unit_mpc.powi(2) * gas.profile.sphere_integral(x);
                let ours = gas.y_sph_mpc2(Mpc::new(x * gas.unit_mpc));
                assert!((ours / sphere - 1.0).abs() < 1e-6, "{x}: {:e}", ours / sphere - 1.0);
            }
        }
    }

    /// The parameters at M200c = 1.3e14 Msun, z = 0 in the tests of a public package.
    #[test]
    fn parameters_are_those_of_the_table() {
        let profile = Battaglia12::profile_of(M200c::new(1.3e14), Redshift::new(0.0));
        assert!((profile.p0 / 18.846_289_198_144_73 - 1.0).abs() < 1e-12);
        assert!((UNIT_R200C / profile.c500 / 0.495_873_361_817_406_54 - 1.0).abs() < 1e-12);
        assert!(((profile.beta - 0.3) / 4.395_084_514_715_711 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_is_beyond_the_sphere_and_the_shape_is_tabulated_as_any_other() {
        for gas in all() {
            let edge = 4.0 * gas.r200().value();
            assert_eq!(gas.pressure_kev_cm3(Mpc::new(edge * 1.001)), 0.0);
            assert_eq!(gas.y(Radian::new(5.001 * gas.theta_unit_rad)), 0.0);
            let shape = super::super::ProjectedGnfw::new(&gas.profile);
            for x in [1e-3, 0.1, 0.8, 2.0, 4.5] {
                let y = gas.y(Radian::new(x * gas.theta_unit_rad));
                assert!((gas.y0() * shape.at(x) / y - 1.0).abs() < 1e-5, "{x}");
            }
        }
    }
}
