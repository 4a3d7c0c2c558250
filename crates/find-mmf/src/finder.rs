//! The filter as the contract knows it.

use crate::Error;
use crate::config::{MatchedFilterConfig, Settings};
use crate::photometry::{self, Amplitude};
use crate::search::{self, Keep, Search};
use crate::sources::{self, Treated};
use arcmin_maps::Observation;
use arcmin_method::{ClusterFinder, Detections, FinderRecipe, FinderSources, ScoreKind};
use arcmin_units::{Arcmin, SkyPosition};
use std::borrow::Cow;
use std::path::Path;

/// Short name in records and reports.
const NAME: &str = "mmf";

/// A matched filter with checked settings.
#[derive(Clone, Debug)]
pub struct MatchedFilter {
    settings: Settings,
}

impl MatchedFilter {
    /// Checks a configuration and builds the template bank.
    ///
    /// # Errors
    /// See [`MatchedFilterConfig::check`].
    pub fn new(config: &MatchedFilterConfig) -> Result<Self, Error> {
        Ok(Self { settings: config.check()? })
    }

    /// The settings.
    pub fn config(&self) -> &MatchedFilterConfig {
        self.settings.config()
    }

    /// Searches an observation and returns all there is: candidates, maps and the noise used.
    ///
    /// # Errors
    /// When a noise model lacks a band's noise level, when the noise cannot be inverted, when a map has no variance;
    /// those of [`without_sources`](Self::without_sources).
    pub fn search(&self, observation: &Observation) -> Result<Search, Error> {
        match &self.config().sources {
            None => search::search(&self.settings, observation, Keep::Best),
            Some(_) => self.search_treated(&self.without_sources(observation)?, Keep::Best),
        }
    }

    /// The observation as it is searched: its point sources masked or subtracted, if the settings ask for it.
    ///
    /// # Errors
    /// A band that is missing, has no frequency or lies above the null of the SZ effect, a beam that the pixels do not
    /// resolve.
    pub fn without_sources<'a>(&self, observation: &'a Observation) -> Result<Treated<'a>, Error> {
        match &self.config().sources {
            None => Ok(Treated { observation: Cow::Borrowed(observation), sources: Vec::new() }),
            Some(config) => sources::treat(&self.settings, config, observation),
        }
    }

    /// Searches an observation without looking for sources again; candidates near known ones are flagged.
    ///
    /// # Errors
    /// As [`search`](Self::search).
    pub fn search_treated(&self, treated: &Treated<'_>, keep: Keep) -> Result<Search, Error> {
        let mut search = search::search(&self.settings, &treated.observation, keep)?;
        search.flag_near(&treated.sources);
        Ok(search)
    }

    /// Forced photometry: amplitude under a template of the given scale at each position, in the order given; `None`
    /// for positions that are not searched.
    ///
    /// # Errors
    /// As [`MatchedFilter::search`].
    pub fn measure(
        &self,
        observation: &Observation,
        targets: &[(SkyPosition, Arcmin)],
    ) -> Result<Vec<Option<Amplitude>>, Error> {
        match &self.config().sources {
            None => photometry::measure(&self.settings, observation, targets),
            Some(_) => photometry::measure(&self.settings, &self.without_sources(observation)?.observation, targets),
        }
    }
}

impl ClusterFinder for MatchedFilter {
    fn name(&self) -> &str {
        NAME
    }

    fn find(&self, observation: &Observation) -> Result<Detections, arcmin_method::Error> {
        match self.search(observation) {
            Ok(search) => Ok(search.detections),
            Err(source) => Err(arcmin_method::Error::Method { method: NAME.to_owned(), source: Box::new(source) }),
        }
    }

    fn score_kind(&self) -> ScoreKind {
        ScoreKind::SignalToNoise
    }
}

/// A matched filter to be: its configuration.
///
/// Nothing is learnt from training scenes. The noise is a model, or it is measured on the very map that is searched,
/// which is how the filter adapts to it.
#[derive(Clone, Debug)]
pub struct MatchedFilterRecipe {
    config: MatchedFilterConfig,
}

impl MatchedFilterRecipe {
    /// A recipe with checked settings.
    ///
    /// # Errors
    /// See [`MatchedFilterConfig::check`].
    pub fn new(config: MatchedFilterConfig) -> Result<Self, Error> {
        config.check()?;
        Ok(Self { config })
    }
}

impl FinderRecipe for MatchedFilterRecipe {
    fn fit(
        &self,
        _sources: &FinderSources,
        _folder: &Path,
        _stop: &dyn Fn() -> bool,
    ) -> Result<Box<dyn ClusterFinder>, arcmin_method::Error> {
        match MatchedFilter::new(&self.config) {
            Ok(filter) => Ok(Box::new(filter)),
            Err(source) => Err(arcmin_method::Error::Method { method: NAME.to_owned(), source: Box::new(source) }),
        }
    }
}
