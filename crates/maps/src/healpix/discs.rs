//! Discs cut out of HEALPix maps, as around point sources.

use super::{HealpixBand, HealpixBandMap, HealpixMap, HealpixObservation, HealpixPixels, OrderedPixels};
use crate::{Disc, convert_frame};
use arcmin_sphere::healpix::{Healpix, Nside, Ordering, PixelIndex, Ring, RingGeometry};
use arcmin_units::{Frame, PixelUnit, SkyPosition};
use std::f64::consts::{PI, TAU};

impl<U: PixelUnit> HealpixMap<U> {
    /// The same map with the pixels missing whose centres lie within a disc.
    ///
    /// ```
    /// # use arcmin_maps::{Disc, HealpixMap, healpix::HealpixPixels};
    /// # use arcmin_sphere::healpix::{Healpix, Nside};
    /// # use arcmin_units::{Arcmin, ComptonY, Frame, SkyPosition};
    /// let grid = Healpix::ring(Nside::new(64).unwrap());
    /// let pixels = HealpixPixels::full(grid, vec![1e-6; grid.n_pixels() as usize])?;
    /// let map: HealpixMap<ComptonY> = HealpixMap::new(Frame::Galactic, pixels);
    /// let source = Disc { centre: SkyPosition::from_deg(10.0, 20.0).unwrap(), radius: Arcmin::new(240.0) };
    /// let n_missing = grid.n_pixels() - map.without_discs(&[source]).n_valid();
    /// assert!((n_missing as f64 / 59.9 - 1.0).abs() < 0.1, "the area of the disc over that of a pixel");
    /// # Ok::<(), arcmin_maps::Error>(())
    /// ```
    #[must_use]
    pub fn without_discs(mut self, discs: &[Disc]) -> Self {
        let frame = self.frame();
        for disc in discs {
            let centre = convert_frame(disc.centre, Frame::Equatorial, frame);
            match self.pixels_mut() {
                OrderedPixels::Ring(pixels) => clear(pixels, centre, disc, |_, pixel| pixel),
                OrderedPixels::Nested(pixels) => clear(pixels, centre, disc, |grid, pixel| grid.from_ring(pixel)),
            }
        }
        self
    }
}

impl HealpixObservation {
    /// The same bands with the pixels missing whose centres lie within a disc.
    #[must_use]
    pub fn without_discs(self, discs: &[Disc]) -> Self {
        let bands = self.bands.into_iter().map(|band| {
            let map = match band.map {
                HealpixBandMap::Temperature { nu, map } => {
                    HealpixBandMap::Temperature { nu, map: map.without_discs(discs) }
                }
                HealpixBandMap::ComptonY(map) => HealpixBandMap::ComptonY(map.without_discs(discs)),
            };
            HealpixBand { map, ..band }
        });
        Self { bands: bands.collect() }
    }
}

fn clear<O: Ordering>(
    pixels: &mut HealpixPixels<O>,
    centre: SkyPosition,
    disc: &Disc,
    renumber: impl Fn(&Healpix<O>, PixelIndex<Ring>) -> PixelIndex<O>,
) {
    let grid = pixels.grid();
    for pixel in pixels_within(grid.nside(), centre, disc.radius.to_rad().value()) {
        if let Some(slot) = pixels.slot(renumber(&grid, pixel)) {
            pixels.raw_mut()[slot] = f32::NAN;
        }
    }
}

/// The pixels, in ring order, whose centres lie within a radius of a position.
fn pixels_within(nside: Nside, centre: SkyPosition, radius: f64) -> Vec<PixelIndex<Ring>> {
    if radius.is_nan() || radius < 0.0 {
        return Vec::new();
    }
    let grid = Healpix::ring(nside);
    let theta0 = PI / 2.0 - centre.lat().value();
    let first = rings_north_of(nside, theta0 - radius);
    let mut found = Vec::new();
    for ring in (first + 1..=nside.n_rings()).map(|ring| nside.ring(ring)) {
        if ring.theta() > theta0 + radius {
            break;
        }
        let half_width = half_width(&ring, theta0, radius);
        let step = TAU / ring.n_pixels as f64;
        let at = |phi: f64| (phi - ring.phi_first) / step;
        // A pixel more on either side: the distance itself decides.
        let (low, high) =
            (at(centre.lon().value() - half_width).floor() as i64, at(centre.lon().value() + half_width).ceil() as i64);
        let n = (high - low + 1).min(ring.n_pixels as i64);
        let numbers = (low..low + n).map(|k| ring.first_pixel + k.rem_euclid(ring.n_pixels as i64) as u64);
        let pixels = numbers.filter_map(|number| grid.pixel(number));
        found.extend(pixels.filter(|pixel| grid.centre(*pixel).separation(centre).value() <= radius));
    }
    found
}

/// Number of rings whose colatitude is below `theta`.
fn rings_north_of(nside: Nside, theta: f64) -> u64 {
    let (mut low, mut high) = (0, nside.n_rings());
    while low < high {
        let middle = low + (high - low) / 2;
        match nside.ring(middle + 1).theta() < theta {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    low
}

/// Half of the longitudes that a ring has within the disc: `cos d = (cos r - cos t cos t0) / (sin t sin t0)`.
fn half_width(ring: &RingGeometry, theta0: f64, radius: f64) -> f64 {
    let cosine = (radius.min(PI).cos() - ring.z * theta0.cos()) / (ring.sin_theta * theta0.sin());
    // At a pole, or where the disc holds one, it is all of them.
    if cosine.is_finite() { cosine.clamp(-1.0, 1.0).acos() } else { PI }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arcmin_units::{Arcmin, ComptonY};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn discs_take_the_pixels_whose_centres_they_hold(
            order in 0_u32..6,
            (lon, lat) in (0.0..360.0, -90.0..90.0),
            radius_deg in prop_oneof![0.0..3.0, 0.0..200.0],
        ) {
            let nside = Nside::new(1 << order).unwrap();
            let (grid, centre) = (Healpix::ring(nside), SkyPosition::from_deg(lon, lat).unwrap());
            let radius = Arcmin::new(60.0 * radius_deg).to_rad().value();
            let mut got: Vec<u64> = pixels_within(nside, centre, radius).into_iter().map(|p| p.number()).collect();
            got.sort_unstable();
            let inside = |number: &u64| grid.centre(grid.pixel(*number).unwrap()).separation(centre).value() <= radius;
            prop_assert_eq!(got, (0..grid.n_pixels()).filter(inside).collect::<Vec<_>>());
        }
    }

    #[test]
    fn both_orders_and_parts_lose_the_same_directions() {
        let nside = Nside::new(16).unwrap();
        let (ring, nested) = (Healpix::ring(nside), Healpix::nested(nside).unwrap());
        let ones = vec![1.0; ring.n_pixels() as usize];
        let disc = Disc { centre: SkyPosition::from_deg(200.0, 70.0).unwrap(), radius: Arcmin::new(900.0) };
        let a: HealpixMap<ComptonY> =
            HealpixMap::new(Frame::Galactic, HealpixPixels::full(ring, ones.clone()).unwrap());
        let b: HealpixMap<ComptonY> = HealpixMap::new(Frame::Galactic, HealpixPixels::full(nested, ones).unwrap());
        let (a, b) = (a.without_discs(&[disc]), b.without_discs(&[disc]));
        for number in 0..ring.n_pixels() {
            let position = ring.centre(ring.pixel(number).unwrap());
            assert_eq!(a.nearest(position), b.nearest(position));
        }
        assert!(a.n_valid() < ring.n_pixels() && a.n_valid() == b.n_valid());
    }
}
