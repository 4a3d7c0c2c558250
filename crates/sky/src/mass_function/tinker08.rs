//! Tinker et al. 2008: the halo mass function.

use arcmin_units::{HaloMass, Redshift};

use crate::mass_definition::mean_overdensity;
use crate::power::LinearPower;

/// Overdensities over the mean matter density for which parameters were fitted (Tinker08, Table 2).
const DELTA: [f64; 9] = [200.0, 300.0, 400.0, 600.0, 800.0, 1200.0, 1600.0, 2400.0, 3200.0];
const A_AMPLITUDE: [f64; 9] = [0.186, 0.200, 0.212, 0.218, 0.248, 0.255, 0.260, 0.260, 0.260];
const A_SLOPE: [f64; 9] = [1.47, 1.52, 1.56, 1.61, 1.87, 2.13, 2.30, 2.53, 2.66];
const B_SCALE: [f64; 9] = [2.57, 2.25, 2.05, 1.87, 1.59, 1.51, 1.46, 1.44, 1.41];
const C_CUT: [f64; 9] = [1.19, 1.27, 1.34, 1.45, 1.58, 1.80, 1.97, 2.24, 2.44];

/// The mass function of Tinker08 over a linear power spectrum.
///
/// `dn/dlnM = f(sigma) rho_m / M dln(1/sigma)/dlnM`   (Tinker08, Eq. 2),
/// `f = A [(sigma/b)^-a + 1] exp(-c / sigma^2)`   (Eq. 3).
///
/// Fitted for overdensities 200 to 3200 over the mean; between the tabulated ones the parameters follow a natural
/// cubic spline in log10 of the overdensity, as the paper advises. Definitions outside that range take its nearest
/// end, which concerns virial masses at high redshift (178 over the mean). Fitted for z < 2.5 and used beyond.
#[derive(Clone, Copy, Debug)]
pub struct Tinker08<'a> {
    power: &'a LinearPower,
}

impl<'a> Tinker08<'a> {
    /// The mass function of haloes in this density field.
    pub fn new(power: &'a LinearPower) -> Self {
        Self { power }
    }

    /// Haloes per comoving Mpc^3 and unit of ln M.
    ///
    /// ```
    /// use arcmin_sky::{Cosmology, Tinker08, power::LinearPower};
    /// use arcmin_units::{M200m, Redshift};
    /// let power = LinearPower::eisenstein_hu98(&Cosmology::planck18());
    /// let density = Tinker08::new(&power).dn_dlnm(M200m::new(1e14), Redshift::new(0.7));
    /// assert!((density / 9.33e-6 - 1.0).abs() < 0.005);
    /// ```
    pub fn dn_dlnm<M: HaloMass>(&self, mass: M, z: Redshift) -> f64 {
        let cosmology = self.power.cosmology();
        let sigma = self.power.sigma_m(mass.msun(), z);
        let parameters = Tinker08Parameters::new(mean_overdensity(M::DEFINITION, z, cosmology), z);
        let density_per_mass = cosmology.comoving_matter_density_msun_mpc3() / mass.msun();
        -parameters.multiplicity(sigma) * density_per_mass * self.power.dln_sigma_dln_m(mass.msun())
    }
}

/// The parameters of `f(sigma)` at one overdensity and redshift.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tinker08Parameters {
    /// Amplitude A.
    pub amplitude: f64,
    /// Slope a of low masses.
    pub slope: f64,
    /// Scale b in sigma.
    pub scale: f64,
    /// Cut-off c.
    pub cut: f64,
}

impl Tinker08Parameters {
    /// Parameters for an overdensity over the mean matter density (Tinker08, Table 2 and Eqs. 5-8).
    pub fn new(mean_overdensity: f64, z: Redshift) -> Self {
        let delta = mean_overdensity.clamp(DELTA[0], DELTA[DELTA.len() - 1]);
        let one_plus_z = 1.0 + z.value();
        let alpha = 10.0_f64.powf(-(0.75 / (delta / 75.0).log10()).powf(1.2));
        Self {
            amplitude: spline(&A_AMPLITUDE, delta) * one_plus_z.powf(-0.14),
            slope: spline(&A_SLOPE, delta) * one_plus_z.powf(-0.06),
            scale: spline(&B_SCALE, delta) * one_plus_z.powf(-alpha),
            cut: spline(&C_CUT, delta),
        }
    }

    /// The multiplicity function `f(sigma)` (Tinker08, Eq. 3).
    pub fn multiplicity(&self, sigma: f64) -> f64 {
        let power_law = (sigma / self.scale).powf(-self.slope) + 1.0;
        self.amplitude * power_law * (-self.cut / (sigma * sigma)).exp()
    }
}

/// Natural cubic spline through `values` at log10 [`DELTA`].
fn spline(values: &[f64; 9], delta: f64) -> f64 {
    let x: [f64; 9] = DELTA.map(f64::log10);
    let curvature = natural_curvatures(&x, values);
    let at = delta.log10();
    let right = x.partition_point(|&node| node <= at).clamp(1, 8);
    let left = right - 1;
    let width = x[right] - x[left];
    let (a, b) = ((x[right] - at) / width, (at - x[left]) / width);
    let bend = (a * a * a - a) * curvature[left] + (b * b * b - b) * curvature[right];
    a * values[left] + b * values[right] + bend * width * width / 6.0
}

/// Second derivatives of the natural spline at its nodes, by the tridiagonal algorithm.
fn natural_curvatures(x: &[f64; 9], y: &[f64; 9]) -> [f64; 9] {
    let mut ratio = [0.0; 9];
    let mut rest = [0.0; 9];
    for i in 1..8 {
        let (before, after) = (x[i] - x[i - 1], x[i + 1] - x[i]);
        let jump = 6.0 * ((y[i + 1] - y[i]) / after - (y[i] - y[i - 1]) / before);
        let pivot = 2.0 * (before + after) - before * ratio[i - 1];
        ratio[i] = after / pivot;
        rest[i] = (jump - before * rest[i - 1]) / pivot;
    }
    let mut curvature = [0.0; 9];
    for i in (1..8).rev() {
        curvature[i] = rest[i] - ratio[i] * curvature[i + 1];
    }
    curvature
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spline_meets_the_table_and_is_smooth_between() {
        for (delta, value) in DELTA.iter().zip(A_SLOPE) {
            assert!((spline(&A_SLOPE, *delta) - value).abs() < 1e-14, "{delta}");
        }
        let slope = |delta: f64| (spline(&C_CUT, delta * 1.0001) - spline(&C_CUT, delta / 1.0001)) / 2e-4;
        assert!((slope(599.8) - slope(600.2)).abs() < 1e-3);
    }

    #[test]
    fn overdensities_outside_the_fit_take_its_ends() {
        let z = Redshift::new(2.0);
        assert_eq!(Tinker08Parameters::new(178.0, z), Tinker08Parameters::new(200.0, z));
        assert_eq!(Tinker08Parameters::new(9000.0, z), Tinker08Parameters::new(3200.0, z));
    }
}
