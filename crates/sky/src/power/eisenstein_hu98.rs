//! Eisenstein & Hu 1998: transfer function of cold dark matter and baryons.

use std::f64::consts::E;

use crate::cosmology::Cosmology;

/// The transfer function with acoustic wiggles (EisensteinHu98, Eqs. 2-24), accurate to some percent.
///
/// Equation numbers at the methods; symbols as in the paper, wavenumbers in 1/Mpc, `T -> 1` for small k.
#[derive(Clone, Copy, Debug)]
pub struct EisensteinHu98 {
    /// Baryon and cold dark matter fractions of the matter.
    baryon_frac: f64,
    cdm_frac: f64,
    k_equality_per_mpc: f64,
    k_silk_per_mpc: f64,
    sound_horizon_mpc: f64,
    alpha_c: f64,
    beta_c: f64,
    alpha_b: f64,
    beta_b: f64,
    beta_node: f64,
}

impl EisensteinHu98 {
    /// Computes the scales and amplitudes of a cosmology.
    pub fn new(cosmology: &Cosmology) -> Self {
        let h2 = cosmology.h().powi(2);
        let (omega_m_h2, omega_b_h2) = (cosmology.omega_m() * h2, cosmology.omega_b() * h2);
        let baryon_frac = cosmology.omega_b() / cosmology.omega_m();
        let cdm_frac = 1.0 - baryon_frac;
        let theta_squared = (cosmology.parameters().t_cmb_k / 2.7).powi(2);

        let z_equality = 2.50e4 * omega_m_h2 / theta_squared.powi(2); // Eq. 2
        let k_equality_per_mpc = 7.46e-2 * omega_m_h2 / theta_squared; // Eq. 3
        let z_drag = drag_redshift(omega_m_h2, omega_b_h2);
        let baryon_ratio = |z: f64| 31.5 * omega_b_h2 / theta_squared.powi(2) * 1e3 / z; // Eq. 5
        let (r_drag, r_equality) = (baryon_ratio(z_drag), baryon_ratio(z_equality));
        let sound_horizon_mpc = sound_horizon(k_equality_per_mpc, r_drag, r_equality);
        let silk = 1.6 * omega_b_h2.powf(0.52) * omega_m_h2.powf(0.73) * (1.0 + (10.4 * omega_m_h2).powf(-0.95)); // Eq. 7

        let (alpha_c, beta_c) = cdm_suppression(omega_m_h2, baryon_frac, cdm_frac);
        let growth = suppression_of_baryons((1.0 + z_equality) / (1.0 + z_drag));
        let alpha_b = 2.07 * k_equality_per_mpc * sound_horizon_mpc * (1.0 + r_drag).powf(-0.75) * growth; // Eq. 14
        let beta_b = 0.5 + baryon_frac + (3.0 - 2.0 * baryon_frac) * ((17.2 * omega_m_h2).powi(2) + 1.0).sqrt(); // Eq. 24
        let beta_node = 8.41 * omega_m_h2.powf(0.435); // Eq. 23
        Self {
            baryon_frac,
            cdm_frac,
            k_equality_per_mpc,
            k_silk_per_mpc: silk,
            sound_horizon_mpc,
            alpha_c,
            beta_c,
            alpha_b,
            beta_b,
            beta_node,
        }
    }

    /// The transfer function at a wavenumber in 1/Mpc (Eq. 16).
    pub fn at(&self, k_per_mpc: f64) -> f64 {
        self.baryon_frac * self.baryons(k_per_mpc) + self.cdm_frac * self.cold_dark_matter(k_per_mpc)
    }

    /// Eqs. 17, 18.
    fn cold_dark_matter(&self, k: f64) -> f64 {
        let f = 1.0 / (1.0 + (k * self.sound_horizon_mpc / 5.4).powi(4));
        f * self.t0(k, 1.0, self.beta_c) + (1.0 - f) * self.t0(k, self.alpha_c, self.beta_c)
    }

    /// Eqs. 21, 22.
    fn baryons(&self, k: f64) -> f64 {
        let ks = k * self.sound_horizon_mpc;
        let effective_s = self.sound_horizon_mpc / (1.0 + (self.beta_node / ks).powi(3)).cbrt();
        let smooth = self.t0(k, 1.0, 1.0) / (1.0 + (ks / 5.2).powi(2));
        let acoustic = self.alpha_b / (1.0 + (self.beta_b / ks).powi(3)) * (-(k / self.k_silk_per_mpc).powf(1.4)).exp();
        (smooth + acoustic) * sinc(k * effective_s)
    }

    /// Eqs. 19, 20, with `q` of Eq. 10.
    fn t0(&self, k: f64, alpha_c: f64, beta_c: f64) -> f64 {
        let q = k / (13.41 * self.k_equality_per_mpc);
        let c = 14.2 / alpha_c + 386.0 / (1.0 + 69.9 * q.powf(1.08));
        let logarithm = (E + 1.8 * beta_c * q).ln();
        logarithm / (logarithm + c * q * q)
    }
}

/// Redshift at which baryons are released from the drag of photons (Eq. 4).
fn drag_redshift(omega_m_h2: f64, omega_b_h2: f64) -> f64 {
    let b1 = 0.313 * omega_m_h2.powf(-0.419) * (1.0 + 0.607 * omega_m_h2.powf(0.674));
    let b2 = 0.238 * omega_m_h2.powf(0.223);
    1291.0 * omega_m_h2.powf(0.251) / (1.0 + 0.659 * omega_m_h2.powf(0.828)) * (1.0 + b1 * omega_b_h2.powf(b2))
}

/// Sound horizon at the drag epoch in Mpc (Eq. 6).
fn sound_horizon(k_equality: f64, r_drag: f64, r_equality: f64) -> f64 {
    let numerator = (1.0 + r_drag).sqrt() + (r_drag + r_equality).sqrt();
    2.0 / (3.0 * k_equality) * (6.0 / r_equality).sqrt() * (numerator / (1.0 + r_equality.sqrt())).ln()
}

/// Suppression `alpha_c` and shift `beta_c` of the cold dark matter by baryons (Eqs. 11, 12).
fn cdm_suppression(omega_m_h2: f64, baryon_frac: f64, cdm_frac: f64) -> (f64, f64) {
    let a1 = (46.9 * omega_m_h2).powf(0.670) * (1.0 + (32.1 * omega_m_h2).powf(-0.532));
    let a2 = (12.0 * omega_m_h2).powf(0.424) * (1.0 + (45.0 * omega_m_h2).powf(-0.582));
    let alpha_c = a1.powf(-baryon_frac) * a2.powf(-baryon_frac.powi(3));
    let b1 = 0.944 / (1.0 + (458.0 * omega_m_h2).powf(-0.708));
    let b2 = (0.395 * omega_m_h2).powf(-0.0266);
    (alpha_c, 1.0 / (1.0 + b1 * (cdm_frac.powf(b2) - 1.0)))
}

/// `G(y)` of Eq. 15.
fn suppression_of_baryons(y: f64) -> f64 {
    let root = (1.0 + y).sqrt();
    y * (-6.0 * root + (2.0 + 3.0 * y) * ((root + 1.0) / (root - 1.0)).ln())
}

fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-6 { 1.0 } else { x.sin() / x }
}
