//! Spectra of the Sunyaev-Zel'dovich effects, in thermodynamic temperature.

use arcmin_units::Ghz;
use arcmin_units::constants::{C_M_S, M_E_C2_KEV, T_CMB_UK};

use crate::brightness::x_nu;

/// Relative temperature change per Compton y of the thermal effect, `g(x) = x coth(x/2) - 4`.
///
/// Source: SunyaevZeldovich72, non-relativistic. Negative below its null at 217.5 GHz.
///
/// ```
/// # use arcmin_sky::sz::tsz_g;
/// # use arcmin_units::Ghz;
/// assert!((tsz_g(Ghz::new(150.0)) + 0.95333).abs() < 1e-5);
/// ```
pub fn tsz_g(nu: Ghz) -> f64 {
    x_coth_half(x_nu(nu)) - 4.0
}

/// Temperature change in uK_CMB per Compton y of the thermal effect, `T_CMB g`.
pub fn tsz_uk_per_y(nu: Ghz) -> f64 {
    T_CMB_UK * tsz_g(nu)
}

/// `g` with the relativistic correction of first order in the electron temperature.
///
/// `g + theta_e [-10 + 47/2 X - 42/5 X^2 + 7/10 X^3 + S^2 (-21/5 + 7/5 X)]`, `X = x coth(x/2)`, `S = x / sinh(x/2)`,
/// `theta_e = k T_e / (m_e c^2)`   (Itoh98, Sec. 2, the functions Y0 and Y1).
///
/// The first order is 3.7 percent of g at 150 GHz and 5 keV; above some 10 keV the higher orders begin to count.
pub fn tsz_g_relativistic(nu: Ghz, te_kev: f64) -> f64 {
    let x = x_nu(nu);
    let coth = x_coth_half(x);
    let sinh_squared = (x / (0.5 * x).sinh()).powi(2);
    let first_order =
        -10.0 + 23.5 * coth - 8.4 * coth.powi(2) + 0.7 * coth.powi(3) + sinh_squared * (-4.2 + 1.4 * coth);
    coth - 4.0 + te_kev / M_E_C2_KEV * first_order
}

/// Temperature change in uK_CMB of the kinetic effect, `-T_CMB tau v / c`; `v_km_s > 0` recedes.
///
/// Source: SunyaevZeldovich80. The same at all frequencies.
pub fn ksz_uk(tau: f64, v_km_s: f64) -> f64 {
    -T_CMB_UK * tau * v_km_s * 1e3 / C_M_S
}

fn x_coth_half(x: f64) -> f64 {
    x / (0.5 * x).tanh()
}
