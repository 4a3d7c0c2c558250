//! Duffy et al. 2008.

use arcmin_units::{HaloMass, M200c, Redshift};

use super::Concentration;
use crate::cosmology::Cosmology;

/// Concentration of all haloes (relaxed or not) in WMAP5 simulations.
///
/// `c200c = 5.71 (M200c / 2e12 Msun/h)^-0.084 (1+z)^-0.47`   (Duffy08, Table 1, NFW, full sample, z = 0..2)
#[derive(Clone, Copy, Debug, Default)]
pub struct Duffy08;

impl Concentration for Duffy08 {
    fn c200c(&self, mass: M200c, z: Redshift, cosmology: &Cosmology) -> f64 {
        let pivot_msun = 2e12 / cosmology.h();
        5.71 * (mass.msun() / pivot_msun).powf(-0.084) * (1.0 + z.value()).powf(-0.47)
    }
}
