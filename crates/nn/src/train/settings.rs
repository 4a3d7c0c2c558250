//! What a training is set to.

use crate::ops::Precision;
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
    /// In which numbers convolutions and linear layers multiply: `"f32"`, or on a CUDA device `"tf32"` or `"bf16"`, which take
    /// tensor cores. Sums, normalisations, losses, weights and the optimiser's memory are f32 in all.
    #[serde(default, with = "precision_name", skip_serializing_if = "is_f32")]
    pub precision: Precision,
    /// Batches between checkpoints within an epoch; the end of an epoch always has one.
    pub checkpoint_every_batches: u64,
}

/// The default is left out of configurations, so that checkpoints from before the setting can be continued.
fn is_f32(precision: &Precision) -> bool {
    *precision == Precision::Fp32
}

/// Precisions by their names in configurations.
mod precision_name {
    use super::Precision;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Name {
        F32,
        Tf32,
        Bf16,
    }

    pub(super) fn serialize<S: Serializer>(precision: &Precision, serializer: S) -> Result<S::Ok, S::Error> {
        match precision {
            Precision::Fp32 => Name::F32,
            Precision::Tf32 => Name::Tf32,
            Precision::Bf16 => Name::Bf16,
        }
        .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Precision, D::Error> {
        Ok(match Name::deserialize(deserializer)? {
            Name::F32 => Precision::Fp32,
            Name::Tf32 => Precision::Tf32,
            Name::Bf16 => Precision::Bf16,
        })
    }
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
