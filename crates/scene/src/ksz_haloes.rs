//! The kinematic SZ effect of each halo: gas of a beta profile that moves as a whole.
//!
//! `dT = -T_CMB tau v / c`, with the optical depth of [`BetaGas`] and the velocity of the halo along the line of sight.
//! The effect of gas outside of haloes, of motions within them, and of patchy reionisation is not in it.

use crate::paint::{ProfileTable, Stamp, paint};
use crate::population::PlacedHalo;
use crate::tile::TileContext;
use crate::{Component, Error, Setup};
use arcmin_sky::sz::ksz_uk;
use arcmin_sky::{BETA_GAS_X_MAX, BetaGas, Cosmology};
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
        let fits = self.gas_fraction > 0.0 && self.gas_fraction <= 0.3;
        crate::setup::require("ksz_haloes.gas_fraction", self.gas_fraction, fits, "above 0 and at most 0.3")
    }
}

/// Paints the moving gas of haloes.
#[derive(Clone, Debug)]
pub(crate) struct KszPainter {
    cosmology: Cosmology,
    gas_fraction: f64,
    profile: ProfileTable,
}

impl KszPainter {
    /// Tables of a survey; `None` without the component `ksz_haloes`.
    pub(crate) fn new(setup: &Setup) -> Option<Self> {
        let config = setup.optional.ksz_haloes.as_ref().filter(|_| setup.has(Component::KszHaloes))?;
        Some(Self {
            cosmology: setup.cosmology,
            gas_fraction: config.gas_fraction,
            profile: ProfileTable::new(BetaGas::shape, BETA_GAS_X_MAX),
        })
    }

    /// Adds the haloes of a tile in uK to an image of the padded window.
    pub(crate) fn add(&self, tile: &TileContext, image: &mut [f32]) -> Result<(), Error> {
        let stamp = |placed| -> Result<Stamp, Error> {
            let &PlacedHalo { halo, pixel } = placed;
            let gas = BetaGas::new(halo.m500c, halo.redshift, self.gas_fraction, &self.cosmology)?;
            Ok(Stamp::new(&tile.window, pixel, halo.theta500, ksz_uk(gas.tau0(), halo.velocity_km_s)))
        };
        let stamps = tile.placed.iter().map(stamp).collect::<Result<Vec<_>, _>>()?;
        paint(image, tile.window.padded.nx, &stamps, std::slice::from_ref(&self.profile));
        Ok(())
    }
}
