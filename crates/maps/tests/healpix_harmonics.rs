//! Smoothing and power spectra of HEALPix maps.

use arcmin_maps::healpix::{HealpixPixels, HealpixReadOptions, MissingPixels, OrderedPixels, read_healpix_column};
use arcmin_maps::{Beam, HealpixMap};
use arcmin_sphere::healpix::{Healpix, Nside, PixelIndex, PixelSet};
use arcmin_units::{Arcmin, Frame, MicroKelvinCmb};

type Map = HealpixMap<MicroKelvinCmb>;

/// Maps are kept in single precision: of the scale of the values.
const TOLERANCE: f64 = 3e-7;

fn nside() -> Nside {
    Nside::new(16).unwrap()
}

fn ring() -> Healpix<arcmin_sphere::healpix::Ring> {
    Healpix::ring(nside())
}

/// The values of `golden/make_healpix_smooth.py`.
fn values() -> Vec<f32> {
    let z = nside().rings().flat_map(|ring| std::iter::repeat_n(ring.z, ring.n_pixels as usize));
    z.enumerate().map(|(p, z)| ((p * 7919 % 1009) as f64 / 1009.0 - 0.5 + z) as f32).collect()
}

fn is_missing(p: usize) -> bool {
    let latitude = ring().centre(ring().pixel(p as u64).unwrap()).lat_deg();
    p * 31 % 97 < 9 || latitude.abs() < 15.0
}

fn full() -> Map {
    Map::new(Frame::Equatorial, HealpixPixels::full(ring(), values()).unwrap())
}

fn cut() -> Map {
    let values = values().into_iter().enumerate().map(|(p, v)| if is_missing(p) { f32::NAN } else { v }).collect();
    Map::new(Frame::Equatorial, HealpixPixels::full(ring(), values).unwrap())
}

fn beam() -> Beam {
    Beam::gaussian(Arcmin::new(9.0 * 60.0)).unwrap()
}

/// Pixels by their number in ring order.
fn by_ring(map: &Map) -> Vec<Option<f32>> {
    let mut values = vec![None; nside().n_pixels() as usize];
    match map.pixels() {
        OrderedPixels::Ring(pixels) => pixels.iter().for_each(|(p, v)| values[p.number() as usize] = v),
        OrderedPixels::Nested(pixels) => {
            pixels.iter().for_each(|(p, v)| values[pixels.grid().to_ring(p).number() as usize] = v);
        }
    }
    values
}

#[test]
fn smoothing_and_spectra_agree_with_healpy() {
    let smooth = by_ring(&cut().smoothed(&beam(), MissingPixels::Zero).unwrap());
    let full = by_ring(&full().smoothed(&beam(), MissingPixels::WeightedMean).unwrap());
    let power = cut().power_spectrum(32).unwrap();
    let mut n_rows = 0;
    for line in include_str!("golden/healpix_smooth.csv").lines().skip(2) {
        let columns: Vec<&str> = line.split(',').collect();
        let (index, expected): (usize, f64) = (columns[1].parse().unwrap(), columns[2].parse().unwrap());
        let (value, scale) = match columns[0] {
            "smooth" => (smooth[index].unwrap().into(), 0.6),
            "full" => (full[index].unwrap().into(), 0.6),
            _ => (power[index] * cut().sky_frac(), power[index]),
        };
        let _: f64 = value;
        assert!((value - expected).abs() < TOLERANCE * scale.max(expected.abs()), "{line}: {value}");
        n_rows += 1;
    }
    assert!(n_rows > 100);
}

#[test]
fn missing_pixels_stay_missing_and_no_other_becomes_so() {
    for missing in [MissingPixels::Zero, MissingPixels::WeightedMean] {
        for (p, value) in by_ring(&cut().smoothed(&beam(), missing).unwrap()).into_iter().enumerate() {
            assert_eq!(value.is_none(), is_missing(p), "pixel {p}");
        }
    }
}

