//! `arcmin cutouts` and `arcmin reproject` on flat maps, from the outside.

mod common;

use arcmin_maps::Cutouts;
use arcmin_maps::cutouts::flags;
use arcmin_maps::file::{ReadOptions, UnitMap, read_map};
use common::{arcmin, assert_refused, assert_succeeded, cards, image, noise, y_map};
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;

const Y_UNIT: [&str; 2] = ["--unit", "compton-y"];

/// A folder with a map and a catalogue.
fn folder(map: &[u8], catalogue: &str) -> (TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (map_path, catalogue_path) = (folder.path().join("map.fits"), folder.path().join("positions.csv"));
    std::fs::write(&map_path, map).expect("a writable folder");
    std::fs::write(&catalogue_path, catalogue).expect("a writable folder");
    (folder, map_path, catalogue_path)
}

fn cut(map: &Path, catalogue: &Path, out: &Path, more: &[&str]) -> Output {
    let mut command = arcmin();
    command.arg("cutouts").arg("--map").arg(map).arg("--catalogue").arg(catalogue).arg("--out").arg(out);
    command.args(more).output().expect("the command starts")
}

fn run(command: &str, map: &Path, out: &Path, more: &[&str]) -> Output {
    arcmin().arg(command).arg("--map").arg(map).arg("--out").arg(out).args(more).output().expect("the command starts")
}

#[test]
fn cutouts_of_a_flat_map_are_written_with_their_centres() {
    let (folder, map, catalogue) =
        folder(&y_map(&[]), "id,RADeg,decDeg,redshift\n7,30.0,-45.0,0.5\n8,30.02,-45.01,0.7\n9,31.51,-45.0,\n");
    let out = folder.path().join("out");
    let more = ["--side", "16", "--pixel-arcmin", "0.5", "--projection", "tan"];
    assert_succeeded(&cut(&map, &catalogue, &out, &[&Y_UNIT[..], &more].concat()));
    let cutouts = Cutouts::read(&out.join("cutouts.fits")).expect("our own file");
    assert_eq!((cutouts.len(), cutouts.shape().nx, cutouts.bands().len()), (3, 16, 1));
    assert_eq!(cutouts.flags()[..2], [0, 0]);
    assert_eq!(cutouts.catalogue().i64("id").expect("kept"), [7, 8, 9]);
    assert_eq!(cutouts.catalogue().f64("redshift").expect("kept")[1], 0.7);
    // The map is a tan map around the first position, of the same pixels: the cutout is its middle.
    let UnitMap::ComptonY(whole) = read_map(&map, &options()).expect("a map").map else { panic!("a y map") };
    for (i, pixel) in cutouts.cutout(0).iter().enumerate() {
        assert_eq!(*pixel, whole.pixels()[(120 + i / 16) * 256 + 120 + i % 16]);
    }
    assert!(out.join("record.json").is_file());
}

fn options() -> ReadOptions {
    ReadOptions { unit: Some(arcmin_maps::file::FileUnit::ComptonY), ..ReadOptions::default() }
}

#[test]
fn pixels_are_copied_as_they_are_and_holes_flagged_or_filled() {
    let mut pixels = noise(256, 2e-6);
    pixels[128 * 256 + 127] = f32::NAN;
    let (folder, map, catalogue) =
        folder(&image(&cards(256, &[]), &pixels), "RADeg,decDeg\n30.0,-45.0\n33.0,-45.0\n30.0,-46.06\n");
    let out = folder.path().join("out");
    let more = [&Y_UNIT[..], &["--side", "8", "--projection", "map"]].concat();
    let output = cut(&map, &catalogue, &out, &more);
    assert_succeeded(&output);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("1 of them lack all pixels (flag 4)"), "{said}");
    let cutouts = Cutouts::read(&out.join("cutouts.fits")).expect("our own file");
    assert_eq!(
        cutouts.flags(),
        [flags::PARTLY_MISSING, flags::CENTRE_MISSING | flags::ALL_MISSING, flags::PARTLY_MISSING]
    );
    assert_eq!(cutouts.n_missing()[..2], [1, 64]);
    assert_succeeded(&cut(&map, &catalogue, &out, &[&more[..], &["--infill"]].concat()));
    let filled = Cutouts::read(&out.join("cutouts.fits")).expect("our own file");
    assert_eq!(filled.flags()[0], flags::PARTLY_MISSING | flags::FILLED);
    assert_eq!(filled.n_missing()[..2], [1, 64]);
    assert!(filled.valid(0).iter().all(|valid| *valid) && !filled.valid(1).contains(&true));
}

#[test]
fn point_sources_are_masked_with_one_radius_or_their_own() {
    let (folder, map, catalogue) = folder(&y_map(&[]), "RADeg,decDeg\n30.0,-45.0\n");
    let sources = folder.path().join("sources.csv");
    std::fs::write(&sources, "RADeg,decDeg,maskRadiusArcmin\n30.0,-45.0,1.2\n").expect("a writable folder");
    let sources = sources.display().to_string();
    let out = folder.path().join("out");
    let more = [&Y_UNIT[..], &["--side", "32", "--pixel-arcmin", "0.5", "--sources", &sources]].concat();
    assert_succeeded(&cut(&map, &catalogue, &out, &more));
    let own = Cutouts::read(&out.join("cutouts.fits")).expect("our own file").n_missing()[0];
    assert_succeeded(&cut(&map, &catalogue, &out, &[&more[..], &["--source-radius-arcmin", "2.4"]].concat()));
    let one = Cutouts::read(&out.join("cutouts.fits")).expect("our own file").n_missing()[0];
    // Pixels of 0.25 arcmin2 under discs of 4.52 and 18.10 arcmin2.
    assert!((14..=22).contains(&own) && (64..=80).contains(&one), "{own} and {one} pixels");
}

