//! A map: pixels, their unit and where they lie.

use crate::geometry::PixelPosition;
use crate::observation::check_geometry;
use crate::window::{copy_window, is_inside};
use crate::{Error, Geometry, Mask, Shape};
use arcmin_units::{PixelUnit, SkyPosition};
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

    /// The sum of two maps.
    ///
    /// # Errors
    /// [`Error::GeometryMismatch`] when they lie on different grids.
    pub fn plus(&self, other: &Self) -> Result<Self, Error> {
        self.combine(other, |a, b| a + b)
    }

    /// The difference of two maps.
    ///
    /// # Errors
    /// [`Error::GeometryMismatch`] when they lie on different grids.
    pub fn minus(&self, other: &Self) -> Result<Self, Error> {
        self.combine(other, |a, b| a - b)
    }

    /// Every pixel times a factor; -1 gives the negated map, in which clusters of a y map cannot be found.
    pub fn scaled(mut self, factor: f32) -> Self {
        self.pixels.iter_mut().for_each(|p| *p *= factor);
        self
    }

    /// The map, NaN where a mask on its grid is not valid: how a file without a mask shows its gaps.
    ///
    /// # Errors
    /// [`Error::GeometryMismatch`] when the mask lies on another grid.
    pub fn with_nan_where_masked(mut self, mask: &Mask) -> Result<Self, Error> {
        check_geometry("the mask", &self.geometry, mask.geometry())?;
        let missing = self.pixels.iter_mut().zip(mask.valid()).filter(|(_, valid)| !**valid);
        missing.for_each(|(pixel, _)| *pixel = f32::NAN);
        Ok(self)
    }

    fn combine(&self, other: &Self, rule: impl Fn(f32, f32) -> f32) -> Result<Self, Error> {
        check_geometry("the second map", &self.geometry, &other.geometry)?;
        let pixels = self.pixels.iter().zip(&other.pixels).map(|(&a, &b)| rule(a, b)).collect();
        Ok(Self { geometry: self.geometry.clone(), pixels, unit: PhantomData })
    }

    /// The window whose first pixel is `(x0, y0)`, and a mask that is valid where the window lies inside the map.
    ///
    /// The window may reach beyond the map; its pixels there are zero and mean nothing.
    pub fn window(&self, x0: i64, y0: i64, shape: Shape) -> (Self, Mask) {
        let geometry = self.geometry.window(x0, y0, shape);
        let pixels = copy_window(self.geometry.shape(), &self.pixels, (x0, y0), shape);
        let inside = is_inside(self.geometry.shape(), (x0, y0), shape);
        let mask = Mask::new(geometry.clone(), inside).expect("one flag for each pixel of the window");
        (Self { geometry, pixels, unit: PhantomData }, mask)
    }

    /// Bilinear interpolation at a position; `None` unless all four pixels around it lie in the map.
    pub fn sample(&self, position: SkyPosition) -> Option<f64> {
        self.sample_at(self.geometry.sky_to_pix(position)?)
    }

    /// Bilinear interpolation at a pixel position; `None` unless all four pixels around it lie in the map.
    pub fn sample_at(&self, p: PixelPosition) -> Option<f64> {
        let Shape { ny, nx } = self.geometry.shape();
        let (last_x, last_y) = (nx as f64 - 1.0, ny as f64 - 1.0);
        if !(0.0..=last_x).contains(&p.x) || !(0.0..=last_y).contains(&p.y) {
            return None;
        }
        // On the last row or column the pixel beyond has no weight, so that any pixel may stand for it.
        let (x0, y0) = (p.x as usize, p.y as usize);
        let (x1, y1) = ((x0 + 1).min(nx - 1), (y0 + 1).min(ny - 1));
        let (fx, fy) = (p.x - x0 as f64, p.y - y0 as f64);
        let pixel = |x: usize, y: usize| f64::from(self.pixels[y * nx + x]);
        let row = |y: usize| (1.0 - fx) * pixel(x0, y) + fx * pixel(x1, y);
        Some((1.0 - fy) * row(y0) + fy * row(y1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arcmin_units::{Arcmin, ComptonY};
    use proptest::prelude::*;

    fn ramp(ny: usize, nx: usize) -> Map<ComptonY> {
        let centre = SkyPosition::from_deg(10.0, -30.0).unwrap();
        let geometry = Geometry::tile(centre, Shape { ny, nx }, Arcmin::new(0.5)).unwrap();
        let pixels = (0..ny * nx).map(|i| 3.0 * (i % nx) as f32 - 2.0 * (i / nx) as f32).collect();
        Map::new(geometry, pixels).unwrap()
    }

    proptest! {
        #[test]
        fn bilinear_sampling_is_exact_on_a_plane(x in 0.0..11.0, y in 0.0..6.0) {
            let map = ramp(7, 12);
            let sampled = map.sample_at(PixelPosition { x, y }).unwrap();
            prop_assert!((sampled - (3.0 * x - 2.0 * y)).abs() < 1e-5);
            let sky = map.geometry().pix_to_sky(PixelPosition { x, y }).unwrap();
            if let Some(again) = map.sample(sky) {
                prop_assert!((again - sampled).abs() < 1e-5);
            }
        }

        #[test]
        fn window_copies_the_map_and_flags_its_padding(x0 in -15_i64..15, y0 in -15_i64..15, ny in 1_usize..9, nx in 1_usize..9) {
            let map = ramp(7, 12);
            let (window, mask) = map.window(x0, y0, Shape { ny, nx });
            for (i, (pixel, valid)) in window.pixels().iter().zip(mask.valid()).enumerate() {
                let (x, y) = (x0 + (i % nx) as i64, y0 + (i / nx) as i64);
                let inside = (0..12).contains(&x) && (0..7).contains(&y);
                prop_assert_eq!(*valid, inside);
                prop_assert_eq!(*pixel, if inside { map.pixels()[(y * 12 + x) as usize] } else { 0.0 });
            }
        }
    }

    #[test]
    fn sampling_outside_the_map_is_refused() {
        let map = ramp(7, 12);
        for (x, y) in [(-0.1, 3.0), (11.1, 3.0), (3.0, -0.1), (3.0, 6.1), (f64::NAN, 1.0)] {
            assert_eq!(map.sample_at(PixelPosition { x, y }), None, "{x} {y}");
        }
        assert_eq!(map.sample_at(PixelPosition { x: 11.0, y: 6.0 }), Some(21.0));
    }

    #[test]
    fn maps_of_different_grids_do_not_add() {
        let (a, b) = (ramp(7, 12), ramp(12, 7));
        assert!(matches!(a.plus(&b), Err(Error::GeometryMismatch { .. })));
        assert_eq!(a.plus(&a).unwrap(), a.clone().scaled(2.0));
        assert_eq!(a.minus(&a).unwrap(), Map::zeros(a.geometry().clone()));
    }
}
