//! How strongly each band sees a cluster.

use arcmin_maps::{Band, BandMap, Beam};
use arcmin_sky::sz::tsz_uk_per_y;

/// Response of one band to Compton y.
#[derive(Clone, Debug)]
pub struct BandResponse {
    /// Map unit per unit of y: `T_CMB g(nu)` in uK, or one for a map of Compton y.
    pub per_y: f64,
    /// The band's beam.
    pub beam: Beam,
}

impl BandResponse {
    /// The response of a band of an observation (tSZ without relativistic correction).
    pub fn of(band: &Band) -> Self {
        let per_y = match &band.map {
            BandMap::Temperature { nu, .. } => tsz_uk_per_y(*nu),
            BandMap::ComptonY(_) => 1.0,
        };
        Self { per_y, beam: band.beam.clone() }
    }

    /// `g B(ell)`.
    pub fn at(&self, ell: f64) -> f64 {
        self.per_y * self.beam.transfer(ell)
    }
}
