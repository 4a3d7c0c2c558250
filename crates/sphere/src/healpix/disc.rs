//! Pixels within a distance of a position.

use super::{Healpix, Nested, Nside, Ordering, PixelIndex, PixelSet, Ring};
use arcmin_units::{Radian, SkyPosition};
use std::f64::consts::{FRAC_PI_2, PI, TAU};
use std::ops::Range;

impl Healpix<Ring> {
    /// The pixels whose centres lie within `radius` of a position, its edge included (`query_disc` of healpy).
    ///
    /// A negative radius gives none, one of pi or more all.
    pub fn disc(&self, centre: SkyPosition, radius: Radian) -> PixelSet<Ring> {
        PixelSet::from_ranges(*self, ranges(self.nside(), centre, radius.value()))
    }
}

impl Healpix<Nested> {
    /// The pixels whose centres lie within `radius` of a position, its edge included (`query_disc` of healpy).
    ///
    /// A negative radius gives none, one of pi or more all.
    pub fn disc(&self, centre: SkyPosition, radius: Radian) -> PixelSet<Nested> {
        let ring = ranges(self.nside(), centre, radius.value()).flatten();
        PixelSet::from_pixels(*self, ring.map(|number| self.from_ring(PixelIndex::new(number))))
    }
}

impl<O: Ordering> Healpix<O> {
    /// A radius large enough for [`disc`](Healpix::<Ring>::disc) to take every pixel that touches a disc.
    pub fn touching(&self, radius: Radian) -> Radian {
        Radian::new(radius.value() + self.nside().max_pixel_radius().value())
    }
}

/// The pixels of each ring in turn, at most two ranges a ring.
fn ranges(nside: Nside, centre: SkyPosition, radius: f64) -> impl Iterator<Item = Range<u64>> {
    let (lon, lat) = (centre.lon().value(), centre.lat().value());
    let rings = if radius >= 0.0 { rings_between(nside, lat + radius, lat - radius) } else { 1..1 };
    rings.flat_map(move |ring| {
        let first = nside.first_pixel(ring);
        let [a, b] = match half_width(nside.ring_lat(ring), lat, radius) {
            None => [0..0, 0..0],
            Some(half_width) => places(nside, ring, lon, half_width),
        };
        [first + a.start..first + a.end, first + b.start..first + b.end]
    })
}

/// The rings between two latitudes, and one more on either side in case rounding has lost it.
fn rings_between(nside: Nside, north: f64, south: f64) -> Range<u64> {
    let above =
        |lat: f64| if lat >= FRAC_PI_2 { 0 } else { super::interpolation::ring_above(nside, lat.max(-FRAC_PI_2)) };
    let (first, last) = (above(north), above(south) + 1);
    first.max(1)..(last + 1).min(nside.n_rings() + 1)
}

/// Half the range of longitudes of a disc at a latitude; `None` when it does not reach there.
///
/// By half angles, `sin^2(r/2) = sin^2(dlat/2) + cos lat cos lat0 sin^2(dlon/2)`, which keep their digits for small discs.
fn half_width(lat: f64, lat_centre: f64, radius: f64) -> Option<f64> {
    if radius >= PI {
        return Some(PI);
    }
    let square_of_half = |angle: f64| (0.5 * angle).sin().powi(2);
    let left = square_of_half(radius) - square_of_half(lat - lat_centre);
    let across = lat.cos() * lat_centre.cos();
    match left {
        left if left < 0.0 => None,
        left if left >= across => Some(PI),
        left => Some(2.0 * (left / across).sqrt().asin()),
    }
}

