//! One tile after the other: simulate, search, match, keep.

use super::settings::{FittedOn, Rung, Settings};
use super::{gallery, picture};
use crate::run_dir::RunDir;
use crate::shard::Shard;
use anyhow::{Context, Result, bail, ensure};
use arcmin_eval::outcome::OUTCOME_FORMAT;
use arcmin_eval::{CutoutRuns, RecoverySample, TileCutouts, TileOutcome};
use arcmin_job::{Clock, Interrupt, Progress};
use arcmin_method::{ClusterFinder, Detections, FinderSources};
use arcmin_scene::{Scene, SceneSource, SimulatedSource, Simulator, Split, Truth};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The splits that are searched, in the order of work.
const SEARCHED: [Split; 2] = [Split::Validation, Split::Test];
/// The tile of which pictures and cutouts are kept for the report.
const PICTURED: (Split, usize) = (Split::Test, 0);
/// Haloes of at least this virial mass take part in the test of recovered over injected y.
const PHOTOMETRY_MVIR_MIN_MSUN: f64 = 2e14;

/// Wall seconds of the fits, of the process that ended each.
pub(super) const FIT_TIMINGS: &str = "training/timings.json";

/// Version of the form of [`TileRecord`]; the third lacks scale and place of detections, the second the cutouts that count as well,
/// the first is the same without this number and not packed.
const RECORD_FORMAT: u32 = 4;

fn first_format() -> u32 {
    1
}

/// All that is kept of one tile, so that a run resumes and its report is made again without the sky.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TileRecord {
    /// Version of this form, up to [`RECORD_FORMAT`].
    #[serde(default = "first_format")]
    format: u32,
    /// With all components.
    pub(super) full: SkyRecord,
    /// The tile's poorer skies, one a rung of the ladder; empty on tiles that the ladder leaves out.
    pub(super) ladder: Vec<SkyRecord>,
    /// Wall time in seconds by stage.
    pub(super) seconds: BTreeMap<String, f64>,
}

/// What is kept of one sky of a tile.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SkyRecord {
    /// By finder, what it found and which haloes those are.
    pub(super) outcomes: Outcomes,
    /// Recovered and injected y at the true positions of all massive haloes, found or not; test tiles alone.
    pub(super) photometry: Vec<Recovered>,
    /// By finder, the cutouts of equal area that count; none in the first two forms.
    #[serde(default)]
    pub(super) counted: Counted,
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

/// What a finder makes of a sky, matched with its haloes, by finder.
type Outcomes = BTreeMap<String, TileOutcome>;

/// The cutouts that count for each finder, by its name.
type Counted = BTreeMap<String, CutoutRuns>;

/// The same as it came.
type Found = Vec<(String, Detections)>;

/// Fitted finders by name.
pub(super) type Finders = BTreeMap<String, Box<dyn ClusterFinder>>;

/// The file of a tile that is done, packed or in the first, unpacked form; `None` when it is not done.
fn done_record(dir: &RunDir, split: Split, tile: usize) -> Option<String> {
    let packed = record_name(split, tile);
    let unpacked = packed.trim_end_matches(".gz").to_owned();
    [packed, unpacked].into_iter().find(|name| dir.file(name).exists())
}

/// The file that marks a tile as done.
fn record_name(split: Split, tile: usize) -> String {
    format!("tiles/{split}-{tile:03}.json.gz")
}

/// The catalogue of one finder on one tile.
pub(super) fn catalogue_name(split: Split, tile: usize, finder: &str) -> String {
    format!("tiles/{split}-{tile:03}-{finder}.fits")
}

/// Name of a sky in the names of files: its place on the ladder, `None` for the full one.
pub(super) fn ladder_name(sky: Option<usize>) -> String {
    sky.map_or_else(|| "full".to_owned(), |idx| format!("rung{idx}"))
}

/// Works through the shard's tiles that are not done yet; an interruption keeps those that are.
pub(super) fn work_through(settings: &Settings, dir: &RunDir, shard: Shard, interrupt: &Interrupt) -> Result<()> {
    let all = SEARCHED.iter().flat_map(|&split| (0..settings.scene.n_tiles(split)).map(move |tile| (split, tile)));
    let ours = all.enumerate().filter(|&(piece, _)| shard.has(piece)).map(|(_, tile)| tile);
    let left: Vec<(Split, usize)> = ours.filter(|&(split, tile)| done_record(dir, split, tile).is_none()).collect();
    if left.is_empty() {
        return Ok(());
    }
    let worker = Worker::new(settings, dir, interrupt)?;
    let progress = Progress::new("tiles", left.len() as u64);
    for (done, &(split, tile)) in left.iter().enumerate() {
        if interrupt.requested() {
            bail!("interrupted with {} tiles left: the same command goes on from here", left.len() - done);
        }
        worker.work_on(split, tile).with_context(|| format!("{split} tile {tile}"))?;
        progress.advance(1);
    }
    progress.finish();
    Ok(())
}

