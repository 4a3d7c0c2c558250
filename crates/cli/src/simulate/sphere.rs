//! `arcmin simulate --healpix`: the full sky or an octant of it as HEALPix maps, one a band.

use super::folder;
use crate::record::{self, Inputs};
use crate::terminal::say;
use anyhow::{Context, Result, bail};
use arcmin_job::{Clock, Interrupt, Progress};
use arcmin_maps::healpix::{HealpixBand, HealpixBandMap, HealpixFile, HealpixUnitMap};
use arcmin_scene::full_sky::is_painted;
use arcmin_scene::{FullSky, SceneConfig};
use arcmin_sphere::Nside;
use arcmin_sphere::harmonics::RingRegion;
use serde::Serialize;
use std::ops::ControlFlow;
use std::path::Path;

/// The sphere instead of tiles.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Simulate the sphere instead of tiles, as HEALPix maps of this nside (ring order): the Gaussian components, beams and
    /// white noise of the description
    #[arg(long, value_name = "NSIDE", conflicts_with_all = ["tiles", "check", "write_components"])]
    healpix: Option<u64>,
    /// The octant at RA and Dec 0 to 90 deg alone, as a partial map
    #[arg(long, requires = "healpix")]
    octant: bool,
    /// Largest multipole; 2 nside unless given
    #[arg(long, requires = "healpix")]
    lmax: Option<usize>,
}

/// What is written beside the description, so that a folder is taken up by the same sky alone.
#[derive(Serialize)]
struct Grid {
    nside: u64,
    lmax: usize,
    coverage: &'static str,
}

impl Args {
    /// Whether the sphere is asked for.
    pub(crate) fn is_asked(&self) -> bool {
        self.healpix.is_some()
    }

    /// Simulates every band that the folder does not hold yet.
    pub(crate) fn run(&self, out: &Path, mut config: SceneConfig, inputs: Inputs) -> Result<()> {
        let nside = Nside::new(self.healpix.context("no nside is given: use --healpix")?)?;
        leave_out_painted(&mut config);
        let lmax = self.lmax.unwrap_or(2 * nside.value() as usize);
        let (region, coverage) = match self.octant {
            true => (RingRegion::octant(nside), "octant"),
            false => (RingRegion::full_sky(nside), "full sky"),
        };
        let sky = FullSky::new(config.check()?, region, lmax)?;
        folder::take(out, &config, &inputs)?;
        let grid = toml::to_string(&Grid { nside: nside.value(), lmax, coverage })?;
        folder::take_file(&out.join("healpix.toml"), &grid)?;
        folder::clear_leftovers(out)?;
        let mut clock = Clock::default();
        write_bands(out, &sky, &mut clock)?;
        record::simulated(out, &config, inputs, clock.into_seconds())?;
        say(&format!(
            "{} maps of the {coverage}, nside {nside}, lmax {lmax}, in {}",
            sky.band_names().len(),
            out.display()
        ));
        Ok(())
    }
}

/// What is painted halo by halo lives on tiles: it is left out, and said so.
fn leave_out_painted(config: &mut SceneConfig) {
    let left_out: Vec<&str> = config.components.iter().filter(|c| is_painted(**c)).map(|c| c.name()).collect();
    if !left_out.is_empty() {
        say(&format!("left out, as they are painted on tiles alone: {}", left_out.join(", ")));
        config.components.retain(|component| !is_painted(*component));
    }
}

/// One band after the other, so that memory holds one map.
fn write_bands(out: &Path, sky: &FullSky, clock: &mut Clock) -> Result<()> {
    let interrupt = Interrupt::install()?;
    let paths: Vec<_> = sky.band_names().map(|name| out.join(format!("{name}.fits"))).collect();
    let left: Vec<usize> = (0..paths.len()).filter(|&band_idx| !paths[band_idx].exists()).collect();
    let progress = Progress::new("blocks of rings", (left.len() * sky.n_blocks()) as u64);
    for (done, &band_idx) in left.iter().enumerate() {
        let mut watch = |_| {
            progress.advance(1);
            if interrupt.requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let band = clock.time("simulate", || sky.band(band_idx, &mut watch))?;
        let Some(band) = band else {
            bail!("interrupted with {} maps left: the same command goes on from here", left.len() - done);
        };
        clock.time("write", || file_of(band).write(&paths[band_idx]))?;
    }
    progress.finish();
    Ok(())
}

fn file_of(band: HealpixBand) -> HealpixFile {
    let (map, nu) = match band.map {
        HealpixBandMap::Temperature { nu, map } => (HealpixUnitMap::Temperature(map), nu),
        HealpixBandMap::ComptonY(map) => (HealpixUnitMap::ComptonY(map), None),
    };
    HealpixFile { map, nu, beam: Some(band.beam), noise_arcmin: band.noise_arcmin, band_name: Some(band.name) }
}
