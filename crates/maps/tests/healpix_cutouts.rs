//! Cutouts and reprojection of HEALPix maps against golden values, slow twins and each other.

use arcmin_maps::cutouts::{CentrePixel, CutoutGrid, CutoutProjection, Cutter, flags};
use arcmin_maps::healpix::{HealpixBand, HealpixBandMap, HealpixMap, HealpixObservation, HealpixPixels, OrderedPixels};
use arcmin_maps::{
    BandMap, Beam, Catalogue, Error, Geometry, Interpolation, PixelPosition, Shape, convert_frame, reproject_healpix,
};
use arcmin_sphere::healpix::{Healpix, Nested, Nside, PixelSet, Ring};
use arcmin_units::{Arcmin, ComptonY, Frame, SkyPosition};

fn sky(lon_deg: f64, lat_deg: f64) -> SkyPosition {
    SkyPosition::from_deg(lon_deg, lat_deg).unwrap()
}

/// The sky of `golden/make_cutouts.py`.
fn value(position: SkyPosition) -> f32 {
    let (sin_lat, cos_lat) = position.lat().value().sin_cos();
    let (sin_lon, cos_lon) = position.lon().value().sin_cos();
    let [x, y, z] = [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat];
    ((20.0 * x).sin() + (17.0 * y).cos() * z + 3.0 * z) as f32
}

fn ring(nside: u64) -> HealpixPixels<Ring> {
    let grid = Healpix::ring(Nside::new(nside).unwrap());
    let values = (0..grid.n_pixels()).map(|i| value(grid.centre(grid.pixel(i).unwrap()))).collect();
    HealpixPixels::full(grid, values).unwrap()
}

fn nested(nside: u64) -> HealpixPixels<Nested> {
    let grid = Healpix::nested(Nside::new(nside).unwrap()).unwrap();
    let values = (0..grid.n_pixels()).map(|i| value(grid.centre(grid.pixel(i).unwrap()))).collect();
    HealpixPixels::full(grid, values).unwrap()
}

fn band(name: &str, frame: Frame, pixels: impl Into<OrderedPixels>) -> HealpixBand {
    let map = HealpixBandMap::ComptonY(HealpixMap::new(frame, pixels));
    HealpixBand { name: name.into(), beam: Beam::Delta, noise_arcmin: None, map }
}

fn observation(bands: Vec<HealpixBand>) -> HealpixObservation {
    HealpixObservation::new(bands).unwrap()
}

fn grid(side: usize) -> CutoutGrid {
    CutoutGrid::new(CutoutProjection::Zea, side, Arcmin::new(25.0)).unwrap()
}

#[test]
fn cutouts_of_healpix_maps_agree_with_reproject_and_healpy() {
    const SIDE: usize = 10;
    let sources = [
        observation(vec![band("ring", Frame::Galactic, ring(64))]),
        observation(vec![band("nested", Frame::Galactic, nested(64))]),
    ];
    let mut n_nearest_off = 0;
    let text = include_str!("golden/healpix_cutouts.csv");
    for line in text.lines().filter(|line| !line.starts_with('#')).skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |i: usize| fields[i].parse::<f64>().unwrap();
        let projection = if fields[0] == "ZEA" { CutoutProjection::Zea } else { CutoutProjection::Tan };
        let how = if fields[1] == "nearest" { Interpolation::Nearest } else { Interpolation::Bilinear };
        let centre_pixel = if number(5) == 5.0 { CentrePixel::HalfSide } else { CentrePixel::Middle };
        let grid = CutoutGrid::new(projection, SIDE, Arcmin::new(number(4))).unwrap().centred(centre_pixel);
        let catalogue = Catalogue::new(&[sky(number(2), number(3))], Frame::Equatorial);
        for source in &sources {
            let cutouts = Cutter::of_healpix(source, grid, how).cut(&catalogue).unwrap();
            assert_eq!(cutouts.flags(), [0]);
            for x in 0..SIDE {
                let off = f64::from(cutouts.cutout(0)[number(6) as usize * SIDE + x]) - number(7 + x);
                // Frames 0.04 arcsec apart: 2e-7 of a radian, times a gradient of 40 at most.
                if how == Interpolation::Bilinear {
                    assert!(off.abs() < 2e-5, "{line}: off by {off} at {x}");
                }
                n_nearest_off += usize::from(off.abs() > 2e-5);
            }
        }
    }
    // A centre within 0.04 arcsec of a pixel's edge may go to either side: of 3,200 at 55 arcmin a pixel, 0.02 expected.
    assert!(n_nearest_off <= 2, "{n_nearest_off} pixels differ");
}

