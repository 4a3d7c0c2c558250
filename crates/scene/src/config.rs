//! The description of a simulated sky, as written in a file.
//!
//! This is the raw form: plain numbers with their units in the keys, nothing left to a default but what is left out of the
//! sky when it is not named. It becomes a
//! [`Setup`](crate::Setup), the checked form, and only that can be simulated.

use crate::Component;
use crate::clustering::ClusteringConfig;
use crate::dust::GalacticDustConfig;
use crate::ksz_haloes::KszHaloesConfig;
use crate::lensing::HaloLensingConfig;
use crate::one_over_f::OneOverFConfig;
use crate::sources::{DustySourcesConfig, RadioSourcesConfig};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A simulated survey: tiles, bands, components and their numbers.
///
/// ```
/// let text = r#"
///     seed = 1
///     cosmology = "sehgal_wmap5"
///     concentration = "duffy08"
///     cmb_spectrum = "sehgal_wmap5"
///     components = ["cmb", "tsz", "ksz", "point_sources", "noise"]
///
///     [tiles]
///     n_train = 4
///     n_validation = 2
///     n_test = 4
///     n_pixels_side = 1024
///     pixel_arcmin = 0.5
///     margin_arcmin = 20.0
///
///     [[bands]]
///     name = "90"
///     nu_ghz = 90.0
///     noise_uk_arcmin = 2.8
///     beam_fwhm_arcmin = 0.0
///
///     [haloes]
///     m200m_min_msun = 1e13
///     m200m_max_msun = 5e15
///     z_min = 0.02
///     z_max = 3.0
///     y_ln_scatter = 0.2
///
///     [foregrounds]
///     model = "deepsz"
///     point_sources_d3000_uk2 = [2.7]
///     ksz_d_ell_uk2 = 2.0
///     tsz_background_d_ell_90ghz_uk2 = 3.6
/// "#;
/// let config: arcmin_scene::SceneConfig = toml::from_str(text).unwrap();
/// let setup = config.check().unwrap();
/// assert!(setup.has(arcmin_scene::Component::Ksz) && !setup.has(arcmin_scene::Component::Radio));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneConfig {
    /// Seed of all random streams.
    pub seed: u64,
    /// Name of the cosmology, e.g. `sehgal_wmap5`.
    pub cosmology: String,
    /// The concentrations by which halo masses are converted.
    pub concentration: ConcentrationModel,
    /// The spectrum of the CMB.
    pub cmb_spectrum: CmbSpectrum,
    /// The components that are kept, in any order.
    pub components: Vec<Component>,
    /// Number, size and pixels of the tiles.
    pub tiles: TilesConfig,
    /// The haloes that carry the thermal SZ effect.
    pub haloes: HaloesConfig,
    /// The model of the Gaussian foregrounds; none unless given.
    #[serde(default, skip_serializing_if = "is_default")]
    pub foregrounds: ForegroundsConfig,
    /// How haloes follow the large-scale structure; without it they lie at random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clustering: Option<ClusteringConfig>,
    /// What `ksz_haloes` needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ksz_haloes: Option<KszHaloesConfig>,
    /// What `radio_sources` needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub radio_sources: Option<RadioSourcesConfig>,
    /// What `dusty_sources` needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dusty_sources: Option<DustySourcesConfig>,
    /// What `galactic_dust` needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub galactic_dust: Option<GalacticDustConfig>,
    /// What `halo_lensing` needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halo_lensing: Option<HaloLensingConfig>,
    /// The bands, in the order of the observation.
    pub bands: Vec<BandConfig>,
}

/// A published pressure profile of the gas in haloes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PressureModel {
    /// Arnaud et al. 2010: one shape for all, scaled by M500c; measured in nearby clusters. Ends at 5 R500c.
    #[default]
    Arnaud10,
    /// Battaglia et al. 2012: amplitude, core and outer slope change with M200c and redshift; simulations with feedback.
    /// Ends at 4 R200c.
    Battaglia12,
}

impl PressureModel {
    /// As in a description.
    pub fn name(self) -> &'static str {
        match self {
            Self::Arnaud10 => "arnaud10",
            Self::Battaglia12 => "battaglia12",
        }
    }
}