/// What every tile needs.
struct Worker<'a> {
    settings: &'a Settings,
    dir: &'a RunDir,
    simulator: Arc<Simulator>,
    /// The poorer skies, from the fewest components up.
    ladder: Vec<Poorer>,
    finders: Finders,
}

/// One of the poorer skies.
struct Poorer {
    simulator: Arc<Simulator>,
    /// The finders that learnt on it; `None` where those of the full sky search it.
    finders: Option<Finders>,
}

impl<'a> Worker<'a> {
    fn new(settings: &'a Settings, dir: &'a RunDir, interrupt: &Interrupt) -> Result<Self> {
        let simulator = Arc::new(Simulator::new(settings.scene.clone())?);
        let finders = fit(settings, dir, None, &simulator, interrupt)?;
        let poorer = |rung: &Rung| {
            let simulator = Arc::new(simulator.keeping(&rung.components)?);
            let fit = || fit(settings, dir, Some(&rung.name), &simulator, interrupt);
            let finders = (settings.ladder.fitted_on == FittedOn::EachSky).then(fit).transpose()?;
            Ok(Poorer { simulator, finders })
        };
        let ladder = settings.ladder.rungs.iter().map(poorer).collect::<Result<_>>()?;
        Ok(Self { settings, dir, simulator, ladder, finders })
    }

    fn work_on(&self, split: Split, tile: usize) -> Result<()> {
        let mut clock = Clock::default();
        let scene = clock.time("simulate", || self.scene(&self.simulator, split, tile))?;
        let (outcomes, counted, found) = self.search(&self.finders, &scene, &mut clock, "find")?;
        if split == Split::Test {
            for (name, detections) in &found {
                let kind = self.finders[name].score_kind();
                detections.to_catalogue(kind)?.write(&self.dir.file(&catalogue_name(split, tile, name)))?;
                if tile == 0 && self.settings.finder_names().first() == Some(&name.as_str()) {
                    picture::write(self.dir, &scene, &detections.candidates, &self.settings.matching)?;
                }
            }
        }
        if (split, tile) == PICTURED {
            gallery::keep_targets(self.dir, &scene, &self.settings.matching)?;
            gallery::keep_places(self.dir, None, &scene, &self.settings.matching)?;
        }
        let photometry = self.photometry(split, &scene, &mut clock)?;
        let ladder = self.climb(split, tile, &mut clock)?;
        let full = SkyRecord { outcomes, photometry, counted };
        let record = TileRecord { format: RECORD_FORMAT, full, ladder, seconds: clock.into_seconds() };
        self.dir.write_json_gz(&record_name(split, tile), &record)
    }

    /// Searches the tile's poorer skies, where the ladder wants this tile.
    fn climb(&self, split: Split, tile: usize, clock: &mut Clock) -> Result<Vec<SkyRecord>> {
        if !self.settings.ladder.has(split, tile) {
            return Ok(Vec::new());
        }
        let rung = |(idx, sky): (usize, &Poorer)| {
            let scene = clock.time("ladder.simulate", || self.scene(&sky.simulator, split, tile))?;
            if (split, tile) == PICTURED {
                gallery::keep_places(self.dir, Some(idx), &scene, &self.settings.matching)?;
            }
            let finders = sky.finders.as_ref().unwrap_or(&self.finders);
            let (outcomes, counted, _) = self.search(finders, &scene, clock, "ladder.find")?;
            Ok(SkyRecord { outcomes, photometry: self.photometry(split, &scene, clock)?, counted })
        };
        self.ladder.iter().enumerate().map(rung).collect()
    }

    fn scene(&self, simulator: &Arc<Simulator>, split: Split, tile: usize) -> Result<Scene> {
        Ok(SimulatedSource::new(Arc::clone(simulator), split).scene(tile)?)
    }

    fn photometry(&self, split: Split, scene: &Scene, clock: &mut Clock) -> Result<Vec<Recovered>> {
        match split {
            Split::Test => clock.time("photometry", || photometry(scene, self.settings)),
            Split::Train | Split::Validation => Ok(Vec::new()),
        }
    }

    /// What each finder finds on a sky, matched, in which cutouts it looked, and what it found as it came.
    fn search(
        &self,
        finders: &Finders,
        scene: &Scene,
        clock: &mut Clock,
        stage: &str,
    ) -> Result<(Outcomes, Counted, Found)> {
        let (mut outcomes, mut counted, mut found) = (Outcomes::new(), Counted::new(), Found::new());
        for (name, finder) in finders {
            let detections = clock.time(&format!("{stage}.{name}"), || finder.find(&scene.observation))?;
            let matching = &self.settings.finders[name].matching;
            outcomes.insert(name.clone(), TileOutcome::new(&detections, &scene.truth, matching)?);
            counted.insert(name.clone(), TileCutouts::new(&detections.searched, &matching.cutouts)?.counted());
            found.push((name.clone(), detections));
        }
        Ok((outcomes, counted, found))
    }
}

