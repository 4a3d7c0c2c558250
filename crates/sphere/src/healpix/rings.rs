//! The rings of equal latitude.

use super::Nside;
use std::f64::consts::{FRAC_PI_2, PI};

/// One ring of pixels of equal latitude (G05 section 5.1).
///
/// Pixel `k` of the ring lies at longitude `phi_first + 2 pi k / n_pixels`, and its number in ring order is
/// `first_pixel + k`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RingGeometry {
    /// Number of the ring from the north, 1 to 4 nside - 1.
    pub ring: u64,
    /// z = cos theta of the pixels' centres.
    pub z: f64,
    /// sin theta, precise at the poles too.
    pub sin_theta: f64,
    /// Longitude of the first pixel's centre in radians.
    pub phi_first: f64,
    /// Pixels on the ring.
    pub n_pixels: u64,
    /// Number of the first pixel in ring order.
    pub first_pixel: u64,
}

impl RingGeometry {
    /// Colatitude in radians, precise at the poles too.
    pub fn theta(&self) -> f64 {
        self.sin_theta.atan2(self.z)
    }

    /// Whether the first pixel lies half a pixel east of the meridian (true) or on it.
    pub fn is_shifted(&self) -> bool {
        self.phi_first > 0.0
    }
}

impl Nside {
    /// The ring of number `ring`, counted from 1 at the north.
    ///
    /// # Panics
    /// When there is no such ring.
    pub fn ring(self, ring: u64) -> RingGeometry {
        let n = self.value();
        assert!((1..=self.n_rings()).contains(&ring), "ring {ring} of nside {n}");
        // Counted from the nearer pole: both hemispheres get the same bits.
        let (abs_z, sin_theta) = height(n, ring.min(4 * n - ring));
        let (quarter, is_shifted) = self.ring_layout(ring);
        let n_pixels = 4 * quarter;
        RingGeometry {
            ring,
            z: if ring <= 2 * n { abs_z } else { -abs_z },
            sin_theta,
            phi_first: if is_shifted { PI / n_pixels as f64 } else { 0.0 },
            n_pixels,
            first_pixel: self.first_pixel(ring),
        }
    }

    /// All rings from north to south.
    pub fn rings(self) -> impl ExactSizeIterator<Item = RingGeometry> + Clone {
        (0..self.n_rings() as usize).map(move |i| self.ring(i as u64 + 1))
    }

    /// Pixels of a ring in a quarter of the sky, and whether the first lies half a pixel east of the meridian.
    pub(super) fn ring_layout(self, ring: u64) -> (u64, bool) {
        let n = self.value();
        let quarter = ring.min(4 * n - ring).min(n);
        (quarter, quarter < n || (ring + n).is_multiple_of(2))
    }

    /// Number in ring order of a ring's first pixel.
    pub(super) fn first_pixel(self, ring: u64) -> u64 {
        let n = self.value();
        if ring < n {
            2 * ring * (ring - 1)
        } else if ring <= 3 * n {
            self.n_cap() + 4 * n * (ring - n)
        } else {
            let below = 4 * n - ring;
            self.n_pixels() - 2 * below * (below + 1)
        }
    }

    /// The ring, counted from 1, on which a pixel of the ring order lies.
    pub(super) fn ring_of_pixel(self, pixel: u64) -> u64 {
        let n = self.value();
        if pixel < self.n_cap() {
            cap_ring(pixel)
        } else if pixel < self.n_pixels() - self.n_cap() {
            n + (pixel - self.n_cap()) / (4 * n)
        } else {
            4 * n - cap_ring(self.n_pixels() - 1 - pixel)
        }
    }
}

/// |z| and sin theta of the ring `i` from the nearer pole (G05 Eqs. 4 and 8).
fn height(nside: u64, i: u64) -> (f64, f64) {
    let n = nside as f64;
    if i < nside {
        // 1 - |z| as it stands: |z| itself has lost it near the pole.
        let below_pole = (i * i) as f64 / (3.0 * n * n);
        (1.0 - below_pole, (below_pole * (2.0 - below_pole)).sqrt())
    } else {
        let z = belt_z(nside, i);
        (z, ((1.0 - z) * (1.0 + z)).sqrt())
    }
}

/// |z| of the ring `i` of the belt, counted from the nearer pole (G05 Eq. 8).
pub(super) fn belt_z(nside: u64, i: u64) -> f64 {
    (2 * nside - i) as f64 / (1.5 * nside as f64)
}

