//! Masses from the SZ image: simulate, train, weigh, score (Gupta & Reichardt 2020, arXiv:2003.06135).
//!
//! The network is trained once in `training/`; each set of test maps is weighed by all methods and kept in `weighed/`; scores
//! and report are made from what was kept.

mod bounds;
mod examples;
mod figures;
mod report;
mod scores;
mod sets;
mod settings;
mod unfamiliar;
mod weigh;

use crate::experiment::Config;
use crate::run_dir::RunDir;
use crate::shard::Shard;
use crate::workspace::say;
use anyhow::{Context, Result, bail};
use arcmin_eval::Record;
use arcmin_eval::report::format_score;
use arcmin_job::{Clock, Interrupt};
use arcmin_mass_sz::SzMassEstimator;
use arcmin_method::ClusterCutoutSources;
use arcmin_scene::{ClusterSet, ClusterSky, SetKey, Split};
use bounds::Bounds;
use scores::Results;
use sets::TestSet;
use settings::Settings;
use std::collections::BTreeMap;
use std::sync::Arc;
use weigh::Scales;

/// File of the trained network in a run's folder.
const WEIGHTS: &str = "training/sz-mass.safetensors";
/// Wall seconds by stage, of the process that did the stage's last part.
const TIMINGS: &str = "weighed/timings.json";

/// Trains and weighs, or does what is left of it.
pub(crate) fn work(config: &Config, dir: &RunDir, _whole: Shard, interrupt: &Interrupt) -> Result<()> {
    let settings = Settings::read(config)?;
    let run = Run { sky: settings.cluster_sky()?, settings, dir, interrupt };
    dir.make_folder("weighed")?;
    run.stage("train", WEIGHTS, || run.train())?;
    run.stage("bounds", bounds::FILE, || {
        let bounds = Bounds::new(&run.settings, &run.sky)?;
        dir.write(bounds::FILE, serde_json::to_string_pretty(&bounds)?.as_bytes())
    })?;
    run.stage("examples", examples::FILE, || examples::write(&run.settings, &run.sky, dir))?;
    if run.is_weighed() {
        return Ok(());
    }
    let scales = Scales::new(&run.settings, Arc::clone(&run.sky), SzMassEstimator::load(&dir.file(WEIGHTS))?)?;
    for set in TestSet::ALL {
        run.stage(set.name(), &weigh::file_name(set), || {
            let weighed = scales.weigh(&set.make(&run.settings, &run.sky)?)?;
            dir.write_json_gz(&weigh::file_name(set), &weighed)
        })?;
    }
    run.stage("unfamiliar", unfamiliar::FILE, || {
        let weighed = unfamiliar::weigh(&run.settings, &run.sky, &scales, interrupt)?;
        dir.write_json_gz(unfamiliar::FILE, &weighed)
    })
}

/// A run under way.
struct Run<'a> {
    settings: Settings,
    sky: Arc<ClusterSky>,
    dir: &'a RunDir,
    interrupt: &'a Interrupt,
}

impl Run<'_> {
    /// Does a stage unless its file is there, and keeps the time that it took.
    fn stage(&self, name: &str, file: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
        if self.dir.file(file).exists() {
            return Ok(());
        }
        if self.interrupt.requested() {
            bail!("interrupted: the same command goes on from here");
        }
        let mut clock = Clock::default();
        clock.time(name, work)?;
        let mut timings: BTreeMap<String, f64> = self.dir.read_json(TIMINGS)?.unwrap_or_default();
        timings.extend(clock.into_seconds());
        self.dir.write(TIMINGS, serde_json::to_string_pretty(&timings)?.as_bytes())
    }

    fn is_weighed(&self) -> bool {
        let done = |file: &str| self.dir.file(file).exists();
        TestSet::ALL.into_iter().all(|set| done(&weigh::file_name(set))) && done(unfamiliar::FILE)
    }

    fn train(&self) -> Result<()> {
        let sky = self.settings.training_sky()?;
        let make = |split, set, config| {
            Ok::<_, anyhow::Error>(Arc::new(ClusterSet::new(Arc::clone(&sky), SetKey { split, set }, config)?))
        };
        let sources = ClusterCutoutSources {
            train: make(Split::Train, 0, &self.settings.train)?,
            validation: make(Split::Validation, 0, &self.settings.validation)?,
            calibration: make(Split::Validation, 1, &self.settings.calibration)?,
        };
        let folder = self.dir.file("training");
        let trained = self.settings.recipe.train(&sources, &folder, &|| self.interrupt.requested());
        match trained.context("while the network was trained")? {
            Some(_) => Ok(()),
            None => bail!("interrupted: the same command goes on from here"),
        }
    }
}

/// Makes scores and report from what was weighed.
pub(crate) fn conclude(config: &Config, dir: &RunDir) -> Result<Record> {
    let settings = Settings::read(config)?;
    let results = Results::read(dir)?;
    let timings = dir.read_json(TIMINGS)?.unwrap_or_default();
    let record = results.record(config, &settings, timings)?;
    report::write(config, &settings, dir, &results, &record)?;
    record.write(&dir.file("record.json"))?;
    for (name, score) in &record.scores {
        say(&format!("  {name:<44} {:>18}   ({} counted)", format_score(score), score.count));
    }
    Ok(record)
}

/// Writes `report.html` from what the folder holds.
pub(crate) fn report(config: &Config, dir: &RunDir) -> Result<()> {
    let record = Record::read(&dir.file("record.json"))?;
    report::write(config, &Settings::read(config)?, dir, &Results::read(dir)?, &record)
}
