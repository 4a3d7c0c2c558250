//! `arcmin find` with point sources and with a map for each scale.

mod common;

use arcmin_fits::{FitsFile, ImageData};
use arcmin_maps::Catalogue;
use common::{add_cluster, assert_refused, assert_succeeded, cards, find, image, noise, y_map};
use std::path::{Path, PathBuf};

const N: usize = 256;
const TEMPERATURE: [&str; 6] = ["--unit", "uK", "--freq-ghz", "150", "--beam-arcmin", "1.4"];
/// Peak of a source of 1 mJy in a beam of 1.4' at 150 GHz, in uK_CMB: astropy 8.0.2, `thermodynamic_temperature`.
const UK_PER_MJY: f32 = 13.354_26;
const FLUX_MJY: f32 = 40.0;

/// A 150 GHz map of 0.5' pixels: white noise, a cluster at (140, 100) and a source 4' from it at (148, 100).
fn map_with_source(folder: &Path) -> PathBuf {
    let mut pixels = noise(N, 10.0);
    add_cluster(&mut pixels, N, (140.0, 100.0), -250.0, 2.0);
    let sigma = 1.4 / 0.5 / 2.354_82;
    for (i, pixel) in pixels.iter_mut().enumerate() {
        let r2 = ((i % N) as f32 - 148.0).powi(2) + ((i / N) as f32 - 100.0).powi(2);
        *pixel += FLUX_MJY * UK_PER_MJY * (-0.5 * r2 / (sigma * sigma)).exp();
    }
    let path = folder.join("map.fits");
    std::fs::write(&path, image(&cards(N, &[]), &pixels)).expect("a writable folder");
    path
}

#[test]
fn sources_are_listed_with_their_flux_and_taken_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let map = map_with_source(folder.path());
    for (option, words) in
        [("--subtract-sources", "1 point sources taken out"), ("--mask-sources", "1 point sources masked")]
    {
        let out = folder.path().join(option);
        let output = find(&[&map], &out, &[&TEMPERATURE[..], &[option, "10"]].concat());
        assert_succeeded(&output);
        assert!(String::from_utf8_lossy(&output.stdout).contains(words));
        let sources = Catalogue::read(&out.join("sources.fits")).expect("our own file");
        let number = |column: &str| sources.f64(column).expect("a column")[0];
        assert_eq!((sources.len(), sources.text("band").expect("a column")[0].trim()), (1, "map"));
        let pull = (number("flux_mJy") - f64::from(FLUX_MJY)) / number("err_flux_mJy");
        assert!(pull.abs() < 4.5 && number("SNR") > 20.0, "{} mJy", number("flux_mJy"));
        assert!((number("RADeg") - 29.757).abs() < 0.01 && (number("decDeg") + 45.23).abs() < 0.01);
        let found = Catalogue::read(&out.join("catalogue.fits")).expect("our own file");
        assert_eq!(found.len(), 1, "{option}: the cluster alone");
        assert_eq!(found.i64("flags").expect("a column")[0] & 2, 2, "near a source");
    }
    let plain = folder.path().join("plain");
    assert_succeeded(&find(&[&map], &plain, &TEMPERATURE));
    assert!(!plain.join("sources.fits").exists());
}

#[test]
fn sources_that_cannot_be_found_are_refused_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (map, out) = (map_with_source(folder.path()), folder.path().join("out"));
    let y = folder.path().join("y.fits");
    std::fs::write(&y, y_map(&[])).expect("a writable folder");
    let words = ["y.fits", "band y is a map of Compton y"];
    assert_refused(&find(&[&y], &out, &["--unit", "compton-y", "--mask-sources", "5"]), &words);
    let with = |more: &[&str]| find(&[&map], &out, more);
    assert_refused(&with(&["--unit", "uK", "--subtract-sources", "5"]), &["map.fits", "--freq-ghz"]);
    let no_beam = ["--unit", "uK", "--freq-ghz", "150", "--subtract-sources", "5"];
    assert_refused(&with(&no_beam), &["map.fits", "its beam is 0.0 pixels wide", "mask the sources"]);
    let high = ["--unit", "uK", "--freq-ghz", "353", "--beam-arcmin", "1.4", "--mask-sources", "5"];
    assert_refused(&with(&high), &["at 353 GHz", "up to 225 GHz"]);
    for flux in ["0", "nan", "=-3"] {
        let option = format!("--mask-sources={}", flux.trim_start_matches('='));
        assert_refused(&with(&[&TEMPERATURE[..], &[&option]].concat()), &["sources.above_mjy", "positive"]);
    }
}

/// Pixels and a card of a FITS image.
fn read(path: &Path) -> (Vec<f32>, Option<f64>) {
    let image = FitsFile::open(path).and_then(|file| file.read_image(0)).expect("our own file");
    let scale = image.header.get_f64("SCALE").expect("a header");
    let ImageData::F32(pixels) = image.data else { panic!("single precision") };
    (pixels, scale)
}

#[test]
fn every_scale_has_a_map_whose_highest_is_the_map_of_the_search() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (map, out) = (folder.path().join("map.fits"), folder.path().join("out"));
    std::fs::write(&map, y_map(&[])).expect("a writable folder");
    let more = ["--unit", "compton-y", "--scales-arcmin", "0.5,1,2.25", "--write-scales"];
    assert_succeeded(&find(&[&map], &out, &more));
    let best = read(&out.join("snr.fits")).0;
    let mut highest = vec![f32::NEG_INFINITY; best.len()];
    for scale in [0.5, 1.0, 2.25] {
        let (pixels, card) = read(&out.join(format!("snr-{scale:.2}.fits")));
        assert_eq!(card, Some(scale));
        highest.iter_mut().zip(&pixels).for_each(|(max, value)| *max = max.max(*value));
    }
    assert_eq!(highest, best);
    assert!(best.iter().any(|value| *value > 20.0));
}
