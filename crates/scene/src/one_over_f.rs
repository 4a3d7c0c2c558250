//! Noise with more power on large scales: `N_l = N_white (1 + (l_knee / l)^exponent)`.
//!
//! The white part is drawn pixel by pixel. The part with the knee is a Gaussian field of its own, with streams of its own,
//! added after the beam; its mean over the simulated square is zero. So a band keeps the bits of its white noise with or
//! without it.

use crate::Error;
use crate::field::{Column, EllTable};
use crate::setup::{positive, require};
use crate::stream::{Draw, TileKey};
use arcmin_fft::Wavenumbers;
use num_complex::Complex;
use serde::{Deserialize, Serialize};

/// Noise with more power on large scales, beside the white noise of a band: `N_white (l_knee / l)^exponent`.
///
/// The noise level that an observation tells is that of the white noise: the level well above the knee.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneOverFConfig {
    /// Multipole at which it has the power of the white noise.
    pub ell_knee: f64,
    /// How steeply it falls.
    pub exponent: f64,
}

impl OneOverFConfig {
    /// Checks every value.
    pub(crate) fn check(&self) -> Result<(), Error> {
        positive("bands.one_over_f.ell_knee", self.ell_knee)?;
        let steep = self.exponent > 0.0 && self.exponent <= 10.0;
        require("bands.one_over_f.exponent", self.exponent, steep, "above 0 and at most 10")
    }

    /// Power over that of the white noise at a multipole above zero.
    pub(crate) fn power_over_white(&self, ell: f64) -> f64 {
        (self.ell_knee / ell).powf(self.exponent)
    }
}

/// The noise of one band on a grid, without its white part.
#[derive(Clone, Debug)]
pub(crate) struct OneOverF {
    /// Root of the power over the white noise's, times the white noise in uK a pixel.
    amplitude_uk: EllTable,
}

impl OneOverF {
    /// Tabulates the noise of a band whose white noise has an rms of `white_uk` a pixel.
    pub(crate) fn new(config: &OneOverFConfig, white_uk: f64, wavenumbers: &Wavenumbers) -> Self {
        let amplitude = |ell: f64| {
            if ell == 0.0 { 0.0 } else { white_uk * config.power_over_white(ell).sqrt() }
        };
        Self { amplitude_uk: EllTable::new(amplitude, wavenumbers) }
    }

    /// Adds the column of the noise of one tile and band to a column of a half spectrum, after the beam.
    pub(crate) fn add_column(&self, band_idx: usize, key: TileKey, column: &Column, modes: &mut [Complex<f32>]) {
        let rng = &mut key.stream(Draw::OneOverF { band_idx, kx: column.kx });
        column.add_deviates(rng, |ell| column.norm * self.amplitude_uk.at(ell), modes);
    }
}
