//! Lensing by an NFW halo, untruncated, in closed form (Bartelmann96; WrightBrainerd00).

use arcmin_units::{Mpc, Radian, Redshift};

use crate::cosmology::Cosmology;
use crate::error::Error;
use crate::nfw::NfwHalo;

/// Within this distance of `x = 1` the closed forms are replaced by their series.
const NEAR_ONE: f64 = 1e-3;

/// An NFW halo in front of a source plane.
#[derive(Clone, Copy, Debug)]
pub struct NfwLens {
    scale_radius_mpc: f64,
    theta_s_rad: f64,
    /// `rho_s r_s` in Msun/Mpc^2.
    column_msun_mpc2: f64,
    sigma_critical_msun_mpc2: f64,
}

impl NfwLens {
    pub(crate) fn new(halo: &NfwHalo, z_source: Redshift, cosmology: &Cosmology) -> Result<Self, Error> {
        let z_lens = halo.redshift();
        if z_lens.value() <= 0.0 {
            return Err(Error::Parameter { name: "a lens's redshift", value: z_lens.value(), expected: "above 0" });
        }
        if !z_source.value().is_finite() || z_source <= z_lens {
            let expected = "a finite number above the redshift of the lens";
            return Err(Error::Parameter { name: "the redshift of the source", value: z_source.value(), expected });
        }
        let scale_radius_mpc = halo.scale_radius().value();
        Ok(Self {
            scale_radius_mpc,
            theta_s_rad: scale_radius_mpc / cosmology.angular_diameter_distance(z_lens).value(),
            column_msun_mpc2: halo.scale_density_msun_mpc3() * scale_radius_mpc,
            sigma_critical_msun_mpc2: cosmology.critical_surface_density_msun_mpc2(z_lens, z_source),
        })
    }

    /// Angle of the scale radius.
    pub fn theta_s(&self) -> Radian {
        Radian::new(self.theta_s_rad)
    }

    /// Critical surface density in Msun per physical Mpc^2.
    pub fn critical_surface_density_msun_mpc2(&self) -> f64 {
        self.sigma_critical_msun_mpc2
    }

    /// Surface density `Sigma = 2 rho_s r_s f(x)` in Msun/Mpc^2 at a physical projected radius above zero.
    ///
    /// `f = [1 - 2/sqrt(1-x^2) artanh sqrt((1-x)/(1+x))] / (x^2-1)`, with arctan for x > 1 and 1/3 at x = 1.
    pub fn sigma_msun_mpc2(&self, radius: Mpc) -> f64 {
        2.0 * self.column_msun_mpc2 * surface_shape(radius.value() / self.scale_radius_mpc)
    }

    /// Convergence `Sigma / Sigma_cr` at an angle above zero.
    pub fn kappa(&self, theta: Radian) -> f64 {
        2.0 * self.column_msun_mpc2 / self.sigma_critical_msun_mpc2 * surface_shape(theta.value() / self.theta_s_rad)
    }

    /// Mean convergence within an angle above zero, `4 rho_s r_s g(x) / (x^2 Sigma_cr)`.
    pub fn kappa_mean(&self, theta: Radian) -> f64 {
        let x = theta.value() / self.theta_s_rad;
        4.0 * self.column_msun_mpc2 / self.sigma_critical_msun_mpc2 * cylinder_shape(x) / (x * x)
    }

    /// Deflection towards the halo's centre, `4 rho_s r_s theta_s g(x) / (x Sigma_cr)`; zero at the centre.
    ///
    /// `g = ln(x/2) + 2/sqrt(1-x^2) artanh sqrt((1-x)/(1+x))`.
    pub fn deflection(&self, theta: Radian) -> Radian {
        let x = theta.value() / self.theta_s_rad;
        if x == 0.0 {
            return Radian::new(0.0);
        }
        Radian::new(
            4.0 * self.column_msun_mpc2 / self.sigma_critical_msun_mpc2 * self.theta_s_rad * cylinder_shape(x) / x,
        )
    }
}

/// `f(x)` of the surface density.
fn surface_shape(x: f64) -> f64 {
    let e = x - 1.0;
    if e.abs() < NEAR_ONE {
        return 1.0 / 3.0 - 0.4 * e + 13.0 / 35.0 * e * e - 20.0 / 63.0 * e * e * e;
    }
    (1.0 - inverse_secant_shape(x)) / (x * x - 1.0)
}

/// `g(x)`, the mass in the cylinder of radius x over `4 pi rho_s r_s^3`.
fn cylinder_shape(x: f64) -> f64 {
    if x < 1e-3 {
        // Leading terms; the closed form subtracts two logarithms that are almost equal.
        let log = (0.5 * x).ln();
        return -x * x * (0.5 * log + 0.25) - x.powi(4) * (0.375 * log + 7.0 / 32.0);
    }
    (0.5 * x).ln() + inverse_secant_shape(x)
}

/// `arcosh(1/x) / sqrt(1-x^2)` below 1, `arccos(1/x) / sqrt(x^2-1)` above, 1 at 1.
fn inverse_secant_shape(x: f64) -> f64 {
    let e = x - 1.0;
    if e.abs() < NEAR_ONE {
        return 1.0 - e * (2.0 / 3.0 - e * (7.0 / 15.0 - e * (12.0 / 35.0)));
    }
    let root = ((1.0 - x).abs() * (1.0 + x)).sqrt();
    let angle = if x < 1.0 { ((1.0 + root) / x).ln() } else { root.atan() };
    angle / root
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quadrature::simpson;

    #[test]
    fn surface_density_is_the_integral_of_the_profile() {
        for x in [0.01, 0.3, 0.97, 0.9995, 1.0, 1.0005, 1.03, 4.0, 30.0] {
            // r = sqrt(x^2 + l^2), l = x sinh(t).
            let integrand = |t: f64| {
                let r = x * t.cosh();
                1.0 / ((1.0 + r) * (1.0 + r))
            };
            let twin = simpson(0.0, 40.0, 80_000, integrand);
            let relative = surface_shape(x) / twin - 1.0;
            assert!(relative.abs() < 1e-9, "{x}: {relative:e}");
        }
    }

    #[test]
    fn cylinder_is_the_integral_of_the_surface_density() {
        for x in [2e-4, 0.02, 0.9, 0.9999, 1.0, 1.0001, 1.1, 20.0] {
            // In u = sqrt(r) the logarithmic cusp at the centre is harmless.
            let twin = simpson(1e-12, f64::sqrt(x), 40_000, |u| 2.0 * u.powi(3) * surface_shape(u * u));
            let relative = cylinder_shape(x) / twin - 1.0;
            assert!(relative.abs() < 2e-9, "{x}: {relative:e}");
        }
    }

    #[test]
    fn branches_meet_without_a_step() {
        for edge in [1.0 - NEAR_ONE, 1.0 + NEAR_ONE] {
            for shape in [surface_shape, cylinder_shape] {
                let (below, above) = (shape(edge - 1e-12), shape(edge + 1e-12));
                assert!((below / above - 1.0).abs() < 1e-9, "{edge} {below} {above}");
            }
        }
    }
}
