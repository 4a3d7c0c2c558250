//! Moving a map by a deflection.

use super::Deflection;
use arcmin_maps::Shape;
use rayon::prelude::*;

/// Pixels along one side of the square that a value is interpolated from.
const POINTS: usize = 6;
/// Pixels of that square before the one that holds the position.
const BEFORE: isize = 2;
/// Row of the square with two zeros more, so that it fills vector registers.
const LANES: usize = 8;

/// The map as seen through a deflection: pixel `p` of the answer is the map at `p - alpha(p)`.
///
/// Values between pixels come from the polynomial of fifth degree through the 6 x 6 nearest ones (Lagrange), right to
/// `5e-3 k^6` of a wave of `k` radians a pixel: 1e-5 at l = 5000 on 0.25' pixels and 7e-4 on 0.5' pixels, where the
/// background has lost its power. The map is periodic. Pixels that are not deflected keep their bits.
///
/// # Panics
/// When the map has another number of pixels than the deflection.
pub fn lens(map: &[f32], deflection: &Deflection) -> Vec<f32> {
    let mut lensed = vec![0f32; map.len()];
    for_each_pixel(map, deflection, &mut lensed, |pixel, value| *pixel = value);
    lensed
}

/// Adds a map as seen through a deflection to an image.
pub(crate) fn add_lensed(map: &[f32], deflection: &Deflection, image: &mut [f32]) {
    for_each_pixel(map, deflection, image, |pixel, value| *pixel += value);
}

fn for_each_pixel(map: &[f32], deflection: &Deflection, image: &mut [f32], put: impl Fn(&mut f32, f32) + Sync) {
    let shape = deflection.shape();
    assert_eq!(map.len(), shape.n_pixels(), "the map and the deflection have different shapes");
    let source = Periodic { map, shape };
    image.par_chunks_exact_mut(shape.nx).enumerate().for_each(|(row, image)| {
        let pixels = row * shape.nx..(row + 1) * shape.nx;
        let alpha = deflection.x_pixels()[pixels.clone()].iter().zip(&deflection.y_pixels()[pixels.clone()]);
        for ((column, (pixel, (&alpha_x, &alpha_y))), &here) in
            image.iter_mut().zip(alpha).enumerate().zip(&map[pixels])
        {
            let straight = alpha_x == 0.0 && alpha_y == 0.0;
            put(pixel, if straight { here } else { source.at([row, column], [alpha_y, alpha_x]) });
        }
    });
}

/// A map whose edges meet.
struct Periodic<'a> {
    map: &'a [f32],
    shape: Shape,
}

impl Periodic<'_> {
    /// The value at a pixel minus an offset, `[y, x]`.
    fn at(&self, [row, column]: [usize; 2], [alpha_y, alpha_x]: [f32; 2]) -> f32 {
        let ((row_step, weights_y), (column_step, weights_x)) = (locate(-alpha_y), locate(-alpha_x));
        let first_row = row as isize + row_step - BEFORE;
        let first_column = column as isize + column_step - BEFORE;
        let Shape { ny, nx } = self.shape;
        let inside = |first: isize, n_points: usize, n: usize| first >= 0 && first as usize + n_points <= n;
        if inside(first_row, POINTS, ny) && inside(first_column, LANES, nx) {
            self.weigh_inside(first_row as usize * nx + first_column as usize, &weights_y, &weights_x)
        } else {
            self.weigh_across_edges([first_row, first_column], &weights_y, &weights_x)
        }
    }

    fn weigh_inside(&self, first: usize, weights_y: &[f32; POINTS], weights_x: &[f32; POINTS]) -> f32 {
        let mut columns = [0f32; LANES];
        for (k, weight) in weights_y.iter().enumerate() {
            let row = &self.map[first + k * self.shape.nx..][..LANES];
            for (sum, value) in columns.iter_mut().zip(row) {
                *sum += weight * value;
            }
        }
        columns.iter().zip(weights_x).map(|(value, weight)| weight * value).sum()
    }

    #[cold]
    fn weigh_across_edges(&self, first: [isize; 2], weights_y: &[f32; POINTS], weights_x: &[f32; POINTS]) -> f32 {
        let Shape { ny, nx } = self.shape;
        let wrap = |at: isize, n: usize| at.rem_euclid(n as isize) as usize;
        let mut columns = [0f32; POINTS];
        for (k, weight) in (0..).zip(weights_y) {
            let row = &self.map[wrap(first[0] + k, ny) * nx..][..nx];
            for (sum, column) in columns.iter_mut().zip(first[1]..) {
                *sum += weight * row[wrap(column, nx)];
            }
        }
        columns.iter().zip(weights_x).map(|(value, weight)| weight * value).sum()
    }
}

/// The whole pixels of an offset, and the weights of the pixels `-2..=3` about the rest.
fn locate(offset: f32) -> (isize, [f32; POINTS]) {
    let whole = offset.floor();
    (whole as isize, lagrange_weights(offset - whole))
}

/// Weights of the values at -2, -1, 0, 1, 2, 3 in the polynomial through them, at `t` from 0 to 1.
fn lagrange_weights(t: f32) -> [f32; POINTS] {
    let [a, b, c, d, e, f] = [t + 2.0, t + 1.0, t, t - 1.0, t - 2.0, t - 3.0];
    let (ab, ef, cd) = (a * b, e * f, c * d);
    [
        -b * cd * ef * (1.0 / 120.0),
        a * cd * ef * (1.0 / 24.0),
        -ab * d * ef * (1.0 / 12.0),
        ab * c * ef * (1.0 / 12.0),
        -ab * cd * f * (1.0 / 24.0),
        ab * cd * e * (1.0 / 120.0),
    ]
}
