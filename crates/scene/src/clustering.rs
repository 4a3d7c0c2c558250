//! How haloes follow the large-scale structure.

use crate::Error;
use serde::{Deserialize, Serialize};

/// The density field that haloes follow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusteringConfig {
    /// Side of a cell of the density field, comoving.
    pub cell_mpc: f64,
}

impl ClusteringConfig {
    pub(crate) fn check(&self) -> Result<(), Error> {
        let fits = (4.0..=40.0).contains(&self.cell_mpc);
        crate::setup::require("clustering.cell_mpc", self.cell_mpc, fits, "from 4 to 40")
    }
}
