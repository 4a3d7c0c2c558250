//! The search of HEALPix maps, tile by tile, with all that goes with it.

mod common;

use arcmin_maps::Catalogue;
use arcmin_maps::healpix::OrderedPixels;
use arcmin_maps::healpix::{HealpixOrdering, HealpixReadOptions, read_healpix_column};
use arcmin_sphere::healpix::{Healpix, Nside};
use arcmin_units::{Radian, SkyPosition};
use common::sphere::{CLUSTERS_DEG, FIND_NSIDE, run, sky_with_clusters, write_healpix};
use common::{assert_refused, assert_succeeded};
use std::path::{Path, PathBuf};
use std::process::Output;

const BANDS: [&str; 8] = ["--freq-ghz", "90", "--freq-ghz", "148", "--freq-ghz", "219", "--threshold", "8"];
/// The cluster that a search around one centre finds.
const ALONE_DEG: [f64; 2] = [250.0, 13.2];

fn position([lon, lat]: [f64; 2]) -> SkyPosition {
    SkyPosition::from_deg(lon, lat).expect("a position")
}

/// Searches one tile around a cluster.
fn find_around(folder: &Path, maps: &[PathBuf], more: &[&str]) -> (Output, PathBuf) {
    let (out, centres) = (folder.join("out"), folder.join("centres.csv"));
    std::fs::write(&centres, "RADeg,decDeg\n250,13.2\n").expect("a writable folder");
    let centres = centres.display().to_string();
    let tile = ["--scales-arcmin", "30", "--tile-deg", "25", "--tile-centres", &centres];
    (run("find", maps, &out, &[&BANDS[..], &tile, more].concat()), out)
}

/// A value and the count of a score.
fn score(out: &Path, name: &str) -> (f64, u64) {
    let record = std::fs::read_to_string(out.join("record.json")).expect("a record");
    let record: serde_json::Value = serde_json::from_str(&record).expect("a record is JSON");
    let score = &record["scores"][name];
    (score["value"].as_f64().unwrap_or_else(|| panic!("no score {name}")), score["count"].as_u64().unwrap_or(0))
}

#[test]
fn a_search_of_the_whole_sphere_finds_each_cluster_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let maps = sky_with_clusters(folder.path(), 0);
    let out = folder.path().join("out");
    let more = [&BANDS[..], &["--scales-arcmin", "20,30,45", "--tile-deg", "30"]].concat();
    assert_succeeded(&run("find", &maps, &out, &more));
    let found = Catalogue::read(&out.join("catalogue.fits")).expect("our own file");
    for cluster in CLUSTERS_DEG {
        let centre = position(cluster);
        let near = found.positions().iter().filter(|p| p.separation(centre).to_arcmin().value() < 30.0).count();
        assert_eq!(near, 1, "{cluster:?} deg is found {near} times");
    }
    assert_eq!(found.len(), CLUSTERS_DEG.len(), "nothing else is found");
    let tiles = Catalogue::read(&out.join("tiles.fits")).expect("our own file");
    let area: f64 = tiles.f64("searchedDeg2").expect("areas").iter().sum();
    // Cells end on whole pixels of their tiles, 130 pixels wide: half a pixel on either side.
    assert!((area / 41_252.96 - 1.0).abs() < 5e-3, "the sphere is searched once: {area} deg2");
    let OrderedPixels::Ring(snr) = snr_map(&out) else { panic!("the S/N map is in ring order") };
    assert!(snr.covered().is_none() && snr.n_valid() == 12 * FIND_NSIDE * FIND_NSIDE, "it covers the sphere");
    let bright = snr.iter().filter(|(_, value)| value.is_some_and(|value| value > 8.0));
    for (pixel, _) in bright {
        let centre = snr.grid().centre(pixel);
        let nearest = CLUSTERS_DEG.map(|c| position(c).separation(centre).to_deg().value());
        assert!(nearest.into_iter().fold(f64::INFINITY, f64::min) < 6.0, "S/N is high at clusters alone");
    }
    assert!(std::fs::read(out.join("map.png")).expect("a picture").starts_with(b"\x89PNG"));
}

fn snr_map(out: &Path) -> OrderedPixels {
    let options = HealpixReadOptions { ordering: Some(HealpixOrdering::Ring), ..HealpixReadOptions::default() };
    read_healpix_column(&out.join("snr.fits"), &options).expect("our own file")
}