#[test]
fn the_weighted_mean_of_a_constant_is_that_constant() {
    let values = (0..nside().n_pixels() as usize).map(|p| if is_missing(p) { f32::NAN } else { 7.0 }).collect();
    let map = Map::new(Frame::Galactic, HealpixPixels::full(ring(), values).unwrap());
    let smooth = map.smoothed(&beam(), MissingPixels::WeightedMean).unwrap();
    assert_eq!(smooth.frame(), Frame::Galactic);
    for value in by_ring(&smooth).into_iter().flatten() {
        assert!((value - 7.0).abs() < 1e-5, "{value}");
    }
}

/// Ring and nested, full with missing pixels and explicit: the same sky, the same answer.
#[test]
fn order_and_coverage_do_not_matter() {
    let nested = Healpix::nested(nside()).unwrap();
    let of_nested = |p: u64| by_ring(&cut())[nested.to_ring(nested.pixel(p).unwrap()).number() as usize];
    let all: Vec<f32> = (0..nside().n_pixels()).map(|p| of_nested(p).unwrap_or(f32::NAN)).collect();
    let in_nested = Map::new(Frame::Equatorial, HealpixPixels::full(nested, all).unwrap());
    let OrderedPixels::Ring(pixels) = cut().pixels().clone() else { panic!("ring order") };
    let valid: Vec<(PixelIndex<_>, f32)> = pixels.iter().filter_map(|(p, v)| Some((p, v?))).collect();
    let set = PixelSet::from_pixels(ring(), valid.iter().map(|(p, _)| *p));
    let explicit = HealpixPixels::partial(set, valid.iter().map(|(_, v)| *v).collect()).unwrap();
    let explicit = Map::new(Frame::Equatorial, explicit);
    let expected = cut().smoothed(&beam(), MissingPixels::Zero).unwrap();
    for map in [in_nested, explicit] {
        let smooth = map.smoothed(&beam(), MissingPixels::Zero).unwrap();
        assert_eq!(smooth.ordering(), map.ordering());
        assert_eq!(by_ring(&smooth), by_ring(&expected));
        assert_eq!(map.power_spectrum(20).unwrap(), cut().power_spectrum(20).unwrap());
    }
}

#[test]
fn a_map_without_pixels_has_no_spectrum() {
    let none = HealpixPixels::full(ring(), vec![f32::NAN; nside().n_pixels() as usize]).unwrap();
    assert!(Map::new(Frame::Equatorial, none).power_spectrum(8).is_err());
    assert!(full().power_spectrum(65).is_err(), "nside 16 does not resolve l = 65");
}

/// The masked map of WMAP's W band, nside 32.
#[test]
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn wmap_is_smoothed_as_by_healpy() {
    let Some(folder) = std::env::var_os("ARCMIN_DATA") else {
        eprintln!("SKIPPED wmap_is_smoothed_as_by_healpy: ARCMIN_DATA is not set");
        return;
    };
    let name = "data/healpix_wmap/wmap_band_iqumap_r9_7yr_W_v4_udgraded32_masked.fits";
    // The file has neither COORDSYS nor TUNIT: WMAP publishes in galactic coordinates and mK.
    let pixels =
        read_healpix_column(&std::path::Path::new(&folder).join(name), &HealpixReadOptions::default()).unwrap();
    let map = Map::new(Frame::Galactic, pixels).scaled(1e3);
    assert_eq!(map.nside().n_pixels() - map.n_valid(), 4686);
    let smooth = map.smoothed(&Beam::gaussian(Arcmin::new(300.0)).unwrap(), MissingPixels::Zero).unwrap();
    let OrderedPixels::Ring(pixels) = smooth.pixels() else { panic!("ring order") };
    let mut n_rows = 0;
    for line in include_str!("golden/healpix_wmap.csv").lines().skip(2) {
        let (pixel, expected) = line.split_once(',').unwrap();
        let value = pixels.get(pixels.grid().pixel(pixel.parse().unwrap()).unwrap()).unwrap();
        let expected: f64 = expected.parse().unwrap();
        // The rms of the smoothed map is some 30 uK.
        assert!((f64::from(value) - expected).abs() < 30.0 * 1e-6, "{line}: {value}");
        n_rows += 1;
    }
    assert_eq!(n_rows, 52);
}
