//! Batch normalisation as one operation, with the residual connection that may follow it.

use super::moments::{Moments, combine_rows, gradient_sums, normalisation_factors, scale_rows, scale_rows_and_add};
use crate::floats::{tensor, to_vec, with_floats};
use crate::{Error, Result, Value, kernel, on_device};
use candle_core::Tensor;
use rayon::prelude::*;

/// Mean and variance of each channel over a batch, `[c]`, for the running ones.
pub(crate) struct BatchStatistics {
    pub(crate) mean: Tensor,
    /// Unbiased: the sum of squared deviations over `n - 1`.
    pub(crate) variance: Tensor,
}

/// What each channel is normalised by.
struct Affine {
    mean: Vec<f32>,
    inverse_deviation: Vec<f32>,
}

/// `y = (x - mean) / sqrt(variance + epsilon) scale + shift [+ residual]` with mean and variance over all axes but the last
/// (Ioffe15, Algorithm 1), and the statistics.
///
/// Input `[.., c]`, scale and shift `[c]`, residual as the input.
///
/// # Errors
/// When shapes do not fit or a channel has fewer than two values.
pub(crate) fn batch_norm(
    x: &Value,
    scale: &Value,
    shift: &Value,
    residual: Option<&Value>,
    epsilon: f64,
) -> Result<(Value, BatchStatistics)> {
    let c = n_channels(x, scale, residual)?;
    let n_rows = x.tensor().elem_count() / c;
    if n_rows < 2 {
        return Err(Error::Shape {
            what: "batch normalisation in training".to_owned(),
            expected: "at least two values a channel".to_owned(),
            got: x.dims().to_vec(),
        });
    }
    if on_device::holds("batch normalisation", x.tensor())? {
        return on_device::batch_norm(x, [scale, shift], residual, epsilon);
    }
    let moments = with_floats("batch normalisation", x.tensor(), |x| moments(x, c))?;
    let affine = Affine { mean: moments.mean_f32(), inverse_deviation: moments.inverse_deviation(epsilon) };
    let variance = moments.squares.iter().map(|squares| (squares / (moments.n_rows - 1.0)) as f32).collect();
    let statistics = BatchStatistics { mean: tensor(affine.mean.clone(), &[c])?, variance: tensor(variance, &[c])? };
    Ok((normalised(x, [scale, shift], residual, affine, Origin::Batch)?, statistics))
}

/// The same with a given mean and variance, `[c]` each, which do not depend on the input.
///
/// # Errors
/// When shapes do not fit.
pub(crate) fn channel_affine(
    x: &Value,
    scale: &Value,
    shift: &Value,
    residual: Option<&Value>,
    [mean, variance]: [&Tensor; 2],
    epsilon: f64,
) -> Result<Value> {
    n_channels(x, scale, residual)?;
    if on_device::holds("batch normalisation", x.tensor())? {
        return on_device::channel_affine(x, [scale, shift], residual, [mean, variance], epsilon);
    }
    let affine = Affine {
        mean: to_vec("a running mean", mean)?,
        inverse_deviation: inverse_deviation(&to_vec("a running variance", variance)?, epsilon),
    };
    normalised(x, [scale, shift], residual, affine, Origin::Given)
}

/// `1 / sqrt(variance + epsilon)` of each channel.
pub(crate) fn inverse_deviation(variance: &[f32], epsilon: f64) -> Vec<f32> {
    variance.iter().map(|&variance| (1.0 / (f64::from(variance) + epsilon).sqrt()) as f32).collect()
}

fn n_channels(x: &Value, scale: &Value, residual: Option<&Value>) -> Result<usize> {
    let c = scale.tensor().elem_count();
    if x.tensor().elem_count() == 0 || x.dims().last() != Some(&c) {
        return Err(Error::Shape {
            what: "batch normalisation".to_owned(),
            expected: format!("[.., {c}] without a zero"),
            got: x.dims().to_vec(),
        });
    }
    if let Some(residual) = residual.filter(|residual| residual.dims() != x.dims()) {
        return Err(Error::Shape {
            what: "the residual of a batch normalisation".to_owned(),
            expected: format!("{:?}", x.dims()),
            got: residual.dims().to_vec(),
        });
    }
    Ok(c)
}

/// Moments of all rows, piece by piece.
fn moments(x: &[f32], c: usize) -> Moments {
    let rows = kernel::rows_per_piece(c);
    let parts: Vec<Moments> = x.par_chunks(rows * c).map(|x| Moments::of(x, c)).collect();
    let mut parts = parts.into_iter();
    let first = parts.next().expect("there is at least one row");
    parts.fold(first, |all, part| all.with(&part))
}

