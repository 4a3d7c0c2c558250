//! Point sources taken out before a network looks.

mod common;

use arcmin_maps::file::{ReadOptions, read_map, write_band};
use arcmin_maps::{BandMap, Catalogue, PixelPosition};
use arcmin_units::SkyPosition;
use common::trained::{BANDS, assert_most, band_map, catalogue, heavy_clusters, n_found, tile};
use common::{assert_refused, assert_succeeded};
use std::path::{Path, PathBuf};

/// uK_CMB in Jy/sr at 90, 148 and 219 GHz: astropy 8.0.2, `thermodynamic_temperature`.
const JY_SR_PER_UK: [f64; 3] = [202.7, 393.3, 483.7];
const PIXEL_ARCMIN: f64 = 0.25;

/// The tile's maps with a source of one flux in all bands, in one pixel or under a Gaussian beam.
fn planted(folder: &Path, at: SkyPosition, flux_mjy: f64, fwhm_arcmin: Option<f64>) -> Vec<PathBuf> {
    let plant = |(name, jy_sr_per_uk): (&str, f64)| {
        let file = read_map(&tile().join(format!("{name}.fits")), &ReadOptions::default()).expect("a simulated map");
        let mut band = file.into_band(name).expect("a band");
        let BandMap::Temperature { map, .. } = &mut band.map else { panic!("a temperature map") };
        let at = map.geometry().sky_to_pix(at).expect("on the map");
        let (x, y) = (at.x.round(), at.y.round());
        let pixel_sr = map.geometry().pixel_area_sr();
        let sum_uk = 1e-3 * flux_mjy / (jy_sr_per_uk * pixel_sr);
        let nx = map.geometry().shape().nx;
        match fwhm_arcmin {
            None => map.pixels_mut()[y as usize * nx + x as usize] += sum_uk as f32,
            Some(fwhm) => {
                let sigma = fwhm / PIXEL_ARCMIN / 2.354_820_045;
                let peak = sum_uk / (std::f64::consts::TAU * sigma * sigma);
                for (i, pixel) in map.pixels_mut().iter_mut().enumerate() {
                    let r2 = ((i % nx) as f64 - x).powi(2) + ((i / nx) as f64 - y).powi(2);
                    *pixel += (peak * (-0.5 * r2 / (sigma * sigma)).exp()) as f32;
                }
            }
        }
        let path = folder.join(format!("{name}.fits"));
        write_band(&path, &band).expect("room");
        path
    };
    BANDS.into_iter().zip(JY_SR_PER_UK).map(plant).collect()
}

/// Right of the heaviest cluster of the list on the map.
fn beside_a_cluster(cluster: SkyPosition, apart_arcmin: f64) -> SkyPosition {
    let geometry = band_map("148").geometry().clone();
    let at = geometry.sky_to_pix(cluster).expect("on the map");
    geometry.pix_to_sky(PixelPosition { x: at.x + apart_arcmin / PIXEL_ARCMIN, y: at.y }).expect("on the sky")
}

fn search(maps: &[PathBuf], out: &Path, more: &[&str]) -> Catalogue {
    let maps: Vec<&Path> = maps.iter().map(PathBuf::as_path).collect();
    assert_succeeded(&common::find(&maps, out, more));
    catalogue(out)
}

fn n_near(found: &Catalogue, at: SkyPosition, reach_arcmin: f64) -> usize {
    found.positions().iter().filter(|p| p.separation(at).to_arcmin().value() < reach_arcmin).count()
}

