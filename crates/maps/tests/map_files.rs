//! Maps and masks through their files.

use arcmin_fits::Header;
use arcmin_maps::file::{
    FileUnit, HduChoice, ReadOptions, UnitMap, read_map, read_mask, write_band, write_image, write_map, write_mask,
};
use arcmin_maps::{Band, BandMap, Beam, Geometry, Map, Mask, PixelPosition, Shape};
use arcmin_units::{Arcmin, ComptonY, Frame, Ghz, MicroKelvinCmb, SkyPosition};
use std::path::{Path, PathBuf};

const SHAPE: Shape = Shape { ny: 3, nx: 4 };

fn geometry() -> Geometry {
    Geometry::sfl(SkyPosition::from_deg(352.5, -55.0).unwrap(), SHAPE, Arcmin::new(0.5)).unwrap()
}

fn ramp() -> Vec<f32> {
    (0..12).map(|i| 0.5 * i as f32 - 1.0).collect()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// An image of the ramp with some cards over those of the geometry.
    fn image(&self, cards: &[(&str, &str)]) -> PathBuf {
        let mut header = geometry().to_header();
        for (key, value) in cards {
            match value.parse::<f64>() {
                Ok(number) => header.set(key, number, "").unwrap(),
                Err(_) if value.is_empty() => header.remove(key),
                Err(_) => header.set(key, *value, "").unwrap(),
            }
        }
        let path = self.path("map.fits");
        arcmin_fits::write_image(&path, &header, &[4, 3], &ramp()).unwrap();
        path
    }
}

fn message(path: &Path, options: &ReadOptions) -> String {
    read_map(path, options).unwrap_err().to_string()
}

#[test]
fn a_band_comes_back_with_all_that_was_known_of_it() {
    let folder = Folder::new();
    let map = Map::<MicroKelvinCmb>::new(geometry(), ramp()).unwrap();
    let band = Band {
        name: "150".to_owned(),
        beam: Beam::gaussian(Arcmin::new(1.4)).unwrap(),
        noise_arcmin: Some(2.5),
        map: BandMap::Temperature { nu: Ghz::new(148.0), map },
    };
    for name in ["band.fits", "band.fits.gz"] {
        write_band(&folder.path(name), &band).unwrap();
        let back = read_map(&folder.path(name), &ReadOptions::default()).unwrap().into_band("other").unwrap();
        assert!(back.map.geometry().same_grid(&geometry()));
        assert_eq!(back.map.pixels(), band.map.pixels());
        assert_eq!((back.name, back.beam, back.noise_arcmin), (band.name.clone(), band.beam.clone(), Some(2.5)));
        assert!(matches!(back.map, BandMap::Temperature { nu, .. } if nu == Ghz::new(148.0)));
    }
}

#[test]
fn a_compton_y_map_needs_no_frequency() {
    let folder = Folder::new();
    write_map(&folder.path("y.fits"), &Map::<ComptonY>::new(geometry(), ramp()).unwrap()).unwrap();
    let band = read_map(&folder.path("y.fits"), &ReadOptions::default()).unwrap().into_band("y").unwrap();
    assert_eq!((band.name.as_str(), band.beam, band.noise_arcmin), ("y", Beam::Delta, None));
    assert!(matches!(band.map, BandMap::ComptonY(_)));
}

#[test]
fn units_are_converted_to_microkelvin() {
    let folder = Folder::new();
    for (cards, scale) in [
        ([("BUNIT", "uK"), ("NOISE", "2")], 1.0),
        ([("UNITS", "K_CMB"), ("NOISE", "2")], 1e6),
        ([("BUNIT", "mK"), ("NOISE", "2")], 1e3),
    ] {
        let file = read_map(&folder.image(&cards), &ReadOptions::default()).unwrap();
        let UnitMap::Temperature(map) = file.map else { panic!("{cards:?} is a temperature") };
        assert_eq!(map.pixels(), ramp().iter().map(|p| p * scale).collect::<Vec<_>>());
        assert_eq!(file.noise_arcmin, Some(2.0 * f64::from(scale)));
    }
}

