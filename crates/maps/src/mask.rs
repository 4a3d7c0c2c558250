//! Which pixels count.

use crate::{Error, Geometry};

/// One flag a pixel: true where the pixel may be used.
#[derive(Clone, Debug, PartialEq)]
pub struct Mask {
    geometry: Geometry,
    valid: Vec<bool>,
}

impl Mask {
    /// Builds a mask from flags `[y, x]`, true where the pixel is valid.
    ///
    /// # Errors
    /// [`Error::PixelCount`] when the array does not fit the geometry.
    pub fn new(geometry: Geometry, valid: Vec<bool>) -> Result<Self, Error> {
        if valid.len() != geometry.shape().n_pixels() {
            return Err(Error::PixelCount { shape: geometry.shape(), got: valid.len() });
        }
        Ok(Self { geometry, valid })
    }

    /// A mask that lets every pixel through.
    pub fn all_valid(geometry: Geometry) -> Self {
        let valid = vec![true; geometry.shape().n_pixels()];
        Self { geometry, valid }
    }

    /// Where the pixels lie.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// Flags `[y, x]`, true where valid.
    pub fn valid(&self) -> &[bool] {
        &self.valid
    }

    /// Flags `[y, x]` to change in place.
    pub fn valid_mut(&mut self) -> &mut [bool] {
        &mut self.valid
    }

    /// Number of valid pixels.
    pub fn n_valid(&self) -> usize {
        self.valid.iter().filter(|&&v| v).count()
    }

    /// Area of the valid pixels in square degrees, by the pixel area at the reference point.
    pub fn area_deg2(&self) -> f64 {
        let pixel_deg = self.geometry.pixel_size().to_deg().value();
        self.n_valid() as f64 * pixel_deg * pixel_deg
    }
}
