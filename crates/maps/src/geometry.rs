//! Where pixels lie on the sky.

use crate::Error;
use arcmin_units::{Arcmin, Frame, Radian, SkyPosition};

/// Number of rows and columns of an image, axes `[y, x]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Number of rows.
    pub ny: usize,
    /// Number of columns.
    pub nx: usize,
}

impl Shape {
    /// Number of pixels.
    pub const fn n_pixels(self) -> usize {
        self.ny * self.nx
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} x {} pixels (y x)", self.ny, self.nx)
    }
}

/// A position in pixels; the centre of the first pixel is `(0, 0)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PixelPosition {
    /// Column, growing along the first FITS axis.
    pub x: f64,
    /// Row, growing along the second FITS axis.
    pub y: f64,
}

/// Map projection, named as in FITS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Projection {
    /// Gnomonic.
    Tan,
    /// Plate carree.
    Car,
    /// Sanson-Flamsteed.
    Sfl,
}

/// Shape and sky coordinates of an image.
///
/// The linear part takes zero-based pixels to intermediate world coordinates, `u = cd (p - crpix)`, in radians.
#[derive(Clone, Debug, PartialEq)]
pub struct Geometry {
    shape: Shape,
    projection: Projection,
    frame: Frame,
    reference: SkyPosition,
    crpix: PixelPosition,
    cd_rad: [[f64; 2]; 2],
}

impl Geometry {
    /// A gnomonic tile with north up, east left and `centre` at the image's centre `((nx-1)/2, (ny-1)/2)`.
    ///
    /// # Errors
    /// [`Error::BadGeometry`] when the shape is empty or the pixel size is not a positive number.
    pub fn tile(centre: SkyPosition, shape: Shape, pixel: Arcmin) -> Result<Self, Error> {
        let pixel_arcmin = pixel.value();
        let reason = if shape.n_pixels() == 0 {
            Some("it has no pixels")
        } else if !(pixel_arcmin.is_finite() && pixel_arcmin > 0.0) {
            Some("the pixel size must be a positive number")
        } else {
            None
        };
        if let Some(reason) = reason {
            return Err(Error::BadGeometry { shape, pixel_arcmin, reason });
        }
        let pixel_rad = pixel.to_rad().value();
        Ok(Self {
            shape,
            projection: Projection::Tan,
            frame: Frame::Equatorial,
            reference: centre,
            crpix: PixelPosition { x: (shape.nx - 1) as f64 / 2.0, y: (shape.ny - 1) as f64 / 2.0 },
            cd_rad: [[-pixel_rad, 0.0], [0.0, pixel_rad]],
        })
    }

    /// Number of rows and columns.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Frame of the sky coordinates.
    pub fn frame(&self) -> Frame {
        self.frame
    }

    /// Projection.
    pub fn projection(&self) -> Projection {
        self.projection
    }

    /// Side of a square pixel of the same area at the reference point.
    pub fn pixel_size(&self) -> Radian {
        let [[a, b], [c, d]] = self.cd_rad;
        Radian::new((a * d - b * c).abs().sqrt())
    }

    /// Sky position of a pixel position, `None` where the projection has no sky.
    pub fn pix_to_sky(&self, p: PixelPosition) -> Option<SkyPosition> {
        let (dx, dy) = (p.x - self.crpix.x, p.y - self.crpix.y);
        let u = self.cd_rad[0][0] * dx + self.cd_rad[0][1] * dy;
        let v = self.cd_rad[1][0] * dx + self.cd_rad[1][1] * dy;
        let (sin0, cos0) = self.reference.lat().value().sin_cos();
        let lon = self.reference.lon().value() + u.atan2(cos0 - v * sin0);
        let lat = (sin0 + v * cos0).atan2((cos0 - v * sin0).hypot(u));
        SkyPosition::new(Radian::new(lon), Radian::new(lat))
    }

    /// Pixel position of a sky position of this geometry's frame, `None` where the projection cannot show it.
    ///
    /// The position may lie outside the image.
    pub fn sky_to_pix(&self, position: SkyPosition) -> Option<PixelPosition> {
        let (sin0, cos0) = self.reference.lat().value().sin_cos();
        let (sin_b, cos_b) = position.lat().value().sin_cos();
        let (sin_d, cos_d) = (position.lon().value() - self.reference.lon().value()).sin_cos();
        let w = sin0 * sin_b + cos0 * cos_b * cos_d;
        if w <= 0.0 {
            return None;
        }
        let (u, v) = (cos_b * sin_d / w, (cos0 * sin_b - sin0 * cos_b * cos_d) / w);
        let [[a, b], [c, d]] = self.cd_rad;
        let det = a * d - b * c;
        Some(PixelPosition { x: self.crpix.x + (d * u - b * v) / det, y: self.crpix.y + (a * v - c * u) / det })
    }

    /// The geometry of a window of this image whose first pixel is `(x0, y0)`; the window may reach beyond the image.
    pub fn window(&self, x0: i64, y0: i64, shape: Shape) -> Self {
        let crpix = PixelPosition { x: self.crpix.x - x0 as f64, y: self.crpix.y - y0 as f64 };
        Self { shape, crpix, ..self.clone() }
    }

    /// Solid angle of one pixel at the reference point, in steradian.
    pub fn pixel_area_sr(&self) -> f64 {
        self.pixel_size().value().powi(2)
    }
}

impl std::fmt::Display for Geometry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}, {:?}, {} frame, pixel {:.4} arcmin, reference ({:.4}, {:.4}) deg at pixel ({}, {})",
            self.shape,
            self.projection,
            self.frame,
            self.pixel_size().to_arcmin().value(),
            self.reference.lon_deg(),
            self.reference.lat_deg(),
            self.crpix.x,
            self.crpix.y
        )
    }
}