#[test]
fn a_part_of_the_sphere_is_searched_around_given_centres() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let maps = sky_with_clusters(folder.path(), 0);
    let known = folder.path().join("known.csv");
    std::fs::write(&known, "name,RADeg,decDeg\nreal,250,13.2\nghost,255,16\naway,20,13\n").expect("a writable folder");
    let (output, out) = find_around(folder.path(), &maps, &["--negated", "--mark", &known.display().to_string()]);
    assert_succeeded(&output);
    let found = Catalogue::read(&out.join("catalogue.fits")).expect("our own file");
    assert_eq!(found.len(), 1);
    assert!(found.positions()[0].separation(position(ALONE_DEG)).to_arcmin().value() < 14.0, "within a pixel");
    assert_eq!(score(&out, "marked.open"), (0.5, 2), "of those in the tile");
    assert!(String::from_utf8_lossy(&output.stdout).contains("; not ghost"));
    assert_eq!(score(&out, "false.negated").0, 0.0);
    let OrderedPixels::Ring(snr) = snr_map(&out) else { panic!("the S/N map is in ring order") };
    let searched = snr.n_valid() as f64 * snr.grid().nside().pixel_area_sr() * (180.0 / std::f64::consts::PI).powi(2);
    let (area, _) = score(&out, "searched_deg2");
    assert!(snr.covered().is_some() && (searched / area - 1.0).abs() < 0.02, "{searched} deg2 of {area}");
    let highest = snr.iter().filter_map(|(pixel, value)| Some((pixel, value?))).max_by(|a, b| a.1.total_cmp(&b.1));
    let (pixel, value) = highest.expect("pixels");
    assert!(snr.grid().centre(pixel).separation(position(ALONE_DEG)).to_arcmin().value() < 20.0);
    assert!((f64::from(value) / found.f64("SNR").expect("a column")[0] - 1.0).abs() < 0.2, "the S/N of the candidate");
}

#[test]
fn halves_tell_the_false_detections() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (maps, others) = (sky_with_clusters(folder.path(), 0), sky_with_clusters(folder.path(), 5));
    let pairs: Vec<String> =
        maps.iter().zip(&others).flat_map(|(a, b)| [a, b]).map(|p| p.display().to_string()).collect();
    let halves: Vec<&str> = pairs.chunks(2).flat_map(|pair| ["--half", &pair[0], &pair[1]]).collect();
    let (output, out) = find_around(folder.path(), &maps, &halves);
    assert_succeeded(&output);
    assert_eq!(score(&out, "false.half_difference").0, 0.0, "the clusters are gone");
    // At most one over the square root of two, the share of the noise; the wings of strong clusters widen the map's own.
    let (ratio, _) = score(&out, "sigma.half_difference_over_map");
    assert!(ratio > 0.0 && ratio < 0.85, "{ratio}");
    let (output, _) = find_around(folder.path(), &maps, &halves[..3]);
    assert_refused(&output, &["--half needs two files for each --map: 6, not 2"]);
    let y = folder.path().join("y.fits");
    write_healpix(&y, 8, "", vec![1e-6; 768], &[]);
    let small = ["--half", &pairs[0], &y.display().to_string()];
    let (output, _) = find_around(folder.path(), &maps, &[&small[..], &halves[3..]].concat());
    assert_refused(&output, &["y.fits"]);
}

#[test]
fn a_mask_file_takes_its_zeros_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let maps = sky_with_clusters(folder.path(), 0);
    let grid = Healpix::ring(Nside::new(FIND_NSIDE).expect("a resolution"));
    let hole = grid.disc(position(ALONE_DEG), Radian::new(3_f64.to_radians()));
    let values = (0..grid.n_pixels()).map(|i| f32::from(!hole.contains(grid.pixel(i).expect("a pixel")))).collect();
    let mask = folder.path().join("mask.fits");
    write_healpix(&mask, FIND_NSIDE, "", values, &[]);
    let option = mask.display().to_string();
    let (output, out) = find_around(folder.path(), &maps, &["--mask", &option]);
    assert_succeeded(&output);
    assert!(Catalogue::read(&out.join("catalogue.fits")).expect("our own file").is_empty());
    let OrderedPixels::Ring(snr) = snr_map(&out) else { panic!("the S/N map is in ring order") };
    assert_eq!(hole.pixels().filter(|pixel| snr.get(*pixel).is_some()).count(), 0, "nothing is searched there");
    write_healpix(&mask, 64, "", vec![1.0; 12 * 64 * 64], &[]);
    assert_refused(&find_around(folder.path(), &maps, &["--mask", &option]).0, &["mask.fits", "nside"]);
    write_healpix(&mask, FIND_NSIDE, "", vec![1.0; 12 * 256 * 256], &[("COORDSYS", "G")]);
    assert_refused(&find_around(folder.path(), &maps, &["--mask", &option]).0, &["mask.fits", "galactic", "--frame"]);
    std::fs::write(&mask, common::y_map(&[])).expect("a writable folder");
    assert_refused(&find_around(folder.path(), &maps, &["--mask", &option]).0, &["mask.fits", "HEALPix"]);
    let absent = folder.path().join("absent.fits").display().to_string();
    assert_refused(&find_around(folder.path(), &maps, &["--mask", &absent]).0, &["absent.fits"]);
}
