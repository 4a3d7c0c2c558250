//! Dropout by a mask that the host has drawn.

use crate::{Result, Value};
use candle_core::{DType, Tensor};

/// `x scale` where the mask is 1, `0 x` where it is 0. The mask is copied as bytes, once a pass, and kept for the way back.
pub(crate) fn dropout(x: &Value, mask: Vec<u8>, scale: f32) -> Result<Value> {
    let mask = Tensor::from_vec(mask, x.dims(), x.tensor().device())?;
    let apply = move |x: &Tensor| x.mul(&mask.to_dtype(DType::F32)?)?.affine(f64::from(scale), 0.0);
    let output = apply(x.tensor())?;
    Ok(Value::operation(&[x], output, move |gradient| Ok(vec![Some(apply(&gradient)?)])))
}