/// Colatitude from the nearer pole of ring `i` from it; `sqrt(3 (1 - |z|)) = sqrt 6 sin(theta / 2)` inverted in the cap.
pub(super) fn pole_distance(nside: u64, i: u64) -> f64 {
    let n = nside as f64;
    if i < nside { 2.0 * (i as f64 / (n * 6f64.sqrt())).asin() } else { FRAC_PI_2 - belt_z(nside, i).asin() }
}

/// The ring, counted from the pole, of a pixel counted from it: the largest `i` with `2 i (i - 1) <= pixel`.
fn cap_ring(pixel: u64) -> u64 {
    (2 * pixel + 1).isqrt().div_ceil(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_join_without_gap_and_hold_every_pixel() {
        for nside in [1, 2, 3, 7, 8, 64] {
            let nside = Nside::new(nside).unwrap();
            let mut next = 0;
            for ring in nside.rings() {
                assert_eq!(ring.first_pixel, next, "nside {nside} ring {}", ring.ring);
                next += ring.n_pixels;
                for pixel in [ring.first_pixel, next - 1] {
                    assert_eq!(nside.ring_of_pixel(pixel), ring.ring, "nside {nside} pixel {pixel}");
                }
            }
            assert_eq!(next, nside.n_pixels());
        }
    }

    #[test]
    fn the_south_mirrors_the_north_bit_for_bit() {
        let nside = Nside::new(16).unwrap();
        let rings: Vec<RingGeometry> = nside.rings().collect();
        for (north, south) in rings.iter().zip(rings.iter().rev()) {
            assert_eq!((north.z, north.sin_theta, north.phi_first), (-south.z, south.sin_theta, south.phi_first));
        }
        assert_eq!(rings[31].z, 0.0);
    }

    #[test]
    fn heights_are_precise_at_the_poles() {
        let ring = Nside::MAX.ring(1);
        let theta = 2.0 * (1.0 / (f64::from(1 << 29) * 6f64.sqrt())).asin();
        assert!((ring.theta() / theta - 1.0).abs() < 1e-15);
        for nside in [1, 5, 64, 1 << 29].map(|n| Nside::new(n).unwrap()) {
            let n = nside.value();
            for i in [1, n / 2, n - 1, n, n + 1, 2 * n].into_iter().filter(|&i| (1..=2 * n).contains(&i)) {
                let ring = nside.ring(i);
                assert!((ring.z.powi(2) + ring.sin_theta.powi(2) - 1.0).abs() < 4e-16);
                assert!((pole_distance(n, i) - ring.theta()).abs() < 4e-16, "nside {n} ring {i}");
            }
        }
    }

    /// healpy 1.20.1 `ringinfo`: ring, first pixel, pixels, cos theta, sin theta, shifted, of nside 8.
    #[test]
    fn rings_agree_with_healpy() {
        let nside = Nside::new(8).unwrap();
        for (i, first_pixel, n_pixels, z, sin_theta, shifted) in RINGS_OF_8 {
            let ring = nside.ring(i);
            assert_eq!((ring.first_pixel, ring.n_pixels, ring.is_shifted()), (first_pixel, n_pixels, shifted));
            assert!((ring.z - z).abs() < 1e-15 && (ring.sin_theta - sin_theta).abs() < 1e-15, "ring {i}");
        }
    }

    const RINGS_OF_8: [(u64, u64, u64, f64, f64, bool); 10] = [
        (1, 0, 4, 0.9947916666666666, 0.10192909266031733, true),
        (2, 4, 8, 0.9791666666666666, 0.2030582155168534, true),
        (7, 84, 28, 0.7447916666666667, 0.667297065229489, true),
        (8, 112, 32, 0.6666666666666666, 0.7453559924999299, true),
        (9, 144, 32, 0.5833333333333333, 0.8122328620674137, false),
        (16, 368, 32, 0.0, 1.0, true),
        (17, 400, 32, -0.08333333333333333, 0.9965217285917831, false),
        (24, 624, 32, -0.6666666666666666, 0.7453559924999299, true),
        (25, 656, 28, -0.7447916666666667, 0.667297065229489, true),
        (31, 764, 4, -0.9947916666666666, 0.10192909266031733, true),
    ];
}
