//! Where pixels lie on the sky.
//!
//! The way from a pixel to the sky has three steps, a file each in `geometry/`: `linear` takes pixels to the projection
//! plane, one file per projection takes the plane to its native sphere, and `rotation` turns that sphere to the sky.
//! `header` reads and writes all of it as FITS cards. Papers: CG02 and GC02 of the list of papers of the crate.

mod car;
mod header;
mod linear;
mod projection;
mod rotation;
mod sfl;
mod shape;
mod tan;
mod zea;

pub use projection::Projection;
pub use shape::{PixelPosition, Shape};

use crate::Error;
use crate::vector::{Matrix, Vector};
use arcmin_units::{Arcmin, Frame, Radian, SkyPosition};
use linear::Linear;
use rotation::{NO_POLE, PoleCards, Rotation};
use std::f64::consts::TAU;

/// Largest distance in pixels at which two geometries still count as one.
const SAME_GRID_PIXELS: f64 = 0.01;

/// Shape and sky coordinates of an image.
#[derive(Clone, Debug, PartialEq)]
pub struct Geometry {
    shape: Shape,
    projection: Projection,
    frame: Frame,
    reference: SkyPosition,
    pole: PoleCards,
    linear: Linear,
    rotation: Rotation,
}

impl Geometry {
    /// A gnomonic tile with north up, east left and `centre` at the image's centre `((nx-1)/2, (ny-1)/2)`.
    ///
    /// # Errors
    /// [`Error::BadGeometry`] when the shape is empty or the pixel size is not a positive number.
    ///
    /// # Examples
    /// ```
    /// use arcmin_maps::{Geometry, PixelPosition, Shape};
    /// use arcmin_units::{Arcmin, SkyPosition};
    /// let centre = SkyPosition::from_deg(45.3, 37.7).unwrap();
    /// let tile = Geometry::tile(centre, Shape { ny: 32, nx: 32 }, Arcmin::new(0.25)).unwrap();
    /// let corner = tile.pix_to_sky(PixelPosition { x: 0.0, y: 0.0 }).unwrap();
    /// assert!((corner.lon_deg() - 45.381_553_532_6).abs() < 1e-8);
    /// assert!((corner.lat_deg() - 37.635_388_627_3).abs() < 1e-8);
    /// ```
    pub fn tile(centre: SkyPosition, shape: Shape, pixel: Arcmin) -> Result<Self, Error> {
        let linear = Linear::aligned(shape.centre(), pixel.to_rad().value());
        Self::from_parts(shape, Projection::Tan, Frame::Equatorial, centre, None, linear)
    }

    /// A zenithal equal-area tile with north up, east left and `centre` at the image's centre `((nx-1)/2, (ny-1)/2)`.
    ///
    /// All pixels have one area, and the map may hold any part of the sphere but the antipode of its centre.
    ///
    /// # Errors
    /// [`Error::BadGeometry`] when the shape is empty or the pixel size is not a positive number.
    pub fn zea(centre: SkyPosition, shape: Shape, pixel: Arcmin) -> Result<Self, Error> {
        let linear = Linear::aligned(shape.centre(), pixel.to_rad().value());
        Self::from_parts(shape, Projection::Zea, Frame::Equatorial, centre, None, linear)
    }

    /// A plate carree map around `centre`: rows are parallels and columns meridians at equal steps in degrees.
    ///
    /// The reference point lies on the equator at the longitude of `centre`, so pixels are square there and `cos(lat)`
    /// as wide elsewhere.
    ///
    /// # Errors
    /// [`Error::BadGeometry`] when the shape is empty or the pixel size is not a positive number.
    pub fn car(centre: SkyPosition, shape: Shape, pixel: Arcmin) -> Result<Self, Error> {
        Self::on_equator(Projection::Car, centre, shape, pixel)
    }

    /// A Sanson-Flamsteed map around `centre`: rows are parallels and all pixels have one area.
    ///
    /// The reference point lies on the equator at the longitude of `centre`, as in the maps of SPT.
    ///
    /// # Errors
    /// [`Error::BadGeometry`] when the shape is empty or the pixel size is not a positive number.
    pub fn sfl(centre: SkyPosition, shape: Shape, pixel: Arcmin) -> Result<Self, Error> {
        Self::on_equator(Projection::Sfl, centre, shape, pixel)
    }

    fn on_equator(projection: Projection, centre: SkyPosition, shape: Shape, pixel: Arcmin) -> Result<Self, Error> {
        let pixel_rad = pixel.to_rad().value();
        let middle = shape.centre();
        let crpix = PixelPosition { x: middle.x, y: middle.y - centre.lat().value() / pixel_rad };
        let reference = SkyPosition::new(centre.lon(), Radian::new(0.0)).expect("a longitude on the equator");
        let linear = Linear::aligned(crpix, pixel_rad);
        Self::from_parts(shape, projection, Frame::Equatorial, reference, None, linear)
    }

