//! Scores of all finders from the records of the tiles.

use super::bounds::{Bounds, OBSERVERS};
use super::cutout_curves;
use super::ensembles::Ensembles;
use super::settings::{Ladder, Settings};
use super::tiles::{self, SkyRecord, TileRecord};
use crate::experiment::Config;
use crate::run_dir::RunDir;
use anyhow::Result;
use arcmin_eval::{
    AtFalseRate, CutoutCounting, CutoutScores, FalseRateArea, FalseRule, FinderScores, FoundSample, FoundScores,
    Record, RecoverySample, Score, TileSummary, area_between_rates, completeness_at_false_rates, found, recovery,
    score_cutouts, score_finder,
};
use arcmin_find_ensemble::FittedCombinations;
use arcmin_scene::Split;
use std::collections::BTreeMap;

/// Name of the sky with all components in the ladder's scores.
pub(super) const FULL_SKY: &str = "full";
/// What is kept of the scores of each of the ladder's skies.
const LADDER_SCORES: [&str; 4] = ["f1", "purity", "completeness", "threshold"];

/// The ways in which cutouts are counted, by the name of their scores.
pub(super) const COUNTINGS: [(&str, CutoutCounting); 3] = [
    ("cutout", CutoutCounting::EQUAL_AREA),
    ("cutout_ra_dec", CutoutCounting::RA_DEC),
    ("cutout_oversampled", CutoutCounting::OVERSAMPLED),
];
/// False detections per square degree between which areas under the curves are taken.
pub(super) const AREA_PER_DEG2: [f64; 2] = [0.1, 3.0];
/// False detections per square degree at which completeness is compared.
pub(super) const FALSE_PER_DEG2: [f64; 6] = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0];

/// The scores on one sky of the ladder.
pub(super) struct SkyScores {
    /// Name of the sky: the component that it adds.
    pub(super) name: String,
    /// How the report calls it.
    pub(super) label: String,
    /// Scores by detections.
    pub(super) detections: FinderScores,
    /// Scores by cutouts of equal area.
    pub(super) cutouts: CutoutScores,
    /// Rates of true and false positives among the test cutouts, see [`cutout_curves::rates`].
    pub(super) roc: Vec<(f64, f64)>,
    /// Mean recovered over injected y, forced photometry of every massive halo.
    pub(super) y_ratio: Score,
}

fn is_kept(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.')).is_some_and(|name| LADDER_SCORES.contains(&name))
}

/// What the tiles gave, their records read one by one: of the full sky what scoring needs, of the ladder its scores.
pub(super) struct Results {
    /// The full sky.
    full: Sky,
    /// Scores on the skies of the ladder by finder.
    ladder: BTreeMap<String, Vec<SkyScores>>,
    /// Combinations of two finders, fitted on the validation tiles; they stand among the finders by their names.
    ensembles: Option<Ensembles>,
    /// What ideal observers find, where their noise is known.
    bounds: Option<Bounds>,
    /// Masses and positions of the test detections, by the finders that give them.
    found: BTreeMap<String, Vec<FoundSample>>,
    /// Wall seconds by stage, summed over tiles.
    timings: BTreeMap<String, f64>,
}

/// What scoring needs of one sky.
#[derive(Default)]
struct Sky {
    validation: Summaries,
    test: Summaries,
    /// Recovered and injected y of all massive haloes of the test tiles.
    photometry: Vec<RecoverySample>,
}

/// The tiles of a split in order, by finder.
type Summaries = BTreeMap<String, Vec<TileSummary>>;

impl Sky {
    fn add(&mut self, split: Split, tile: &SkyRecord) {
        let summaries = if split == Split::Test { &mut self.test } else { &mut self.validation };
        for (finder, outcome) in &tile.outcomes {
            summaries.entry(finder.clone()).or_default().push(TileSummary::new(outcome));
        }
        self.photometry.extend(tile.photometry.iter().map(tiles::Recovered::sample));
    }
}

