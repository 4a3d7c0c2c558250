//! Any bytes as a HEALPix map, with and without what a user may say: it is read, and its pixels are those of its grid, or
//! it is refused.
#![no_main]

use arcmin_maps::file::FileUnit;
use arcmin_maps::healpix::{HealpixFile, HealpixOrdering, HealpixReadOptions, HealpixUnitMap, OrderedPixels, read_healpix};
use arcmin_units::{Frame, Ghz};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = std::env::temp_dir().join(format!("arcmin-fuzz-healpix-{}.fits", std::process::id()));
    std::fs::write(&path, bytes).expect("the temporary folder can be written");
    let said = HealpixReadOptions {
        ordering: Some(HealpixOrdering::Ring),
        frame: Some(Frame::Galactic),
        unit: Some(FileUnit::JanskyPerSteradian),
        nu: Some(Ghz::new(150.0)),
        ..Default::default()
    };
    for options in [HealpixReadOptions::default(), said] {
        if let Ok(file) = read_healpix(&path, &options) {
            check(&file);
        }
    }
    std::fs::remove_file(&path).expect("it was just written");
});

fn check(file: &HealpixFile) {
    let pixels = match &file.map {
        HealpixUnitMap::Temperature(map) => map.pixels(),
        HealpixUnitMap::ComptonY(map) => map.pixels(),
    };
    match pixels {
        OrderedPixels::Ring(pixels) => assert!(pixels.iter().all(|(pixel, value)| pixels.get(pixel) == value)),
        OrderedPixels::Nested(pixels) => assert!(pixels.iter().all(|(pixel, value)| pixels.get(pixel) == value)),
    }
}
