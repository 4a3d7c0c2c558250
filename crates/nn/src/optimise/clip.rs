//! Gradients kept from exploding.

use crate::floats::{tensor, with_floats};
use crate::kernel::{self, PIECE};
use crate::{Error, Gradients, Parameters, Result, Value, on_device};
use candle_core::{DType, Tensor};
use rayon::prelude::*;

/// Root of the sum of squares of all gradients; where it is above `most`, all are multiplied by `most / norm`.
///
/// # Errors
/// When `most` is not above zero.
pub fn clip_by_global_norm(parameters: &Parameters, gradients: &mut Gradients, most: f64) -> Result<f64> {
    check_most(most)?;
    let norm = global_norm(parameters, gradients)?;
    clip(parameters, gradients, norm, most)?;
    Ok(norm)
}

/// Checks the bound of a clipping.
pub(crate) fn check_most(most: f64) -> Result<()> {
    match most > 0.0 {
        true => Ok(()),
        false => Err(Error::Setting { what: "the largest gradient norm", value: most.to_string(), must: "above zero" }),
    }
}

/// Clips gradients whose norm is known.
pub(crate) fn clip(parameters: &Parameters, gradients: &mut Gradients, norm: f64, most: f64) -> Result<()> {
    if norm > most {
        let factor = (most / norm) as f32;
        for parameter in parameters.trained() {
            if let Some(gradient) = gradients.take(parameter.id()) {
                if on_device::is_elsewhere(&gradient) {
                    gradients.replace(parameter.id(), gradient.affine(f64::from(factor), 0.0)?);
                    continue;
                }
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
    Ok(())
}

/// Root of the sum of squares of all gradients.
fn global_norm(parameters: &Parameters, gradients: &Gradients) -> Result<f64> {
    match squares_on_device(parameters, gradients)? {
        Some(squares) => Ok(squares.to_scalar::<f64>()?.sqrt()),
        None => norm_on_host(parameters, gradients),
    }
}

/// A loss, and the norm of the gradients: from a device one copy brings both.
pub(crate) fn loss_and_norm(loss: &Tensor, parameters: &Parameters, gradients: &Gradients) -> Result<(f64, f64)> {
    let Some(squares) = squares_on_device(parameters, gradients)? else {
        return Ok((Value::constant(loss.clone()).scalar()?, norm_on_host(parameters, gradients)?));
    };
    let both = Tensor::stack(&[&loss.to_dtype(DType::F64)?.reshape(())?, &squares], 0)?.to_vec1::<f64>()?;
    Ok((both[0], both[1].sqrt()))
}

/// In f64 and in an order that no number of threads changes.
fn norm_on_host(parameters: &Parameters, gradients: &Gradients) -> Result<f64> {
    let mut total = 0.0;
    for parameter in parameters.trained() {
        if let Some(gradient) = gradients.of_leaf(parameter.id()) {
            total += with_floats("a gradient", gradient, sum_of_squares)?;
        }
    }
    Ok(total.sqrt())
}

/// The sum of squares as a number on the device, where the parameters lie on one.
fn squares_on_device(parameters: &Parameters, gradients: &Gradients) -> Result<Option<Tensor>> {
    let all: Vec<&Tensor> = parameters.trained().filter_map(|parameter| gradients.of_leaf(parameter.id())).collect();
    if !all.first().is_some_and(|gradient| on_device::is_elsewhere(gradient)) {
        return Ok(None);
    }
    Ok(Some(on_device::sum_of_squares(&all)?))
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