    /// Checks and joins the parts; a `pole` of `None` means the default of FITS.
    fn from_parts(
        shape: Shape,
        projection: Projection,
        frame: Frame,
        reference: SkyPosition,
        pole: Option<PoleCards>,
        linear: Linear,
    ) -> Result<Self, Error> {
        let pixel_arcmin = Radian::new(linear.determinant().abs().sqrt()).to_arcmin().value();
        let bad = |reason| Error::BadGeometry { shape, pixel_arcmin, reason };
        if shape.n_pixels() == 0 {
            return Err(bad("it has no pixels"));
        }
        if !linear.is_usable() {
            return Err(bad("pixels must have a positive, finite area"));
        }
        let theta0_rad = projection.theta0_rad();
        let pole = pole.unwrap_or_else(|| PoleCards::default_for(theta0_rad, reference));
        let rotation = Rotation::new(theta0_rad, reference, pole).ok_or_else(|| bad(NO_POLE))?;
        Ok(Self { shape, projection, frame, reference, pole, linear, rotation })
    }

    /// The same pixels with the reference point of the projection at pixel position `p` instead of where it was.
    ///
    /// [`Geometry::zea`] with `p = (n/2 - 1, n/2 - 1)`, which FITS writes as `CRPIX = n/2`, is the cutout of the public
    /// DeepSZ code: its centre lies half a pixel off the image's.
    pub fn with_reference_pixel(self, p: PixelPosition) -> Self {
        Self { linear: Linear { crpix: p, ..self.linear }, ..self }
    }

    /// The same pixels in another frame: longitude and latitude keep their numbers and change their meaning.
    pub fn in_frame(self, frame: Frame) -> Self {
        Self { frame, ..self }
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
        Radian::new(self.linear.determinant().abs().sqrt())
    }

    /// Solid angle of one pixel at the reference point, in steradian.
    pub fn pixel_area_sr(&self) -> f64 {
        self.linear.determinant().abs()
    }

    /// Solid angle in steradian of a pixel at a pixel position, `None` where the projection has no sky.
    pub fn pixel_area_sr_at(&self, p: PixelPosition) -> Option<f64> {
        let native = self.projection.deproject(self.linear.to_plane(p))?;
        Some(self.pixel_area_sr() * self.projection.area_ratio(native))
    }

    /// Sky position of a pixel position, `None` where the projection has no sky.
    ///
    /// The pixel position may lie outside the image; a plate carree map goes on beyond a full turn.
    pub fn pix_to_sky(&self, p: PixelPosition) -> Option<SkyPosition> {
        self.rotation.to_sky(self.projection.deproject(self.linear.to_plane(p))?)
    }

    /// Pixel position of a sky position of this geometry's frame, `None` where the projection cannot show it.
    ///
    /// The pixel position may lie outside the image. A plate carree map shows a direction once each turn: the place
    /// nearest to the image's centre is returned.
    pub fn sky_to_pix(&self, position: SkyPosition) -> Option<PixelPosition> {
        self.native_to_pix(self.rotation.to_native(position))
    }

    /// The matrix from the projection's native unit vectors to those of the frame.
    pub(crate) fn native_axes(&self) -> Matrix {
        self.rotation.matrix()
    }

    /// Native unit vector of a pixel position, `None` where the projection has no sky.
    pub(crate) fn pix_to_native(&self, p: PixelPosition) -> Option<Vector> {
        self.projection.deproject(self.linear.to_plane(p))
    }

    /// Pixel position of a native unit vector, as [`sky_to_pix`](Self::sky_to_pix) finds it.
    pub(crate) fn native_to_pix(&self, native: Vector) -> Option<PixelPosition> {
        let plane = self.projection.project(native)?;
        if !self.projection.is_periodic() {
            return Some(self.linear.to_pixel(plane));
        }
        let centre = self.shape.centre();
        let distance = |p: &PixelPosition| (p.x - centre.x).hypot(p.y - centre.y);
        [0.0, TAU, -TAU]
            .map(|turn| self.linear.to_pixel([plane[0] + turn, plane[1]]))
            .into_iter()
            .min_by(|a, b| distance(a).total_cmp(&distance(b)))
    }

