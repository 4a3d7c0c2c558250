//! `arcmin simulate`: tiles of the sky as FITS maps with their truth catalogue.
//!
//! One tile is in memory at a time. A tile's truth is written last, so that a tile with a truth is whole; the same
//! command goes on where the last one stopped, to the same bytes.

mod components;
mod folder;
mod sphere;
mod table;

use crate::record::{self, Inputs};
use crate::terminal::say;
use anyhow::{Context, Result, bail, ensure};
use arcmin_eval::create_dir;
use arcmin_job::{Clock, Interrupt, Progress};
use arcmin_maps::file::write_band;
use arcmin_scene::{Haloes, Scene, SceneConfig, Simulator, Split};
use std::path::{Path, PathBuf};

/// The sky of the DeepSZ experiment on one small tile.
const DEFAULT_SKY: &str = include_str!("../default_sky.toml");

/// Simulate tiles of the sky as FITS maps with their truth catalogue.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder to write to: scene.toml, then a folder a tile with one map a band and the truth as FITS and CSV. A folder
    /// that holds some tiles of the same sky gets the others
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
    /// Components to keep, parted by commas, instead of the description's
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    components: Option<Vec<String>>,
    /// Components to drop from the description's, parted by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',', conflicts_with = "components")]
    without: Vec<String>,
    /// Write a map of each component in each band too: what it adds to the sky; the folder `components` of a tile
    #[arg(long)]
    write_components: bool,
    /// Print the description of the sky, to be edited and given to --config, and stop
    #[arg(long)]
    print_config: bool,
    /// Print each statistic of the simulated sky beside its target, and stop; exit code 1 when one is off
    #[arg(long)]
    check: bool,
    /// With --check: compare the clusters of this CSV file, columns Mvir in Msun and redshift, with those simulated
    #[arg(long, value_name = "FILE", requires = "check")]
    halo_catalogue: Option<PathBuf>,
    /// With --halo-catalogue: the sky that it covers, in square degrees; an octant, as that of Sehgal et al. 2010
    #[arg(long, value_name = "DEG2", default_value_t = 5156.620_156)]
    halo_catalogue_deg2: f64,
    #[command(flatten)]
    sphere: sphere::Args,
}

/// Simulates every tile that the folder does not hold yet.
pub(crate) fn run(args: &Args) -> Result<()> {
    let config = read_config(args)?;
    if args.print_config {
        say(toml::to_string(&config).context("the description cannot be written as TOML")?.trim_end());
        return Ok(());
    }
    if args.check {
        return check(&config, args);
    }
    let out = args.out.as_deref().context("no folder is given: use --out")?;
    let inputs = inputs(args, &config)?;
    if args.sphere.is_asked() {
        return args.sphere.run(out, config, inputs);
    }
    let setup = config.check()?;
    folder::check(out, &config, &inputs)?;
    let mut clock = Clock::default();
    let simulator = clock.time("tables", || Simulator::new(setup))?;
    folder::take(out, &config, &inputs)?;
    simulate(out, &simulator, args.write_components, &mut clock)?;
    let n_tiles = config.tiles.n_test;
    record::simulated(out, &config, inputs, clock.into_seconds())?;
    say(&format!("{n_tiles} tiles of {:.2} deg2 in {}", simulator.tile_area_deg2(), out.display()));
    Ok(())
}

/// Makes and writes the tiles that the folder does not hold yet, one by one.
fn simulate(out: &Path, simulator: &Simulator, with_components: bool, clock: &mut Clock) -> Result<()> {
    let interrupt = Interrupt::install()?;
    let is_left = |tile: &usize| {
        let folder = folder::of_tile(out, *tile);
        !folder::is_whole(&folder) || (with_components && !components::are_whole(&folder, simulator))
    };
    let left: Vec<usize> = (0..simulator.setup().n_tiles(Split::Test)).filter(is_left).collect();
    let progress = Progress::new("tiles", left.len() as u64);
    for (done, &tile) in left.iter().enumerate() {
        if interrupt.requested() {
            bail!("interrupted with {} tiles left: the same command goes on from here", left.len() - done);
        }
        let folder = folder::of_tile(out, tile);
        create_dir(&folder)?;
        folder::clear_leftovers(&folder)?;
        if with_components {
            components::write(&folder, simulator, tile, clock)?;
        }
        if !folder::is_whole(&folder) {
            let scene = clock.time("simulate", || simulator.scene(Split::Test, tile, Haloes::Drawn))?;
            clock.time("write", || write_tile(&folder, &scene))?;
        }
        progress.advance(1);
    }
    progress.finish();
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
    components::choose(&mut config, args.components.as_deref(), &args.without)?;
    Ok(config)
}

/// The files that the sky is made from.
fn inputs(args: &Args, config: &SceneConfig) -> Result<Inputs> {
    let mut inputs = Inputs::default();
    let beams = config.bands.iter().filter_map(|band| band.beam_file.as_ref());
    for path in args.config.iter().chain(beams) {
        inputs.note(path)?;
    }
    Ok(inputs)
}

/// Writes maps first and the truth last.
fn write_tile(folder: &Path, scene: &Scene) -> Result<()> {
    for band in scene.observation.bands() {
        write_band(&folder.join(format!("{}.fits", band.name)), band)?;
    }
    if !scene.truth.sources.is_empty() {
        let bands: Vec<&str> = scene.observation.bands().iter().map(|band| band.name.as_str()).collect();
        scene.truth.sources_to_catalogue(&bands)?.write(&folder.join("sources.fits"))?;
    }
    let truth = scene.truth.to_catalogue()?;
    truth.write(&folder.join("truth.csv"))?;
    truth.write(&folder.join(folder::LAST_FILE))?;
    Ok(())
}

fn check(config: &SceneConfig, args: &Args) -> Result<()> {
    let mut statistics = arcmin_scene::check(config)?;
    if let Some(path) = &args.halo_catalogue {
        let haloes = read_haloes(path)?;
        say(&format!("{} haloes in {}", haloes.len(), path.display()));
        statistics.extend(arcmin_scene::check_catalogue(config, &haloes, args.halo_catalogue_deg2)?);
    }
    table::lines(&statistics).iter().for_each(|line| say(line));
    let missed = statistics.iter().filter(|statistic| !statistic.passes()).count();
    ensure!(missed == 0, "{missed} of {} statistics are off their targets", statistics.len());
    Ok(())
}

/// Virial mass in Msun and redshift of each row of a CSV file with columns of these names.
fn read_haloes(path: &Path) -> Result<Vec<(f64, f64)>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut lines = text.lines().enumerate();
    let header: Vec<&str> = lines.next().map(|(_, line)| line.split(',').map(str::trim).collect()).unwrap_or_default();
    let column = |name: &str| {
        let found = header.iter().position(|column| *column == name);
        found.with_context(|| format!("{} has no column {name} in its first line", path.display()))
    };
    let (mvir, redshift) = (column("Mvir")?, column("redshift")?);
    let row = |(idx, line): (usize, &str)| -> Result<(f64, f64)> {
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        let number = |column: usize| cells.get(column).and_then(|cell| cell.parse::<f64>().ok());
        let bad = || format!("{}, line {}: Mvir and redshift must be numbers", path.display(), idx + 1);
        Ok((number(mvir).with_context(bad)?, number(redshift).with_context(bad)?))
    };
    lines.filter(|(_, line)| !line.trim().is_empty()).map(row).collect()
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
