//! `arcmin simulate --healpix`: the sphere instead of tiles.

mod common;

use arcmin_maps::healpix::{HealpixReadOptions, HealpixUnitMap, OrderedPixels, read_healpix};
use common::{arcmin, assert_refused, assert_succeeded};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

fn simulate(out: &Path, more: &[&str]) -> Output {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/small_sky.toml");
    let mut command = arcmin();
    command.args(["simulate", "--healpix", "32", "--config"]).arg(config).arg("--out").arg(out).args(more);
    command.output().expect("the command starts")
}

/// Ring numbers and values of a band's file, whose header must tell all.
fn pixels(path: &Path) -> Vec<(u64, f32)> {
    let file = read_healpix(path, &HealpixReadOptions::default()).expect("a map that needs no option");
    assert_eq!(file.band_name.as_deref(), Some("148"));
    assert!(file.beam.is_some() && file.noise_arcmin.is_some() && file.nu.is_some());
    let HealpixUnitMap::Temperature(map) = file.map else { panic!("a temperature map") };
    let OrderedPixels::Ring(pixels) = map.pixels() else { panic!("ring order") };
    pixels.iter().map(|(pixel, value)| (pixel.number(), value.expect("no pixel is missing"))).collect()
}

#[test]
fn an_octant_is_written_as_a_partial_map_of_the_full_sky() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (full, octant) = (folder.path().join("full"), folder.path().join("octant"));
    let output = simulate(&full, &[]);
    assert_succeeded(&output);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("left out") && said.contains("tsz"), "painted components are named: {said}");
    assert_succeeded(&simulate(&octant, &["--octant"]));
    let (full, octant) = (pixels(&full.join("148.fits")), pixels(&octant.join("148.fits")));
    assert_eq!((full.len(), octant.len()), (12 * 32 * 32, 12 * 32 * 32 / 8 + 16));
    for (pixel, value) in octant {
        assert!((full[pixel as usize].1 - value).abs() < 1e-3, "pixel {pixel}");
    }
}

#[test]
fn a_folder_is_taken_up_by_the_same_sky_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert_succeeded(&simulate(folder.path(), &[]));
    let band = folder.path().join("148.fits");
    let before = std::fs::read(&band).expect("a map");
    std::fs::remove_file(&band).expect("a map to remove");
    assert_succeeded(&simulate(folder.path(), &["--threads", "1"]));
    assert!(std::fs::read(&band).expect("a map") == before, "the same bytes on one thread");
    assert_refused(&simulate(folder.path(), &["--octant"]), &["healpix.toml", "octant"]);
    assert_refused(&simulate(folder.path(), &["--lmax", "50"]), &["healpix.toml", "lmax"]);
    assert_refused(&simulate(folder.path(), &["--seed", "8"]), &["scene.toml", "seed"]);
}

#[test]
fn grids_that_do_not_exist_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("sky");
    assert_refused(&simulate(&out, &["--lmax", "129"]), &["lmax 129", "128"]);
    let output = arcmin().args(["simulate", "--healpix", "0", "--out"]).arg(&out).output().expect("the command starts");
    assert_refused(&output, &["nside 0"]);
    assert!(!out.join("scene.toml").exists(), "nothing is begun");
}

/// Starts a sky that takes long enough to be stopped in the middle of its first band.
fn start_long(out: &Path) -> Child {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/small_sky.toml");
    let mut command = arcmin();
    command.args(["simulate", "--healpix", "512", "--threads", "1", "--components", "cmb", "--config"]);
    command.arg(config).arg("--out").arg(out).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().expect("the command starts")
}

/// Waits until the description of the grid is there: the first band is then being made.
fn wait_until_at_work(out: &Path) {
    let start = Instant::now();
    while !out.join("healpix.toml").exists() {
        assert!(start.elapsed() < Duration::from_secs(60), "nothing is begun");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").arg(name).arg(child.id().to_string()).status().expect("kill");
    assert!(sent.success());
}

/// Bands under their final names.
fn bands(out: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(out).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.retain(|name| name.ends_with(".fits") && !name.starts_with('.'));
    names.sort();
    names
}

#[test]
fn a_stopped_sphere_leaves_no_half_map_and_goes_on_to_the_same_bits() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = folder.path().join("whole");
    assert!(start_long(&whole).wait_with_output().expect("it ends").status.success());
    assert_eq!(bands(&whole), ["148.fits", "219.fits", "90.fits"]);
    for name in ["-INT", "-TERM", "-KILL"] {
        let out = folder.path().join(name);
        let child = start_long(&out);
        wait_until_at_work(&out);
        signal(&child, name);
        let stopped = child.wait_with_output().expect("it ends");
        assert!(!stopped.status.success(), "{name}: it was done before it was stopped");
        if name != "-KILL" {
            assert_refused(&stopped, &["interrupted", "maps left"]);
        }
        // What bears a final name is whole: the same bytes as of the run that was not stopped.
        let same = |band: &String| std::fs::read(out.join(band)).ok() == std::fs::read(whole.join(band)).ok();
        assert!(bands(&out).len() < 3 && bands(&out).iter().all(same), "{name}: {:?}", bands(&out));
        assert_succeeded(&start_long(&out).wait_with_output().expect("it ends"));
        assert_eq!(bands(&out), bands(&whole));
        assert!(bands(&out).iter().all(same), "{name}");
        let leftovers = std::fs::read_dir(&out).expect("a folder").filter_map(|entry| entry.ok());
        let is_temporary = |name: &str| name.ends_with(".tmp") || name.starts_with(".tmp");
        assert!(!leftovers.map(|e| e.file_name()).any(|n| is_temporary(&n.to_string_lossy())), "{name}");
    }
}
