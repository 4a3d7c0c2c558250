//! Losses of classifiers.

use super::{elementwise, mean_loss, same_shape};
use crate::floats::with_floats;
use crate::{Error, Result, Value, on_device};
use candle_core::Tensor;

/// Binary cross-entropy of logits, `sum [max(p, 0) - p t + ln(1 + exp(-|p|)) + (w - 1) t ln(1 + exp(-p))] / n`, where `w`
/// is the weight of positives (1 for none); targets within 0..=1, shapes equal.
///
/// # Errors
/// When the shapes differ or the weight is not above zero.
pub fn bce_with_logits(logits: &Value, target: &Tensor, positive_weight: f64) -> Result<Value> {
    if positive_weight.is_nan() || positive_weight <= 0.0 {
        let value = positive_weight.to_string();
        return Err(Error::Setting { what: "the weight of positives", value, must: "above zero" });
    }
    const WHAT: &str = "the binary cross-entropy";
    same_shape(WHAT, logits.dims(), target)?;
    if on_device::holds(WHAT, logits.tensor())? {
        let terms = |p: &Tensor, t: &Tensor| on_device::bce_terms(p, t, positive_weight);
        return on_device::mean_of(logits, target, target.elem_count(), terms);
    }
    elementwise(WHAT, logits, target, |p, t| {
        // ln(1 + exp(-p)) without overflow; the loss is w t softplus(-p) + (1 - t) softplus(p).
        let softplus_minus = (-p).max(0.0) + (-p.abs()).exp().ln_1p();
        let softplus_plus = softplus_minus + p;
        let sigmoid = 1.0 / (1.0 + (-p).exp());
        let loss = positive_weight * t * softplus_minus + (1.0 - t) * softplus_plus;
        (loss, positive_weight * t * (sigmoid - 1.0) + (1.0 - t) * sigmoid)
    })
}

/// Cross-entropy of logits `[n, k]` with classes `[n]` in `0..k`, weighted by class:
/// `-sum_i w[t_i] ln softmax(p_i)[t_i] / sum_i w[t_i]`. `None` weighs all classes alike.
///
/// # Errors
/// When the shapes do not fit, a class is not one of the `k`, or a weight is not finite and above zero.
pub fn cross_entropy(logits: &Value, classes: &[u32], weights: Option<&[f64]>) -> Result<Value> {
    let &[n, k] = logits.dims() else {
        return Err(shape("[n, k]".to_owned(), logits.dims()));
    };
    if n == 0 || classes.len() != n {
        return Err(shape(format!("[{}, k]", classes.len()), logits.dims()));
    }
    if let Some(class) = classes.iter().find(|class| **class as usize >= k) {
        return Err(Error::Setting { what: "a class", value: class.to_string(), must: "below the number of logits" });
    }
    let equal = vec![1.0; k];
    let weights = weights.unwrap_or(&equal);
    if weights.len() != k || weights.iter().any(|weight| !weight.is_finite() || *weight <= 0.0) {
        let value = format!("{weights:?}");
        return Err(Error::Setting { what: "class weights", value, must: "one number above zero for each class" });
    }
    let total: f64 = classes.iter().map(|&class| weights[class as usize]).sum();
    if on_device::holds("the cross-entropy", logits.tensor())? {
        let shares: Vec<f64> = classes.iter().map(|&class| weights[class as usize] / total).collect();
        return on_device::cross_entropy(logits, classes, &shares);
    }
    let mut loss = 0.0;
    let mut gradient = Vec::with_capacity(n * k);
    with_floats("the cross-entropy", logits.tensor(), |logits| {
        for (row, &class) in logits.chunks_exact(k).zip(classes) {
            let share = weights[class as usize] / total;
            let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let exponentials: Vec<f64> = row.iter().map(|p| f64::from(p - largest).exp()).collect();
            let sum: f64 = exponentials.iter().sum();
            loss += share * (sum.ln() - f64::from(row[class as usize] - largest));
            let hit = |i: usize| if i == class as usize { 1.0 } else { 0.0 };
            gradient.extend(exponentials.iter().enumerate().map(|(i, e)| (share * (e / sum - hit(i))) as f32));
        }
    })?;
    mean_loss(logits, loss, gradient)
}

fn shape(expected: String, got: &[usize]) -> Error {
    Error::Shape { what: "the logits of a cross-entropy".to_owned(), expected, got: got.to_vec() }
}
