//! The kinematic SZ effect of each halo.

use crate::Error;
use serde::{Deserialize, Serialize};

/// The gas that moves with each halo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KszHaloesConfig {
    /// Gas over total mass within R500c.
    pub gas_fraction: f64,
}

impl KszHaloesConfig {
    pub(crate) fn check(&self) -> Result<(), Error> {
        let fits = (0.0..=0.3).contains(&self.gas_fraction);
        crate::setup::require("ksz_haloes.gas_fraction", self.gas_fraction, fits, "from 0 to 0.3")
    }
}
