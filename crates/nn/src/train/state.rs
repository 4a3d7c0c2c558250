//! Where a training stands, apart from the weights and the optimiser's memory.

use super::curve::CurveRow;
use crate::data::Position;
use crate::optimise::Schedule;
use serde::{Deserialize, Serialize};

/// Sums over the batches of the running epoch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Running {
    #[serde(with = "bits")]
    pub(super) loss: f64,
    pub(super) n_samples: u64,
    #[serde(with = "bits")]
    pub(super) norm: f64,
    pub(super) n_batches: u64,
    #[serde(with = "bits")]
    pub(super) rate: f64,
}

impl Running {
    pub(super) fn add(&mut self, loss: f64, n_samples: usize, norm: f64, rate: f64) {
        self.loss += loss * n_samples as f64;
        self.n_samples += n_samples as u64;
        self.norm += norm;
        self.n_batches += 1;
        self.rate = rate;
    }
}

/// The best epoch so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Best {
    pub(super) epoch: u64,
    #[serde(with = "bits")]
    pub(super) loss: f64,
}

/// All that decides how a training goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) position: Position,
    pub(super) n_steps: u64,
    pub(super) schedule: Schedule,
    pub(super) running: Running,
    pub(super) best: Option<Best>,
    pub(super) curve: Vec<CurveRow>,
    pub(super) finished: bool,
}

/// A float as the hexadecimal of its bits: decimal digits would not all come back as the same bits.
pub(crate) mod bits {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{:016x}", value.to_bits()))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        let text = String::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16).map(f64::from_bits).map_err(serde::de::Error::custom)
    }

    /// The same for a float that may be missing.
    pub(crate) mod option {
        use serde::{Deserialize, Deserializer, Serializer};

        pub(crate) fn serialize<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
            match value {
                Some(value) => serializer.serialize_some(&format!("{:016x}", value.to_bits())),
                None => serializer.serialize_none(),
            }
        }

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
            Option::<String>::deserialize(deserializer)?
                .map(|text| u64::from_str_radix(&text, 16).map(f64::from_bits).map_err(serde::de::Error::custom))
                .transpose()
        }
    }
}
