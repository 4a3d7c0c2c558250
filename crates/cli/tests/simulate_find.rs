//! From a simulated sky on disk to a catalogue, as a user would go.

mod common;

use common::{arcmin, assert_refused, assert_succeeded};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Simulates one small three-band tile and returns its folder.
fn simulate(out: &Path, more: &[&str]) {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/small_sky.toml");
    let output = arcmin().args(["simulate", "--config"]).arg(config).arg("--out").arg(out).args(more).output();
    assert_succeeded(&output.expect("the command starts"));
}

fn bands(tile: &Path) -> Vec<PathBuf> {
    ["90", "148", "219"].iter().map(|band| tile.join(format!("{band}.fits"))).collect()
}

fn find(tile: &Path, out: &Path, more: &[&str]) {
    let maps = bands(tile);
    let maps: Vec<&Path> = maps.iter().map(PathBuf::as_path).collect();
    assert_succeeded(&common::find(&maps, out, more));
}

/// Rows of a CSV file by column name.
fn rows(path: &Path) -> Vec<HashMap<String, String>> {
    let text = std::fs::read_to_string(path).expect("a CSV file");
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    lines.map(|line| header.iter().map(|h| (*h).to_owned()).zip(line.split(',').map(str::to_owned)).collect()).collect()
}

fn number(row: &HashMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} is no number: {}", row[column]))
}

/// Tells whether a row lies 15' or more inside the tile, whose outline is taken from the truth's many rows.
fn inside(truth: &[HashMap<String, String>]) -> impl Fn(&HashMap<String, String>) -> bool {
    let range = |column: &'static str| {
        let values = || truth.iter().map(move |row| number(row, column));
        (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max))
    };
    let ((ra_min, ra_max), (dec_min, dec_max)) = (range("RADeg"), range("decDeg"));
    assert!(ra_max - ra_min < 90.0, "a tile across 0h cannot be told by its extremes");
    let rim_deg = 15.0 / 60.0;
    let rim_ra_deg = rim_deg / dec_min.abs().max(dec_max.abs()).to_radians().cos();
    move |row| {
        let (ra, dec) = (number(row, "RADeg"), number(row, "decDeg"));
        (ra_min + rim_ra_deg..ra_max - rim_ra_deg).contains(&ra)
            && (dec_min + rim_deg..dec_max - rim_deg).contains(&dec)
    }
}

#[test]
fn massive_haloes_are_found_where_they_are_without_any_option() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    simulate(folder.path(), &[]);
    let tile = folder.path().join("tile-000");
    let out = folder.path().join("found");
    find(&tile, &out, &[]);
    let (truth, found) = (rows(&tile.join("truth.csv")), rows(&out.join("catalogue.csv")));
    let inside = inside(&truth);
    let massive: Vec<_> = truth.iter().filter(|row| number(row, "Mvir") > 2.5e14 && inside(row)).collect();
    assert!(massive.len() >= 10, "the seed gives {} massive haloes", massive.len());
    let is_found = |halo: &&&HashMap<String, String>| {
        found.iter().any(|row| {
            let d_dec = number(row, "decDeg") - number(halo, "decDeg");
            let d_ra = (number(row, "RADeg") - number(halo, "RADeg")) * number(halo, "decDeg").to_radians().cos();
            d_dec.hypot(d_ra) < 1.0 / 60.0
        })
    };
    let n_found = massive.iter().filter(is_found).count();
    assert!(
        10 * n_found >= 9 * massive.len(),
        "{n_found} of {} massive haloes found (two may be so close that they count as one)",
        massive.len()
    );
}

#[test]
fn one_and_two_threads_write_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    simulate(&one, &["--threads", "1"]);
    simulate(&two, &["--threads", "2"]);
    for file in ["90.fits", "148.fits", "219.fits", "truth.fits"] {
        let read = |run: &Path| std::fs::read(run.join("tile-000").join(file)).expect("a simulated file");
        assert!(read(&one) == read(&two), "{file} differs between one and two threads");
    }
    let (found_one, found_two) = (folder.path().join("found-one"), folder.path().join("found-two"));
    find(&one.join("tile-000"), &found_one, &["--threads", "1"]);
    find(&one.join("tile-000"), &found_two, &["--threads", "2"]);
    for file in ["catalogue.fits", "snr.fits"] {
        let read = |run: &Path| std::fs::read(run.join(file)).expect("a file of the search");
        assert!(read(&found_one) == read(&found_two), "{file} differs between one and two threads");
    }
}

#[test]
fn another_configuration_in_the_same_folder_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    simulate(folder.path(), &[]);
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/small_sky.toml");
    let output = arcmin()
        .args(["simulate", "--seed", "99", "--config"])
        .arg(config)
        .arg("--out")
        .arg(folder.path())
        .output()
        .expect("the command starts");
    assert_refused(&output, &["scene.toml", "seed"]);
}
