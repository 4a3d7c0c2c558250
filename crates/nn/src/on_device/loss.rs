//! Losses, in f64 as on the CPU: predictions are small beside the layers before them.
//!
//! What ends in `_terms` takes prediction and target in f64 and gives the loss of each element or row and the derivatives.

use crate::{Result, Value};
use candle_core::{D, DType, Tensor};

/// Losses, and their derivatives by the prediction.
type Terms = candle_core::Result<(Tensor, Tensor)>;

const HALF_LN_2PI: f64 = 0.918_938_533_204_672_7;

/// Mean over `n` of the losses that `terms` gives for prediction and target.
pub(crate) fn mean_of(
    prediction: &Value,
    target: &Tensor,
    n: usize,
    terms: impl FnOnce(&Tensor, &Tensor) -> Terms,
) -> Result<Value> {
    let target = target.to_device(prediction.tensor().device())?.to_dtype(DType::F64)?;
    let (losses, derivatives) = terms(&prediction.tensor().to_dtype(DType::F64)?, &target)?;
    scaled(prediction, &losses, &derivatives, 1.0 / n as f64)
}

/// `factor` times the sum of the losses, as a value with `factor` times the derivatives.
fn scaled(prediction: &Value, losses: &Tensor, derivatives: &Tensor, factor: f64) -> Result<Value> {
    let loss = losses.sum_all()?.affine(factor, 0.0)?.to_dtype(DType::F32)?;
    let gradient = derivatives.affine(factor, 0.0)?.to_dtype(DType::F32)?;
    Ok(Value::operation(&[prediction], loss, move |outer| Ok(vec![Some(gradient.broadcast_mul(&outer)?)])))
}

pub(crate) fn mse_terms(p: &Tensor, t: &Tensor) -> Terms {
    let difference = (p - t)?;
    Ok((difference.sqr()?, (difference * 2.0)?))
}

/// A target or prediction that is not above zero gives a loss that is not finite.
pub(crate) fn log_mse_terms(p: &Tensor, t: &Tensor) -> Terms {
    let difference = ((p.log()? - t.log()?)? / std::f64::consts::LN_10)?;
    let derivative = (&difference / (p * (0.5 * std::f64::consts::LN_10))?)?;
    Ok((difference.sqr()?, derivative))
}

pub(crate) fn bce_terms(p: &Tensor, t: &Tensor, positive_weight: f64) -> Terms {
    let softplus_minus = (p.neg()?.relu()? + (p.abs()?.neg()?.exp()? + 1.0)?.log()?)?;
    let softplus_plus = (&softplus_minus + p)?;
    let sigmoid = (p.neg()?.exp()? + 1.0)?.recip()?;
    let (positive, negative) = ((t * positive_weight)?, t.affine(-1.0, 1.0)?);
    let loss = ((&positive * softplus_minus)? + (&negative * softplus_plus)?)?;
    Ok((loss, ((positive * (&sigmoid - 1.0)?)? + (negative * sigmoid)?)?))
}

/// `shares` are the weights of the rows, which sum to one.
pub(crate) fn cross_entropy(logits: &Value, classes: &[u32], shares: &[f64]) -> Result<Value> {
    let &[n, k] = logits.dims() else { unreachable!("the caller checks the shape") };
    let mut hit = vec![0.0f64; n * k];
    for (i, (&class, &share)) in classes.iter().zip(shares).enumerate() {
        hit[i * k + class as usize] = share;
    }
    let device = logits.tensor().device();
    let hit = Tensor::from_vec(hit, (n, k), device)?;
    let shares = Tensor::from_slice(shares, (n, 1), device)?;
    let p = logits.tensor().to_dtype(DType::F64)?;
    let below = p.broadcast_sub(&p.max_keepdim(1)?)?;
    let exponentials = below.exp()?;
    let sums = exponentials.sum_keepdim(1)?;
    let losses = (sums.log()?.broadcast_sub(&below)? * &hit)?;
    let derivatives = (exponentials.broadcast_div(&sums)?.broadcast_mul(&shares)? - hit)?;
    scaled(logits, &losses, &derivatives, 1.0)
}

pub(crate) fn gaussian_terms(p: &Tensor, t: &Tensor) -> Terms {
    let (m, s) = (p.narrow(1, 0, 1)?, p.narrow(1, 1, 1)?);
    let off = (t.unsqueeze(1)? - m)?;
    let pull = (&off * (&s * -2.0)?.exp()?)?;
    let squares = (off * &pull)?;
    let losses = (squares.affine(0.5, HALF_LN_2PI)? + s)?;
    Ok((losses, Tensor::cat(&[pull.neg()?, squares.affine(-1.0, 1.0)?], 1)?))
}

pub(crate) fn mixture_terms(p: &Tensor, t: &Tensor) -> Terms {
    let k = p.dims()[1] / 3;
    let [logits, m, s] = [0, 1, 2].map(|i| p.narrow(1, i * k, k));
    let (logits, m, s) = (logits?, m?, s?);
    let ln_weights = logits.broadcast_sub(&ln_sum_exp(&logits)?)?;
    let off = t.unsqueeze(1)?.broadcast_sub(&m)?;
    let pull = (&off * (&s * -2.0)?.exp()?)?;
    let squares = (off * &pull)?;
    let terms = ((&ln_weights - squares.affine(0.5, HALF_LN_2PI)?)? - s)?;
    let likelihood = ln_sum_exp(&terms)?;
    // Probabilities that the target came from each component.
    let shares = terms.broadcast_sub(&likelihood)?.exp()?;
    let by_mean = (&shares * pull)?.neg()?;
    let by_width = (&shares * squares.affine(-1.0, 1.0)?)?;
    Ok((likelihood.neg()?, Tensor::cat(&[(ln_weights.exp()? - shares)?, by_mean, by_width], 1)?))
}

/// `ln sum exp(x)` of each row without overflow.
fn ln_sum_exp(x: &Tensor) -> candle_core::Result<Tensor> {
    let largest = x.max_keepdim(D::Minus1)?;
    x.broadcast_sub(&largest)?.exp()?.sum_keepdim(D::Minus1)?.log()? + largest
}
