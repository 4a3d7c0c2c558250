//! A map: pixels, their unit and where they lie.

use crate::{Error, Geometry};
use arcmin_units::PixelUnit;
use std::marker::PhantomData;

/// An image in the unit `U` over a [`Geometry`]; pixels `[y, x]`, row-major, `f32`.
#[derive(Clone, Debug, PartialEq)]
pub struct Map<U: PixelUnit> {
    geometry: Geometry,
    pixels: Vec<f32>,
    unit: PhantomData<U>,
}

impl<U: PixelUnit> Map<U> {
    /// Builds a map from pixels `[y, x]`.
    ///
    /// # Errors
    /// [`Error::PixelCount`] when the array does not fit the geometry.
    pub fn new(geometry: Geometry, pixels: Vec<f32>) -> Result<Self, Error> {
        if pixels.len() != geometry.shape().n_pixels() {
            return Err(Error::PixelCount { shape: geometry.shape(), got: pixels.len() });
        }
        Ok(Self { geometry, pixels, unit: PhantomData })
    }

    /// A map of zeros.
    pub fn zeros(geometry: Geometry) -> Self {
        let pixels = vec![0.0; geometry.shape().n_pixels()];
        Self { geometry, pixels, unit: PhantomData }
    }

    /// Where the pixels lie.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// Pixels `[y, x]`, row-major.
    pub fn pixels(&self) -> &[f32] {
        &self.pixels
    }

    /// Pixels `[y, x]`, row-major, to change in place.
    pub fn pixels_mut(&mut self) -> &mut [f32] {
        &mut self.pixels
    }

    /// Gives the pixels away.
    pub fn into_pixels(self) -> Vec<f32> {
        self.pixels
    }
}
