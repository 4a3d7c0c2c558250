//! The matched filter.

use super::{Answer, Method, PEAK_BLUR, Reach, Tiling};
use crate::find::args::Args;
use crate::find::score_map::ScoreMap;
use crate::find::settings;
use crate::record::Inputs;
use anyhow::Result;
use arcmin_find_mmf::{Keep, MatchedFilter, Search, Treated};
use arcmin_maps::Observation;
use arcmin_method::{Candidate, ScoreKind, Watch};
use arcmin_units::Arcmin;

/// A known cluster and a candidate this close are the same.
const KNOWN_ARCMIN: f64 = 1.5;
/// A candidate this far beyond its tile's cell may be of a cluster within.
const CLAIMED_ARCMIN: f64 = 1.0;

struct Filter(MatchedFilter);

/// The filter of the options.
pub(super) fn prepare(args: &Args, inputs: &mut Inputs) -> Result<Box<dyn Method>> {
    Ok(Box::new(Filter(MatchedFilter::new(&settings::settings(args, inputs)?)?)))
}

impl Method for Filter {
    fn score_kind(&self) -> ScoreKind {
        ScoreKind::SignalToNoise
    }

    fn check(&self, _observation: &Observation) -> Result<()> {
        Ok(())
    }

    fn tiling(&self) -> Tiling {
        Tiling { border: Arcmin::new(self.0.config().border_arcmin), pixel: None }
    }

    fn reach(&self) -> Reach {
        Reach { known: Arcmin::new(KNOWN_ARCMIN), claimed: Arcmin::new(CLAIMED_ARCMIN) }
    }

    fn blur(&self, _candidate: &Candidate) -> Arcmin {
        PEAK_BLUR
    }

    fn seeks_sources(&self) -> bool {
        self.0.config().sources.is_some()
    }

    fn treat<'a>(&self, observation: &'a Observation) -> Result<Treated<'a>> {
        Ok(self.0.without_sources(observation)?)
    }

    fn search(&self, treated: &Treated<'_>, keep: Keep, _watch: &dyn Watch) -> Result<Answer> {
        let Search { detections, snr, scales, tiles, .. } = self.0.search_treated(treated, keep)?;
        let sigmas = tiles.iter().filter_map(|tile| tile.sigmas.first()).map(|sigma| sigma.used).collect();
        let map = Some(ScoreMap::SignalToNoise(snr, detections.searched.clone()));
        Ok(Answer { detections, map, scales, sigmas })
    }
}
