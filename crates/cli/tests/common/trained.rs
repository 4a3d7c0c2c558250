//! A simulated sky of the kind that the networks which ship know, and what they should find on it.

use super::{arcmin, assert_succeeded};
use arcmin_maps::file::{ReadOptions, UnitMap, read_map};
use arcmin_maps::{Catalogue, Geometry, Map};
use arcmin_units::{MicroKelvinCmb, SkyPosition};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;
use tempfile::TempDir;

pub(crate) const BANDS: [&str; 3] = ["90", "148", "219"];
/// As far as a cluster may lie from the middle of the cutout that finds it.
pub(crate) const CUTOUT_REACH_ARCMIN: f64 = 4.3;
/// What no method searches along the edges of the map.
pub(crate) const RIM_ARCMIN: f64 = 25.0;

/// One simulated tile, made once.
pub(crate) fn tile() -> &'static Path {
    static SKY: OnceLock<TempDir> = OnceLock::new();
    static TILE: OnceLock<PathBuf> = OnceLock::new();
    TILE.get_or_init(|| {
        let folder = SKY.get_or_init(|| tempfile::tempdir().expect("a temporary folder")).path();
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trained_sky.toml");
        let output = arcmin().args(["simulate", "--config"]).arg(config).arg("--out").arg(folder).output();
        assert_succeeded(&output.expect("the command starts"));
        folder.join("tile-000")
    })
}

pub(crate) fn maps(bands: &[&str]) -> Vec<PathBuf> {
    bands.iter().map(|band| tile().join(format!("{band}.fits"))).collect()
}

pub(crate) fn find(bands: &[&str], out: &Path, more: &[&str]) -> Output {
    let maps = maps(bands);
    super::find(&maps.iter().map(PathBuf::as_path).collect::<Vec<_>>(), out, more)
}

pub(crate) fn catalogue(out: &Path) -> Catalogue {
    Catalogue::read(&out.join("catalogue.fits")).expect("our own file")
}

pub(crate) fn band_map(band: &str) -> Map<MicroKelvinCmb> {
    let file = read_map(&tile().join(format!("{band}.fits")), &ReadOptions::default()).expect("a simulated map");
    let UnitMap::Temperature(map) = file.map else { panic!("a temperature map") };
    map
}

/// Distance of a position from the edge of the map.
pub(crate) fn depth_arcmin(geometry: &Geometry, position: SkyPosition) -> f64 {
    let Some(at) = geometry.sky_to_pix(position) else { return 0.0 };
    let (nx, ny) = (geometry.shape().nx as f64, geometry.shape().ny as f64);
    let pixels = at.x.min(at.y).min(nx - 1.0 - at.x).min(ny - 1.0 - at.y);
    pixels * geometry.pixel_size().to_arcmin().value()
}

/// Clusters that no method should overlook, well inside the map.
pub(crate) fn heavy_clusters() -> Vec<SkyPosition> {
    let truth = Catalogue::read(&tile().join("truth.fits")).expect("the truth");
    let (mass, redshift) = (truth.f64("Mvir").expect("masses"), truth.f64("redshift").expect("redshifts"));
    let geometry = band_map("148").geometry().clone();
    let is_heavy = |row: &usize| mass[*row] > 3e14 && redshift[*row] > 0.25;
    let rows = (0..truth.len()).filter(is_heavy).map(|row| truth.positions()[row]);
    let heavy: Vec<SkyPosition> = rows.filter(|&p| depth_arcmin(&geometry, p) > RIM_ARCMIN).collect();
    assert!(heavy.len() >= 6, "the seed gives {} heavy clusters", heavy.len());
    heavy
}

pub(crate) fn n_found(found: &Catalogue, clusters: &[SkyPosition], reach_arcmin: f64) -> usize {
    let near = |a: SkyPosition| found.positions().iter().any(|b| b.separation(a).to_arcmin().value() <= reach_arcmin);
    clusters.iter().filter(|&&cluster| near(cluster)).count()
}

/// Each finds three of four at least: a cluster on the edge between two cutouts may be lost to a network.
pub(crate) fn assert_most(n: usize, clusters: &[SkyPosition], what: &str) {
    assert!(4 * n >= 3 * clusters.len(), "{what}: {n} of {} heavy clusters found", clusters.len());
}

/// The middle of a map.
pub(crate) fn middle(geometry: &Geometry) -> SkyPosition {
    let shape = geometry.shape();
    let at = arcmin_maps::PixelPosition { x: 0.5 * shape.nx as f64, y: 0.5 * shape.ny as f64 };
    geometry.pix_to_sky(at).expect("the middle of the map")
}
