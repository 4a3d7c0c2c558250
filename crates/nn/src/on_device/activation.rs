//! Activations that do not follow a convolution.

use crate::{Result, Value};
use candle_core::Tensor;

/// 1 where `x` is above zero, else 0, also for NaN. A comparison would copy its zero to the device in each call.
fn positive(x: &Tensor) -> candle_core::Result<Tensor> {
    x.sign()?.relu()
}

/// `x` where it is above zero, else `0 x`: a NaN stays one, which candle's own rectifier turns into zero on CUDA.
pub(crate) fn relu(x: &Value) -> Result<Value> {
    let output = (x.tensor() * positive(x.tensor())?)?;
    let kept = output.clone();
    Ok(Value::operation(&[x], output, move |gradient| Ok(vec![Some((gradient * positive(&kept)?)?)])))
}

pub(crate) fn leaky_relu(x: &Value, slope: f32) -> Result<Value> {
    let slope = f64::from(slope);
    let factor = move |x: &Tensor| positive(x)?.affine(1.0 - slope, slope);
    let output = (x.tensor() * factor(x.tensor())?)?;
    let kept = output.clone();
    Ok(Value::operation(&[x], output, move |gradient| Ok(vec![Some((gradient * factor(&kept)?)?)])))
}

/// `lambda x` above zero, `lambda_alpha (exp(x) - 1)` below.
pub(crate) fn selu(x: &Value, lambda: f32, lambda_alpha: f32) -> Result<Value> {
    let (lambda, lambda_alpha) = (f64::from(lambda), f64::from(lambda_alpha));
    let output = (x.tensor().elu(lambda_alpha / lambda)? * lambda)?;
    let kept = output.clone();
    Ok(Value::operation(&[x], output, move |gradient| {
        // Above zero lambda, below it the result plus lambda alpha.
        let constants = positive(&kept)?.affine(lambda - lambda_alpha, lambda_alpha)?;
        let below = kept.neg()?.relu()?;
        Ok(vec![Some((gradient * (constants - below)?)?)])
    }))
}
