//! Normalisations, and the sums over rows that they stand on.

use crate::ops::BatchStatistics;
use crate::{Result, Value};
use candle_core::{DType, Tensor};

/// Most rows that one product adds up.
const MOST_ROWS: usize = 256;

/// Sums over the rows of `[b, p, c]`: `[b, 1, c]`, as products with ones, some rows at a time.
///
/// candle's own sum over an axis that is not the last reads memory across rows, with one block of threads for each result.
pub(super) fn row_sums(x: &Tensor) -> candle_core::Result<Tensor> {
    let (b, p, c) = x.dims3()?;
    let rows = (1..=p.min(MOST_ROWS)).rev().find(|&n| p.is_multiple_of(n) && n > 1).unwrap_or(p);
    let pieces = b * (p / rows);
    let ones = Tensor::ones((1, 1, rows), DType::F32, x.device())?.broadcast_as((pieces, 1, rows))?;
    let sums = ones.matmul(&x.reshape((pieces, rows, c))?)?;
    if rows == p { sums.reshape((b, 1, c)) } else { row_sums(&sums.reshape((b, p / rows, c))?) }
}

/// Rows `[b, p, c]` with their moments, each normalised by those of its `b`.
struct Rows {
    x: Tensor,
    /// `[b, 1, c]`, as all that follows.
    mean: Tensor,
    inverse_deviation: Tensor,
}

impl Rows {
    /// With the moments of the rows themselves; also the sums of squared deviations.
    fn new(x: Tensor, epsilon: f64) -> candle_core::Result<(Self, Tensor)> {
        let share = 1.0 / x.dims()[1] as f64;
        let mean = row_sums(&x)?.affine(share, 0.0)?;
        let squares = row_sums(&x.broadcast_sub(&mean)?.sqr()?)?;
        let inverse_deviation = squares.affine(share, epsilon)?.sqrt()?.recip()?;
        Ok((Self { x, mean, inverse_deviation }, squares))
    }

    fn centred(&self) -> candle_core::Result<Tensor> {
        self.x.broadcast_sub(&self.mean)
    }

    /// Sums of the gradient, and of the gradient times the deviation from the mean.
    fn gradient_sums(&self, gradient: &Tensor) -> candle_core::Result<[Tensor; 2]> {
        Ok([row_sums(gradient)?, row_sums(&(gradient * self.centred()?)?)?])
    }

    /// Gradient of the rows behind `factor (x - mean)`, where mean and deviation follow from the rows:
    /// `factor [g - <g> - (x - mean) inverse^2 <g (x - mean)>]`, the averages being over rows.
    fn x_gradient(&self, gradient: &Tensor, sums: &[Tensor; 2], factor: &Tensor) -> candle_core::Result<Tensor> {
        let share = 1.0 / self.x.dims()[1] as f64;
        let along = ((&sums[1] * self.inverse_deviation.sqr()?)? * share)?;
        let centred = self.centred()?.broadcast_mul(&along)?;
        (gradient - centred)?.broadcast_sub(&(&sums[0] * share)?)?.broadcast_mul(factor)
    }
}

/// As one image of rows, `[1, p, c]`.
fn as_rows(x: &Tensor) -> candle_core::Result<Tensor> {
    let c = x.dims()[x.rank() - 1];
    x.contiguous()?.reshape((1, x.elem_count() / c, c))
}

pub(crate) fn instance_norm(x: &Value, epsilon: f64) -> Result<Value> {
    let [n, h, w, c] = [0, 1, 2, 3].map(|axis| x.dims()[axis]);
    let (rows, _) = Rows::new(x.tensor().contiguous()?.reshape((n, h * w, c))?, epsilon)?;
    let output = rows.centred()?.broadcast_mul(&rows.inverse_deviation)?.reshape(x.dims())?;
    Ok(Value::operation(&[x], output, move |gradient| {
        let gradient = gradient.contiguous()?.reshape((n, h * w, c))?;
        let sums = rows.gradient_sums(&gradient)?;
        let x_gradient = rows.x_gradient(&gradient, &sums, &rows.inverse_deviation)?;
        Ok(vec![Some(x_gradient.reshape((n, h, w, c))?)])
    }))
}

