//! Bad input and faults of `arcmin find`: one line that names the file and the remedy, exit code 1, nothing half done.

mod common;

use common::{arcmin, assert_refused, assert_succeeded, cards, find, image, noise, y_map};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const Y_UNIT: [&str; 2] = ["--unit", "compton-y"];

/// A folder with one file of the given bytes.
fn folder_with(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("a writable folder");
    (folder, path)
}

fn refuse_bytes(name: &str, bytes: &[u8], more: &[&str], words: &[&str]) {
    let (folder, path) = folder_with(name, bytes);
    let out = folder.path().join("out");
    let output = find(&[&path], &out, &[&Y_UNIT[..], more].concat());
    assert_refused(&output, words);
    assert!(!out.join("catalogue.fits").exists(), "a refused search leaves no catalogue");
}

#[test]
fn missing_empty_foreign_and_truncated_files_are_refused_by_name() {
    let whole = y_map(&[]);
    refuse_bytes("empty.fits", b"", &[], &["empty.fits"]);
    refuse_bytes("text.fits", &b"this is no FITS file\n".repeat(500), &[], &["text.fits"]);
    refuse_bytes("cut.fits", &whole[..whole.len() / 2], &[], &["cut.fits", "truncated"]);
    refuse_bytes("header.fits", &whole[..1000], &[], &["header.fits"]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let absent = folder.path().join("absent.fits");
    assert_refused(&find(&[&absent], &folder.path().join("out"), &Y_UNIT), &["absent.fits"]);
}

#[test]
fn a_wrong_hdu_is_refused_with_those_that_exist() {
    refuse_bytes("map.fits", &y_map(&[]), &["--hdu", "3"], &["map.fits", "3"]);
}

#[test]
fn an_absurd_naxis_is_refused_without_allocating_it() {
    let mut absurd = cards(256, &[]);
    absurd[3] = format!("NAXIS1  = {:>20}", 9_000_000_000_000_u64);
    refuse_bytes("huge.fits", &image(&absurd, &noise(256, 1e-6)), &[], &["huge.fits"]);
}

#[test]
fn unmasked_nan_and_infinity_are_refused_and_can_be_masked() {
    for bad in [f32::NAN, f32::INFINITY] {
        let mut pixels = noise(256, 2e-6);
        pixels[256 * 17 + 5] = bad;
        let bytes = image(&cards(256, &[]), &pixels);
        let (folder, path) = folder_with("nan.fits", &bytes);
        let out = folder.path().join("out");
        assert_refused(&find(&[&path], &out, &Y_UNIT), &["nan.fits", "--mask"]);
        assert_succeeded(&find(&[&path], &out, &[&Y_UNIT[..], &["--mask", "nan"]].concat()));
    }
}

#[test]
fn a_map_of_zeros_is_refused() {
    refuse_bytes("zeros.fits", &image(&cards(256, &[]), &vec![0.0; 256 * 256]), &[], &["zeros.fits"]);
}

#[test]
fn a_missing_unit_names_the_option_that_supplies_it() {
    let (folder, path) = folder_with("unitless.fits", &y_map(&[]));
    assert_refused(&find(&[&path], &folder.path().join("out"), &[]), &["unitless.fits", "--unit"]);
}

#[test]
fn a_temperature_map_without_frequency_names_the_option_that_supplies_it() {
    let (folder, path) = folder_with("uk.fits", &image(&cards(256, &[]), &noise(256, 20.0)));
    let output = find(&[&path], &folder.path().join("out"), &["--unit", "uK"]);
    assert_refused(&output, &["uk.fits", "--freq-ghz"]);
}

#[test]
fn bands_of_different_geometry_are_refused() {
    let (folder, first) = folder_with("a.fits", &image(&cards(256, &[]), &noise(256, 20.0)));
    let second = folder.path().join("b.fits");
    std::fs::write(&second, image(&cards(240, &[]), &noise(240, 20.0))).expect("a writable folder");
    let more = ["--unit", "uK", "--freq-ghz", "90", "--freq-ghz", "148"];
    assert_refused(&find(&[&first, &second], &folder.path().join("out"), &more), &["b.fits", "geometry"]);
}

#[test]
fn a_negative_noise_level_is_refused() {
    refuse_bytes("map.fits", &y_map(&[]), &["--noise-arcmin", "-1e-6"], &["map.fits", "noise"]);
}

#[test]
fn a_catalogue_without_positions_is_refused_with_its_columns() {
    let (folder, path) = folder_with("map.fits", &y_map(&[]));
    let known = folder.path().join("known.csv");
    std::fs::write(&known, "name,redshift\na,0.5\n").expect("a writable folder");
    let known = known.display().to_string();
    let output = find(&[&path], &folder.path().join("out"), &[&Y_UNIT[..], &["--mark", &known]].concat());
    assert_refused(&output, &["known.csv", "RADeg"]);
}

#[test]
fn an_output_folder_that_cannot_be_made_is_refused() {
    let (folder, path) = folder_with("map.fits", &y_map(&[]));
    let blocked = folder.path().join("file");
    std::fs::write(&blocked, b"not a folder").expect("a writable folder");
    assert_refused(&find(&[&path], &blocked.join("out"), &Y_UNIT), &["out"]);
}

#[test]
fn a_full_disk_is_refused_and_leaves_no_partial_file() {
    let (folder, path) = folder_with("map.fits", &y_map(&[]));
    let small = folder.path().join("small");
    std::fs::create_dir(&small).expect("a writable folder");
    let script = format!(
        "mount -t tmpfs -o size=100k tmpfs {small} || exit 77; {arcmin} find --map {map} --unit compton-y --out {small}/out; \
         code=$?; ls {small}/out >&2; exit $code",
        small = small.display(),
        arcmin = env!("CARGO_BIN_EXE_arcmin"),
        map = path.display(),
    );
    let started = Command::new("unshare").args(["--map-root-user", "--mount", "sh", "-c", &script]).output();
    let output = match started {
        Ok(output) if output.status.code() != Some(77) && !is_unshare_refusal(&output.stderr) => output,
        _ => return skipped("a_full_disk_is_refused_and_leaves_no_partial_file: no private mount can be made here"),
    };
    assert_refused(&output, &["small/out"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let listed: Vec<&str> = stderr.lines().filter(|line| !line.starts_with("error:")).collect();
    assert!(!listed.iter().any(|name| name.contains("tmp")), "no temporary file is left behind: {listed:?}");
    assert!(!listed.contains(&"record.json"), "a search that failed leaves no record");
}

fn is_unshare_refusal(stderr: &[u8]) -> bool {
    String::from_utf8_lossy(stderr).contains("unshare:")
}

#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn skipped(what: &str) {
    eprintln!("SKIPPED {what}");
}

#[test]
fn a_kill_at_any_moment_leaves_whole_files_or_none() {
    let (folder, path) = folder_with("map.fits", &y_map(&[]));
    let reference = folder.path().join("reference");
    assert_succeeded(&find(&[&path], &reference, &Y_UNIT));
    let whole = std::fs::read(reference.join("catalogue.fits")).expect("a finished search has a catalogue");
    for milliseconds in [5, 20, 60, 120, 250, 400] {
        let out = folder.path().join(format!("killed-{milliseconds}"));
        let mut child = spawn_find(&path, &out);
        std::thread::sleep(Duration::from_millis(milliseconds));
        child.kill().expect("the child can be killed");
        child.wait().expect("the child ends");
        if let Ok(bytes) = std::fs::read(out.join("catalogue.fits")) {
            assert_eq!(bytes, whole, "killed after {milliseconds} ms");
        }
        assert_succeeded(&find(&[&path], &out, &Y_UNIT));
        assert_eq!(std::fs::read(out.join("catalogue.fits")).expect("finished"), whole);
    }
}

fn spawn_find(map: &Path, out: &Path) -> std::process::Child {
    arcmin()
        .arg("find")
        .arg("--map")
        .arg(map)
        .arg("--out")
        .arg(out)
        .args(Y_UNIT)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the command starts")
}

#[test]
fn one_cluster_is_found_where_it_was_put() {
    let (folder, path) = folder_with("map.fits", &y_map(&["BUNIT   = 'compton-y'"]));
    let out = folder.path().join("out");
    assert_succeeded(&find(&[&path], &out, &[]));
    let csv = std::fs::read_to_string(out.join("catalogue.csv")).expect("the catalogue as CSV");
    let header: Vec<&str> = csv.lines().next().expect("a header").split(',').collect();
    let row: Vec<&str> = csv.lines().nth(1).expect("one candidate at least").split(',').collect();
    let value = |name: &str| -> f64 {
        let column = header.iter().position(|h| *h == name).unwrap_or_else(|| panic!("no column {name}"));
        row[column].parse().unwrap_or_else(|_| panic!("{name} is no number"))
    };
    assert!(value("SNR") > 20.0);
    // Pixel (140, 100) of a 0.5' TAN map centred on (30, -45) deg: 12.5 pixels west, 27.5 pixels south.
    let dec = -45.0 - 27.5 * 0.5 / 60.0;
    assert!((value("decDeg") - dec).abs() < 0.2 / 60.0, "declination {}", value("decDeg"));
    let ra = 30.0 - 12.5 * 0.5 / 60.0 / f64::cos(f64::to_radians(dec));
    assert!((value("RADeg") - ra).abs() < 0.3 / 60.0, "right ascension {}", value("RADeg"));
}
