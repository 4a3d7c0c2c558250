//! Diemer & Kravtsov 2015, with the parameters of Diemer & Joyce 2019.

use std::f64::consts::PI;

use arcmin_units::{HaloMass, M200c, Redshift};

use super::Concentration;
use crate::cosmology::Cosmology;
use crate::power::{EisensteinHu98Smooth, LinearPower};

/// Scale at which the slope is taken, in units of `2 pi / R`.
const KAPPA: f64 = 1.0;
/// Floor of the concentration and its dependence on the slope.
const PHI: [f64; 2] = [6.58, 1.27];
/// Peak height of the floor and its dependence on the slope.
const ETA: [f64; 2] = [7.28, 1.56];
const ALPHA: f64 = 1.08;
const BETA: f64 = 1.77;

/// Median concentration as a function of peak height and of the slope of the power spectrum.
///
/// `c200c = c_min/2 [(nu/nu_min)^-alpha + (nu/nu_min)^beta]`, `c_min = phi0 + phi1 n`, `nu_min = eta0 + eta1 n`
/// (DiemerKravtsov15, Eq. 9), where `n = dlnP/dlnk` at `k = kappa 2 pi / R` and R is the Lagrangian radius of M200c.
/// Parameters: the median fit as updated in DiemerJoyce19 (kappa = 1), which replaces the one first published.
#[derive(Clone, Copy, Debug)]
pub struct DiemerKravtsov15<'a> {
    power: &'a LinearPower,
    shape: EisensteinHu98Smooth,
}

impl<'a> DiemerKravtsov15<'a> {
    /// Takes peak heights from this power spectrum, and slopes from the smooth shape of its cosmology, as the fit did.
    pub fn new(power: &'a LinearPower) -> Self {
        Self { power, shape: EisensteinHu98Smooth::new(power.cosmology()) }
    }
}

impl Concentration for DiemerKravtsov15<'_> {
    fn c200c(&self, mass: M200c, z: Redshift, _cosmology: &Cosmology) -> f64 {
        let radius_mpc = self.power.lagrangian_radius(mass.msun()).value();
        let slope = self.shape.power_slope(KAPPA * 2.0 * PI / radius_mpc);
        let nu = self.power.peak_height(mass.msun(), z);
        let c_min = PHI[0] + slope * PHI[1];
        let ratio = nu / (ETA[0] + slope * ETA[1]);
        0.5 * c_min * (ratio.powf(-ALPHA) + ratio.powf(BETA))
    }
}
