//! Cutouts of the first test tile, kept as FITS files for the pictures of the report.
//!
//! Two places, one on a cluster and one far from any, are cut from every sky of the ladder; all targets are cut from the
//! full sky. The haloes of all skies of a tile are the same, so that the places are too.

use super::scores::FULL_SKY;
use super::tiles::ladder_name;
use crate::run_dir::RunDir;
use anyhow::Result;
use arcmin_eval::{HaloSelection, MatchConfig};
use arcmin_maps::cutouts::{CentrePixel, Cutouts, Cutter};
use arcmin_maps::{Catalogue, PixelPosition};
use arcmin_scene::{Halo, Scene, Truth};
use arcmin_units::{Arcmin, SkyPosition};

/// Column with the number of the halo in its tile.
const HALO_COLUMN: &str = "halo";
/// Haloes of at least this virial mass must not be near the cutout without cluster.
const EMPTY_MVIR_MSUN: f64 = 5e13;

/// Keeps the two places of one sky; `sky` is its place on the ladder, `None` for the full sky.
pub(super) fn keep_places(dir: &RunDir, sky: Option<usize>, scene: &Scene, matching: &MatchConfig) -> Result<()> {
    let Some(places) = places(scene, matching) else { return Ok(()) };
    let catalogue = Catalogue::new(&places, scene.observation.geometry().frame());
    cutter(scene, matching)?.cut(&catalogue)?.write(&dir.file(&places_name(sky)))?;
    Ok(())
}

/// Keeps the cutouts of all targets of the full sky.
pub(super) fn keep_targets(dir: &RunDir, scene: &Scene, matching: &MatchConfig) -> Result<()> {
    let targets: Vec<&Halo> = scene.truth.haloes.iter().filter(|halo| matching.selection.contains(halo)).collect();
    if targets.is_empty() {
        return Ok(());
    }
    let positions: Vec<SkyPosition> = targets.iter().map(|halo| halo.position).collect();
    let catalogue = Catalogue::new(&positions, scene.observation.geometry().frame())
        .with_i64(HALO_COLUMN, targets.iter().map(|halo| halo.id as i64).collect())?;
    cutter(scene, matching)?.cut(&catalogue)?.write(&dir.file(TARGETS_NAME))?;
    Ok(())
}

/// The two places of each sky that was kept, from the fewest components up: its name and its cutouts.
pub(super) fn read_places(dir: &RunDir, rungs: &[String]) -> Result<Vec<(String, Cutouts)>> {
    let skies = rungs.iter().enumerate().map(|(idx, name)| (name.clone(), Some(idx)));
    let all = skies.chain([(FULL_SKY.to_owned(), None)]);
    let paths = all.map(|(name, sky)| (name, dir.file(&places_name(sky)))).filter(|(_, path)| path.exists());
    paths.map(|(name, path)| Ok((name, Cutouts::read(&path)?))).collect()
}

/// The cutouts of all targets with the numbers of their haloes, where they were kept.
pub(super) fn read_targets(dir: &RunDir) -> Result<Option<(Cutouts, Vec<u64>)>> {
    let path = dir.file(TARGETS_NAME);
    if !path.exists() {
        return Ok(None);
    }
    let cutouts = Cutouts::read(&path)?;
    let haloes = cutouts.catalogue().i64(HALO_COLUMN)?.iter().map(|&id| id as u64).collect();
    Ok(Some((cutouts, haloes)))
}

const TARGETS_NAME: &str = "tiles/test-000-targets.fits";

fn places_name(sky: Option<usize>) -> String {
    format!("tiles/test-000-places-{}.fits", ladder_name(sky))
}

/// Cutouts of the paper's size, copied pixel by pixel.
fn cutter<'a>(scene: &'a Scene, matching: &MatchConfig) -> Result<Cutter<'a>> {
    let pixel_arcmin = scene.observation.geometry().pixel_size().to_arcmin().value();
    let side = (matching.cutouts.side_arcmin / pixel_arcmin).round().max(1.0) as usize;
    Ok(Cutter::aligned(&scene.observation, side, CentrePixel::Middle)?)
}

/// A typical target and a place without cluster; `None` on a tile too small or too empty for them.
fn places(scene: &Scene, matching: &MatchConfig) -> Option<[SkyPosition; 2]> {
    let target = typical_target(&scene.truth, matching.selection)?;
    Some([target.position, empty_place(scene, matching)?])
}

/// The target whose mass and redshift are nearest to twice the least mass and 0.6.
fn typical_target(truth: &Truth, selection: HaloSelection) -> Option<&Halo> {
    let distance = |halo: &Halo| {
        let mass = (halo.mvir.value() / (2.0 * selection.mvir_min_msun)).ln();
        let redshift = halo.redshift.value() - 0.6;
        mass * mass + 4.0 * redshift * redshift
    };
    let targets = truth.haloes.iter().filter(|halo| selection.contains(halo));
    targets.min_by(|a, b| distance(a).total_cmp(&distance(b)))
}

/// The first place, on a coarse grid from the middle row up, with no heavy halo within the side of a cutout; where there
/// is none, the one whose nearest is farthest.
fn empty_place(scene: &Scene, matching: &MatchConfig) -> Option<SkyPosition> {
    let geometry = scene.observation.geometry();
    let shape = geometry.shape();
    let step = (matching.cutouts.side_arcmin / geometry.pixel_size().to_arcmin().value()).round().max(1.0) as usize;
    let heavy: Vec<&Halo> = scene.truth.haloes.iter().filter(|halo| halo.mvir.value() >= EMPTY_MVIR_MSUN).collect();
    let nearest = |place: SkyPosition| {
        heavy.iter().map(|halo| place.separation(halo.position).value()).fold(f64::INFINITY, f64::min)
    };
    let rows = (shape.ny / 2..shape.ny.saturating_sub(step)).step_by(step);
    let pixels = rows.flat_map(|y| (step..shape.nx.saturating_sub(step)).step_by(step).map(move |x| (x, y)));
    let sky = pixels.filter_map(|(x, y)| geometry.pix_to_sky(PixelPosition { x: x as f64, y: y as f64 }));
    let enough = Arcmin::new(matching.cutouts.side_arcmin).to_rad().value();
    let mut best: Option<(f64, SkyPosition)> = None;
    for (distance, place) in sky.map(|place| (nearest(place), place)) {
        if best.is_none_or(|(farthest, _)| distance > farthest) {
            best = Some((distance, place));
        }
        if distance >= enough {
            break;
        }
    }
    best.map(|(_, place)| place)
}
