//! `arcmin simulate`: tiles of the sky as FITS maps with their truth catalogue.

use crate::record;
use crate::terminal::say;
use anyhow::{Context, Result, bail, ensure};
use arcmin_eval::{create_dir, write_atomic};
use arcmin_job::{Interrupt, Progress};
use arcmin_maps::file::write_band;
use arcmin_scene::{Haloes, Scene, SceneConfig, Simulator, Split};
use std::path::{Path, PathBuf};

/// The sky of the DeepSZ experiment on one small tile.
const DEFAULT_SKY: &str = include_str!("default_sky.toml");

/// Simulate tiles of the sky as FITS maps with their truth catalogue.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder to write to: scene.toml, then a folder a tile with one map a band and the truth as FITS and CSV
    #[arg(long, value_name = "DIR", required_unless_present_any = ["print_config", "check"])]
    out: Option<PathBuf>,
    /// TOML description of the sky; a 90/148/219 GHz sky of one 512 x 512 tile unless given
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Number of tiles, instead of the description's
    #[arg(long)]
    tiles: Option<usize>,
    /// Seed, instead of the description's
    #[arg(long)]
    seed: Option<u64>,
    /// Print the description of the sky, to be edited and given to --config, and stop
    #[arg(long)]
    print_config: bool,
    /// Print each statistic of the simulated sky beside its target, and stop
    #[arg(long)]
    check: bool,
}

/// Simulates every tile that the folder does not hold yet.
pub(crate) fn run(args: &Args) -> Result<()> {
    let config = read_config(args)?;
    if args.print_config {
        say(toml::to_string(&config).context("the description cannot be written as TOML")?.trim_end());
        return Ok(());
    }
    if args.check {
        return check(&config);
    }
    let out = args.out.as_deref().context("no folder is given: use --out")?;
    take_folder(out, &config)?;
    let simulator = Simulator::new(config.check()?)?;
    let interrupt = Interrupt::install()?;
    let n_tiles = config.tiles.n_test;
    let left: Vec<usize> = (0..n_tiles).filter(|&tile| !tile_folder(out, tile).join("truth.fits").exists()).collect();
    let progress = Progress::new("tiles", left.len() as u64);
    for (done, &tile) in left.iter().enumerate() {
        if interrupt.requested() {
            bail!("interrupted with {} tiles left: the same command goes on from here", left.len() - done);
        }
        let scene = simulator.scene(Split::Test, tile, Haloes::Drawn)?;
        write_tile(&tile_folder(out, tile), &scene)?;
        progress.advance(1);
    }
    progress.finish();
    record::simulated(out, &config)?;
    say(&format!("{n_tiles} tiles of {:.2} deg2 in {}", simulator.tile_area_deg2(), out.display()));
    Ok(())
}

fn read_config(args: &Args) -> Result<SceneConfig> {
    let mut config: SceneConfig = match &args.config {
        None => toml::from_str(DEFAULT_SKY).expect("the default sky is tested to parse"),
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            toml::from_str(&text).with_context(|| format!("in {}", path.display()))?
        }
    };
    config.tiles.n_test = args.tiles.unwrap_or(config.tiles.n_test);
    config.seed = args.seed.unwrap_or(config.seed);
    Ok(config)
}

/// Makes the folder, or takes up one that holds tiles of the very same sky.
fn take_folder(out: &Path, config: &SceneConfig) -> Result<()> {
    create_dir(out)?;
    let path = out.join("scene.toml");
    let ours = toml::to_string(config).context("the description cannot be written as TOML")?;
    match std::fs::read_to_string(&path) {
        Ok(theirs) => {
            let differs = theirs.lines().zip(ours.lines()).find(|(theirs, ours)| theirs != ours);
            let (theirs_line, ours_line) = differs.unwrap_or(("more lines", "fewer lines"));
            ensure!(
                theirs == ours,
                "{} describes another sky ({theirs_line} against {ours_line}): give another --out",
                path.display()
            );
            Ok(())
        }
        Err(_) => Ok(write_atomic(&path, ours.as_bytes())?),
    }
}

fn tile_folder(out: &Path, tile: usize) -> PathBuf {
    out.join(format!("tile-{tile:03}"))
}

/// Writes maps first and the truth last, so that a tile with a truth is whole.
fn write_tile(folder: &Path, scene: &Scene) -> Result<()> {
    create_dir(folder)?;
    for band in scene.observation.bands() {
        write_band(&folder.join(format!("{}.fits", band.name)), band)?;
    }
    if !scene.truth.sources.is_empty() {
        let bands: Vec<&str> = scene.observation.bands().iter().map(|band| band.name.as_str()).collect();
        scene.truth.sources_to_catalogue(&bands)?.write(&folder.join("sources.fits"))?;
    }
    let truth = scene.truth.to_catalogue()?;
    truth.write(&folder.join("truth.csv"))?;
    truth.write(&folder.join("truth.fits"))?;
    Ok(())
}

fn check(config: &SceneConfig) -> Result<()> {
    let statistics = arcmin_scene::check(config)?;
    let mut missed = 0;
    for s in &statistics {
        let off = (s.value - s.target).abs() > s.tolerance;
        missed += usize::from(off);
        let verdict = if off { "OFF" } else { "ok " };
        say(&format!("{verdict} {}: {:.4} (target {:.4} +- {:.4})", s.name, s.value, s.target, s.tolerance));
    }
    ensure!(missed == 0, "{missed} of {} statistics are off their targets", statistics.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_sky_can_be_simulated() {
        let config: SceneConfig = toml::from_str(DEFAULT_SKY).expect("the shipped description parses");
        config.check().expect("the shipped description is a sky");
    }
}