/// A source of 100 mJy in one pixel, which all networks take for clusters, or for what hides some.
#[test]
fn a_bright_source_is_masked_before_a_network_looks() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let heavy = heavy_clusters();
    let at = beside_a_cluster(heavy[0], 8.0);
    let maps = planted(folder.path(), at, 100.0, None);
    let mut n_false = 0;
    for method in ["cnn", "fcn", "ensemble"] {
        let of = |name: &str| folder.path().join(format!("{method}-{name}"));
        n_false += n_near(&search(&maps, &of("plain"), &["--method", method]), at, 6.0);
        assert!(!of("plain").join("sources.fits").exists());
        let found = search(&maps, &of("masked"), &["--method", method, "--mask-sources", "20"]);
        assert_eq!(n_near(&found, at, 4.0), 0, "{method}: nothing is found in the hole");
        let reach = if method == "fcn" { 1.5 } else { 4.3 };
        assert_most(n_found(&found, &heavy, reach), &heavy, method);
        // One in each band.
        let sources = Catalogue::read(&of("masked").join("sources.fits")).expect("our own file");
        assert_eq!((sources.len(), n_near(&sources, at, 0.5)), (3, 3), "{method}");
        let flagged = found.i64("flags").expect("a column").iter().filter(|flags| **flags & 2 != 0).count();
        let reach = if method == "fcn" { 1.5 } else { 4.25 } + 6.0;
        let n_close = n_near(&found, at, reach);
        assert!(flagged >= n_close && flagged < found.len(), "{method}: {flagged} flagged, {n_close} near the source");
    }
    assert!(n_false > 3, "the source would have been some clusters");
}

/// The shipped map network as if it had been trained on maps with a beam.
fn network_with_beam(path: &Path, fwhm_arcmin: f64) {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/weights/find-fcn-deepsz.safetensors");
    let bytes = std::fs::read(shipped).expect("the weights that ship");
    let n = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes")) as usize;
    let mut header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + n]).expect("JSON");
    let line = header["__metadata__"]["arcmin"].as_str().expect("a line").to_owned();
    let mut about: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    for band in about["sky"]["bands"].as_array_mut().expect("bands") {
        band["beam_fwhm_arcmin"] = fwhm_arcmin.into();
    }
    header["__metadata__"]["arcmin"] = about.to_string().into();
    let mut text = header.to_string();
    text.push_str(&" ".repeat(text.len().next_multiple_of(8) - text.len()));
    let head = [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
    std::fs::write(path, [&head, &bytes[8 + n..]].concat()).expect("room");
}

#[test]
fn a_bright_source_is_subtracted_before_a_network_looks_where_the_beam_allows_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cluster = heavy_clusters()[0];
    let at = beside_a_cluster(cluster, 3.0);
    let maps = planted(folder.path(), at, 60.0, Some(1.4));
    let paths: Vec<&Path> = maps.iter().map(PathBuf::as_path).collect();
    let out = folder.path().join("out");
    let refused = common::find(&paths, &out, &["--method", "fcn", "--subtract-sources", "20"]);
    assert_refused(&refused, &["90.fits", "its beam is 0.0 pixels wide", "mask the sources"]);
    let weights = folder.path().join("weights.safetensors");
    network_with_beam(&weights, 1.4);
    let with_beam = ["--method", "fcn", "--beam-arcmin", "1.4", "--weights", &weights.display().to_string()];
    let plain = search(&maps, &folder.path().join("plain"), &with_beam);
    let clean = search(&maps, &out, &[&with_beam[..], &["--subtract-sources", "20"]].concat());
    let (n_plain, n_clean) = (n_near(&plain, at, 8.0), n_near(&clean, at, 8.0));
    assert!(n_clean < n_plain && n_near(&clean, cluster, 1.5) == 1, "{n_plain} before, {n_clean} after");
    let sources = Catalogue::read(&out.join("sources.fits")).expect("our own file");
    let (flux, error) = (sources.f64("flux_mJy").expect("fluxes"), sources.f64("err_flux_mJy").expect("errors"));
    // The cluster beside it and the sky of the simulation take their part.
    let is_right = flux.iter().zip(&error).all(|(flux, error)| (flux - 60.0).abs() < 5.0 && *error < 5.0);
    assert!(flux.len() == 3 && is_right, "one in each band: {flux:?} {error:?}");
    let flags: Vec<i64> = clean.i64("flags").expect("a column").to_vec();
    for (row, p) in clean.positions().iter().enumerate() {
        let apart_arcmin = p.separation(at).to_arcmin().value();
        assert_eq!(flags[row] & 2 != 0, apart_arcmin <= 1.5 + 2.0, "{apart_arcmin}' from the source");
    }
}
