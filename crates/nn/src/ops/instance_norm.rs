//! Instance normalisation.

use super::moments::{Moments, combine_rows, gradient_sums, normalisation_factors, scale_rows};
use crate::floats::{image_shape, tensor, with_floats};
use crate::{Result, Value, on_device};
use candle_core::Tensor;
use rayon::prelude::*;

/// `y = (x - mean) / sqrt(variance + epsilon)` with mean and variance of each channel of each image (Ulyanov16, Eq. 3).
///
/// Input and output `[n, h, w, c]`. It removes the amplitude of each image: a network that must know it has to be told.
///
/// # Errors
/// When `x` is no f32 image.
pub fn instance_norm(x: &Value, epsilon: f64) -> Result<Value> {
    let [_, h, w, c] = image_shape("instance normalisation", x.tensor())?;
    if on_device::holds("instance normalisation", x.tensor())? {
        return on_device::instance_norm(x, epsilon);
    }
    let image = h * w * c;
    let mut out = vec![0.0; x.tensor().elem_count()];
    let statistics: Vec<(Vec<f32>, Vec<f32>)> = with_floats("instance normalisation", x.tensor(), |x| {
        out.par_chunks_mut(image).zip(x.par_chunks(image)).map(|(out, x)| normalise(x, out, c, epsilon)).collect()
    })?;
    let output = tensor(out, x.dims())?;
    let kept = x.tensor().clone();
    Ok(Value::operation(&[x], output, move |gradient| Ok(vec![Some(backward(&kept, &gradient, &statistics)?)])))
}

/// One image; its mean and inverse deviation.
fn normalise(x: &[f32], out: &mut [f32], c: usize, epsilon: f64) -> (Vec<f32>, Vec<f32>) {
    let moments = Moments::of(x, c);
    let (mean, inverse) = (moments.mean_f32(), moments.inverse_deviation(epsilon));
    let shift: Vec<f32> = mean.iter().zip(&inverse).map(|(mean, inverse)| -mean * inverse).collect();
    scale_rows(x, &inverse, &shift, out);
    (mean, inverse)
}

fn backward(x: &Tensor, gradient: &Tensor, statistics: &[(Vec<f32>, Vec<f32>)]) -> Result<Tensor> {
    let image = x.elem_count() / statistics.len();
    let mut out = vec![0.0; x.elem_count()];
    with_floats("instance normalisation", x, |x| {
        with_floats("instance normalisation", gradient, |gradient| {
            let images = out.par_chunks_mut(image).zip(x.par_chunks(image)).zip(gradient.par_chunks(image));
            images.zip(statistics).for_each(|(((out, x), g), (mean, inverse))| {
                let sums = gradient_sums(x, g, mean);
                let n_rows = (image / mean.len()) as f64;
                let [k0, k1, k2] = normalisation_factors(&sums, n_rows, mean, inverse, |_| 1.0);
                combine_rows(x, g, [&k0, &k1, &k2], out);
            });
        })
    })??;
    tensor(out, x.dims())
}
