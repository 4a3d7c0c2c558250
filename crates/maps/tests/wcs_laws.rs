//! Laws that every geometry keeps.

use arcmin_fits::Header;
use arcmin_maps::{Error, Geometry, PixelPosition, Shape};
use arcmin_units::{Arcmin, Frame, SkyPosition};
use proptest::prelude::*;

/// A header with any projection, orientation and native pole; `None` where no pole fits.
fn geometry(code: &str, crval: (f64, f64), poles: (f64, f64), cd_deg: [f64; 4], crpix: (f64, f64)) -> Option<Geometry> {
    let mut header = Header::new();
    for (key, value) in [("NAXIS1", 100), ("NAXIS2", 80)] {
        header.set(key, value, "").unwrap();
    }
    header.set("CTYPE1", format!("GLON-{code}").as_str(), "").unwrap();
    header.set("CTYPE2", format!("GLAT-{code}").as_str(), "").unwrap();
    let [a, b, c, d] = cd_deg;
    let cards = [("CD1_1", a), ("CD1_2", b), ("CD2_1", c), ("CD2_2", d), ("CRVAL1", crval.0), ("CRVAL2", crval.1)];
    let more = [("LONPOLE", poles.0), ("LATPOLE", poles.1), ("CRPIX1", crpix.0), ("CRPIX2", crpix.1)];
    for (key, value) in cards.into_iter().chain(more) {
        header.set(key, value, "").unwrap();
    }
    match Geometry::from_header(&header, None) {
        Ok(geometry) => Some(geometry),
        Err(Error::HeaderGeometry { .. }) => None,
        Err(other) => panic!("{other}"),
    }
}

fn any_geometry() -> impl Strategy<Value = Geometry> {
    let code = prop::sample::select(vec!["TAN", "CAR", "SFL", "ZEA"]);
    let crval = (0.0..360.0, -90.0..90.0);
    let poles = (-180.0..180.0, -90.0..90.0);
    let scale_and_angle = (0.005..0.2_f64, 0.0..std::f64::consts::TAU, 0.7..1.4_f64, any::<bool>());
    let crpix = (-100.0..200.0, -100.0..200.0);
    (code, crval, poles, scale_and_angle, crpix).prop_filter_map("no pole", |(code, crval, poles, cd, crpix)| {
        let (scale, angle, aspect, mirrored) = cd;
        let (sin, cos) = angle.sin_cos();
        let x_scale = if mirrored { scale } else { -scale };
        let cd_deg = [x_scale * cos, -scale * aspect * sin, x_scale * sin, scale * aspect * cos];
        geometry(code, crval, poles, cd_deg, crpix)
    })
}

