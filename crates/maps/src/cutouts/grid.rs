//! The pixel grid that every cutout has around its own centre.

use crate::vector::Vector;
use crate::{Error, Geometry, PixelPosition, Shape};
use arcmin_units::{Arcmin, Frame, SkyPosition};

/// Projection of a cutout, tangent at its centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutoutProjection {
    /// Gnomonic.
    Tan,
    /// Zenithal equal-area, as in DeepSZ.
    Zea,
}

/// Where the centre lies among the pixels of a cutout with `n` pixels a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CentrePixel {
    /// In the middle, `((n - 1) / 2, (n - 1) / 2)`: between four pixels where `n` is even.
    Middle,
    /// At `(n/2 - 1, n/2 - 1)`, FITS `CRPIX = n / 2`, as the public DeepSZ code has it: half a pixel off the middle.
    HalfSide,
    /// At `(n/2, n/2)`: on a pixel, after the middle where `n` is even (an axis from -5' to 4.75').
    AfterMiddle,
}

impl CentrePixel {
    /// Pixel position of the centre of a cutout with `side` pixels a side.
    pub(super) fn of_side(self, side: usize) -> PixelPosition {
        let x = match self {
            CentrePixel::Middle => (side as f64 - 1.0) / 2.0,
            CentrePixel::HalfSide => side as f64 / 2.0 - 1.0,
            CentrePixel::AfterMiddle => (side / 2) as f64,
        };
        PixelPosition { x, y: x }
    }
}

/// The pixels of a cutout: square, north up in `frame`, east left.
///
/// ```
/// use arcmin_maps::cutouts::{CentrePixel, CutoutGrid, CutoutProjection};
/// use arcmin_maps::PixelPosition;
/// use arcmin_units::{Arcmin, SkyPosition};
/// let grid = CutoutGrid::new(CutoutProjection::Zea, 32, Arcmin::new(0.25)).unwrap().centred(CentrePixel::HalfSide);
/// let geometry = grid.geometry(SkyPosition::from_deg(45.3, 37.7).unwrap());
/// let corner = geometry.pix_to_sky(PixelPosition { x: 0.0, y: 0.0 }).unwrap();
/// assert!((corner.lon_deg() - 45.378_925_063_3).abs() < 1e-8);
/// assert!((corner.lat_deg() - 37.637_473_681_8).abs() < 1e-8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CutoutGrid {
    projection: CutoutProjection,
    side: usize,
    pixel: Arcmin,
    centre_pixel: CentrePixel,
    frame: Frame,
}

impl CutoutGrid {
    /// A grid of `side` x `side` pixels, its centre in the middle and north that of the equatorial frame.
    ///
    /// # Errors
    /// [`Error::BadGeometry`] when the side is zero, the pixel size no positive number, or the cutout wider than 120 deg.
    pub fn new(projection: CutoutProjection, side: usize, pixel: Arcmin) -> Result<Self, Error> {
        // The corners of a ZEA square this wide still lie on the sphere.
        const WIDTH_ARCMIN_MAX: f64 = 120.0 * 60.0;
        let grid = Self { projection, side, pixel, centre_pixel: CentrePixel::Middle, frame: Frame::Equatorial };
        if side as f64 * pixel.value() > WIDTH_ARCMIN_MAX {
            let reason = "a cutout is at most 120 deg wide";
            return Err(Error::BadGeometry { shape: grid.shape(), pixel_arcmin: pixel.value(), reason });
        }
        grid.built(SkyPosition::from_deg(0.0, 0.0).expect("a position")).map(|_| grid)
    }

    /// The same grid with its centre elsewhere among the pixels.
    pub fn centred(self, centre_pixel: CentrePixel) -> Self {
        Self { centre_pixel, ..self }
    }

    /// The same grid with north and the centres in another frame.
    pub fn in_frame(self, frame: Frame) -> Self {
        Self { frame, ..self }
    }

    /// Projection.
    pub fn projection(&self) -> CutoutProjection {
        self.projection
    }

    /// Pixels a side.
    pub fn side(&self) -> usize {
        self.side
    }

    /// Side of a pixel.
    pub fn pixel(&self) -> Arcmin {
        self.pixel
    }

    /// Where the centre lies among the pixels.
    pub fn centre_pixel(&self) -> CentrePixel {
        self.centre_pixel
    }

    /// The frame whose north is up.
    pub fn frame(&self) -> Frame {
        self.frame
    }

    /// Rows and columns.
    pub fn shape(&self) -> Shape {
        Shape { ny: self.side, nx: self.side }
    }

    /// The geometry of the cutout around a position of this grid's frame.
    pub fn geometry(&self, centre: SkyPosition) -> Geometry {
        self.built(centre).expect("checked in the constructor")
    }

    fn built(&self, centre: SkyPosition) -> Result<Geometry, Error> {
        let build = match self.projection {
            CutoutProjection::Tan => Geometry::tile,
            CutoutProjection::Zea => Geometry::zea,
        };
        let geometry = build(centre, self.shape(), self.pixel)?.in_frame(self.frame);
        Ok(geometry.with_reference_pixel(self.centre_pixel.of_side(self.side)))
    }

    /// Native unit vectors of the pixels `[y, x]`: the same for every centre, which only turns them.
    pub(super) fn native_vectors(&self) -> Vec<Vector> {
        let geometry = self.geometry(SkyPosition::from_deg(0.0, 0.0).expect("a position"));
        let native = |i: usize| {
            let p = PixelPosition { x: (i % self.side) as f64, y: (i / self.side) as f64 };
            geometry.pix_to_native(p).expect("the constructor keeps the corners on the sphere")
        };
        (0..self.shape().n_pixels()).map(native).collect()
    }
}
