//! From a simulated sky and its true clusters to their masses, as a user would go.

mod common;

use arcmin_maps::Catalogue;
use common::{arcmin, assert_refused, assert_succeeded};
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;

const NOT_SEEN: i64 = 8;
const REDSHIFT_OUT_OF_RANGE: i64 = 16;

/// A simulated tile: its map, and its heavier haloes as a catalogue.
fn sky() -> (TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/weighed_sky.toml");
    let output = arcmin().args(["simulate", "--config"]).arg(config).arg("--out").arg(folder.path()).output();
    assert_succeeded(&output.expect("the command starts"));
    let tile = folder.path().join("tile-000");
    let truth = Catalogue::read(&tile.join("truth.fits")).expect("the truth");
    let masses = truth.f64("M200c").expect("a column");
    let heavy: Vec<usize> = (0..truth.len()).filter(|&row| masses[row] > 2.5e14).collect();
    let catalogue = folder.path().join("clusters.fits");
    truth.take(&heavy).write(&catalogue).expect("room");
    (folder, tile.join("150.fits"), catalogue)
}

fn weigh(map: &Path, catalogue: &Path, out: &Path, more: &[&str]) -> Output {
    let mut command = arcmin();
    command.arg("weigh").arg("--map").arg(map).arg("--catalogue").arg(catalogue).arg("--out").arg(out);
    command.args(more).output().expect("the command starts")
}

/// Clusters among other haloes, off the centres of pixels, on a map that was not made for the network. Their number is some
/// twenty with a scatter of 0.17 in ln M: the mean is known to 0.04, and five sigma are 0.2.
#[test]
fn clusters_of_a_simulated_catalogue_are_weighed() {
    let (folder, map, catalogue) = sky();
    let out = folder.path().join("out");
    let output = weigh(&map, &catalogue, &out, &[]);
    assert_succeeded(&output);
    let masses = Catalogue::read(&out.join("masses.fits")).expect("our own file");
    let column = |name: &str| masses.f64(name).expect("a column");
    let (truth, redshift, flags) = (column("M200c"), column("redshift"), masses.i64("sz_mass_flags").expect("flags"));
    let (median, lower, upper) = (column("sz_M200c"), column("sz_M200c_lower"), column("sz_M200c_upper"));
    let (mut ratios, mut inside) = (Vec::new(), 0);
    for row in 0..masses.len() {
        let outside = !(0.2..=1.5).contains(&redshift[row]);
        assert_eq!(flags[row] & REDSHIFT_OUT_OF_RANGE != 0, outside, "row {row} at redshift {}", redshift[row]);
        if flags[row] & (NOT_SEEN | REDSHIFT_OUT_OF_RANGE) != 0 {
            assert!(median[row].is_nan() && lower[row].is_nan() && upper[row].is_nan());
            continue;
        }
        assert!(lower[row] < median[row] && median[row] < upper[row]);
        ratios.push((median[row] / truth[row]).ln());
        inside += usize::from(lower[row] <= truth[row] && truth[row] <= upper[row]);
    }
    let n = ratios.len();
    assert!(n >= 8, "{n} clusters weighed");
    let mean = ratios.iter().sum::<f64>() / n as f64;
    assert!(mean.abs() < 0.2, "{mean}: {ratios:?}");
    // 68 % of n, within four sigma of a binomial draw.
    let (share, sigma) = (inside as f64 / n as f64, (0.68 * 0.32 / n as f64).sqrt());
    assert!((share - 0.68).abs() < 4.0 * sigma, "{inside} of {n}");
    assert!(out.join("record.json").is_file() && out.join("masses.csv").is_file());
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains(&format!("{n} weighed")), "{said}");
    what_does_not_fit_is_refused_or_flagged(&map, &catalogue, &out);
}

/// On the same sky, which takes a while to make.
fn what_does_not_fit_is_refused_or_flagged(map: &Path, catalogue: &Path, out: &Path) {
    let refused = |more: &[&str], words: &[&str]| assert_refused(&weigh(map, catalogue, out, more), words);
    refused(&["--freq-ghz", "90"], &["is at 90 GHz, the network was trained on 150 GHz"]);
    refused(&["--beam-arcmin", "1.6"], &["a beam of 1.600'", "trained on 1'", "cargo xtask run sz-mass"]);
    refused(&["--noise-arcmin", "18"], &["noise of 18.000 uK arcmin"]);
    refused(&["--prior-msun", "1e13", "8e14"], &["--prior-msun", "lies outside of"]);
    refused(&["--redshift", "0.7"], &["the catalogue has a column redshift: drop one"]);
    refused(&["--weights", "none.safetensors"], &["none.safetensors"]);
    let bare = out.join("bare.csv");
    std::fs::write(&bare, "RADeg,decDeg\n180.0,0.0\n").expect("room");
    assert_refused(&weigh(map, &bare, out, &[]), &["no column redshift", "give --redshift"]);
    assert_succeeded(&weigh(map, catalogue, out, &["--noise-arcmin", "6", "--prior-msun", "1e14", "8e14"]));
    let flagged = Catalogue::read(&out.join("masses.fits")).expect("our own file");
    let flags = flagged.i64("sz_mass_flags").expect("flags");
    assert!(flags.iter().all(|bits| bits & 4 != 0 || bits & (NOT_SEEN | REDSHIFT_OUT_OF_RANGE) != 0));
    let masses = flagged.f64("sz_M200c").expect("a column");
    assert!(masses.iter().filter(|mass| !mass.is_nan()).all(|mass| (1e14..=8e14).contains(mass)));
}
