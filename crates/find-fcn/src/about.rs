//! What a weight file says of itself: how the network was made, on which skies it was trained, and how that went.

use crate::{Calibration, FcnConfig};
use arcmin_find_learned::Sky;
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
    pub config: FcnConfig,
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
