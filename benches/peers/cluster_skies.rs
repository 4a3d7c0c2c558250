//! Small skies around clusters, as `cluster_skies.py` makes them with numpy.

use anyhow::Result;
use arcmin_scene::{
    ClusterCutoutSource, ClusterSet, ClusterSetConfig, ClusterSky, ClusterSkyConfig, EpochMaps, Masses, SetKey, Split,
};
use rayon::prelude::*;
use std::sync::Arc;

/// A set of the paper's skies.
pub(crate) fn set(n_maps: u64) -> Result<ClusterSet> {
    let config: ClusterSkyConfig = serde_json::from_str(SKY)?;
    let masses = Masses::Uniform { min_msun: 1e14, max_msun: 8e14 };
    let set = ClusterSetConfig { n_maps, masses, y_ln_scatter: 0.2, epochs: EpochMaps::Same };
    let key = SetKey { split: Split::Train, set: 0 };
    Ok(ClusterSet::new(Arc::new(ClusterSky::new(&config, 1)?), key, &set)?)
}

/// All of its maps.
pub(crate) fn make(set: &ClusterSet) -> Vec<Vec<f32>> {
    let map = |index| set.cutout(index, 0).expect("a map of the set").pixels;
    (0..set.len()).into_par_iter().map(map).collect()
}

const SKY: &str = r#"{
    "cosmology": "planck18", "concentration": "diemer_kravtsov15", "cmb_spectrum": "planck18",
    "components": ["cmb", "ksz", "tsz_background", "dusty_poisson", "dusty_clustered", "radio", "noise"],
    "foregrounds": {"model": "george15"},
    "n_pixels_side": 40, "pixel_arcmin": 0.25, "simulated_side_arcmin": 60.0,
    "m200c_min_msun": 5e13, "m200c_max_msun": 1e15, "redshift_min": 0.7, "redshift_max": 0.7,
    "bands": [{"name": "150", "nu_ghz": 150.0, "noise_uk_arcmin": 5.0, "beam_fwhm_arcmin": 1.0}]}"#;
