//! Ctrl-C during a long search: an error that says what to do, nothing half written, and a second run that works.
//!
//! Each search would go on for many seconds more when it is interrupted, which is when it says that it listens.

#![cfg(unix)]

mod common;

use arcmin_maps::file::write_band;
use arcmin_maps::{Band, BandMap, Beam, Geometry, Map, Shape};
use arcmin_units::{Arcmin, Ghz, SkyPosition};
use common::sphere::{run, sky_with_clusters};
use common::{arcmin, assert_succeeded, find, noise};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// What a search says when it begins to listen.
const LISTENS: &str = "an interruption ends the search";
/// A search may end before the signal reaches it on a machine that does not let us run for seconds: it is tried again.
const TRIES: usize = 4;

/// Starts a search, interrupts it when it listens, and waits: how it ended, and what it wrote to standard error.
fn interrupted(maps: &[PathBuf], out: &Path, more: &[&str]) -> (ExitStatus, String) {
    let mut command = arcmin();
    command.arg("find").args(maps.iter().flat_map(|map| [Path::new("--map"), map])).arg("--out").arg(out).args(more);
    let command = command.env("RUST_LOG", "info").stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the command starts");
    let mut errors = BufReader::new(child.stderr.take().expect("it is a pipe"));
    let mut said = String::new();
    while !said.lines().last().is_some_and(|line| line.contains(LISTENS)) {
        assert!(errors.read_line(&mut said).expect("text") > 0, "it ended before it listened: {said}");
    }
    // Every shell has `kill`; not every system has it as a program.
    let sent = Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status().expect("a shell");
    // The child is not waited for yet, so that its number is still its own.
    assert!(sent.success(), "no signal was sent");
    errors.read_to_string(&mut said).expect("text");
    (child.wait().expect("it ends"), said)
}

/// Asserts that an interrupted search says what to do, ends with 1 and leaves an empty folder.
fn assert_interrupted(maps: &[PathBuf], out: &Path, more: &[&str]) {
    for _ in 0..TRIES {
        let (status, said) = interrupted(maps, out, more);
        if status.success() {
            std::fs::remove_dir_all(out).expect("our own folder");
            continue;
        }
        assert_eq!(status.code(), Some(1), "{status:?}: {said}");
        let errors: Vec<&str> = said.lines().filter(|line| line.starts_with("error:")).collect();
        assert_eq!(errors.len(), 1, "{said}");
        for word in ["interrupted", "nothing was written, run the command again"] {
            assert!(errors[0].contains(word), "{}", errors[0]);
        }
        let left: Vec<_> = std::fs::read_dir(out).expect("the folder was made").collect();
        assert!(left.is_empty(), "{left:?}");
        return;
    }
    panic!("{TRIES} searches ended before they could be interrupted");
}

#[test]
fn an_interrupted_search_of_the_sphere_says_what_to_do_and_leaves_nothing_half_done() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let maps = sky_with_clusters(folder.path(), 0);
    let out = folder.path().join("out");
    let ghz = ["--freq-ghz", "90", "--freq-ghz", "148", "--freq-ghz", "219", "--threshold", "8"];
    // Some thousand tiles.
    let long = ["--tile-deg", "4", "--tile-pixel-arcmin", "2", "--scales-arcmin", "20,30"];
    assert_interrupted(&maps, &out, &[&ghz[..], &long].concat());
    let centres = folder.path().join("centres.csv");
    std::fs::write(&centres, "RADeg,decDeg\n250,13.2\n").expect("a writable folder");
    let one = ["--scales-arcmin", "30", "--tile-deg", "25", "--tile-centres", &centres.display().to_string()];
    assert_succeeded(&run("find", &maps, &out, &[&ghz[..], &one].concat()));
    assert!(out.join("catalogue.fits").is_file() && out.join("record.json").is_file());
}

/// White noise of the bands that the networks know.
fn white_maps(folder: &Path, side: usize) -> Vec<PathBuf> {
    let centre = SkyPosition::from_deg(30.0, -10.0).expect("a position");
    let geometry = Geometry::tile(centre, Shape { ny: side, nx: side }, Arcmin::new(0.25)).expect("a tile");
    let write = |(nu, level): (f64, f64)| {
        let map = Map::new(geometry.clone(), noise(side, 4.0 * level as f32)).expect("a value a pixel");
        let map = BandMap::Temperature { nu: Ghz::new(nu), map };
        let path = folder.join(format!("{nu}-{side}.fits"));
        let band = Band { name: nu.to_string(), beam: Beam::Delta, noise_arcmin: Some(level), map };
        write_band(&path, &band).expect("room");
        path
    };
    [(90.0, 2.8), (148.0, 2.6), (219.0, 6.6)].map(write).into()
}

#[test]
fn interrupted_networks_say_what_to_do_and_leave_nothing_half_done() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (large, small) = (white_maps(folder.path(), 1536), white_maps(folder.path(), 300));
    for method in ["cnn", "fcn", "ensemble"] {
        let out = folder.path().join(method);
        let how = ["--method", method, "--threads", "1"];
        // The negated maps make it longer.
        assert_interrupted(&large, &out, &[&how[..], &["--negated"]].concat());
        let small: Vec<&Path> = small.iter().map(PathBuf::as_path).collect();
        assert_succeeded(&find(&small, &out, &how));
        assert!(out.join("catalogue.fits").is_file() && out.join("record.json").is_file(), "{method}");
    }
}
