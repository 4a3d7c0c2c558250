//! The scores of a finder: threshold from validation, everything else from test.

use crate::recovery::{self, Amplitude};
use crate::statistics::{Score, median_and_error, quantile};
use crate::summary::{TileSummary, by_tile_number};
use crate::sweep::{Counts, ThresholdSweep};
use crate::{Error, bootstrap};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How errors are made.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScoreConfig {
    /// Number of bootstrap replicates.
    pub bootstrap_replicates: u32,
    /// Seed of the bootstrap.
    pub bootstrap_seed: u64,
}

impl Default for ScoreConfig {
    fn default() -> Self {
        Self { bootstrap_replicates: 1000, bootstrap_seed: 1 }
    }
}

impl ScoreConfig {
    /// Checks every number.
    ///
    /// # Errors
    /// [`Error::BadSetting`] when fewer than two replicates are asked for.
    pub fn check(&self) -> Result<(), Error> {
        let (key, value) = ("bootstrap_replicates", f64::from(self.bootstrap_replicates));
        match self.bootstrap_replicates < 2 {
            true => Err(Error::BadSetting { key, value, requirement: "at least 2 replicates make an error" }),
            false => Ok(()),
        }
    }
}

/// The scores of one finder on the test tiles.
#[derive(Clone, Debug, PartialEq)]
pub struct FinderScores {
    /// The threshold of largest F1 on the validation tiles; counts the detections there at or above it.
    pub threshold: Score,
    /// F1 on the validation tiles at that threshold, which chose it and so is flattered.
    pub f1_validation: Score,
    /// F1 on the test tiles.
    pub f1: Score,
    /// Share of the test detections that are of a target.
    pub purity: Score,
    /// Share of the searched test targets that are found.
    pub completeness: Score,
    /// Area searched over area simulated; completeness speaks of the searched area alone.
    pub searched_frac: Score,
    /// Detections per searched square degree.
    pub detections_per_deg2: Score,
    /// Detections of no target per searched square degree.
    pub false_per_deg2: Score,
    /// Detections of no halo at all per searched square degree.
    pub unmatched_per_deg2: Score,
    /// Target haloes per searched square degree, on which purity and F1 depend.
    pub targets_per_deg2: Score,
    /// Mean of recovered over injected y at the best scale.
    pub y_ratio: Score,
    /// Median of recovered over injected y at the best scale.
    pub y_ratio_median: Score,
    /// Mean of recovered over injected y at the fixed scale.
    pub y_ratio_fixed: Score,
    /// Median distance between detection and halo in arcmin.
    pub offset_arcmin: Score,
    /// Distance within which 68 % of the detections of targets lie, in arcmin.
    pub offset_68_arcmin: Score,
    /// Distance within which 95 % of them lie, in arcmin.
    pub offset_95_arcmin: Score,
}

impl FinderScores {
    /// The scores by name with the finder's name in front: `mmf.f1`, `mmf.purity`, ...
    pub fn by_name(&self, finder: &str) -> BTreeMap<String, Score> {
        let named = [
            ("threshold", self.threshold),
            ("f1_validation", self.f1_validation),
            ("f1", self.f1),
            ("purity", self.purity),
            ("completeness", self.completeness),
            ("searched_frac", self.searched_frac),
            ("detections_per_deg2", self.detections_per_deg2),
            ("false_per_deg2", self.false_per_deg2),
            ("unmatched_per_deg2", self.unmatched_per_deg2),
            ("targets_per_deg2", self.targets_per_deg2),
            ("y_ratio", self.y_ratio),
            ("y_ratio_median", self.y_ratio_median),
            ("y_ratio_fixed", self.y_ratio_fixed),
            ("offset_arcmin", self.offset_arcmin),
            ("offset_68_arcmin", self.offset_68_arcmin),
            ("offset_95_arcmin", self.offset_95_arcmin),
        ];
        named.into_iter().map(|(name, score)| (format!("{finder}.{name}"), score)).collect()
    }
}

/// Chooses the threshold on the validation tiles and scores the test tiles with it.
///
/// # Errors
/// [`Error::NoThreshold`] when no target is found on the validation tiles at any threshold; [`Error::BadSetting`]
/// when fewer than two replicates are asked for.
pub fn score_finder(
    validation: &[TileSummary],
    test: &[TileSummary],
    config: &ScoreConfig,
) -> Result<FinderScores, Error> {
    config.check()?;
    let sweep = ThresholdSweep::new(validation);
    let best = sweep.best_threshold().ok_or_else(|| Error::NoThreshold {
        n_tiles: validation.len(),
        n_detections: sweep.n_detections(),
        n_targets: sweep.n_targets(),
    })?;
    let (replicates, seed) = (config.bootstrap_replicates, config.bootstrap_seed);
    let threshold_error = sweep.best_threshold_error(replicates, seed);
    let threshold = Score::new(Some(best.threshold), threshold_error, best.counts.detections());
    let on_validation = AtThreshold::new(&sweep, best.threshold, config);
    Ok(scores_at(threshold, on_validation.f1(), test, config))
}

