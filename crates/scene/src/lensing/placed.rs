//! A lens at its place in a map.

use arcmin_maps::PixelPosition;
use arcmin_sky::NfwLens;
use arcmin_units::Radian;

/// An NFW lens, the pixel position of its centre and the size of a pixel there.
#[derive(Clone, Copy, Debug)]
pub struct PlacedLens {
    lens: NfwLens,
    centre: PixelPosition,
    /// Angle squared in rad^2 of a small pixel step: coefficients of `dx^2`, `2 dx dy` and `dy^2`.
    metric_rad2: [f64; 3],
}

impl PlacedLens {
    /// A lens in a flat map of square pixels.
    pub fn new(lens: NfwLens, centre: PixelPosition, pixel: Radian) -> Self {
        let pixel_sr = pixel.value() * pixel.value();
        Self::with_metric(lens, centre, [pixel_sr, 0.0, pixel_sr])
    }

    /// A lens in a map whose projection stretches pixels: angles are right to first order about the centre.
    pub(crate) fn with_metric(lens: NfwLens, centre: PixelPosition, metric_rad2: [f64; 3]) -> Self {
        Self { lens, centre, metric_rad2 }
    }

    /// The lens.
    pub fn lens(&self) -> &NfwLens {
        &self.lens
    }

    /// Where its centre lies.
    pub fn centre(&self) -> PixelPosition {
        self.centre
    }

    pub(crate) fn metric_rad2(&self) -> [f64; 3] {
        self.metric_rad2
    }

    /// Untruncated deflection at an offset from the centre, in pixels along x and y, away from the centre.
    ///
    /// The angle `alpha(theta)` points along the offset, of which it is the part `alpha / theta`: the mean convergence
    /// within `theta`.
    pub(crate) fn alpha_pixels(&self, dx: f64, dy: f64) -> [f64; 2] {
        let [a, b, c] = self.metric_rad2;
        let theta_rad = (a * dx * dx + 2.0 * b * dx * dy + c * dy * dy).sqrt();
        if theta_rad == 0.0 {
            return [0.0; 2];
        }
        let part = self.lens.kappa_mean(Radian::new(theta_rad));
        [part * dx, part * dy]
    }
}
