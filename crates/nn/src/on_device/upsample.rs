//! Separable interpolation to twice the size, as products with the matrix of each axis.

use crate::{Result, Value};
use candle_core::{Device, Tensor};

/// `matrices` map the columns and rows of pixels, `[2 h, h]` and `[2 w, w]`, row-major.
pub(crate) fn doubled(x: &Value, matrices: [Vec<f32>; 2]) -> Result<Value> {
    let [n, h, w, c] = [0, 1, 2, 3].map(|axis| x.dims()[axis]);
    let device: &Device = x.tensor().device();
    let [rows, columns] = matrices;
    let rows = Tensor::from_vec(rows, (2 * h, h), device)?;
    let columns = Tensor::from_vec(columns, (2 * w, w), device)?;
    let tall = along(&rows, &x.tensor().contiguous()?.reshape((n, h, w * c))?)?;
    let output = along(&columns, &tall.reshape((n * 2 * h, w, c))?)?.reshape((n, 2 * h, 2 * w, c))?;
    Ok(Value::operation(&[x], output, move |gradient| {
        let narrow = along(&columns.t()?.contiguous()?, &gradient.contiguous()?.reshape((n * 2 * h, 2 * w, c))?)?;
        let gradient = along(&rows.t()?.contiguous()?, &narrow.reshape((n, 2 * h, w * c))?)?;
        Ok(vec![Some(gradient.reshape((n, h, w, c))?)])
    }))
}

/// One matrix `[out, in]` times each of `[b, in, k]`.
fn along(matrix: &Tensor, x: &Tensor) -> candle_core::Result<Tensor> {
    let (to, from) = matrix.dims2()?;
    matrix.broadcast_as((x.dims()[0], to, from))?.matmul(x)
}
