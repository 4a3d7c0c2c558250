//! The grid: from directions to pixels and back.

use super::cell::{Lines, Place};
use super::direction::Direction;
use super::{Error, Nested, Nside, Ordering, PixelIndex, Ring};
use arcmin_units::{Radian, SkyPosition};
use rayon::prelude::*;
use std::f64::consts::{FRAC_PI_2, FRAC_PI_4};
use std::marker::PhantomData;

/// Positions that one task takes.
pub(super) const TASK_LEN: usize = 4096;

/// The HEALPix grid of one resolution, its pixels counted in the order `O`.
///
/// ```
/// use arcmin_sphere::healpix::{Healpix, Nside};
/// use arcmin_units::SkyPosition;
/// let nested = Healpix::nested(Nside::new(64)?)?;
/// let position = SkyPosition::from_deg(10.0, -40.0).unwrap();
/// let pixel = nested.pixel_at(position);
/// assert!(nested.centre(pixel).separation(position).to_arcmin().value() < 55.0);
/// assert_eq!(nested.from_ring(nested.to_ring(pixel)), pixel);
/// # Ok::<(), arcmin_sphere::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Healpix<O: Ordering> {
    nside: Nside,
    ordering: PhantomData<O>,
}

impl Healpix<Ring> {
    /// The grid in ring order.
    pub fn ring(nside: Nside) -> Self {
        Self { nside, ordering: PhantomData }
    }
}

impl Healpix<Nested> {
    /// The grid in nested order.
    ///
    /// # Errors
    /// [`Error::NotPowerOfTwo`].
    pub fn nested(nside: Nside) -> Result<Self, Error> {
        Self::new(nside)
    }

    /// The number in ring order of the same pixel.
    pub fn to_ring(&self, pixel: PixelIndex<Nested>) -> PixelIndex<Ring> {
        PixelIndex::new(self.place(pixel).ring_number(self.nside))
    }

    /// The number in nested order of the same pixel.
    pub fn from_ring(&self, pixel: PixelIndex<Ring>) -> PixelIndex<Nested> {
        self.pixel_of_place(Place::of_ring_number(self.nside, pixel.number()))
    }
}

impl<O: Ordering> Healpix<O> {
    /// The grid in the order `O`.
    ///
    /// # Errors
    /// [`Error::NotPowerOfTwo`] for the nested order.
    pub fn new(nside: Nside) -> Result<Self, Error> {
        O::check(nside)?;
        Ok(Self { nside, ordering: PhantomData })
    }

    /// Its resolution.
    pub fn nside(&self) -> Nside {
        self.nside
    }

    /// Pixels on the sphere.
    pub fn n_pixels(&self) -> u64 {
        self.nside.n_pixels()
    }

    /// The pixel of this number, if there is one.
    pub fn pixel(&self, number: u64) -> Option<PixelIndex<O>> {
        (number < self.n_pixels()).then(|| PixelIndex::new(number))
    }

    /// The pixel that holds a position (G05 section 5).
    pub fn pixel_at(&self, position: SkyPosition) -> PixelIndex<O> {
        self.pixel_towards(&Direction::of_position(position))
    }

    /// The pixel that holds the direction of a unit vector: x towards longitude 0 on the equator, z to the north pole.
    ///
    /// Saves two conversions where directions come out of a rotation.
    pub fn pixel_along(&self, unit_vector: [f64; 3]) -> PixelIndex<O> {
        self.pixel_towards(&Direction::of_vector(unit_vector))
    }

    /// The pixels of many positions, in parallel.
    pub fn pixels_at_all(&self, positions: &[SkyPosition]) -> Vec<PixelIndex<O>> {
        positions.par_iter().with_min_len(TASK_LEN).map(|position| self.pixel_at(*position)).collect()
    }

    fn pixel_towards(&self, direction: &Direction) -> PixelIndex<O> {
        PixelIndex::new(O::of_lines(self.nside, Lines::around(self.nside, direction)))
    }

    /// The centre of a pixel.
    ///
    /// # Panics
    /// When the grid has no such pixel.
    pub fn centre(&self, pixel: PixelIndex<O>) -> SkyPosition {
        assert!(pixel.number() < self.n_pixels(), "pixel {pixel} of nside {}", self.nside);
        let Place { ring, at } = self.place(pixel);
        let (lon, lat) = (self.nside.lon_in_ring(ring, at), self.nside.ring_lat(ring));
        SkyPosition::new(Radian::new(lon), Radian::new(lat)).expect("centres of pixels are on the sky")
    }

    pub(super) fn place(&self, pixel: PixelIndex<O>) -> Place {
        O::place(self.nside, pixel.number())
    }

    pub(super) fn pixel_of_place(&self, place: Place) -> PixelIndex<O> {
        PixelIndex::new(O::of_place(self.nside, place))
    }
}

impl Nside {
    /// Longitude of the pixel `at` on a ring, in radians (G05 Eqs. 5 and 9).
    fn lon_in_ring(self, ring: u64, at: u64) -> f64 {
        let (quarter, is_shifted) = self.ring_layout(ring);
        let halves = 2 * at + u64::from(is_shifted);
        halves as f64 / quarter as f64 * FRAC_PI_4
    }

    /// Latitude of a ring in radians.
    pub(super) fn ring_lat(self, ring: u64) -> f64 {
        let n = self.value();
        let from_pole = ring.min(4 * n - ring);
        let lat = if from_pole < n {
            FRAC_PI_2 - super::rings::pole_distance(n, from_pole)
        } else {
            super::rings::belt_z(n, from_pole).asin()
        };
        if ring <= 2 * n { lat } else { -lat }
    }
}
