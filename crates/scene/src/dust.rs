//! The dust of our galaxy, a Gaussian field whose power differs from tile to tile.

use crate::foreground::FieldModel;
use crate::setup::{not_negative, require};
use crate::{Error, Setup};
use arcmin_sky::galactic_dust::{c_ell_uk2_sr, temperature_ratio};
use arcmin_units::Ghz;
use serde::{Deserialize, Serialize};

/// Frequency at which the power is given.
const REFERENCE_NU: Ghz = Ghz::new(148.0);

/// The dust of our galaxy: `D_l = A (l / 3000)^-1.2`, log-normal A from tile to tile, modified black body of 19.6 K.
///
/// On the fields of the South Pole Telescope, among the cleanest of the sky, A = 0.15 uK^2 at 150 GHz (George et al. 2015).
/// Power goes as the square of the brightness of dust or so, and half of the sky away from the Galactic plane is some two
/// times brighter than those fields: a median of 0.5 uK^2, with a scatter of 1.5 in ln A, puts them 0.8 sigma low.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GalacticDustConfig {
    /// Median over tiles of the power at 148 GHz and l = 3000.
    pub median_d3000_148ghz_uk2: f64,
    /// Standard deviation from tile to tile of the logarithm of the power.
    pub d3000_ln_scatter: f64,
}

impl GalacticDustConfig {
    pub(crate) fn check(&self) -> Result<(), Error> {
        not_negative("galactic_dust.median_d3000_148ghz_uk2", self.median_d3000_148ghz_uk2)?;
        let scatter = self.d3000_ln_scatter;
        require("galactic_dust.d3000_ln_scatter", scatter, (0.0..=4.0).contains(&scatter), "from 0 to 4")
    }
}

/// Spectrum, band factors and scatter of the power between tiles; `None` when the description has no dust.
pub(crate) fn field_model(setup: &Setup) -> Option<FieldModel> {
    let config = setup.optional.galactic_dust.as_ref()?;
    let d_3000 = config.median_d3000_148ghz_uk2;
    Some(FieldModel {
        power_ln_scatter: config.d3000_ln_scatter,
        c_ell_uk2_sr: Box::new(move |ell| c_ell_uk2_sr(d_3000, ell)),
        band_factors: setup.bands.iter().map(|band| temperature_ratio(band.nu, REFERENCE_NU)).collect(),
    })
}
