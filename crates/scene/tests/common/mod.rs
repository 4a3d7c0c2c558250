//! The survey that the tests start from.

#![allow(dead_code, unused_imports, reason = "each test binary uses its own part")]

mod shipped;

pub(crate) use shipped::with_sources;

use arcmin_scene::{
    BandConfig, CmbSpectrum, Component, ConcentrationModel, ForegroundsConfig, HaloesConfig, PressureModel,
    SceneConfig, Simulator, TilesConfig,
};

/// A DeepSZ-like survey of small tiles without beams.
pub(crate) fn config() -> SceneConfig {
    let band = |name: &str, nu_ghz, noise_uk_arcmin| BandConfig {
        name: name.to_owned(),
        nu_ghz,
        noise_uk_arcmin,
        beam_fwhm_arcmin: 0.0,
        beam_file: None,
        one_over_f: None,
    };
    SceneConfig {
        seed: 11,
        cosmology: "sehgal_wmap5".to_owned(),
        concentration: ConcentrationModel::Duffy08,
        cmb_spectrum: CmbSpectrum::SehgalWmap5,
        components: vec![Component::Cmb, Component::Tsz, Component::Ksz, Component::PointSources, Component::Noise],
        tiles: TilesConfig {
            n_train: 3,
            n_validation: 2,
            n_test: 2,
            n_pixels_side: 128,
            pixel_arcmin: 0.5,
            margin_arcmin: 8.0,
        },
        haloes: HaloesConfig {
            m200m_min_msun: 1e13,
            m200m_max_msun: 5e15,
            z_min: 0.02,
            z_max: 3.0,
            y_ln_scatter: 0.2,
            concentration_ln_scatter: 0.0,
            pressure: PressureModel::Arnaud10,
            abundance_factor: 1.0,
        },
        foregrounds: ForegroundsConfig::Deepsz {
            point_sources_d3000_uk2: vec![2.7, 8.8, 71.0],
            ksz_d_ell_uk2: 2.0,
            tsz_background_d_ell_90ghz_uk2: 3.6,
        },
        clustering: None,
        ksz_haloes: None,
        radio_sources: None,
        dusty_sources: None,
        galactic_dust: None,
        halo_lensing: None,
        bands: vec![band("90", 90.0, 2.8), band("148", 148.0, 2.6), band("219", 219.0, 6.6)],
    }
}

/// The simulator of a configuration that is known to be right.
pub(crate) fn simulator(config: &SceneConfig) -> Simulator {
    Simulator::new(config.check().unwrap()).unwrap()
}
