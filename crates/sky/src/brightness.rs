//! Conversions between thermodynamic temperature, intensity and Rayleigh-Jeans temperature.
//!
//! Thermodynamic uK_CMB are small: every conversion is the linear one, `dI = (dB/dT)(T_CMB) dT`.

use arcmin_units::Ghz;
use arcmin_units::constants::{C_M_S, H_SI, K_B_SI, T_CMB_K, T_CMB_UK};

/// One jansky in W m^-2 Hz^-1.
const JY_SI: f64 = 1e-26;

/// Dimensionless frequency `x = h nu / (k T_CMB)`.
pub fn x_nu(nu: Ghz) -> f64 {
    H_SI * nu.to_hz() / (K_B_SI * T_CMB_K)
}

/// Intensity of a black body in Jy/sr, `2 h nu^3 / c^2 / (exp(h nu / k T) - 1)`.
pub fn planck_jy_sr(nu: Ghz, t_k: f64) -> f64 {
    let nu_hz = nu.to_hz();
    2.0 * H_SI * nu_hz.powi(3) / (C_M_S * C_M_S) / (H_SI * nu_hz / (K_B_SI * t_k)).exp_m1() / JY_SI
}

/// Intensity in Jy/sr of a temperature difference of one uK_CMB.
///
/// `dB/dT = 2 k^3 T^2 / (h c)^2 x^4 e^x / (e^x - 1)^2`.
///
/// ```
/// # use arcmin_sky::brightness::jy_sr_per_uk;
/// # use arcmin_units::Ghz;
/// assert!((jy_sr_per_uk(Ghz::new(150.0)) - 398.4808).abs() < 1e-3);
/// ```
pub fn jy_sr_per_uk(nu: Ghz) -> f64 {
    let x = x_nu(nu);
    let shape = x.powi(4) / (4.0 * (0.5 * x).sinh().powi(2));
    2.0 * K_B_SI.powi(3) * T_CMB_K * T_CMB_K / (H_SI * C_M_S).powi(2) * shape / JY_SI * 1e-6
}

/// Temperature difference in uK_CMB of an intensity of one MJy/sr.
pub fn uk_per_mjy_sr(nu: Ghz) -> f64 {
    1e6 / jy_sr_per_uk(nu)
}

/// Mean temperature difference in uK_CMB over a solid angle that receives a flux in mJy.
pub fn uk_of_flux(flux_mjy: f64, nu: Ghz, solid_angle_sr: f64) -> f64 {
    flux_mjy * 1e-3 / (solid_angle_sr * jy_sr_per_uk(nu))
}

/// Thermodynamic over Rayleigh-Jeans temperature difference, `(e^x - 1)^2 / (x^2 e^x)`.
pub fn cmb_per_rj(nu: Ghz) -> f64 {
    let x = x_nu(nu);
    (2.0 * (0.5 * x).sinh() / x).powi(2)
}

/// Intensity in MJy/sr of Compton y = 1 (non-relativistic).
pub fn mjy_sr_per_y(nu: Ghz) -> f64 {
    crate::sz::tsz_g(nu) * T_CMB_UK * jy_sr_per_uk(nu) * 1e-6
}
