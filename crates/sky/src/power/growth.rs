//! Growth of linear density fluctuations of matter.

use arcmin_units::Redshift;

use crate::cosmology::Cosmology;
use crate::table::UniformTable;

/// The integration starts deep in the radiation era and ends somewhat in the future, for interpolation at z = 0.
const LN_A_START: f64 = -16.0;
const LN_A_END: f64 = 0.08;
/// Runge-Kutta steps of fourth order in ln a.
const N_STEPS: usize = 804;

/// The growing mode `D(a)` of matter in a background with smooth radiation and cosmological constant.
///
/// `D'' + (2 + dlnH/dlna) D' = 3/2 omega_m(a) D`, primes for d/dlna, starting on the growing mode
/// `D = a + 2/3 a_eq` of Meszaros74. Radiation does not cluster: right for k above 0.01/Mpc, where it has decayed.
#[derive(Clone, Debug)]
pub struct Growth {
    ln_factor: UniformTable,
    rate: UniformTable,
}

impl Growth {
    /// Integrates the growth of a cosmology.
    pub fn new(cosmology: &Cosmology) -> Self {
        let step = (LN_A_END - LN_A_START) / N_STEPS as f64;
        let a_start = LN_A_START.exp();
        let a_equality = cosmology.omega_r() / cosmology.omega_m();
        let mut state = [a_start + 2.0 / 3.0 * a_equality, a_start];
        let mut ln_factor = vec![state[0].ln()];
        let mut rate = vec![state[1] / state[0]];
        for i in 0..N_STEPS {
            state = runge_kutta_step(cosmology, LN_A_START + step * i as f64, step, state);
            ln_factor.push(state[0].ln());
            rate.push(state[1] / state[0]);
        }
        let today = UniformTable::from_values(LN_A_START, step, ln_factor.clone()).at(0.0);
        let ln_factor = ln_factor.into_iter().map(|value| value - today).collect();
        Self {
            ln_factor: UniformTable::from_values(LN_A_START, step, ln_factor),
            rate: UniformTable::from_values(LN_A_START, step, rate),
        }
    }

    /// Growth factor `D(z) / D(0)`, for z from 0 to 1e6.
    pub fn factor(&self, z: Redshift) -> f64 {
        self.ln_factor.at(-z.value().ln_1p()).exp()
    }

    /// Growth rate `f = dlnD / dlna`, close to `omega_m(z)^0.55`.
    pub fn rate(&self, z: Redshift) -> f64 {
        self.rate.at(-z.value().ln_1p())
    }
}

/// One step of the classical fourth-order scheme for `[D, D']`.
fn runge_kutta_step(cosmology: &Cosmology, ln_a: f64, step: f64, state: [f64; 2]) -> [f64; 2] {
    let shifted = |slope: [f64; 2], by: f64| [state[0] + by * slope[0], state[1] + by * slope[1]];
    let k1 = derivative(cosmology, ln_a, state);
    let k2 = derivative(cosmology, ln_a + 0.5 * step, shifted(k1, 0.5 * step));
    let k3 = derivative(cosmology, ln_a + 0.5 * step, shifted(k2, 0.5 * step));
    let k4 = derivative(cosmology, ln_a + step, shifted(k3, step));
    std::array::from_fn(|i| state[i] + step / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]))
}

/// `[D', D'']`.
fn derivative(cosmology: &Cosmology, ln_a: f64, [factor, slope]: [f64; 2]) -> [f64; 2] {
    let matter = cosmology.omega_m() * (-3.0 * ln_a).exp();
    let radiation = cosmology.omega_r() * (-4.0 * ln_a).exp();
    let total = matter + radiation + cosmology.omega_de();
    let dln_hubble = -0.5 * (3.0 * matter + 4.0 * radiation) / total;
    [slope, 1.5 * matter / total * factor - (2.0 + dln_hubble) * slope]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quadrature::simpson;

    /// Heath77: without radiation `D ~ E(a) int da / (a E)^3`.
    fn heath(cosmology: &Cosmology, z: f64) -> f64 {
        let integrand = |a: f64| (a * cosmology.e_z(Redshift::new(1.0 / a - 1.0))).powi(-3);
        cosmology.e_z(Redshift::new(z)) * simpson(1e-8, 1.0 / (1.0 + z), 20_000, integrand)
    }

    #[test]
    fn growth_without_radiation_is_the_closed_integral() {
        let cosmology = Cosmology::sehgal_wmap5().without_radiation();
        let growth = Growth::new(&cosmology);
        for z in [0.2, 1.0, 3.0, 10.0] {
            let twin = heath(&cosmology, z) / heath(&cosmology, 0.0);
            let relative = growth.factor(Redshift::new(z)) / twin - 1.0;
            assert!(relative.abs() < 1e-6, "{z}: {relative:e}");
        }
    }

    #[test]
    fn rate_is_the_slope_of_the_factor() {
        let growth = Growth::new(&Cosmology::planck18());
        for z in [0.0, 0.7, 3.0] {
            let (z1, z2) = (z - 1e-4, z + 1e-4);
            let ln_ratio = (growth.factor(Redshift::new(z1)) / growth.factor(Redshift::new(z2))).ln();
            let slope = ln_ratio / ((1.0 + z2) / (1.0 + z1)).ln();
            assert!((slope / growth.rate(Redshift::new(z)) - 1.0).abs() < 1e-6, "{z}");
            let approximation = Cosmology::planck18().omega_m_z(Redshift::new(z)).powf(0.55);
            assert!((growth.rate(Redshift::new(z)) / approximation - 1.0).abs() < 0.01, "{z}");
        }
    }
}