#[test]
fn cutouts_hold_what_the_map_gives_in_each_direction() {
    let (frame, nside) = (Frame::Galactic, 32);
    let source = observation(vec![band("a", frame, nested(nside)), band("b", frame, ring(nside))]);
    let catalogue = Catalogue::new(&[sky(10.0, 89.9), sky(200.0, -40.0), sky(0.0, 0.0)], Frame::Equatorial);
    for how in [Interpolation::Nearest, Interpolation::Bilinear] {
        let cutouts = Cutter::of_healpix(&source, grid(9), how).cut(&catalogue).unwrap();
        for idx in 0..3 {
            for i in 0..81 {
                let p = PixelPosition { x: (i % 9) as f64, y: (i / 9) as f64 };
                let position = cutouts.geometry(idx).pix_to_sky(p).unwrap();
                let here = convert_frame(position, Frame::Equatorial, frame);
                let expected = match (source.bands()[0].map.pixels(), how) {
                    (OrderedPixels::Nested(pixels), Interpolation::Nearest) => pixels.nearest(here),
                    (OrderedPixels::Nested(pixels), Interpolation::Bilinear) => pixels.bilinear(here),
                    _ => panic!("the first band is nested"),
                };
                assert!((cutouts.cutout(idx)[i] - expected.unwrap()).abs() < 1e-6);
                assert!((cutouts.cutout(idx)[81 + i] - expected.unwrap()).abs() < 1e-6, "orders agree");
            }
        }
    }
}

/// Only the pixels north of the galactic equator, one of them missing.
fn northern(nside: u64) -> HealpixPixels<Ring> {
    let full = Healpix::ring(Nside::new(nside).unwrap());
    let set = PixelSet::from_ranges(full, std::iter::once(0..full.n_pixels() / 2));
    let hole = full.pixel_at(sky(30.0, 45.0)).number();
    let values = (0..set.len()).map(|i| match i == hole {
        true => f32::NAN,
        false => value(full.centre(full.pixel(i).unwrap())),
    });
    HealpixPixels::partial(set, values.collect()).unwrap()
}

#[test]
fn partial_maps_mask_and_flag_what_they_do_not_hold() {
    let frame = Frame::Galactic;
    let sources = [
        vec![band("a", frame, northern(64))],
        vec![band("a", frame, ring(64)), band("b", frame, northern(64))],
        vec![band("a", frame, nested(64)), band("b", frame, northern(64)), band("c", frame, northern(64))],
    ]
    .map(observation);
    let positions = [sky(100.0, 60.0), sky(30.0, 45.0), sky(50.0, 0.5), sky(50.0, -50.0)];
    let catalogue = Catalogue::new(&positions, frame);
    for source in &sources {
        for how in [Interpolation::Nearest, Interpolation::Bilinear] {
            let cutouts = Cutter::of_healpix(source, grid(8).in_frame(frame), how).cut(&catalogue).unwrap();
            assert_eq!(cutouts.flags()[0], 0);
            assert_eq!(cutouts.flags()[1], flags::CENTRE_MISSING | flags::PARTLY_MISSING);
            assert_eq!(cutouts.flags()[2], flags::PARTLY_MISSING);
            assert_eq!(cutouts.flags()[3], flags::CENTRE_MISSING | flags::ALL_MISSING);
            for idx in 0..4 {
                for (i, valid) in cutouts.valid(idx).iter().enumerate() {
                    let pixels = cutouts.cutout(idx).chunks(64).map(|band| band[i]);
                    assert!(*valid || pixels.into_iter().all(|pixel| pixel == 0.0), "missing in one, missing in all");
                }
            }
            let south = cutouts.geometry(2).pix_to_sky(PixelPosition { x: 4.0, y: 0.0 }).unwrap();
            assert!(south.lat_deg() < -0.9 && !cutouts.valid(2)[4]);
        }
    }
    let outside = Catalogue::new(&positions[3..], frame);
    let error = Cutter::of_healpix(&sources[0], grid(8), Interpolation::Nearest).cut(&outside).unwrap_err();
    assert!(matches!(error, Error::NoneInside { rows: 1, .. }), "{error}");
}

