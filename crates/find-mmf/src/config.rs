//! Settings of the matched filter: the raw form as it stands in a file, and the checked form that runs.

use crate::Error;
use crate::noise::model::SkyModel;
use crate::template::{Sampling, Template};
use arcmin_sky::pressure::ProjectedGnfw;
use arcmin_units::Arcmin;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The family of profiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Isothermal with beta = 1; the scale is the core radius.
    Beta,
    /// Universal pressure profile of Arnaud10; the scale is theta500.
    Arnaud10,
}

/// Where the noise covariance comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case", deny_unknown_fields)]
pub enum NoiseConfig {
    /// A model of the sky and the white noise level of each band.
    Model {
        /// The sky.
        sky: SkyModel,
    },
    /// The maps themselves, window by window.
    Measured {
        /// How often what was found is subtracted and the noise measured again.
        iterations: usize,
        /// Peaks above this (of either sign) are subtracted before the noise is measured again.
        subtract_above_snr: f64,
        /// Side of the cells in which the filtered map's rms is taken to follow the noise from place to place, 0 for one
        /// level a window.
        #[serde(default = "local_rms_arcmin")]
        local_rms_arcmin: f64,
    },
}

/// Long beside a cluster, short beside a map.
fn local_rms_arcmin() -> f64 {
    40.0
}

/// What is done about masked holes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HolesConfig {
    /// A masked region up to this size, away from the map's edge, is a hole; a larger one is outside the map.
    pub max_area_arcmin2: f64,
    /// Masked pixels up to this far from a valid one are searched (their candidates carry a flag).
    pub reach_arcmin: f64,
    /// Most iterations of the infill, 0 for holes left at zero.
    pub infill_iterations: usize,
    /// Divide out the smooth edge that a map maker gave to source holes, where the data show one.
    pub restore_taper: bool,
}

/// What is done about a point source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceTreatment {
    /// A hole around it, in all bands.
    Mask,
    /// The beam times its flux taken out of the band in which it was found.
    Subtract,
}

/// Point sources to find and take out before the search, see [`sources`](crate::sources).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourcesConfig {
    /// What is done about them.
    pub treatment: SourceTreatment,
    /// Flux in the band above which a source counts.
    pub above_mjy: f64,
    /// Names of the temperature bands that are searched for them; all up to 225 GHz when there is none.
    #[serde(default)]
    pub bands: Vec<String>,
    /// Signal-to-noise ratio in the band above which a source counts.
    #[serde(default = "source_snr_min")]
    pub snr_min: f64,
    /// Radius of the hole around a masked source.
    #[serde(default = "mask_radius_arcmin")]
    pub mask_radius_arcmin: f64,
}

impl SourcesConfig {
    /// Sources above a flux in any temperature band, from a signal-to-noise ratio of 5 on; holes of 4 arcmin.
    pub fn above(treatment: SourceTreatment, above_mjy: f64) -> Self {
        let (snr_min, mask_radius_arcmin) = (source_snr_min(), mask_radius_arcmin());
        Self { treatment, above_mjy, bands: Vec::new(), snr_min, mask_radius_arcmin }
    }
}

fn source_snr_min() -> f64 {
    5.0
}

fn mask_radius_arcmin() -> f64 {
    4.0
}

/// Settings as they stand in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MatchedFilterConfig {
    /// Family of profiles.
    pub profile: Profile,
    /// Scales of the templates: core radii or theta500.
    pub scales_arcmin: Vec<f64>,
    /// Scale at which every candidate's amplitude is reported besides its best one; it need not be in the bank.
    pub fixed_scale_arcmin: f64,
    /// How profiles become pixels.
    pub sampling: Sampling,
    /// The noise.
    pub noise: NoiseConfig,
    /// Lowest multipole used.
    pub ell_min: f64,
    /// Highest multipole used; by default the band limit found in the data, if there is one.
    pub ell_max: Option<f64>,
    /// Threshold of the candidates.
    pub snr_min: f64,
    /// Peaks of one connected group are told apart when they rise this much above the pass between them; by default
    /// groups are never split.
    pub deblend_prominence_snr: Option<f64>,
    /// Width of the border that is tapered and not searched; 0 for a periodic map.
    pub border_arcmin: f64,
    /// Largest side of a window in pixels; larger maps are cut into overlapping windows.
    pub window_pixels: usize,
    /// How far windows reach beyond the pixels that they answer for.
    pub overlap_arcmin: f64,
    /// Masked holes.
    pub holes: HolesConfig,
    /// Point sources to mask or subtract, by default none.
    pub sources: Option<SourcesConfig>,
}

