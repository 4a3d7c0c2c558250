//! Pixels, centres and weights against healpy 1.20.1 (`tests/golden/healpix.csv`, made by `make_healpix.py`).
//!
//! The first 20 positions of each resolution are those of the project's reference numbers (`ang2pix/nside1`, 2, 64 and
//! 2048), the others are random or where the formulae are delicate.

use arcmin_sphere::healpix::{Healpix, Nside, PixelIndex, Ring};
use arcmin_units::{Radian, SkyPosition};
use std::collections::BTreeMap;
use std::f64::consts::FRAC_PI_2;

struct Row {
    nside: Nside,
    position: SkyPosition,
    ring: u64,
    nested: u64,
    centre_theta: f64,
    centre_phi: f64,
    interpolation: BTreeMap<u64, f64>,
}

fn rows() -> Vec<Row> {
    let lines = include_str!("golden/healpix.csv").lines().filter(|line| !line.starts_with('#')).skip(1);
    lines.map(row).collect()
}

fn row(line: &str) -> Row {
    let cells: Vec<&str> = line.split(',').collect();
    let whole = |i: usize| cells[i].parse::<u64>().unwrap();
    let number = |i: usize| cells[i].parse::<f64>().unwrap();
    let pairs = (0..4).map(|k| (whole(7 + 2 * k), number(8 + 2 * k)));
    Row {
        nside: Nside::new(whole(0)).unwrap(),
        position: SkyPosition::new(Radian::new(number(1)), Radian::new(number(2))).unwrap(),
        ring: whole(3),
        nested: whole(4),
        centre_theta: number(5),
        centre_phi: number(6),
        interpolation: sums(pairs),
    }
}

/// Weight of each pixel, added up where a pixel comes twice.
fn sums(pairs: impl Iterator<Item = (u64, f64)>) -> BTreeMap<u64, f64> {
    let mut sums = BTreeMap::new();
    for (pixel, weight) in pairs {
        *sums.entry(pixel).or_insert(0.0) += weight;
    }
    sums
}

#[test]
fn pixels_in_both_orders_are_healpys() {
    for Row { nside, position, ring, nested, .. } in rows() {
        let in_ring = Healpix::ring(nside).pixel_at(position);
        let in_nested = Healpix::nested(nside).unwrap().pixel_at(position);
        assert_eq!((in_ring.number(), in_nested.number()), (ring, nested), "nside {nside} {position:?}");
    }
}

#[test]
fn the_orders_convert_as_healpys() {
    for Row { nside, ring, nested, .. } in rows() {
        let grid = Healpix::nested(nside).unwrap();
        assert_eq!(grid.from_ring(PixelIndex::new(ring)).number(), nested, "nside {nside}");
        assert_eq!(grid.to_ring(PixelIndex::new(nested)).number(), ring, "nside {nside}");
    }
}

#[test]
fn centres_are_healpys() {
    for Row { nside, ring, centre_theta, centre_phi, .. } in rows() {
        let centre = Healpix::ring(nside).centre(PixelIndex::<Ring>::new(ring));
        assert!((FRAC_PI_2 - centre.lat().value() - centre_theta).abs() < 1e-15, "nside {nside} pixel {ring}");
        assert!((centre.lon().value() - centre_phi).abs() < 2e-15, "nside {nside} pixel {ring}");
    }
}

#[test]
fn bilinear_weights_are_healpys() {
    let mut largest = 0.0f64;
    for Row { nside, position, interpolation, .. } in rows() {
        let grid = Healpix::ring(nside);
        let ours = grid.bilinear(position);
        let ours = sums(ours.pixels.iter().map(|pixel| pixel.number()).zip(ours.weights));
        // Both know an angle to some 4e-16, which is this share of a pixel.
        let tolerance = 1e-14 + 4e-15 * nside.value() as f64;
        for pixel in ours.keys().chain(interpolation.keys()) {
            let [a, b] = [&ours, &interpolation].map(|weights| weights.get(pixel).copied().unwrap_or(0.0));
            assert!((a - b).abs() < tolerance, "nside {nside} {position:?} pixel {pixel}: {a}, healpy {b}");
            largest = largest.max((a - b).abs() / tolerance);
        }
    }
    assert!(largest > 0.0, "golden weights cannot all agree to the last bit");
}

#[test]
fn the_order_of_the_four_pixels_is_healpys() {
    // Rows of ang2pix/nside64 of the reference numbers: theta, phi, pixels.
    for (theta, phi, pixels) in [
        (0.0, 0.0, [1, 2, 3, 0]),
        (0.001, 0.3, [1, 2, 3, 0]),
        (0.1, 1.0, [87, 88, 116, 117]),
        (FRAC_PI_2, 0.0, [24703, 24448, 24704, 24705]),
        (1.9, 4.5, [32567, 32568, 32822, 32823]),
        (3.1405926535897932, 2.2, [49148, 49149, 49150, 49151]),
        (std::f64::consts::PI, 0.0, [49151, 49148, 49149, 49150]),
    ] {
        let position = SkyPosition::new(Radian::new(phi), Radian::new(FRAC_PI_2 - theta)).unwrap();
        let bilinear = Healpix::ring(Nside::new(64).unwrap()).bilinear(position);
        assert_eq!(bilinear.pixels.map(PixelIndex::number), pixels, "theta {theta} phi {phi}");
    }
}
