//! Weights for bilinear interpolation between pixels.

use super::cell::Place;
use super::direction::{Height, Pole};
use super::grid::TASK_LEN;
use super::rings::pole_distance;
use super::{Healpix, Nside, Ordering, PixelIndex};
use arcmin_units::SkyPosition;
use rayon::prelude::*;
use std::f64::consts::{FRAC_PI_2, PI, TAU};

/// The four pixels around a position with their weights, which are not negative and sum to 1.
///
/// Linear in longitude along the rings above and below the position, then linear in colatitude between them: as
/// `get_interp_weights` of healpy, in its order (above west, above east, below west, below east). Between
/// a pole and the ring of four pixels around it, the value at the pole is the mean of the four.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bilinear<O: Ordering> {
    /// The pixels; two of them may be the same one only at nside 1.
    pub pixels: [PixelIndex<O>; 4],
    /// Their weights.
    pub weights: [f64; 4],
}

impl<O: Ordering> Healpix<O> {
    /// The four pixels whose values make that at a position, and their weights.
    pub fn bilinear(&self, position: SkyPosition) -> Bilinear<O> {
        self.bilinear_at(position.lon().value(), position.lat().value())
    }

    /// The same for many positions, in parallel.
    pub fn bilinear_at_all(&self, positions: &[SkyPosition]) -> Vec<Bilinear<O>> {
        let weights = self.interpolator(positions.len());
        positions.par_iter().with_min_len(TASK_LEN).map(|position| weights.bilinear(*position)).collect()
    }

    /// What [`bilinear`](Self::bilinear) needs, made ready for a number of positions.
    pub fn interpolator(&self, n_positions: usize) -> Interpolator<O> {
        let n = self.nside().value();
        // For a few positions a table of all rings would not pay.
        let n_distances = if n_positions as u64 > 2 * n { 2 * n + 1 } else { 0 };
        Interpolator { grid: *self, distances: (0..n_distances).map(|ring| pole_distance(n, ring)).collect() }
    }

    /// The same in the direction of a unit vector: x towards longitude 0 on the equator, z to the north pole.
    pub fn bilinear_along(&self, [x, y, z]: [f64; 3]) -> Bilinear<O> {
        let lon = y.atan2(x);
        self.bilinear_at(if lon < 0.0 { lon + TAU } else { lon }, z.atan2(x.hypot(y)))
    }

    fn bilinear_at(&self, lon: f64, lat: f64) -> Bilinear<O> {
        let between = Between::around(self.nside(), lat, |ring| pole_distance(self.nside().value(), ring));
        let (places, weights) = between.neighbours(self.nside(), lon);
        Bilinear { pixels: places.map(|place| self.pixel_of_place(place)), weights }
    }
}

/// Makes [`Healpix::bilinear`] of many positions, with the latitudes of the rings from a table.
#[derive(Clone, Debug)]
pub struct Interpolator<O: Ordering> {
    grid: Healpix<O>,
    /// Distance from the nearer pole of rings 0 to 2 nside; empty where it is not worth its while.
    distances: Vec<f64>,
}

impl<O: Ordering> Interpolator<O> {
    /// The four pixels whose values make that at a position, and their weights: the bits of [`Healpix::bilinear`].
    pub fn bilinear(&self, position: SkyPosition) -> Bilinear<O> {
        if self.distances.is_empty() {
            return self.grid.bilinear(position);
        }
        let nside = self.grid.nside();
        let between = Between::around(nside, position.lat().value(), |ring| self.distances[ring as usize]);
        let (places, weights) = between.neighbours(nside, position.lon().value());
        Bilinear { pixels: places.map(|place| self.grid.pixel_of_place(place)), weights }
    }
}

/// The rings above and below a latitude, and how far down the latitude lies between them.
struct Between {
    /// The ring above, 0 where that is the northern pole.
    above: u64,
    /// Share of the ring below (or the southern pole), 0 to 1.
    below_weight: f64,
}

