//! Eisenstein & Hu 1998: the shape of the transfer function without acoustic wiggles.

use std::f64::consts::E;

use crate::cosmology::Cosmology;

/// The transfer function smoothed over its wiggles (EisensteinHu98, Eqs. 26 and 28-31), wavenumbers in 1/Mpc.
///
/// It has a slope that is a smooth function of scale, which fits to simulations rest on (DiemerKravtsov15).
#[derive(Clone, Copy, Debug)]
pub struct EisensteinHu98Smooth {
    n_s: f64,
    omega_m_h2: f64,
    theta_squared: f64,
    sound_horizon_mpc: f64,
    alpha_gamma: f64,
}

impl EisensteinHu98Smooth {
    /// Computes the scales of a cosmology.
    pub fn new(cosmology: &Cosmology) -> Self {
        let h2 = cosmology.h() * cosmology.h();
        let (omega_m_h2, omega_b_h2) = (cosmology.omega_m() * h2, cosmology.omega_b() * h2);
        let baryon_frac = cosmology.omega_b() / cosmology.omega_m();
        Self {
            n_s: cosmology.parameters().n_s,
            omega_m_h2,
            theta_squared: (cosmology.parameters().t_cmb_k / 2.7).powi(2),
            sound_horizon_mpc: 44.5 * (9.83 / omega_m_h2).ln() / (1.0 + 10.0 * omega_b_h2.powf(0.75)).sqrt(), // Eq. 26
            alpha_gamma: 1.0 - 0.328 * (431.0 * omega_m_h2).ln() * baryon_frac
                + 0.38 * (22.3 * omega_m_h2).ln() * baryon_frac.powi(2), // Eq. 31
        }
    }

    /// The transfer function at a wavenumber in 1/Mpc.
    pub fn at(&self, k_per_mpc: f64) -> f64 {
        let knee = 1.0 / (1.0 + (0.43 * k_per_mpc * self.sound_horizon_mpc).powi(4));
        let gamma_h = self.omega_m_h2 * (self.alpha_gamma + (1.0 - self.alpha_gamma) * knee); // Eq. 30 times h
        let q = k_per_mpc * self.theta_squared / gamma_h; // Eq. 28
        let logarithm = (2.0 * E + 1.8 * q).ln(); // Eq. 29
        logarithm / (logarithm + (14.2 + 731.0 / (1.0 + 62.5 * q)) * q * q)
    }

    /// Logarithmic slope `dlnP/dlnk` of `P = k^n_s T^2` at a wavenumber in 1/Mpc.
    pub fn power_slope(&self, k_per_mpc: f64) -> f64 {
        let half_step = 1e-4_f64;
        let (below, above) = (self.at(k_per_mpc * (-half_step).exp()), self.at(k_per_mpc * half_step.exp()));
        self.n_s + (above / below).ln() / half_step
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::power::EisensteinHu98;

    #[test]
    fn smooth_shape_runs_through_the_wiggles() {
        let cosmology = Cosmology::planck18();
        let (smooth, full) = (EisensteinHu98Smooth::new(&cosmology), EisensteinHu98::new(&cosmology));
        for k in [1e-4, 1e-3, 0.5, 3.0] {
            let ratio = smooth.at(k) / full.at(k);
            assert!((ratio - 1.0).abs() < 0.03, "{k}: {ratio}");
        }
        assert!((smooth.power_slope(1e-5) - 0.9665).abs() < 0.01);
    }
}
