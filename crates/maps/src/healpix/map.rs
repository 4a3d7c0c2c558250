//! A map of the sphere.

use super::{HealpixOrdering, HealpixPixels};
use crate::Interpolation;
use arcmin_sphere::healpix::{Nested, Nside, Ring};
use arcmin_units::{Frame, PixelUnit, SkyPosition};
use rayon::prelude::*;
use std::marker::PhantomData;

/// A map in the unit `U` on a HEALPix grid, full-sky or in part, its missing pixels known.
#[derive(Clone, Debug)]
pub struct HealpixMap<U: PixelUnit> {
    frame: Frame,
    pixels: OrderedPixels,
    unit: PhantomData<U>,
}

/// Pixels in either order.
#[derive(Clone, Debug)]
pub enum OrderedPixels {
    /// Ring by ring.
    Ring(HealpixPixels<Ring>),
    /// Along the space-filling curve.
    Nested(HealpixPixels<Nested>),
}

/// Does the same with the pixels of either order.
macro_rules! with_pixels {
    ($ordered:expr, $pixels:ident => $body:expr) => {
        match $ordered {
            OrderedPixels::Ring($pixels) => $body,
            OrderedPixels::Nested($pixels) => $body,
        }
    };
}

impl From<HealpixPixels<Ring>> for OrderedPixels {
    fn from(pixels: HealpixPixels<Ring>) -> Self {
        OrderedPixels::Ring(pixels)
    }
}

impl From<HealpixPixels<Nested>> for OrderedPixels {
    fn from(pixels: HealpixPixels<Nested>) -> Self {
        OrderedPixels::Nested(pixels)
    }
}

/// Positions that one task samples.
const TASK_LEN: usize = 4096;

impl<U: PixelUnit> HealpixMap<U> {
    /// A map of pixels whose positions are in this frame.
    pub fn new(frame: Frame, pixels: impl Into<OrderedPixels>) -> Self {
        Self { frame, pixels: pixels.into(), unit: PhantomData }
    }

    /// Frame of the positions.
    pub fn frame(&self) -> Frame {
        self.frame
    }

    /// Resolution.
    pub fn nside(&self) -> Nside {
        with_pixels!(&self.pixels, pixels => pixels.grid().nside())
    }

    /// Order in which the pixels lie.
    pub fn ordering(&self) -> HealpixOrdering {
        match self.pixels {
            OrderedPixels::Ring(_) => HealpixOrdering::Ring,
            OrderedPixels::Nested(_) => HealpixOrdering::Nested,
        }
    }

    /// The pixels, with their order as a type.
    pub fn pixels(&self) -> &OrderedPixels {
        &self.pixels
    }

    pub(super) fn pixels_mut(&mut self) -> &mut OrderedPixels {
        &mut self.pixels
    }

    /// How many pixels have a value.
    pub fn n_valid(&self) -> u64 {
        with_pixels!(&self.pixels, pixels => pixels.n_valid())
    }

    /// Share of the sphere that has values.
    pub fn sky_frac(&self) -> f64 {
        self.n_valid() as f64 / self.nside().n_pixels() as f64
    }

    /// The value of the pixel that holds a position of the map's frame; `None` when it is missing.
    pub fn nearest(&self, position: SkyPosition) -> Option<f32> {
        with_pixels!(&self.pixels, pixels => pixels.nearest(position))
    }

    /// The value between the four pixels around a position of the map's frame; `None` when one that has weight is
    /// missing.
    pub fn bilinear(&self, position: SkyPosition) -> Option<f32> {
        with_pixels!(&self.pixels, pixels => pixels.bilinear(position))
    }

    /// Values at many positions of the map's frame, in parallel; each is what [`nearest`](Self::nearest) or
    /// [`bilinear`](Self::bilinear) gives.
    pub fn sample(&self, positions: &[SkyPosition], interpolation: Interpolation) -> Vec<Option<f32>> {
        let mut values = vec![None; positions.len()];
        let pieces = values.par_chunks_mut(TASK_LEN).zip(positions.par_chunks(TASK_LEN));
        with_pixels!(&self.pixels, pixels => match interpolation {
            Interpolation::Nearest => pieces.for_each(|(values, positions)| {
                values.iter_mut().zip(positions).for_each(|(value, position)| *value = pixels.nearest(*position));
            }),
            Interpolation::Bilinear => {
                let weights = pixels.grid().interpolator(positions.len());
                pieces.for_each(|(values, positions)| pixels.bilinear_into(&weights, positions, values));
            }
        });
        values
    }

    /// The same map with every value times a factor.
    pub fn scaled(mut self, factor: f32) -> Self {
        with_pixels!(&mut self.pixels, pixels => pixels.raw_mut().par_iter_mut().for_each(|value| *value *= factor));
        self
    }
}
