//! What is to be found.

use crate::{Error, check};
use arcmin_scene::Halo;
use arcmin_units::HaloMass;
use serde::{Deserialize, Serialize};

/// Haloes that a finder is to find.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TargetConfig {
    /// Least Bryan-Norman virial mass.
    pub mvir_min_msun: f64,
    /// Least redshift.
    pub redshift_min: f64,
}

impl Default for TargetConfig {
    /// 2e14 Msun, redshift 0.25 (Lin21).
    fn default() -> Self {
        Self { mvir_min_msun: 2e14, redshift_min: 0.25 }
    }
}

impl TargetConfig {
    /// Checks the values.
    ///
    /// # Errors
    /// [`Error::BadValue`] for the first that cannot be.
    pub fn check(&self) -> Result<(), Error> {
        let Self { mvir_min_msun, redshift_min } = *self;
        check::positive("target.mvir_min_msun", mvir_min_msun)?;
        check::not_negative("target.redshift_min", redshift_min)
    }

    /// Whether a halo is one.
    pub fn contains(&self, halo: &Halo) -> bool {
        halo.mvir.msun() >= self.mvir_min_msun && halo.redshift.value() >= self.redshift_min
    }
}
