//! Activations that do not follow a convolution directly; those that do are part of it.

use crate::floats::{tensor, with_floats};
use crate::{Result, Value, kernel, on_device};
use arcmin_conv::{SELU_ALPHA, SELU_SCALE};

/// `lambda alpha` of SELU.
const SELU_SCALE_ALPHA: f32 = SELU_SCALE * SELU_ALPHA;

/// `max(x, 0)`, with derivative 0 at 0.
///
/// # Errors
/// When `x` is not f32.
pub fn relu(x: &Value) -> Result<Value> {
    if on_device::holds("an activation", x.tensor())? {
        return on_device::relu(x);
    }
    elementwise(
        x,
        #[inline(always)]
        |x| if x > 0.0 { x } else { 0.0 * x },
        #[inline(always)]
        |y| if y > 0.0 { 1.0 } else { 0.0 },
    )
}

/// `x` above zero, `slope x` below, with derivative `slope` at 0; the slope is positive.
///
/// # Errors
/// When `x` is not f32.
pub fn leaky_relu(x: &Value, slope: f32) -> Result<Value> {
    if on_device::holds("an activation", x.tensor())? {
        return on_device::leaky_relu(x, slope);
    }
    elementwise(
        x,
        #[inline(always)]
        move |x| if x > 0.0 { x } else { slope * x },
        #[inline(always)]
        move |y| if y > 0.0 { 1.0 } else { slope },
    )
}

/// `lambda x` above zero, `lambda alpha (exp(x) - 1)` below (Klambauer17, Eq. 2).
///
/// # Errors
/// When `x` is not f32.
pub fn selu(x: &Value) -> Result<Value> {
    if on_device::holds("an activation", x.tensor())? {
        return on_device::selu(x, SELU_SCALE, SELU_SCALE_ALPHA);
    }
    elementwise(
        x,
        |x| if x > 0.0 { SELU_SCALE * x } else { SELU_SCALE_ALPHA * x.exp_m1() },
        #[inline(always)]
        |y| if y > 0.0 { SELU_SCALE } else { y + SELU_SCALE_ALPHA },
    )
}

/// `f(x)` with a derivative that follows from the result alone.
fn elementwise(
    x: &Value,
    f: impl Fn(f32) -> f32 + Sync,
    derivative: impl Fn(f32) -> f32 + Sync + Send + 'static,
) -> Result<Value> {
    let output = tensor(with_floats("an activation", x.tensor(), |x| kernel::map(x, f))?, x.dims())?;
    let kept = output.clone();
    Ok(Value::operation(&[x], output, move |gradient| {
        let result = with_floats("an activation", &kept, |y| {
            with_floats("an activation", &gradient, |g| {
                kernel::map2(
                    y,
                    g,
                    #[inline(always)]
                    |y, g| g * derivative(y),
                )
            })
        })??;
        Ok(vec![Some(tensor(result, gradient.dims())?)])
    }))
}