/// Fits all finders on the full sky or on a rung of the ladder, or reads those that are fitted, each in a folder of its own.
fn fit(
    settings: &Settings,
    dir: &RunDir,
    rung: Option<&str>,
    simulator: &Arc<Simulator>,
    interrupt: &Interrupt,
) -> Result<Finders> {
    let source = |split| Arc::new(SimulatedSource::new(Arc::clone(simulator), split));
    let sources = FinderSources { train: source(Split::Train), validation: source(Split::Validation) };
    let mut finders = Finders::new();
    let training = rung.map_or_else(|| "training".to_owned(), |rung| format!("training/ladder-{rung}"));
    dir.make_folder(&training)?;
    for (name, finder) in &settings.finders {
        let folder = dir.file(&format!("{training}/{name}"));
        let stage = rung.map_or_else(|| format!("fit.{name}"), |rung| format!("ladder.fit.{rung}.{name}"));
        let mut clock = Clock::default();
        match clock.time(&stage, || finder.recipe.fit(&sources, &folder, &|| interrupt.requested())) {
            Ok(finder) => finders.insert(name.clone(), finder),
            Err(arcmin_method::Error::Interrupted) => bail!("interrupted: the same command goes on from here"),
            Err(error) => return Err(error).with_context(|| format!("while {name} was fitted in {training}")),
        };
        // A later process finds the finder fitted: the time that counts is that of the one which did it.
        let mut timings: BTreeMap<String, f64> = dir.read_json(FIT_TIMINGS)?.unwrap_or_default();
        for (stage, seconds) in clock.into_seconds() {
            timings.entry(stage).or_insert(seconds);
        }
        dir.write(FIT_TIMINGS, serde_json::to_string_pretty(&timings)?.as_bytes())?;
    }
    Ok(finders)
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

/// Makes sure that all tiles of a split are done.
pub(super) fn require_all(settings: &Settings, dir: &RunDir, split: Split) -> Result<()> {
    let n_tiles = settings.scene.n_tiles(split);
    let missing: Vec<usize> = (0..n_tiles).filter(|&tile| done_record(dir, split, tile).is_none()).collect();
    let Some(first) = missing.first() else { return Ok(()) };
    bail!(
        "{} of {} {split} tiles are not done (the first is {}): run the experiment, or the shard that is missing, to its end",
        missing.len(),
        n_tiles,
        dir.file(&record_name(split, *first)).display()
    )
}

/// Reads the record of one tile.
pub(super) fn read(dir: &RunDir, split: Split, tile: usize) -> Result<TileRecord> {
    let name = done_record(dir, split, tile).unwrap_or_else(|| record_name(split, tile));
    let record: TileRecord = dir.read_json(&name)?.with_context(|| format!("{name} has just been deleted"))?;
    let outcomes = std::iter::once(&record.full).chain(&record.ladder).flat_map(|sky| sky.outcomes.values());
    let is_ours = (1..=RECORD_FORMAT).contains(&record.format)
        && outcomes.map(|o| o.format).all(|format| format == OUTCOME_FORMAT);
    ensure!(
        is_ours,
        "{} was written by another version of this program: delete it to have it made again, or use that version",
        dir.file(&name).display()
    );
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Config;

    fn run_dir(folder: &std::path::Path) -> RunDir {
        let config = Config { experiment: "e".into(), profile: "p".into(), seed: 1, settings: toml::Table::new() };
        let dir = RunDir::open(folder, &config).expect("a new run");
        dir.make_folder("tiles").expect("room");
        dir
    }

    fn record(format: u32) -> TileRecord {
        let full = SkyRecord { outcomes: Outcomes::new(), photometry: Vec::new(), counted: Counted::new() };
        TileRecord { format, full, ladder: Vec::new(), seconds: BTreeMap::from([("find".to_owned(), 0.1)]) }
    }

    #[test]
    fn records_come_back_and_those_of_another_version_or_damaged_are_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let dir = run_dir(folder.path());
        let name = record_name(Split::Test, 3);
        let read = || read(&dir, Split::Test, 3);
        let refusal = || format!("{:#}", read().err().expect("refused"));
        assert!(done_record(&dir, Split::Test, 3).is_none());
        // The first form: no number, not packed.
        dir.write(
            "tiles/test-003.json",
            br#"{"full":{"outcomes":{},"photometry":[]},"ladder":[],"seconds":{"find":0.5}}"#,
        )
        .expect("room");
        assert_eq!(read().expect("the first form").seconds["find"], 0.5);
        dir.write_json_gz(&name, &record(RECORD_FORMAT)).expect("room");
        assert_eq!(read().expect("whole").seconds["find"], 0.1);
        dir.write_json_gz(&name, &record(RECORD_FORMAT + 1)).expect("room");
        assert!(refusal().contains("test-003.json.gz was written by another version"), "{}", refusal());
        let whole = std::fs::read(dir.file(&name)).expect("a file");
        std::fs::write(dir.file(&name), &whole[..whole.len() / 2]).expect("room");
        assert!(refusal().contains("delete it to have it made again"), "{}", refusal());
    }
}
