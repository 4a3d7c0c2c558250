//! What a weight file says of itself: how the network was made, on which skies it was trained, and how that went.

use crate::{Calibration, MassPrior, MedianCurve, SzMassConfig};
use arcmin_nn::weights;
use arcmin_scene::{ClusterSky, Masses};
use arcmin_units::M200c;
use serde::{Deserialize, Serialize};

/// How weight files are told from others.
pub(crate) const WEIGHTS: weights::Kind =
    weights::Kind { of: "an SZ mass network", format: 2, command: "cargo xtask run sz-mass" };

/// The metadata of a weight file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Version of this form.
    pub format: u32,
    /// The method's configuration.
    pub config: SzMassConfig,
    /// The skies of the training.
    pub sky: Sky,
    /// How the training went; `None` before its end.
    pub trained: Option<Trained>,
}

/// What the skies of a training were like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sky {
    /// Name, frequency in GHz, beam in arcmin and noise in uK arcmin of each band.
    pub bands: Vec<Band>,
    /// Pixels along one side.
    pub n_pixels_side: usize,
    /// Size of a pixel.
    pub pixel_arcmin: f64,
    /// Least and largest M200c.
    pub m200c_msun: [f64; 2],
    /// Least and largest redshift.
    pub redshift: [f64; 2],
}

/// One band of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Name.
    pub name: String,
    /// Effective frequency.
    pub nu_ghz: f64,
    /// Full width at half maximum of the beam.
    pub beam_fwhm_arcmin: f64,
    /// White noise.
    pub noise_uk_arcmin: f64,
}

/// How a training went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trained {
    /// Maps of the training set.
    pub n_train: u64,
    /// Maps of the validation set.
    pub n_validation: u64,
    /// Epochs in all.
    pub n_epochs: u64,
    /// Epoch whose weights these are, from 0.
    pub best_epoch: u64,
    /// Its validation loss.
    pub best_loss: f64,
    /// Maps of the calibration set.
    pub n_calibration: u64,
    /// How posteriors are put right, as the calibration set told.
    pub calibration: Calibration,
    /// The median that posteriors then have by true mass; `None` of a network that has no posterior.
    pub median_curve: Option<MedianCurve>,
}

impl Sky {
    /// The skies of a source with its masses.
    pub(crate) fn new(sky: &ClusterSky, masses: &Masses) -> Self {
        let band = |band: arcmin_scene::ClusterSkyBand| Band {
            name: band.name,
            nu_ghz: band.nu.value(),
            beam_fwhm_arcmin: band.beam_fwhm.value(),
            noise_uk_arcmin: band.noise_uk_arcmin,
        };
        Self {
            bands: sky.bands().into_iter().map(band).collect(),
            n_pixels_side: sky.n_pixels_side(),
            pixel_arcmin: sky.pixel().value(),
            m200c_msun: masses.range_msun(),
            redshift: [sky.config().redshift_min, sky.config().redshift_max],
        }
    }

    /// The prior of the training.
    pub(crate) fn prior(&self) -> MassPrior {
        let [min, max] = self.m200c_msun.map(M200c::new);
        MassPrior { min, max }
    }

    /// Middle of the masses, by which the central pixel is divided.
    pub(crate) fn mean_mass_msun(&self) -> f64 {
        0.5 * (self.m200c_msun[0] + self.m200c_msun[1])
    }
}
