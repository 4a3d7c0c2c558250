//! The dust of our galaxy, a Gaussian field whose power differs from tile to tile.

use crate::foreground::FieldModel;
use crate::{Error, Setup};
use serde::{Deserialize, Serialize};

/// The dust of our galaxy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GalacticDustConfig {}

impl GalacticDustConfig {
    pub(crate) fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// Spectrum, band factors and scatter of the power between tiles; `None` when the description has no dust.
pub(crate) fn field_model(_setup: &Setup) -> Option<FieldModel> {
    None
}
