//! Concentrations of haloes: how a model is asked, and one file per published model.

mod diemer_kravtsov15;
mod duffy08;

pub use diemer_kravtsov15::DiemerKravtsov15;
pub use duffy08::Duffy08;

use arcmin_units::{M200c, Redshift};

use crate::cosmology::Cosmology;

/// A mean relation between mass, redshift and concentration.
pub trait Concentration {
    /// Concentration `c200c = R200c / r_s` of a halo.
    fn c200c(&self, mass: M200c, z: Redshift, cosmology: &Cosmology) -> f64;

    /// The same relation times a factor, e.g. `exp(0.33 n)` with a normal deviate n for one halo of a population.
    fn scaled_by(&self, factor: f64) -> Scaled<'_, Self> {
        Scaled { model: self, factor }
    }
}

/// A concentration model times a constant factor; made by [`Concentration::scaled_by`].
#[derive(Clone, Copy, Debug)]
pub struct Scaled<'a, C: ?Sized> {
    model: &'a C,
    factor: f64,
}

impl<C: Concentration + ?Sized> Concentration for Scaled<'_, C> {
    fn c200c(&self, mass: M200c, z: Redshift, cosmology: &Cosmology) -> f64 {
        self.factor * self.model.c200c(mass, z, cosmology)
    }
}
