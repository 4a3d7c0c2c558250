//! What a weight file says of itself.

use crate::{Calibration, FcnConfig};
use arcmin_nn::weights;
use serde::{Deserialize, Serialize};

/// How weight files are told from others.
pub(crate) const WEIGHTS: weights::Kind =
    weights::Kind { of: "a finder over whole maps", format: 2, command: "cargo xtask run deepsz" };

/// The metadata of a weight file: how the network was made, on which skies it was trained, and how that went.
pub type About = arcmin_find_learned::About<FcnConfig, Trained>;

/// How a training went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trained {
    /// Targets of the training and of the validation tiles where they are searched.
    pub n_targets: [u64; 2],
    /// Epochs in all.
    pub n_epochs: u64,
    /// Epoch whose weights these are, from 0.
    pub best_epoch: u64,
    /// Its cross-entropy of the validation cells, over a fixed share of their number.
    pub cross_entropy: f64,
    /// Measured on the peaks of the validation tiles.
    pub calibration: Calibration,
}