proptest! {
    #[test]
    fn pixel_to_sky_and_back_is_the_same_pixel(geometry in any_geometry(), x in -20.0..120.0, y in -20.0..100.0) {
        let p = PixelPosition { x, y };
        if let Some(sky) = geometry.pix_to_sky(p) {
            // Close to a native pole a pixel is all longitudes at once, so its own area bounds how well it is known.
            let squeezed = geometry.pixel_area_sr_at(p).unwrap() / geometry.pixel_area_sr();
            prop_assume!(squeezed > 1e-3);
            let q = geometry.sky_to_pix(sky).unwrap();
            prop_assert!((p.x - q.x).hypot(p.y - q.y) < 1e-6, "{geometry}: {p:?} came back as {q:?}");
        }
    }

    #[test]
    fn header_to_geometry_to_header_is_the_same_grid(geometry in any_geometry()) {
        let mut header = geometry.to_header();
        header.set("NAXIS1", 100, "").unwrap();
        header.set("NAXIS2", 80, "").unwrap();
        let back = Geometry::from_header(&header, None).unwrap();
        prop_assert!(geometry.same_grid(&back), "{geometry} became {back}");
        prop_assert_eq!(back.frame(), Frame::Galactic);
    }

    #[test]
    fn squares_of_pixels_lie_where_their_pixels_do(geometry in any_geometry(), n in 1usize..9, x in 0.0..50.0, y in 0.0..50.0) {
        let binned = geometry.binned(n);
        prop_assert_eq!((binned.shape().nx, binned.shape().ny), (100usize.div_ceil(n), 80usize.div_ceil(n)));
        let fine = |at: f64| (at + 0.5) * n as f64 - 0.5;
        let ours = binned.pix_to_sky(PixelPosition { x, y });
        match (ours, geometry.pix_to_sky(PixelPosition { x: fine(x), y: fine(y) })) {
            (Some(ours), Some(theirs)) => prop_assert!(ours.separation(theirs).value() < 1e-9),
            (ours, theirs) => prop_assert_eq!(ours.is_some(), theirs.is_some()),
        }
    }

    #[test]
    fn area_of_a_pixel_is_that_of_its_jacobian(geometry in any_geometry(), x in 0.0..100.0, y in 0.0..80.0) {
        let p = PixelPosition { x, y };
        if let (Some([[a, b], [c, d]]), Some(area_sr)) = (geometry.jacobian_at(p), geometry.pixel_area_sr_at(p)) {
            // Differences over a pixel of up to 0.2 deg are good to some 1e-4 where the projection bends gently.
            prop_assume!(area_sr > 0.2 * geometry.pixel_area_sr());
            prop_assert!(((a * d - b * c).abs() / area_sr - 1.0).abs() < 1e-3, "{geometry} at {p:?}");
        }
    }

    #[test]
    fn a_window_sees_the_same_sky(geometry in any_geometry(), x0 in -50_i64..50, y0 in -50_i64..50) {
        let window = geometry.window(x0, y0, Shape { ny: 10, nx: 20 });
        let here = geometry.pix_to_sky(PixelPosition { x: x0 as f64 + 3.0, y: y0 as f64 + 7.0 });
        let there = window.pix_to_sky(PixelPosition { x: 3.0, y: 7.0 });
        match (here, there) {
            (Some(here), Some(there)) => prop_assert!(here.separation(there).value() < 1e-12),
            (here, there) => prop_assert_eq!(here, there),
        }
    }
}

proptest! {
    #[test]
    fn any_numbers_in_a_header_make_a_geometry_or_an_error(
        code in prop::sample::select(vec!["TAN", "CAR", "SFL", "ZEA"]),
        cards in prop::collection::vec((prop::sample::select(NUMBER_CARDS.to_vec()), any_number()), 0..12),
    ) {
        let mut header = header_of(&[]);
        header.set("CTYPE1", format!("RA---{code}").as_str(), "").unwrap();
        header.set("CTYPE2", format!("DEC--{code}").as_str(), "").unwrap();
        for (key, value) in cards {
            header.set(key, value, "").unwrap();
        }
        if let Ok(geometry) = Geometry::from_header(&header, None) {
            for p in [PixelPosition { x: 0.0, y: 0.0 }, geometry.shape().centre()] {
                let _ = geometry.pix_to_sky(p).and_then(|sky| geometry.sky_to_pix(sky));
                let _ = (geometry.jacobian_at(p), geometry.pixel_area_sr_at(p), geometry.to_string());
            }
            let _ = (geometry.same_grid(&geometry.window(1, 1, geometry.shape())), geometry.to_header());
        }
    }
}

const NUMBER_CARDS: [&str; 14] = [
    "CRPIX1", "CRPIX2", "CRVAL1", "CRVAL2", "CDELT1", "CDELT2", "PC1_2", "PC2_1", "CD1_1", "CD2_2", "CROTA2",
    "LONPOLE", "LATPOLE", "NAXIS1",
];

/// Plain numbers, zeros, and the largest and smallest there are.
fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![-400.0..400.0, Just(0.0), Just(90.0), Just(-90.0), Just(180.0), prop::num::f64::NORMAL]
}

