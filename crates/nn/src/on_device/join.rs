//! Concatenation.

use crate::{Result, Value};
use candle_core::Tensor;

/// Channels of `x`, then those of `y`, of images of one size.
pub(crate) fn concat(x: &Value, y: &Value, [cx, cy]: [usize; 2]) -> Result<Value> {
    let joined = Tensor::cat(&[x.tensor(), y.tensor()], 3)?;
    Ok(Value::operation(&[x, y], joined, move |gradient| {
        let part = |first, n| gradient.narrow(3, first, n)?.contiguous();
        Ok(vec![Some(part(0, cx)?), Some(part(cx, cy)?)])
    }))
}
