//! What a weight file says of itself: how the network was made, on which skies it was trained, and how that went.

use crate::{Error, Sky};
use arcmin_nn::{Parameters, weights};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The metadata of a weight file, with the configuration of a method and what it tells of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About<C, T> {
    /// Version of this form.
    pub format: u32,
    /// The method's configuration.
    pub config: C,
    /// The skies of the training.
    pub sky: Sky,
    /// Fingerprints of the sources of training and validation tiles and their numbers of tiles.
    pub sources: [(String, u64); 2],
    /// How the training went; `None` before its end.
    pub trained: Option<T>,
}

impl<C: Serialize, T: Serialize> About<C, T> {
    /// Writes the weights of a network that this is about.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path, parameters: &Parameters) -> Result<(), Error> {
        let line = serde_json::to_string(self).expect("a plain struct with string keys");
        Ok(weights::save(path, parameters, &line)?)
    }
}