    /// Number of columns of a full turn, where rows are parallels and a turn is a whole number of columns, to 0.01.
    pub(crate) fn columns_a_turn(&self) -> Option<usize> {
        let [[dx, skew], [tilt, _]] = self.linear.cd_rad;
        if !self.projection.is_periodic() || skew != 0.0 || tilt != 0.0 {
            return None;
        }
        let columns = (TAU / dx).abs();
        ((columns - columns.round()).abs() < SAME_GRID_PIXELS).then_some(columns.round() as usize)
    }

    /// Index (row-major) of the pixel that holds a sky position, `None` when it lies outside the image.
    pub fn pixel_index(&self, position: SkyPosition) -> Option<usize> {
        self.shape.index_at(self.sky_to_pix(position)?)
    }

    /// Sky offsets per pixel step, `[[d east/dx, d east/dy], [d north/dx, d north/dy]]`, in radians, at a pixel
    /// position; central differences over one pixel. `None` where the projection has no sky.
    pub fn jacobian_at(&self, p: PixelPosition) -> Option<[[f64; 2]; 2]> {
        let centre = self.pix_to_sky(p)?;
        let offset = |dx: f64, dy: f64| {
            let sky = self.pix_to_sky(PixelPosition { x: p.x + dx, y: p.y + dy })?;
            let (sin_d, cos_d) = (sky.lon().value() - centre.lon().value()).sin_cos();
            let (sin0, cos0) = centre.lat().value().sin_cos();
            let (sin1, cos1) = sky.lat().value().sin_cos();
            Some([cos1 * sin_d, cos0 * sin1 - sin0 * cos1 * cos_d])
        };
        let (west, east) = (offset(-0.5, 0.0)?, offset(0.5, 0.0)?);
        let (south, north) = (offset(0.0, -0.5)?, offset(0.0, 0.5)?);
        Some([[east[0] - west[0], north[0] - south[0]], [east[1] - west[1], north[1] - south[1]]])
    }

    /// The geometry of a window of this image whose first pixel is `(x0, y0)`; the window may reach beyond the image.
    pub fn window(&self, x0: i64, y0: i64, shape: Shape) -> Self {
        let PixelPosition { x, y } = self.linear.crpix;
        let linear = Linear { crpix: PixelPosition { x: x - x0 as f64, y: y - y0 as f64 }, ..self.linear };
        Self { shape, linear, ..self.clone() }
    }

    /// The same image in squares of `n` by `n` of its pixels, the first of which holds pixel `(0, 0)`; the last of a row or a column
    /// may reach beyond the image. Pixel position `p` becomes `(p + 1/2) / n - 1/2`.
    ///
    /// # Panics
    /// When `n` is zero.
    pub fn binned(&self, n: usize) -> Self {
        assert!(n > 0, "a square of no pixels");
        let at = |p: f64| (p + 0.5) / n as f64 - 0.5;
        let PixelPosition { x, y } = self.linear.crpix;
        let cd_rad = self.linear.cd_rad.map(|row| row.map(|step| step * n as f64));
        let linear = Linear { crpix: PixelPosition { x: at(x), y: at(y) }, cd_rad };
        let shape = Shape { ny: self.shape.ny.div_ceil(n), nx: self.shape.nx.div_ceil(n) };
        Self { shape, linear, ..self.clone() }
    }

    /// True when both have the same shape and frame and put their pixels in the same places, to 0.01 pixel.
    ///
    /// Plain equality would tell apart two headers that say the same in other words or to fewer digits.
    pub fn same_grid(&self, other: &Self) -> bool {
        if self == other {
            return true;
        }
        let (last_x, last_y) = (self.shape.nx as f64 - 1.0, self.shape.ny as f64 - 1.0);
        let close = |p: PixelPosition| match (self.pix_to_sky(p), other.pix_to_sky(p)) {
            (Some(sky), Some(_)) => other
                .sky_to_pix(sky)
                .is_some_and(|q| (q.x - p.x).abs() < SAME_GRID_PIXELS && (q.y - p.y).abs() < SAME_GRID_PIXELS),
            (None, None) => true,
            _ => false,
        };
        let steps = [0.1, 0.35, 0.5, 0.65, 0.9];
        self.shape == other.shape
            && self.frame == other.frame
            && steps.iter().all(|fy| steps.iter().all(|fx| close(PixelPosition { x: fx * last_x, y: fy * last_y })))
    }
}

impl std::fmt::Display for Geometry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}, {}, {} frame, pixel {:.4} arcmin, reference ({:.4}, {:.4}) deg at pixel ({}, {})",
            self.shape,
            self.projection.code(),
            self.frame,
            self.pixel_size().to_arcmin().value(),
            self.reference.lon_deg(),
            self.reference.lat_deg(),
            self.linear.crpix.x,
            self.linear.crpix.y
        )
    }
}