/// `gnomonic_cutout` of the reference numbers (astropy 8.0.2): ix, iy, ra and dec in degrees.
const GNOMONIC_CUTOUT_DEG: [[f64; 4]; 7] = [
    [0.0, 0.0, 45.381_553_532_604_684, 37.635_388_627_298_33],
    [31.0, 0.0, 45.218_446_467_395_31, 37.635_388_627_298_33],
    [0.0, 31.0, 45.381_695_754_020_59, 37.764_555_108_186_23],
    [31.0, 31.0, 45.218_304_245_979_404, 37.764_555_108_186_23],
    [15.0, 15.0, 45.302_632_978_796_5, 37.697_916_637_395_856],
    [16.0, 16.0, 45.297_366_873_210_15, 37.702_083_304_056_266],
    [5.0, 20.0, 45.355_308_080_381_526, 37.718_737_080_792_11],
];

#[test]
fn tile_is_the_gnomonic_cutout_of_the_reference_numbers() {
    let centre = SkyPosition::from_deg(45.3, 37.7).unwrap();
    let tile = Geometry::tile(centre, Shape { ny: 32, nx: 32 }, Arcmin::new(0.25)).unwrap();
    for [x, y, ra, dec] in GNOMONIC_CUTOUT_DEG {
        let sky = tile.pix_to_sky(PixelPosition { x, y }).unwrap();
        assert!((sky.lon_deg() - ra).abs() < 1e-8 && (sky.lat_deg() - dec).abs() < 1e-8, "{x} {y}: {sky:?}");
    }
}

/// `zea_cutout_deepsz` of the reference numbers (astropy 8.0.2): ix, iy, ra and dec in degrees.
const ZEA_CUTOUT_DEG: [[f64; 4]; 3] = [
    [0.0, 0.0, 45.378_925_063_342_784, 37.637_473_681_815_04],
    [31.0, 31.0, 45.215_666_445_027_416, 37.766_636_655_611_286],
    [15.0, 15.0, 45.3, 37.7],
];

#[test]
fn equal_area_tile_with_crpix_of_half_its_side_is_the_cutout_of_deepsz() {
    let centre = SkyPosition::from_deg(45.3, 37.7).unwrap();
    let tile = Geometry::zea(centre, Shape { ny: 32, nx: 32 }, Arcmin::new(0.25)).unwrap();
    let tile = tile.with_reference_pixel(PixelPosition { x: 15.0, y: 15.0 });
    assert_eq!(tile.to_header().get_f64("CRPIX1").unwrap(), Some(16.0));
    for [x, y, ra, dec] in ZEA_CUTOUT_DEG {
        let sky = tile.pix_to_sky(PixelPosition { x, y }).unwrap();
        assert!((sky.lon_deg() - ra).abs() < 1e-8 && (sky.lat_deg() - dec).abs() < 1e-8, "{x} {y}: {sky:?}");
    }
}

#[test]
fn equal_area_map_shows_the_sphere_up_to_its_antipode_and_nothing_beyond() {
    let centre = SkyPosition::from_deg(0.0, 90.0).unwrap();
    let map = Geometry::zea(centre, Shape { ny: 401, nx: 401 }, Arcmin::new(60.0)).unwrap();
    for lat_deg in [89.0, 0.0, -60.0, -89.0, -89.99] {
        let position = SkyPosition::from_deg(33.0, lat_deg).unwrap();
        let p = map.sky_to_pix(position).unwrap();
        // The plane is crowded at the antipode: 0.01 deg from it, rounding in the plane is 1e-12 on the sky.
        assert!(map.pix_to_sky(p).unwrap().separation(position).value() < 1e-10, "{lat_deg}");
    }
    let radius_pixels = 2.0 * 180.0 / std::f64::consts::PI;
    assert!(map.pix_to_sky(PixelPosition { x: 200.0 + 1.001 * radius_pixels, y: 200.0 }).is_none());
    // The antipode may round to a hair off itself; then it lies on the rim.
    if let Some(p) = map.sky_to_pix(SkyPosition::from_deg(0.0, -90.0).unwrap()) {
        assert!(((p.x - 200.0).hypot(p.y - 200.0) - radius_pixels).abs() < 1e-6, "{p:?}");
    }
}