impl Results {
    /// Reads the records of all searched tiles, one in memory at a time.
    pub(super) fn read(config: &Config, settings: &Settings, dir: &RunDir) -> Result<Self> {
        for split in [Split::Validation, Split::Test] {
            tiles::require_all(settings, dir, split)?;
        }
        let ensembles = Ensembles::fit(settings, dir)?;
        let main = settings.finder_names()[0];
        let mut bounds = Bounds::new(settings, dir, main, config.seed)?;
        let mut found: BTreeMap<String, Vec<FoundSample>> = BTreeMap::new();
        let mut full = Sky::default();
        let mut timings: BTreeMap<String, f64> = dir.read_json(tiles::FIT_TIMINGS)?.unwrap_or_default();
        let mut skies = LadderSkies::new(&settings.ladder);
        for split in [Split::Validation, Split::Test] {
            for tile in 0..settings.scene.n_tiles(split) {
                let mut record = tiles::read(dir, split, tile)?;
                ensembles.iter().for_each(|ensembles| ensembles.add_to(&mut record));
                if let (Some(bounds), Some(outcome)) = (&mut bounds, record.full.outcomes.get(main)) {
                    bounds.add(split, outcome);
                }
                for (finder, outcome) in record.full.outcomes.iter().filter(|_| split == Split::Test) {
                    found.entry(finder.clone()).or_default().extend(found::samples(outcome));
                }
                full.add(split, &record.full);
                if settings.ladder.has(split, tile) {
                    skies.add(split, &record);
                }
                for (stage, seconds) in record.seconds {
                    *timings.entry(stage).or_default() += seconds;
                }
            }
        }
        found.retain(|_, samples| !samples.is_empty());
        Ok(Self { full, ladder: skies.scores(settings)?, ensembles, bounds, found, timings })
    }

    /// The combinations of two finders on the full sky, where there are any.
    pub(super) fn ensembles(&self) -> Option<&FittedCombinations> {
        self.ensembles.as_ref().map(|ensembles| &ensembles.full)
    }

    /// All that has scores: the finders, the one that stands for the run first, then the combinations.
    pub(super) fn scored<'a>(&self, settings: &'a Settings) -> Vec<&'a str> {
        let combined =
            self.ensembles().into_iter().flat_map(|fitted| &fitted.combinations).map(|one| one.kind().name());
        settings.finder_names().into_iter().chain(combined).collect()
    }

    /// Masses and positions of a finder's test detections; none where it gives none.
    pub(super) fn found(&self, finder: &str) -> &[FoundSample] {
        self.found.get(finder).map_or(&[], Vec::as_slice)
    }

    /// Scores of ideal observers by cutouts, by the names of the observers.
    pub(super) fn ideal(&self, settings: &Settings) -> Result<Vec<(&'static str, CutoutScores)>> {
        let Some(bounds) = &self.bounds else { return Ok(Vec::new()) };
        let scores = |(name, _)| {
            let [validation, test] = [Split::Validation, Split::Test].map(|split| bounds.tiles(split, name));
            Ok((name, score_cutouts(validation, test, CutoutCounting::EQUAL_AREA, &settings.score)?))
        };
        OBSERVERS.map(scores).into_iter().collect()
    }

    /// The area under a finder's curve of completeness against false detections, beside that of the run's main finder.
    pub(super) fn area(&self, finder: &str, settings: &Settings) -> Result<FalseRateArea> {
        let (ours, main) = (self.test(finder), self.test(settings.finder_names()[0]));
        Ok(area_between_rates(ours, main, FalseRule::NotOfTarget, AREA_PER_DEG2, &settings.score)?)
    }

    /// One finder on the validation tiles.
    pub(super) fn validation(&self, finder: &str) -> &[TileSummary] {
        self.full.validation.get(finder).map_or(&[], Vec::as_slice)
    }

    /// One finder on the test tiles.
    pub(super) fn test(&self, finder: &str) -> &[TileSummary] {
        self.full.test.get(finder).map_or(&[], Vec::as_slice)
    }

    /// Scores of one finder: threshold from validation, all else from test.
    pub(super) fn scores(&self, finder: &str, settings: &Settings) -> Result<FinderScores> {
        Ok(score_finder(self.validation(finder), self.test(finder), &settings.score)?)
    }

    /// Scores of one finder by cutouts.
    pub(super) fn cutout_scores(
        &self,
        finder: &str,
        counting: CutoutCounting,
        settings: &Settings,
    ) -> Result<CutoutScores> {
        Ok(score_cutouts(self.validation(finder), self.test(finder), counting, &settings.score)?)
    }

    /// Completeness of one finder on the test tiles at equal numbers of false detections.
    pub(super) fn at_false_rates(
        &self,
        finder: &str,
        rule: FalseRule,
        settings: &Settings,
    ) -> Result<Vec<AtFalseRate>> {
        Ok(completeness_at_false_rates(self.test(finder), rule, &FALSE_PER_DEG2, &settings.score)?)
    }

    /// Scores of one finder on the skies of the ladder, from the fewest components to the full sky, all on the ladder's
    /// tiles; empty where the ladder has no test tile.
    pub(super) fn ladder(&self, finder: &str) -> &[SkyScores] {
        self.ladder.get(finder).map_or(&[], Vec::as_slice)
    }

    /// Recovered and injected y of all massive haloes of the test tiles, found or not.
    pub(super) fn photometry(&self) -> &[RecoverySample] {
        &self.full.photometry
    }

    /// The record of the run.
    pub(super) fn record(&self, config: &Config, settings: &Settings) -> Result<Record> {
        let mut scores: BTreeMap<String, Score> = BTreeMap::new();
        for finder in self.scored(settings) {
            let detections = self.scores(finder, settings)?;
            if !self.found(finder).is_empty() {
                let threshold = detections.threshold.value.unwrap_or(f64::INFINITY);
                scores.extend(FoundScores::new(self.found(finder), threshold).by_name(finder));
            }
            scores.extend(detections.by_name(finder));
            let area = self.area(finder, settings)?;
            scores.insert(format!("{finder}.false_rate_area"), area.area);
            scores.insert(format!("{finder}.false_rate_area_above_mmf"), area.above_reference);
            for (name, counting) in COUNTINGS {
                let prefix = format!("{finder}.{name}");
                scores.extend(self.cutout_scores(finder, counting, settings)?.by_name(&prefix));
            }
            for at in self.at_false_rates(finder, FalseRule::NotOfTarget, settings)? {
                let name = format!("{finder}.completeness_at_{}_false_per_deg2", at.false_per_deg2);
                scores.insert(name, at.completeness);
            }
            for sky in self.ladder(finder) {
                let prefix = format!("{finder}.ladder.{}", sky.name);
                scores.extend(sky.detections.by_name(&prefix).into_iter().filter(|(name, _)| is_kept(name, &prefix)));
                scores.insert(format!("{prefix}.cutout_f1"), sky.cutouts.f1);
                scores.insert(format!("{prefix}.y_ratio"), sky.y_ratio);
            }
        }
        for (name, bound) in self.ideal(settings)? {
            let named = [("f1", bound.f1), ("precision", bound.precision), ("recall", bound.recall)];
            scores.extend(named.map(|(score, value)| (format!("{name}.{score}"), value)));
        }
        // Of the cutouts that all of them looked at, where there are combinations.
        if let Some(finder) = self.scored(settings).last() {
            let prevalence = scores.get(&format!("{finder}.cutout.prevalence")).copied();
            scores.extend(prevalence.map(|score| ("prevalence".to_owned(), score)));
        }
        self.replace_y_ratio(&mut scores);
        Ok(config.record(self.timings.clone(), scores))
    }

    /// The ratio of recovered to injected y is that of forced photometry; that of the detections, which noise helped
    /// over the threshold and whose scale was chosen for the largest S/N, is kept beside it.
    fn replace_y_ratio(&self, scores: &mut BTreeMap<String, Score>) {
        let forced = recovery::summarise(self.photometry());
        for (name, forced) in [("y_ratio", forced.mean), ("y_ratio_median", forced.median)] {
            if let Some(detected) = scores.insert(format!("mmf.{name}"), forced) {
                scores.insert(format!("mmf.{name}_detected"), detected);
            }
        }
    }
}

