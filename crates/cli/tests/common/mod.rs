//! FITS files written by hand, so that the tests do not lean on the codec that they test, and the command itself.

#![allow(dead_code, reason = "each test binary uses its own part")]

pub(crate) mod sphere;
pub(crate) mod trained;

use std::path::Path;
use std::process::{Command, Output};

/// The `arcmin` command.
pub(crate) fn arcmin() -> Command {
    Command::new(env!("CARGO_BIN_EXE_arcmin"))
}

/// Runs `arcmin find` on maps with more arguments.
pub(crate) fn find(maps: &[&Path], out: &Path, more: &[&str]) -> Output {
    let mut command = arcmin();
    command.arg("find");
    for map in maps {
        command.arg("--map").arg(map);
    }
    command.arg("--out").arg(out).args(more).output().expect("the command starts")
}

/// Asserts exit code 1 and one line of error that holds every one of the words.
pub(crate) fn assert_refused(output: &Output, words: &[&str]) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "expected a refusal, got {:?}: {stderr}", output.status);
    let errors: Vec<&str> = stderr.lines().filter(|line| line.starts_with("error:")).collect();
    assert_eq!(errors.len(), 1, "one line of error, got: {stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    for word in words {
        assert!(errors[0].contains(word), "the error names {word:?}: {}", errors[0]);
    }
}

/// Asserts success, showing what was said otherwise.
pub(crate) fn assert_succeeded(output: &Output) {
    assert!(output.status.success(), "{:?}: {}", output.status, String::from_utf8_lossy(&output.stderr));
}

/// Header cards of a square TAN map of 0.5' pixels.
pub(crate) fn cards(n: usize, more: &[&str]) -> Vec<String> {
    let centre = (n as f64 + 1.0) / 2.0;
    let mut cards: Vec<String> = vec![
        "SIMPLE  =                    T".into(),
        "BITPIX  =                  -32".into(),
        "NAXIS   =                    2".into(),
        format!("NAXIS1  = {n:>20}"),
        format!("NAXIS2  = {n:>20}"),
        "CTYPE1  = 'RA---TAN'".into(),
        "CTYPE2  = 'DEC--TAN'".into(),
        "CRVAL1  =                 30.0".into(),
        "CRVAL2  =                -45.0".into(),
        format!("CRPIX1  = {centre:>20.1}"),
        format!("CRPIX2  = {centre:>20.1}"),
        "CDELT1  =   -0.008333333333333".into(),
        "CDELT2  =    0.008333333333333".into(),
    ];
    cards.extend(more.iter().map(|card| (*card).to_owned()));
    cards
}

/// The bytes of a FITS image of one HDU.
pub(crate) fn image(cards: &[String], pixels: &[f32]) -> Vec<u8> {
    let mut bytes: Vec<u8> = Vec::new();
    for card in cards.iter().map(String::as_str).chain(["END"]) {
        bytes.extend(format!("{card:<80}").into_bytes());
    }
    bytes.resize(bytes.len().next_multiple_of(2880), b' ');
    bytes.extend(pixels.iter().flat_map(|pixel| pixel.to_be_bytes()));
    bytes.resize(bytes.len().next_multiple_of(2880), 0);
    bytes
}

/// Pixels of unit white noise from a small generator, scaled by `rms`; good enough to search, the same everywhere.
pub(crate) fn noise(n: usize, rms: f32) -> Vec<f32> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    (0..n * n).map(|_| rms * (0..12).map(|_| uniform()).sum::<f32>()).collect()
}

/// Adds a beta = 1 profile of amplitude `y0` and core radius `core_pixels` at `(x, y)`.
pub(crate) fn add_cluster(pixels: &mut [f32], n: usize, (x, y): (f32, f32), y0: f32, core_pixels: f32) {
    for (idx, pixel) in pixels.iter_mut().enumerate() {
        let (dx, dy) = ((idx % n) as f32 - x, (idx / n) as f32 - y);
        *pixel += y0 / (1.0 + (dx * dx + dy * dy) / (core_pixels * core_pixels));
    }
}

/// A Compton-y map of 256 x 256 pixels with one strong cluster at the centre of pixel (140, 100).
pub(crate) fn y_map(more: &[&str]) -> Vec<u8> {
    let n = 256;
    let mut pixels = noise(n, 2e-6);
    add_cluster(&mut pixels, n, (140.0, 100.0), 6e-5, 1.5);
    image(&cards(n, more), &pixels)
}
