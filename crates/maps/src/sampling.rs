//! The values of pixelised skies in given directions.
//!
//! A [`SkyGrid`] tells which pixels a direction falls on, as indices and weights, once for all the bands that share it.
//! Directions come as unit vectors, so that neither TAN and ZEA maps nor HEALPix need trigonometry on the way, but for
//! one arc tangent.

use crate::frame::frame_matrix;
use crate::vector::{Matrix, Vector};
use crate::{Geometry, PixelPosition, Shape};
use arcmin_units::Frame;

/// How the value between pixels is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// The pixel that holds the direction.
    Nearest,
    /// From the four pixels around it, weighted by closeness; missing where one that counts is missing.
    Bilinear,
}

/// Up to four pixels with their weights, which add up to one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Around {
    pub(crate) pixels: [usize; 4],
    pub(crate) weights: [f64; 4],
}

/// Which pixels a direction falls on; [`axes`](Self::axes) says how its vectors are turned before they are given.
pub(crate) trait SkyGrid: Sync {
    /// Frame of the pixels.
    fn frame(&self) -> Frame;

    /// From unit vectors of the frame to those that the other methods take.
    fn axes(&self) -> Matrix;

    /// The pixel that holds a direction, `None` outside.
    fn nearest(&self, v: Vector) -> Option<usize>;

    /// The pixels around a direction, `None` where not all of them exist.
    fn around(&self, v: Vector) -> Option<Around>;
}

/// The pixels of a flat map.
pub(crate) struct FlatGrid<'a> {
    geometry: &'a Geometry,
    /// Columns of a full turn, where the map has them all: its last column borders on its first.
    turn: Option<usize>,
}

impl<'a> FlatGrid<'a> {
    pub(crate) fn new(geometry: &'a Geometry) -> Self {
        let turn = geometry.columns_a_turn().filter(|columns| geometry.shape().nx >= *columns);
        Self { geometry, turn }
    }

    /// The two columns around `x` and the weight of the second; one beyond the edge may be the other edge's.
    fn columns(&self, x: f64) -> Option<(usize, usize, f64)> {
        let nx = self.geometry.shape().nx;
        if let (Some(turn), true) = (self.turn, x < 0.0 || x > nx as f64 - 1.0) {
            let first = x.floor();
            let wrapped = |column: f64| column.rem_euclid(turn as f64) as usize;
            return Some((wrapped(first), wrapped(first + 1.0), x - first));
        }
        pair(x, nx)
    }
}

/// The two cells around a position on an axis of `n` cells, and the weight of the second.
fn pair(x: f64, n: usize) -> Option<(usize, usize, f64)> {
    if !(0.0..=n as f64 - 1.0).contains(&x) {
        return None;
    }
    // On the last cell the one beyond has no weight, so that any may stand for it.
    let first = x as usize;
    Some((first, (first + 1).min(n - 1), x - first as f64))
}

impl SkyGrid for FlatGrid<'_> {
    fn frame(&self) -> Frame {
        self.geometry.frame()
    }

    fn axes(&self) -> Matrix {
        self.geometry.native_axes().transposed()
    }

    fn nearest(&self, v: Vector) -> Option<usize> {
        self.geometry.shape().index_at(self.geometry.native_to_pix(v)?)
    }

    fn around(&self, v: Vector) -> Option<Around> {
        let PixelPosition { x, y } = self.geometry.native_to_pix(v)?;
        let Shape { ny, nx } = self.geometry.shape();
        let ((x0, x1, fx), (y0, y1, fy)) = (self.columns(x)?, pair(y, ny)?);
        Some(Around {
            pixels: [y0 * nx + x0, y0 * nx + x1, y1 * nx + x0, y1 * nx + x1],
            weights: [(1.0 - fx) * (1.0 - fy), fx * (1.0 - fy), (1.0 - fx) * fy, fx * fy],
        })
    }
}

/// Values of several bands on one grid: what sampling reads.
pub(crate) struct Layers<'a> {
    pub(crate) bands: Vec<&'a [f32]>,
    /// True where all bands are valid; without flags a pixel is valid when no band is NaN there.
    pub(crate) valid: Option<&'a [bool]>,
}

impl Layers<'_> {
    pub(crate) fn is_valid(&self, pixel: usize) -> bool {
        match self.valid {
            Some(valid) => valid[pixel],
            None => self.bands.iter().all(|band| !band[pixel].is_nan()),
        }
    }
}

/// Samples all bands in the directions `turn * vectors`: `pixels` is `[band, direction]`, `valid` `[direction]`.
///
/// A pixel that is missing becomes zero, and false in `valid`.
pub(crate) fn sample<G: SkyGrid>(
    grid: &G,
    layers: &Layers<'_>,
    interpolation: Interpolation,
    (turn, vectors): (&Matrix, &[Vector]),
    (pixels, valid): (&mut [f32], &mut [bool]),
) {
    let n = vectors.len();
    for (i, v) in vectors.iter().enumerate() {
        let direction = turn.apply(*v);
        match interpolation {
            Interpolation::Nearest => {
                let found = grid.nearest(direction).filter(|pixel| layers.is_valid(*pixel));
                valid[i] = found.is_some();
                for (band, out) in layers.bands.iter().zip(pixels.chunks_exact_mut(n)) {
                    out[i] = found.map_or(0.0, |pixel| band[pixel]);
                }
            }
            Interpolation::Bilinear => {
                let counts = |a: &Around| a.pixels.iter().zip(a.weights).all(|(p, w)| w == 0.0 || layers.is_valid(*p));
                let found = grid.around(direction).filter(counts);
                valid[i] = found.is_some();
                for (band, out) in layers.bands.iter().zip(pixels.chunks_exact_mut(n)) {
                    out[i] = found.map_or(0.0, |around| weighted(band, &around));
                }
            }
        }
    }
}

/// The weighted mean; a pixel without weight may hold anything.
fn weighted(band: &[f32], around: &Around) -> f32 {
    let term = |(pixel, weight): (&usize, f64)| if weight == 0.0 { 0.0 } else { weight * f64::from(band[*pixel]) };
    around.pixels.iter().zip(around.weights).map(term).sum::<f64>() as f32
}

/// From unit vectors of one geometry's projection to those that a grid takes.
pub(crate) fn turn_between<G: SkyGrid>(grid: &G, frame: Frame, native_axes: &Matrix) -> Matrix {
    grid.axes().after(&frame_matrix(frame, grid.frame())).after(native_axes)
}
