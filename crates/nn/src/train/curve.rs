//! Learning curves.

use serde::{Deserialize, Serialize};

/// One epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurveRow {
    /// Number of the epoch, from 0.
    pub epoch: u64,
    /// Steps taken by its end.
    pub n_steps: u64,
    /// Learning rate of its last step.
    #[serde(with = "super::state::bits")]
    pub learning_rate: f64,
    /// Mean loss of the training samples while they were trained on.
    #[serde(with = "super::state::bits")]
    pub train_loss: f64,
    /// Mean loss of the validation samples at its end.
    #[serde(with = "super::state::bits")]
    pub validation_loss: f64,
    /// What the epoch is chosen by, where that is not the validation loss ([`Objective::cost`](super::Objective::cost)).
    #[serde(default, with = "super::state::bits::option", skip_serializing_if = "Option::is_none")]
    pub validation_cost: Option<f64>,
    /// Mean over steps of the gradient's global norm before clipping.
    #[serde(with = "super::state::bits")]
    pub gradient_norm: f64,
}

/// Rows as a table with one line of names; the last column is there where epochs are chosen by a cost.
pub fn curve_csv(rows: &[CurveRow]) -> String {
    let mut text = String::from("epoch,n_steps,learning_rate,train_loss,validation_loss,gradient_norm");
    if rows.iter().any(|row| row.validation_cost.is_some()) {
        text += ",validation_cost";
    }
    text += "\n";
    for row in rows {
        let CurveRow { epoch, n_steps, learning_rate, train_loss, validation_loss, gradient_norm, validation_cost } =
            row;
        text += &format!("{epoch},{n_steps},{learning_rate},{train_loss},{validation_loss},{gradient_norm}");
        if let Some(cost) = validation_cost {
            text += &format!(",{cost}");
        }
        text += "\n";
    }
    text
}
