//! Tinker et al. 2010: the large-scale bias of haloes.

use arcmin_units::{HaloMass, Redshift};

use crate::mass_definition::mean_overdensity;
use crate::power::{DELTA_COLLAPSE, LinearPower};

/// The linear bias of Tinker10 over a linear power spectrum.
///
/// `b = 1 - A nu^a / (nu^a + delta_c^a) + B nu^b + C nu^c`   (Tinker10, Eq. 6, parameters in Table 2).
#[derive(Clone, Copy, Debug)]
pub struct Tinker10<'a> {
    power: &'a LinearPower,
}

impl<'a> Tinker10<'a> {
    /// The bias of haloes in this density field.
    pub fn new(power: &'a LinearPower) -> Self {
        Self { power }
    }

    /// Linear bias of haloes of a mass with respect to matter.
    pub fn bias<M: HaloMass>(&self, mass: M, z: Redshift) -> f64 {
        let nu = self.power.peak_height(mass.msun(), z);
        let y = mean_overdensity(M::DEFINITION, z, self.power.cosmology()).log10();
        let cut = (-(4.0 / y).powi(4)).exp();
        let (amplitude_a, slope_a) = (1.0 + 0.24 * y * cut, 0.44 * y - 0.88);
        let (amplitude_b, slope_b) = (0.183, 1.5);
        let (amplitude_c, slope_c) = (0.019 + 0.107 * y + 0.19 * cut, 2.4);
        let nu_a = nu.powf(slope_a);
        1.0 - amplitude_a * nu_a / (nu_a + DELTA_COLLAPSE.powf(slope_a))
            + amplitude_b * nu.powf(slope_b)
            + amplitude_c * nu.powf(slope_c)
    }
}
