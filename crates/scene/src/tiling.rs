//! Where on the sky the tiles lie.
//!
//! Square gnomonic tiles stand in rings of constant declination. The first ring is centred on the equator; the next
//! one stands as low as its tiles' lowest corners allow, and the southern rings mirror the northern ones. In each
//! ring stand as many tiles as their widest edge, the one towards the pole, lets fit. So no two tiles overlap, and
//! some 90% of the sky is in use, save caps about the poles. Tiles are numbered by a golden-ratio stride through the
//! rings, which spreads the first few over the whole sky.

use arcmin_units::{Radian, SkyPosition};
use std::f64::consts::{FRAC_PI_2, TAU};

/// Centres of all tiles of one size that fit on the sky.
#[derive(Clone, Debug)]
pub(crate) struct Tiling {
    centres: Vec<SkyPosition>,
}

impl Tiling {
    /// Lays out square tiles whose half side is `half` in the tangent plane (half the pixels times the pixel size).
    pub(crate) fn new(half: Radian) -> Self {
        let half = half.value();
        let mut centres = ring(0.0, half);
        let mut top = half.atan();
        while let Some(dec) = next_ring(top, half) {
            centres.extend(ring(dec, half));
            centres.extend(ring(-dec, half));
            top = dec + half.atan();
        }
        Self { centres }
    }

    /// Number of tiles.
    pub(crate) fn len(&self) -> usize {
        self.centres.len()
    }

    /// Centre of one tile, `None` beyond the last.
    pub(crate) fn centre(&self, number: usize) -> Option<SkyPosition> {
        let len = self.centres.len();
        (number < len).then(|| self.centres[(number * golden_stride(len)) % len])
    }
}

/// A stride near `len` over the golden ratio that visits every number below `len`.
fn golden_stride(len: usize) -> usize {
    let near = (len as f64 * 0.618_033_988_749_894_9).round().max(1.0) as usize;
    (near..).find(|&stride| gcd(stride, len) == 1).expect("a prime above len is coprime to it")
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Tile centres at one declination, evenly spaced in right ascension.
fn ring(dec: f64, half: f64) -> Vec<SkyPosition> {
    let half_lon = half.atan2(dec.cos() - half * dec.abs().sin());
    let count = (TAU / (2.0 * half_lon)).floor().max(1.0) as usize;
    let centre = |idx| SkyPosition::new(Radian::new(TAU * (idx as f64 + 0.5) / count as f64), Radian::new(dec));
    (0..count).map(|idx| centre(idx).expect("rings lie between the poles")).collect()
}

/// Lowest declination of a northern ring whose tiles stay above `bottom`, `None` when they would reach the pole.
fn next_ring(bottom: f64, half: f64) -> Option<f64> {
    let (mut low, mut high) = (bottom, FRAC_PI_2);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if lowest(middle, half) < bottom { low = middle } else { high = middle }
    }
    (high + half.atan() < FRAC_PI_2 && lowest(high, half) >= bottom).then_some(high)
}

/// Lowest declination of a tile centred at `dec` in the north: that of its southern edge's middle or corners.
fn lowest(dec: f64, half: f64) -> f64 {
    let height = dec.sin() - half * dec.cos();
    let at = |u: f64| (height / (1.0 + half * half + u * u).sqrt()).asin();
    at(0.0).min(at(half))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arcmin_maps::{Geometry, PixelPosition, Shape};
    use arcmin_units::Arcmin;
    use proptest::prelude::*;

    const SIDE: usize = 16;

    fn overlaps(geometry: &Geometry, other: &Geometry) -> bool {
        let edge = |k: usize| -0.499_999 + k as f64 * (SIDE as f64 - 2e-6) / 24.0;
        let points = (0..25).flat_map(|i| (0..25).map(move |k| PixelPosition { x: edge(i), y: edge(k) }));
        let inside = |v: f64| v > -0.5 && v < SIDE as f64 - 0.5;
        points.filter_map(|p| other.sky_to_pix(geometry.pix_to_sky(p)?)).any(|p| inside(p.x) && inside(p.y))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn tiles_do_not_overlap(side_deg in 5.0..40.0f64) {
            let pixel = Arcmin::new(side_deg * 60.0 / SIDE as f64);
            let half = Radian::new(0.5 * SIDE as f64 * pixel.to_rad().value());
            let tiling = Tiling::new(half);
            let shape = Shape { ny: SIDE, nx: SIDE };
            let tile = |n| Geometry::tile(tiling.centre(n).unwrap(), shape, pixel).unwrap();
            let tiles: Vec<_> = (0..tiling.len()).map(tile).collect();
            for (i, a) in tiles.iter().enumerate() {
                let reach = 4.0 * half.value();
                for (k, b) in tiles.iter().enumerate() {
                    let near = tiling.centre(i).unwrap().separation(tiling.centre(k).unwrap()).value() < reach;
                    prop_assert!(i == k || !near || !overlaps(a, b), "tiles {i} and {k} of {side_deg} deg");
                }
            }
        }
    }

    #[test]
    fn most_of_the_sky_is_used_and_every_centre_once() {
        let half = Arcmin::new(0.25 * 1024.0).to_rad();
        let tiling = Tiling::new(half);
        let area_deg2 = tiling.len() as f64 * (512.0f64 / 60.0).powi(2);
        assert!(area_deg2 / 41_253.0 > 0.8, "{} tiles", tiling.len());
        let mut seen: Vec<_> = (0..tiling.len()).map(|n| tiling.centre(n).unwrap()).collect();
        seen.sort_by(|a, b| (a.lat_deg(), a.lon_deg()).partial_cmp(&(b.lat_deg(), b.lon_deg())).unwrap());
        assert!(seen.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(tiling.centre(tiling.len()).is_none());
    }
}
