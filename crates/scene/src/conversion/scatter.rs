//! What a concentration off the mean does to the masses of an NFW halo of given M200m.
//!
//! With `mu(c) = ln(1 + c) - c / (1 + c)` the concentration of a definition of mean density `rho` solves
//! `mu(c) / c^3 = rho / rho_200m  mu(c200m) / c200m^3`, and `M / M200m = mu(c) / mu(c200m)`.

use arcmin_sky::Cosmology;
use arcmin_sky::mass_definition::threshold_density_msun_mpc3;
use arcmin_units::{HaloMass, M200c, M200m, M500c, Mvir, Redshift};

/// Nodes of the table, and its range of ln c: one to 3e-7 in ln c.
const NODES: usize = 4096;
const LN_C_MIN: f64 = -4.0;
const LN_C_MAX: f64 = 7.0;

/// The inverse of `ln(mu(c) / c^3)`.
#[derive(Clone, Debug)]
pub(super) struct ConcentrationTable {
    cosmology: Cosmology,
    start: f64,
    step: f64,
    ln_c: Vec<f64>,
}

/// Logarithms of masses over M200m, and of the concentration R200c / r_s.
#[derive(Clone, Copy, Debug)]
pub(super) struct LnRatios {
    pub(super) m500c: f64,
    pub(super) mvir: f64,
    pub(super) m200c: f64,
    pub(super) c200c: f64,
}

impl ConcentrationTable {
    pub(super) fn new(cosmology: &Cosmology) -> Self {
        let (start, end) = (ln_density(LN_C_MAX), ln_density(LN_C_MIN));
        let step = (end - start) / (NODES - 1) as f64;
        let ln_c = (0..NODES).map(|idx| invert(start + idx as f64 * step)).collect();
        Self { cosmology: *cosmology, start, step, ln_c }
    }

    /// The ratios of a halo whose concentration is off the mean by a factor, from those of the mean.
    pub(super) fn scatter(&self, mean: LnRatios, z: Redshift, ln_c_offset: f64) -> LnRatios {
        if ln_c_offset == 0.0 {
            return mean;
        }
        let rho_200m = threshold_density_msun_mpc3(M200m::DEFINITION, z, &self.cosmology);
        let ln_rho = |definition| (threshold_density_msun_mpc3(definition, z, &self.cosmology) / rho_200m).ln();
        let (ln_rho500c, ln_rho_vir) = (ln_rho(M500c::DEFINITION), ln_rho(Mvir::DEFINITION));
        let ln_rho200c = ln_rho(M200c::DEFINITION);
        let ln_c200m = mean.c200c + (ln_rho200c - mean.m200c) / 3.0;
        let change =
            |ln_rho| self.ln_mass_and_c(ln_c200m + ln_c_offset, ln_rho).0 - self.ln_mass_and_c(ln_c200m, ln_rho).0;
        LnRatios {
            m500c: mean.m500c + change(ln_rho500c),
            mvir: mean.mvir + change(ln_rho_vir),
            m200c: mean.m200c + change(ln_rho200c),
            c200c: self.ln_mass_and_c(ln_c200m + ln_c_offset, ln_rho200c).1,
        }
    }

    /// `ln(M / M200m)` and `ln c` within a mean density over that of M200m.
    fn ln_mass_and_c(&self, ln_c200m: f64, ln_rho: f64) -> (f64, f64) {
        let ln_c = self.ln_c(ln_density(ln_c200m) + ln_rho);
        (ln_rho + 3.0 * (ln_c - ln_c200m), ln_c)
    }

    fn ln_c(&self, ln_density: f64) -> f64 {
        let at = ((ln_density - self.start) / self.step).clamp(0.0, (NODES - 1) as f64 - 1e-9);
        let idx = at as usize;
        self.ln_c[idx] + (self.ln_c[idx + 1] - self.ln_c[idx]) * (at - idx as f64)
    }
}

/// `ln(mu(c) / c^3)`, the mean density within c over `3 rho_s`: falling.
fn ln_density(ln_c: f64) -> f64 {
    let c = ln_c.exp();
    // Below the series' first terms are exact to double precision where the difference is not.
    let mu = if c < 1e-3 { c * c * (0.5 - c * (2.0 / 3.0 - 0.75 * c)) } else { c.ln_1p() - c / (1.0 + c) };
    mu.ln() - 3.0 * ln_c
}

fn invert(target: f64) -> f64 {
    let (mut low, mut high) = (LN_C_MIN, LN_C_MAX);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if ln_density(middle) > target { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arcmin_sky::NfwHalo;
    use proptest::prelude::*;

    proptest! {
        /// The halo of the offset concentration, made outright, has the masses that the table says.
        #[test]
        fn scattered_halo_is_the_nfw_halo(ln_m in 30.0..36.0f64, c in 2.0..8.0f64, z in 0.02..3.0f64, s in -1.2..1.2f64) {
            let cosmology = Cosmology::sehgal_wmap5();
            let z = Redshift::new(z);
            let table = ConcentrationTable::new(&cosmology);
            let ratios = |halo: &NfwHalo| {
                let m200m = halo.mass_in::<M200m>().value();
                let ln = |mass: f64| (mass / m200m).ln();
                LnRatios {
                    m500c: ln(halo.mass_in::<M500c>().value()),
                    mvir: ln(halo.mass_in::<Mvir>().value()),
                    m200c: ln(halo.mass_in::<M200c>().value()),
                    c200c: halo.c200c().ln(),
                }
            };
            let mean = NfwHalo::from_concentration(M200c::new(ln_m.exp()), c, z, &cosmology).unwrap();
            let ours = table.scatter(ratios(&mean), z, s);
            // The same r_s ratio to R200m: another halo of any mass whose c200m is off by s has these ratios.
            let exact = NfwHalo::from_concentration(M200c::new(1e14), ours.c200c.exp(), z, &cosmology).unwrap();
            let c200m = |halo: &NfwHalo| halo.concentration_in::<M200m>();
            prop_assert!((c200m(&exact).ln() - c200m(&mean).ln() - s).abs() < 1e-5);
            let exact = ratios(&exact);
            for (ours, exact) in [(ours.m500c, exact.m500c), (ours.mvir, exact.mvir), (ours.m200c, exact.m200c)] {
                prop_assert!((ours - exact).abs() < 1e-5, "{ours} {exact}");
            }
        }
    }
}
