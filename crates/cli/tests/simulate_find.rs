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

#[test]
fn massive_haloes_are_found_where_they_are_without_any_option() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    simulate(folder.path(), &[]);
    let tile = folder.path().join("tile-000");
    let out = folder.path().join("found");
    find(&tile, &out, &[]);
    let (truth, found) = (rows(&tile.join("truth.csv")), rows(&out.join("catalogue.csv")));
    let massive: Vec<_> = truth.iter().filter(|row| number(row, "true_y_c") > 8e-5).collect();
    assert!(massive.len() >= 3, "the seed gives {} strong haloes", massive.len());
    let is_found = |halo: &&&HashMap<String, String>| {
        found.iter().any(|row| {
            let d_dec = number(row, "decDeg") - number(halo, "decDeg");
            let d_ra = (number(row, "RADeg") - number(halo, "RADeg")) * number(halo, "decDeg").to_radians().cos();
            d_dec.hypot(d_ra) < 1.0 / 60.0
        })
    };
    let n_found = massive.iter().filter(is_found).count();
    assert!(n_found + 1 >= massive.len(), "{n_found} of {} strong haloes found", massive.len());
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
