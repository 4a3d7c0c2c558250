//! Thermal dust of our Galaxy at millimetre wavelengths: its colour and the shape of its spectrum.

use arcmin_units::Ghz;

use crate::brightness::{jy_sr_per_uk, planck_jy_sr};
use crate::spectra::d_per_c;

/// Emissivity index and temperature of dust at high latitude (Planck13XI: 1.6 and 19.6 K are means over the sky).
const BETA: f64 = 1.6;
const T_DUST_K: f64 = 19.6;
/// Multipole at which the power is quoted, and the slope of `D_l` (George15, Sec. 5.7: cirrus as l^-1.2).
const ELL_PIVOT: f64 = 3000.0;
const D_ELL_SLOPE: f64 = -1.2;

/// Temperature of dust at `nu` over that at `reference`, in uK_CMB: `nu^1.6 B_nu(19.6 K) / (dB/dT)`.
///
/// ```
/// use arcmin_sky::galactic_dust::temperature_ratio;
/// use arcmin_units::Ghz;
/// assert!((temperature_ratio(Ghz::new(90.0), Ghz::new(148.0)) - 0.3488).abs() < 1e-4);
/// ```
pub fn temperature_ratio(nu: Ghz, reference: Ghz) -> f64 {
    let temperature = |nu: Ghz| nu.value().powf(BETA) * planck_jy_sr(nu, T_DUST_K) / jy_sr_per_uk(nu);
    temperature(nu) / temperature(reference)
}

/// Spectrum in uK_CMB^2 sr of dust with a given `D_3000`: `D_l = D_3000 (l / 3000)^-1.2`; `ell > 0`.
pub fn c_ell_uk2_sr(d_3000_uk2: f64, ell: f64) -> f64 {
    d_3000_uk2 * (ell / ELL_PIVOT).powf(D_ELL_SLOPE) / d_per_c(ell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_falls_with_the_slope() {
        let d_ell = |ell: f64| c_ell_uk2_sr(0.5, ell) * d_per_c(ell);
        assert!((d_ell(3000.0) - 0.5).abs() < 1e-12);
        assert!((d_ell(300.0) / d_ell(3000.0) - 10f64.powf(1.2)).abs() < 1e-9);
    }
}
