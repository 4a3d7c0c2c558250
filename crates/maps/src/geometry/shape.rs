//! Numbers of pixels and positions in pixels.

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

    /// The centre of the image, `((nx - 1) / 2, (ny - 1) / 2)`.
    pub fn centre(self) -> PixelPosition {
        PixelPosition { x: (self.nx as f64 - 1.0) / 2.0, y: (self.ny as f64 - 1.0) / 2.0 }
    }

    /// Index (row-major) of the pixel that holds a pixel position, `None` outside the image.
    pub fn index_at(self, p: PixelPosition) -> Option<usize> {
        let (x, y) = ((p.x + 0.5).floor(), (p.y + 0.5).floor());
        let inside = x >= 0.0 && y >= 0.0 && x < self.nx as f64 && y < self.ny as f64;
        inside.then(|| y as usize * self.nx + x as usize)
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
