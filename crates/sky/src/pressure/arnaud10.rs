//! Arnaud et al. 2010: the universal pressure profile of clusters.

use std::f64::consts::PI;

use arcmin_units::constants::{FWHM_PER_SIGMA, M_E_C2_KEV, MPC_M, SIGMA_T_M2};
use arcmin_units::{M500c, Mpc, Radian, Redshift};

use super::gnfw::X_MAX;
use super::{Gnfw, ProjectedGnfw};
use crate::cosmology::Cosmology;
use crate::error::{Error, require_positive};
use crate::mass_definition::radius;
use crate::quadrature::integrate_panels;

/// Line integral of [`Gnfw::ARNAUD10`] through the centre; derived here, tested against the quadrature.
const CENTRAL_LINE_INTEGRAL: f64 = 7.338_291_156_835_612;
/// Compton y of 1 keV/cm^3 over 1 Mpc, `sigma_T / (m_e c^2)`.
pub(super) const Y_PER_KEV_CM3_MPC: f64 = SIGMA_T_M2 * MPC_M * 1e6 / M_E_C2_KEV;

/// Directions over which a beam is averaged.
const N_DIRECTIONS: u32 = 256;

/// The gas of a cluster with the universal pressure profile.
///
/// `P(r) = 1.65e-3 E^(8/3) [M500 h70 / 3e14 Msun]^(2/3 + 0.12) h70^2 p(x) keV/cm^3`   (Arnaud10, Eq. 13),
/// with `p` of [`Gnfw::ARNAUD10`] times `h70^-3/2` and `h70 = H0 / (70 km/s/Mpc)`.
///
/// Differs: the small drift of the mass slope with radius (`alpha'_P`, Eq. 9) is left out, and M500c is the true
/// mass, without hydrostatic bias. The sphere ends at 5 R500c.
#[derive(Clone, Copy, Debug)]
pub struct Arnaud10 {
    /// `P500 h70^-3/2`, what multiplies the dimensionless profile.
    pressure_kev_cm3: f64,
    r500c_mpc: f64,
    theta500_rad: f64,
}

impl Arnaud10 {
    /// The gas of a cluster of mass M500c at redshift z.
    ///
    /// ```
    /// use arcmin_sky::{Cosmology, pressure::Arnaud10};
    /// use arcmin_units::{M500c, Redshift};
    /// let gas = Arnaud10::new(M500c::new(3e14), Redshift::new(0.7), &Cosmology::planck18())?;
    /// assert!((gas.theta500().to_arcmin().value() - 1.808).abs() < 1e-3);
    /// # Ok::<(), arcmin_sky::Error>(())
    /// ```
    ///
    /// # Errors
    /// A mass or redshift that is not above zero.
    pub fn new(mass: M500c, z: Redshift, cosmology: &Cosmology) -> Result<Self, Error> {
        require_positive("M500c in Msun", mass.value())?;
        require_positive("a cluster's redshift", z.value())?;
        let h70 = cosmology.h() / 0.7;
        let p500 = 1.65e-3
            * cosmology.e_z(z).powf(8.0 / 3.0)
            * (mass.value() * h70 / 3e14).powf(2.0 / 3.0 + 0.12)
            * h70.powi(2);
        let r500c_mpc = radius(mass, z, cosmology).value();
        let theta500_rad = r500c_mpc / cosmology.angular_diameter_distance(z).value();
        Ok(Self { pressure_kev_cm3: p500 * h70.powf(-1.5), r500c_mpc, theta500_rad })
    }

    /// Electron pressure in keV/cm^3 at a physical radius above zero.
    pub fn pressure_kev_cm3(&self, radius: Mpc) -> f64 {
        self.pressure_kev_cm3 * Gnfw::ARNAUD10.pressure(radius.value() / self.r500c_mpc)
    }

    /// Physical radius R500c.
    pub fn r500(&self) -> Mpc {
        Mpc::new(self.r500c_mpc)
    }

    /// Angle of R500c.
    pub fn theta500(&self) -> Radian {
        Radian::new(self.theta500_rad)
    }

    /// Compton y at an angle from the centre, `sigma_T / (m_e c^2) int P dl`, by quadrature.
    ///
    /// To paint many pixels use [`Self::y0`] times [`super::ProjectedGnfw`].
    pub fn y(&self, theta: Radian) -> f64 {
        self.y_scale() * Gnfw::ARNAUD10.line_integral(theta.value() / self.theta500_rad)
    }

    /// Compton y at the centre.
    pub fn y0(&self) -> f64 {
        self.y_scale() * CENTRAL_LINE_INTEGRAL
    }

