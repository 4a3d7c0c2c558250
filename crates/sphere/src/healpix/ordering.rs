//! The two orders in which pixels are counted, as types.

use super::cell::{Cell, Lines, Place};
use super::{Error, Nside};
use std::fmt;
use std::marker::PhantomData;

/// Pixels counted ring by ring from the north, eastwards on each: good for harmonic transforms; any nside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ring;

/// Pixels counted along a space-filling curve in each base pixel, so that neighbours lie together in memory; nside is a
/// power of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nested;

/// An order of pixels: [`Ring`] or [`Nested`], and no other.
pub trait Ordering:
    numbering::Numbering + Copy + fmt::Debug + Eq + Ord + std::hash::Hash + Send + Sync + 'static
{
    /// Its name in the `ORDERING` keyword of files.
    const NAME: &'static str;
}

impl Ordering for Ring {
    const NAME: &'static str = "RING";
}

impl Ordering for Nested {
    const NAME: &'static str = "NESTED";
}

/// How an order counts; out of reach, so that there are no further orders.
pub(super) mod numbering {
    use super::{Error, Lines, Nside, Place};

    pub trait Numbering {
        #[doc(hidden)]
        fn check(nside: Nside) -> Result<(), Error>;
        #[doc(hidden)]
        fn of_lines(nside: Nside, lines: Lines) -> u64;
        #[doc(hidden)]
        fn of_place(nside: Nside, place: Place) -> u64;
        #[doc(hidden)]
        fn place(nside: Nside, pixel: u64) -> Place;
    }
}

impl numbering::Numbering for Ring {
    fn check(_: Nside) -> Result<(), Error> {
        Ok(())
    }

    fn of_lines(nside: Nside, lines: Lines) -> u64 {
        lines.place(nside).ring_number(nside)
    }

    fn of_place(nside: Nside, place: Place) -> u64 {
        place.ring_number(nside)
    }

    fn place(nside: Nside, pixel: u64) -> Place {
        Place::of_ring_number(nside, pixel)
    }
}

/// log2 of a resolution that was checked when the grid was made.
fn order(nside: Nside) -> u32 {
    nside.value().trailing_zeros()
}

impl numbering::Numbering for Nested {
    fn check(nside: Nside) -> Result<(), Error> {
        nside.order().map(|_| ()).ok_or(Error::NotPowerOfTwo { nside: nside.value() })
    }

    fn of_lines(nside: Nside, lines: Lines) -> u64 {
        lines.cell(nside).nested(order(nside))
    }

    fn of_place(nside: Nside, place: Place) -> u64 {
        place.cell(nside).nested(order(nside))
    }

    fn place(nside: Nside, pixel: u64) -> Place {
        Cell::of_nested(order(nside), pixel).place(nside)
    }
}

/// The number of a pixel in the order `O`, from 0; numbers of different orders do not mix.
///
/// ```compile_fail
/// use arcmin_sphere::healpix::{Healpix, Nside, PixelIndex, Ring};
/// let nested = Healpix::nested(Nside::new(64)?)?;
/// let pixel = PixelIndex::<Ring>::new(7);
/// nested.centre(pixel); // this would be the centre of quite another pixel
/// # Ok::<(), arcmin_sphere::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PixelIndex<O: Ordering> {
    number: u64,
    ordering: PhantomData<O>,
}

impl<O: Ordering> PixelIndex<O> {
    /// Takes a number for that of a pixel in this order.
    pub const fn new(number: u64) -> Self {
        Self { number, ordering: PhantomData }
    }

    /// The bare number.
    pub const fn number(self) -> u64 {
        self.number
    }
}

impl<O: Ordering> fmt::Display for PixelIndex<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.number, O::NAME)
    }
}
