//! The description of small skies around single clusters.

use crate::config::{BandConfig, CmbSpectrum, ConcentrationModel, HaloesConfig, TilesConfig};
use crate::setup::{positive, require};
use crate::{Component, Error, ForegroundsConfig, SceneConfig, Setup};
use serde::{Deserialize, Serialize};

/// Small square skies, each around one cluster of Arnaud10's gas.
///
/// ```
/// let text = r#"
///     cosmology = "planck18"
///     concentration = "diemer_kravtsov15"
///     cmb_spectrum = "planck18"
///     components = ["cmb", "ksz", "tsz_background", "dusty_poisson", "dusty_clustered", "radio", "noise"]
///     foregrounds = { model = "george15" }
///     n_pixels_side = 40
///     pixel_arcmin = 0.25
///     simulated_side_arcmin = 60.0
///     m200c_min_msun = 2e13
///     m200c_max_msun = 2e15
///     redshift_min = 0.7
///     redshift_max = 0.7
///
///     [[bands]]
///     name = "150"
///     nu_ghz = 150.0
///     noise_uk_arcmin = 5.0
///     beam_fwhm_arcmin = 1.0
/// "#;
/// let config: arcmin_scene::ClusterSkyConfig = toml::from_str(text).unwrap();
/// assert_eq!(arcmin_scene::ClusterSky::new(&config, 1).unwrap().bands()[0].name, "150");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterSkyConfig {
    /// Name of the cosmology, e.g. `planck18`.
    pub cosmology: String,
    /// The concentrations by which M200c becomes M500c.
    pub concentration: ConcentrationModel,
    /// The spectrum of the CMB.
    pub cmb_spectrum: CmbSpectrum,
    /// What lies behind and before the cluster: Gaussian components and noise.
    pub components: Vec<Component>,
    /// The model of the Gaussian foregrounds.
    pub foregrounds: ForegroundsConfig,
    /// Pixels along one side, even; the cluster is at pixel `(n/2, n/2)`.
    pub n_pixels_side: usize,
    /// Size of a pixel.
    pub pixel_arcmin: f64,
    /// Side of the periodic square on which fields are drawn, of which the middle is kept.
    pub simulated_side_arcmin: f64,
    /// Least M200c of a cluster.
    pub m200c_min_msun: f64,
    /// Largest M200c of a cluster.
    pub m200c_max_msun: f64,
    /// Least redshift of a cluster.
    pub redshift_min: f64,
    /// Largest redshift of a cluster.
    pub redshift_max: f64,
    /// The bands, with Gaussian beams.
    pub bands: Vec<BandConfig>,
}

impl ClusterSkyConfig {
    /// Checks every value and makes the description of the sky without its cluster.
    pub(super) fn check(&self, seed: u64) -> Result<Setup, Error> {
        use Component::{DustySources, HaloLensing, KszHaloes, RadioSources, Tsz};
        for component in [Tsz, KszHaloes, RadioSources, DustySources, HaloLensing] {
            if self.components.contains(&component) {
                return Err(Error::NotAroundClusters { component });
            }
        }
        positive("m200c_min_msun", self.m200c_min_msun)?;
        let mass_grows = self.m200c_max_msun.is_finite() && self.m200c_max_msun > self.m200c_min_msun;
        require("m200c_max_msun", self.m200c_max_msun, mass_grows, "finite and above m200c_min_msun")?;
        positive("redshift_min", self.redshift_min)?;
        let z_grows = self.redshift_max >= self.redshift_min && self.redshift_max <= 10.0;
        require("redshift_max", self.redshift_max, z_grows, "at least redshift_min and at most 10")?;
        let kept_arcmin = self.n_pixels_side as f64 * self.pixel_arcmin;
        let is_wide = (2.0 * kept_arcmin..=600.0).contains(&self.simulated_side_arcmin);
        require("simulated_side_arcmin", self.simulated_side_arcmin, is_wide, "from twice the side kept to 600")?;
        for band in &self.bands {
            let only_white = band.beam_file.is_none() && band.one_over_f.is_none();
            require("bands.nu_ghz", band.nu_ghz, only_white, "a band without beam_file and one_over_f here")?;
        }
        self.scene(seed).check()
    }

    /// A tiled sky of the same components; it has no haloes, and its tile is what is kept.
    fn scene(&self, seed: u64) -> SceneConfig {
        SceneConfig {
            seed,
            cosmology: self.cosmology.clone(),
            concentration: self.concentration,
            cmb_spectrum: self.cmb_spectrum,
            components: self.components.clone(),
            tiles: TilesConfig {
                n_train: 1,
                n_validation: 1,
                n_test: 1,
                n_pixels_side: self.n_pixels_side,
                pixel_arcmin: self.pixel_arcmin,
                margin_arcmin: 0.0,
            },
            haloes: HaloesConfig {
                m200m_min_msun: self.m200c_min_msun,
                m200m_max_msun: self.m200c_max_msun,
                z_min: self.redshift_min,
                z_max: self.redshift_max + 1e-3,
                y_ln_scatter: 0.0,
                concentration_ln_scatter: 0.0,
                pressure: Default::default(),
                abundance_factor: 1.0,
            },
            foregrounds: self.foregrounds.clone(),
            clustering: None,
            ksz_haloes: None,
            radio_sources: None,
            dusty_sources: None,
            galactic_dust: None,
            halo_lensing: None,
            bands: self.bands.clone(),
        }
    }
}