/// A published relation of mass and concentration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConcentrationModel {
    /// Duffy et al. 2008.
    Duffy08,
    /// Diemer & Kravtsov 2015.
    DiemerKravtsov15,
}

/// A lensed CMB spectrum that ships with `arcmin-sky`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CmbSpectrum {
    /// The best fit of Planck 2018.
    Planck18,
    /// The cosmology of Sehgal et al. 2010.
    SehgalWmap5,
}

/// Number, size and pixels of the tiles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TilesConfig {
    /// Number of training tiles.
    pub n_train: usize,
    /// Number of validation tiles.
    pub n_validation: usize,
    /// Number of test tiles.
    pub n_test: usize,
    /// Number of pixels along one side of a tile.
    pub n_pixels_side: usize,
    /// Size of a pixel.
    pub pixel_arcmin: f64,
    /// Least width of the rim about a tile that is simulated and then cut off, so that haloes and beams reach in from
    /// outside. The simulated side is at least 10% larger than the tile in any case.
    pub margin_arcmin: f64,
}

/// The population of haloes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HaloesConfig {
    /// Least M200m.
    pub m200m_min_msun: f64,
    /// Largest M200m.
    pub m200m_max_msun: f64,
    /// Least redshift, above zero.
    pub z_min: f64,
    /// Largest redshift.
    pub z_max: f64,
    /// Log-normal scatter of Compton y at given mass, in ln y about a median factor of one; zero for none.
    pub y_ln_scatter: f64,
    /// Log-normal scatter of the concentration at given M200m, in ln c; it moves M500c and Mvir. None unless given.
    #[serde(default, skip_serializing_if = "is_default")]
    pub concentration_ln_scatter: f64,
    /// The gas of the haloes: `arnaud10` unless given.
    #[serde(default, skip_serializing_if = "is_default")]
    pub pressure: PressureModel,
    /// Share of the haloes of Tinker08 that is kept, drawn at random; all unless given.
    ///
    /// Tinker08 has 3.37 clusters of Mvir > 2e14 Msun and z > 0.25 per square degree, the catalogue of Sehgal et al.
    /// 2010 has 2.91: 0.86 of them.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub abundance_factor: f64,
}

fn one() -> f64 {
    1.0
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn is_one(value: &f64) -> bool {
    *value == 1.0
}

/// The model of the Gaussian foregrounds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "model", rename_all = "snake_case", deny_unknown_fields)]
pub enum ForegroundsConfig {
    /// No Gaussian foregrounds: what there is, is painted.
    #[default]
    None,
    /// The best fit of George et al. 2015, whose numbers ship with `arcmin-sky`: components `ksz`, `tsz_background`,
    /// `dusty_poisson`, `dusty_clustered`, `radio`.
    George15,
    /// The noise terms of the matched filter of Lin et al. 2021 (DeepSZ), section 2.1: components `point_sources`,
    /// `ksz`, `tsz_background`.
    Deepsz {
        /// D_3000 of all unresolved sources, one value a band; flat in C_l, fully correlated between bands.
        point_sources_d3000_uk2: Vec<f64>,
        /// Kinematic SZ power, flat in D_l, the same in every band.
        ksz_d_ell_uk2: f64,
        /// Thermal SZ power of faint haloes at 90 GHz, flat in D_l, scaled to other bands by the SZ spectrum.
        tsz_background_d_ell_90ghz_uk2: f64,
    },
}

/// One band.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BandConfig {
    /// Name, unique among the bands.
    pub name: String,
    /// Effective frequency of all components.
    pub nu_ghz: f64,
    /// White noise level.
    pub noise_uk_arcmin: f64,
    /// Full width at half maximum of the Gaussian beam; zero for none.
    pub beam_fwhm_arcmin: f64,
    /// Text file with the beam's multipoles and `B_l`, see [`BeamTable::read`](arcmin_maps::BeamTable::read); then
    /// `beam_fwhm_arcmin` is zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beam_file: Option<PathBuf>,
    /// Noise with more power on large scales, beside the white noise; none unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_over_f: Option<OneOverFConfig>,
}