    /// Compton y at an angle from the centre as seen with a Gaussian beam, to 1e-5 of it; `shape` is that of Arnaud10.
    pub fn y_smoothed(&self, theta: Radian, beam_fwhm: Radian, shape: &ProjectedGnfw) -> f64 {
        let beam_sigma_rad = beam_fwhm.value() / FWHM_PER_SIGMA;
        // Polar coordinates around the point looked at: s is the distance from it in sigmas of the beam, and the mean
        // over directions is taken on half the circle by symmetry.
        let mean_at = |s: f64| {
            let reach = s * beam_sigma_rad;
            let y_towards = |i: u32| {
                let cos = (PI * (f64::from(i) + 0.5) / f64::from(N_DIRECTIONS)).cos();
                let squared = theta.value().powi(2) + reach * reach - 2.0 * theta.value() * reach * cos;
                shape.at_squared(squared.max(0.0) / self.theta500_rad.powi(2))
            };
            (0..N_DIRECTIONS).map(y_towards).sum::<f64>() / f64::from(N_DIRECTIONS)
        };
        self.y0() * integrate_panels(0.0, 6.5, 8, |s| mean_at(s) * s * (-0.5 * s * s).exp())
    }

    /// Integrated y in the sphere of R500c in Mpc^2, `sigma_T / (m_e c^2) int P dV`.
    pub fn y500_sph_mpc2(&self) -> f64 {
        self.y_volume_mpc2() * Gnfw::ARNAUD10.sphere_integral(1.0)
    }

    /// Integrated y in the sphere of 5 R500c in Mpc^2: all that the profile has.
    pub fn y_total_mpc2(&self) -> f64 {
        self.y_volume_mpc2() * Gnfw::ARNAUD10.sphere_integral(X_MAX)
    }

    /// Integrated y in the cylinder of projected radius R500c in Mpc^2.
    pub fn y500_cyl_mpc2(&self) -> f64 {
        self.y_volume_mpc2() * Gnfw::ARNAUD10.cylinder_integral(1.0)
    }

    /// Square arcminutes per Mpc^2 at the cluster's distance.
    pub fn arcmin2_per_mpc2(&self) -> f64 {
        (self.theta500().to_arcmin().value() / self.r500c_mpc).powi(2)
    }

    fn y_scale(&self) -> f64 {
        Y_PER_KEV_CM3_MPC * self.pressure_kev_cm3 * self.r500c_mpc
    }

    fn y_volume_mpc2(&self) -> f64 {
        self.y_scale() * 4.0 * PI * self.r500c_mpc * self.r500c_mpc
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn central_line_integral_is_the_quadrature() {
        let relative = Gnfw::ARNAUD10.line_integral(0.0) / CENTRAL_LINE_INTEGRAL - 1.0;
        assert!(relative.abs() < 1e-11, "{:.15}", Gnfw::ARNAUD10.line_integral(0.0));
    }

    #[test]
    fn profile_integrates_to_the_total() {
        let gas = Arnaud10::new(M500c::new(3e14), Redshift::new(0.4), &Cosmology::planck18()).unwrap();
        let theta500 = gas.theta500().value();
        let ring = |s: f64| {
            let theta = 5.0 * theta500 * s * s;
            2.0 * PI * gas.y(Radian::new(theta)) * theta * 10.0 * theta500 * s
        };
        let total_mpc2 = crate::quadrature::simpson(0.0, 1.0, 4000, ring) * (gas.r500().value() / theta500).powi(2);
        assert!((total_mpc2 / gas.y_total_mpc2() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn smoothed_profile_equals_the_sum_over_a_grid() {
        let gas = Arnaud10::new(M500c::new(3e14), Redshift::new(0.7), &Cosmology::planck18()).unwrap();
        let (arcmin, step) = (PI / 10_800.0, 0.02);
        let sigma_arcmin = 1.0 / FWHM_PER_SIGMA;
        let shape = ProjectedGnfw::arnaud10();
        for theta_arcmin in [0.0_f64, 0.7, 3.0] {
            let mut twin = 0.0;
            for (i, j) in (-150..150).flat_map(|i| (-150..150).map(move |j| (i, j))) {
                let (x, y) = (step * (f64::from(i) + 0.5), step * (f64::from(j) + 0.5));
                let beam = (-0.5 * (x * x + y * y) / (sigma_arcmin * sigma_arcmin)).exp();
                let from_centre = (x + theta_arcmin).hypot(y) * arcmin;
                twin += beam * gas.y0() * shape.at(from_centre / gas.theta500().value());
            }
            twin *= step * step / (2.0 * PI * sigma_arcmin * sigma_arcmin);
            let got = gas.y_smoothed(Radian::new(theta_arcmin * arcmin), Radian::new(arcmin), &shape);
            assert!((got / twin - 1.0).abs() < 2e-4, "{theta_arcmin}: {got:e} {twin:e}");
        }
    }
}
