//! How much each pixel counts.

use crate::{Error, Geometry, Mask};

/// Weights from zero upwards over a [`Geometry`], such as a tapered mask; `[y, x]`, row-major, dimensionless.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    geometry: Geometry,
    values: Vec<f32>,
}

impl Weights {
    /// Builds weights from values `[y, x]`.
    ///
    /// # Errors
    /// [`Error::PixelCount`] when the array does not fit the geometry, [`Error::BadWeight`] when a value is negative
    /// or not finite.
    pub fn new(geometry: Geometry, values: Vec<f32>) -> Result<Self, Error> {
        if values.len() != geometry.shape().n_pixels() {
            return Err(Error::PixelCount { shape: geometry.shape(), got: values.len() });
        }
        let nx = geometry.shape().nx;
        match values.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
            Some(i) => Err(Error::BadWeight { value: values[i], x: i % nx, y: i / nx }),
            None => Ok(Self { geometry, values }),
        }
    }

    /// One where the mask is valid, else zero.
    pub fn from_mask(mask: &Mask) -> Self {
        let values = mask.valid().iter().map(|v| f32::from(u8::from(*v))).collect();
        Self { geometry: mask.geometry().clone(), values }
    }

    /// Where the pixels lie.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// The weights `[y, x]`, row-major.
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}
