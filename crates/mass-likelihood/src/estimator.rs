//! The likelihood as an estimator of masses.

use crate::posterior::MassGrid;
use crate::{Error, TemplateBank};
use arcmin_maps::Cutouts;
use arcmin_maps::catalogue::columns;
use arcmin_method::{MassEstimator, MassPosterior};
use arcmin_scene::{ClusterSky, ClusterSkyBand};
use arcmin_units::Redshift;
use rayon::prelude::*;

/// Redshifts that count as one.
const REDSHIFT_TOLERANCE: f64 = 1e-6;

/// Matched filter with the known profile of each mass, and the posterior under a prior that is uniform in mass: what a
/// network could at best learn of a sky.
#[derive(Debug)]
pub struct TemplateEstimator {
    bank: TemplateBank,
    grid: MassGrid,
    bands: Vec<ClusterSkyBand>,
    n_pixels_side: usize,
}

impl TemplateEstimator {
    /// For the clusters of a sky at one redshift, a range of masses in Msun, and a scatter of the logarithm of the amplitude.
    ///
    /// # Errors
    /// As [`TemplateBank::new`] and [`MassGrid::uniform`].
    pub fn new(sky: &ClusterSky, redshift: Redshift, range_msun: [f64; 2], y_ln_scatter: f64) -> Result<Self, Error> {
        let bank = TemplateBank::new(sky, redshift)?;
        let grid = MassGrid::uniform(&bank, range_msun, y_ln_scatter)?;
        Ok(Self { bank, grid, bands: sky.bands(), n_pixels_side: sky.n_pixels_side() })
    }

    /// The templates.
    pub fn bank(&self) -> &TemplateBank {
        &self.bank
    }

    fn check(&self, cutouts: &Cutouts) -> Result<(), Error> {
        let names = |names: Vec<&str>, side: usize| format!("bands {} of {side} x {side} pixels", names.join(", "));
        let expected = names(self.bands.iter().map(|band| band.name.as_str()).collect(), self.n_pixels_side);
        let got = names(cutouts.bands().iter().map(|band| band.name.as_str()).collect(), cutouts.shape().nx);
        if expected != got {
            return Err(Error::OtherSky { expected, got });
        }
        if let Some((index, &n_missing)) = cutouts.n_missing().iter().enumerate().find(|(_, n)| **n > 0) {
            return Err(Error::MissingPixels { index, n_missing });
        }
        Ok(())
    }

    fn check_redshifts(&self, cutouts: &Cutouts) -> Result<(), Error> {
        let Ok(redshifts) = cutouts.catalogue().f64(columns::REDSHIFT) else { return Ok(()) };
        let expected = self.bank.redshift().value();
        match redshifts.iter().enumerate().find(|(_, z)| (**z - expected).abs() > REDSHIFT_TOLERANCE) {
            Some((index, &got)) => Err(Error::OtherRedshift { index, expected, got }),
            None => Ok(()),
        }
    }

    fn posteriors(&self, cutouts: &Cutouts) -> Result<Vec<MassPosterior>, Error> {
        self.check(cutouts)?;
        self.check_redshifts(cutouts)?;
        let posterior = |idx: usize| self.grid.posterior(&self.bank, cutouts.cutout(idx)).answer();
        Ok((0..cutouts.len()).into_par_iter().map(posterior).collect())
    }
}

impl MassEstimator for TemplateEstimator {
    fn name(&self) -> &str {
        "matched_filter"
    }

    fn estimate(&self, cutouts: &Cutouts) -> Result<Vec<MassPosterior>, arcmin_method::Error> {
        self.posteriors(cutouts)
            .map_err(|source| arcmin_method::Error::Method { method: self.name().to_owned(), source: Box::new(source) })
    }
}
