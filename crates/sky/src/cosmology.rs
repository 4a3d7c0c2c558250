//! The background: flat Lambda-CDM with photons and massless neutrinos.
//!
//! `E^2(z) = omega_m (1+z)^3 + omega_r (1+z)^4 + omega_de`, with `omega_de = 1 - omega_m - omega_r`. Radiation moves
//! distances to z < 2 by less than 0.02 percent, but the comoving distance to z = 1100 by half a percent.

use arcmin_units::Redshift;
use arcmin_units::constants::{C_M_S, G_MPC_KM2_S2_MSUN, G_SI, MPC_M, SIGMA_SB_SI, T_CMB_K};

use crate::error::{Error, require_positive};

/// Energy density of one massless neutrino species over that of the photons, `7/8 (4/11)^(4/3)`.
const NEUTRINO_PER_PHOTON: f64 = 0.227_107_317_660_239;
/// Effective number of neutrino species in the standard model (Mangano05).
const N_EFF: f64 = 3.046;

/// The numbers that define a cosmology; see [`Cosmology::new`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CosmologyParameters {
    /// Hubble constant today in km/s/Mpc.
    pub h0_km_s_mpc: f64,
    /// Matter density today over the critical one (baryons included).
    pub omega_m: f64,
    /// Baryon density today over the critical one.
    pub omega_b: f64,
    /// Spectral index of the primordial scalar fluctuations.
    pub n_s: f64,
    /// Linear rms fluctuation today in spheres of 8 Mpc/h.
    pub sigma8: f64,
    /// Temperature of the CMB today in K.
    pub t_cmb_k: f64,
}

/// A flat Lambda-CDM cosmology.
///
/// Differs from common packages in one point: masses and lengths carry no h.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cosmology {
    parameters: CosmologyParameters,
    omega_r: f64,
}

const NAMES: [&str; 5] = ["planck18", "planck15", "sehgal_wmap5", "wmap7", "mdpl2"];

impl Cosmology {
    /// Builds a cosmology with photons of the given temperature and 3.046 massless neutrino species.
    ///
    /// # Errors
    /// A density, Hubble constant, sigma8 or temperature that is not above zero, or `omega_b >= omega_m >= 1`.
    pub fn new(parameters: CosmologyParameters) -> Result<Self, Error> {
        let p = &parameters;
        require_positive("the Hubble constant in km/s/Mpc", p.h0_km_s_mpc)?;
        require_positive("omega_m", p.omega_m)?;
        require_positive("omega_b", p.omega_b)?;
        require_positive("n_s", p.n_s)?;
        require_positive("sigma8", p.sigma8)?;
        require_positive("the CMB temperature in K", p.t_cmb_k)?;
        if p.omega_m >= 1.0 {
            return Err(Error::Parameter { name: "omega_m", value: p.omega_m, expected: "less than 1" });
        }
        if p.omega_b >= p.omega_m {
            return Err(Error::Parameter { name: "omega_b", value: p.omega_b, expected: "less than omega_m" });
        }
        Ok(Self::with_radiation(parameters))
    }

    /// Planck 2018 TT,TE,EE+lowE+lensing+BAO (Planck18, Table 2, last column).
    pub fn planck18() -> Self {
        Self::standard(67.66, 0.3111, 0.0490, 0.9665, 0.8102, T_CMB_K)
    }

    /// Planck 2015 TT,TE,EE+lowP+lensing+ext (Planck15, Table 4, last column).
    pub fn planck15() -> Self {
        Self::standard(67.74, 0.3089, 0.0486, 0.9667, 0.8159, T_CMB_K)
    }

    /// The WMAP5-like cosmology of the Sehgal10 simulations, which the DeepSZ sky is made of.
    pub fn sehgal_wmap5() -> Self {
        Self::standard(71.0, 0.264, 0.044, 0.96, 0.80, 2.726)
    }

    /// WMAP7 as used by the Magneticum simulations.
    pub fn wmap7() -> Self {
        Self::standard(70.4, 0.272, 0.0456, 0.963, 0.809, T_CMB_K)
    }

    /// The cosmology of the MDPL2 simulation, from which the clusters of The300 were drawn.
    pub fn mdpl2() -> Self {
        Self::standard(67.77, 0.307115, 0.048206, 0.96, 0.8228, T_CMB_K)
    }

    /// The cosmology that goes by this name, one of those above.
    ///
    /// # Errors
    /// [`Error::UnknownCosmology`], which lists the names.
    pub fn named(name: &str) -> Result<Self, Error> {
        match name {
            "planck18" => Ok(Self::planck18()),
            "planck15" => Ok(Self::planck15()),
            "sehgal_wmap5" => Ok(Self::sehgal_wmap5()),
            "wmap7" => Ok(Self::wmap7()),
            "mdpl2" => Ok(Self::mdpl2()),
            _ => Err(Error::UnknownCosmology { name: name.to_owned(), known: NAMES.join(", ") }),
        }
    }