#[test]
fn latpole_alone_decides_where_the_pole_is_a_quarter_turn_away() {
    // CG02, Sect. 2.4, rule 4. WCSLIB misses it by the rounding of cos(90 deg), so astropy is no oracle here.
    let oblique = geometry("CAR", (45.0, 0.0), (90.0, 40.0), [-0.3, 0.0, 0.0, 0.3], (50.0, 40.0)).unwrap();
    let native_pole = PixelPosition { x: 49.0, y: 39.0 + 90.0 / 0.3 };
    let expected = SkyPosition::from_deg(-45.0, 40.0).unwrap();
    assert!(oblique.pix_to_sky(native_pole).unwrap().separation(expected).value() < 1e-12);
}

#[test]
fn full_sky_plate_carree_finds_every_direction_inside() {
    let centre = SkyPosition::from_deg(100.0, 0.0).unwrap();
    for nx in [359, 360, 361, 400] {
        let geometry = Geometry::car(centre, Shape { ny: 181, nx }, Arcmin::new(60.0)).unwrap();
        let mut n_outside = 0;
        for lon_deg in 0..360 {
            let position = SkyPosition::from_deg(f64::from(lon_deg) + 0.25, 20.0).unwrap();
            n_outside += usize::from(geometry.pixel_index(position).is_none());
        }
        assert_eq!(n_outside, 360_usize.saturating_sub(nx), "{nx} columns");
    }
}

fn header_of(cards: &[(&str, &str)]) -> Header {
    let mut header = Header::new();
    header.set("NAXIS1", 10, "").unwrap();
    header.set("NAXIS2", 10, "").unwrap();
    for (key, value) in cards {
        match value.parse::<f64>() {
            Ok(number) => header.set(key, number, "").unwrap(),
            Err(_) => header.set(key, *value, "").unwrap(),
        }
    }
    header
}

#[test]
fn headers_that_cannot_be_used_say_why_and_what_to_do() {
    let tan = [("CTYPE1", "RA---TAN"), ("CTYPE2", "DEC--TAN")];
    for (cards, part) in [
        (vec![], "keyword CTYPE1 is missing"),
        (vec![("CTYPE1", "XLON-CAR"), ("CTYPE2", "XLAT-CAR")], "--frame"),
        (vec![("CTYPE1", "ELON-CAR"), ("CTYPE2", "ELAT-CAR")], "--frame"),
        (vec![("CTYPE1", "RA---ZPN"), ("CTYPE2", "DEC--ZPN")], "'RA---ZPN'"),
        (vec![("CTYPE1", "RA---TAN-SIP"), ("CTYPE2", "DEC--TAN-SIP")], "'RA---TAN-SIP'"),
        (vec![("CTYPE1", "RA---TAN"), ("CTYPE2", "RA---TAN")], "'RA---TAN'"),
        ([&tan[..], &[("RADESYS", "FK4")]].concat(), "FK4"),
        ([&tan[..], &[("EQUINOX", "1950")]].concat(), "1950"),
        ([&tan[..], &[("PV2_1", "0.5")]].concat(), "PV2_1"),
        ([&tan[..], &[("CRVAL2", "91")]].concat(), "pole"),
        ([&tan[..], &[("CDELT1", "0")]].concat(), "positive, finite area"),
        ([&tan[..], &[("CUNIT1", "furlong")]].concat(), "CUNIT"),
    ] {
        let message = Geometry::from_header(&header_of(&cards), None).unwrap_err().to_string();
        assert!(message.contains(part), "{cards:?}: {message}");
    }
}

#[test]
fn frame_override_replaces_what_the_header_says() {
    let header = header_of(&[("CTYPE1", "XLON-CAR"), ("CTYPE2", "XLAT-CAR")]);
    assert_eq!(Geometry::from_header(&header, Some(Frame::Galactic)).unwrap().frame(), Frame::Galactic);
}