impl Between {
    /// `from_pole` gives the distance in radians of a ring from the nearer pole.
    fn around(nside: Nside, lat: f64, from_pole: impl Fn(u64) -> f64) -> Self {
        let above = ring_above(nside, lat);
        let north_distance = |ring| north_distance(nside, ring, &from_pole);
        let [distance, of_above, of_below] = match lat >= 0.0 {
            // From the nearer pole, where distances are precise.
            true => [FRAC_PI_2 - lat, north_distance(above), north_distance(above + 1)],
            false => {
                let last = 4 * nside.value();
                [FRAC_PI_2 + lat, north_distance(last - above), north_distance(last - above - 1)]
            }
        };
        let below_weight = ((distance - of_above) / (of_below - of_above)).clamp(0.0, 1.0);
        Self { above, below_weight }
    }

    fn neighbours(&self, nside: Nside, lon: f64) -> ([Place; 4], [f64; 4]) {
        let below = self.above + 1;
        let (above_weight, below_weight) = (1.0 - self.below_weight, self.below_weight);
        if self.above == 0 {
            let ([west, east], [a, b]) = neighbours_on(nside, below, lon);
            let pole = 0.25 * above_weight;
            let weights = [pole, pole, a * below_weight + pole, b * below_weight + pole];
            return ([opposite(west), opposite(east), west, east], weights);
        }
        let ([west, east], [a, b]) = neighbours_on(nside, self.above, lon);
        if self.above == nside.n_rings() {
            let pole = 0.25 * below_weight;
            let weights = [a * above_weight + pole, b * above_weight + pole, pole, pole];
            return ([west, east, opposite(west), opposite(east)], weights);
        }
        let ([south_west, south_east], [c, d]) = neighbours_on(nside, below, lon);
        let weights = [a * above_weight, b * above_weight, c * below_weight, d * below_weight];
        ([west, east, south_west, south_east], weights)
    }
}

/// The last ring that does not lie south of a latitude; 0 for the northern pole.
pub(super) fn ring_above(nside: Nside, lat: f64) -> u64 {
    let n = nside.value();
    let scale = n as f64;
    match Height::of_latitude(lat) {
        Height::Belt { z } => (scale * (2.0 - 1.5 * z)) as u64,
        Height::Cap { pole: Pole::North, sigma } => ((scale * sigma) as u64).min(n),
        Height::Cap { pole: Pole::South, sigma } => 4 * n - 1 - ((scale * sigma) as u64).min(n),
    }
}

/// Distance in radians of a ring from the northern pole; the poles themselves stand for the rings 0 and 4 nside.
fn north_distance(nside: Nside, ring: u64, from_pole: impl Fn(u64) -> f64) -> f64 {
    let n = nside.value();
    if ring <= 2 * n { from_pole(ring) } else { PI - from_pole(4 * n - ring) }
}

/// The pixels west and east of a longitude on one ring, and their weights.
fn neighbours_on(nside: Nside, ring: u64, lon: f64) -> ([Place; 2], [f64; 2]) {
    let (quarter, is_shifted) = nside.ring_layout(ring);
    let n_pixels = 4 * quarter;
    let along = lon * (n_pixels as f64 / TAU) - if is_shifted { 0.5 } else { 0.0 };
    let west = along.floor();
    let east_weight = along - west;
    // Just before the meridian the western neighbour is the ring's last pixel, or rounding has reached the first.
    // (A longitude is below a full turn, so that one step back is enough: a remainder would take longer than all else.)
    let west = match west as i64 {
        -1 => n_pixels - 1,
        west if west as u64 >= n_pixels => west as u64 - n_pixels,
        west => west as u64,
    };
    let east = if west + 1 < n_pixels { west + 1 } else { 0 };
    ([Place { ring, at: west }, Place { ring, at: east }], [1.0 - east_weight, east_weight])
}

/// The pixel across the pole on a ring of four.
fn opposite(place: Place) -> Place {
    Place { ring: place.ring, at: (place.at + 2) % 4 }
}
