//! Which rings of the sphere are transformed.

use crate::{Error, Nside, RingGeometry};
use std::ops::RangeInclusive;

/// How much of each ring is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sector {
    /// All longitudes.
    Whole,
    /// Pixels whose centre lies at 0 <= phi < 90 deg.
    FirstQuadrant,
}

/// A run of HEALPix rings, whole or cut to a quadrant; its pixels lie ring after ring in one array.
///
/// ```
/// use arcmin_sphere::{Nside, harmonics::RingRegion};
/// let octant = RingRegion::octant(Nside::new(64)?);
/// assert_eq!(octant.n_pixels(), 12 * 64 * 64 / 8 + 32); // the equator belongs to it
/// # Ok::<(), arcmin_sphere::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingRegion {
    nside: Nside,
    rings: RangeInclusive<u64>,
    sector: Sector,
}

impl RingRegion {
    /// Every pixel.
    pub fn full_sky(nside: Nside) -> Self {
        Self { nside, rings: 1..=nside.n_rings(), sector: Sector::Whole }
    }

    /// The rings at 0 <= latitude <= 90 deg.
    pub fn northern_half(nside: Nside) -> Self {
        Self { nside, rings: 1..=2 * nside.value(), sector: Sector::Whole }
    }

    /// Pixels at 0 <= longitude < 90 deg and 0 <= latitude <= 90 deg.
    pub fn octant(nside: Nside) -> Self {
        Self { sector: Sector::FirstQuadrant, ..Self::northern_half(nside) }
    }

    /// Whole rings from number `rings.start()` to `rings.end()`, counted from 1 at the north.
    ///
    /// # Errors
    /// [`Error::BadRings`] when they do not exist.
    pub fn rings(nside: Nside, rings: RangeInclusive<u64>) -> Result<Self, Error> {
        if rings.is_empty() || *rings.start() < 1 || *rings.end() > nside.n_rings() {
            return Err(Error::BadRings { first: *rings.start(), last: *rings.end(), nside });
        }
        Ok(Self { nside, rings, sector: Sector::Whole })
    }

    /// Resolution of the grid.
    pub fn nside(&self) -> Nside {
        self.nside
    }

    /// How much of each ring is kept.
    pub fn sector(&self) -> Sector {
        self.sector
    }

    /// Number of pixels.
    pub fn n_pixels(&self) -> usize {
        self.iter().map(|ring| self.len_on(&ring)).sum()
    }

    /// The rings from north to south.
    pub fn iter(&self) -> impl Iterator<Item = RingGeometry> + '_ {
        self.rings.clone().map(|ring| self.nside.ring(ring))
    }

    /// Numbers of the first and last ring.
    pub fn ring_numbers(&self) -> RangeInclusive<u64> {
        self.rings.clone()
    }

    /// Pixels of a ring that are kept: its first ones.
    pub fn len_on(&self, ring: &RingGeometry) -> usize {
        match self.sector {
            Sector::Whole => ring.n_pixels as usize,
            Sector::FirstQuadrant => ring.n_pixels as usize / 4,
        }
    }

    /// Numbers of the pixels in ring order, as the region's arrays hold them: increasing.
    pub fn pixels(&self) -> impl Iterator<Item = u64> + '_ {
        self.iter().flat_map(|ring| ring.first_pixel..ring.first_pixel + self.len_on(&ring) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::{FRAC_PI_2, PI};

    #[test]
    fn the_octant_holds_the_centres_that_it_promises() {
        for nside in [1, 2, 3, 8, 10].map(|n| Nside::new(n).unwrap()) {
            let octant: Vec<u64> = RingRegion::octant(nside).pixels().collect();
            let mut expected = Vec::new();
            for ring in nside.rings().filter(|ring| ring.z >= 0.0) {
                for k in 0..ring.n_pixels {
                    let phi = ring.phi_first + 2.0 * PI * k as f64 / ring.n_pixels as f64;
                    if phi < FRAC_PI_2 - 1e-12 {
                        expected.push(ring.first_pixel + k);
                    }
                }
            }
            assert_eq!(octant, expected, "nside {nside}");
            assert_eq!(octant.len(), RingRegion::octant(nside).n_pixels());
        }
    }

    #[test]
    fn rings_that_do_not_exist_are_refused() {
        let nside = Nside::new(4).unwrap();
        for rings in [0..=3, 3..=16, RangeInclusive::new(5, 4)] {
            assert!(matches!(RingRegion::rings(nside, rings), Err(Error::BadRings { .. })));
        }
        assert_eq!(RingRegion::rings(nside, 1..=15).unwrap(), RingRegion::full_sky(nside));
    }
}
