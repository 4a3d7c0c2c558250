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

    /// Recovered and injected y of all massive haloes of the test tiles, found or not.
    pub(super) fn photometry(&self) -> Vec<RecoverySample> {
        self.test.iter().flat_map(|tile| tile.photometry.iter().map(tiles::Recovered::sample)).collect()
    }

    /// The record of the run.
    pub(super) fn record(&self, config: &Config, settings: &Settings) -> Result<Record> {
        let mut scores: BTreeMap<String, Score> = BTreeMap::new();
        for finder in settings.finders.keys() {
            scores.extend(self.scores(finder, settings)?.by_name(finder));
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
