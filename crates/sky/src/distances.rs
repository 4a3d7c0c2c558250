//! Distances, volumes and ages of a cosmology.

use arcmin_units::constants::{C_M_S, G_MPC_KM2_S2_MSUN, MPC_M};
use arcmin_units::{Mpc, Redshift};

use crate::cosmology::Cosmology;
use crate::quadrature::integrate;

const C_KM_S: f64 = C_M_S * 1e-3;
/// One Julian year of 365.25 days, in seconds.
const YEAR_S: f64 = 365.25 * 86_400.0;

impl Cosmology {
    /// Comoving distance `c/H0 int_0^z dz' / E(z')` along the line of sight.
    ///
    /// 64 Gauss-Legendre nodes in `ln(1+z)`: exact to 1e-10 for all redshifts up to 1e4.
    pub fn comoving_distance(&self, z: Redshift) -> Mpc {
        self.comoving_distance_between(Redshift::new(0.0), z)
    }

    /// Comoving distance between two redshifts on one line of sight; negative when `z_far < z_near`.
    pub fn comoving_distance_between(&self, z_near: Redshift, z_far: Redshift) -> Mpc {
        let integral = integrate(z_near.value().ln_1p(), z_far.value().ln_1p(), |ln_one_plus_z| {
            ln_one_plus_z.exp() / self.e_z(Redshift::new(ln_one_plus_z.exp_m1()))
        });
        Mpc::new(C_KM_S / self.parameters().h0_km_s_mpc * integral)
    }

    /// Angular diameter distance: physical transverse size over angle.
    pub fn angular_diameter_distance(&self, z: Redshift) -> Mpc {
        Mpc::new(self.comoving_distance(z).value() * z.scale_factor())
    }

    /// Angular diameter distance of a source at `z_source` as seen from a lens at `z_lens`.
    pub fn angular_diameter_distance_between(&self, z_lens: Redshift, z_source: Redshift) -> Mpc {
        Mpc::new(self.comoving_distance_between(z_lens, z_source).value() * z_source.scale_factor())
    }

    /// Luminosity distance.
    pub fn luminosity_distance(&self, z: Redshift) -> Mpc {
        Mpc::new(self.comoving_distance(z).value() / z.scale_factor())
    }

    /// Comoving volume per redshift and solid angle, `c D_C^2 / H(z)`, in Mpc^3 / sr.
    pub fn comoving_volume_element_mpc3_sr(&self, z: Redshift) -> f64 {
        C_KM_S / self.hubble_km_s_mpc(z) * self.comoving_distance(z).value().powi(2)
    }

    /// Age of the universe at redshift z in Gyr (Julian years).
    pub fn age_gyr(&self, z: Redshift) -> f64 {
        // With a = s^2 the integrand 2 / (s E) starts smoothly at the big bang, with or without radiation.
        let integral =
            integrate(0.0, z.scale_factor().sqrt(), |s| 2.0 / (s * self.e_z(Redshift::new(1.0 / (s * s) - 1.0))));
        let hubble_time_s = MPC_M * 1e-3 / self.parameters().h0_km_s_mpc;
        hubble_time_s / YEAR_S * 1e-9 * integral
    }

    /// Critical surface density for lensing, `c^2 D_s / (4 pi G D_l D_ls)`, in Msun per physical Mpc^2 at the lens.
    pub fn critical_surface_density_msun_mpc2(&self, z_lens: Redshift, z_source: Redshift) -> f64 {
        let d_lens = self.angular_diameter_distance(z_lens).value();
        let d_source = self.angular_diameter_distance(z_source).value();
        let d_between = self.angular_diameter_distance_between(z_lens, z_source).value();
        C_KM_S * C_KM_S / (4.0 * std::f64::consts::PI * G_MPC_KM2_S2_MSUN) * d_source / (d_lens * d_between)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quadrature::simpson;

    #[test]
    fn distance_equals_the_slow_integral_at_all_redshifts() {
        for cosmology in [Cosmology::planck18(), Cosmology::planck18().without_radiation()] {
            for z in [0.01_f64, 0.7, 3.0, 30.0, 1100.0, 1e4] {
                let twin = simpson(0.0, z.ln_1p(), 20_000, |u| u.exp() / cosmology.e_z(Redshift::new(u.exp_m1())));
                let fast = cosmology.comoving_distance(Redshift::new(z)).value();
                let relative = fast / (twin * C_KM_S / cosmology.parameters().h0_km_s_mpc) - 1.0;
                assert!(relative.abs() < 1e-10, "z {z}: {relative:e}");
            }
        }
    }

    #[test]
    fn age_equals_the_slow_integral() {
        let cosmology = Cosmology::planck18();
        let twin = simpson(1e-9, 1.0, 400_000, |s| 2.0 / (s * cosmology.e_z(Redshift::new(1.0 / (s * s) - 1.0))));
        let hubble_time_gyr = MPC_M * 1e-3 / 67.66 / YEAR_S * 1e-9;
        let relative = cosmology.age_gyr(Redshift::new(0.0)) / (twin * hubble_time_gyr) - 1.0;
        assert!(relative.abs() < 1e-8, "{relative:e}");
    }

    #[test]
    fn distances_add_up_along_the_line_of_sight() {
        let cosmology = Cosmology::wmap7();
        let (z1, z2) = (Redshift::new(0.4), Redshift::new(2.0));
        let sum = cosmology.comoving_distance(z1).value() + cosmology.comoving_distance_between(z1, z2).value();
        assert!((sum / cosmology.comoving_distance(z2).value() - 1.0).abs() < 1e-12);
    }
}
