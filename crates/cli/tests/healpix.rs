//! HEALPix maps through the whole command: the layout of simulated skies, a WMAP map, bad files.

mod common;

use arcmin_maps::Cutouts;
use arcmin_maps::cutouts::flags;
use arcmin_maps::file::read_map;
use common::sphere::{BANDS_GHZ, run, write_healpix};
use common::{assert_refused, assert_succeeded};
use std::path::{Path, PathBuf};

fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().filter(|line| !line.starts_with('#')).skip(1).map(|line| line.split(',').collect())
}

#[test]
fn simulated_skies_in_jy_per_sr_are_cut_as_the_deepsz_code_does() {
    const NSIDE: u64 = 64;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let maps: Vec<PathBuf> =
        BANDS_GHZ.iter().map(|nu| folder.path().join(format!("{nu}_skymap_healpix.fits"))).collect();
    for (path, nu) in maps.iter().zip(BANDS_GHZ) {
        let values = (0..12 * NSIDE * NSIDE).map(|i| (i * 7919 % 1009) as f32 * nu as f32).collect();
        write_healpix(path, NSIDE, "Jy/sr", values, &[]);
    }
    let golden: Vec<Vec<&str>> = rows(include_str!("golden/sehgal_cutouts.csv")).collect();
    let mut centres: Vec<&[&str]> = Vec::new();
    for row in &golden {
        if centres.last() != Some(&&row[..2]) {
            centres.push(&row[..2]);
        }
    }
    let catalogue = folder.path().join("centres.csv");
    let lines: String = centres.iter().map(|c| format!("{},{}\n", c[0], c[1])).collect();
    std::fs::write(&catalogue, format!("RADeg,decDeg\n{lines}")).expect("a writable folder");
    let catalogue = catalogue.display().to_string();
    let out = folder.path().join("out");
    let mut more = vec!["--catalogue", &catalogue, "--side", "32", "--pixel-arcmin", "6", "--projection", "zea"];
    more.extend(["--centre", "half-side", "--freq-ghz", "90", "--freq-ghz", "148", "--freq-ghz", "219"]);
    assert_succeeded(&run("cutouts", &maps, &out, &more));
    let cutouts = Cutouts::read(&out.join("cutouts.fits")).expect("our own file");
    assert_eq!((cutouts.len(), cutouts.bands().len()), (3, 3));
    assert!(cutouts.flags().iter().all(|flags| *flags == 0));
    for row in &golden {
        let number = |i: usize| row[i].parse::<f64>().expect("a number");
        let cutout = centres.iter().position(|c| **c == row[..2]).expect("one of the centres");
        let band = BANDS_GHZ.iter().position(|nu| f64::from(*nu) == number(2)).expect("one of the bands");
        let (x, y) = (number(3) as usize, number(4) as usize);
        let got = f64::from(cutouts.cutout(cutout)[(band * 32 + y) * 32 + x]);
        // The factors of that code are dB/dT at 2.726 K; ours is at 2.7255 K.
        assert!((got - number(5)).abs() <= 2e-3 * number(5).abs(), "{row:?}: {got}");
    }
}

#[test]
fn a_wmap_map_is_cut_as_healpy_and_reproject_cut_it() {
    let Some(data) = std::env::var_os("ARCMIN_DATA") else {
        return skipped("a_wmap_map_is_cut_as_healpy_and_reproject_cut_it: ARCMIN_DATA is not set");
    };
    let map = Path::new(&data).join("data/healpix_wmap/wmap_band_iqumap_r9_7yr_W_v4_udgraded32_masked.fits");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let golden: Vec<Vec<&str>> = rows(include_str!("golden/wmap_cutouts.csv")).collect();
    let mut n = 0;
    for how in ["nearest", "bilinear"] {
        for centre in [0, 24, 48] {
            let ours: Vec<&Vec<&str>> = golden[centre..centre + 24].iter().filter(|row| row[2] == how).collect();
            let catalogue = folder.path().join("centre.csv");
            let text = format!("RADeg,decDeg\n{},{}\n", ours[0][0], ours[0][1]);
            std::fs::write(&catalogue, text).expect("a writable folder");
            let (out, catalogue) = (folder.path().join("out"), catalogue.display().to_string());
            let more = [
                "--catalogue",
                &catalogue,
                "--side",
                "12",
                "--pixel-arcmin",
                "42",
                "--projection",
                "tan",
                "--interpolation",
                how,
                "--frame",
                "galactic",
                "--unit",
                "mK",
            ];
            assert_succeeded(&run("cutouts", std::slice::from_ref(&map), &out, &more));
            let cutouts = Cutouts::read(&out.join("cutouts.fits")).expect("our own file");
            for row in ours {
                let y: usize = row[3].parse().expect("a row");
                for (x, field) in row[4..].iter().enumerate() {
                    let expected: Option<f32> = field.parse().ok();
                    let i = y * 12 + x;
                    assert_eq!(cutouts.valid(0)[i], expected.is_some(), "{row:?} at {x}");
                    // Frames 0.04 arcsec apart, on pixels of 1.8 deg that differ by some 100 uK.
                    assert!((cutouts.cutout(0)[i] - expected.unwrap_or(0.0)).abs() < 0.01, "{row:?} at {x}");
                    n += usize::from(expected.is_some());
                }
            }
        }
    }
    assert!(n > 400, "{n} pixels compared");
}

#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn skipped(what: &str) {
    eprintln!("SKIPPED {what}");
}

