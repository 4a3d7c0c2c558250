//! The trait of all estimators of cluster masses, and of the recipes that make them.

use crate::Error;
use arcmin_maps::Cutouts;
use arcmin_scene::ClusterCutoutSource;
use arcmin_units::M200c;
use std::path::Path;
use std::sync::Arc;

/// What is believed of one cluster's mass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MassPosterior {
    /// Mean M200c.
    pub mean: M200c,
    /// M200c with what the prior does to it taken out: the mass whose posteriors have this one's median, in the median over
    /// skies, or the likeliest mass without a prior. Of one cluster it says less than the posterior; means and medians of many
    /// clusters of a mass come out right with it alone.
    pub unbiased: M200c,
    /// M200c below which the share [`Self::LEVELS`] of the probability lies; they rise.
    pub quantiles: [M200c; 11],
    /// Sum of the bits of [`mass_flags`].
    pub flags: u32,
}

/// Bits of [`MassPosterior::flags`].
pub mod mass_flags {
    /// The mass lies outside of those that the method knows, or so close to their end that it may.
    pub const OUT_OF_RANGE: u32 = 1;
    /// Some pixels of the cutout were missing and filled in.
    pub const PIXELS_FILLED: u32 = 2;
    /// Beam or noise of the map differ from those that the method knows by more than it was made for.
    pub const OTHER_INSTRUMENT: u32 = 4;
    /// There is no mass: pixels of the cutout are missing.
    pub const NOT_SEEN: u32 = 8;
    /// There is no mass: the method does not know clusters at this redshift.
    pub const REDSHIFT_OUT_OF_RANGE: u32 = 16;
}

impl MassPosterior {
    /// Shares of the probability at which the quantiles are given.
    pub const LEVELS: [f64; 11] = [0.025, 0.05, 0.1, 0.16, 0.25, 0.5, 0.75, 0.84, 0.9, 0.95, 0.975];

    /// The median.
    pub fn median(&self) -> M200c {
        self.quantiles[5]
    }

    /// The lower end of the interval that holds the middle 68 %.
    pub fn lower(&self) -> M200c {
        self.quantiles[3]
    }

    /// The upper end of the interval that holds the middle 68 %.
    pub fn upper(&self) -> M200c {
        self.quantiles[7]
    }
}

/// Weighs clusters in cutouts.
pub trait MassEstimator: Send + Sync {
    /// Short name, as used in records and reports (`sz_mass`).
    fn name(&self) -> &str;

    /// The masses of the clusters in the middle of cutouts, one each; redshifts stand in the cutouts' catalogue. The same
    /// input gives the same answer, bit for bit, for any number of threads.
    ///
    /// # Errors
    /// When the cutouts lack what the method needs or are of another kind of sky. No cutout is no error.
    fn estimate(&self, cutouts: &Cutouts) -> Result<Vec<MassPosterior>, Error>;
}

/// Cutouts to fit an estimator on and to choose with.
#[derive(Clone)]
pub struct ClusterCutoutSources {
    /// Fitted on.
    pub train: Arc<dyn ClusterCutoutSource>,
    /// Chosen with.
    pub validation: Arc<dyn ClusterCutoutSource>,
    /// What posteriors are put right on: sees none of the fit, nor the choice.
    pub calibration: Arc<dyn ClusterCutoutSource>,
}

/// A checked configuration that becomes an estimator.
pub trait MassRecipe: Send + Sync {
    /// Fits the method, the only place where a method sees true masses. What a long fit keeps lies in `folder`: one that
    /// was stopped or killed goes on from there and ends in the same bits.
    ///
    /// # Errors
    /// [`Error::Interrupted`] when `stop` said so; otherwise when a cutout cannot be made or the fit fails.
    fn fit(
        &self,
        sources: &ClusterCutoutSources,
        folder: &Path,
        stop: &dyn Fn() -> bool,
    ) -> Result<Box<dyn MassEstimator>, Error>;
}
