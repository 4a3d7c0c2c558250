//! What a weight file says of itself: how the network was made, on which skies it was trained, and how that went.

use crate::{CnnConfig, Counts};
use arcmin_find_learned::{Platt, Sky};
use serde::{Deserialize, Serialize};

/// Version of this form.
pub(crate) const FORMAT: u32 = 1;

/// The metadata of a weight file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Version of this form.
    pub format: u32,
    /// The method's configuration.
    pub config: CnnConfig,
    /// The skies of the training.
    pub sky: Sky,
    /// Fingerprints of the sources of training and validation tiles and their numbers of tiles.
    pub sources: [(String, u64); 2],
    /// How the training went; `None` before its end.
    pub trained: Option<Trained>,
}

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