/// The skies of the ladder on the ladder's tiles, by name from the fewest components to the full sky.
struct LadderSkies<'a> {
    ladder: &'a Ladder,
    skies: Vec<(String, Sky)>,
}

impl<'a> LadderSkies<'a> {
    fn new(ladder: &'a Ladder) -> Self {
        let names = ladder.rungs.iter().map(|rung| rung.name.clone()).chain([FULL_SKY.to_owned()]);
        Self { ladder, skies: names.map(|name| (name, Sky::default())).collect() }
    }

    fn add(&mut self, split: Split, tile: &TileRecord) {
        let (full, rungs) = self.skies.split_last_mut().expect("the full sky is one of them");
        for ((_, sky), record) in rungs.iter_mut().zip(&tile.ladder) {
            sky.add(split, record);
        }
        full.1.add(split, &tile.full);
    }

    fn scores(self, settings: &Settings) -> Result<BTreeMap<String, Vec<SkyScores>>> {
        let mut scored: BTreeMap<String, Vec<SkyScores>> = BTreeMap::new();
        for (name, sky) in &self.skies {
            for (finder, test) in &sky.test {
                let Some(validation) = sky.validation.get(finder) else { continue };
                scored.entry(finder.clone()).or_default().push(SkyScores {
                    name: name.clone(),
                    label: self.ladder.label(name),
                    detections: score_finder(validation, test, &settings.score)?,
                    cutouts: score_cutouts(validation, test, CutoutCounting::EQUAL_AREA, &settings.score)?,
                    roc: cutout_curves::rates(test),
                    y_ratio: recovery::summarise(&sky.photometry).mean,
                });
            }
        }
        Ok(scored)
    }
}
