//! The linear part of a WCS: pixels to the projection plane and back.

use super::PixelPosition;

/// `plane = cd (p - crpix)`: zero-based pixels to intermediate world coordinates in radians (GC02, Eq. 1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Linear {
    pub(super) crpix: PixelPosition,
    pub(super) cd_rad: [[f64; 2]; 2],
}

impl Linear {
    /// A pixel grid aligned with the plane, its first axis growing to the west.
    pub(super) fn aligned(crpix: PixelPosition, pixel_rad: f64) -> Self {
        Self { crpix, cd_rad: [[-pixel_rad, 0.0], [0.0, pixel_rad]] }
    }

    pub(super) fn determinant(&self) -> f64 {
        let [[a, b], [c, d]] = self.cd_rad;
        a * d - b * c
    }

    pub(super) fn to_plane(self, p: PixelPosition) -> [f64; 2] {
        let (dx, dy) = (p.x - self.crpix.x, p.y - self.crpix.y);
        self.cd_rad.map(|[a, b]| a * dx + b * dy)
    }

    pub(super) fn to_pixel(self, [u, v]: [f64; 2]) -> PixelPosition {
        let [[a, b], [c, d]] = self.cd_rad;
        let det = self.determinant();
        PixelPosition { x: self.crpix.x + (d * u - b * v) / det, y: self.crpix.y + (a * v - c * u) / det }
    }

    /// True when the matrix can be inverted and nothing in it is NaN or infinite.
    pub(super) fn is_usable(&self) -> bool {
        let det = self.determinant();
        let [[a, b], [c, d]] = self.cd_rad;
        let scale = a.abs().max(b.abs()) * c.abs().max(d.abs());
        det.is_finite() && det.abs() > 1e-12 * scale && self.crpix.x.is_finite() && self.crpix.y.is_finite()
    }
}
