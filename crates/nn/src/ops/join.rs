//! Sums, concatenations and reshapes.

use super::conv::reshape;
use crate::floats::{image_shape, tensor, with_floats};
use crate::{Error, Result, Value, graph, kernel, on_device};
use candle_core::Tensor;
use rayon::prelude::*;

/// Sum of two values of one shape: the residual connection.
///
/// # Errors
/// When the shapes differ.
pub fn add(x: &Value, y: &Value) -> Result<Value> {
    let sum = graph::add(x.tensor(), y.tensor())?;
    Ok(Value::operation(&[x, y], sum, |gradient| Ok(vec![Some(gradient.clone()), Some(gradient)])))
}

/// Channels of `x`, then those of `y`: `[n, h, w, cx]` and `[n, h, w, cy]` give `[n, h, w, cx + cy]`.
///
/// # Errors
/// When the images differ in number or size.
pub fn concat(x: &Value, y: &Value) -> Result<Value> {
    let [n, h, w, cx] = image_shape("a concatenation", x.tensor())?;
    let [ny, hy, wy, cy] = image_shape("a concatenation", y.tensor())?;
    if [n, h, w] != [ny, hy, wy] {
        return Err(Error::Shape {
            what: "the second part of a concatenation".to_owned(),
            expected: format!("[{n}, {h}, {w}, c]"),
            got: y.dims().to_vec(),
        });
    }
    if on_device::holds("a concatenation", x.tensor())? {
        return on_device::concat(x, y, [cx, cy]);
    }
    let joined = with_floats("a concatenation", x.tensor(), |x| {
        with_floats("a concatenation", y.tensor(), |y| interleave(x, y, cx, cy))
    })??;
    let joined = tensor(joined, &[n, h, w, cx + cy])?;
    Ok(Value::operation(&[x, y], joined, move |gradient| {
        let (gx, gy) = with_floats("a concatenation", &gradient, |g| deinterleave(g, cx, cy))?;
        Ok(vec![Some(tensor(gx, &[n, h, w, cx])?), Some(tensor(gy, &[n, h, w, cy])?)])
    }))
}

/// Rows of `cx` and of `cy` floats side by side.
fn interleave(x: &[f32], y: &[f32], cx: usize, cy: usize) -> Vec<f32> {
    let c = cx + cy;
    let rows = kernel::rows_per_piece(c);
    let mut joined = vec![0.0; x.len() + y.len()];
    joined.par_chunks_mut(rows * c).zip(x.par_chunks(rows * cx)).zip(y.par_chunks(rows * cy)).for_each(
        |((joined, x), y)| {
            for ((joined, x), y) in joined.chunks_exact_mut(c).zip(x.chunks_exact(cx)).zip(y.chunks_exact(cy)) {
                joined[..cx].copy_from_slice(x);
                joined[cx..].copy_from_slice(y);
            }
        },
    );
    joined
}

/// The inverse of [`interleave`].
fn deinterleave(joined: &[f32], cx: usize, cy: usize) -> (Vec<f32>, Vec<f32>) {
    let c = cx + cy;
    let rows = kernel::rows_per_piece(c);
    let n_rows = joined.len() / c;
    let (mut x, mut y) = (vec![0.0; n_rows * cx], vec![0.0; n_rows * cy]);
    joined.par_chunks(rows * c).zip(x.par_chunks_mut(rows * cx)).zip(y.par_chunks_mut(rows * cy)).for_each(
        |((joined, x), y)| {
            for ((joined, x), y) in joined.chunks_exact(c).zip(x.chunks_exact_mut(cx)).zip(y.chunks_exact_mut(cy)) {
                x.copy_from_slice(&joined[..cx]);
                y.copy_from_slice(&joined[cx..]);
            }
        },
    );
    (x, y)
}

/// A vector `[n, k]` as `k` more channels of every pixel of `[n, h, w, c]`.
///
/// Feeds a network what its normalisations remove, such as the amplitude of each view.
///
/// # Errors
/// When the numbers of images differ.
pub fn append_vector(x: &Value, vector: &Tensor) -> Result<Value> {
    let [n, h, w, _] = image_shape("an image", x.tensor())?;
    let &[rows, k] = vector.dims() else {
        return Err(Error::Shape {
            what: "a vector beside an image".to_owned(),
            expected: format!("[{n}, k]"),
            got: vector.dims().to_vec(),
        });
    };
    if rows != n {
        return Err(Error::Shape {
            what: "a vector beside an image".to_owned(),
            expected: format!("[{n}, {k}]"),
            got: vector.dims().to_vec(),
        });
    }
    let spread = vector.reshape((n, 1, 1, k))?.broadcast_as((n, h, w, k))?.contiguous()?;
    concat(x, &Value::constant(spread))
}

/// `[n, h, w, c]` as rows `[n, c h w]` in PyTorch's order, channels first, which weights made there expect.
///
/// # Errors
/// When `x` is no image.
pub fn flatten_channels_first(x: &Value) -> Result<Value> {
    let [n, h, w, c] = image_shape("an image to flatten", x.tensor())?;
    let rows = x.tensor().permute((0, 3, 1, 2))?.contiguous()?;
    let channels_first =
        Value::operation(&[x], rows, |gradient| Ok(vec![Some(gradient.permute((0, 2, 3, 1))?.contiguous()?)]));
    reshape(&channels_first, &[n, c * h * w])
}