/// Which statistics a batch is normalised by.
#[derive(Clone, Copy, PartialEq)]
enum Origin {
    Batch,
    Given,
}

pub(crate) fn batch_norm(
    x: &Value,
    parameters: [&Value; 2],
    residual: Option<&Value>,
    epsilon: f64,
) -> Result<(Value, BatchStatistics)> {
    let (rows, squares) = Rows::new(as_rows(x.tensor())?, epsilon)?;
    let [_, p, c] = [0, 1, 2].map(|axis| rows.x.dims()[axis]);
    let statistics = BatchStatistics {
        mean: rows.mean.reshape(c)?,
        variance: squares.affine(1.0 / (p as f64 - 1.0), 0.0)?.reshape(c)?,
    };
    Ok((normalised(x, parameters, residual, rows, Origin::Batch)?, statistics))
}

/// With a given mean and variance, `[c]` each.
pub(crate) fn channel_affine(
    x: &Value,
    parameters: [&Value; 2],
    residual: Option<&Value>,
    [mean, variance]: [&Tensor; 2],
    epsilon: f64,
) -> Result<Value> {
    let inverse_deviation = variance.affine(1.0, epsilon)?.sqrt()?.recip()?.reshape((1, 1, ()))?;
    let rows = Rows { x: as_rows(x.tensor())?, mean: mean.reshape((1, 1, ()))?, inverse_deviation };
    normalised(x, parameters, residual, rows, Origin::Given)
}

fn normalised(
    x: &Value,
    [scale, shift]: [&Value; 2],
    residual: Option<&Value>,
    rows: Rows,
    origin: Origin,
) -> Result<Value> {
    let dims = x.dims().to_vec();
    let factor = (scale.tensor().reshape((1, 1, ()))? * &rows.inverse_deviation)?;
    let scaled = rows.centred()?.broadcast_mul(&factor)?.broadcast_add(shift.tensor())?.reshape(x.dims())?;
    let output = match residual {
        Some(residual) => (scaled + residual.tensor())?,
        None => scaled,
    };
    let inputs: Vec<&Value> = [Some(x), Some(scale), Some(shift), residual].into_iter().flatten().collect();
    let (needs_x, with_residual) = (x.needs_gradient(), residual.is_some());
    Ok(Value::operation(&inputs, output, move |gradient| {
        let g = as_rows(&gradient)?;
        let sums = rows.gradient_sums(&g)?;
        let x_gradient = match (needs_x, origin) {
            (false, _) => None,
            (true, Origin::Batch) => Some(rows.x_gradient(&g, &sums, &factor)?.reshape(dims.as_slice())?),
            (true, Origin::Given) => Some(g.broadcast_mul(&factor)?.reshape(dims.as_slice())?),
        };
        let scale_gradient = (&sums[1] * &rows.inverse_deviation)?.flatten_all()?;
        let mut gradients = vec![x_gradient, Some(scale_gradient), Some(sums[0].flatten_all()?)];
        if with_residual {
            gradients.push(Some(gradient));
        }
        Ok(gradients)
    }))
}

/// Mean over all pixels: `[n, h, w, c]` to `[n, c]`.
pub(crate) fn global_avg_pool(x: &Value) -> Result<Value> {
    let [n, h, w, c] = [0, 1, 2, 3].map(|axis| x.dims()[axis]);
    let share = 1.0 / (h * w) as f64;
    let sums = row_sums(&x.tensor().contiguous()?.reshape((n, h * w, c))?)?;
    Ok(Value::operation(&[x], sums.affine(share, 0.0)?.reshape((n, c))?, move |gradient| {
        let spread = gradient.affine(share, 0.0)?.reshape((n, 1, 1, c))?.broadcast_as((n, h, w, c))?.contiguous()?;
        Ok(vec![Some(spread)])
    }))
}
