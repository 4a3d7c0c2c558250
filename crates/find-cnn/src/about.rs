//! What a weight file says of itself.

use crate::{CnnConfig, Counts};
use arcmin_find_learned::Platt;
use arcmin_nn::weights;
use serde::{Deserialize, Serialize};

/// How weight files are told from others.
pub(crate) const WEIGHTS: weights::Kind =
    weights::Kind { of: "a cutout classifier", format: 1, command: "cargo xtask run deepsz" };

/// The metadata of a weight file: how the network was made, on which skies it was trained, and how that went.
pub type About = arcmin_find_learned::About<CnnConfig, Trained>;

/// How a training went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trained {
    /// Cutouts of the training tiles.
    pub train: Counts,
    /// Cutouts of the validation tiles.
    pub validation: Counts,
    /// Epochs in all.
    pub n_epochs: u64,
    /// Epoch whose weights these are, from 0.
    pub best_epoch: u64,
    /// F1 of its validation cutouts at their best threshold, which is flattered by the choice of both.
    pub f1_validation: f64,
    /// What makes a probability of the network's answer.
    pub platt: Platt,
}
