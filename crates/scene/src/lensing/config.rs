//! Which haloes of a survey deflect the CMB.

use super::Taper;
use crate::Error;
use crate::setup::{positive, require};
use arcmin_units::{Arcmin, M200m, Redshift};
use serde::{Deserialize, Serialize};

/// Which haloes deflect the CMB, and how far about them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HaloLensingConfig {
    /// Least M200m of a halo that deflects.
    pub m200m_min_msun: f64,
    /// Angle from a halo's centre where its deflection ends; up to half of it the deflection is that of the untruncated
    /// halo, see [`Taper`].
    pub taper_arcmin: f64,
    /// Redshift of the CMB.
    #[serde(default = "last_scattering", skip_serializing_if = "is_last_scattering")]
    pub z_source: f64,
}

const fn last_scattering() -> f64 {
    1100.0
}

fn is_last_scattering(z: &f64) -> bool {
    *z == last_scattering()
}

impl HaloLensingConfig {
    /// Checks every value.
    pub(crate) fn check(&self) -> Result<(), Error> {
        positive("halo_lensing.m200m_min_msun", self.m200m_min_msun)?;
        let z = self.z_source;
        require("halo_lensing.z_source", z, z.is_finite() && z > 10.0, "finite and above 10")?;
        self.taper().map(drop)
    }

    pub(crate) fn taper(&self) -> Result<Taper, Error> {
        Taper::new(Arcmin::new(self.taper_arcmin).to_rad())
    }

    pub(crate) fn m200m_min(&self) -> M200m {
        M200m::new(self.m200m_min_msun)
    }

    pub(crate) fn z_source(&self) -> Redshift {
        Redshift::new(self.z_source)
    }
}
