//! Gradients kept from exploding.

use crate::floats::{tensor, with_floats};
use crate::kernel::{self, PIECE};
use crate::{Error, Gradients, Parameters, Result};
use rayon::prelude::*;

/// Root of the sum of squares of all gradients; where it is above `most`, all are multiplied by `most / norm`.
///
/// # Errors
/// When `most` is not above zero.
pub fn clip_by_global_norm(parameters: &Parameters, gradients: &mut Gradients, most: f64) -> Result<f64> {
    if most.is_nan() || most <= 0.0 {
        return Err(Error::Setting { what: "the largest gradient norm", value: most.to_string(), must: "above zero" });
    }
    let norm = global_norm(parameters, gradients)?;
    if norm > most {
        let factor = (most / norm) as f32;
        for parameter in parameters.trained() {
            if let Some(gradient) = gradients.take(parameter.id()) {
                let scaled = with_floats("a gradient", &gradient, |g| {
                    kernel::map(
                        g,
                        #[inline(always)]
                        |g| g * factor,
                    )
                })?;
                gradients.replace(parameter.id(), tensor(scaled, gradient.dims())?);
            }
        }
    }
    Ok(norm)
}

/// Root of the sum of squares of all gradients, in f64 and in an order that no number of threads changes.
pub(crate) fn global_norm(parameters: &Parameters, gradients: &Gradients) -> Result<f64> {
    let mut total = 0.0;
    for parameter in parameters.trained() {
        if let Some(gradient) = gradients.of_leaf(parameter.id()) {
            total += with_floats("a gradient", gradient, sum_of_squares)?;
        }
    }
    Ok(total.sqrt())
}

/// Lanes of a sum that goes on side by side.
const LANES: usize = 16;

pub(crate) fn sum_of_squares(x: &[f32]) -> f64 {
    let piece = |x: &[f32]| {
        kernel::vectorised(
            #[inline(always)]
            || {
                let mut sums = [0.0f32; LANES];
                let whole = x.chunks_exact(LANES);
                let rest: f32 = whole.remainder().iter().map(|x| x * x).sum();
                for x in whole {
                    sums.iter_mut().zip(x).for_each(|(sum, x)| *sum += x * x);
                }
                sums.iter().copied().map(f64::from).sum::<f64>() + f64::from(rest)
            },
        )
    };
    let parts: Vec<f64> = x.par_chunks(PIECE).map(piece).collect();
    parts.into_iter().sum()
}