#[test]
fn what_the_header_does_not_say_is_asked_for_by_option() {
    let folder = Folder::new();
    let believing = ReadOptions::default();
    for (cards, parts) in [
        (vec![], ["no BUNIT", "--unit"]),
        (vec![("UNITS", "Tcmb")], ["UNITS = 'Tcmb'", "--unit"]),
        (vec![("BUNIT", "uK"), ("UNITS", "K")], ["BUNIT and UNITS", "--unit"]),
        (vec![("BUNIT", "uK"), ("CTYPE1", "XLON-CAR"), ("CTYPE2", "XLAT-CAR")], ["names no frame", "--frame"]),
        (vec![("BUNIT", "uK"), ("NOISE", "-1")], ["NOISE = -1", "map.fits"]),
        (vec![("BUNIT", "uK"), ("FREQ", "1.5e11")], ["FREQ = 150000000000", "GHz"]),
        (vec![("BUNIT", "uK"), ("FREQ", "0")], ["FREQ = 0", "map.fits"]),
        (vec![("BUNIT", "uK"), ("CTYPE1", "")], ["CTYPE1 is missing", "map.fits"]),
    ] {
        let said = message(&folder.image(&cards), &believing);
        assert!(parts.iter().all(|part| said.contains(part)), "{cards:?}: {said}");
    }
    let temperature = read_map(&folder.image(&[("BUNIT", "uK")]), &believing).unwrap();
    let said = temperature.into_band("150").unwrap_err().to_string();
    assert!(said.contains("--freq-ghz"), "{said}");
}

#[test]
fn options_go_over_the_header() {
    let folder = Folder::new();
    let path =
        folder.image(&[("UNITS", "K"), ("FREQ", "f150"), ("BEAMFWHM", "none"), ("NOISE", "low"), ("BAND", "150")]);
    let beam = Beam::gaussian(Arcmin::new(2.0)).unwrap();
    let (nu, noise_arcmin) = (Some(Ghz::new(150.0)), Some(3.0));
    let options = ReadOptions { nu, noise_arcmin, beam: Some(beam.clone()), ..Default::default() };
    let band = read_map(&path, &options).unwrap().into_band("other").unwrap();
    assert_eq!((band.name.as_str(), band.beam, band.noise_arcmin), ("150", beam, Some(3.0)));

    let path = folder.image(&[("UNITS", "Tcmb"), ("BMAJ", "0.02")]);
    let options = ReadOptions { unit: Some(FileUnit::ComptonY), frame: Some(Frame::Galactic), ..Default::default() };
    let file = read_map(&path, &options).unwrap();
    assert!(matches!(&file.map, UnitMap::ComptonY(map) if map.geometry().frame() == Frame::Galactic));
    let Some(Beam::Gaussian { fwhm }) = file.beam else { panic!("BMAJ is a beam") };
    assert!((fwhm.value() - 1.2).abs() < 1e-12);
}

#[test]
fn pixels_that_are_no_numbers_are_masked() {
    let folder = Folder::new();
    let mut pixels = ramp();
    (pixels[1], pixels[5]) = (f32::NAN, f32::INFINITY);
    write_image(&folder.path("map.fits"), &geometry(), &pixels, "uK").unwrap();
    let file = read_map(&folder.path("map.fits"), &ReadOptions::default()).unwrap();
    let invalid: Vec<usize> = (0..12).filter(|&i| !file.finite.valid()[i]).collect();
    assert_eq!(invalid, [1, 5]);
}

#[test]
fn a_part_of_a_file_is_found_by_number_and_by_name() {
    let folder = Folder::new();
    let (mut first, mut second) = (geometry().to_header(), geometry().to_header());
    first.set("BUNIT", "K", "").unwrap();
    second.set("BUNIT", "uK", "").unwrap();
    second.set("EXTNAME", "DIFF", "").unwrap();
    let other: Vec<f32> = ramp().iter().map(|p| -p).collect();
    let ramp = ramp();
    let path = folder.path("two.fits");
    let builder = arcmin_fits::FitsBuilder::new().image(&first, &[4, 3], &ramp).image(&second, &[4, 3], &other);
    builder.write(&path).unwrap();
    for hdu in [HduChoice::Index(1), HduChoice::Name("diff".to_owned())] {
        let file = read_map(&path, &ReadOptions { hdu: Some(hdu), ..Default::default() }).unwrap();
        assert!(matches!(&file.map, UnitMap::Temperature(map) if map.pixels() == other));
    }
    let none = ReadOptions { hdu: Some(HduChoice::Name("SUM".to_owned())), ..Default::default() };
    let said = message(&path, &none);
    assert!(said.contains("no HDU named SUM") && said.contains("DIFF"), "{said}");
}