    /// The same cosmology without radiation, as some packages have it; the CMB keeps its temperature.
    pub fn without_radiation(self) -> Self {
        Self { omega_r: 0.0, ..self }
    }

    /// The parameters it was built from.
    pub fn parameters(&self) -> &CosmologyParameters {
        &self.parameters
    }

    /// Hubble constant today over 100 km/s/Mpc.
    pub fn h(&self) -> f64 {
        self.parameters.h0_km_s_mpc / 100.0
    }

    /// Matter density today over the critical one.
    pub fn omega_m(&self) -> f64 {
        self.parameters.omega_m
    }

    /// Baryon density today over the critical one.
    pub fn omega_b(&self) -> f64 {
        self.parameters.omega_b
    }

    /// Density of photons and massless neutrinos today over the critical one.
    pub fn omega_r(&self) -> f64 {
        self.omega_r
    }

    /// Density of the cosmological constant today over the critical one.
    pub fn omega_de(&self) -> f64 {
        1.0 - self.parameters.omega_m - self.omega_r
    }

    /// Expansion rate over today's, `E(z) = H(z) / H0`.
    pub fn e_z(&self, z: Redshift) -> f64 {
        let one_plus_z = 1.0 + z.value();
        let cubed = one_plus_z * one_plus_z * one_plus_z;
        (self.omega_m() * cubed + self.omega_r * cubed * one_plus_z + self.omega_de()).sqrt()
    }

    /// Expansion rate in km/s/Mpc.
    pub fn hubble_km_s_mpc(&self, z: Redshift) -> f64 {
        self.parameters.h0_km_s_mpc * self.e_z(z)
    }

    /// Matter density over the critical density, both at redshift z.
    pub fn omega_m_z(&self, z: Redshift) -> f64 {
        self.omega_m() * (1.0 + z.value()).powi(3) / self.e_z(z).powi(2)
    }

    /// Critical density at redshift z, `3 H^2(z) / (8 pi G)`, in Msun per physical Mpc^3.
    pub fn critical_density_msun_mpc3(&self, z: Redshift) -> f64 {
        let hubble = self.hubble_km_s_mpc(z);
        3.0 * hubble * hubble / (8.0 * std::f64::consts::PI * G_MPC_KM2_S2_MSUN)
    }

    /// Mean matter density in Msun per comoving Mpc^3, the same at all redshifts.
    pub fn comoving_matter_density_msun_mpc3(&self) -> f64 {
        self.omega_m() * self.critical_density_msun_mpc3(Redshift::new(0.0))
    }

    fn standard(h0_km_s_mpc: f64, omega_m: f64, omega_b: f64, n_s: f64, sigma8: f64, t_cmb_k: f64) -> Self {
        Self::with_radiation(CosmologyParameters { h0_km_s_mpc, omega_m, omega_b, n_s, sigma8, t_cmb_k })
    }

    fn with_radiation(parameters: CosmologyParameters) -> Self {
        let photons = photon_density_kg_m3(parameters.t_cmb_k) / critical_density_today_kg_m3(parameters.h0_km_s_mpc);
        Self { parameters, omega_r: photons * (1.0 + NEUTRINO_PER_PHOTON * N_EFF) }
    }
}

/// Mass density of black-body photons, `4 sigma_SB T^4 / c^3`.
fn photon_density_kg_m3(t_k: f64) -> f64 {
    let t_squared = t_k * t_k;
    4.0 * SIGMA_SB_SI * t_squared * t_squared / (C_M_S * C_M_S * C_M_S)
}

fn critical_density_today_kg_m3(h0_km_s_mpc: f64) -> f64 {
    let h0_per_s = h0_km_s_mpc * 1e3 / MPC_M;
    3.0 * h0_per_s * h0_per_s / (8.0 * std::f64::consts::PI * G_SI)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_known_and_no_other() {
        for name in NAMES {
            assert!(Cosmology::named(name).is_ok(), "{name}");
        }
        let message = Cosmology::named("planck13").unwrap_err().to_string();
        assert!(message.contains("planck13") && message.contains("sehgal_wmap5"), "{message}");
    }

    #[test]
    fn densities_close_the_universe() {
        for cosmology in [Cosmology::planck18(), Cosmology::planck18().without_radiation()] {
            assert!((cosmology.e_z(Redshift::new(0.0)) - 1.0).abs() < 1e-15);
        }
    }

    #[test]
    fn parameters_without_meaning_are_refused() {
        let good = *Cosmology::planck18().parameters();
        assert_eq!(Cosmology::new(good), Ok(Cosmology::planck18()));
        for bad in [
            CosmologyParameters { h0_km_s_mpc: -70.0, ..good },
            CosmologyParameters { omega_m: f64::NAN, ..good },
            CosmologyParameters { omega_m: 1.2, ..good },
            CosmologyParameters { omega_b: 0.4, ..good },
            CosmologyParameters { t_cmb_k: 0.0, ..good },
        ] {
            assert!(Cosmology::new(bad).is_err(), "{bad:?}");
        }
    }
}
