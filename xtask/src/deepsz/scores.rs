//! Scores of all finders from the records of the tiles.

use super::settings::Settings;
use super::tiles::{self, TileRecord};
use crate::experiment::Config;
use crate::run_dir::RunDir;
use crate::workspace;
use anyhow::Result;
use arcmin_eval::record::RECORD_FORMAT;
use arcmin_eval::{FinderScores, Record, RecoverySample, Score, TileOutcome, recovery, score_finder};
use arcmin_scene::Split;
use std::collections::BTreeMap;

/// Name of the sky with all components in the ladder's scores.
pub(super) const FULL_SKY: &str = "full";
/// What is kept of the scores of each of the ladder's skies.
const LADDER_SCORES: [&str; 4] = ["f1", "purity", "completeness", "threshold"];

/// What the tiles gave.
pub(super) struct Results {
    validation: Vec<TileRecord>,
    test: Vec<TileRecord>,
}

impl Results {
    /// Reads the records of all searched tiles.
    pub(super) fn read(settings: &Settings, dir: &RunDir) -> Result<Self> {
        Ok(Self {
            validation: tiles::read(settings, dir, Split::Validation)?,
            test: tiles::read(settings, dir, Split::Test)?,
        })
    }

    /// Outcomes of one finder on the validation tiles.
    pub(super) fn validation(&self, finder: &str) -> Vec<TileOutcome> {
        outcomes(&self.validation, finder)
    }

    /// Outcomes of one finder on the test tiles.
    pub(super) fn test(&self, finder: &str) -> Vec<TileOutcome> {
        outcomes(&self.test, finder)
    }

    /// Scores of one finder: threshold from validation, all else from test.
    pub(super) fn scores(&self, finder: &str, settings: &Settings) -> Result<FinderScores> {
        Ok(score_finder(&self.validation(finder), &self.test(finder), &settings.score)?)
    }

    /// Scores of one finder on the skies of the ladder, from the fewest components to the full sky, all on the ladder's
    /// tiles; empty where the ladder has no test tile.
    pub(super) fn ladder(&self, finder: &str, settings: &Settings) -> Result<Vec<(String, FinderScores)>> {
        let ladder = &settings.ladder;
        let rung = |split: Split, records: &[TileRecord], rung: Option<usize>| -> Vec<TileOutcome> {
            let climbed = records.iter().enumerate().filter(|&(tile, _)| ladder.has(split, tile));
            let sky = |record: &TileRecord| match rung {
                Some(rung) => record.ladder.get(rung).and_then(|outcomes| outcomes.get(finder)).cloned(),
                None => record.outcomes.get(finder).cloned(),
            };
            climbed.filter_map(|(_, record)| sky(record)).collect()
        };
        let rungs = ladder.rungs.iter().enumerate().map(|(idx, rung)| (rung.name.clone(), Some(idx)));
        let mut scored = Vec::new();
        for (name, idx) in rungs.chain([(FULL_SKY.to_owned(), None)]) {
            let validation = rung(Split::Validation, &self.validation, idx);
            let test = rung(Split::Test, &self.test, idx);
            if !test.is_empty() && !validation.is_empty() {
                scored.push((name, score_finder(&validation, &test, &settings.score)?));
            }
        }
        Ok(scored)
    }

    /// Recovered and injected y of all massive haloes of the test tiles, found or not.
    pub(super) fn photometry(&self) -> Vec<RecoverySample> {
        self.test.iter().flat_map(|tile| tile.photometry.iter().map(tiles::Recovered::sample)).collect()
    }

    /// The record of the run.
    pub(super) fn record(&self, config: &Config, settings: &Settings) -> Result<Record> {
        let mut scores: BTreeMap<String, Score> = BTreeMap::new();
        for finder in settings.finders.keys() {
            scores.extend(self.scores(finder, settings)?.by_name(finder));
            for (rung, rung_scores) in self.ladder(finder, settings)? {
                let all = rung_scores.by_name(finder);
                let kept = LADDER_SCORES.iter().filter_map(|name| Some((name, all.get(&format!("{finder}.{name}"))?)));
                scores.extend(kept.map(|(name, score)| (format!("{finder}.ladder.{rung}.{name}"), *score)));
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
            timings: self.timings(),
            scores,
        })
    }

    /// The ratio of recovered to injected y is that of forced photometry; that of the detections, which noise helped
    /// over the threshold and whose scale was chosen for the largest S/N, is kept beside it.
    fn replace_y_ratio(&self, scores: &mut BTreeMap<String, Score>) {
        let forced = recovery::summarise(&self.photometry());
        for (name, forced) in [("y_ratio", forced.mean), ("y_ratio_median", forced.median)] {
            if let Some(detected) = scores.insert(format!("mmf.{name}"), forced) {
                scores.insert(format!("mmf.{name}_detected"), detected);
            }
        }
    }

    /// Wall seconds by stage, summed over tiles.
    fn timings(&self) -> BTreeMap<String, f64> {
        let mut sums = BTreeMap::new();
        for tile in self.validation.iter().chain(&self.test) {
            for (stage, seconds) in &tile.seconds {
                *sums.entry(stage.clone()).or_default() += seconds;
            }
        }
        sums
    }
}

fn outcomes(records: &[TileRecord], finder: &str) -> Vec<TileOutcome> {
    records.iter().filter_map(|tile| tile.outcomes.get(finder).cloned()).collect()
}

/// The command that makes this run again from nothing.
pub(super) fn command(config: &Config) -> String {
    format!("cargo xtask run {} --profile {} --seed {}", config.experiment, config.profile, config.seed)
}
