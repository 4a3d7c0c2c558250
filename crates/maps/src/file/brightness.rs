//! Brightness and thermodynamic temperature.

use arcmin_units::Ghz;
use arcmin_units::constants::{C_M_S, H_SI, K_B_SI, T_CMB_K};

/// Jy/sr for one uK_CMB: the derivative of the Planck spectrum at the mean CMB temperature, which is what K_CMB means,
/// `dB/dT = 2 k nu^2 / c^2 x^2 e^x / (e^x - 1)^2` with `x = h nu / k T`.
pub(super) fn jy_sr_per_uk(nu: Ghz) -> f64 {
    const JY_PER_SI: f64 = 1e26;
    const K_PER_UK: f64 = 1e-6;
    let x = H_SI * nu.to_hz() / (K_B_SI * T_CMB_K);
    let half_sinh = (0.5 * x).sinh();
    let ratio = x / (2.0 * half_sinh);
    2.0 * K_B_SI * (nu.to_hz() / C_M_S).powi(2) * ratio * ratio * JY_PER_SI * K_PER_UK
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `unit_conversion` of the reference numbers (astropy 8.0.2 constants): GHz, Jy/sr per uK.
    #[test]
    fn brightness_agrees_with_the_reference() {
        for (nu_ghz, expected) in [
            (90.0, 202.71765852313095),
            (143.0, 379.93197394754606),
            (150.0, 398.4808458873988),
            (219.0, 483.61129874105865),
            (353.0, 296.65153314337067),
        ] {
            let got = jy_sr_per_uk(Ghz::new(nu_ghz));
            assert!((got / expected - 1.0).abs() < 1e-9, "{nu_ghz} GHz: {got}");
        }
    }

    /// Jy/sr for dT/T = 1 that the code of Lin et al. 2021 uses, with T = 2.726 K: its 219 GHz factor is that at 219 GHz, the others
    /// agree to four digits.
    #[test]
    fn brightness_agrees_with_the_factors_of_the_simulated_octant() {
        for (nu_ghz, jy_sr) in [(90.0, 5.526540e8), (148.0, 1.072480e9), (219.0, 1.318837e9)] {
            let got = jy_sr_per_uk(Ghz::new(nu_ghz)) * 2.726e6;
            assert!((got / jy_sr - 1.0).abs() < 5e-4, "{nu_ghz} GHz: {got}");
        }
    }
}