fn scores_at(threshold: Score, f1_validation: Score, test: &[TileSummary], config: &ScoreConfig) -> FinderScores {
    let cut = threshold.value.unwrap_or(f64::INFINITY);
    let at = AtThreshold::new(&ThresholdSweep::new(test), cut, config);
    let searched_deg2 = searched_deg2(test);
    let best = recovery::summarise(&recovery::samples(test, cut, Amplitude::Best));
    let fixed = recovery::summarise(&recovery::samples(test, cut, Amplitude::Fixed));
    FinderScores {
        threshold,
        f1_validation,
        f1: at.f1(),
        purity: at.score(Counts::purity, Counts::detections),
        completeness: at.score(Counts::completeness, |counts| counts.targets),
        searched_frac: searched_fraction(test),
        detections_per_deg2: at.rate(searched_deg2, Counts::detections),
        false_per_deg2: at.rate(searched_deg2, Counts::impure),
        unmatched_per_deg2: at.rate(searched_deg2, |counts| counts.unmatched),
        targets_per_deg2: at.rate(searched_deg2, |counts| counts.targets),
        y_ratio: best.mean,
        y_ratio_median: best.median,
        y_ratio_fixed: fixed.mean,
        offset_arcmin: median_offset(test, cut),
        offset_68_arcmin: offset_quantile(test, cut, 0.68),
        offset_95_arcmin: offset_quantile(test, cut, 0.95),
    }
}

/// Counts at one threshold with their bootstrap replicates.
struct AtThreshold {
    counts: Counts,
    replicates: Vec<Counts>,
}

impl AtThreshold {
    fn new(sweep: &ThresholdSweep, threshold: f64, config: &ScoreConfig) -> Self {
        let replicates = sweep.replicates_at(threshold, config.bootstrap_replicates, config.bootstrap_seed);
        Self { counts: sweep.counts_at(threshold), replicates }
    }

    fn score(&self, value: impl Fn(&Counts) -> Option<f64>, count: impl Fn(&Counts) -> u64) -> Score {
        let error = bootstrap::spread(self.replicates.iter().map(&value));
        Score::new(value(&self.counts), error, count(&self.counts))
    }

    fn f1(&self) -> Score {
        self.score(Counts::f1, |counts| counts.detections() + counts.targets)
    }

    fn rate(&self, area_deg2: f64, count: impl Fn(&Counts) -> u64) -> Score {
        self.score(|counts| (area_deg2 > 0.0).then(|| count(counts) as f64 / area_deg2), &count)
    }
}

/// Area searched in all tiles, in square degrees.
pub fn searched_deg2(tiles: &[TileSummary]) -> f64 {
    by_tile_number(tiles).iter().map(|tile| tile.searched_deg2).sum()
}

/// Searched over simulated area of all tiles; counts tiles and has no error, being known.
fn searched_fraction(test: &[TileSummary]) -> Score {
    let footprint_deg2: f64 = by_tile_number(test).iter().map(|tile| tile.footprint_deg2).sum();
    let value = (footprint_deg2 > 0.0).then(|| searched_deg2(test) / footprint_deg2);
    Score::new(value, None, test.len() as u64)
}

/// Distances in arcmin between the detections of targets at a threshold and their haloes.
pub fn offsets_arcmin(tiles: &[TileSummary], threshold: f64) -> Vec<f64> {
    let found = by_tile_number(tiles).into_iter().flat_map(|tile| &tile.found);
    let counted = found.filter(|detection| detection.score >= threshold);
    counted.filter_map(|detection| detection.counterpart.map(|halo| halo.offset_arcmin)).collect()
}

fn median_offset(test: &[TileSummary], threshold: f64) -> Score {
    let offsets = offsets_arcmin(test, threshold);
    let (median, error) = median_and_error(&offsets);
    Score::new(median, error, offsets.len() as u64)
}

/// Quantile of the offsets; it has no error of its own.
fn offset_quantile(test: &[TileSummary], threshold: f64, q: f64) -> Score {
    let mut offsets = offsets_arcmin(test, threshold);
    offsets.sort_by(f64::total_cmp);
    Score::new(quantile(&offsets, q), None, offsets.len() as u64)
}
