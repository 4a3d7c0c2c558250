//! Geometries read from headers against astropy.

use arcmin_fits::Header;
use arcmin_maps::{Geometry, PixelPosition};
use arcmin_units::{Arcmin, SkyPosition};

const CARDS: &str = include_str!("golden/wcs_cards.csv");
const POSITIONS: &str = include_str!("golden/wcs.csv");

/// On the sky: a thousandth of an arcsecond is a hundred times finer than any catalogue of this field.
const SKY_DEG_MAX: f64 = 1e-9;
/// In pixels, on the way back.
const PIXEL_MAX: f64 = 1e-6;

fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().filter(|line| !line.starts_with('#')).skip(1).map(|line| line.split(',').collect())
}

fn headers() -> Vec<(&'static str, Header)> {
    let mut headers: Vec<(&str, Header)> = Vec::new();
    for row in rows(CARDS) {
        let [case, key, value] = row[..] else { panic!("three fields: {row:?}") };
        if headers.last().is_none_or(|(last, _)| *last != case) {
            headers.push((case, Header::new()));
        }
        let header = &mut headers.last_mut().unwrap().1;
        match value.parse::<f64>() {
            Ok(number) if key.starts_with("NAXIS") => header.set(key, number as i64, "").unwrap(),
            Ok(number) => header.set(key, number, "").unwrap(),
            Err(_) => header.set(key, value, "").unwrap(),
        }
    }
    headers
}

fn number(text: &str) -> f64 {
    text.parse().unwrap()
}

#[test]
fn pixels_and_sky_agree_with_astropy() {
    for (case, header) in headers() {
        let geometry = Geometry::from_header(&header, None).unwrap_or_else(|e| panic!("{case}: {e}"));
        for row in rows(POSITIONS).filter(|row| row[0] == case) {
            let p = PixelPosition { x: number(row[1]), y: number(row[2]) };
            let got = geometry.pix_to_sky(p);
            if row[3].is_empty() {
                assert_eq!(got, None, "{case} {p:?}: there is no sky");
                continue;
            }
            let expected = SkyPosition::from_deg(number(row[3]), number(row[4])).unwrap();
            let got = got.unwrap_or_else(|| panic!("{case} {p:?}: no sky found"));
            let apart_deg = got.separation(expected).to_deg().value();
            assert!(apart_deg < SKY_DEG_MAX, "{case} {p:?}: {got:?} is {apart_deg:e} deg off {expected:?}");
            let back = geometry.sky_to_pix(expected).unwrap();
            let away = (back.x - p.x).hypot(back.y - p.y);
            assert!(away < PIXEL_MAX || is_elsewhere_too(&geometry, p, back), "{case} {p:?}: came back as {back:?}");
        }
    }
}

/// A full turn or a pole may show one direction at several pixels; then any of them will do.
fn is_elsewhere_too(geometry: &Geometry, p: PixelPosition, q: PixelPosition) -> bool {
    let same_sky = match (geometry.pix_to_sky(p), geometry.pix_to_sky(q)) {
        (Some(a), Some(b)) => a.separation(b).to_deg().value() < SKY_DEG_MAX,
        _ => false,
    };
    let turn_pixels = 360.0 / geometry.pixel_size().to_deg().value();
    let at_pole = geometry.pixel_area_sr_at(p).is_none_or(|area| area < 1e-6 * geometry.pixel_area_sr());
    same_sky && (at_pole || ((p.x - q.x).abs() - turn_pixels).abs() < PIXEL_MAX)
}

#[test]
fn every_header_survives_being_written_and_read() {
    for (case, header) in headers() {
        let geometry = Geometry::from_header(&header, None).unwrap();
        let mut written = geometry.to_header();
        written.set("NAXIS1", geometry.shape().nx as i64, "").unwrap();
        written.set("NAXIS2", geometry.shape().ny as i64, "").unwrap();
        let back = Geometry::from_header(&written, None).unwrap();
        assert!(geometry.same_grid(&back), "{case}: {geometry} became {back}");
    }
}

#[test]
fn the_centre_of_the_spt_field_is_where_spt_says() {
    let (_, header) = headers().into_iter().find(|(case, _)| *case == "sfl_spt").unwrap();
    let geometry = Geometry::from_header(&header, None).unwrap();
    let centre = geometry.pix_to_sky(geometry.shape().centre()).unwrap();
    assert!(centre.separation(SkyPosition::from_deg(352.5, -55.0).unwrap()).to_deg().value() < 1e-9);
    let rebuilt = Geometry::sfl(centre, geometry.shape(), Arcmin::new(0.5)).unwrap();
    assert!(geometry.same_grid(&rebuilt), "{geometry} is not {rebuilt}");
}
