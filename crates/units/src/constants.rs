//! Constants of nature in SI, CODATA 2018 and IAU 2015 nominal values (as in astropy 8.0.2).

/// Speed of light in m/s (exact).
pub const C_M_S: f64 = 299_792_458.0;
/// Newton's constant in m^3 kg^-1 s^-2.
pub const G_SI: f64 = 6.6743e-11;
/// Planck's constant in J s (exact).
pub const H_SI: f64 = 6.626_070_15e-34;
/// Boltzmann's constant in J/K (exact).
pub const K_B_SI: f64 = 1.380_649e-23;
/// One megaparsec in metres.
pub const MPC_M: f64 = 3.085_677_581_491_367e22;
/// Solar mass in kg.
pub const MSUN_KG: f64 = 1.988_409_870_698_051e30;
/// Thomson cross-section in m^2.
pub const SIGMA_T_M2: f64 = 6.652_458_705_1e-29;
/// Rest energy of the electron in keV.
pub const M_E_C2_KEV: f64 = 510.998_950_691_753_1;
/// Mass of the proton in kg.
pub const M_P_KG: f64 = 1.672_621_925_95e-27;
/// One keV in joules.
pub const KEV_J: f64 = 1.602_176_634e-16;
/// Stefan-Boltzmann constant in W m^-2 K^-4.
pub const SIGMA_SB_SI: f64 = 5.670_374_419e-8;
/// Mean CMB temperature in K (Fixsen 2009).
pub const T_CMB_K: f64 = 2.7255;
/// Mean CMB temperature in uK (Fixsen 2009).
pub const T_CMB_UK: f64 = T_CMB_K * 1e6;
/// Newton's constant in Mpc (km/s)^2 / Msun.
pub const G_MPC_KM2_S2_MSUN: f64 = G_SI * MSUN_KG / MPC_M * 1e-6;
/// Gaussian FWHM over sigma, `sqrt(8 ln 2)`.
pub const FWHM_PER_SIGMA: f64 = 2.354_820_045_030_949;
