//! The point sources and the dust of the sky of `cargo xtask run deepsz`, in one place for tests and benches.

#![allow(dead_code, reason = "each test binary and bench uses its own part")]

use arcmin_scene::{DustySourcesConfig, GalacticDustConfig, RadioSourcesConfig, SceneConfig};

/// A survey with the tables of painted sources and of dust.
pub(crate) fn with_sources(config: SceneConfig) -> SceneConfig {
    SceneConfig {
        radio_sources: Some(radio_sources()),
        dusty_sources: Some(dusty_sources()),
        galactic_dust: Some(galactic_dust()),
        ..config
    }
}

pub(crate) fn radio_sources() -> RadioSourcesConfig {
    RadioSourcesConfig {
        abundance_factor: 1.0,
        spectral_index_below_148ghz: -0.1,
        spectral_index_above_148ghz: -0.2,
        spectral_index_scatter: 0.3,
        halo_share: 0.1,
        halo_mass_slope: 1.0,
        removed_above_mjy: Some(2.0),
    }
}

pub(crate) fn dusty_sources() -> DustySourcesConfig {
    DustySourcesConfig {
        n0_per_deg2: 6600.0,
        s0_mjy: 0.729,
        spectral_index_below_148ghz: 3.36,
        spectral_index_above_148ghz: 3.27,
        spectral_index_scatter: 0.3,
        lensed_share: 0.003,
        lensing_magnification: 10.0,
        clustered_d3000_219ghz_uk2: 50.0,
        halo_tied_share: 0.2,
        removed_above_mjy: Some(2.0),
    }
}

pub(crate) fn galactic_dust() -> GalacticDustConfig {
    GalacticDustConfig { median_d3000_148ghz_uk2: 0.5, d3000_ln_scatter: 1.5 }
}
