//! One tile after the other: simulate, search, match, keep.

use super::picture;
use super::settings::Settings;
use crate::run_dir::RunDir;
use anyhow::{Context, Result, bail};
use arcmin_eval::{RecoverySample, TileOutcome};
use arcmin_job::{Clock, Interrupt, Progress};
use arcmin_method::ClusterFinder;
use arcmin_scene::{Scene, SceneSource, SimulatedSource, Simulator, Split, Truth};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The splits that are searched, in the order of work.
const SEARCHED: [Split; 2] = [Split::Validation, Split::Test];
/// Haloes of at least this virial mass take part in the test of recovered over injected y.
const PHOTOMETRY_MVIR_MIN_MSUN: f64 = 2e14;

/// All that is kept of one tile, so that a run resumes and its report is made again without the sky.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TileRecord {
    /// By finder, what it found and which haloes those are.
    pub(super) outcomes: BTreeMap<String, TileOutcome>,
    /// Recovered and injected y at the true positions of all massive haloes, found or not.
    pub(super) photometry: Vec<Recovered>,
    /// Wall time in seconds by stage.
    pub(super) seconds: BTreeMap<String, f64>,
}

/// Recovered and injected y of one halo.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recovered {
    recovered_y: f64,
    error_y: f64,
    injected_y: f64,
}

impl Recovered {
    /// As the score wants it.
    pub(super) fn sample(&self) -> RecoverySample {
        RecoverySample {
            snr: self.recovered_y / self.error_y,
            injected_y: self.injected_y,
            recovered_y: self.recovered_y,
        }
    }
}

/// Fitted finders by name.
pub(super) type Finders = BTreeMap<String, Box<dyn ClusterFinder>>;

/// The file that marks a tile as done.
pub(super) fn record_name(split: Split, tile: usize) -> String {
    format!("tiles/{split}-{tile:03}.json")
}

/// The catalogue of one finder on one tile.
pub(super) fn catalogue_name(split: Split, tile: usize, finder: &str) -> String {
    format!("tiles/{split}-{tile:03}-{finder}.fits")
}

/// The picture of the first test tile for the report.
pub(super) fn picture_name() -> String {
    "tiles/test-000.png".to_owned()
}

/// Works through all tiles that are not done yet; an interruption keeps those that are.
pub(super) fn work_through(settings: &Settings, dir: &RunDir, interrupt: &Interrupt) -> Result<()> {
    let simulator = Arc::new(Simulator::new(settings.scene.clone())?);
    let finders = fit(settings, &simulator)?;
    let all = SEARCHED.iter().flat_map(|&split| (0..settings.scene.n_tiles(split)).map(move |tile| (split, tile)));
    let left: Vec<(Split, usize)> =
        all.filter(|&(split, tile)| !dir.file(&record_name(split, tile)).exists()).collect();
    let progress = Progress::new("tiles", left.len() as u64);
    for (done, &(split, tile)) in left.iter().enumerate() {
        if interrupt.requested() {
            bail!("interrupted with {} tiles left: the same command goes on from here", left.len() - done);
        }
        let source = SimulatedSource::new(Arc::clone(&simulator), split);
        work_on(&source, tile, settings, &finders, dir).with_context(|| format!("{split} tile {tile}"))?;
        progress.advance(1);
    }
    progress.finish();
    Ok(())
}

fn fit(settings: &Settings, simulator: &Arc<Simulator>) -> Result<Finders> {
    let training = SimulatedSource::new(Arc::clone(simulator), Split::Train);
    let fitted = settings.finders.iter().map(|(name, recipe)| Ok((name.clone(), recipe.fit(&training)?)));
    fitted.collect()
}

fn work_on(source: &SimulatedSource, tile: usize, settings: &Settings, finders: &Finders, dir: &RunDir) -> Result<()> {
    let mut clock = Clock::default();
    let scene = clock.time("simulate", || source.scene(tile))?;
    let mut outcomes = BTreeMap::new();
    for (name, finder) in finders {
        let detections = clock.time(&format!("find.{name}"), || finder.find(&scene.observation))?;
        outcomes.insert(name.clone(), TileOutcome::new(&detections, &scene.truth, &settings.matching)?);
        if source.split() == Split::Test {
            let path = dir.file(&catalogue_name(source.split(), tile, name));
            detections.to_catalogue()?.write(&path)?;
            if tile == 0 {
                picture::write(&dir.file(&picture_name()), &scene, &detections.candidates, &settings.matching)?;
            }
        }
    }
    let photometry = match source.split() {
        Split::Test => clock.time("photometry", || photometry(&scene, settings))?,
        Split::Train | Split::Validation => Vec::new(),
    };
    dir.write_json(
        &record_name(source.split(), tile),
        &TileRecord { outcomes, photometry, seconds: clock.into_seconds() },
    )
}

/// Measures y at the true positions and sizes of massive haloes that are clear of the border.
fn photometry(scene: &Scene, settings: &Settings) -> Result<Vec<Recovered>> {
    let targets: Vec<_> = massive(&scene.truth).map(|halo| (halo.position, halo.theta500.to_arcmin())).collect();
    let measured = settings.photometry.measure(&scene.observation, &targets)?;
    let pair = massive(&scene.truth).zip(measured);
    Ok(pair
        .filter_map(|(halo, y)| {
            y.map(|y| Recovered { recovered_y: y.y_c.value, error_y: y.y_c.error, injected_y: halo.y0 })
        })
        .collect())
}

fn massive(truth: &Truth) -> impl Iterator<Item = &arcmin_scene::Halo> {
    truth.haloes.iter().filter(|halo| halo.mvir.value() >= PHOTOMETRY_MVIR_MIN_MSUN)
}

/// Reads the records of all tiles of a split, in order.
pub(super) fn read(settings: &Settings, dir: &RunDir, split: Split) -> Result<Vec<TileRecord>> {
    let one = |tile| {
        let name = record_name(split, tile);
        dir.read_json(&name)?
            .with_context(|| format!("{} is missing: run the experiment first", dir.file(&name).display()))
    };
    (0..settings.scene.n_tiles(split)).map(one).collect()
}
