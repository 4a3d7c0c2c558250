//! HEALPix pixels as a [`SkyGrid`].

use super::{HealpixPixels, OrderedPixels};
use crate::sampling::{Around, SkyGrid};
use crate::vector::{Matrix, Vector};
use arcmin_sphere::healpix::{Bilinear, Nested, Ordering, PixelIndex, Ring};
use arcmin_units::Frame;

/// The pixels of a map in the order `O`; their indices are places in its array of values.
pub(crate) struct HealpixGrid<'a, O: Ordering> {
    frame: Frame,
    pixels: &'a HealpixPixels<O>,
}

/// A grid in either order.
pub(crate) enum OrderedGrid<'a> {
    Ring(HealpixGrid<'a, Ring>),
    Nested(HealpixGrid<'a, Nested>),
}

impl<'a> OrderedGrid<'a> {
    pub(crate) fn new(frame: Frame, pixels: &'a OrderedPixels) -> Self {
        match pixels {
            OrderedPixels::Ring(pixels) => OrderedGrid::Ring(HealpixGrid { frame, pixels }),
            OrderedPixels::Nested(pixels) => OrderedGrid::Nested(HealpixGrid { frame, pixels }),
        }
    }

    /// True when both have the same pixels in the same places.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (OrderedGrid::Ring(a), OrderedGrid::Ring(b)) => a.is_same(b),
            (OrderedGrid::Nested(a), OrderedGrid::Nested(b)) => a.is_same(b),
            _ => false,
        }
    }
}

impl<O: Ordering> HealpixGrid<'_, O> {
    fn is_same(&self, other: &Self) -> bool {
        let same_runs = match (self.pixels.covered(), other.pixels.covered()) {
            (None, None) => true,
            (Some(a), Some(b)) => a.runs().eq(b.runs()),
            _ => false,
        };
        self.frame == other.frame && self.pixels.grid().nside() == other.pixels.grid().nside() && same_runs
    }

    fn slot(&self, pixel: PixelIndex<O>) -> Option<usize> {
        self.pixels.slot(pixel)
    }
}

impl<O: Ordering> SkyGrid for HealpixGrid<'_, O> {
    fn frame(&self) -> Frame {
        self.frame
    }

    fn axes(&self) -> Matrix {
        Matrix::IDENTITY
    }

    fn nearest(&self, v: Vector) -> Option<usize> {
        self.slot(self.pixels.grid().pixel_along(v))
    }

    fn around(&self, v: Vector) -> Option<Around> {
        let Bilinear { pixels, weights } = self.pixels.grid().bilinear_along(v);
        let mut around = Around { pixels: [0; 4], weights };
        for ((slot, pixel), weight) in around.pixels.iter_mut().zip(pixels).zip(weights) {
            if weight != 0.0 {
                *slot = self.slot(pixel)?;
            }
        }
        Some(around)
    }
}