/// Whether the statistics depend on the input.
#[derive(Clone, Copy, PartialEq)]
enum Origin {
    Batch,
    Given,
}

fn normalised(
    x: &Value,
    parameters: [&Value; 2],
    residual: Option<&Value>,
    affine: Affine,
    origin: Origin,
) -> Result<Value> {
    let [scale, shift] = parameters;
    let scales = to_vec("batch normalisation", scale.tensor())?;
    let shifts = to_vec("batch normalisation", shift.tensor())?;
    let a: Vec<f32> = scales.iter().zip(&affine.inverse_deviation).map(|(s, i)| s * i).collect();
    let b: Vec<f32> = shifts.iter().zip(&affine.mean).zip(&a).map(|((s, m), a)| s - m * a).collect();
    let output = forward(x.tensor(), residual.map(Value::tensor), &a, &b)?;
    let step = Step { x: x.tensor().clone(), scales, affine, origin };
    let inputs: Vec<&Value> = [Some(x), Some(scale), Some(shift), residual].into_iter().flatten().collect();
    let needs_x = x.needs_gradient();
    let with_residual = residual.is_some();
    Ok(Value::operation(&inputs, output, move |gradient| {
        let mut gradients = step.backward(&gradient, needs_x)?;
        if with_residual {
            gradients.push(Some(gradient));
        }
        Ok(gradients)
    }))
}

fn forward(x: &Tensor, residual: Option<&Tensor>, a: &[f32], b: &[f32]) -> Result<Tensor> {
    let piece = kernel::rows_per_piece(a.len()) * a.len();
    let mut out = vec![0.0; x.elem_count()];
    with_floats("batch normalisation", x, |x| match residual {
        None => {
            out.par_chunks_mut(piece).zip(x.par_chunks(piece)).for_each(|(out, x)| scale_rows(x, a, b, out));
            Ok(())
        }
        Some(residual) => with_floats("batch normalisation", residual, |residual| {
            let pieces = out.par_chunks_mut(piece).zip(x.par_chunks(piece)).zip(residual.par_chunks(piece));
            pieces.for_each(|((out, x), y)| scale_rows_and_add(x, a, b, y, out));
        }),
    })??;
    tensor(out, x.dims())
}

struct Step {
    x: Tensor,
    scales: Vec<f32>,
    affine: Affine,
    origin: Origin,
}

impl Step {
    /// Gradients of input, scale and shift.
    fn backward(self, gradient: &Tensor, needs_x: bool) -> Result<Vec<Option<Tensor>>> {
        with_floats("batch normalisation", &self.x, |x| {
            with_floats("batch normalisation", gradient, |gradient| self.gradients(x, gradient, needs_x))
        })??
    }

    fn gradients(&self, x: &[f32], gradient: &[f32], needs_x: bool) -> Result<Vec<Option<Tensor>>> {
        let Affine { mean, inverse_deviation } = &self.affine;
        let c = mean.len();
        let piece = kernel::rows_per_piece(c) * c;
        let parts =
            x.par_chunks(piece).zip(gradient.par_chunks(piece)).map(|(x, g)| gradient_sums(x, g, mean)).collect();
        let sums = kernel::sum_in_order(parts, 2 * c);
        let shift_gradient = sums[..c].iter().map(|&sum| sum as f32).collect();
        let scale_gradient =
            sums[c..].iter().zip(inverse_deviation).map(|(sum, inverse)| (sum * f64::from(*inverse)) as f32).collect();
        let x_gradient = needs_x.then(|| self.x_gradient(x, gradient, &sums)).transpose()?;
        Ok(vec![x_gradient, Some(tensor(scale_gradient, &[c])?), Some(tensor(shift_gradient, &[c])?)])
    }

    fn x_gradient(&self, x: &[f32], gradient: &[f32], sums: &[f64]) -> Result<Tensor> {
        let Affine { mean, inverse_deviation } = &self.affine;
        let c = mean.len();
        let piece = kernel::rows_per_piece(c) * c;
        let n_rows = (x.len() / c) as f64;
        let given = vec![0.0; 2 * c];
        let sums = if self.origin == Origin::Batch { sums } else { &given };
        let [k0, k1, k2] = normalisation_factors(sums, n_rows, mean, inverse_deviation, |channel| self.scales[channel]);
        let mut out = vec![0.0; x.len()];
        let pieces = out.par_chunks_mut(piece).zip(x.par_chunks(piece)).zip(gradient.par_chunks(piece));
        pieces.for_each(|((out, x), g)| combine_rows(x, g, [&k0, &k1, &k2], out));
        tensor(out, self.x.dims())
    }
}
