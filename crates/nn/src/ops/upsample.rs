//! Images of twice the size.

use crate::floats::{image_shape, tensor, with_floats};
use crate::{Result, Value, on_device};
use candle_core::Tensor;
use rayon::prelude::*;

/// Each pixel as a square of four: `[n, h, w, c]` to `[n, 2 h, 2 w, c]`.
///
/// # Errors
/// When `x` is no image.
pub fn upsample_nearest2(x: &Value) -> Result<Value> {
    doubled(x, |size| (0..2 * size).map(|i| Tap { near: i / 2, far: i / 2, far_weight: 0.0 }).collect())
}

/// Bilinear interpolation to twice the size with pixel centres kept in place, the border repeated (PyTorch's
/// `align_corners = False`): `[n, h, w, c]` to `[n, 2 h, 2 w, c]`.
///
/// # Errors
/// When `x` is no image.
pub fn upsample_bilinear2(x: &Value) -> Result<Value> {
    doubled(x, |size| {
        // The centre of output pixel i lies at i / 2 - 1/4 of the input: a quarter from its nearest pixel.
        let far = |i: usize| if i.is_multiple_of(2) { (i / 2).saturating_sub(1) } else { (i / 2 + 1).min(size - 1) };
        (0..2 * size).map(|i| Tap { near: i / 2, far: far(i), far_weight: 0.25 }).collect()
    })
}

/// One output pixel along an axis: `(1 - far_weight) x[near] + far_weight x[far]`.
#[derive(Clone, Copy)]
struct Tap {
    near: usize,
    far: usize,
    far_weight: f32,
}

/// Weights of a separable interpolation to twice the size.
struct Doubling {
    shape: [usize; 4],
    rows: Vec<Tap>,
    columns: Vec<Tap>,
}

fn doubled(x: &Value, taps: impl Fn(usize) -> Vec<Tap>) -> Result<Value> {
    let [n, h, w, c] = image_shape("upsampling", x.tensor())?;
    let doubling = Doubling { shape: [n, h, w, c], rows: taps(h), columns: taps(w) };
    if on_device::holds("upsampling", x.tensor())? {
        return on_device::doubled(x, [matrix(&doubling.rows), matrix(&doubling.columns)]);
    }
    let output = tensor(with_floats("upsampling", x.tensor(), |x| doubling.forward(x))?, &[n, 2 * h, 2 * w, c])?;
    Ok(Value::operation(&[x], output, move |gradient| Ok(vec![Some(doubling.backward(&gradient)?)])))
}

/// The interpolation of one axis as a matrix, output pixels by input pixels.
fn matrix(taps: &[Tap]) -> Vec<f32> {
    let size = taps.len() / 2;
    let mut matrix = vec![0.0; taps.len() * size];
    for (row, tap) in matrix.chunks_exact_mut(size).zip(taps) {
        row[tap.near] += 1.0 - tap.far_weight;
        row[tap.far] += tap.far_weight;
    }
    matrix
}

impl Doubling {
    /// Input pixels of an output pixel with their weights.
    fn weights(row: Tap, column: Tap) -> [(usize, usize, f32); 4] {
        let (v, u) = (row.far_weight, column.far_weight);
        [
            (row.near, column.near, (1.0 - v) * (1.0 - u)),
            (row.near, column.far, (1.0 - v) * u),
            (row.far, column.near, v * (1.0 - u)),
            (row.far, column.far, v * u),
        ]
    }

    fn forward(&self, x: &[f32]) -> Vec<f32> {
        let [n, h, w, c] = self.shape;
        let mut out = vec![0.0; 4 * n * h * w * c];
        out.par_chunks_mut(2 * w * c).enumerate().for_each(|(row, out)| {
            let (image, tap) = (row / (2 * h), self.rows[row % (2 * h)]);
            for (out, &column) in out.chunks_exact_mut(c).zip(&self.columns) {
                for (y, x_pixel, weight) in
                    Self::weights(tap, column).into_iter().filter(|(_, _, weight)| *weight != 0.0)
                {
                    let first = ((image * h + y) * w + x_pixel) * c;
                    out.iter_mut().zip(&x[first..first + c]).for_each(|(out, x)| *out += weight * x);
                }
            }
        });
        out
    }

    /// The transpose of [`Doubling::forward`], image by image.
    fn backward(&self, gradient: &Tensor) -> Result<Tensor> {
        let [n, h, w, c] = self.shape;
        let mut out = vec![0.0; n * h * w * c];
        with_floats("upsampling", gradient, |gradient| {
            let images = out.par_chunks_mut(h * w * c).zip(gradient.par_chunks(4 * h * w * c));
            images.for_each(|(out, gradient)| {
                for (row, gradient) in self.rows.iter().zip(gradient.chunks_exact(2 * w * c)) {
                    for (column, gradient) in self.columns.iter().zip(gradient.chunks_exact(c)) {
                        let weights = Self::weights(*row, *column).into_iter().filter(|(_, _, weight)| *weight != 0.0);
                        for (y, x, weight) in weights {
                            let first = (y * w + x) * c;
                            out[first..first + c].iter_mut().zip(gradient).for_each(|(out, g)| *out += weight * g);
                        }
                    }
                }
            });
        })?;
        tensor(out, &self.shape)
    }
}
