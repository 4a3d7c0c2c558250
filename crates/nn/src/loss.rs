//! Losses: one number from a prediction and its target, averaged over all elements or rows.
//!
//! Sums run in f64 in the order of the elements; each loss gives its gradient in closed form. `n` is the number of elements
//! averaged over, `p` the prediction, `t` the target. A target may lie on the CPU while the prediction lies elsewhere.

mod classes;
mod likelihood;

pub use classes::{bce_with_logits, cross_entropy};
pub use likelihood::{gaussian_nll, mixture_nll};

use crate::floats::{tensor, with_floats};
use crate::{Error, Result, Value, on_device};
use candle_core::Tensor;

/// Mean squared error, `sum (p - t)^2 / n`; any shape, the same for both.
///
/// # Errors
/// When the shapes differ.
pub fn mse(prediction: &Value, target: &Tensor) -> Result<Value> {
    const WHAT: &str = "the mean squared error";
    same_shape(WHAT, prediction.dims(), target)?;
    if on_device::holds(WHAT, prediction.tensor())? {
        return on_device::mean_of(prediction, target, target.elem_count(), on_device::mse_terms);
    }
    elementwise(WHAT, prediction, target, |p, t| ((p - t) * (p - t), 2.0 * (p - t)))
}

/// Mean squared error of base-10 logarithms, `sum (log10 p - log10 t)^2 / n`, for masses (Andres22); both above zero.
///
/// Prediction and target are the quantities themselves; a network that answers in logarithms is trained with [`mse`].
///
/// # Errors
/// When the shapes differ or a target is not above zero. A prediction that is not gives a loss that is not finite; so does,
/// where the prediction does not lie on the CPU, a target that is not.
pub fn log_mse(prediction: &Value, target: &Tensor) -> Result<Value> {
    const WHAT: &str = "the logarithmic error";
    same_shape(WHAT, prediction.dims(), target)?;
    if on_device::holds(WHAT, prediction.tensor())? {
        return on_device::mean_of(prediction, target, target.elem_count(), on_device::log_mse_terms);
    }
    let least = with_floats("a target", target, |t| t.iter().copied().fold(f32::INFINITY, f32::min))?;
    if least <= 0.0 {
        return Err(Error::Setting { what: "a target of log_mse", value: least.to_string(), must: "above zero" });
    }
    elementwise(WHAT, prediction, target, |p, t| {
        let difference = p.log10() - t.log10();
        (difference * difference, 2.0 * difference / (p * std::f64::consts::LN_10))
    })
}

/// Sum of losses, each times a weight.
///
/// # Errors
/// When there is none, or one is no single number.
pub fn weighted_sum(losses: &[(f64, &Value)]) -> Result<Value> {
    let mut sum = 0.0;
    for (weight, loss) in losses {
        sum += weight * loss.scalar()?;
    }
    let Some((_, first)) = losses.first() else {
        return Err(Error::Setting { what: "number of losses", value: "0".to_owned(), must: "above zero" });
    };
    let device = first.tensor().device();
    let total = Tensor::new(sum as f32, device)?.reshape(first.dims())?;
    let weights: Vec<f64> = losses.iter().map(|(weight, _)| *weight).collect();
    let inputs: Vec<&Value> = losses.iter().map(|(_, loss)| *loss).collect();
    Ok(Value::operation(&inputs, total, move |gradient| {
        weights.iter().map(|weight| Ok(Some(gradient.affine(*weight, 0.0)?))).collect()
    }))
}

/// Mean over elements of `f(p, t)`, which gives the loss and its derivative by `p`.
fn elementwise(what: &str, prediction: &Value, target: &Tensor, f: impl Fn(f64, f64) -> (f64, f64)) -> Result<Value> {
    let n = prediction.tensor().elem_count() as f64;
    let mut loss = 0.0;
    let gradient = with_floats(what, prediction.tensor(), |p| {
        with_floats(what, target, |t| {
            let one = |(&p, &t): (&f32, &f32)| {
                let (value, derivative) = f(f64::from(p), f64::from(t));
                loss += value;
                (derivative / n) as f32
            };
            p.iter().zip(t).map(one).collect()
        })
    })??;
    mean_loss(prediction, loss / n, gradient)
}

/// The loss as a value whose gradient by the prediction is given.
fn mean_loss(prediction: &Value, loss: f64, gradient: Vec<f32>) -> Result<Value> {
    let output = tensor(vec![loss as f32], &[])?;
    let gradient = tensor(gradient, prediction.dims())?;
    Ok(Value::operation(&[prediction], output, move |outer| {
        let factor = f64::from(outer.to_scalar::<f32>()?);
        let scaled = if factor == 1.0 { gradient } else { gradient.affine(factor, 0.0)? };
        Ok(vec![Some(scaled)])
    }))
}

/// Checks that a target has the shape of what it is compared with, and is not empty.
fn same_shape(what: &str, expected: &[usize], target: &Tensor) -> Result<()> {
    if target.dims() == expected && target.elem_count() > 0 {
        return Ok(());
    }
    Err(Error::Shape {
        what: format!("the target of {what}"),
        expected: format!("{expected:?} without a zero"),
        got: target.dims().to_vec(),
    })
}