#[test]
fn masks_are_checked_against_the_map() {
    let folder = Folder::new();
    let path = folder.path("mask.fits");
    let mask = Mask::new(geometry(), (0..12).map(|i| i % 3 != 0).collect()).unwrap();
    write_mask(&path, &mask).unwrap();
    assert_eq!(read_mask(&path, None, &geometry()).unwrap(), mask);

    let elsewhere = geometry().window(1, 0, SHAPE);
    let said = read_mask(&path, None, &elsewhere).unwrap_err().to_string();
    assert!(said.contains("mask.fits") && said.contains("another geometry"), "{said}");

    // Without coordinates the shape must do, and any number counts.
    let weights = [0.0, f32::NAN, 0.5, -1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1e-30];
    arcmin_fits::write_image(&path, &Header::new(), &[4, 3], &weights[..]).unwrap();
    let read = read_mask(&path, None, &geometry()).unwrap();
    assert_eq!((0..12).filter(|&i| read.valid()[i]).collect::<Vec<_>>(), [2, 3, 4, 11]);
    arcmin_fits::write_image(&path, &Header::new(), &[3, 4], &weights[..]).unwrap();
    assert!(read_mask(&path, None, &geometry()).is_err());
}

#[test]
fn an_image_of_three_axes_is_refused() {
    let folder = Folder::new();
    let path = folder.path("cube.fits");
    let mut header = geometry().to_header();
    header.set("BUNIT", "uK", "").unwrap();
    arcmin_fits::write_image(&path, &header, &[4, 1, 3], &ramp()).unwrap();
    assert!(read_map(&path, &ReadOptions::default()).is_err());
}

/// The released map of Compton y of the SPT 100 deg2 field, misleading unit included.
#[test]
#[allow(clippy::print_stderr)] // a test that was skipped must say so
fn the_spt_map_is_read_as_released() {
    let Some(data) = std::env::var_os("ARCMIN_DATA") else {
        eprintln!("skipped: ARCMIN_DATA is not set");
        return;
    };
    let path = Path::new(&data).join("data/spt100d_ymap/ymv_full_proj0.fits");
    let said = message(&path, &ReadOptions::default());
    assert!(said.contains("'Tcmb'") && said.contains("--unit"), "{said}");
    let options = ReadOptions { unit: Some(FileUnit::ComptonY), ..Default::default() };
    let file = read_map(&path, &options).unwrap();
    let UnitMap::ComptonY(map) = file.map else { panic!("it was said to be Compton y") };
    assert_eq!(map.geometry().shape(), Shape { ny: 1560, nx: 1560 });
    // astropy 8.0.2: WCS of the compressed image at its first pixel and near its last one.
    for (x, y, ra_deg, dec_deg) in SPT_CORNERS {
        let sky = map.geometry().pix_to_sky(PixelPosition { x, y }).unwrap();
        let expected = SkyPosition::from_deg(ra_deg, dec_deg).unwrap();
        assert!(sky.separation(expected).to_deg().value() < 1e-9, "{x} {y}: {sky:?}");
    }
    // numpy and scipy.ndimage.label on the same file, cut at 1e-9 of its rms.
    let mask = Mask::from_zeros(&map);
    assert_eq!(mask.n_valid(), 1_348_358);
    assert!((mask.area_deg2() - 93.635_972).abs() < 1e-5, "{} deg2", mask.area_deg2());
    assert_eq!(mask.with_holes_closed(f64::INFINITY).n_valid(), 1_348_358 + 132_692);
}

const SPT_CORNERS: [(f64, f64, f64, f64); 3] = [
    (0.0, 0.0, 6.111_745_132_226_474, -61.495_833_333_333_09),
    (1559.0, 1559.0, 342.695_939_057_328_4, -48.504_166_666_666_47),
    (1200.0, 33.0, 345.221_412_844_384_6, -61.220_833_333_333_09),
];