/// The pixels of a ring within some longitude of another; two ranges when they reach over the first meridian.
fn places(nside: Nside, ring: u64, lon: f64, half_width: f64) -> [Range<u64>; 2] {
    let (quarter, is_shifted) = nside.ring_layout(ring);
    let n = 4 * quarter;
    if half_width >= PI {
        return [0..n, 0..0];
    }
    let per_rad = n as f64 / TAU;
    let shift = if is_shifted { 0.5 } else { 0.0 };
    let first = ((lon - half_width) * per_rad - shift).ceil() as i64;
    let last = ((lon + half_width) * per_rad - shift).floor() as i64;
    if last < first {
        return [0..0, 0..0];
    }
    let n_taken = ((last - first) as u64 + 1).min(n);
    let start = first.rem_euclid(n as i64) as u64;
    let before_meridian = n_taken.min(n - start);
    [start..start + before_meridian, 0..n_taken - before_meridian]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All pixels whose distance is clearly within the radius, and those on its edge.
    fn brute_force(grid: Healpix<Ring>, centre: SkyPosition, radius: f64) -> (Vec<u64>, Vec<u64>) {
        let distance = |number: &u64| grid.centre(PixelIndex::new(*number)).separation(centre).value() - radius;
        let all = || 0..grid.n_pixels();
        (all().filter(|n| distance(n) < -1e-12).collect(), all().filter(|n| distance(n).abs() <= 1e-12).collect())
    }

    proptest! {
        #[test]
        fn a_disc_holds_the_pixels_that_lie_within_it(
            nside in 1..24u64, lon_deg in 0.0..360.0, lat_deg in -90.0..=90.0, radius_deg in 0.0..200.0,
        ) {
            let nside = Nside::new(nside).unwrap();
            let (grid, radius) = (Healpix::ring(nside), Radian::new(f64::to_radians(radius_deg)));
            let centre = SkyPosition::from_deg(lon_deg, lat_deg).unwrap();
            let disc = grid.disc(centre, radius);
            let (inside, edge) = brute_force(grid, centre, radius.value());
            prop_assert!(inside.iter().all(|n| disc.contains(PixelIndex::new(*n))));
            let expected = inside.len() + edge.iter().filter(|n| disc.contains(PixelIndex::new(**n))).count();
            prop_assert_eq!(disc.len() as usize, expected);
            if let Ok(nested) = Healpix::nested(nside) {
                let in_nested = nested.disc(centre, radius);
                prop_assert_eq!(in_nested.len(), disc.len());
                prop_assert!(in_nested.pixels().all(|pixel| disc.contains(nested.to_ring(pixel))));
            }
        }

        #[test]
        fn the_touching_disc_holds_the_pixel_of_every_position_within(
            nside in 1..40u64, lon_deg in 0.0..360.0, lat_deg in -90.0..=90.0,
            (radius_deg, part, angle) in (0.0..40.0, 0.0..1.0, 0.0..TAU),
        ) {
            let grid = Healpix::ring(Nside::new(nside).unwrap());
            let centre = SkyPosition::from_deg(lon_deg, lat_deg).unwrap();
            let radius = f64::to_radians(radius_deg);
            let disc = grid.disc(centre, grid.touching(Radian::new(radius)));
            let within = moved(centre, part * radius, angle);
            prop_assert!(disc.contains(grid.pixel_at(within)));
        }
    }

    /// The position at a distance and a position angle from another.
    fn moved(from: SkyPosition, distance: f64, angle: f64) -> SkyPosition {
        let (sin_lat, cos_lat) = from.lat().value().sin_cos();
        let (sin_d, cos_d) = distance.sin_cos();
        let sin = sin_lat * cos_d + cos_lat * sin_d * angle.cos();
        let lon = from.lon().value() + (sin_d * angle.sin() * cos_lat).atan2(cos_d - sin_lat * sin);
        SkyPosition::new(Radian::new(lon), Radian::new(sin.clamp(-1.0, 1.0).asin())).unwrap()
    }

    #[test]
    fn empty_full_and_tiny_discs() {
        let grid = Healpix::ring(Nside::new(16).unwrap());
        let centre = SkyPosition::from_deg(0.0, 90.0).unwrap();
        assert!(grid.disc(centre, Radian::new(-1e-9)).is_empty());
        assert_eq!(grid.disc(centre, Radian::new(PI)).len(), grid.n_pixels());
        let pixel = PixelIndex::new(777);
        assert_eq!(grid.disc(grid.centre(pixel), Radian::new(1e-9)).pixels().collect::<Vec<_>>(), [pixel]);
        // On the finest grid, 10 pixels across.
        let finest = Healpix::ring(Nside::MAX);
        let n = finest.disc(SkyPosition::from_deg(12.0, 34.0).unwrap(), Radian::new(1e-8)).len() as f64;
        let expected = PI * 1e-16 / Nside::MAX.pixel_area_sr();
        assert!((n / expected - 1.0).abs() < 0.15, "{n} pixels of about {expected}");
    }

    /// healpy 1.20.1: `query_disc(64, ang2vec(lon, lat, lonlat=True), radius)`: how many, and the sum of their numbers.
    #[test]
    fn discs_are_healpys() {
        for (lon_deg, lat_deg, radius_deg, n, sum) in DISCS_OF_64 {
            let centre = SkyPosition::from_deg(lon_deg, lat_deg).unwrap();
            let disc = Healpix::ring(Nside::new(64).unwrap()).disc(centre, Radian::new(f64::to_radians(radius_deg)));
            let got: u64 = disc.pixels().map(PixelIndex::number).sum();
            assert_eq!((disc.len(), got), (n, sum), "{lon_deg} {lat_deg} {radius_deg}");
        }
    }

    const DISCS_OF_64: [(f64, f64, f64, u64, u64); 6] = [
        (10.0, 20.0, 3.0, 34, 545259),
        (0.0, 0.0, 7.5, 210, 5159371),
        (359.9, -41.0, 12.0, 540, 21877027),
        (123.0, 89.5, 4.0, 59, 1771),
        (250.0, -89.9, 25.0, 2289, 109887168),
        (45.3, 37.7, 0.7, 2, 19008),
    ];
}