/// A small map in Compton y, with cards changed, and a catalogue of one position.
fn small(folder: &Path, name: &str, nside: u64, more: &[(&str, &str)]) -> (PathBuf, PathBuf) {
    let (map, catalogue) = (folder.join(name), folder.join("centre.csv"));
    write_healpix(&map, nside, "", (0..12 * nside * nside).map(|i| i as f32 * 1e-9).collect(), more);
    std::fs::write(&catalogue, "RADeg,decDeg\n10,20\n").expect("a writable folder");
    (map, catalogue)
}

#[test]
fn headers_that_do_not_say_enough_are_refused_with_the_option_that_does() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("out");
    for (more, words) in [
        (&[("ORDERING", "")][..], &["a.fits", "--ordering ring or nested"][..]),
        (&[("ORDERING", "SPIRAL")], &["a.fits", "SPIRAL", "--ordering"]),
        (&[("COORDSYS", "")], &["a.fits", "--frame equatorial or --frame galactic"]),
    ] {
        let (map, catalogue) = small(folder.path(), "a.fits", 16, more);
        let catalogue = catalogue.display().to_string();
        let arguments = ["--catalogue", &catalogue, "--unit", "compton-y"];
        assert_refused(&run("cutouts", &[map], &out, &arguments), words);
    }
    let (map, catalogue) = small(folder.path(), "a.fits", 16, &[("ORDERING", ""), ("COORDSYS", "")]);
    let catalogue = catalogue.display().to_string();
    let arguments = ["--catalogue", &catalogue, "--unit", "compton-y", "--ordering", "nested", "--frame", "galactic"];
    assert_succeeded(&run("cutouts", std::slice::from_ref(&map), &out, &arguments));
    assert_refused(
        &run("cutouts", std::slice::from_ref(&map), &out, &[&arguments[..2], &arguments[4..]].concat()),
        &["a.fits", "--unit"],
    );
    let twisted = ["--catalogue", &catalogue, "--unit", "compton-y", "--ordering", "spiral"];
    assert_refused(&run("cutouts", &[map], &out, &twisted), &["--ordering spiral is not known: use ring or nested"]);
}

#[test]
fn bands_and_kinds_that_do_not_go_together_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("out");
    let (a, catalogue) = small(folder.path(), "a.fits", 16, &[]);
    let (b, _) = small(folder.path(), "b.fits", 8, &[]);
    let catalogue = catalogue.display().to_string();
    let arguments = ["--catalogue", &catalogue, "--unit", "compton-y"];
    assert_refused(
        &run("cutouts", &[a.clone(), b], &out, &arguments),
        &["band b has nside 8, band a nside 16: bring all bands to one nside first"],
    );
    let flat = folder.path().join("flat.fits");
    std::fs::write(&flat, common::y_map(&[])).expect("a writable folder");
    assert_refused(
        &run("cutouts", &[a.clone(), flat], &out, &arguments),
        &["a.fits is a HEALPix map and others are not: bring all to one kind with `arcmin reproject`"],
    );
    let aligned = [&arguments[..], &["--projection", "map"]].concat();
    assert_refused(&run("cutouts", std::slice::from_ref(&a), &out, &aligned), &["--projection map needs flat maps"]);
    let scales = ["--unit", "compton-y", "--write-scales"];
    assert_refused(
        &run("find", std::slice::from_ref(&a), &out, &scales),
        &["--write-scales needs flat maps", "arcmin reproject"],
    );
    assert_refused(&run("find", &[a], &out, &["--unit", "compton-y", "--tile-deg", "0.1"]), &["--tile-deg"]);
}

#[test]
fn a_partial_map_is_masked_where_it_ends_and_never_zero() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (map, out) = (folder.path().join("north.fits"), folder.path().join("out"));
    let values = (0..12 * 32 * 32).map(|i| if i < 6 * 32 * 32 { 1e-6 } else { -1.6375e30 }).collect();
    write_healpix(&map, 32, "", values, &[]);
    let catalogue = folder.path().join("centres.csv");
    std::fs::write(&catalogue, "RADeg,decDeg\n10,40\n10,1.0\n10,-40\n").expect("a writable folder");
    let catalogue = catalogue.display().to_string();
    let arguments = ["--catalogue", &catalogue, "--unit", "compton-y", "--pixel-arcmin", "30", "--side", "8"];
    let output = run("cutouts", std::slice::from_ref(&map), &out, &arguments);
    assert_succeeded(&output);
    let cutouts = Cutouts::read(&out.join("cutouts.fits")).expect("our own file");
    assert_eq!(cutouts.flags(), [0, flags::PARTLY_MISSING, flags::CENTRE_MISSING | flags::ALL_MISSING]);
    for idx in 0..3 {
        let valid = cutouts.cutout(idx).iter().zip(cutouts.valid(idx)).filter(|(_, valid)| **valid);
        assert!(valid.into_iter().all(|(pixel, _)| *pixel == 1e-6));
    }
    let target = ["--unit", "compton-y", "--centre-deg", "10", "0", "--size-deg", "8", "--pixel-arcmin", "30"];
    assert_succeeded(&run("reproject", &[map], &out, &target));
    let half = read_map(&out.join("north.fits"), &arcmin_maps::file::ReadOptions::default()).expect("our own file");
    assert!((100..140).contains(&half.finite.n_valid()), "{} of 256 pixels", half.finite.n_valid());
}