impl Default for MatchedFilterConfig {
    /// Noise measured from the maps, twelve beta profiles with core radii of 0.25 to 3 arcmin.
    fn default() -> Self {
        Self {
            profile: Profile::Beta,
            scales_arcmin: (1..=12).map(|i| 0.25 * f64::from(i)).collect(),
            fixed_scale_arcmin: 0.5,
            sampling: Sampling::Centre,
            noise: NoiseConfig::Measured {
                iterations: 2,
                subtract_above_snr: 4.5,
                local_rms_arcmin: local_rms_arcmin(),
            },
            ell_min: 0.0,
            ell_max: None,
            snr_min: 4.0,
            deblend_prominence_snr: Some(2.0),
            border_arcmin: 10.0,
            window_pixels: 2048,
            overlap_arcmin: 30.0,
            holes: HolesConfig {
                max_area_arcmin2: 1000.0,
                reach_arcmin: 1.5,
                infill_iterations: 20,
                restore_taper: true,
            },
            sources: None,
        }
    }
}

impl MatchedFilterConfig {
    /// The filter of DeepSz, Sect. 2.1: modelled noise, connected groups above 3 sigma.
    pub fn deepsz() -> Self {
        Self {
            noise: NoiseConfig::Model { sky: SkyModel::deepsz() },
            snr_min: 3.0,
            deblend_prominence_snr: None,
            ..Self::default()
        }
    }

    /// Checks every value and builds the templates.
    ///
    /// # Errors
    /// [`Error::Setting`] names the setting that is out of range; [`Error::NoTemplates`].
    pub fn check(&self) -> Result<Settings, Error> {
        if self.scales_arcmin.is_empty() {
            return Err(Error::NoTemplates);
        }
        for &scale in self.scales_arcmin.iter().chain([&self.fixed_scale_arcmin]) {
            positive("scales_arcmin or fixed_scale_arcmin", scale)?;
        }
        if self.scales_arcmin.len() > MAX_SCALES {
            let value = self.scales_arcmin.len() as f64;
            return Err(Error::Setting { name: "number of scales_arcmin", value, expected: "at most 255" });
        }
        self.check_search()?;
        self.check_optional()?;
        let shape = match self.profile {
            Profile::Beta => Template::beta(Arcmin::new(1.0)),
            Profile::Arnaud10 => Template::arnaud10(Arc::new(ProjectedGnfw::arnaud10()), Arcmin::new(1.0)),
        };
        let templates = self.scales_arcmin.iter().map(|&scale| shape.with_scale(Arcmin::new(scale))).collect();
        let fixed = shape.with_scale(Arcmin::new(self.fixed_scale_arcmin));
        Ok(Settings { config: self.clone(), templates, fixed })
    }

    fn check_search(&self) -> Result<(), Error> {
        positive("snr_min", self.snr_min)?;
        not_negative("ell_min", self.ell_min)?;
        not_negative("border_arcmin", self.border_arcmin)?;
        not_negative("overlap_arcmin", self.overlap_arcmin)?;
        not_negative("holes.max_area_arcmin2", self.holes.max_area_arcmin2)?;
        not_negative("holes.reach_arcmin", self.holes.reach_arcmin)?;
        if self.window_pixels < MIN_WINDOW_PIXELS {
            let value = self.window_pixels as f64;
            return Err(Error::Setting { name: "window_pixels", value, expected: "64 or more" });
        }
        Ok(())
    }

    fn check_optional(&self) -> Result<(), Error> {
        if let Some(ell_max) = self.ell_max
            && (ell_max.is_nan() || ell_max <= self.ell_min)
        {
            return Err(Error::Setting { name: "ell_max", value: ell_max, expected: "above ell_min" });
        }
        if let Some(prominence) = self.deblend_prominence_snr {
            not_negative("deblend_prominence_snr", prominence)?;
        }
        if let NoiseConfig::Measured { subtract_above_snr, local_rms_arcmin, .. } = self.noise {
            positive("noise.subtract_above_snr", subtract_above_snr)?;
            not_negative("noise.local_rms_arcmin", local_rms_arcmin)?;
        }
        if let Some(sources) = &self.sources {
            positive("sources.above_mjy", sources.above_mjy)?;
            positive("sources.snr_min", sources.snr_min)?;
            positive("sources.mask_radius_arcmin", sources.mask_radius_arcmin)?;
        }
        Ok(())
    }
}

/// Scale numbers are kept in one byte a pixel.
const MAX_SCALES: usize = 255;
const MIN_WINDOW_PIXELS: usize = 64;

/// Settings that were checked; made by [`MatchedFilterConfig::check`].
#[derive(Clone, Debug)]
pub struct Settings {
    config: MatchedFilterConfig,
    templates: Vec<Template>,
    fixed: Template,
}

impl Settings {
    /// The values.
    pub fn config(&self) -> &MatchedFilterConfig {
        &self.config
    }

    /// The bank.
    pub fn templates(&self) -> &[Template] {
        &self.templates
    }

    /// The template of the fixed scale.
    pub fn fixed(&self) -> &Template {
        &self.fixed
    }
}

fn positive(name: &'static str, value: f64) -> Result<(), Error> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(Error::Setting { name, value, expected: "a positive number" })
}

fn not_negative(name: &'static str, value: f64) -> Result<(), Error> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(Error::Setting { name, value, expected: "a number of 0 or more" })
}
