//! Noise with more power on large scales.

use crate::Error;
use crate::field::Column;
use crate::stream::TileKey;
use num_complex::Complex;
use serde::{Deserialize, Serialize};

/// Noise with more power on large scales, beside the white noise of a band.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneOverFConfig {}

impl OneOverFConfig {
    pub(crate) fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Adds the column of the noise of one tile and band to a column of a half spectrum, after the beam.
    pub(crate) fn add_column(&self, _band_idx: usize, _key: TileKey, _column: &Column, _modes: &mut [Complex<f32>]) {}
}
