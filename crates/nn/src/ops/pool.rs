//! Pooling.

use crate::floats::{image_shape, tensor, with_floats};
use crate::{Error, Result, Value, on_device};
use candle_core::Tensor;
use rayon::prelude::*;

/// Largest value of each square of `side` pixels, squares side by side; pixels left over at the far edges are dropped.
///
/// Input `[n, h, w, c]`, output `[n, h / side, w / side, c]`. Of equal values the first in reading order gets the gradient.
///
/// # Errors
/// When an image is smaller than a square.
pub fn max_pool2d(x: &Value, side: usize) -> Result<Value> {
    let squares = Squares::new("max pooling", x.tensor(), side)?;
    if on_device::holds("max pooling", x.tensor())? {
        return on_device::max_pool2d(x, side);
    }
    let (largest, places) = with_floats("max pooling", x.tensor(), |x| squares.largest(x))?;
    let output = tensor(largest, &squares.output_shape())?;
    Ok(Value::operation(&[x], output, move |gradient| {
        Ok(vec![Some(squares.spread(&gradient, |g, pixel, place| if places[place] == pixel as u8 { g } else { 0.0 })?)])
    }))
}

/// Mean of each square of `side` pixels, squares side by side; pixels left over at the far edges are dropped.
///
/// Input `[n, h, w, c]`, output `[n, h / side, w / side, c]`.
///
/// # Errors
/// When an image is smaller than a square.
pub fn avg_pool2d(x: &Value, side: usize) -> Result<Value> {
    let squares = Squares::new("average pooling", x.tensor(), side)?;
    if on_device::holds("average pooling", x.tensor())? {
        return on_device::avg_pool2d(x, side);
    }
    let output = tensor(with_floats("average pooling", x.tensor(), |x| squares.means(x))?, &squares.output_shape())?;
    let share = 1.0 / (side * side) as f32;
    Ok(Value::operation(&[x], output, move |gradient| Ok(vec![Some(squares.spread(&gradient, |g, _, _| g * share)?)])))
}

/// Mean over all pixels: `[n, h, w, c]` to `[n, c]`.
///
/// # Errors
/// When `x` is no image.
pub fn global_avg_pool(x: &Value) -> Result<Value> {
    let [n, h, w, c] = image_shape("global pooling", x.tensor())?;
    if on_device::holds("global pooling", x.tensor())? {
        return on_device::global_avg_pool(x);
    }
    let means = with_floats("global pooling", x.tensor(), |x| {
        let image = |x: &[f32]| {
            let mut sum = vec![0.0f64; c];
            x.chunks_exact(c).for_each(|row| sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += f64::from(*x)));
            sum.into_iter().map(|sum| (sum / (h * w) as f64) as f32).collect::<Vec<f32>>()
        };
        x.par_chunks(h * w * c).map(image).collect::<Vec<_>>().concat()
    })?;
    Ok(Value::operation(&[x], tensor(means, &[n, c])?, move |gradient| {
        let share = 1.0 / (h * w) as f32;
        let spread = with_floats("global pooling", &gradient, |g| {
            g.chunks_exact(c).flat_map(|row| std::iter::repeat_n(row, h * w).flatten().map(|g| g * share)).collect()
        })?;
        Ok(vec![Some(tensor(spread, &[n, h, w, c])?)])
    }))
}

/// Squares that tile an image.
#[derive(Clone, Copy)]
struct Squares {
    input: [usize; 4],
    side: usize,
}

impl Squares {
    fn new(what: &str, x: &Tensor, side: usize) -> Result<Self> {
        let input = image_shape(what, x)?;
        if side == 0 || side > 15 || input[1] < side || input[2] < side {
            return Err(Error::Shape {
                what: format!("{what} over squares of {side}"),
                expected: "[n, h, w, c] of at least one square of 1 to 15 pixels".to_owned(),
                got: x.dims().to_vec(),
            });
        }
        Ok(Self { input, side })
    }

    fn output_shape(&self) -> [usize; 4] {
        let [n, h, w, c] = self.input;
        [n, h / self.side, w / self.side, c]
    }

    /// Begin of pixel number `pixel` of the square at `(row, x)`, the rows of squares of all images being numbered through.
    #[inline(always)]
    fn pixel(&self, row: usize, x: usize, pixel: usize) -> usize {
        let [_, h, w, c] = self.input;
        let (image, y) = (row / (h / self.side), row % (h / self.side));
        ((image * h + y * self.side + pixel / self.side) * w + x * self.side + pixel % self.side) * c
    }

    /// Largest values, and the number of their pixel within the square.
    fn largest(&self, x: &[f32]) -> (Vec<f32>, Vec<u8>) {
        let [n, ho, wo, c] = self.output_shape();
        let (mut largest, mut places) = (vec![0.0; n * ho * wo * c], vec![0; n * ho * wo * c]);
        largest.par_chunks_mut(wo * c).zip(places.par_chunks_mut(wo * c)).enumerate().for_each(
            |(row, (largest, places))| {
                for (square, (largest, places)) in
                    largest.chunks_exact_mut(c).zip(places.chunks_exact_mut(c)).enumerate()
                {
                    let first = self.pixel(row, square, 0);
                    largest.copy_from_slice(&x[first..first + c]);
                    for pixel in 1..self.side * self.side {
                        let first = self.pixel(row, square, pixel);
                        for ((largest, place), &x) in largest.iter_mut().zip(&mut *places).zip(&x[first..first + c]) {
                            // A NaN wins, as it must not vanish.
                            if x > *largest || x.is_nan() {
                                (*largest, *place) = (x, pixel as u8);
                            }
                        }
                    }
                }
            },
        );
        (largest, places)
    }

    fn means(&self, x: &[f32]) -> Vec<f32> {
        let [n, ho, wo, c] = self.output_shape();
        let share = 1.0 / (self.side * self.side) as f32;
        let mut means = vec![0.0; n * ho * wo * c];
        means.par_chunks_mut(wo * c).enumerate().for_each(|(row, means)| {
            for (square, means) in means.chunks_exact_mut(c).enumerate() {
                for pixel in 0..self.side * self.side {
                    let first = self.pixel(row, square, pixel);
                    means.iter_mut().zip(&x[first..first + c]).for_each(|(mean, x)| *mean += x * share);
                }
            }
        });
        means
    }

    /// An input gradient: `share(gradient, number of the pixel in its square, place of the output)`.
    fn spread(&self, gradient: &Tensor, share: impl Fn(f32, usize, usize) -> f32 + Sync) -> Result<Tensor> {
        let [n, h, w, c] = self.input;
        let [_, ho, wo, _] = self.output_shape();
        let mut out = vec![0.0; n * h * w * c];
        with_floats("pooling", gradient, |gradient| {
            out.par_chunks_mut(w * c).enumerate().for_each(|(input_row, out)| {
                let (image, y) = (input_row / h, input_row % h);
                if y / self.side >= ho {
                    return;
                }
                let row = image * ho + y / self.side;
                for (x, out) in out.chunks_exact_mut(c).enumerate().take(wo * self.side) {
                    let pixel = y % self.side * self.side + x % self.side;
                    let place = (row * wo + x / self.side) * c;
                    for (channel, out) in out.iter_mut().enumerate() {
                        *out = share(gradient[place + channel], pixel, place + channel);
                    }
                }
            });
        })?;
        tensor(out, &self.input)
    }
}
