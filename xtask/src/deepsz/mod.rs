//! The DeepSZ experiment: find clusters in simulated 90, 148 and 219 GHz maps and score the finders on held-out tiles
//! (Lin et al. 2021, arXiv:2102.13123).
//!
//! Tiles are simulated, searched and matched one by one ([`tiles`]); the scores ([`scores`]) and the report
//! ([`mod@report`]) are made from what was kept of them.

mod bounds;
mod comparison;
mod cutout_curves;
mod ensembles;
mod figures;
mod found_section;
mod gallery;
mod picture;
mod published;
mod report;
mod score_tables;
mod scores;
mod settings;
mod tiles;

use crate::experiment::Config;
use crate::run_dir::RunDir;
use crate::shard::Shard;
use crate::workspace::say;
use anyhow::Result;
use arcmin_eval::Record;
use arcmin_eval::report::format_score;
use arcmin_job::Interrupt;
use arcmin_maps::Catalogue;
use arcmin_scene::Split;
use scores::Results;
use settings::Settings;

/// Works through a share of the tiles, or what is left of it.
pub(crate) fn work(config: &Config, dir: &RunDir, shard: Shard, interrupt: &Interrupt) -> Result<()> {
    let settings = Settings::read(config)?;
    dir.make_folder("tiles")?;
    dir.write("scene.toml", settings.scene_toml.as_bytes())?;
    tiles::work_through(&settings, dir, shard, interrupt)
}

/// Makes scores, catalogues and report from the tiles.
pub(crate) fn conclude(config: &Config, dir: &RunDir) -> Result<Record> {
    let settings = Settings::read(config)?;
    let results = Results::read(config, &settings, dir)?;
    let record = results.record(config, &settings)?;
    join_catalogues(&settings, dir)?;
    results.ensembles().map_or(Ok(()), |fitted| ensembles::write(fitted, dir))?;
    report::write(config, &settings, dir, &results, &record)?;
    record.write(&dir.file("record.json"))?;
    for (name, score) in &record.scores {
        say(&format!("  {name:<28} {:>18}   ({} counted)", format_score(score), score.count));
    }
    Ok(record)
}

/// Writes `report.html` from what the folder holds.
pub(crate) fn report(config: &Config, dir: &RunDir) -> Result<()> {
    let settings = Settings::read(config)?;
    let results = Results::read(config, &settings, dir)?;
    let record = Record::read(&dir.file("record.json"))?;
    report::write(config, &settings, dir, &results, &record)
}

/// Joins the catalogues of the test tiles: `catalogue.fits` for the matched filter, `catalogue-NAME.fits` for others.
fn join_catalogues(settings: &Settings, dir: &RunDir) -> Result<()> {
    for (idx, finder) in settings.finder_names().into_iter().enumerate() {
        let part = |tile| dir.file(&tiles::catalogue_name(Split::Test, tile, finder));
        let parts: Vec<_> = (0..settings.scene.n_tiles(Split::Test)).map(part).collect();
        let name = if idx == 0 { "catalogue.fits".to_owned() } else { format!("catalogue-{finder}.fits") };
        Catalogue::join_files(&parts, &dir.file(&name))?;
    }
    Ok(())
}
