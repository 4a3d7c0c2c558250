//! Scores of all finders from the records of the tiles.

use super::settings::Settings;
use super::tiles::{self, SkyRecord, TileRecord};
use crate::experiment::Config;
use crate::run_dir::RunDir;
use crate::workspace;
use anyhow::Result;
use arcmin_eval::record::RECORD_FORMAT;
use arcmin_eval::{
    AtFalseRate, CutoutCounting, CutoutScores, FalseRule, FinderScores, Record, RecoverySample, Score, TileOutcome,
    completeness_at_false_rates, recovery, score_cutouts, score_finder,
};
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
    /// Mean recovered over injected y, forced photometry of every massive halo.
    pub(super) y_ratio: Score,
}

fn is_kept(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.')).is_some_and(|name| LADDER_SCORES.contains(&name))
}

/// What the tiles gave, read tile by tile: what scoring needs of the full sky is kept, and of the ladder its scores alone.
pub(super) struct Results {
    /// Outcomes on the full sky by finder.
    validation: Outcomes,
    test: Outcomes,
    /// Recovered and injected y of all massive haloes of the test tiles.
    photometry: Vec<RecoverySample>,
    /// Scores on the skies of the ladder by finder.
    ladder: BTreeMap<String, Vec<SkyScores>>,
    /// Wall seconds by stage, summed over tiles.
    timings: BTreeMap<String, f64>,
}

/// Outcomes of the tiles of a split, in order, by finder.
type Outcomes = BTreeMap<String, Vec<TileOutcome>>;

impl Results {
    /// Reads the records of all searched tiles.
    pub(super) fn read(settings: &Settings, dir: &RunDir) -> Result<Self> {
        for split in [Split::Validation, Split::Test] {
            tiles::require_all(settings, dir, split)?;
        }
        let mut this = Self {
            validation: Outcomes::new(),
            test: Outcomes::new(),
            photometry: Vec::new(),
            ladder: score_ladder(settings, dir)?,
            timings: BTreeMap::new(),
        };
        for split in [Split::Validation, Split::Test] {
            for tile in 0..settings.scene.n_tiles(split) {
                this.add(split, tiles::read(dir, split, tile)?);
            }
        }
        Ok(this)
    }

    fn add(&mut self, split: Split, tile: TileRecord) {
        let outcomes = if split == Split::Test { &mut self.test } else { &mut self.validation };
        for (finder, outcome) in tile.full.outcomes {
            outcomes.entry(finder).or_default().push(outcome);
        }
        self.photometry.extend(tile.full.photometry.iter().map(tiles::Recovered::sample));
        for (stage, seconds) in tile.seconds {
            *self.timings.entry(stage).or_default() += seconds;
        }
    }

    /// Outcomes of one finder on the validation tiles.
    pub(super) fn validation(&self, finder: &str) -> &[TileOutcome] {
        self.validation.get(finder).map_or(&[], Vec::as_slice)
    }

    /// Outcomes of one finder on the test tiles.
    pub(super) fn test(&self, finder: &str) -> &[TileOutcome] {
        self.test.get(finder).map_or(&[], Vec::as_slice)
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
        &self.photometry
    }

    /// The record of the run.
    pub(super) fn record(&self, config: &Config, settings: &Settings) -> Result<Record> {
        let mut scores: BTreeMap<String, Score> = BTreeMap::new();
        for finder in settings.finders.keys() {
            scores.extend(self.scores(finder, settings)?.by_name(finder));
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
        self.replace_y_ratio(&mut scores);
        Ok(Record {
            format: RECORD_FORMAT,
            experiment: config.experiment.clone(),
            profile: config.profile.clone(),
            seed: Some(config.seed),
            command: command(config),
            versions: workspace::versions(),
            device: workspace::device(),
            inputs: Vec::new(),
            timings: self.timings.clone(),
            scores,
        })
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

/// Scores every sky of the ladder on the ladder's tiles, one sky in memory at a time.
fn score_ladder(settings: &Settings, dir: &RunDir) -> Result<BTreeMap<String, Vec<SkyScores>>> {
    let ladder = &settings.ladder;
    let rungs = ladder.rungs.iter().enumerate().map(|(idx, rung)| (rung.name.clone(), Some(idx)));
    let mut scored: BTreeMap<String, Vec<SkyScores>> = BTreeMap::new();
    for (name, rung) in rungs.chain([(FULL_SKY.to_owned(), None)]) {
        let (mut validation, mut test, mut photometry) = (Outcomes::new(), Outcomes::new(), Vec::new());
        for split in [Split::Validation, Split::Test] {
            let outcomes = if split == Split::Test { &mut test } else { &mut validation };
            for tile in (0..settings.scene.n_tiles(split)).filter(|&tile| ladder.has(split, tile)) {
                let Some(sky) = sky(tiles::read(dir, split, tile)?, rung) else { continue };
                for (finder, outcome) in sky.outcomes {
                    outcomes.entry(finder).or_default().push(outcome);
                }
                photometry.extend(sky.photometry.iter().map(tiles::Recovered::sample));
            }
        }
        for (finder, test) in &test {
            let Some(validation) = validation.get(finder) else { continue };
            scored.entry(finder.clone()).or_default().push(SkyScores {
                name: name.clone(),
                label: ladder.label(&name),
                detections: score_finder(validation, test, &settings.score)?,
                cutouts: score_cutouts(validation, test, CutoutCounting::EQUAL_AREA, &settings.score)?,
                y_ratio: recovery::summarise(&photometry).mean,
            });
        }
    }
    Ok(scored)
}

/// What a tile gave on one rung of the ladder, or on the full sky.
fn sky(mut record: TileRecord, rung: Option<usize>) -> Option<SkyRecord> {
    match rung {
        None => Some(record.full),
        Some(rung) if rung < record.ladder.len() => Some(record.ladder.swap_remove(rung)),
        Some(_) => None,
    }
}

/// The command that makes this run again from nothing.
pub(super) fn command(config: &Config) -> String {
    format!("cargo xtask run {} --profile {} --seed {}", config.experiment, config.profile, config.seed)
}
