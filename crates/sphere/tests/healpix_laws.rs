//! Laws of the pixels, for any resolution and direction.

use arcmin_sphere::healpix::{Bilinear, Healpix, Nside, Ordering, PixelIndex, Ring};
use arcmin_units::{Radian, SkyPosition};
use proptest::prelude::*;
use std::f64::consts::{FRAC_PI_2, TAU};

fn any_position() -> impl Strategy<Value = SkyPosition> {
    // Equal areas, and as many again close to the poles.
    let lat = prop_oneof![
        (-1.0..1.0_f64).prop_map(f64::asin),
        (-16.0..0.0_f64, any::<bool>()).prop_map(|(log, north)| {
            let lat = FRAC_PI_2 - 10f64.powf(log);
            if north { lat } else { -lat }
        }),
    ];
    (0.0..TAU, lat).prop_map(|(lon, lat)| SkyPosition::new(Radian::new(lon), Radian::new(lat)).unwrap())
}

fn any_nside() -> impl Strategy<Value = Nside> {
    prop_oneof![1..300u64, (0..30u32).prop_map(|k| 1 << k), 1..(1u64 << 29)].prop_map(|n| Nside::new(n).unwrap())
}

fn power_of_two() -> impl Strategy<Value = Nside> {
    (0..30u32).prop_map(|k| Nside::new(1 << k).unwrap())
}

fn unit_vector(position: SkyPosition) -> [f64; 3] {
    let (sin_lon, cos_lon) = position.lon().value().sin_cos();
    let (sin_lat, cos_lat) = position.lat().value().sin_cos();
    [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat]
}

/// A position lies no farther from the centre of its pixel than any corner; and the centre lies in the pixel itself.
fn check_pixel<O: Ordering>(nside: Nside, position: SkyPosition) -> Result<(), TestCaseError> {
    let grid = Healpix::<O>::new(nside).unwrap();
    let pixel = grid.pixel_at(position);
    prop_assert!(pixel.number() < grid.n_pixels());
    let centre = grid.centre(pixel);
    prop_assert_eq!(grid.pixel_at(centre), pixel);
    let distance = centre.separation(position).value();
    prop_assert!(distance <= nside.max_pixel_radius().value() * (1.0 + 1e-6) + 1e-15, "{} rad off", distance);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_position_lies_in_its_pixel_and_so_does_the_centre(nside in any_nside(), position in any_position()) {
        check_pixel::<Ring>(nside, position)?;
        if nside.order().is_some() {
            check_pixel::<arcmin_sphere::healpix::Nested>(nside, position)?;
        }
    }

    #[test]
    fn both_orders_name_the_same_pixel(nside in power_of_two(), position in any_position()) {
        let (ring, nested) = (Healpix::ring(nside), Healpix::nested(nside).unwrap());
        prop_assert_eq!(nested.to_ring(nested.pixel_at(position)), ring.pixel_at(position));
        prop_assert_eq!(nested.from_ring(ring.pixel_at(position)), nested.pixel_at(position));
    }

    #[test]
    fn nested_pixels_divide_into_four(nside in power_of_two(), position in any_position()) {
        prop_assume!(nside < Nside::MAX);
        let finer = Healpix::nested(Nside::new(2 * nside.value()).unwrap()).unwrap();
        let pixel = Healpix::nested(nside).unwrap().pixel_at(position);
        prop_assert_eq!(finer.pixel_at(position).number() / 4, pixel.number());
    }

    #[test]
    fn a_vector_finds_the_pixel_of_its_position(nside in power_of_two(), position in any_position()) {
        // The vector knows the direction to 2e-16, so that a finer grid would tell the difference.
        prop_assume!(nside.value() <= 1 << 20);
        let grid = Healpix::ring(nside);
        let (a, b) = (grid.pixel_at(position), grid.pixel_along(unit_vector(position)));
        // On a border between pixels rounding decides.
        let apart = if a == b { 0.0 } else { edge_distance(&grid, position) };
        prop_assert!(apart < 1e-15, "{a} and {b}");
    }

    #[test]
    fn a_vector_gets_the_weights_of_its_position(nside in (1..5000u64), position in any_position()) {
        let grid = Healpix::ring(Nside::new(nside).unwrap());
        let (a, b) = (grid.bilinear(position), grid.bilinear_along(unit_vector(position)));
        // At a ring or a centre the two may take the pixels on either side, which then have no weight.
        for (pixel, weight) in a.pixels.iter().zip(a.weights).chain(b.pixels.iter().zip(b.weights)) {
            let of = |of: &Bilinear<Ring>| -> f64 {
                of.pixels.iter().zip(of.weights).filter(|(p, _)| *p == pixel).map(|(_, w)| w).sum()
            };
            prop_assert!((of(&a) - of(&b)).abs() < 1e-10, "{} of {:?} and {:?}", weight, a, b);
        }
    }

    #[test]
    fn weights_are_those_of_a_mean(nside in any_nside(), position in any_position()) {
        let grid = Healpix::ring(nside);
        let bilinear = grid.bilinear(position);
        let sum: f64 = bilinear.weights.iter().sum();
        prop_assert!((sum - 1.0).abs() < 1e-15);
        prop_assert!(bilinear.weights.iter().all(|w| (0.0..=1.0).contains(w)), "{:?}", bilinear.weights);
        prop_assert!(bilinear.pixels.iter().all(|p| p.number() < grid.n_pixels()));
    }

    #[test]
    fn at_a_centre_the_pixel_itself_has_all_weight(nside in any_nside(), number in any::<u64>()) {
        let grid = Healpix::ring(nside);
        let pixel = PixelIndex::new(number % grid.n_pixels());
        let bilinear = grid.bilinear(grid.centre(pixel));
        let own: f64 = bilinear.pixels.iter().zip(bilinear.weights).filter(|(p, _)| **p == pixel).map(|(_, w)| w).sum();
        prop_assert!((own - 1.0).abs() < 1e-14 + 4e-15 * nside.value() as f64, "{own}");
    }

    #[test]
    fn nested_weights_are_those_of_the_ring_order(nside in power_of_two(), position in any_position()) {
        let grid = Healpix::nested(nside).unwrap();
        let (ring, nested) = (Healpix::ring(nside).bilinear(position), grid.bilinear(position));
        prop_assert_eq!(nested.weights, ring.weights);
        prop_assert_eq!(nested.pixels.map(|pixel| grid.to_ring(pixel)), ring.pixels);
    }
}

