//! What is made small, and what epochs are chosen by.

use arcmin_find_learned::best_f1;
use arcmin_nn::data::Batch;
use arcmin_nn::loss::cross_entropy;
use arcmin_nn::networks::{DeepszResnet, Network};
use arcmin_nn::train::Objective;
use arcmin_nn::{Pass, Result, Value};

/// Cross-entropy of two classes; epochs by `1 - F1` of the validation cutouts at their best threshold.
pub(crate) struct CnnObjective;

impl CnnObjective {
    /// Logits `[n, 2]` and their loss.
    fn logits_and_loss(network: &DeepszResnet, batch: &Batch, pass: &Pass) -> Result<(Value, Value)> {
        let logits = network.forward(&Value::constant(batch.parts[0].clone()), pass)?;
        let classes: Vec<u32> = labels(batch)?.iter().map(|&label| u32::from(label > 0.5)).collect();
        let loss = cross_entropy(&logits, &classes, None)?;
        Ok((logits, loss))
    }
}

impl Objective<DeepszResnet> for CnnObjective {
    fn loss(&self, network: &DeepszResnet, batch: &Batch, pass: &Pass) -> Result<Value> {
        Ok(Self::logits_and_loss(network, batch, pass)?.1)
    }

    /// Keeps log-odds and label of each cutout.
    fn judge(&self, network: &DeepszResnet, batch: &Batch, pass: &Pass) -> Result<(f64, Vec<f32>)> {
        let (logits, loss) = Self::logits_and_loss(network, batch, pass)?;
        let pairs = log_odds(&logits)?.into_iter().zip(labels(batch)?);
        Ok((loss.scalar()?, pairs.flat_map(|(log_odds, label)| [log_odds, label]).collect()))
    }

    fn cost(&self, kept: &[f32]) -> Option<f64> {
        best_f1(&mut pairs(kept)).map(|f1| 1.0 - f1)
    }
}

/// Log-odds and whether there is a cluster, from what is kept of a validation.
pub(crate) fn pairs(kept: &[f32]) -> Vec<(f64, bool)> {
    kept.chunks_exact(2).map(|pair| (f64::from(pair[0]), pair[1] > 0.5)).collect()
}

fn labels(batch: &Batch) -> Result<Vec<f32>> {
    Ok(batch.parts[1].flatten_all()?.to_vec1::<f32>()?)
}

/// Log-odds of a cluster from logits `[n, 2]`.
pub(crate) fn log_odds(logits: &Value) -> Result<Vec<f32>> {
    let rows = logits.tensor().to_vec2::<f32>()?; // [n, 2]
    Ok(rows.iter().map(|row| row[1] - row[0]).collect())
}
