//! What a training is set to.

use crate::optimise::{OptimiserSettings, ScheduleSettings};
use serde::{Deserialize, Serialize};

/// Settings of a training; with the caller's own configuration they say which checkpoints may be continued.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainSettings {
    /// Samples of a training batch; 4 in Gupta20, 128 in Lin21.
    pub batch_size: usize,
    /// Epochs at most.
    pub max_epochs: u64,
    /// Epochs without improvement of the validation loss before training stops; 15 in Gupta20.
    pub patience_epochs: u64,
    /// Gradients are clipped to this global norm, if given.
    #[serde(default)]
    pub clip_norm: Option<f64>,
    /// How steps are taken.
    pub optimiser: OptimiserSettings,
    /// The learning rate.
    pub schedule: ScheduleSettings,
    /// Of the order of samples and of dropout.
    pub seed: u64,
    /// Batches between checkpoints within an epoch; the end of an epoch always has one.
    pub checkpoint_every_batches: u64,
}

/// Whether progress is shown on standard error, as rate and time left of each epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Report {
    /// It is.
    Progress,
    /// It is not.
    #[default]
    Silent,
}