/// How far the position must be moved for the pixel to change, looked for in eight directions.
fn edge_distance(grid: &Healpix<Ring>, position: SkyPosition) -> f64 {
    let (lon, lat) = (position.lon().value(), position.lat().value());
    let own = grid.pixel_at(position);
    let steps = (0..40).map(|k| 1e-17 * 2f64.powi(k));
    for step in steps {
        for (x, y) in
            [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0), (1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)]
        {
            let east = step * x / lat.cos().max(1e-17);
            let moved =
                SkyPosition::new(Radian::new(lon + east), Radian::new((lat + step * y).clamp(-FRAC_PI_2, FRAC_PI_2)));
            if grid.pixel_at(moved.unwrap()) != own {
                return step;
            }
        }
    }
    f64::INFINITY
}

#[test]
fn every_pixel_is_counted_once_in_both_orders() {
    for nside in [1, 2, 4, 8, 32] {
        let grid = Healpix::nested(Nside::new(nside).unwrap()).unwrap();
        let mut seen = vec![false; grid.n_pixels() as usize];
        for number in 0..grid.n_pixels() {
            let ring = grid.to_ring(PixelIndex::new(number));
            assert!(!std::mem::replace(&mut seen[ring.number() as usize], true), "nside {nside}: {ring} comes twice");
            assert_eq!(grid.from_ring(ring).number(), number);
        }
    }
}

#[test]
fn the_poles_and_the_first_meridian_lie_in_their_pixels() {
    for nside in [1, 2, 3, 64, 8192, 1 << 29] {
        let grid = Healpix::ring(Nside::new(nside).unwrap());
        let at = |lon_deg, lat_deg| grid.pixel_at(SkyPosition::from_deg(lon_deg, lat_deg).unwrap()).number();
        assert_eq!((at(0.0, 90.0), at(90.0, 90.0), at(359.9, 90.0)), (0, 1, 3));
        assert_eq!((at(0.0, -90.0), at(180.0, -90.0)), (grid.n_pixels() - 4, grid.n_pixels() - 2));
        for lat_deg in [-80.0, -10.0, 10.0, 80.0] {
            let (before, after) = (at(360.0 - 1e-13, lat_deg), at(0.0, lat_deg));
            assert!(before >= after, "nside {nside} latitude {lat_deg}");
        }
    }
}

#[test]
fn the_nested_order_needs_a_power_of_two() {
    let error = Healpix::nested(Nside::new(12).unwrap()).unwrap_err();
    assert!(error.to_string().contains("use the ring order"), "{error}");
}

proptest! {
    #[test]
    fn many_positions_have_the_weights_of_each(nside in 1..40_u64, positions in prop::collection::vec(any_position(), 0..100)) {
        let nside = Nside::new(nside).unwrap();
        let grid = Healpix::ring(nside);
        let each: Vec<Bilinear<Ring>> = positions.iter().map(|position| grid.bilinear(*position)).collect();
        prop_assert_eq!(grid.bilinear_at_all(&positions), each.clone());
        // With the table of rings, and without.
        for n in [0, usize::MAX] {
            let weights = grid.interpolator(n);
            prop_assert!(positions.iter().zip(&each).all(|(position, each)| weights.bilinear(*position) == *each));
        }
    }
}
