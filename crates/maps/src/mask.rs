//! Which pixels count.
//!
//! A [`Mask`] is made from flags, from a map's zeros or NaN, or from a file. What is done with its shape stands in
//! files of their own: connected regions and holes in [`components`], discs around sources in
//! [`discs`], distances and tapers in [`distance`].

pub mod components;
pub mod discs;
pub mod distance;

use crate::geometry::PixelPosition;
use crate::observation::check_geometry;
use crate::window::copy_window;
use crate::{Error, Geometry, Map, Shape};
use arcmin_units::{PixelUnit, SkyPosition};

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

    /// Valid where the map is a number other than zero: surveys often write zeros where they did not observe.
    ///
    /// Below 1e-9 of the map's rms a pixel counts as zero, since filters leave such traces beyond the edge of what was
    /// observed (in the Compton-y map of SPT, 2.4 % of the pixels that are not exactly zero, down to 1e-79).
    pub fn from_zeros<U: PixelUnit>(map: &Map<U>) -> Self {
        const ZERO_RMS_FRAC: f64 = 1e-9;
        let finite = || map.pixels().iter().filter(|p| p.is_finite()).map(|p| f64::from(*p));
        let mean_square = finite().map(|p| p * p).sum::<f64>() / finite().count().max(1) as f64;
        let zero = ZERO_RMS_FRAC * mean_square.sqrt();
        let valid = map.pixels().iter().map(|p| p.is_finite() && f64::from(p.abs()) > zero).collect();
        Self { geometry: map.geometry().clone(), valid }
    }

    /// Valid where the map is a number, neither NaN nor infinite.
    pub fn from_finite<U: PixelUnit>(map: &Map<U>) -> Self {
        let valid = map.pixels().iter().map(|p| p.is_finite()).collect();
        Self { geometry: map.geometry().clone(), valid }
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

    /// True where the pixel that holds the position is valid; false outside the image.
    pub fn is_valid_at(&self, position: SkyPosition) -> bool {
        self.geometry.pixel_index(position).is_some_and(|i| self.valid[i])
    }

    /// Number of valid pixels.
    pub fn n_valid(&self) -> usize {
        self.valid.iter().filter(|&&v| v).count()
    }

    /// Area of the valid pixels in square degrees; each pixel counts with its own solid angle.
    pub fn area_deg2(&self) -> f64 {
        let nx = self.geometry.shape().nx;
        let row_sr = |(y, row): (usize, &[bool])| -> f64 {
            row.iter().enumerate().filter(|&(_, &valid)| valid).map(|(x, _)| pixel_area_sr(&self.geometry, x, y)).sum()
        };
        self.valid.chunks(nx).enumerate().map(row_sr).sum::<f64>() * DEG2_PER_SR
    }

    /// Valid where both are.
    ///
    /// # Errors
    /// [`Error::GeometryMismatch`] when they lie on different grids.
    pub fn and(&self, other: &Self) -> Result<Self, Error> {
        self.combine(other, |a, b| a && b)
    }

    /// Valid where either is.
    ///
    /// # Errors
    /// [`Error::GeometryMismatch`] when they lie on different grids.
    pub fn or(&self, other: &Self) -> Result<Self, Error> {
        self.combine(other, |a, b| a || b)
    }

    fn combine(&self, other: &Self, rule: impl Fn(bool, bool) -> bool) -> Result<Self, Error> {
        check_geometry("the second mask", &self.geometry, &other.geometry)?;
        let valid = self.valid.iter().zip(&other.valid).map(|(&a, &b)| rule(a, b)).collect();
        Ok(Self { geometry: self.geometry.clone(), valid })
    }

    /// The window whose first pixel is `(x0, y0)`; what lies outside the image is invalid.
    pub fn window(&self, x0: i64, y0: i64, shape: Shape) -> Self {
        let valid = copy_window(self.geometry.shape(), &self.valid, (x0, y0), shape);
        Self { geometry: self.geometry.window(x0, y0, shape), valid }
    }

    /// Valid where this one is not.
    pub fn inverted(&self) -> Self {
        Self { geometry: self.geometry.clone(), valid: self.valid.iter().map(|v| !v).collect() }
    }
}

const DEG2_PER_SR: f64 = (180.0 / std::f64::consts::PI) * (180.0 / std::f64::consts::PI);

/// Solid angle of a pixel in steradian; zero where the projection has no sky.
fn pixel_area_sr(geometry: &Geometry, x: usize, y: usize) -> f64 {
    geometry.pixel_area_sr_at(PixelPosition { x: x as f64, y: y as f64 }).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arcmin_units::{Arcmin, ComptonY};

    fn map(pixels: &[f32]) -> Map<ComptonY> {
        let centre = SkyPosition::from_deg(0.0, 60.0).unwrap();
        let shape = Shape { ny: 1, nx: pixels.len() };
        Map::new(Geometry::car(centre, shape, Arcmin::new(30.0)).unwrap(), pixels.to_vec()).unwrap()
    }

    #[test]
    fn zeros_traces_of_zero_and_no_numbers_are_invalid() {
        let pixels = map(&[1e-6, 0.0, -1e-6, f32::NAN, 1e-30, 1e-12, f32::INFINITY, -0.0]);
        assert_eq!(Mask::from_zeros(&pixels).valid(), [true, false, true, false, false, true, false, false]);
        assert_eq!(Mask::from_finite(&pixels).n_valid(), 6);
        assert_eq!(Mask::from_zeros(&map(&[0.0; 4])).n_valid(), 0);
        assert_eq!(Mask::from_zeros(&map(&[f32::NAN; 4])).n_valid(), 0);
    }

    #[test]
    fn masks_join_pixel_by_pixel() {
        let (a, b) = (Mask::from_zeros(&map(&[1.0, 1.0, 0.0, 0.0])), Mask::from_zeros(&map(&[1.0, 0.0, 1.0, 0.0])));
        assert_eq!(a.and(&b).unwrap().valid(), [true, false, false, false]);
        assert_eq!(a.or(&b).unwrap().valid(), [true, true, true, false]);
        assert_eq!(a.and(&a.inverted()).unwrap().n_valid(), 0);
        assert!(a.and(&Mask::from_zeros(&map(&[1.0]))).is_err());
    }

    #[test]
    fn area_counts_the_width_that_pixels_have_where_they_lie() {
        // At 60 degrees a plate carree pixel is half as wide as at the equator.
        let area_deg2 = Mask::from_zeros(&map(&[1.0, 1.0, 0.0, 1.0])).area_deg2();
        assert!((area_deg2 - 3.0 * 0.25 * 0.5).abs() < 1e-12, "{area_deg2}");
    }
}