#[test]
fn what_cannot_be_cut_is_refused_in_one_line() {
    let (folder, map, catalogue) = folder(&y_map(&[]), "RADeg,decDeg\n120.0,10.0\n");
    let out = folder.path().join("out");
    let refused = |catalogue: &Path, more: &[&str], words: &[&str]| {
        assert_refused(&cut(&map, catalogue, &out, &[&Y_UNIT[..], more].concat()), words);
    };
    let named = catalogue.display().to_string();
    refused(
        &catalogue,
        &[],
        &[&format!("none of the 1 positions of {named} lies inside the map: check its columns and the map's frame")],
    );
    let empty = folder.path().join("empty.csv");
    std::fs::write(&empty, "RADeg,decDeg\n").expect("a writable folder");
    refused(&empty, &[], &[&format!("{} has no rows: there is nothing to cut out", empty.display())]);
    refused(&folder.path().join("absent.csv"), &[], &["absent.csv"]);
    refused(&catalogue, &["--projection", "car"], &["--projection car is not known: use zea, tan or map"]);
    refused(
        &catalogue,
        &["--interpolation", "cubic"],
        &["--interpolation cubic is not known: use nearest or bilinear"],
    );
    refused(&catalogue, &["--pixel-arcmin", "0"], &["--pixel-arcmin 0 is not a number above zero"]);
    refused(&catalogue, &["--side", "0"], &["it has no pixels"]);
    refused(
        &catalogue,
        &["--projection", "map", "--pixel-arcmin", "1"],
        &["--pixel-arcmin does not go with --projection map"],
    );
    refused(&catalogue, &["--north", "ecliptic"], &["--north ecliptic is not known"]);
    let frameless: Vec<String> =
        cards(256, &[]).into_iter().map(|c| c.replace("RA---", "XLON-").replace("DEC--", "XLAT-")).collect();
    std::fs::write(&map, image(&frameless, &noise(256, 1e-6))).expect("a writable folder");
    refused(&catalogue, &[], &["names no frame: give it with --frame equatorial or --frame galactic"]);
    assert!(!out.join("cutouts.fits").exists(), "nothing is left of what failed");
}

#[test]
fn reprojection_to_the_geometry_of_another_file_and_back_keeps_the_map() {
    let (folder, map, _) = folder(&y_map(&["BUNIT   = 'compton-y'", "BAND    = 'y'"]), "");
    let (out, back) = (folder.path().join("out"), folder.path().join("back"));
    let target =
        ["--centre-deg", "30", "-45", "--size-deg", "1.5", "1.2", "--pixel-arcmin", "0.5", "--projection", "zea"];
    assert_succeeded(&run("reproject", &map, &out, &target));
    let there = read_map(&out.join("y.fits"), &ReadOptions::default()).expect("our own file");
    assert_eq!((there.finite.geometry().shape().nx, there.finite.geometry().shape().ny), (180, 144));
    assert_eq!(there.finite.n_valid(), 180 * 144);
    let like = map.display().to_string();
    assert_succeeded(&run("reproject", &out.join("y.fits"), &back, &["--like", &like, "--interpolation", "nearest"]));
    let again = read_map(&back.join("y.fits"), &ReadOptions::default()).expect("our own file");
    let original = read_map(&map, &ReadOptions::default()).expect("a map");
    let (UnitMap::ComptonY(again_map), UnitMap::ComptonY(original)) = (&again.map, &original.map) else { panic!("y") };
    assert!((144 * 176..=144 * 182).contains(&again.finite.n_valid()), "{} valid", again.finite.n_valid());
    // The cluster at pixel (140, 100) has come through twice: interpolated on a grid that lies half a pixel off it.
    let at = 100 * 256 + 140;
    assert!((again_map.pixels()[at] / original.pixels()[at] - 1.0).abs() < 0.2);
}

#[test]
fn targets_that_cannot_be_are_refused() {
    let (folder, map, _) = folder(&y_map(&["BUNIT   = 'compton-y'"]), "");
    let out = folder.path().join("out");
    let target = ["--centre-deg", "30", "-45", "--size-deg", "1", "--pixel-arcmin", "0.5"];
    let elsewhere = ["--centre-deg", "200", "45", "--size-deg", "1", "--pixel-arcmin", "0.5"];
    assert_refused(&run("reproject", &map, &out, &[]), &["no target: give --like FILE, or --centre-deg"]);
    assert_refused(&run("reproject", &map, &out, &elsewhere), &["have no sky in common", "map.fits"]);
    assert_refused(
        &run("reproject", &map, &out, &[&target[..], &["--projection", "mol"]].concat()),
        &["--projection mol"],
    );
    let absurd = ["--centre-deg", "30", "-45", "--size-deg", "170", "--pixel-arcmin", "1e-4"];
    assert_refused(&run("reproject", &map, &out, &absurd), &["more than memory holds"]);
    assert_refused(
        &run("reproject", &map, &out, &["--centre-deg", "30", "-95", "--size-deg", "1", "--pixel-arcmin", "1"]),
        &["not a position on the sky"],
    );
}