#[test]
fn reprojected_maps_are_the_pixels_of_cutouts() {
    let source = observation(vec![band("a", Frame::Galactic, northern(32))]);
    let centre = convert_frame(sky(33.0, 10.0), Frame::Galactic, Frame::Equatorial);
    for how in [Interpolation::Nearest, Interpolation::Bilinear] {
        let cutouts =
            Cutter::of_healpix(&source, grid(40), how).cut(&Catalogue::new(&[centre], Frame::Equatorial)).unwrap();
        let target = Geometry::zea(centre, Shape { ny: 40, nx: 40 }, Arcmin::new(25.0)).unwrap();
        let whole = reproject_healpix(&source, &target, how).unwrap();
        let BandMap::ComptonY(map) = &whole.bands()[0].map else { panic!("y stays y") };
        assert_eq!((map.pixels(), whole.mask().valid()), (cutouts.cutout(0), cutouts.valid(0)));
        assert!(whole.mask().n_valid() > 400 && whole.mask().n_valid() < 1600);
    }
}

#[test]
fn threads_and_chunks_do_not_change_a_bit() {
    let source = observation(vec![band("a", Frame::Galactic, nested(32)), band("b", Frame::Equatorial, ring(32))]);
    let positions: Vec<SkyPosition> = (0..23).map(|i| sky(f64::from(i) * 15.0, f64::from(i) * 7.0 - 77.0)).collect();
    let catalogue = Catalogue::new(&positions, Frame::Equatorial);
    let cutter = Cutter::of_healpix(&source, grid(6), Interpolation::Bilinear);
    let whole: Vec<u32> = cutter.cut(&catalogue).unwrap().pixels().iter().map(|p| p.to_bits()).collect();
    for n_threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        let bits: Vec<u32> = pool.install(|| {
            let chunks = cutter.chunks(&catalogue, 5).unwrap();
            chunks.flat_map(|chunk| chunk.pixels().iter().map(|p| p.to_bits()).collect::<Vec<_>>()).collect()
        });
        assert_eq!(bits, whole);
    }
}

#[test]
fn bands_that_do_not_go_together_are_one_line() {
    let y = || band("148", Frame::Galactic, ring(8));
    let other = band("219", Frame::Galactic, ring(16));
    assert_eq!(
        HealpixObservation::new(vec![y(), other]).unwrap_err().to_string(),
        "band 219 has nside 16, band 148 nside 8: bring all bands to one nside first"
    );
    assert!(matches!(HealpixObservation::new(vec![y(), y()]), Err(Error::DuplicateBand { .. })));
    assert!(matches!(HealpixObservation::new(vec![]), Err(Error::NoBands)));
    let map: HealpixMap<ComptonY> = HealpixMap::new(Frame::Galactic, ring(4));
    assert_eq!(map.ordering(), arcmin_maps::healpix::HealpixOrdering::Ring);
}
