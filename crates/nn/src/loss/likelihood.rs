//! Losses of networks that answer with a distribution.

use super::mean_loss;
use crate::floats::with_floats;
use crate::{Error, Result, Value, on_device};
use candle_core::Tensor;

/// `ln(2 pi) / 2`.
const HALF_LN_2PI: f64 = 0.918_938_533_204_672_7;

/// Negative log-likelihood of a Gaussian, `sum_i [ln(2 pi)/2 + s_i + (t_i - m_i)^2 exp(-2 s_i) / 2] / n`, with the mean `m`
/// and the logarithm `s` of the deviation as columns of the prediction `[n, 2]`; target `[n]`.
///
/// # Errors
/// When the shapes do not fit.
pub fn gaussian_nll(prediction: &Value, target: &Tensor) -> Result<Value> {
    const WHAT: &str = "the Gaussian likelihood";
    check(WHAT, prediction, target, 2)?;
    if on_device::holds(WHAT, prediction.tensor())? {
        return on_device::mean_of(prediction, target, target.elem_count(), on_device::gaussian_terms);
    }
    rows(WHAT, prediction, target, 2, |row, t, gradient| {
        let (m, s) = (f64::from(row[0]), f64::from(row[1]));
        let inverse_variance = (-2.0 * s).exp();
        let pull = (t - m) * inverse_variance;
        gradient[0] = -pull;
        gradient[1] = 1.0 - (t - m) * pull;
        HALF_LN_2PI + s + 0.5 * (t - m) * pull
    })
}

/// Negative log-likelihood of a mixture of `k` Gaussians, `-sum_i ln sum_j w_ij N(t_i; m_ij, exp(s_ij)) / n`, with `w` the
/// softmax of logits `a`; prediction `[n, 3 k]` with columns `a_1..a_k, m_1..m_k, s_1..s_k`, target `[n]`.
///
/// # Errors
/// When the shapes do not fit.
pub fn mixture_nll(prediction: &Value, target: &Tensor) -> Result<Value> {
    let n_columns = prediction.dims().last().copied().unwrap_or(0);
    let k = n_columns / 3;
    if k == 0 || n_columns != 3 * k {
        return Err(Error::Shape {
            what: "the prediction of the mixture likelihood".to_owned(),
            expected: "[n, 3 k]".to_owned(),
            got: prediction.dims().to_vec(),
        });
    }
    const WHAT: &str = "the mixture likelihood";
    check(WHAT, prediction, target, 3 * k)?;
    if on_device::holds(WHAT, prediction.tensor())? {
        return on_device::mean_of(prediction, target, target.elem_count(), on_device::mixture_terms);
    }
    rows(WHAT, prediction, target, 3 * k, |row, t, gradient| {
        let column = |i: usize| f64::from(row[i]);
        let logits: Vec<f64> = (0..k).map(column).collect();
        let all_logits = ln_sum_exp(&logits);
        let terms: Vec<f64> = (0..k)
            .map(|j| {
                let (m, s) = (column(k + j), column(2 * k + j));
                logits[j] - all_logits - HALF_LN_2PI - s - 0.5 * ((t - m) * (-s).exp()).powi(2)
            })
            .collect();
        let likelihood = ln_sum_exp(&terms);
        for j in 0..k {
            let (m, s) = (column(k + j), column(2 * k + j));
            // Probability that the target came from this component.
            let share = (terms[j] - likelihood).exp();
            let pull = (t - m) * (-2.0 * s).exp();
            gradient[j] = (logits[j] - all_logits).exp() - share;
            gradient[k + j] = -share * pull;
            gradient[2 * k + j] = share * (1.0 - (t - m) * pull);
        }
        -likelihood
    })
}

/// `ln sum exp(x)` without overflow.
fn ln_sum_exp(x: &[f64]) -> f64 {
    let largest = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest + x.iter().map(|x| (x - largest).exp()).sum::<f64>().ln()
}

/// Checks that a prediction is `[n, n_columns]` and a target `[n]`, with `n` above zero.
fn check(what: &str, prediction: &Value, target: &Tensor, n_columns: usize) -> Result<()> {
    let n = target.elem_count();
    if n > 0 && target.rank() == 1 && prediction.dims() == [n, n_columns] {
        return Ok(());
    }
    Err(Error::Shape {
        what: format!("the prediction of {what} for {:?} targets", target.dims()),
        expected: format!("[{n}, {n_columns}] and a target [n]"),
        got: prediction.dims().to_vec(),
    })
}

/// Mean over rows of `f(row, target, gradient of the row)`.
fn rows(
    what: &str,
    prediction: &Value,
    target: &Tensor,
    n_columns: usize,
    f: impl Fn(&[f32], f64, &mut [f64]) -> f64,
) -> Result<Value> {
    let n = target.elem_count();
    let mut loss = 0.0;
    let mut gradients = Vec::with_capacity(n * n_columns);
    let mut gradient = vec![0.0; n_columns];
    with_floats(what, prediction.tensor(), |prediction| {
        with_floats(what, target, |target| {
            for (row, t) in prediction.chunks_exact(n_columns).zip(target) {
                loss += f(row, f64::from(*t), &mut gradient);
                gradients.extend(gradient.iter().map(|g| (g / n as f64) as f32));
            }
        })
    })??;
    mean_loss(prediction, loss / n as f64, gradients)
}
